// @hot
/**
 * The way in: is this frame whole, sane and for us, and whose is it?
 *
 *     Ethernet ─▶ ARP
 *         └─▶ IPv4, IPv6 ─▶ header ─▶ source ─▶ destination ─▶ fragment?
 *                                                    │            └─▶ reassembly ─▶ again
 *                                                    ├─▶ ICMP: answered, or delivered when it quotes a transport's packet
 *                                                    └─▶ anything else: delivered
 *
 * Every exit counts. Nothing is forwarded. A packet of 60 bytes on Ethernet is
 * padded: what counts is the length in the network header, and `frame.end` is
 * cut to it.
 *
 * RFC 1122 §3.2.1 (IPv4), §3.2.1.3 (addresses), §3.3.6 (link broadcasts);
 * RFC 8200 §3, §4; RFC 4291 §2.7; RFC 7126 §4.3, §4.4 (source routes).
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { WIRE_OK, WIRE_TRUNCATED } from "../wire/codes.ts";
import {
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  ethernetDestinationHi,
  ethernetDestinationLo,
  ethernetSourceHi,
  ethernetSourceLo,
  ethernetType,
} from "../wire/ethernet.ts";
import { V4_MAPPED_WORD } from "../wire/ip_address.ts";
import { isMulticastWords, isUnspecifiedWords } from "../wire/ip_class.ts";
import {
  checkIpv4,
  findIpv4Option,
  IPV4_HEADER_LENGTH,
  IPV4_OPTION_LSRR,
  IPV4_OPTION_SSRR,
  ipv4ChecksumValid,
  ipv4Destination,
  ipv4HeaderLength,
  ipv4IsFragment,
  ipv4Protocol,
  ipv4Source,
  ipv4TotalLength,
  ipv4TrafficClass,
  ipv4Ttl,
  PROTOCOL_ICMP,
} from "../wire/ipv4.ts";
import {
  checkIpv6,
  IPV6_HEADER_LENGTH,
  ipv6DestinationWord,
  ipv6HopLimit,
  ipv6PayloadLength,
  ipv6SourceWord,
  ipv6TrafficClass,
  PROTOCOL_ICMPV6,
} from "../wire/ipv6.ts";
import {
  IPV6_NO_NEXT_HEADER,
  Ipv6Chain,
  walkIpv6,
} from "../wire/ipv6_extensions.ts";
import { isMulticastMac } from "../wire/mac_address.ts";
import { receiveArp } from "./arp_input.ts";
import type { IpContext } from "./context.ts";
import {
  IN_ADDR_ERRORS,
  IN_DELIVERS,
  IN_HDR_ERRORS,
  IN_RECEIVES,
  IN_TRUNCATED_PKTS,
  LINK_IN_ADDR_ERRORS,
  LINK_IN_UNKNOWN_PROTOS,
  V6,
} from "./counters.ts";
import { receiveFragmentV4, receiveFragmentV6 } from "./fragments.ts";
import { receiveIcmpv4, receiveIcmpv6 } from "./icmp_input.ts";
import type { IpInterface } from "./interface.ts";
import {
  IP_CONSUMED,
  IP_DELIVER,
  IP_DROPPED,
  type IpPacketIn,
} from "./packet.ts";
import { reportHeaderProblem } from "./problems.ts";
import {
  addressesAreSane,
  hasMappedAddress,
  LINK_GROUP,
  LINK_OTHER,
  LINK_UNICAST,
} from "./sanity.ts";

const chain = new Ipv6Chain();

/** Handles one received frame: `IP_DELIVER` with `packet` filled, `IP_CONSUMED` or `IP_DROPPED`. */
export function receiveFrame(
  context: IpContext,
  frame: Frame,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): number {
  packet.frame = frame;
  packet.interfaceIndex = via.index;
  packet.icmpKind = 0;
  if (via.ethernet) return receiveEthernet(context, frame, via, packet, now);
  frame.l3 = frame.start;
  if (frame.end - frame.start < 1) return dropLink(context);
  switch (frame.view.getUint8(frame.l3) >> 4) {
    case 4:
      context.counters.increment(IN_RECEIVES);
      return receiveIpv4(context, via, packet, LINK_UNICAST, now);
    case 6:
      context.counters.increment(IN_RECEIVES + V6 | 0);
      return receiveIpv6(context, via, packet, LINK_UNICAST, now);
    default:
      context.counters.increment(LINK_IN_UNKNOWN_PROTOS);
      return IP_DROPPED;
  }
}

