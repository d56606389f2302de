// @hot
/**
 * ICMP for IPv6, RFC 4443.
 *
 *      0      1      2          4                         8
 *      ├ type ┤ code ┤ checksum ┤ rest: id/seq, MTU, …    ┤ body …
 *
 * Types below 128 are errors and quote the packet at fault from
 * {@linkcode ICMPV6_HEADER_LENGTH} on. Neighbour discovery uses the same header:
 * ndp.ts. Unlike ICMP for IPv4 the checksum covers a pseudo header.
 *
 * @module
 */
import { checksum, sumBytes } from "./checksum.ts";
import { WIRE_OK, WIRE_TRUNCATED } from "./codes.ts";

/** Bytes before the message body. */
export const ICMPV6_HEADER_LENGTH = 8;
/** Destination unreachable. */
export const ICMPV6_UNREACHABLE = 1;
/** Packet too big; the rest word is the MTU. */
export const ICMPV6_TOO_BIG = 2;
/** Time exceeded: code 0 in transit, 1 in reassembly. */
export const ICMPV6_TIME_EXCEEDED = 3;
/** Parameter problem; the rest word is the pointer. */
export const ICMPV6_PARAMETER_PROBLEM = 4;
/** Echo request. */
export const ICMPV6_ECHO_REQUEST = 128;
/** Echo reply. */
export const ICMPV6_ECHO_REPLY = 129;
/** Multicast listener report version 2, RFC 3810 §5.2. */
export const ICMPV6_MLD2_REPORT = 143;

/** {@linkcode ICMPV6_UNREACHABLE} code: no route. */
export const ICMPV6_CODE_NO_ROUTE = 0;
/** {@linkcode ICMPV6_UNREACHABLE} code: administratively prohibited. */
export const ICMPV6_CODE_PROHIBITED = 1;
/** {@linkcode ICMPV6_UNREACHABLE} code: address. */
export const ICMPV6_CODE_ADDRESS = 3;
/** {@linkcode ICMPV6_UNREACHABLE} code: port. */
export const ICMPV6_CODE_PORT = 4;
/** {@linkcode ICMPV6_PARAMETER_PROBLEM} code: erroneous header field. */
export const ICMPV6_CODE_FIELD = 0;
/** {@linkcode ICMPV6_PARAMETER_PROBLEM} code: unrecognized next header. */
export const ICMPV6_CODE_NEXT_HEADER = 1;
/** {@linkcode ICMPV6_PARAMETER_PROBLEM} code: unrecognized option. */
export const ICMPV6_CODE_OPTION = 2;
/** {@linkcode ICMPV6_PARAMETER_PROBLEM} code: incomplete header chain, RFC 7112 §5. */
export const ICMPV6_CODE_INCOMPLETE_CHAIN = 3;

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const REST = 4;

/** Whether `[at, end)` holds the header. {@linkcode WIRE_OK} or {@linkcode WIRE_TRUNCATED}. */
export function checkIcmpv6(_view: DataView, at: number, end: number): number {
  return end - at < ICMPV6_HEADER_LENGTH ? WIRE_TRUNCATED : WIRE_OK;
}

/** Whether the message in `[at, end)` and its pseudo header, summed in `pseudo`, sum to nothing. */
export function icmpv6ChecksumValid(
  view: DataView,
  at: number,
  end: number,
  pseudo: number,
): boolean {
  return sumBytes(view, at, end - at, pseudo) === 0xffff;
}

/** `ICMPV6_*` type, or any other octet. */
export function icmpv6Type(view: DataView, at: number): number {
  return view.getUint8(at + TYPE);
}

/** Whether the type is that of an error message, RFC 4443 §2.1. */
export function icmpv6IsError(type: number): boolean {
  return type < 128;
}

/** Code within the type. */
export function icmpv6Code(view: DataView, at: number): number {
  return view.getUint8(at + CODE);
}

/** The second word: MTU, pointer, or an echo's identifier and sequence number together. int32. */
export function icmpv6Rest(view: DataView, at: number): number {
  return view.getInt32(at + REST);
}

/** An echo's identifier. */
export function icmpv6EchoId(view: DataView, at: number): number {
  return view.getUint16(at + REST);
}

/** An echo's sequence number. */
export function icmpv6EchoSequence(view: DataView, at: number): number {
  return view.getUint16(at + REST + 2);
}

/** MTU of "packet too big", 0..2^32 - 1. */
export function icmpv6Mtu(view: DataView, at: number): number {
  return view.getUint32(at + REST);
}

/** Which octet of the quoted packet a parameter problem means, 0..2^32 - 1. */
export function icmpv6Pointer(view: DataView, at: number): number {
  return view.getUint32(at + REST);
}

/**
 * Writes the header at `at` before a body that is already there, checksum over all of it.
 *
 * @param rest the second word as int32
 * @param length header and body
 * @param pseudo sum of the pseudo header over the same length
 */
export function writeIcmpv6(
  view: DataView,
  at: number,
  type: number,
  code: number,
  rest: number,
  length: number,
  pseudo: number,
): void {
  view.setInt16(at + TYPE, (type & 0xff) << 8 | code & 0xff);
  view.setInt16(at + CHECKSUM, 0);
  view.setInt32(at + REST, rest);
  view.setInt16(at + CHECKSUM, checksum(view, at, length, pseudo));
}
