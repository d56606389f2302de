/**
 * ICMP messages of others: echoes, errors about packets of ours, discovery.
 *
 * An error is not acted upon here. When it quotes a TCP or UDP packet that
 * carries our source address it is handed to that transport, which alone can
 * judge whether the packet was one of its own (RFC 5927 §4); anything else is
 * counted and dropped.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { pseudoHeaderSum } from "../wire/checksum.ts";
import { WIRE_OK } from "../wire/codes.ts";
import {
  ICMPV4_ECHO_REPLY,
  ICMPV4_ECHO_REQUEST,
  ICMPV4_HEADER_LENGTH,
  ICMPV4_PARAMETER_PROBLEM,
  ICMPV4_REDIRECT,
  ICMPV4_TIME_EXCEEDED,
  ICMPV4_UNREACHABLE,
  icmpv4ChecksumValid,
  icmpv4Code,
  icmpv4Mtu,
  icmpv4Rest,
  icmpv4Type,
} from "../wire/icmpv4.ts";
import {
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_HEADER_LENGTH,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_TOO_BIG,
  ICMPV6_UNREACHABLE,
  icmpv6ChecksumValid,
  icmpv6Code,
  icmpv6Mtu,
  icmpv6Rest,
  icmpv6Type,
} from "../wire/icmpv6.ts";
import { V4_MAPPED_WORD } from "../wire/ip_address.ts";
import {
  IPV4_HEADER_LENGTH,
  ipv4Destination,
  ipv4FragmentOffset,
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4Source,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "../wire/ipv4.ts";
import {
  IPV6_HEADER_LENGTH,
  ipv6DestinationWord,
  ipv6SourceWord,
  PROTOCOL_ICMPV6,
} from "../wire/ipv6.ts";
import { Ipv6Chain, walkIpv6 } from "../wire/ipv6_extensions.ts";
import { NDP_REDIRECT, NDP_ROUTER_SOLICITATION } from "../wire/ndp.ts";
import type { IpContext } from "./context.ts";
import {
  ICMP_IN_CSUM_ERRORS,
  ICMP_IN_DEST_UNREACHS,
  ICMP_IN_ECHO_REPS,
  ICMP_IN_ECHOS,
  ICMP_IN_ERRORS,
  ICMP_IN_MSGS,
  ICMP_IN_OTHERS,
  ICMP_IN_PARM_PROBS,
  ICMP_IN_PKT_TOO_BIGS,
  ICMP_IN_REDIRECTS,
  ICMP_IN_TIME_EXCDS,
  V6,
} from "./counters.ts";
import { icmpv4Kind, icmpv6Kind } from "./icmp_kinds.ts";
import { queueEchoReply } from "./icmp_output.ts";
import type { IpInterface } from "./interface.ts";
import { receiveNdp } from "./ndp_input.ts";
import {
  ICMP_TOO_BIG,
  IP_CONSUMED,
  IP_DELIVER,
  IP_DROPPED,
  type IpPacketIn,
} from "./packet.ts";

/** Bytes of a quoted transport header a transport needs: ports and sequence number. RFC 792 promises them. */
const QUOTED_MIN = 8;

const chain = new Ipv6Chain();

