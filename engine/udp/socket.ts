/**
 * One datagram endpoint as its application and its stack see it.
 *
 *     send() ──▶ send queue ──▶ step 3 of poll: headers, IP layer, device
 *     receive() ◀── receive queue ◀── step 2 of poll: demultiplexed packets
 *     sink ◀── step 4 of poll: EV_READABLE, EV_WRITABLE, EV_ERROR, EV_CLOSED
 *
 * Verbs answer at once with a count or a negative `ERR_*` and never call back.
 * Both queues are bounded: a full send queue says ERR_WOULD_BLOCK and promises
 * EV_WRITABLE, a full receive queue drops what comes, as the network would.
 *
 * An endpoint bound to no address takes both families and answers from the
 * address it was asked at (RFC 1122 §4.1.3.5) when what was received is given
 * to `send` as the target.
 *
 * RFC 768, RFC 1122 §4.1, RFC 8085.
 *
 * @module
 */
import type { PayloadRef } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import type { IpPacketIn } from "../ip/packet.ts";
import type { Route } from "../ip/route.ts";
import {
  ERR_ADDRESS_NOT_AVAILABLE,
  ERR_NO_MEMORY,
  ERR_NO_ROUTE,
  EV_CLOSED,
  EV_READABLE,
  EV_WRITABLE,
} from "../tcp/codes.ts";
import {
  type IpAddress,
  isBroadcast,
  isLinkLocal,
  isMulticast,
} from "../wire/ip_address.ts";
import { IPV4_HEADER_LENGTH } from "../wire/ipv4.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6.ts";
import { UDP_HEADER_LENGTH } from "../wire/udp.ts";
import {
  ERR_CLOSED,
  ERR_NO_DESTINATION,
  ERR_NOT_PERMITTED,
  ERR_TOO_BIG,
  ERR_WOULD_BLOCK,
  EV_ERROR,
} from "./codes.ts";
import type { UdpContext } from "./context.ts";
import { UDP_SNDBUF_ERRORS, UDP_V6 } from "./counters.ts";
import { type DatagramError, ErrorList } from "./errors.ts";
import { Memberships } from "./memberships.ts";
import { PacketQueue, QUEUE_FULL } from "./packet_queue.ts";
import {
  type DatagramInfo,
  type DatagramTarget,
  readReceived,
  RECEIVED_STRIDE,
  writeReceived,
} from "./received.ts";
import { SendQueue } from "./send_queue.ts";

/** Bytes each queue holds unless told otherwise; Linux: `net.core.rmem_default`, `wmem_default`. */
const DEFAULT_LIMIT = 212_992;
/** Datagrams each queue holds at most, however small. */
const COUNT_LIMIT = 1024;
/** Largest datagram, its header included: the length field has 16 bits, and over IPv4 so has the packet's. */
const MAX_LENGTH = 65_535;

/** What a socket tells the stack that owns it. */
export interface DatagramOwner {
  /** It has something to send or to tell: look at it in the next round. Must only make a note. */
  touch(socket: DatagramSocket): void;
  /** It was closed: no packet is for it any more, and its port is free. */
  unlist(socket: DatagramSocket): void;
}

/** Who hears of a socket's events. Called in the stack's last step only. */
export interface DatagramSink {
  /** Bits `EV_*` since the last call; each says "look again". */
  handleDatagramEvents(
    socket: DatagramSocket,
    events: number,
    now: Micros,
  ): void;
}

/** Which families an endpoint takes. */
export type DatagramFamily = 4 | 6 | "both";

