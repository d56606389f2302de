// @hot
/**
 * May a packet for this route leave now?
 *
 * The question a transport asks before it builds a packet. Asking starts the
 * search for the hardware address when nobody knows it; `NeighbourTable`'s
 * generation changes when the answer does.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { IpContext } from "./context.ts";
import {
  type Neighbour,
  NEIGHBOUR_FAILED,
  NEIGHBOUR_NONE,
} from "./neighbours.ts";
import type { Route } from "./route.ts";
import { solicit } from "./solicit.ts";

/** Send. */
export const NEXT_HOP_READY = 0;
/** Ask again when `neighbourGeneration` has changed. */
export const NEXT_HOP_PENDING = 1;
/** No route, or the neighbour did not answer; a later question searches again. */
export const NEXT_HOP_FAILED = 2;

/** `NEXT_HOP_*` for that route. The route is resolved anew when the tables changed. */
export function nextHopState(
  context: IpContext,
  route: Route,
  now: Micros,
): number {
  if (route.generation !== context.routes.generation) {
    context.routes.refresh(route, -1);
  }
  const via = route.interface;
  if (via === null) return NEXT_HOP_FAILED;
  if (!via.ethernet || route.multicast) return NEXT_HOP_READY;
  const neighbour = neighbourOf(context, route);
  if (neighbour.isKnown) {
    context.neighbours.use(neighbour, now);
    return NEXT_HOP_READY;
  }
  if (context.neighbours.needsSearch(neighbour, now)) {
    context.neighbours.begin(neighbour, now);
    solicit(context, neighbour);
  }
  return neighbour.state === NEIGHBOUR_FAILED
    ? NEXT_HOP_FAILED
    : NEXT_HOP_PENDING;
}

/** The entry of the route's next hop, looked up when the route has none or a void one. The route must have an interface. */
export function neighbourOf(context: IpContext, route: Route): Neighbour {
  const known = route.neighbour;
  if (known !== null && known.state !== NEIGHBOUR_NONE) return known;
  const hop = route.nextHop;
  const found = context.neighbours.obtain(
    route.interfaceIndex,
    hop.w0,
    hop.w1,
    hop.w2,
    hop.w3,
  );
  route.neighbour = found;
  return found;
}
