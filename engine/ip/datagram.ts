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
 * RFC 791 §3.2, RFC 8200 §4.5 (fragmentation), RFC 7739 (identification),
 * RFC 1122 §2.3.2.2 (the packet that waits).
 *
 * @module
 */
import { copyBytes, type Frame, type PayloadRef } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { TX_BUSY, TX_OK } from "../link/device.ts";
import { sumBytes } from "../wire/checksum.ts";
import {
  IPV4_DONT_FRAGMENT,
  IPV4_HEADER_LENGTH,
  IPV4_MORE_FRAGMENTS,
  PROTOCOL_UDP,
} from "../wire/ipv4.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6.ts";
import {
  IPV6_FRAGMENT,
  IPV6_FRAGMENT_LENGTH,
} from "../wire/ipv6_extensions.ts";
import { sumPayload } from "../wire/transport_checksum.ts";
import type { IpContext } from "./context.ts";
import {
  FRAG_CREATES,
  FRAG_FAILS,
  FRAG_OKS,
  NEIGH_UNRESOLVED_DISCARDS,
  OUT_DISCARDS,
  OUT_NO_ROUTES,
  OUT_REQUESTS,
  V6,
} from "./counters.ts";
import type { IpInterface } from "./interface.ts";
import type { Neighbour } from "./neighbours.ts";
import {
  neighbourOf,
  NEXT_HOP_FAILED,
  NEXT_HOP_PENDING,
  nextHopState,
} from "./next_hop.ts";
import { prependIp, prependLink, transmitPacket } from "./output.ts";
import type { StoredPacket } from "./packet_store.ts";
import type { Route } from "./routes.ts";

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
  const length = lengthOf(frame, payload) + headerLength(route);
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
  const length = lengthOf(frame, payload) + headerLength(route);
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

function queueFragments(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  via: IpInterface,
): number {
  const total = lengthOf(frame, payload);
  const room = fragmentRoom(route);
  const count = Math.ceil(total / room);
  if (via.queue.free < count) {
    context.counters.increment(FRAG_FAILS + familyOf(route));
    return TX_BUSY;
  }
  completeChecksum(frame, payload, protocol);
  const id = context.random.int32();
  for (let from = 0; from < total; from += room) {
    const length = Math.min(room, total - from);
    const more = from + length < total;
    const copy = copyFragment(
      context,
      frame,
      payload,
      from,
      length,
      id,
      protocol,
      route,
    );
    if (copy === null) {
      context.counters.increment(FRAG_FAILS + familyOf(route));
      return TX_OK;
    }
    const fragment = (more ? IPV4_MORE_FRAGMENTS : 0) | from >>> 3;
    const next = route.family === 6 ? IPV6_FRAGMENT : protocol;
    finishCopy(context, copy, route, next, trafficClass, hopLimit, fragment);
    via.queue.push(copy);
  }
  route.nextId = route.nextId + 1 & 0xffff;
  context.counters.increment(FRAG_OKS + familyOf(route));
  context.counters.add(FRAG_CREATES + familyOf(route), count);
  return TX_OK;
}

/** Puts network and link headers in front of a copy. */
function finishCopy(
  context: IpContext,
  copy: StoredPacket,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  fragment: number,
): void {
  const frame = context.store.loadCopy(copy);
  prependIp(frame, 0, route, protocol, trafficClass, hopLimit, fragment);
  prependLink(context, frame, route);
  copy.start = frame.start;
  copy.l3 = frame.l3;
  copy.l4 = frame.l4;
}

/** Copies bytes [from, from + length) of a transport packet, in IPv6 with a fragment header before them. */
function copyFragment(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  from: number,
  length: number,
  id: number,
  protocol: number,
  route: Route,
): StoredPacket | null {
  const extra = route.family === 6 ? IPV6_FRAGMENT_LENGTH : 0;
  const copy = context.store.allocate(extra + length);
  if (copy === null) return null;
  const { bytes, view } = context.arena;
  if (extra > 0) {
    const more = from + length < lengthOf(frame, payload) ? 1 : 0;
    view.setInt16(copy.start, protocol << 8);
    view.setInt16(copy.start + 2, from | more);
    view.setInt32(copy.start + 4, id);
  }
  copyPiece(frame, payload, from, length, bytes, copy.start + extra);
  return copy;
}

/** Copies bytes [from, from + length) of the frame's live bytes followed by the payload. */
function copyPiece(
  frame: Frame,
  payload: PayloadRef | null,
  from: number,
  length: number,
  to: Uint8Array,
  toOffset: number,
): void {
  const pieces: [Uint8Array, number, number][] = [
    [frame.bytes, frame.start, frame.end - frame.start],
  ];
  if (payload !== null) {
    pieces.push([payload.bytes, payload.offset, payload.length]);
    pieces.push([payload.bytes, payload.wrapOffset, payload.wrapLength]);
  }
  let skip = from;
  let left = length;
  let at = toOffset;
  for (const [bytes, offset, size] of pieces) {
    const count = Math.min(left, Math.max(0, size - skip));
    if (count > 0) copyBytes(bytes, offset + skip, to, at, count);
    skip = Math.max(0, skip - size);
    at += count;
    left -= count;
  }
}

/** A device cannot finish the checksum of a packet it sees in pieces, so that is done here: the field holds the pseudo header's sum. */
function completeChecksum(
  frame: Frame,
  payload: PayloadRef | null,
  protocol: number,
): void {
  if (!frame.checksumPartial || protocol !== PROTOCOL_UDP) return;
  const field = frame.start + 6;
  let sum = sumBytes(frame.view, frame.start, frame.end - frame.start, 0);
  if (payload !== null) {
    const length = payload.length + payload.wrapLength;
    sum = sumPayload(frame, payload, length, sum);
  }
  // RFC 768: a checksum of 0 is sent as all ones.
  frame.view.setUint16(field, (~sum & 0xffff) || 0xffff);
  frame.checksumPartial = false;
}

function lengthOf(frame: Frame, payload: PayloadRef | null): number {
  const live = frame.end - frame.start;
  return payload === null ? live : live + payload.length + payload.wrapLength;
}

function headerLength(route: Route): number {
  return route.family === 6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
}

/** `length` includes the network header, which IPv6's payload length does not. */
function isTooLong(length: number, route: Route): boolean {
  return length > MAX_LENGTH + (route.family === 6 ? IPV6_HEADER_LENGTH : 0);
}

/** Bytes of data in each fragment but the last: a multiple of 8, RFC 791 §3.2, RFC 8200 §4.5. */
function fragmentRoom(route: Route): number {
  const extra = route.family === 6 ? IPV6_FRAGMENT_LENGTH : 0;
  return (route.pathMtu - headerLength(route) - extra) & ~7;
}

function familyOf(route: Route): number {
  return route.family === 6 ? V6 : 0;
}
