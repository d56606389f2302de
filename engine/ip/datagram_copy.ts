/**
 * Copies of datagrams, and the headers put before them.
 *
 * @module
 */
import type { Frame, PayloadRef } from "../base/frame.ts";
import { IPV4_HEADER_LENGTH } from "../wire/ipv4.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6.ts";
import type { IpContext } from "./context.ts";
import { V6 } from "./counters.ts";
import { prependIp, prependLink } from "./output.ts";
import type { StoredPacket } from "./packet_store.ts";
import type { Route } from "./route.ts";

/** Puts network and link headers in front of a copy; `fragment` as `prependIp` takes it. */
export function finishCopy(
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

/** Bytes of transport header and payload. */
export function transportLength(
  frame: Frame,
  payload: PayloadRef | null,
): number {
  const live = frame.end - frame.start;
  return payload === null ? live : live + payload.length + payload.wrapLength;
}

/** Bytes of the network header before them. */
export function headerLength(route: Route): number {
  return route.family === 6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
}

/** What to add to a counter of IPv4 for the route's family. */
export function familyOf(route: Route): number {
  return route.family === 6 ? V6 : 0;
}
