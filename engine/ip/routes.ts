/**
 * The routing table: by which interface, to which next hop, from which of our addresses?
 *
 * A *route entry* is a line of the table: a prefix that is on a link, or behind
 * a gateway. A {@linkcode Route} is the answer for one destination:
 *
 *     entries   10.0.0.0/24 on 0      0.0.0.0/0 via 10.0.0.1 on 0
 *                    │ longest prefix wins
 *     Route     { local 10.0.0.2, remote 192.0.2.7, nextHop 10.0.0.1, pathMtu 1500 }
 *
 * When addresses, entries or an MTU change, `RouteTable.generation` does, and a
 * route of an older generation is resolved anew, in place, the next time it is
 * used.
 *
 * RFC 1122 §3.3.1, RFC 4861 §5.2, RFC 6724 §5 (source, in addresses.ts).
 *
 * @module
 */
import type { Random } from "../base/ports.ts";
import { type Micros, NEVER } from "../base/units.ts";
import {
  type IpAddress,
  type IpPrefix,
  isBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  prefixContains,
  prefixNetwork,
} from "../wire/ip_address.ts";
import { type AddressTable, isGroupAddress } from "./addresses.ts";
import type { IpInterface } from "./interface.ts";
import { Route } from "./route.ts";
import { RouteCache } from "./route_cache.ts";

export type { Route };

/** A line of the routing table. */
export interface RouteEntry {
  /** The addresses it is for; 0.0.0.0/0 and ::/0 are the defaults. */
  readonly destination: IpPrefix;
  /** The router to send to, or null when the prefix is on the link. */
  readonly gateway: IpAddress | null;
  /** The interface to send by. */
  readonly interfaceIndex: number;
  /** When it goes, for what a router advertised; absent: never. */
  readonly until?: Micros;
}

/** The routing table and the routes made from it. */
export class RouteTable {
  /** Changes whenever an answer may have. */
  generation = 0;
  readonly #addresses: AddressTable;
  readonly #interfaces: readonly (IpInterface | null)[];
  readonly #random: Random;
  readonly #entries: RouteEntry[] = [];
  readonly #cache: RouteCache;

  /** Makes an empty table over tables it only reads. */
  constructor(
    addresses: AddressTable,
    interfaces: readonly (IpInterface | null)[],
    random: Random,
  ) {
    this.#addresses = addresses;
    this.#interfaces = interfaces;
    this.#random = random;
    this.#cache = new RouteCache(random);
  }

  /** When the first entry with an end goes; `Infinity` when none has one. */
  get deadline(): Micros {
    let earliest = NEVER;
    for (const entry of this.#entries) {
      earliest = Math.min(earliest, entry.until ?? NEVER);
    }
    return earliest;
  }

