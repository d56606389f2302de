// @hot
/**
 * The Ethernet II header: who on the link, and which protocol inside?
 *
 *      0          6          12     14
 *      ├ destination ┤ source ┤ type ┤ payload, padded to 46 bytes …
 *
 * Hardware addresses are a 16-bit and a 32-bit integer (mac_address.ts). A
 * tagged frame (802.1Q) is seen as a type this stack does not speak; 802.3
 * length fields (below 0x0600) likewise.
 *
 * @module
 */
import { WIRE_OK, WIRE_TRUNCATED } from "./codes.ts";

/** Bytes before the payload. */
export const ETHERNET_HEADER_LENGTH = 14;
/** Shortest frame, without its check sequence; shorter ones are padded by the device. */
export const ETHERNET_MIN_LENGTH = 60;
/** Payload is an IPv4 packet. */
export const ETHER_TYPE_IPV4 = 0x0800;
/** Payload is an ARP packet. */
export const ETHER_TYPE_ARP = 0x0806;
/** Payload begins with an 802.1Q tag. */
export const ETHER_TYPE_VLAN = 0x8100;
/** Payload is an IPv6 packet. */
export const ETHER_TYPE_IPV6 = 0x86dd;

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;

/** Whether `[at, end)` holds the header. {@linkcode WIRE_OK} or {@linkcode WIRE_TRUNCATED}. */
export function checkEthernet(
  _view: DataView,
  at: number,
  end: number,
): number {
  return end - at < ETHERNET_HEADER_LENGTH ? WIRE_TRUNCATED : WIRE_OK;
}

/** Upper 16 bits of the destination. */
export function ethernetDestinationHi(view: DataView, at: number): number {
  return view.getUint16(at + DESTINATION);
}

/** Lower 32 bits of the destination. */
export function ethernetDestinationLo(view: DataView, at: number): number {
  return view.getInt32(at + DESTINATION + 2);
}

/** Upper 16 bits of the source. */
export function ethernetSourceHi(view: DataView, at: number): number {
  return view.getUint16(at + SOURCE);
}

/** Lower 32 bits of the source. */
export function ethernetSourceLo(view: DataView, at: number): number {
  return view.getInt32(at + SOURCE + 2);
}

/** `ETHER_TYPE_*`, or any other 16-bit value. */
export function ethernetType(view: DataView, at: number): number {
  return view.getUint16(at + TYPE);
}

/** Writes the {@linkcode ETHERNET_HEADER_LENGTH} bytes at `at`. */
export function writeEthernet(
  view: DataView,
  at: number,
  destinationHi: number,
  destinationLo: number,
  sourceHi: number,
  sourceLo: number,
  type: number,
): void {
  view.setInt16(at + DESTINATION, destinationHi);
  view.setInt32(at + DESTINATION + 2, destinationLo);
  view.setInt16(at + SOURCE, sourceHi);
  view.setInt32(at + SOURCE + 2, sourceLo);
  view.setInt16(at + TYPE, type);
}
