// @hot
/**
 * The IPv4 header, RFC 791 §3.1.
 *
 *      0       1       2               4
 *      ├ ver/ihl ┤ TOS ┤ total length  ┤
 *      ├ identification ┤ flags/offset ┤ 8
 *      ├ TTL ┤ protocol ┤ checksum     ┤ 12
 *      ├ source                        ┤ 16
 *      ├ destination                   ┤ 20
 *      ├ options, 0..40 bytes …        ┤ 4 × IHL
 *
 * {@linkcode checkIpv4} bounds everything the accessors read. It does not
 * verify the checksum, which on some paths is known to be good
 * ({@linkcode ipv4ChecksumValid}), and judges no addresses.
 *
 * @module
 */
import { checksum, sumBytes } from "./checksum.ts";
import {
  WIRE_BAD_HEADER_LENGTH,
  WIRE_BAD_LENGTH,
  WIRE_BAD_VERSION,
  WIRE_OK,
  WIRE_TRUNCATED,
} from "./codes.ts";

/** Bytes of a header without options. */
export const IPV4_HEADER_LENGTH = 20;
/** {@linkcode writeIpv4Header} flag: routers must not fragment. */
export const IPV4_DONT_FRAGMENT = 0x4000;
/** {@linkcode writeIpv4Header} flag: further fragments follow. */
export const IPV4_MORE_FRAGMENTS = 0x2000;
/** ICMP for IPv4. */
export const PROTOCOL_ICMP = 1;
/** TCP. */
export const PROTOCOL_TCP = 6;
/** UDP. */
export const PROTOCOL_UDP = 17;
/** Loose source route, RFC 791 §3.1. */
export const IPV4_OPTION_LSRR = 131;
/** Strict source route, RFC 791 §3.1. */
export const IPV4_OPTION_SSRR = 137;
/** Router alert, RFC 2113. */
export const IPV4_OPTION_ROUTER_ALERT = 148;

const VERSION_IHL = 0;
const TRAFFIC_CLASS = 1;
const TOTAL_LENGTH = 2;
const ID = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;

/**
 * Whether `[at, end)` holds an IPv4 packet; bytes beyond its total length are padding.
 *
 * @returns {@linkcode WIRE_OK}, {@linkcode WIRE_TRUNCATED}, {@linkcode WIRE_BAD_VERSION}, {@linkcode WIRE_BAD_HEADER_LENGTH} or {@linkcode WIRE_BAD_LENGTH}
 */
export function checkIpv4(view: DataView, at: number, end: number): number {
  const available = end - at | 0;
  if (available < IPV4_HEADER_LENGTH) return WIRE_TRUNCATED;
  if (view.getUint8(at + VERSION_IHL) >> 4 !== 4) return WIRE_BAD_VERSION;
  const headerLength = ipv4HeaderLength(view, at);
  if (headerLength < IPV4_HEADER_LENGTH || headerLength > available) {
    return WIRE_BAD_HEADER_LENGTH;
  }
  const totalLength = ipv4TotalLength(view, at);
  if (totalLength < headerLength || totalLength > available) {
    return WIRE_BAD_LENGTH;
  }
  return WIRE_OK;
}

/** Whether the header sums to nothing, options included. RFC 1122 §3.2.1.2. */
export function ipv4ChecksumValid(view: DataView, at: number): boolean {
  return sumBytes(view, at, ipv4HeaderLength(view, at), 0) === 0xffff;
}

/** Bytes of the header with its options, 20..60 once checked. */
export function ipv4HeaderLength(view: DataView, at: number): number {
  return (view.getUint8(at + VERSION_IHL) & 0x0f) << 2;
}

/** The TOS octet: DSCP and, in its low two bits, ECN. */
export function ipv4TrafficClass(view: DataView, at: number): number {
  return view.getUint8(at + TRAFFIC_CLASS);
}

/** Bytes of header and payload. */
export function ipv4TotalLength(view: DataView, at: number): number {
  return view.getUint16(at + TOTAL_LENGTH);
}

