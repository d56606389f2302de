/**
 * Received fragments: what a piece must look like, and what the whole then is.
 *
 * The rules before a piece is kept: its data is a multiple of eight bytes unless
 * it is the last, nothing ends beyond 65,535 bytes, and a TCP header is not cut
 * (RFC 1858 §3; RFC 8200 §4.5 through the header walk). IPv6 reports the first
 * two to the sender; IPv4 drops in silence. The rest is reassembly.ts's.
 *
 * A finished packet is given the header it would have had: lengths, no fragment
 * fields, the upper protocol named where the fragment header was (RFC 8200
 * §4.5), and a checksum, so that it passes the input path like any other.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { ICMPV4_TIME_EXCEEDED } from "../wire/icmpv4.ts";
import {
  ICMPV6_CODE_FIELD,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
} from "../wire/icmpv6.ts";
import {
  fillIpv4Checksum,
  ipv4FragmentOffset,
  ipv4HeaderLength,
  ipv4Id,
  ipv4MoreFragments,
  ipv4Protocol,
  ipv4TrafficClass,
  PROTOCOL_TCP,
} from "../wire/ipv4.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6.ts";
import {
  IPV6_FRAGMENT_LENGTH,
  type Ipv6Chain,
} from "../wire/ipv6_extensions.ts";
import { ECN_CE } from "../wire/tcp_segment.ts";
import type { IpContext } from "./context.ts";
import {
  IN_HDR_ERRORS,
  REASM_FAILS,
  REASM_OKS,
  REASM_REQDS,
  REASM_TIMEOUT,
  V6,
} from "./counters.ts";
import { queueIcmpError } from "./icmp_output.ts";
import { IpPacketIn } from "./packet.ts";
import {
  FragmentIn,
  REASSEMBLY_DONE,
  REASSEMBLY_FAILED,
} from "./reassembly.ts";

/** Largest IPv4 packet and IPv6 payload. */
const MAX_LENGTH = 65_535;
/** A first fragment must hold TCP's fixed header. */
const TCP_HEADER_LENGTH = 20;
/** {@linkcode ICMPV4_TIME_EXCEEDED}, {@linkcode ICMPV6_TIME_EXCEEDED} code: in reassembly. */
const CODE_REASSEMBLY = 1;
/** Offset of the payload length in an IPv6 header, to which a parameter problem points. */
const PAYLOAD_LENGTH_AT = 4;

const fragment = new FragmentIn();
const expired = new IpPacketIn();

/** Keeps the IPv4 fragment of `packet`, addresses filled; `true` when `packet.frame` is now the whole packet. */
export function receiveFragmentV4(
  context: IpContext,
  packet: IpPacketIn,
  now: Micros,
): boolean {
  const { view, l3, l4, end } = packet.frame;
  context.counters.increment(REASM_REQDS);
  const protocol = ipv4Protocol(view, l3);
  nameFragment(packet);
  fragment.family = 4;
  // RFC 791 §3.2: identification counts per source, destination and protocol.
  fragment.id = ipv4Id(view, l3) << 8 | protocol;
  fragment.headerAt = l3;
  fragment.headerLength = l4 - l3;
  fragment.dataAt = l4;
  fragment.dataLength = end - l4;
  fragment.offset = ipv4FragmentOffset(view, l3);
  fragment.more = ipv4MoreFragments(view, l3);
  fragment.ecn = ipv4TrafficClass(view, l3) & 3;
  const isTiny = protocol === PROTOCOL_TCP && fragment.offset === 0 &&
    fragment.dataLength < TCP_HEADER_LENGTH;
  if (isTiny || !hasWholeUnits() || exceeds(ipv4HeaderLength(view, l3))) {
    context.counters.increment(IN_HDR_ERRORS);
    context.counters.increment(REASM_FAILS);
    return false;
  }
  return keep(context, packet, now) && finishIpv4(context, packet);
}

/** Keeps the IPv6 fragment of `packet`, addresses and chain filled; `true` when `packet.frame` is now the whole packet. */
export function receiveFragmentV6(
  context: IpContext,
  packet: IpPacketIn,
  chain: Ipv6Chain,
  now: Micros,
): boolean {
  const { l3, end } = packet.frame;
  context.counters.increment(REASM_REQDS + V6);
  nameFragment(packet);
  fragment.family = 6;
  fragment.id = chain.fragmentId;
  fragment.headerAt = l3;
  fragment.dataAt = chain.fragmentAt + IPV6_FRAGMENT_LENGTH;
  fragment.headerLength = fragment.dataAt - l3;
  fragment.namedAt = chain.fragmentNamedAt - l3;
  fragment.dataLength = end - fragment.dataAt;
  fragment.offset = chain.fragmentOffset;
  fragment.more = chain.moreFragments;
  fragment.ecn = packet.trafficClass & 3;
  const extensions = chain.fragmentAt - l3 - IPV6_HEADER_LENGTH;
  const problem = !hasWholeUnits()
    ? PAYLOAD_LENGTH_AT
    : exceeds(extensions)
    ? chain.fragmentAt + 2 - l3
    : -1;
  if (problem >= 0) {
    context.counters.increment(IN_HDR_ERRORS + V6);
    context.counters.increment(REASM_FAILS + V6);
    reportProblem(context, packet, problem, now);
    return false;
  }
  return keep(context, packet, now) && finishIpv6(context, packet);
}

/** When the next packet is to be given up. */
export function fragmentsDeadline(context: IpContext): Micros {
  return context.reassembler.deadline;
}

