/**
 * The routes lately asked for, so that those between the same two addresses are one.
 *
 * Bounded: the oldest is forgotten when the cache is full. Whoever holds it
 * keeps a valid route, but who asks next gets another.
 *
 * @module
 */
import type { Random } from "../base/ports.ts";
import { TupleTable } from "../base/tuple_table.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { Route } from "./route.ts";

/** Most destinations the cache remembers. */
export const ROUTE_CACHE_CAPACITY = 4096;

/** Routes by source, destination and the interface asked for. */
export class RouteCache {
  readonly #index: TupleTable;
  readonly #routes: (Route | null)[] = [];
  /** Of each route: the interface it was asked for, -1 for any. */
  readonly #scopes: number[] = [];
  #hand = 0;

  /** Makes an empty cache. */
  constructor(random: Random) {
    this.#index = new TupleTable(random.int32(), random.int32());
  }

  /** The route between those addresses by that interface, or null. */
  find(l: IpAddress, r: IpAddress, scope: number): Route | null {
    const slot = this.#index.find(
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      scope,
    );
    return slot < 0 ? null : this.#routes[slot];
  }

  /** Remembers a route that is not there, in place of the oldest when full. */
  add(route: Route, scope: number): void {
    const slot = this.#hand;
    this.#hand = (slot + 1) % ROUTE_CACHE_CAPACITY;
    this.#forget(slot);
    const l = route.local;
    const r = route.remote;
    this.#routes[slot] = route;
    this.#scopes[slot] = scope;
    this.#index.insert(
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      scope,
      slot,
    );
  }

  #forget(slot: number): void {
    const route = this.#routes[slot] ?? null;
    if (route === null) return;
    const l = route.local;
    const r = route.remote;
    this.#index.remove(
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      this.#scopes[slot],
    );
    this.#routes[slot] = null;
  }
}