/** A UDP endpoint. Made by `Stack.openDatagram`. */
export class DatagramSocket {
  /** The address it is bound to; null: any of its family's. */
  readonly boundLocal: IpAddress | null;
  /** The families it takes. */
  readonly family: DatagramFamily;
  /** Our port. */
  readonly localPort: number;
  /** The address packets must be for: `boundLocal`, or while it has a peer the one it speaks from. Null: any. */
  local: IpAddress | null;
  /** The only peer, or null. */
  peer: IpAddress | null = null;
  /** The peer's port; 0 without a peer. */
  peerPort = 0;
  /** Who hears of events; null: nobody yet. */
  sink: DatagramSink | null = null;
  /** TTL or hop limit of what is sent to one host, 1..255; 0: the interface's. */
  hopLimit = 0;
  /** The same for groups. RFC 1112 §6.1: 1 unless asked for more. */
  multicastHopLimit = 1;
  /** TOS octet or traffic class of what is sent: DSCP in the upper six bits, ECN in the lower two. */
  trafficClass = 0;
  /** `"path"`: what does not fit is fragmented; `"never"`: ERR_TOO_BIG, for who looks for the path MTU itself (RFC 8899). */
  fragmentation: "path" | "never" = "path";
  /** Whether it may send to broadcast addresses. */
  broadcast: "denied" | "allowed" = "denied";
  /** Whether sockets of this stack that are in the group get a copy of what is sent to it. */
  multicastLoop: "on" | "off" = "on";
  /** The link on which groups, broadcast and link-local addresses are meant when a target does not say; -1: the first that leads there. */
  interfaceIndex: number = -1;
  /** Set by the stack: it is in the list of sockets to look at. */
  touched = false;
  /** Set by the stack: it is in the list of sockets that may send. */
  sending = false;
  readonly #context: UdpContext;
  readonly #owner: DatagramOwner;
  readonly #received: PacketQueue;
  readonly #sending: SendQueue;
  readonly #errors: ErrorList = new ErrorList();
  readonly #groups: Memberships;
  #peerRoute: Route | null = null;
  #closed = false;
  #arrived = false;
  #failed = false;
  #wantWritable = false;
  #closedBelow = false;