function receiveEthernet(
  context: IpContext,
  frame: Frame,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): number {
  const link = frame.end - frame.start < ETHERNET_HEADER_LENGTH
    ? LINK_OTHER
    : linkCast(frame, via);
  if (link === LINK_OTHER) return dropLink(context);
  frame.l3 = frame.start + ETHERNET_HEADER_LENGTH | 0;
  switch (ethernetType(frame.view, frame.start)) {
    case ETHER_TYPE_IPV4:
      context.counters.increment(IN_RECEIVES);
      return receiveIpv4(context, via, packet, link, now);
    case ETHER_TYPE_IPV6:
      context.counters.increment(IN_RECEIVES + V6 | 0);
      return receiveIpv6(context, via, packet, link, now);
    case ETHER_TYPE_ARP:
      receiveArp(context, via, frame, now);
      return IP_CONSUMED;
    default:
      context.counters.increment(LINK_IN_UNKNOWN_PROTOS);
      return IP_DROPPED;
  }
}

/** Whom the link header names. A frame from our own hardware address is an echo of ours. */
function linkCast(frame: Frame, via: IpInterface): number {
  const view = frame.view;
  const at = frame.start;
  if (
    ethernetSourceLo(view, at) === via.linkLo &&
    ethernetSourceHi(view, at) === via.linkHi
  ) return LINK_OTHER;
  const hi = ethernetDestinationHi(view, at);
  if (isMulticastMac(hi)) return LINK_GROUP;
  return hi === via.linkHi && ethernetDestinationLo(view, at) === via.linkLo
    ? LINK_UNICAST
    : LINK_OTHER;
}

function receiveIpv4(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  link: number,
  now: Micros,
): number {
  const counters = context.counters;
  const frame = packet.frame;
  const view = frame.view;
  const l3 = frame.l3;
  const code = checkIpv4(view, l3, frame.end);
  if (code !== WIRE_OK) return dropHeader(context, code, 0);
  if (!ipv4ChecksumValid(view, l3)) return dropHeader(context, code, 0);
  const headerLength = ipv4HeaderLength(view, l3);
  if (headerLength > IPV4_HEADER_LENGTH && hasSourceRoute(view, l3)) {
    return dropHeader(context, code, 0);
  }
  frame.end = l3 + ipv4TotalLength(view, l3) | 0;
  frame.l4 = l3 + headerLength | 0;
  packet.local0 = 0;
  packet.local1 = 0;
  packet.local2 = V4_MAPPED_WORD;
  packet.local3 = ipv4Destination(view, l3);
  packet.remote0 = 0;
  packet.remote1 = 0;
  packet.remote2 = V4_MAPPED_WORD;
  packet.remote3 = ipv4Source(view, l3);
  if (!addressesAreSane(context, via, packet, link)) {
    return dropAddress(context, packet, link, 0);
  }
  if (ipv4IsFragment(view, l3)) {
    if (!receiveFragmentV4(context, packet, now)) return IP_CONSUMED;
    return receiveIpv4(context, via, packet, link, now);
  }
  packet.protocol = ipv4Protocol(view, l3);
  packet.hopLimit = ipv4Ttl(view, l3);
  packet.trafficClass = ipv4TrafficClass(view, l3);
  packet.l4 = frame.l4;
  packet.l4Length = frame.end - frame.l4 | 0;
  counters.increment(IN_DELIVERS);
  return packet.protocol === PROTOCOL_ICMP
    ? receiveIcmpv4(context, packet, now)
    : IP_DELIVER;
}

