/**
 * Neighbour discovery messages of ours, RFC 4861 §4, always with hop limit 255.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import { pseudoHeaderSum } from "../wire/checksum.ts";
import { ETHER_TYPE_IPV6 } from "../wire/ethernet.ts";
import { ICMPV6_HEADER_LENGTH, writeIcmpv6 } from "../wire/icmpv6.ts";
import { IpAddress, isUnspecified } from "../wire/ip_address.ts";
import {
  IPV6_HEADER_LENGTH,
  PROTOCOL_ICMPV6,
  writeIpv6Header,
} from "../wire/ipv6.ts";
import { IPV6_MULTICAST_MAC_HI } from "../wire/mac_address.ts";
import {
  NDP_FLAG_OVERRIDE,
  NDP_FLAG_SOLICITED,
  NDP_LINK_OPTION_LENGTH,
  NDP_NEIGHBOUR_ADVERTISEMENT,
  NDP_NEIGHBOUR_LENGTH,
  NDP_NEIGHBOUR_SOLICITATION,
  NDP_OPTION_SOURCE_LINK,
  NDP_OPTION_TARGET_LINK,
  NDP_ROUTER_SOLICITATION,
  writeNdpLinkOption,
  writeNdpTarget,
} from "../wire/ndp.ts";
import type { IpContext } from "./context.ts";
import { queueOnLink } from "./control_queue.ts";
import {
  ICMP_OUT_MSGS,
  NDP_OUT_ADVERTISEMENTS,
  NDP_OUT_ROUTER_SOLICITS,
  NDP_OUT_SOLICITS,
  V6,
} from "./counters.ts";
import type { IpInterface } from "./interface.ts";
import type { Neighbour } from "./neighbours.ts";

/** ff02::1, all nodes of the link. */
export const ALL_NODES: IpAddress = new IpAddress(0xff020000, 0, 0, 1);
/** ff02::2, all routers of the link. */
const ALL_ROUTERS: IpAddress = new IpAddress(0xff020000, 0, 0, 2);
/** RFC 4861 §7.1: what passed a router is not believed. */
export const NDP_HOP_LIMIT = 255;

/** Queues a neighbor solicitation: to the neighbour itself when given, else to the target's solicited-node group. */
export function queueSolicitation(
  context: IpContext,
  via: IpInterface,
  source: IpAddress,
  target: IpAddress,
  known: Neighbour | null,
): void {
  const group = solicitedNode(target);
  // A probe for a duplicate carries no address of ours, RFC 4861 §4.3, RFC 4862 §5.4.2.
  const option = isUnspecified(source) ? 0 : NDP_OPTION_SOURCE_LINK;
  const frame = beginNeighbourMessage(context, via, target, option);
  const sent = finish(
    context,
    via,
    frame,
    NDP_NEIGHBOUR_SOLICITATION,
    0,
    source,
    known === null ? group : target,
    known === null ? IPV6_MULTICAST_MAC_HI : known.linkHi,
    known === null ? group.w3 : known.linkLo,
  );
  if (sent) context.counters.increment(NDP_OUT_SOLICITS);
}

/**
 * Queues a neighbor advertisement for our address `target`.
 *
 * @param asker who asked and is answered at the given hardware address; null tells all nodes, unasked (RFC 4861 §7.2.6)
 */
export function queueAdvertisement(
  context: IpContext,
  via: IpInterface,
  target: IpAddress,
  asker: IpAddress | null,
  linkHi: number,
  linkLo: number,
): void {
  const frame = beginNeighbourMessage(
    context,
    via,
    target,
    NDP_OPTION_TARGET_LINK,
  );
  const flags = NDP_FLAG_OVERRIDE | (asker === null ? 0 : NDP_FLAG_SOLICITED);
  const sent = finish(
    context,
    via,
    frame,
    NDP_NEIGHBOUR_ADVERTISEMENT,
    flags,
    target,
    asker ?? ALL_NODES,
    asker === null ? IPV6_MULTICAST_MAC_HI : linkHi,
    asker === null ? ALL_NODES.w3 : linkLo,
  );
  if (sent) context.counters.increment(NDP_OUT_ADVERTISEMENTS);
}

/** Queues a router solicitation, RFC 4861 §4.1. */
export function queueRouterSolicitation(
  context: IpContext,
  via: IpInterface,
  source: IpAddress,
): void {
  const frame = context.scratch;
  frame.reset();
  frame.end = frame.start + ICMPV6_HEADER_LENGTH;
  if (!isUnspecified(source)) {
    appendLinkOption(frame, via, NDP_OPTION_SOURCE_LINK);
  }
  const sent = finish(
    context,
    via,
    frame,
    NDP_ROUTER_SOLICITATION,
    0,
    source,
    ALL_ROUTERS,
    IPV6_MULTICAST_MAC_HI,
    ALL_ROUTERS.w3,
  );
  if (sent) context.counters.increment(NDP_OUT_ROUTER_SOLICITS);
}

/** The group in which an address is asked for, ff02::1:ff00:0/104 with its last 24 bits: RFC 4291 §2.7.1. */
export function solicitedNode(address: IpAddress): IpAddress {
  return new IpAddress(
    0xff020000,
    0,
    1,
    0xff000000 | address.w3 & 0x00ffffff,
  );
}

function beginNeighbourMessage(
  context: IpContext,
  via: IpInterface,
  target: IpAddress,
  option: number,
): Frame {
  const frame = context.scratch;
  frame.reset();
  frame.end = frame.start + NDP_NEIGHBOUR_LENGTH;
  const { w0, w1, w2, w3 } = target;
  writeNdpTarget(frame.view, frame.start, w0, w1, w2, w3);
  if (option !== 0) appendLinkOption(frame, via, option);
  return frame;
}

function appendLinkOption(frame: Frame, via: IpInterface, kind: number): void {
  writeNdpLinkOption(frame.view, frame.end, kind, via.linkHi, via.linkLo);
  frame.end += NDP_LINK_OPTION_LENGTH;
}

/** Writes ICMPv6 and IPv6 headers and queues the frame. */
function finish(
  context: IpContext,
  via: IpInterface,
  frame: Frame,
  type: number,
  rest: number,
  source: IpAddress,
  destination: IpAddress,
  linkHi: number,
  linkLo: number,
): boolean {
  const s = source;
  const d = destination;
  const length = frame.end - frame.start;
  const pseudo = pseudoHeaderSum(
    s.w0,
    s.w1,
    s.w2,
    s.w3,
    d.w0,
    d.w1,
    d.w2,
    d.w3,
    6,
    PROTOCOL_ICMPV6,
    length,
  );
  writeIcmpv6(frame.view, frame.start, type, 0, rest, length, pseudo);
  frame.l4 = frame.start;
  frame.start -= IPV6_HEADER_LENGTH;
  frame.l3 = frame.start;
  writeIpv6Header(
    frame.view,
    frame.start,
    0,
    0,
    length,
    PROTOCOL_ICMPV6,
    NDP_HOP_LIMIT,
    s.w0,
    s.w1,
    s.w2,
    s.w3,
    d.w0,
    d.w1,
    d.w2,
    d.w3,
  );
  if (!queueOnLink(context, via, frame, linkHi, linkLo, ETHER_TYPE_IPV6)) {
    return false;
  }
  context.counters.increment(ICMP_OUT_MSGS + V6);
  return true;
}