  /** Adds a line; one with the same destination, gateway and interface is replaced. */
  add(entry: RouteEntry): void {
    this.#drop(entry);
    const bits = prefixBits(entry.destination);
    // Longest prefix first; of equal ones the older.
    let i = 0;
    while (
      i < this.#entries.length &&
      prefixBits(this.#entries[i].destination) >= bits
    ) i++;
    this.#entries.splice(i, 0, entry);
    this.generation++;
  }

  /** Removes the line with that destination, gateway and interface; `false` when there is none. */
  remove(entry: RouteEntry): boolean {
    if (!this.#drop(entry)) return false;
    this.generation++;
    return true;
  }

  /** Removes every line that leads by an interface that goes. */
  removeInterface(interfaceIndex: number): void {
    this.#keep((entry) => entry.interfaceIndex !== interfaceIndex);
    this.generation++;
  }

  /** Removes what has outlived its time. */
  expire(now: Micros): void {
    if (this.#keep((entry) => (entry.until ?? NEVER) > now)) this.generation++;
  }

  /**
   * The shared route to `remote`, from `local` or from the address that suits best when null.
   *
   * @returns null when no interface leads there or none of our addresses may be the source
   */
  routeTo(
    remote: IpAddress,
    local: IpAddress | null,
    interfaceIndex: number,
  ): Route | null {
    const from = local ?? this.#chooseSource(remote, interfaceIndex);
    if (from === null || from.family !== remote.family) return null;
    const cached = this.#cache.find(from, remote, interfaceIndex);
    const route = cached ?? new Route(from, remote, this.#random);
    if (!this.refresh(route, interfaceIndex)) return null;
    if (cached === null) this.#cache.add(route, interfaceIndex);
    return route;
  }

  /** Resolves a route of an older generation anew; `false` when it leads nowhere now. */
  refresh(route: Route, interfaceIndex: number): boolean {
    if (route.generation === this.generation) return route.interface !== null;
    const wanted = interfaceIndex < 0 ? route.interfaceIndex : interfaceIndex;
    route.generation = this.generation;
    route.neighbour = null;
    const { w0, w1, w2, w3 } = route.local;
    const lost = !this.#addresses.isOurs(w0, w1, w2, w3);
    const entry = lost ? null : this.#lookup(route.remote, route.local, wanted);
    const via = entry === null ? null : this.#interfaces[entry.interfaceIndex];
    route.interface = via ?? null;
    // A loopback address must not appear outside the host, RFC 1122 §3.2.1.3(g).
    const leaks = isLoopback(route.local) && !via?.loopback;
    if (entry === null || via === null || via === undefined || leaks) {
      route.interface = null;
      route.interfaceIndex = -1;
      return false;
    }
    const r = route.remote;
    route.interfaceIndex = via.index;
    route.loopback = via.loopback;
    route.multicast = isGroupAddress(
      this.#addresses,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      via.index,
    );
    route.nextHop = entry.gateway ?? route.remote;
    route.pathMtu = Math.min(via.mtu, route.learnedMtu);
    route.hopLimit = via.hopLimit;
    return true;
  }

  #chooseSource(remote: IpAddress, interfaceIndex: number): IpAddress | null {
    const entry = this.#lookup(remote, null, interfaceIndex);
    if (entry === null) return null;
    return this.#addresses.select(remote, entry.interfaceIndex)?.address ??
      null;
  }

  #lookup(
    remote: IpAddress,
    local: IpAddress | null,
    interfaceIndex: number,
  ): RouteEntry | null {
    if (this.#addresses.isOurs(remote.w0, remote.w1, remote.w2, remote.w3)) {
      return this.#loopbackEntry(remote);
    }
    const wanted = this.#linkFor(remote, local, interfaceIndex);
    for (const entry of this.#entries) {
      if (wanted >= 0 && entry.interfaceIndex !== wanted) continue;
      if (!prefixContains(entry.destination, remote)) continue;
      const via = this.#interfaces[entry.interfaceIndex];
      if (via !== null && via !== undefined) return entry;
    }
    return this.#connectedEntry(remote, wanted);
  }

  /** Addresses that mean something on one link only need that link: the source's, the one asked for, or any. */
  #linkFor(
    remote: IpAddress,
    local: IpAddress | null,
    interfaceIndex: number,
  ): number {
    if (
      !isLinkLocal(remote) && !isMulticast(remote) && !isBroadcast(remote)
    ) return -1;
    if (interfaceIndex >= 0 || local === null) return interfaceIndex;
    const { w0, w1, w2, w3 } = local;
    return this.#addresses.find(w0, w1, w2, w3, -1)?.interfaceIndex ?? -1;
  }

  #loopbackEntry(remote: IpAddress): RouteEntry | null {
    for (const candidate of this.#interfaces) {
      if (candidate?.loopback) {
        return {
          destination: hostPrefix(remote),
          gateway: null,
          interfaceIndex: candidate.index,
        };
      }
    }
    return null;
  }

  /** Groups, and the limited broadcast address, are on every link: the one asked for or the first that is no loopback. */
  #connectedEntry(remote: IpAddress, wanted: number): RouteEntry | null {
    if (!isMulticast(remote) && !(remote.family === 4 && remote.w3 === -1)) {
      return null;
    }
    for (const candidate of this.#interfaces) {
      if (candidate === null || candidate.loopback) continue;
      if (wanted >= 0 && candidate.index !== wanted) continue;
      return {
        destination: hostPrefix(remote),
        gateway: null,
        interfaceIndex: candidate.index,
      };
    }
    return null;
  }

  /** Removes the lines that do not pass; whether there were any. */
  #keep(passes: (entry: RouteEntry) => boolean): boolean {
    const kept = this.#entries.filter(passes);
    const dropped = kept.length < this.#entries.length;
    if (dropped) this.#entries.splice(0, this.#entries.length, ...kept);
    return dropped;
  }

  #drop(entry: RouteEntry): boolean {
    const i = this.#entries.findIndex((other) => isSameEntry(entry, other));
    if (i >= 0) this.#entries.splice(i, 1);
    return i >= 0;
  }
}

/** Whether both lines have the same destination, gateway and interface. */
function isSameEntry(a: RouteEntry, b: RouteEntry): boolean {
  if (a.interfaceIndex !== b.interfaceIndex) return false;
  if (a.destination.prefixLength !== b.destination.prefixLength) return false;
  const sameGateway = a.gateway === null
    ? b.gateway === null
    : b.gateway !== null && a.gateway.equals(b.gateway);
  return sameGateway &&
    prefixNetwork(a.destination).equals(prefixNetwork(b.destination));
}

/** Bits of a prefix over all four words, so that both families sort alike. */
function prefixBits(prefix: IpPrefix): number {
  return prefix.prefixLength + (prefix.address.family === 4 ? 96 : 0);
}

function hostPrefix(address: IpAddress): IpPrefix {
  return { address, prefixLength: address.family === 4 ? 32 : 128 };
}