function receiveIpv6(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  link: number,
  now: Micros,
): number {
  const counters = context.counters;
  const frame = packet.frame;
  const view = frame.view;
  const l3 = frame.l3;
  const code = checkIpv6(view, l3, frame.end);
  if (code !== WIRE_OK) return dropHeader(context, code, V6);
  frame.end = l3 + IPV6_HEADER_LENGTH + ipv6PayloadLength(view, l3) | 0;
  packet.local0 = ipv6DestinationWord(view, l3, 0);
  packet.local1 = ipv6DestinationWord(view, l3, 1);
  packet.local2 = ipv6DestinationWord(view, l3, 2);
  packet.local3 = ipv6DestinationWord(view, l3, 3);
  packet.remote0 = ipv6SourceWord(view, l3, 0);
  packet.remote1 = ipv6SourceWord(view, l3, 1);
  packet.remote2 = ipv6SourceWord(view, l3, 2);
  packet.remote3 = ipv6SourceWord(view, l3, 3);
  if (
    hasMappedAddress(packet) || !addressesAreSane(context, via, packet, link)
  ) {
    return dropAddress(context, packet, link, V6);
  }
  packet.hopLimit = ipv6HopLimit(view, l3);
  packet.trafficClass = ipv6TrafficClass(view, l3);
  const walked = walkIpv6(view, l3, frame.end, chain);
  packet.protocol = chain.protocol;
  packet.l4 = chain.offset;
  packet.l4Length = frame.end - chain.offset | 0;
  if (walked !== WIRE_OK) {
    reportHeaderProblem(context, packet, chain, walked, now);
    return dropHeader(context, walked, V6);
  }
  // A fragment that is the whole packet needs no others, RFC 6946 §4.
  if (chain.moreFragments || chain.fragmentOffset !== 0) {
    if (!receiveFragmentV6(context, packet, chain, now)) return IP_CONSUMED;
    return receiveIpv6(context, via, packet, link, now);
  }
  frame.l4 = chain.offset;
  counters.increment(IN_DELIVERS + V6 | 0);
  return packet.protocol === PROTOCOL_ICMPV6
    ? receiveIcmpv6(context, via, packet, now)
    : deliverIpv6(context, packet);
}

/** A packet from :: is a discovery message or nothing, RFC 4291 §2.5.2; "no next header" is nothing too, RFC 8200 §4.7. */
function deliverIpv6(context: IpContext, packet: IpPacketIn): number {
  if (packet.protocol === IPV6_NO_NEXT_HEADER) return IP_CONSUMED;
  if (
    !isUnspecifiedWords(
      packet.remote0,
      packet.remote1,
      packet.remote2,
      packet.remote3,
    )
  ) return IP_DELIVER;
  context.counters.increment(IN_ADDR_ERRORS + V6 | 0);
  return IP_DROPPED;
}

function hasSourceRoute(view: DataView, l3: number): boolean {
  return findIpv4Option(view, l3, IPV4_OPTION_LSRR) >= 0 ||
    findIpv4Option(view, l3, IPV4_OPTION_SSRR) >= 0;
}

function dropHeader(context: IpContext, code: number, family: number): number {
  context.counters.increment(
    (code === WIRE_TRUNCATED ? IN_TRUNCATED_PKTS : IN_HDR_ERRORS) + family | 0,
  );
  return IP_DROPPED;
}

/** A group we are not in is another station's affair: a hardware filter would have kept it from us. */
function dropAddress(
  context: IpContext,
  packet: IpPacketIn,
  link: number,
  family: number,
): number {
  const { local0, local1, local2, local3 } = packet;
  const isOthers = link === LINK_GROUP &&
    isMulticastWords(local0, local1, local2, local3);
  context.counters.increment(
    isOthers ? LINK_IN_ADDR_ERRORS : IN_ADDR_ERRORS + family | 0,
  );
  return IP_DROPPED;
}

function dropLink(context: IpContext): number {
  context.counters.increment(LINK_IN_ADDR_ERRORS);
  return IP_DROPPED;
}
