/**
 * Packets that may be cut, and may wait: UDP's and the layer's own ICMP.
 *
 * A datagram differs from a TCP segment in three ways: its size is the
 * application's choice, so it is fragmented when the path is too narrow; its
 * sender does not ask about the next hop first, so a copy waits when the
 * hardware address is unknown; and nobody sends it again.
 *
 *     transport header + payload
 *       fits, next hop known      ──▶ headers in front, to the device
 *       too large                 ──▶ fragments, each a copy, to the queue
 *       next hop unknown          ──▶ a copy without headers, to the neighbour
 *
 * RFC 1122 §2.3.2.2 (the packet that waits).
 *
 * @module
 */
import type { Frame, PayloadRef } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { TX_BUSY, TX_OK } from "../link/device.ts";
import { IPV4_DONT_FRAGMENT } from "../wire/ipv4.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6.ts";
import type { IpContext } from "./context.ts";
import {
  NEIGH_UNRESOLVED_DISCARDS,
  OUT_DISCARDS,
  OUT_NO_ROUTES,
  OUT_REQUESTS,
} from "./counters.ts";
import {
  familyOf,
  finishCopy,
  headerLength,
  transportLength,
} from "./datagram_copy.ts";
import { EGRESS_CAPACITY } from "./egress.ts";
import { fragmentRoom, queueFragments } from "./fragmentation.ts";
import type { IpInterface } from "./interface.ts";
import type { Neighbour } from "./neighbours.ts";
import {
  neighbourOf,
  NEXT_HOP_FAILED,
  NEXT_HOP_PENDING,
  nextHopState,
} from "./next_hop.ts";
import { transmitPacket } from "./output.ts";
import type { Route } from "./route.ts";

/** `IpLayer.sendDatagram`: no route, or the next hop does not answer. Not consumed. */
export const TX_UNREACHABLE = 3;
/** `IpLayer.sendDatagram`: larger than an IP packet can be. Not consumed. */
export const TX_TOO_BIG = 4;

/** Largest packet, IPv4 header included, and largest IPv6 payload. */
const MAX_LENGTH = 65_535;

/**
 * Sends one datagram whose transport header, checksum included, is the frame's live bytes.
 *
 * @returns {@linkcode TX_OK}: sent, or a copy waits; {@linkcode TX_BUSY}: not consumed, offer it again after the next
 * wake; `TX_DOWN`, {@linkcode TX_UNREACHABLE} or {@linkcode TX_TOO_BIG}
 */
export function sendDatagram(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  now: Micros,
): number {
  const hop = nextHopState(context, route, now);
  const via = route.interface;
  if (hop === NEXT_HOP_FAILED || via === null) {
    context.counters.increment(OUT_NO_ROUTES + familyOf(route));
    return TX_UNREACHABLE;
  }
  const length = transportLength(frame, payload) + headerLength(route);
  if (isTooLong(length, route)) return TX_TOO_BIG;
  if (hop === NEXT_HOP_PENDING) {
    return wait(
      context,
      frame,
      payload,
      route,
      protocol,
      trafficClass,
      hopLimit,
    );
  }
  if (length > route.pathMtu || via.queue.length > 0) {
    return queueDatagram(
      context,
      frame,
      payload,
      route,
      protocol,
      trafficClass,
      hopLimit,
      now,
    );
  }
  return transmitPacket(
    context,
    frame,
    payload,
    route,
    protocol,
    trafficClass,
    hopLimit,
    now,
  );
}

/**
 * Queues a copy of one datagram behind the layer's other packets, in fragments when it does not fit.
 *
 * The layer's own packets come this way, so that answering never depends on whether a device is busy.
 *
 * @returns as {@linkcode sendDatagram}
 */
export function queueDatagram(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  now: Micros,
): number {
  const hop = nextHopState(context, route, now);
  const via = route.interface;
  if (hop === NEXT_HOP_FAILED || via === null) {
    context.counters.increment(OUT_NO_ROUTES + familyOf(route));
    return TX_UNREACHABLE;
  }
  const length = transportLength(frame, payload) + headerLength(route);
  if (isTooLong(length, route)) return TX_TOO_BIG;
  if (hop === NEXT_HOP_PENDING) {
    return wait(
      context,
      frame,
      payload,
      route,
      protocol,
      trafficClass,
      hopLimit,
    );
  }
  const result = length > route.pathMtu
    ? queueFragments(
      context,
      frame,
      payload,
      route,
      protocol,
      trafficClass,
      hopLimit,
      via,
    )
    : queueWhole(
      context,
      frame,
      payload,
      route,
      protocol,
      trafficClass,
      hopLimit,
      via,
    );
  const counter = result === TX_OK ? OUT_REQUESTS : OUT_DISCARDS;
  context.counters.increment(counter + familyOf(route));
  return result;
}

/** Sends what waited for a neighbour whose hardware address is now known. */
export function releasePending(
  context: IpContext,
  neighbour: Neighbour,
  now: Micros,
): void {
  const waiting = neighbour.pending.splice(0);
  for (const packet of waiting) {
    const route = packet.route;
    if (route !== null) {
      queueDatagram(
        context,
        context.store.load(packet),
        null,
        route,
        packet.protocol,
        packet.trafficClass,
        packet.hopLimit,
        now,
      );
    }
    context.store.release(packet);
  }
}

function wait(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
): number {
  const packet = context.store.put(frame, payload);
  if (packet === null) {
    context.counters.increment(OUT_DISCARDS + familyOf(route));
    return TX_OK;
  }
  packet.route = route;
  packet.protocol = protocol;
  packet.trafficClass = trafficClass;
  packet.hopLimit = hopLimit;
  const dropped = context.neighbours.enqueue(
    neighbourOf(context, route),
    packet,
  );
  context.counters.add(NEIGH_UNRESOLVED_DISCARDS, dropped);
  return TX_OK;
}

function queueWhole(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  via: IpInterface,
): number {
  if (via.queue.free === 0) return TX_BUSY;
  const copy = context.store.put(frame, payload);
  if (copy === null) return TX_BUSY;
  const fragment = route.dontFragment ? IPV4_DONT_FRAGMENT : 0;
  finishCopy(context, copy, route, protocol, trafficClass, hopLimit, fragment);
  route.nextId = route.nextId + 1 & 0xffff;
  via.queue.push(copy);
  return TX_OK;
}

/** `length` includes the network header, which IPv6's payload length does not. */
function isTooLong(length: number, route: Route): boolean {
  // More fragments than a queue holds would wait for room for ever; it takes an MTU below 284 bytes.
  const most = EGRESS_CAPACITY * fragmentRoom(route) + headerLength(route);
  return length > most ||
    length > MAX_LENGTH + (route.family === 6 ? IPV6_HEADER_LENGTH : 0);
}