  /** An endpoint for the stack to list. */
  constructor(
    context: UdpContext,
    owner: DatagramOwner,
    boundLocal: IpAddress | null,
    localPort: number,
    family: DatagramFamily,
  ) {
    this.#context = context;
    this.#owner = owner;
    this.boundLocal = boundLocal;
    this.local = boundLocal;
    this.localPort = localPort;
    this.family = family;
    const { arena } = context;
    this.#received = new PacketQueue(
      arena,
      RECEIVED_STRIDE,
      DEFAULT_LIMIT,
      COUNT_LIMIT,
    );
    this.#sending = new SendQueue(arena, DEFAULT_LIMIT, COUNT_LIMIT);
    this.#groups = new Memberships(context.ip);
  }

  /** Whether it was closed, by its application or with its stack. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Datagrams that wait to be received. */
  get receiveCount(): number {
    return this.#received.count;
  }

  /** Bytes of the datagram that is next to be received; ERR_WOULD_BLOCK: none waits. */
  get nextLength(): number {
    const at = this.#received.head;
    return at < 0 ? ERR_WOULD_BLOCK : this.#received.words[at];
  }

  /** The most bytes that may wait to be received, 0..2^30. */
  get receiveLimit(): number {
    return this.#received.limit;
  }

  /** Sets {@linkcode DatagramSocket.receiveLimit}; what waits stays. */
  set receiveLimit(bytes: number) {
    this.#received.limit = bytes;
  }

  /** The most bytes that may wait to be sent, 0..2^30; a larger datagram cannot be sent at all. */
  get sendLimit(): number {
    return this.#sending.limit;
  }

  /** Sets {@linkcode DatagramSocket.sendLimit}; what waits stays. */
  set sendLimit(bytes: number) {
    this.#sending.limit = bytes;
  }

  // --- verbs -----------------------------------------------------------------------

  /**
   * Fixes the peer: `send` needs no target, and only what comes from there is received.
   *
   * @returns 0, or an `ERR_*` that leaves all as it was
   */
  connect(target: DatagramTarget): number {
    if (this.#closed) return ERR_CLOSED;
    const route = this.#routeTo(target);
    if (typeof route === "number") return route;
    this.peer = target.remote;
    this.peerPort = target.remotePort;
    this.local = this.boundLocal ?? route.local;
    this.#peerRoute = route;
    return 0;
  }

  /** Forgets the peer; everybody's datagrams are received again. */
  disconnect(): void {
    this.peer = null;
    this.peerPort = 0;
    this.local = this.boundLocal;
    this.#peerRoute = null;
  }

  /**
   * Queues a copy of `bytes[offset, offset + length)` as one datagram.
   *
   * @param to where it goes; null: to the peer
   * @returns `length`; ERR_WOULD_BLOCK: the queue is full and EV_WRITABLE will say when to try again; another `ERR_*`:
   * trying again will not help
   */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: DatagramTarget | null = null,
  ): number {
    if (this.#closed) return ERR_CLOSED;
    const route = to === null ? this.#peerRoute : this.#routeTo(to);
    if (route === null) return ERR_NO_DESTINATION;
    if (typeof route === "number") return route;
    const refused = this.#refusal(route, length);
    if (refused !== 0) return refused;
    const at = this.#sending.push(
      bytes,
      offset,
      length,
      route,
      to === null ? this.peerPort : to.remotePort,
      this.#hopLimitFor(route),
      this.trafficClass,
    );
    if (at < 0) return this.#noRoom(at, route);
    this.#owner.touch(this);
    return length;
  }

  /**
   * Takes the oldest datagram: as much of it as fits goes to `dst`, the rest is lost.
   *
   * @param info filled with whence it came; null when nobody wants to know
   * @returns bytes copied, 0 of an empty datagram; ERR_WOULD_BLOCK: none waits; ERR_CLOSED
   */
  receive(
    dst: Uint8Array,
    offset: number,
    length: number,
    info: DatagramInfo | null = null,
  ): number {
    const queue = this.#received;
    const at = queue.head;
    if (at < 0) return this.#closed ? ERR_CLOSED : ERR_WOULD_BLOCK;
    if (info !== null) readReceived(queue.words, at, info);
    const copied = queue.peek(dst, offset, length);
    queue.shift();
    return copied;
  }

  /** The oldest error about a datagram sent from here; null: none. */
  takeError(): DatagramError | null {
    return this.#errors.shift();
  }

  /** Joins a multicast group on an interface: 0, or ERR_ADDRESS_NOT_AVAILABLE when either does not exist. RFC 1112 §7.1. */
  joinGroup(group: IpAddress, interfaceIndex: number): number {
    if (this.#closed) return ERR_CLOSED;
    return this.#groups.join(group, interfaceIndex)
      ? 0
      : ERR_ADDRESS_NOT_AVAILABLE;
  }

  /** Leaves a group: 0, or ERR_ADDRESS_NOT_AVAILABLE when the socket is not in it. */
  leaveGroup(group: IpAddress, interfaceIndex: number): number {
    return this.#groups.leave(group, interfaceIndex)
      ? 0
      : ERR_ADDRESS_NOT_AVAILABLE;
  }

  /** Frees the port and drops what was received; what was sent still leaves. Once closed, closing does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#groups.leaveAll();
    this.#received.clear();
    this.#owner.unlist(this);
    this.#owner.touch(this);
  }

  // --- the stack's side ------------------------------------------------------------

  /** What waits to be sent; the stack takes from it. */
  get sendQueue(): SendQueue {
    return this.#sending;
  }

  /** Whether it is in the group of these words on that interface. */
  isMember(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    interfaceIndex: number,
  ): boolean {
    return this.#groups.has(w0, w1, w2, w3, interfaceIndex);
  }

  /** Queues a copy of a datagram for the application. 0, or a negative `QUEUE_*`: it is lost. */
  deliver(
    packet: IpPacketIn,
    remotePort: number,
    offset: number,
    length: number,
  ): number {
    const queue = this.#received;
    const at = queue.push(packet.frame.bytes, offset, length);
    if (at < 0) return at;
    writeReceived(queue.words, at, packet, remotePort);
    this.#arrived = true;
    return 0;
  }

  /** The same for a payload that does not lie in the packet's frame: a copy of what was sent to a group. */
  deliverPayload(
    packet: IpPacketIn,
    remotePort: number,
    payload: PayloadRef,
  ): number {
    const queue = this.#received;
    const at = queue.pushPayload(payload);
    if (at < 0) return at;
    writeReceived(queue.words, at, packet, remotePort);
    this.#arrived = true;
    return 0;
  }

  /** Notes an error about a datagram of ours. */
  noteError(error: DatagramError): void {
    if (this.#closed) return;
    this.#errors.push(error);
    this.#failed = true;
  }

  /** Closes with the stack: nothing more leaves, and EV_CLOSED says so. */
  closeBelow(): void {
    if (this.#closed) return;
    this.close();
    this.#closedBelow = true;
  }

  /** What changed since the last call, as `EV_*` bits. */
  takeEvents(): number {
    let events = 0;
    if (this.#arrived && this.#received.count > 0) events |= EV_READABLE;
    this.#arrived = false;
    if (this.#wantWritable && this.#sending.hasRoom && !this.#closed) {
      this.#wantWritable = false;
      events |= EV_WRITABLE;
    }
    if (this.#failed) events |= EV_ERROR;
    this.#failed = false;
    if (this.#closedBelow) events |= EV_CLOSED;
    this.#closedBelow = false;
    return events;
  }

  #routeTo(target: DatagramTarget): Route | number {
    const { remote, remotePort } = target;
    if (this.family !== "both" && this.family !== remote.family) {
      return ERR_ADDRESS_NOT_AVAILABLE;
    }
    // Port 0 means "no port", RFC 768; nobody can listen on it.
    if (remotePort < 1 || remotePort > 0xffff) return ERR_NO_DESTINATION;
    const named = target.interfaceIndex ?? -1;
    const isScoped = isLinkLocal(remote) || isMulticast(remote) ||
      isBroadcast(remote);
    const via = !isScoped ? -1 : named >= 0 ? named : this.interfaceIndex;
    const route = this.#context.ip.routeTo(
      remote,
      this.#sourceFor(target),
      via,
    );
    return route ?? ERR_NO_ROUTE;
  }

  /** The address to send from, or null for the one that suits best. */
  #sourceFor({ remote, local }: DatagramTarget): IpAddress | null {
    const { ip } = this.#context;
    const wanted = local ?? this.local;
    if (wanted !== null && wanted.family === remote.family) {
      if (ip.isLocal(wanted)) return wanted;
    }
    // What was received by a group or broadcast address is answered from the address one is bound to.
    return this.boundLocal !== null && ip.isLocal(this.boundLocal)
      ? this.boundLocal
      : null;
  }

  #refusal(route: Route, length: number): number {
    const isV4 = route.family === 4;
    const whole = length + UDP_HEADER_LENGTH +
      (isV4 ? IPV4_HEADER_LENGTH : 0);
    if (whole > MAX_LENGTH || length > this.#sending.limit) return ERR_TOO_BIG;
    const isBroadcastRoute = route.multicast && !isMulticast(route.remote);
    if (isBroadcastRoute && this.broadcast === "denied") {
      return ERR_NOT_PERMITTED;
    }
    if (this.fragmentation === "path") return 0;
    const packet = whole + (isV4 ? 0 : IPV6_HEADER_LENGTH);
    return packet > route.pathMtu ? ERR_TOO_BIG : 0;
  }

  #hopLimitFor(route: Route): number {
    if (isMulticast(route.remote)) return this.multicastHopLimit;
    return this.hopLimit === 0 ? route.hopLimit : this.hopLimit;
  }

  #noRoom(code: number, route: Route): number {
    if (code === QUEUE_FULL) {
      this.#wantWritable = true;
      return ERR_WOULD_BLOCK;
    }
    const family = route.family === 6 ? UDP_V6 : 0;
    this.#context.counters.increment(UDP_SNDBUF_ERRORS + family);
    return ERR_NO_MEMORY;
  }
}