/** Handles the ICMP message `packet` describes; `IP_DELIVER` with `packet` now the quoted packet when a transport is to judge it. */
export function receiveIcmpv4(
  context: IpContext,
  packet: IpPacketIn,
  now: Micros,
): number {
  const { view, checksumPartial } = packet.frame;
  const at = packet.l4;
  const end = at + packet.l4Length;
  context.counters.increment(ICMP_IN_MSGS);
  if (packet.l4Length < ICMPV4_HEADER_LENGTH) {
    context.counters.increment(ICMP_IN_ERRORS);
    return IP_DROPPED;
  }
  if (!checksumPartial && !icmpv4ChecksumValid(view, at, end)) {
    context.counters.increment(ICMP_IN_CSUM_ERRORS);
    return IP_DROPPED;
  }
  const type = icmpv4Type(view, at);
  const code = icmpv4Code(view, at);
  countIcmpv4(context, type);
  if (type === ICMPV4_ECHO_REQUEST) {
    // RFC 1122 §3.2.2.6 lets a host ignore echoes to groups; Linux does.
    if (packet.isMulticast) return IP_DROPPED;
    queueEchoReply(context, packet, icmpv4Rest(view, at), now);
    return IP_CONSUMED;
  }
  const kind = icmpv4Kind(type, code);
  if (kind === 0) return IP_CONSUMED;
  packet.icmpKind = kind;
  packet.icmpType = type;
  packet.icmpCode = code;
  packet.icmpMtu = kind === ICMP_TOO_BIG ? icmpv4Mtu(view, at) : 0;
  return openQuotedIpv4(packet, at + ICMPV4_HEADER_LENGTH, end)
    ? deliverQuoted(context, packet)
    : dropQuoted(context, packet);
}

/** The same for IPv6, discovery included. */
export function receiveIcmpv6(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): number {
  const { view, checksumPartial } = packet.frame;
  const at = packet.l4;
  const end = at + packet.l4Length;
  context.counters.increment(ICMP_IN_MSGS + V6);
  if (packet.l4Length < ICMPV6_HEADER_LENGTH) {
    context.counters.increment(ICMP_IN_ERRORS + V6);
    return IP_DROPPED;
  }
  if (
    !checksumPartial && !icmpv6ChecksumValid(view, at, end, pseudoSum(packet))
  ) {
    context.counters.increment(ICMP_IN_CSUM_ERRORS + V6);
    return IP_DROPPED;
  }
  const type = icmpv6Type(view, at);
  const code = icmpv6Code(view, at);
  if (type >= NDP_ROUTER_SOLICITATION && type <= NDP_REDIRECT) {
    receiveNdp(context, via, packet, now);
    return IP_CONSUMED;
  }
  countIcmpv6(context, type);
  if (type === ICMPV6_ECHO_REQUEST) {
    queueEchoReply(context, packet, icmpv6Rest(view, at), now);
    return IP_CONSUMED;
  }
  const kind = icmpv6Kind(type, code);
  if (kind === 0) return IP_CONSUMED;
  packet.icmpKind = kind;
  packet.icmpType = type;
  packet.icmpCode = code;
  packet.icmpMtu = kind === ICMP_TOO_BIG ? icmpv6Mtu(view, at) : 0;
  return openQuotedIpv6(packet, at + ICMPV6_HEADER_LENGTH, end)
    ? deliverQuoted(context, packet)
    : dropQuoted(context, packet);
}

/** Hands the quoted packet to its transport if it was ours. */
function deliverQuoted(context: IpContext, packet: IpPacketIn): number {
  const isTransport = packet.protocol === PROTOCOL_TCP ||
    packet.protocol === PROTOCOL_UDP;
  if (!isTransport) return IP_CONSUMED;
  const { local0, local1, local2, local3 } = packet;
  const isOurs = context.addresses.isOurs(local0, local1, local2, local3);
  if (packet.l4Length < QUOTED_MIN || !isOurs) {
    return dropQuoted(context, packet);
  }
  packet.isMulticast = false;
  return IP_DELIVER;
}

/** Counts an error that quotes nothing of ours. */
function dropQuoted(context: IpContext, packet: IpPacketIn): number {
  const isV4 = packet.frame.view.getUint8(packet.frame.l3) >> 4 === 4;
  context.counters.increment(ICMP_IN_ERRORS + (isV4 ? 0 : V6));
  return IP_DROPPED;
}

