/**
 * Path MTU: how large a packet does this path carry?
 *
 * A route starts with its interface's MTU and is reduced by ICMP errors the
 * transport has judged to be about a packet of its own (RFC 5927 §7); the
 * layer never applies one by itself. What was learned is forgotten after ten
 * minutes, when the path may have changed (RFC 1191 §6.3, RFC 8201 §4).
 *
 * Floors: IPv6 paths carry 1,280 bytes by definition, and an error that says
 * less is ignored (RFC 8201 §4). For IPv4 the formal least is 68, but every
 * such claim makes our packets tiny, so 552 (Linux's `min_pmtu`) is the least
 * we use; for a path that carries less DF is cleared and routers fragment.
 *
 * @module
 */
import { type Micros, NEVER, SECOND } from "../base/units.ts";
import type { Route } from "./route.ts";

/** Least path MTU used for IPv4, bytes. Linux: `net.ipv4.route.min_pmtu`. */
export const IPV4_MIN_PATH_MTU = 552;
/** Least MTU of any IPv6 link, RFC 8200 §5. */
export const IPV6_MIN_MTU = 1280;

/** Ten minutes, RFC 1191 §6.3, RFC 8201 §4; Linux's `mtu_expires`. */
const LEARNED_TIMEOUT = 600 * SECOND;
/** Common MTUs in falling order, RFC 1191 §7.1: what to try when a router does not say. */
const PLATEAUS: readonly number[] = [
  65535,
  32000,
  17914,
  8166,
  4352,
  2002,
  1492,
  1006,
  508,
  296,
  68,
];

/** The routes with something learned, and when it is to be forgotten. */
export class PathMtuTable {
  readonly #reduced: Set<Route> = new Set();
  #deadline: Micros = NEVER;

  /** When the first thing learned is forgotten. */
  get deadline(): Micros {
    return this.#deadline;
  }

  /**
   * Takes a transport's word that packets larger than `mtu` do not get through.
   *
   * @param mtu bytes of the largest packet that fits; 0 when the router did not say (RFC 1191 §5)
   * @returns whether `pathMtu` became smaller
   */
  reduce(route: Route, mtu: number, now: Micros): boolean {
    const least = route.family === 4 ? IPV4_MIN_PATH_MTU : IPV6_MIN_MTU;
    const claimed = mtu === 0 ? nextPlateau(route.pathMtu) : mtu;
    if (route.family === 6 && claimed < least) return false;
    if (claimed >= route.pathMtu) return false;
    if (claimed < least) route.dontFragment = false;
    const before = route.pathMtu;
    route.learnedMtu = Math.max(claimed, least);
    route.learnedUntil = now + LEARNED_TIMEOUT;
    route.pathMtu = Math.min(before, route.learnedMtu);
    this.#reduced.add(route);
    this.#deadline = Math.min(this.#deadline, route.learnedUntil);
    return route.pathMtu < before || !route.dontFragment;
  }

  /** Forgets what is old; whether anything was. */
  expire(now: Micros): boolean {
    if (now < this.#deadline) return false;
    let changed = false;
    this.#deadline = NEVER;
    for (const route of this.#reduced) {
      if (route.learnedUntil > now) {
        this.#deadline = Math.min(this.#deadline, route.learnedUntil);
        continue;
      }
      this.#reduced.delete(route);
      route.learnedMtu = Infinity;
      route.learnedUntil = NEVER;
      route.dontFragment = true;
      if (route.interface !== null) route.pathMtu = route.interface.mtu;
      changed = true;
    }
    return changed;
  }
}

function nextPlateau(mtu: number): number {
  return PLATEAUS.find((plateau) => plateau < mtu) ?? PLATEAUS.at(-1)!;
}