/** Identification: which fragments belong together, RFC 6864. */
export function ipv4Id(view: DataView, at: number): number {
  return view.getUint16(at + ID);
}

/** Whether DF is set. */
export function ipv4DontFragment(view: DataView, at: number): boolean {
  return (view.getUint16(at + FRAGMENT) & IPV4_DONT_FRAGMENT) !== 0;
}

/** Whether MF is set. */
export function ipv4MoreFragments(view: DataView, at: number): boolean {
  return (view.getUint16(at + FRAGMENT) & IPV4_MORE_FRAGMENTS) !== 0;
}

/** Bytes of the datagram's payload that come before this fragment's, 0..65528. */
export function ipv4FragmentOffset(view: DataView, at: number): number {
  return (view.getUint16(at + FRAGMENT) & 0x1fff) << 3;
}

/** Whether the packet is a piece of a datagram, first, middle or last. */
export function ipv4IsFragment(view: DataView, at: number): boolean {
  return (view.getUint16(at + FRAGMENT) & 0x3fff) !== 0;
}

/** Time to live, 0..255. */
export function ipv4Ttl(view: DataView, at: number): number {
  return view.getUint8(at + TTL);
}

/** `PROTOCOL_*`, or any other octet. */
export function ipv4Protocol(view: DataView, at: number): number {
  return view.getUint8(at + PROTOCOL);
}

/** The checksum field. */
export function ipv4Checksum(view: DataView, at: number): number {
  return view.getUint16(at + CHECKSUM);
}

/** Source address, int32. */
export function ipv4Source(view: DataView, at: number): number {
  return view.getInt32(at + SOURCE);
}

/** Destination address, int32. */
export function ipv4Destination(view: DataView, at: number): number {
  return view.getInt32(at + DESTINATION);
}

/**
 * Offset of the first option of that kind in a checked header, or -1.
 *
 * The walk ends at End of Option List or at the first malformed option.
 */
export function findIpv4Option(
  view: DataView,
  at: number,
  kind: number,
): number {
  const end = at + ipv4HeaderLength(view, at) | 0;
  let option = at + IPV4_HEADER_LENGTH | 0;
  while (option < end) {
    const found = view.getUint8(option);
    if (found === 0) return -1;
    if (found === 1) {
      option = option + 1 | 0;
      continue;
    }
    if (option + 1 >= end) return -1;
    const length = view.getUint8(option + 1);
    if (length < 2 || option + length > end) return -1;
    if (found === kind) return option;
    option = option + length | 0;
  }
  return -1;
}

/**
 * Writes a header without options, checksum included, at `at`.
 *
 * @param totalLength header and payload, 20..65535
 * @param fragment {@linkcode IPV4_DONT_FRAGMENT} and {@linkcode IPV4_MORE_FRAGMENTS} bits with the fragment offset in units of 8 bytes
 */
export function writeIpv4Header(
  view: DataView,
  at: number,
  trafficClass: number,
  totalLength: number,
  id: number,
  fragment: number,
  ttl: number,
  protocol: number,
  source: number,
  destination: number,
): void {
  view.setInt16(at + VERSION_IHL, 0x4500 | trafficClass & 0xff);
  view.setInt16(at + TOTAL_LENGTH, totalLength);
  view.setInt16(at + ID, id);
  view.setInt16(at + FRAGMENT, fragment);
  view.setInt16(at + TTL, (ttl & 0xff) << 8 | protocol & 0xff);
  view.setInt16(at + CHECKSUM, 0);
  view.setInt32(at + SOURCE, source);
  view.setInt32(at + DESTINATION, destination);
  view.setInt16(at + CHECKSUM, checksum(view, at, IPV4_HEADER_LENGTH, 0));
}

/** Computes the checksum of a header written by hand, options included. */
export function fillIpv4Checksum(view: DataView, at: number): void {
  view.setInt16(at + CHECKSUM, 0);
  view.setInt16(
    at + CHECKSUM,
    checksum(view, at, ipv4HeaderLength(view, at), 0),
  );
}
