// @hot
/**
 * ICMP for IPv4, RFC 792.
 *
 *      0      1      2          4                         8
 *      ├ type ┤ code ┤ checksum ┤ rest: id/seq, MTU, …    ┤ echo data, or the
 *                                                           packet at fault …
 *
 * Messages of eight bytes and more; what the rest word means depends on the
 * type. The quoted packet of an error begins at {@linkcode ICMPV4_HEADER_LENGTH}
 * and is checked like any other, except that it is cut short.
 *
 * @module
 */
import { checksum, sumBytes } from "./checksum.ts";
import { WIRE_OK, WIRE_TRUNCATED } from "./codes.ts";

/** Bytes before the message body. */
export const ICMPV4_HEADER_LENGTH = 8;
/** Echo reply. */
export const ICMPV4_ECHO_REPLY = 0;
/** Destination unreachable. */
export const ICMPV4_UNREACHABLE = 3;
/** Source quench, deprecated by RFC 6633. */
export const ICMPV4_SOURCE_QUENCH = 4;
/** Redirect. */
export const ICMPV4_REDIRECT = 5;
/** Echo request. */
export const ICMPV4_ECHO_REQUEST = 8;
/** Time exceeded: code 0 in transit, 1 in reassembly. */
export const ICMPV4_TIME_EXCEEDED = 11;
/** Parameter problem. */
export const ICMPV4_PARAMETER_PROBLEM = 12;

/** {@linkcode ICMPV4_UNREACHABLE} code: network. */
export const ICMPV4_CODE_NET = 0;
/** {@linkcode ICMPV4_UNREACHABLE} code: host. */
export const ICMPV4_CODE_HOST = 1;
/** {@linkcode ICMPV4_UNREACHABLE} code: protocol. */
export const ICMPV4_CODE_PROTOCOL = 2;
/** {@linkcode ICMPV4_UNREACHABLE} code: port. */
export const ICMPV4_CODE_PORT = 3;
/** {@linkcode ICMPV4_UNREACHABLE} code: fragmentation needed and DF set. */
export const ICMPV4_CODE_FRAGMENTATION_NEEDED = 4;

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const REST = 4;

/** Whether `[at, end)` holds the header. {@linkcode WIRE_OK} or {@linkcode WIRE_TRUNCATED}. */
export function checkIcmpv4(_view: DataView, at: number, end: number): number {
  return end - at < ICMPV4_HEADER_LENGTH ? WIRE_TRUNCATED : WIRE_OK;
}

/** Whether the message in `[at, end)` sums to nothing. */
export function icmpv4ChecksumValid(
  view: DataView,
  at: number,
  end: number,
): boolean {
  return sumBytes(view, at, end - at, 0) === 0xffff;
}

/** `ICMPV4_*` type, or any other octet. */
export function icmpv4Type(view: DataView, at: number): number {
  return view.getUint8(at + TYPE);
}

/** Code within the type. */
export function icmpv4Code(view: DataView, at: number): number {
  return view.getUint8(at + CODE);
}

/** The second word: an echo's identifier and sequence number together. int32. */
export function icmpv4Rest(view: DataView, at: number): number {
  return view.getInt32(at + REST);
}

/** An echo's identifier. */
export function icmpv4EchoId(view: DataView, at: number): number {
  return view.getUint16(at + REST);
}

/** An echo's sequence number. */
export function icmpv4EchoSequence(view: DataView, at: number): number {
  return view.getUint16(at + REST + 2);
}

/** Next-hop MTU of "fragmentation needed", RFC 1191 §4; 0 from routers older than it. */
export function icmpv4Mtu(view: DataView, at: number): number {
  return view.getUint16(at + REST + 2);
}

/** Which octet of the quoted packet a parameter problem means. */
export function icmpv4Pointer(view: DataView, at: number): number {
  return view.getUint8(at + REST);
}

/**
 * Writes the header at `at` before a body that is already there, checksum over all of it.
 *
 * @param rest the second word as int32
 * @param length header and body
 */
export function writeIcmpv4(
  view: DataView,
  at: number,
  type: number,
  code: number,
  rest: number,
  length: number,
): void {
  view.setInt16(at + TYPE, (type & 0xff) << 8 | code & 0xff);
  view.setInt16(at + CHECKSUM, 0);
  view.setInt32(at + REST, rest);
  view.setInt16(at + CHECKSUM, checksum(view, at, length, 0));
}