/** Gives up packets whose pieces did not all come, and says so to senders whose first fragment did: RFC 792, RFC 8200 §4.5. */
export function expireFragments(context: IpContext, now: Micros): void {
  const { reassembler, counters } = context;
  for (;;) {
    const partial = reassembler.expire(now);
    if (partial === null) return;
    const family = partial.key.family === 6 ? V6 : 0;
    counters.increment(REASM_TIMEOUT + family);
    counters.increment(REASM_FAILS + family);
    if (reassembler.frame.end === reassembler.frame.start) continue;
    describeExpired(context, partial.key);
    const type = family === 0 ? ICMPV4_TIME_EXCEEDED : ICMPV6_TIME_EXCEEDED;
    queueIcmpError(context, expired, type, CODE_REASSEMBLY, 0, now);
  }
}

function nameFragment(packet: IpPacketIn): void {
  fragment.local0 = packet.local0;
  fragment.local1 = packet.local1;
  fragment.local2 = packet.local2;
  fragment.local3 = packet.local3;
  fragment.remote0 = packet.remote0;
  fragment.remote1 = packet.remote1;
  fragment.remote2 = packet.remote2;
  fragment.remote3 = packet.remote3;
  fragment.interfaceIndex = packet.interfaceIndex;
}

/** Whether the piece has data, and a multiple of eight bytes unless it is the last. */
function hasWholeUnits(): boolean {
  if (fragment.dataLength <= 0) return false;
  return !fragment.more || (fragment.dataLength & 7) === 0;
}

/** Whether the whole packet, with `headers` bytes before the data, would be larger than IP allows. */
function exceeds(headers: number): boolean {
  return headers + fragment.offset + fragment.dataLength > MAX_LENGTH;
}

function keep(context: IpContext, packet: IpPacketIn, now: Micros): boolean {
  const { reassembler, counters } = context;
  const family = fragment.family === 6 ? V6 : 0;
  const evictedBefore = reassembler.evictedCount;
  const result = reassembler.add(packet.frame, fragment, now);
  counters.add(REASM_FAILS + family, reassembler.evictedCount - evictedBefore);
  if (result === REASSEMBLY_FAILED) counters.increment(REASM_FAILS + family);
  if (result !== REASSEMBLY_DONE) return false;
  reassembler.frame.at = packet.frame.at;
  packet.frame = reassembler.frame;
  return true;
}

function finishIpv4(context: IpContext, packet: IpPacketIn): boolean {
  const { view, l3, end } = packet.frame;
  if (end - l3 > MAX_LENGTH) {
    context.counters.increment(REASM_FAILS);
    return false;
  }
  view.setUint16(l3 + 2, end - l3);
  view.setUint16(l3 + 6, 0);
  if (context.reassembler.congestionSeen) {
    view.setUint8(l3 + 1, view.getUint8(l3 + 1) | ECN_CE);
  }
  fillIpv4Checksum(view, l3);
  context.counters.increment(REASM_OKS);
  return true;
}

/** Takes the fragment header out. */
function finishIpv6(context: IpContext, packet: IpPacketIn): boolean {
  const { frame } = packet;
  const { view, l3, bytes } = frame;
  const { headerLength, namedAt, congestionSeen } = context.reassembler;
  const fragmentAt = l3 + headerLength - IPV6_FRAGMENT_LENGTH;
  view.setUint8(l3 + namedAt, view.getUint8(fragmentAt));
  // The header moves up over the fragment header: that is less to copy than the data.
  bytes.copyWithin(l3 + IPV6_FRAGMENT_LENGTH, l3, fragmentAt);
  frame.start = l3 + IPV6_FRAGMENT_LENGTH;
  frame.l3 = frame.start;
  const payloadLength = frame.end - frame.l3 - IPV6_HEADER_LENGTH;
  if (payloadLength > MAX_LENGTH) {
    context.counters.increment(REASM_FAILS + V6);
    return false;
  }
  view.setUint16(frame.l3 + 4, payloadLength);
  if (congestionSeen) {
    view.setUint16(frame.l3, view.getUint16(frame.l3) | ECN_CE << 4);
  }
  context.counters.increment(REASM_OKS + V6);
  return true;
}

function reportProblem(
  context: IpContext,
  packet: IpPacketIn,
  pointer: number,
  now: Micros,
): void {
  const type = ICMPV6_PARAMETER_PROBLEM;
  queueIcmpError(context, packet, type, ICMPV6_CODE_FIELD, pointer, now);
}

/** Describes the packet given up, which lies in the reassembler's frame, for the error that quotes it. */
function describeExpired(context: IpContext, key: FragmentIn): void {
  expired.frame = context.reassembler.frame;
  expired.interfaceIndex = key.interfaceIndex;
  expired.local0 = key.local0;
  expired.local1 = key.local1;
  expired.local2 = key.local2;
  expired.local3 = key.local3;
  expired.remote0 = key.remote0;
  expired.remote1 = key.remote1;
  expired.remote2 = key.remote2;
  expired.remote3 = key.remote3;
  const { view, l3, end } = expired.frame;
  const { headerLength } = context.reassembler;
  const isV4 = key.family === 4;
  expired.protocol = isV4
    ? ipv4Protocol(view, l3)
    : view.getUint8(l3 + headerLength - IPV6_FRAGMENT_LENGTH);
  expired.l4 = l3 + headerLength;
  expired.l4Length = end - expired.l4;
  expired.isMulticast = !context.addresses.isOurs(
    key.local0,
    key.local1,
    key.local2,
    key.local3,
  );
}
