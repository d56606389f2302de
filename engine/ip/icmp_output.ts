/**
 * ICMP messages of ours: echo replies and errors.
 *
 * An error is never an answer to an error, to a redirect, to a packet for more
 * than one host or from no one host, nor to a later fragment (RFC 1122 §3.2.2,
 * RFC 4443 §2.4(e)), and their number is limited. It quotes as much of the
 * packet at fault as fits 576 bytes (RFC 1812 §4.3.2.3) or 1,280 (RFC 4443
 * §2.4(c)).
 *
 * @module
 */
import { copyBytes, type Frame } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { TX_OK } from "../link/device.ts";
import { pseudoHeaderSum } from "../wire/checksum.ts";
import {
  ICMPV4_ECHO_REPLY,
  ICMPV4_HEADER_LENGTH,
  ICMPV4_PARAMETER_PROBLEM,
  ICMPV4_TIME_EXCEEDED,
  ICMPV4_UNREACHABLE,
  writeIcmpv4,
} from "../wire/icmpv4.ts";
import {
  ICMPV6_ECHO_REPLY,
  ICMPV6_HEADER_LENGTH,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_UNREACHABLE,
  writeIcmpv6,
} from "../wire/icmpv6.ts";
import { IpAddress } from "../wire/ip_address.ts";
import {
  isIpv4Words,
  isLoopbackWords,
  isMulticastWords,
  isUnspecifiedWords,
} from "../wire/ip_class.ts";
import { IPV4_HEADER_LENGTH, PROTOCOL_ICMP } from "../wire/ipv4.ts";
import {
  IPV6_HEADER_LENGTH,
  ipv6NextHeader,
  PROTOCOL_ICMPV6,
} from "../wire/ipv6.ts";
import {
  IPV6_DESTINATION_OPTIONS,
  IPV6_FRAGMENT,
  IPV6_FRAGMENT_LENGTH,
  IPV6_HOP_BY_HOP,
  IPV6_ROUTING,
} from "../wire/ipv6_extensions.ts";
import type { IpContext } from "./context.ts";
import {
  ICMP_OUT_DEST_UNREACHS,
  ICMP_OUT_ECHO_REPS,
  ICMP_OUT_ERRORS,
  ICMP_OUT_MSGS,
  ICMP_OUT_PARM_PROBS,
  ICMP_OUT_RATE_LIMIT,
  ICMP_OUT_TIME_EXCDS,
  V6,
} from "./counters.ts";
import { queueDatagram } from "./datagram.ts";
import { isIcmpError } from "./icmp_kinds.ts";
import type { IpPacketIn } from "./packet.ts";
import { IPV6_MIN_MTU } from "./path_mtu.ts";
import type { Route } from "./route.ts";

/** Extension headers that say their own length. */
const LENGTHY_HEADERS: readonly number[] = [
  IPV6_HOP_BY_HOP,
  IPV6_ROUTING,
  IPV6_DESTINATION_OPTIONS,
];
/** Largest ICMP error of IPv4, its IP header included, RFC 1812 §4.3.2.3. */
const IPV4_ERROR_MAX = 576;

/**
 * Queues an ICMP error about the packet, if the rules allow one.
 *
 * @param packet addresses and, at `frame.l3`, the bytes to quote
 * @param rest the word behind the checksum: MTU, pointer, or 0
 */
export function queueIcmpError(
  context: IpContext,
  packet: IpPacketIn,
  type: number,
  code: number,
  rest: number,
  now: Micros,
): void {
  const isV4 = isV4Packet(packet);
  const family = isV4 ? 0 : V6;
  if (!mayReport(packet)) return;
  const route = routeBack(context, packet);
  if (route === null) return;
  if (!context.errorLimit.take(now)) {
    context.counters.increment(ICMP_OUT_RATE_LIMIT + family);
    return;
  }
  const room = isV4
    ? IPV4_ERROR_MAX - IPV4_HEADER_LENGTH - ICMPV4_HEADER_LENGTH
    : IPV6_MIN_MTU - IPV6_HEADER_LENGTH - ICMPV6_HEADER_LENGTH;
  const quoted = packet.frame;
  const length = Math.min(quoted.end - quoted.l3, room);
  const frame = beginMessage(context, quoted, quoted.l3, length);
  queueIcmp(context, frame, route, type, code, rest, now);
  countError(context, type, route);
}

/** Queues the answer to an echo request: the same bytes, from the address it was sent to. */
export function queueEchoReply(
  context: IpContext,
  packet: IpPacketIn,
  rest: number,
  now: Micros,
): void {
  const route = routeBack(context, packet);
  if (route === null) return;
  const isV4 = isV4Packet(packet);
  const frame = beginMessage(
    context,
    packet.frame,
    packet.l4 + ICMPV4_HEADER_LENGTH,
    packet.l4Length - ICMPV4_HEADER_LENGTH,
  );
  const type = isV4 ? ICMPV4_ECHO_REPLY : ICMPV6_ECHO_REPLY;
  queueIcmp(context, frame, route, type, 0, rest, now);
  context.counters.increment(ICMP_OUT_ECHO_REPS + (isV4 ? 0 : V6));
}

