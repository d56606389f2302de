// @hot
/**
 * ARP for IPv4 over Ethernet, RFC 826.
 *
 *      0      2      4   5   6    8        14    18       24    28
 *      ├ 0x0001 ├ 0x0800 ├ 6 ├ 4 ├ op ├ sender MAC ├ IP ├ target MAC ├ IP ┤
 *
 * Other hardware and protocol types are refused: this stack has no other.
 *
 * @module
 */
import { WIRE_OK, WIRE_TRUNCATED, WIRE_UNSUPPORTED } from "./codes.ts";

/** Bytes of an Ethernet/IPv4 ARP packet. */
export const ARP_LENGTH = 28;
/** "Who has the target address? Tell the sender." */
export const ARP_REQUEST = 1;
/** "The sender address is at the sender's hardware address." */
export const ARP_REPLY = 2;

const HARDWARE_TYPE = 0;
const PROTOCOL_TYPE = 2;
const LENGTHS = 4;
const OPERATION = 6;
const SENDER_MAC = 8;
const SENDER_IP = 14;
const TARGET_MAC = 18;
const TARGET_IP = 24;
const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;
const LENGTHS_ETHERNET_IPV4 = 0x0604;

/** Whether `[at, end)` begins with an Ethernet/IPv4 ARP packet. Also {@linkcode WIRE_TRUNCATED}, {@linkcode WIRE_UNSUPPORTED}. */
export function checkArp(view: DataView, at: number, end: number): number {
  if (end - at < ARP_LENGTH) return WIRE_TRUNCATED;
  if (
    view.getUint16(at + HARDWARE_TYPE) !== HARDWARE_ETHERNET ||
    view.getUint16(at + PROTOCOL_TYPE) !== PROTOCOL_IPV4 ||
    view.getUint16(at + LENGTHS) !== LENGTHS_ETHERNET_IPV4
  ) return WIRE_UNSUPPORTED;
  return WIRE_OK;
}

/** {@linkcode ARP_REQUEST}, {@linkcode ARP_REPLY}, or any other 16-bit value. */
export function arpOperation(view: DataView, at: number): number {
  return view.getUint16(at + OPERATION);
}

/** Upper 16 bits of the sender's hardware address. */
export function arpSenderHi(view: DataView, at: number): number {
  return view.getUint16(at + SENDER_MAC);
}

/** Lower 32 bits of the sender's hardware address. */
export function arpSenderLo(view: DataView, at: number): number {
  return view.getInt32(at + SENDER_MAC + 2);
}

/** The sender's IPv4 address, int32. */
export function arpSenderIp(view: DataView, at: number): number {
  return view.getInt32(at + SENDER_IP);
}

/** Upper 16 bits of the target's hardware address; nothing in a request. */
export function arpTargetHi(view: DataView, at: number): number {
  return view.getUint16(at + TARGET_MAC);
}

/** Lower 32 bits of the target's hardware address; nothing in a request. */
export function arpTargetLo(view: DataView, at: number): number {
  return view.getInt32(at + TARGET_MAC + 2);
}

/** The target's IPv4 address, int32. */
export function arpTargetIp(view: DataView, at: number): number {
  return view.getInt32(at + TARGET_IP);
}

/** Writes the {@linkcode ARP_LENGTH} bytes at `at`. */
export function writeArp(
  view: DataView,
  at: number,
  operation: number,
  senderHi: number,
  senderLo: number,
  senderIp: number,
  targetHi: number,
  targetLo: number,
  targetIp: number,
): void {
  view.setInt16(at + HARDWARE_TYPE, HARDWARE_ETHERNET);
  view.setInt16(at + PROTOCOL_TYPE, PROTOCOL_IPV4);
  view.setInt16(at + LENGTHS, LENGTHS_ETHERNET_IPV4);
  view.setInt16(at + OPERATION, operation);
  view.setInt16(at + SENDER_MAC, senderHi);
  view.setInt32(at + SENDER_MAC + 2, senderLo);
  view.setInt32(at + SENDER_IP, senderIp);
  view.setInt16(at + TARGET_MAC, targetHi);
  view.setInt32(at + TARGET_MAC + 2, targetLo);
  view.setInt32(at + TARGET_IP, targetIp);
}
