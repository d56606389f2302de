/**
 * The IP layer: addresses, neighbours, routes, and packets in both directions.
 *
 * One object that a stack owns. It is told (frames, time, what transports
 * heard), asked (routes, next hops) and drained (`flush`, `takeUnreachable`),
 * and never acts by itself:
 *
 *     device ──receive()──▶ IpLayer ──IP_DELIVER──▶ transport
 *     device ◀──transmit()── IpLayer ◀────────────── transport
 *     device ◀───flush()──── its own ARP, NDP, ICMP, fragments
 *
 * Both families are one: an IPv4 address is its IPv4-mapped IPv6 address
 * (wire/ip_address.ts). It never forwards. The work is done by the functions
 * of the files beside this one, over the tables of context.ts.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import { Counters } from "../base/counters.ts";
import type { Frame, PayloadRef } from "../base/frame.ts";
import type { Random } from "../base/ports.ts";
import type { Micros } from "../base/units.ts";
import { type LinkDevice, TX_BUSY, TX_DOWN, TX_OK } from "../link/device.ts";
import {
  type IpAddress,
  type IpPrefix,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
} from "../wire/ip_address.ts";
import { HostAddress } from "./addresses.ts";
import { announceArp } from "./arp_output.ts";
import { IpContext } from "./context.ts";
import {
  IP_COUNTER_NAMES,
  LINK_OUT_DISCARDS,
  NEIGH_CONTESTED,
  NEIGH_RES_FAILED,
  NEIGH_TABLE_FULLS,
  NEIGH_UNRESOLVED_DISCARDS,
} from "./counters.ts";
import { sendDatagram } from "./datagram.ts";
import {
  detectDuplicates,
  duplicatesDeadline,
  stepDuplicates,
} from "./duplicates.ts";
import { EgressQueue } from "./egress.ts";
import { expireFragments, fragmentsDeadline } from "./fragments.ts";
import { receiveFrame } from "./input.ts";
import { IpInterface } from "./interface.ts";
import { queueAdvertisement } from "./ndp_output.ts";
import { NEIGHBOUR_FAILED } from "./neighbours.ts";
import { nextHopState } from "./next_hop.ts";
import { transmitPacket } from "./output.ts";
import {
  ICMP_HOST_UNREACHABLE,
  IP_DROPPED,
  type IpPacketIn,
} from "./packet.ts";
import { reportPort, reportProtocol } from "./problems.ts";
import {
  beginAutoconfiguration,
  discoveryDeadline,
  isDiscoveryDue,
  linkLocalAddress,
  stepDiscovery,
} from "./router_discovery.ts";
import type { Route } from "./route.ts";
import type { RouteEntry } from "./routes.ts";
import { solicit } from "./solicit.ts";

/** Most datagrams of which `takeUnreachable` still has to tell. */
const UNREACHABLE_CAPACITY = 16;

/** How an interface is set up. */
export interface InterfaceOptions {
  /** Our addresses on it, each with the length of the prefix that is on the link. */
  readonly addresses?: readonly IpPrefix[];
  /** Our hardware address; a random locally administered one when absent. Unused on a medium without. */
  readonly linkAddress?: { readonly hi: number; readonly lo: number };
  /** What messages call it; "if" and its index when absent. */
  readonly name?: string;
  /** Packets to our own addresses go out and come in by it. One interface of a stack at most. */
  readonly loopback?: boolean;
  /** Probe for duplicates before an address is used, RFC 4862 §5.4; off for given addresses unless set. */
  readonly detectDuplicates?: boolean;
  /** Ask routers and obey them: addresses, default route, MTU. RFC 4862. */
  readonly autoconfigure?: boolean;
}

/** The network layer of one stack. */
export class IpLayer {
  /** Counts, under the names of counters.ts. */
  readonly counters: Counters;
  readonly #context: IpContext;

