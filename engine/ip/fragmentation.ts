/**
 * Fragmentation: a datagram that does not fit the path goes out in pieces.
 *
 *     transport header + payload   0 ........ room ........ 2 room .... total
 *     fragment                     | IP | [0, room) |  | IP | [room, 2 room) |  ..
 *
 * `room` is a multiple of eight. Each piece is a copy in the interface's queue,
 * all of them or none. A checksum the device was to finish is finished here,
 * for a device sees one piece at a time.
 *
 * RFC 791 §3.2, RFC 8200 §4.5, RFC 6864 §4.1 and RFC 7739 (identification).
 *
 * @module
 */
import { copyBytes, type Frame, type PayloadRef } from "../base/frame.ts";
import { TX_BUSY, TX_OK } from "../link/device.ts";
import { sumBytes } from "../wire/checksum.ts";
import { IPV4_MORE_FRAGMENTS, PROTOCOL_UDP } from "../wire/ipv4.ts";
import {
  IPV6_FRAGMENT,
  IPV6_FRAGMENT_LENGTH,
} from "../wire/ipv6_extensions.ts";
import { sumPayload } from "../wire/transport_checksum.ts";
import type { IpContext } from "./context.ts";
import { FRAG_CREATES, FRAG_FAILS, FRAG_OKS } from "./counters.ts";
import {
  familyOf,
  finishCopy,
  headerLength,
  transportLength,
} from "./datagram_copy.ts";
import type { IpInterface } from "./interface.ts";
import type { StoredPacket } from "./packet_store.ts";
import type { Route } from "./route.ts";

/**
 * Queues a datagram in fragments of at most the path's MTU. The next hop must be ready.
 *
 * @returns {@linkcode TX_OK}, or {@linkcode TX_BUSY} when the queue has no room for all of them
 */
export function queueFragments(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  via: IpInterface,
): number {
  const total = transportLength(frame, payload);
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
    const more = from + length < transportLength(frame, payload) ? 1 : 0;
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

/** Bytes of data in each fragment but the last: a multiple of 8, RFC 791 §3.2, RFC 8200 §4.5. */
export function fragmentRoom(route: Route): number {
  const extra = route.family === 6 ? IPV6_FRAGMENT_LENGTH : 0;
  return (route.pathMtu - headerLength(route) - extra) & ~7;
}