/** Aims `packet` at the IPv4 packet quoted in `[at, end)`: its source, once us, becomes `local`. The quote is cut short, so its lengths say nothing. */
function openQuotedIpv4(packet: IpPacketIn, at: number, end: number): boolean {
  const { view } = packet.frame;
  if (end - at < IPV4_HEADER_LENGTH || view.getUint8(at) >> 4 !== 4) {
    return false;
  }
  const headerLength = ipv4HeaderLength(view, at);
  if (headerLength < IPV4_HEADER_LENGTH || at + headerLength > end) {
    return false;
  }
  if (ipv4FragmentOffset(view, at) !== 0) return false;
  packet.protocol = ipv4Protocol(view, at);
  packet.local0 =
    packet.local1 =
    packet.remote0 =
    packet.remote1 =
      0;
  packet.local2 = packet.remote2 = V4_MAPPED_WORD;
  packet.local3 = ipv4Source(view, at);
  packet.remote3 = ipv4Destination(view, at);
  packet.l4 = at + headerLength;
  packet.l4Length = end - packet.l4;
  return true;
}

function openQuotedIpv6(packet: IpPacketIn, at: number, end: number): boolean {
  const { view } = packet.frame;
  if (end - at < IPV6_HEADER_LENGTH || view.getUint8(at) >> 4 !== 6) {
    return false;
  }
  if (walkIpv6(view, at, end, chain) !== WIRE_OK) return false;
  if (chain.fragmentOffset !== 0) return false;
  packet.protocol = chain.protocol;
  packet.local0 = ipv6SourceWord(view, at, 0);
  packet.local1 = ipv6SourceWord(view, at, 1);
  packet.local2 = ipv6SourceWord(view, at, 2);
  packet.local3 = ipv6SourceWord(view, at, 3);
  packet.remote0 = ipv6DestinationWord(view, at, 0);
  packet.remote1 = ipv6DestinationWord(view, at, 1);
  packet.remote2 = ipv6DestinationWord(view, at, 2);
  packet.remote3 = ipv6DestinationWord(view, at, 3);
  packet.l4 = chain.offset;
  packet.l4Length = end - packet.l4;
  return true;
}

function pseudoSum(packet: IpPacketIn): number {
  return pseudoHeaderSum(
    packet.local0,
    packet.local1,
    packet.local2,
    packet.local3,
    packet.remote0,
    packet.remote1,
    packet.remote2,
    packet.remote3,
    6,
    PROTOCOL_ICMPV6,
    packet.l4Length,
  );
}

function countIcmpv4(context: IpContext, type: number): void {
  let counter = ICMP_IN_OTHERS;
  if (type === ICMPV4_UNREACHABLE) counter = ICMP_IN_DEST_UNREACHS;
  else if (type === ICMPV4_TIME_EXCEEDED) counter = ICMP_IN_TIME_EXCDS;
  else if (type === ICMPV4_PARAMETER_PROBLEM) counter = ICMP_IN_PARM_PROBS;
  else if (type === ICMPV4_REDIRECT) counter = ICMP_IN_REDIRECTS;
  else if (type === ICMPV4_ECHO_REQUEST) counter = ICMP_IN_ECHOS;
  else if (type === ICMPV4_ECHO_REPLY) counter = ICMP_IN_ECHO_REPS;
  context.counters.increment(counter);
}

function countIcmpv6(context: IpContext, type: number): void {
  let counter = ICMP_IN_OTHERS;
  if (type === ICMPV6_UNREACHABLE) counter = ICMP_IN_DEST_UNREACHS;
  else if (type === ICMPV6_TOO_BIG) counter = ICMP_IN_PKT_TOO_BIGS;
  else if (type === ICMPV6_TIME_EXCEEDED) counter = ICMP_IN_TIME_EXCDS;
  else if (type === ICMPV6_PARAMETER_PROBLEM) counter = ICMP_IN_PARM_PROBS;
  else if (type === ICMPV6_ECHO_REQUEST) counter = ICMP_IN_ECHOS;
  else if (type === ICMPV6_ECHO_REPLY) counter = ICMP_IN_ECHO_REPS;
  context.counters.increment(counter + V6);
}
