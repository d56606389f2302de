// @hot
/**
 * The IPv6 header, RFC 8200 §3.
 *
 *      0                      4                6             7           8
 *      ├ ver, class, flow label ┤ payload length ┤ next header ┤ hop limit ┤
 *      ├ source, four words                                               ┤ 24
 *      ├ destination, four words                                          ┤ 40
 *
 * What follows may be a chain of extension headers: ipv6_extensions.ts walks
 * it. Jumbograms (RFC 2675) are not spoken.
 *
 * @module
 */
import {
  WIRE_BAD_LENGTH,
  WIRE_BAD_VERSION,
  WIRE_OK,
  WIRE_TRUNCATED,
} from "./codes.ts";

/** Bytes of the fixed header. */
export const IPV6_HEADER_LENGTH = 40;
/** ICMPv6. */
export const PROTOCOL_ICMPV6 = 58;

const VERSION_CLASS_FLOW = 0;
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;

/**
 * Whether `[at, end)` holds an IPv6 packet; bytes beyond its payload length are padding.
 *
 * @returns {@linkcode WIRE_OK}, {@linkcode WIRE_TRUNCATED}, {@linkcode WIRE_BAD_VERSION} or {@linkcode WIRE_BAD_LENGTH}
 */
export function checkIpv6(view: DataView, at: number, end: number): number {
  const available = end - at | 0;
  if (available < IPV6_HEADER_LENGTH) return WIRE_TRUNCATED;
  if (view.getUint8(at) >> 4 !== 6) return WIRE_BAD_VERSION;
  if (IPV6_HEADER_LENGTH + ipv6PayloadLength(view, at) > available) {
    return WIRE_BAD_LENGTH;
  }
  return WIRE_OK;
}

/** The traffic class octet: DSCP and, in its low two bits, ECN. */
export function ipv6TrafficClass(view: DataView, at: number): number {
  return view.getUint16(at + VERSION_CLASS_FLOW) >> 4 & 0xff;
}

/** Flow label, 20 bits, RFC 6437. */
export function ipv6FlowLabel(view: DataView, at: number): number {
  return view.getInt32(at + VERSION_CLASS_FLOW) & 0xfffff;
}

/** Bytes after the fixed header, extension headers included. */
export function ipv6PayloadLength(view: DataView, at: number): number {
  return view.getUint16(at + PAYLOAD_LENGTH);
}

/** Protocol of what follows the fixed header: an extension header or an upper layer. */
export function ipv6NextHeader(view: DataView, at: number): number {
  return view.getUint8(at + NEXT_HEADER);
}

/** Hop limit, 0..255. */
export function ipv6HopLimit(view: DataView, at: number): number {
  return view.getUint8(at + HOP_LIMIT);
}

/** Word 0..3 of the source address, int32. */
export function ipv6SourceWord(
  view: DataView,
  at: number,
  index: number,
): number {
  return view.getInt32(at + SOURCE + (index << 2));
}

/** Word 0..3 of the destination address, int32. */
export function ipv6DestinationWord(
  view: DataView,
  at: number,
  index: number,
): number {
  return view.getInt32(at + DESTINATION + (index << 2));
}

/** Writes the {@linkcode IPV6_HEADER_LENGTH} bytes at `at`; source and destination as four words each. */
export function writeIpv6Header(
  view: DataView,
  at: number,
  trafficClass: number,
  flowLabel: number,
  payloadLength: number,
  nextHeader: number,
  hopLimit: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
  d0: number,
  d1: number,
  d2: number,
  d3: number,
): void {
  view.setInt32(
    at + VERSION_CLASS_FLOW,
    0x60000000 | (trafficClass & 0xff) << 20 | flowLabel & 0xfffff,
  );
  view.setInt16(at + PAYLOAD_LENGTH, payloadLength);
  view.setInt16(at + NEXT_HEADER, (nextHeader & 0xff) << 8 | hopLimit & 0xff);
  view.setInt32(at + SOURCE, s0);
  view.setInt32(at + SOURCE + 4, s1);
  view.setInt32(at + SOURCE + 8, s2);
  view.setInt32(at + SOURCE + 12, s3);
  view.setInt32(at + DESTINATION, d0);
  view.setInt32(at + DESTINATION + 4, d1);
  view.setInt32(at + DESTINATION + 8, d2);
  view.setInt32(at + DESTINATION + 12, d3);
}