/** Whether an error about the packet may be sent at all, whatever the error. Packets for groups are the caller's affair where RFC 4443 §2.4(e.3) makes exceptions. */
function mayReport(packet: IpPacketIn): boolean {
  const { remote0, remote1, remote2, remote3 } = packet;
  if (packet.isMulticast) return false;
  if (isUnspecifiedWords(remote0, remote1, remote2, remote3)) return false;
  if (isMulticastWords(remote0, remote1, remote2, remote3)) return false;
  return !quotesError(packet);
}

/** Whether the packet is itself an ICMP error, or a redirect. */
function quotesError(packet: IpPacketIn): boolean {
  const { view, l3, end } = packet.frame;
  if (isV4Packet(packet)) {
    if (packet.protocol !== PROTOCOL_ICMP || packet.l4 >= end) return false;
    return isIcmpError(view.getUint8(packet.l4), 4);
  }
  // The walk that refused a header stopped at it, so the chain is followed again.
  const at = skipIpv6Headers(view, l3, end, PROTOCOL_ICMPV6);
  return at >= 0 && isIcmpError(view.getUint8(at), 6);
}

/** The route to the sender, from the address it wrote to; for a group, from the one that suits. */
function routeBack(context: IpContext, packet: IpPacketIn): Route | null {
  const remote = new IpAddress(
    packet.remote0,
    packet.remote1,
    packet.remote2,
    packet.remote3,
  );
  const { local0, local1, local2, local3 } = packet;
  const isOurs = context.addresses.isOurs(local0, local1, local2, local3) ||
    isLoopbackWords(local0, local1, local2, local3);
  const local = isOurs ? new IpAddress(local0, local1, local2, local3) : null;
  return context.routes.routeTo(remote, local, packet.interfaceIndex);
}

/** Copies a body into the layer's own frame, room for the ICMP header in front. */
function beginMessage(
  context: IpContext,
  from: Frame,
  offset: number,
  length: number,
): Frame {
  const frame = context.scratch;
  frame.reset();
  const body = frame.start + ICMPV4_HEADER_LENGTH;
  copyBytes(from.bytes, offset, frame.bytes, body, length);
  frame.end = body + length;
  return frame;
}

function queueIcmp(
  context: IpContext,
  frame: Frame,
  route: Route,
  type: number,
  code: number,
  rest: number,
  now: Micros,
): void {
  const length = frame.end - frame.start;
  const isV4 = route.family === 4;
  if (isV4) {
    writeIcmpv4(frame.view, frame.start, type, code, rest, length);
  } else {
    const pseudo = pseudoSum(route, length);
    writeIcmpv6(frame.view, frame.start, type, code, rest, length, pseudo);
  }
  const sent = queueDatagram(
    context,
    frame,
    null,
    route,
    isV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
    0,
    route.hopLimit,
    now,
  );
  const counter = sent === TX_OK ? ICMP_OUT_MSGS : ICMP_OUT_ERRORS;
  context.counters.increment(counter + (isV4 ? 0 : V6));
}

function pseudoSum(route: Route, length: number): number {
  const { local, remote } = route;
  return pseudoHeaderSum(
    local.w0,
    local.w1,
    local.w2,
    local.w3,
    remote.w0,
    remote.w1,
    remote.w2,
    remote.w3,
    6,
    PROTOCOL_ICMPV6,
    length,
  );
}

function countError(context: IpContext, type: number, route: Route): void {
  const isV4 = route.family === 4;
  const family = isV4 ? 0 : V6;
  if (type === (isV4 ? ICMPV4_UNREACHABLE : ICMPV6_UNREACHABLE)) {
    context.counters.increment(ICMP_OUT_DEST_UNREACHS + family);
  } else if (type === (isV4 ? ICMPV4_TIME_EXCEEDED : ICMPV6_TIME_EXCEEDED)) {
    context.counters.increment(ICMP_OUT_TIME_EXCDS + family);
  } else if (
    type === (isV4 ? ICMPV4_PARAMETER_PROBLEM : ICMPV6_PARAMETER_PROBLEM)
  ) {
    context.counters.increment(ICMP_OUT_PARM_PROBS + family);
  }
}

/** Where the header of that upper protocol begins, whatever is wrong with those before it; -1 when it is not there. */
function skipIpv6Headers(
  view: DataView,
  l3: number,
  end: number,
  wanted: number,
): number {
  let protocol = ipv6NextHeader(view, l3);
  let at = l3 + IPV6_HEADER_LENGTH;
  while (at + 2 <= end) {
    if (protocol === wanted) return at;
    const isFragment = protocol === IPV6_FRAGMENT;
    if (!isFragment && !LENGTHY_HEADERS.includes(protocol)) return -1;
    const length = isFragment
      ? IPV6_FRAGMENT_LENGTH
      : view.getUint8(at + 1) + 1 << 3;
    protocol = view.getUint8(at);
    at += length;
  }
  return -1;
}

function isV4Packet(packet: IpPacketIn): boolean {
  return isIpv4Words(packet.local0, packet.local1, packet.local2);
}