  /**
   * Makes a layer without interfaces.
   *
   * @param options `arena` must have room for two frames; `counters` must be made of `IP_COUNTER_NAMES`
   */
  constructor(options: {
    readonly random: Random;
    readonly arena: Arena;
    readonly counters?: Counters;
  }) {
    this.counters = options.counters ?? new Counters(IP_COUNTER_NAMES);
    this.#context = new IpContext(
      options.random,
      options.arena,
      this.counters,
    );
  }

  /** Changes whenever a next hop became usable or failed: who waits for one asks again. */
  get neighbourGeneration(): number {
    return this.#context.neighbours.generation;
  }

  /** When {@linkcode IpLayer.handleTimers} has something to do next, µs; `Infinity` when nothing is pending. */
  get deadline(): Micros {
    const context = this.#context;
    return Math.min(
      context.neighbours.deadline,
      context.pathMtus.deadline,
      fragmentsDeadline(context),
      duplicatesDeadline(context),
      discoveryDeadline(context),
    );
  }

  /** Whether {@linkcode IpLayer.handleTimers} has something to do at `now`: as `deadline <= now`, without making a number. */
  isDue(now: Micros): boolean {
    const context = this.#context;
    return context.neighbours.deadline <= now ||
      context.pathMtus.deadline <= now ||
      fragmentsDeadline(context) <= now ||
      duplicatesDeadline(context) <= now ||
      isDiscoveryDue(context, now);
  }

  /** Bytes of packets that wait for a device or a next hop. */
  get waitingLength(): number {
    return this.#context.store.used;
  }

  /** One more than the highest interface index. */
  get interfaceCount(): number {
    return this.#context.interfaces.length;
  }

  /** The interface of that index, or null when there is none. */
  interfaceAt(index: number): IpInterface | null {
    return this.#context.interfaces[index] ?? null;
  }

  /**
   * Attaches a device and tells the link of our addresses.
   *
   * @returns the interface's index
   * @throws RangeError for a second loopback interface, TypeError for an address no host can have
   */
  addInterface(
    device: LinkDevice,
    options: InterfaceOptions = {},
    now: Micros = 0,
  ): number {
    const context = this.#context;
    const { interfaces, random } = context;
    const loopback = options.loopback ?? false;
    if (loopback && interfaces.some((other) => other?.loopback)) {
      throw new RangeError(
        "Cannot add interface: the stack already has a loopback interface",
      );
    }
    const index = firstFree(interfaces);
    const via = new IpInterface({
      index,
      name: options.name ?? `if${index}`,
      device,
      loopback,
      // Locally administered, not a group: the low bits of the first octet are 10.
      linkHi: options.linkAddress?.hi ?? (random.int32() & 0xfcff | 0x0200),
      linkLo: options.linkAddress?.lo ?? random.int32(),
      queue: new EgressQueue(context.store),
      detectDuplicates: options.detectDuplicates ?? false,
      autoconfigure: options.autoconfigure ?? false,
    });
    interfaces[index] = via;
    context.routes.generation++;
    const addresses = options.addresses ?? [];
    for (const prefix of addresses) this.addAddress(index, prefix, now);
    const wantsV6 = via.autoconfigure ||
      addresses.some((prefix) => prefix.address.family === 6);
    if (wantsV6 && via.ethernet) this.#addLinkLocal(via, now);
    if (via.autoconfigure) beginAutoconfiguration(context, via, now);
    return index;
  }

  /** Detaches a device; it is not closed. Routes and addresses of the interface go with it. */
  removeInterface(index: number): void {
    const context = this.#context;
    const via = context.interfaces[index] ?? null;
    if (via === null) return;
    via.queue.clear();
    context.neighbours.removeInterface(index);
    for (const entry of context.addresses.entries.slice()) {
      if (entry.interfaceIndex === index) context.addresses.remove(entry);
    }
    context.addresses.groups.removeInterface(index);
    context.interfaces[index] = null;
    context.routes.removeInterface(index);
  }

  /**
   * Gives an interface an address and announces it; its prefix is on the link from then on.
   *
   * @throws RangeError for an interface that does not exist, TypeError for an address no host can have
   */
  addAddress(index: number, prefix: IpPrefix, now: Micros = 0): void {
    const context = this.#context;
    const { address, prefixLength } = prefix;
    const via = this.#requireInterface("add address", index);
    if (
      isMulticast(address) || isUnspecified(address) ||
      address.w3 === -1 && address.family === 4
    ) {
      throw new TypeError(
        `Cannot add address: a host needs one of its own, got ${address}`,
      );
    }
    const { w0, w1, w2, w3 } = address;
    if (context.addresses.find(w0, w1, w2, w3, index) !== null) return;
    const entry = new HostAddress(address, prefixLength, index);
    context.addresses.add(entry);
    context.routes.add({
      destination: prefix,
      gateway: null,
      interfaceIndex: index,
    });
    if (!via.ethernet || isLoopback(address)) return;
    if (address.family === 4) announceArp(context, via, w3);
    else if (via.detectDuplicates) detectDuplicates(context, entry, now);
    else queueAdvertisement(context, via, address, null, 0, 0);
  }

  /** Takes an address away; connections that use it find no route any more. `false` when it is not there. */
  removeAddress(index: number, address: IpAddress): boolean {
    const context = this.#context;
    const { w0, w1, w2, w3 } = address;
    const entry = context.addresses.find(w0, w1, w2, w3, index);
    if (entry === null || !context.addresses.remove(entry)) return false;
    const { prefixLength } = entry;
    context.routes.generation++;
    const isShared = context.addresses.isOnLink(w0, w1, w2, w3, index) &&
      !isLinkLocal(address);
    if (!isShared) {
      context.routes.remove({
        destination: { address, prefixLength },
        gateway: null,
        interfaceIndex: index,
      });
    }
    return true;
  }

  /** Receives a multicast group on an interface from now on; false when there is no such interface or the address is no group. */
  joinGroup(index: number, group: IpAddress): boolean {
    if (this.interfaceAt(index) === null || !isMulticast(group)) return false;
    this.#context.addresses.groups.join(group, index);
    return true;
  }

  /** Undoes one `joinGroup`; false when there was none. */
  leaveGroup(index: number, group: IpAddress): boolean {
    return this.#context.addresses.groups.leave(group, index);
  }

  /** Adds a line to the routing table, which replaces one with the same destination, gateway and interface. Throws RangeError for an interface that does not exist. */
  addRoute(entry: RouteEntry): void {
    this.#requireInterface("add route", entry.interfaceIndex);
    this.#context.routes.add(entry);
  }

  /** Removes a line from the routing table; `false` when there is none. */
  removeRoute(entry: RouteEntry): boolean {
    return this.#context.routes.remove(entry);
  }

  /** Our addresses, in the order they were added, of one interface or of all (-1). A new array. */
  addresses(index: number): HostAddress[] {
    return this.#context.addresses.entries.filter((entry) =>
      index < 0 || entry.interfaceIndex === index
    );
  }

  /** Whether packets to that address are delivered here. */
  isLocal(address: IpAddress): boolean {
    const { w0, w1, w2, w3 } = address;
    return this.#context.addresses.isOurs(w0, w1, w2, w3);
  }

  /**
   * The route to `remote`, shared with all others between the same two addresses and kept valid.
   *
   * @param local our address, or null for the one that suits best (RFC 6724)
   * @param interfaceIndex for a link-local or multicast `remote`, the link meant; -1 when it does not matter
   * @returns null when there is none
   */
  routeTo(
    remote: IpAddress,
    local: IpAddress | null,
    interfaceIndex: number = -1,
  ): Route | null {
    return this.#context.routes.routeTo(remote, local, interfaceIndex);
  }

  /** Whether a packet may leave by that route now: `NEXT_HOP_READY`, `NEXT_HOP_PENDING` or `NEXT_HOP_FAILED`. Starts a search when needed. */
  nextHop(route: Route, now: Micros): number {
    return nextHopState(this.#context, route, now);
  }

  /** A transport heard from the other end: what it sends arrives, so the next hop is reachable (RFC 4861 §7.3.1). */
  confirmReachable(route: Route, now: Micros): void {
    if (route.neighbour !== null) {
      this.#context.neighbours.confirm(route.neighbour, now);
    }
  }

  /**
   * Takes a transport's word that packets larger than `mtu` bytes do not get through: RFC 1191, RFC 8201.
   *
   * @param mtu as `IpPacketIn.icmpMtu`; 0 when the router did not say
   * @returns whether `route.pathMtu` (or, for IPv4, `route.dontFragment`) changed
   */
  reducePathMtu(route: Route, mtu: number, now: Micros): boolean {
    return this.#context.pathMtus.reduce(route, mtu, now);
  }

  /**
   * Puts IP and link headers before a transport's packet and hands it to the device; never fragments, never waits.
   *
   * @param frame live bytes are the transport header, its checksum filled in for the whole packet
   * @param payload what follows it from elsewhere, or null
   * @returns `TX_OK`, also when there is no route (which is counted, and looks like loss); `TX_BUSY` with the frame
   * unchanged, when the device is busy or the next hop unknown; `TX_DOWN`
   */
  transmit(
    frame: Frame,
    payload: PayloadRef | null,
    route: Route,
    protocol: number,
    trafficClass: number,
    hopLimit: number,
    now: Micros,
  ): number {
    return transmitPacket(
      this.#context,
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
   * Sends a datagram: in fragments when it does not fit the path, later when the next hop has to be found first.
   *
   * @param frame as in {@linkcode IpLayer.transmit}
   * @returns `TX_OK`: sent, or a copy waits; `TX_BUSY`: offer it again after the next wake; `TX_DOWN`,
   * `TX_UNREACHABLE` (no route, or the next hop does not answer) or `TX_TOO_BIG` (more than IP can carry)
   */
  sendDatagram(
    frame: Frame,
    payload: PayloadRef | null,
    route: Route,
    protocol: number,
    trafficClass: number,
    hopLimit: number,
    now: Micros,
  ): number {
    return sendDatagram(
      this.#context,
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
   * Takes a frame a device received.
   *
   * @param packet filled when a transport is to have it; its `frame` may be another than `frame`, after reassembly
   * @returns `IP_DELIVER`: the packet is for the transport of its `protocol`, or quotes one of its packets when
   * `icmpKind` is not 0; `IP_CONSUMED`: the layer dealt with it; `IP_DROPPED`: it was wrong and counted
   */
  receive(
    frame: Frame,
    interfaceIndex: number,
    packet: IpPacketIn,
    now: Micros,
  ): number {
    const via = this.#context.interfaces[interfaceIndex] ?? null;
    if (via === null) return IP_DROPPED;
    return receiveFrame(this.#context, frame, via, packet, now);
  }

  /** Answers a delivered packet whose protocol nobody speaks with the ICMP error due, if one is due. */
  sendProtocolUnreachable(packet: IpPacketIn, now: Micros): void {
    reportProtocol(this.#context, packet, now);
  }

  /** Answers a delivered packet whose port nobody listens on with the ICMP error due, if one is due. Not for TCP, which resets. */
  sendPortUnreachable(packet: IpPacketIn, now: Micros): void {
    reportPort(this.#context, packet, now);
  }

  /**
   * Tells of a datagram that had to be given up because its next hop did not answer.
   *
   * `packet` is filled as for an ICMP host-unreachable error that quotes it; its frame is valid until the next call of
   * this layer.
   *
   * @returns `false` when there is none
   */
  takeUnreachable(packet: IpPacketIn): boolean {
    const { unreachable, store } = this.#context;
    const stored = unreachable.shift();
    if (stored === undefined) return false;
    const frame = store.load(stored);
    if (stored.route !== null) fillUnreachable(packet, stored.route);
    packet.frame = frame;
    packet.protocol = stored.protocol;
    packet.l4 = frame.start;
    packet.l4Length = frame.end - frame.start;
    // The bytes stay readable: nothing is allocated before the caller is done.
    store.release(stored);
    return true;
  }

  /** Does what is due: questions to neighbours and routers, lifetimes, reassembly, path MTUs. */
  handleTimers(now: Micros): void {
    const context = this.#context;
    this.#stepNeighbours(now);
    if (duplicatesDeadline(context) <= now) stepDuplicates(context, now);
    if (discoveryDeadline(context) <= now) stepDiscovery(context, now);
    expireFragments(context, now);
    context.pathMtus.expire(now);
    this.#updateMtus();
  }

  /**
   * Hands the layer's own packets to the devices.
   *
   * @returns `TX_OK` when none waits any more, else `TX_BUSY`, or `TX_DOWN` when a device is gone
   */
  flush(now: Micros): number {
    let worst = TX_OK;
    for (const via of this.#context.interfaces) {
      if (via === null || via.queue.length === 0) continue;
      const result = via.queue.flush(via.device, now);
      if (result === TX_DOWN) this.counters.increment(LINK_OUT_DISCARDS);
      if (result === TX_DOWN || worst !== TX_DOWN && result === TX_BUSY) {
        worst = result;
      }
    }
    return worst;
  }

  #addLinkLocal(via: IpInterface, now: Micros): void {
    const address = linkLocalAddress(via);
    this.addAddress(via.index, { address, prefixLength: 64 }, now);
  }

  #stepNeighbours(now: Micros): void {
    const context = this.#context;
    const { neighbours, counters } = context;
    for (;;) {
      const neighbour = neighbours.step(now);
      if (neighbour === null) break;
      if (neighbour.state !== NEIGHBOUR_FAILED) {
        solicit(context, neighbour);
        continue;
      }
      counters.increment(NEIGH_RES_FAILED);
      for (const packet of neighbour.pending.splice(0)) {
        counters.increment(NEIGH_UNRESOLVED_DISCARDS);
        context.unreachable.push(packet);
        if (context.unreachable.length <= UNREACHABLE_CAPACITY) continue;
        const oldest = context.unreachable.shift();
        if (oldest !== undefined) context.store.release(oldest);
      }
    }
    counters.values[NEIGH_TABLE_FULLS] = neighbours.evictedCount;
    counters.values[NEIGH_CONTESTED] = neighbours.contestedCount;
  }

  /** A device's MTU may change under us; routes made with the old one are resolved anew. */
  #updateMtus(): void {
    for (const via of this.#context.interfaces) {
      if (via !== null && via.updateMtu()) this.#context.routes.generation++;
    }
  }

  #requireInterface(action: string, index: number): IpInterface {
    const via = this.#context.interfaces[index] ?? null;
    if (via === null) {
      throw new RangeError(
        `Cannot ${action}: there is no interface with index ${index}`,
      );
    }
    return via;
  }
}

function firstFree(interfaces: readonly (IpInterface | null)[]): number {
  const free = interfaces.indexOf(null);
  return free < 0 ? interfaces.length : free;
}

function fillUnreachable(packet: IpPacketIn, route: Route): void {
  const { local, remote } = route;
  packet.interfaceIndex = route.interfaceIndex;
  packet.local0 = local.w0;
  packet.local1 = local.w1;
  packet.local2 = local.w2;
  packet.local3 = local.w3;
  packet.remote0 = remote.w0;
  packet.remote1 = remote.w1;
  packet.remote2 = remote.w2;
  packet.remote3 = remote.w3;
  packet.isMulticast = false;
  packet.icmpKind = ICMP_HOST_UNREACHABLE;
  packet.icmpType = 0;
  packet.icmpCode = 0;
  packet.icmpMtu = 0;
}
