/**
 * TCP beneath the applications: which connection a segment is for, who gets to
 * send next, and who hears of what.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Frame } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import type { IpLayer } from "../ip/layer.ts";
import { NEXT_HOP_FAILED, NEXT_HOP_READY } from "../ip/next_hop.ts";
import { ICMP_TOO_BIG } from "../ip/packet.ts";
import type { IpPacketIn } from "../ip/packet.ts";
import type { Route } from "../ip/route.ts";
import { TX_BUSY } from "../link/device.ts";
import {
  ABORT_RESET,
  ERR_ADDRESS_IN_USE,
  ERR_ADDRESS_NOT_AVAILABLE,
  ERR_NO_MEMORY,
  ERR_NO_ROUTE,
  EV_ABORTED,
  EV_CLOSED,
  EV_CONNECTED,
} from "../tcp/codes.ts";
import { Connection } from "../tcp/connection.ts";
import type { ConnectionOwner, EventSink } from "../tcp/connection.ts";
import type { TcpContext } from "../tcp/context.ts";
import { TCP_COUNTER } from "../tcp/counters.ts";
import { isCredible } from "../tcp/icmp.ts";
import type { IcmpError } from "../tcp/icmp.ts";
import { FastOpenQueue } from "../tcp/fast_open_queue.ts";
import type { FastOpenListenOptions } from "../tcp/fast_open_queue.ts";
import { Listener } from "../tcp/listener.ts";
import { RULE } from "../tcp/rules.ts";
import { answerClosed } from "../tcp/rx_closed.ts";
import { seqAfter, toSeq } from "../tcp/seq.ts";
import { STATE_TIME_WAIT } from "../tcp/state.ts";
import type { Tcb } from "../tcp/tcb.ts";
import { IpAddress } from "../wire/ip_address.ts";
import { PROTOCOL_TCP } from "../wire/ipv4.ts";
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_PARTIAL,
  emitTcp,
  parseTcp,
  verifyTcpChecksum,
} from "../wire/tcp.ts";
import {
  SegmentIn,
  SegmentOut,
  TCP_ACK,
  TCP_RST,
  TCP_SYN,
} from "../wire/tcp_segment.ts";
import { ConnectionTable, Entry } from "./connections.ts";
import { PortBook } from "./port_book.ts";
import { ReplyQueue } from "./replies.ts";
import { WorkQueue } from "./work_queue.ts";

/** What a sequence number in an ICMP quotation needs: ports and SEG.SEQ, RFC 792. */
const QUOTED_LENGTH = 8;
/** TTL of answers that belong to no connection. */
const REPLY_HOP_LIMIT = 64;

/** How an active open is made. */
export interface ConnectOptions {
  /** Where to. */
  readonly remote: IpAddress;
  /** Its port, 1..65535. */
  readonly remotePort: number;
  /** Our address; the route's choice when absent. */
  readonly local?: IpAddress;
  /** Our port; an ephemeral one when absent or 0. */
  readonly localPort?: number;
  /** Try Fast Open: `setup` queues the data. Default plain. */
  readonly mode?: "plain" | "fast";
  /** Who hears of events. */
  readonly sink?: EventSink;
  /** Called before the open, to set options and queue Fast Open data by `connection.tcb.sndBuf`. */
  readonly setup?: (connection: Connection) => void;
}

/** How a passive open is made. */
export interface ListenOptions {
  /** Our address; absent: any. */
  readonly local?: IpAddress;
  /** Port, 1..65535; 0 chooses an ephemeral one. */
  readonly port: number;
  /** Most connections that wait to be accepted. Default 128. */
  readonly backlog?: number;
  /**
   * Take data in SYNs, RFC 7413. Off when absent. The data may be delivered
   * twice (§6.1): only for applications that may do the same request twice.
   */
  readonly fastOpen?: FastOpenListenOptions;
  /** `"reuse"` shares the port with others that say so. */
  readonly shared?: "exclusive" | "reuse";
}

/** The TCP layer of one stack. */
export class TcpLayer {
  readonly #context: TcpContext;
  readonly #ip: IpLayer;
  readonly #owner: ConnectionOwner;
  readonly #table: ConnectionTable;
  readonly #ports: PortBook = new PortBook();
  readonly #listeners = new Map<number, Listener[]>();
  readonly #replies: ReplyQueue = new ReplyQueue();
  readonly #tx: Frame;
  readonly #in: SegmentIn;
  readonly #out: SegmentOut = new SegmentOut();
  readonly #error: IcmpError = {
    kind: 0,
    type: 0,
    code: 0,
    mtu: 0,
    seq: toSeq(0),
  };
  /** Touched since the last round; those that may have something to send; those whose owners may have something to hear. */
  readonly #touched: WorkQueue = new WorkQueue();
  readonly #sending: WorkQueue = new WorkQueue();
  readonly #telling: WorkQueue = new WorkQueue();
  readonly #waiting: Entry[] = [];
  #neighbourGeneration = -1;
  #portCounter = 0;
  #blocked = false;

  /** A layer without connections. */
  constructor(
    context: TcpContext,
    ip: IpLayer,
    owner: ConnectionOwner,
    arena: Arena,
  ) {
    this.#context = context;
    this.#ip = ip;
    this.#owner = owner;
    this.#table = new ConnectionTable(context.random);
    this.#tx = arena.createFrame();
    this.#in = new SegmentIn(this.#tx);
    context.mayEstablish = (t) => this.#mayEstablish(t.handle);
  }

  /** Connections in any state. */
  get connectionCount(): number {
    return this.#table.size;
  }

  /** The earliest deadline of any connection. */
  get deadline(): Micros {
    return this.#table.deadline;
  }

  /** Whether something is left to send or to tell. */
  get hasWork(): boolean {
    return !this.#blocked &&
      (this.#touched.count > 0 || this.#sending.count > 0 ||
        this.#replies.count > 0);
  }

  /** Whether the device was busy when last asked. */
  get isBlocked(): boolean {
    return this.#blocked;
  }

  // --- opening and closing ---------------------------------------------------------

  /** See `Stack.connect`. */
  connect(options: ConnectOptions, now: Micros): Connection | number {
    const { remote, remotePort } = options;
    const local = options.local ?? null;
    if (local !== null && !this.#ip.isLocal(local)) {
      return ERR_ADDRESS_NOT_AVAILABLE;
    }
    const route = this.#ip.routeTo(remote, local);
    if (route === null || route.multicast) return ERR_NO_ROUTE;
    let localPort = options.localPort ?? 0;
    if (localPort === 0) {
      localPort = this.#ephemeralPort(route, remotePort);
      if (localPort === 0) return ERR_ADDRESS_NOT_AVAILABLE;
    } else {
      this.#recycle(route.local, localPort, remote, remotePort, now);
      if (this.#table.has(route.local, localPort, remote, remotePort)) {
        return ERR_ADDRESS_IN_USE;
      }
    }
    const connection = new Connection(
      this.#context,
      this.#owner,
      route.local,
      localPort,
      remote,
      remotePort,
      now,
    );
    const entry = new Entry(connection, route, null);
    if (!this.#table.add(entry)) return ERR_NO_MEMORY;
    this.#adopt(entry);
    connection.sink = options.sink ?? null;
    options.setup?.(connection);
    connection.open(now, options.mode ?? "plain");
    return connection;
  }

  /** See `Stack.listen`. */
  listen(options: ListenOptions): Listener | number {
    const local = options.local ?? null;
    if (local !== null && !this.#ip.isLocal(local)) {
      return ERR_ADDRESS_NOT_AVAILABLE;
    }
    const port = options.port === 0 ? this.#freePort() : options.port;
    if (port === 0) return ERR_ADDRESS_NOT_AVAILABLE;
    if (!this.#ports.reserve(local, port, options.shared ?? "exclusive")) {
      return ERR_ADDRESS_IN_USE;
    }
    const listener = new Listener(local, port, options.backlog ?? 128);
    listener.fastOpen = this.#fastOpenQueue(options, listener.backlog);
    const others = this.#listeners.get(port) ?? [];
    others.push(listener);
    this.#listeners.set(port, others);
    return listener;
  }

  /** Linux's TFO_SERVER_WO_SOCKOPT1: bits 0x402 turn Fast Open on for listeners that did not ask. */
  #fastOpenQueue(
    options: ListenOptions,
    backlog: number,
  ): FastOpenQueue | null {
    if (options.fastOpen !== undefined) {
      return new FastOpenQueue(options.fastOpen);
    }
    const everyListener = (this.#context.config.fastOpen & 0x402) === 0x402;
    return everyListener ? new FastOpenQueue({ queueLimit: backlog }) : null;
  }

  /** See `Stack.closeListener`. */
  closeListener(listener: Listener, now: Micros): void {
    if (listener.closed) return;
    listener.closed = true;
    this.#ports.release(listener.local, listener.port);
    const others = this.#listeners.get(listener.port) ?? [];
    const rest = others.filter((other) => other !== listener);
    if (rest.length === 0) this.#listeners.delete(listener.port);
    else this.#listeners.set(listener.port, rest);
    for (;;) {
      const connection = listener.accept();
      if (connection === null) break;
      connection.close(now);
      connection.abort(now);
    }
    this.#table.forEach((entry) => {
      if (entry.listener !== listener) return;
      entry.connection.close(now);
      entry.connection.abort(now);
    });
  }

  /** Ends every connection for `reason`. */
  closeAll(reason: number, now: Micros): void {
    for (const listeners of [...this.#listeners.values()]) {
      for (const listener of listeners) this.closeListener(listener, now);
    }
    this.#table.forEach((entry) => entry.connection.abort(now, reason));
  }

  /** Whether `test` holds for any connection's control block. */
  some(test: (t: Tcb) => boolean): boolean {
    let found = false;
    this.#table.forEach((entry) => {
      found = found || test(entry.connection.tcb);
    });
    return found;
  }

  /** Notes that `connection` is to be looked at in the next round. */
  touch(connection: Connection): void {
    connection.touched = true;
    this.#touched.push(connection);
  }

  // --- step 1 ----------------------------------------------------------------------

  /** Fires what is due, and wakes what waited for a neighbour. */
  handleTimers(now: Micros): void {
    for (;;) {
      const entry = this.#table.takeDue(now);
      if (entry === undefined) break;
      if (entry.connection.deadline <= now) entry.connection.handleTimer(now);
      this.#table.schedule(entry);
    }
    if (this.#neighbourGeneration === this.#ip.neighbourGeneration) return;
    this.#neighbourGeneration = this.#ip.neighbourGeneration;
    for (const entry of this.#waiting.splice(0)) {
      entry.isWaiting = false;
      if (!entry.connection.touched) this.touch(entry.connection);
    }
  }

  // --- step 2 ----------------------------------------------------------------------

  /** Takes a packet whose protocol is TCP, or an ICMP error that quotes one. */
  receive(packet: IpPacketIn, now: Micros): void {
    if (packet.icmpKind !== 0) {
      this.#receiveError(packet, now);
      return;
    }
    const counters = this.#context.counters;
    counters.increment(TCP_COUNTER.TcpInSegs);
    if (packet.isMulticast) return; // RFC 9293 §3.9.2.3, MUST-57
    const s = this.#in;
    if (parseTcp(packet.frame, packet.l4, packet.l4Length, s) < 0) {
      counters.increment(TCP_COUNTER.TcpInErrs);
      return;
    }
    if (!checksumHolds(packet)) {
      counters.increment(TCP_COUNTER.TcpInErrs);
      counters.increment(TCP_COUNTER.TcpInCsumErrors);
      return;
    }
    s.ecn = packet.trafficClass & 3;
    s.gsoSize = packet.frame.gsoSize;
    const entry = this.#find(packet, s);
    if (entry !== undefined && !this.#reuses(entry, s)) {
      entry.connection.handleSegment(s, now);
      this.#ip.confirmReachable(entry.route, now);
      return;
    }
    if (entry !== undefined) entry.connection.abort(now);
    if (entry !== undefined) this.#forget(entry);
    const listener = this.#listenerFor(packet, s.localPort);
    if (listener !== null) this.#receiveForListener(listener, packet, s, now);
    else this.#receiveClosed(packet, s);
  }

  #find(packet: IpPacketIn, s: SegmentIn): Entry | undefined {
    return this.#table.find(
      packet.local0,
      packet.local1,
      packet.local2,
      packet.local3,
      packet.remote0,
      packet.remote1,
      packet.remote2,
      packet.remote3,
      s.localPort,
      s.remotePort,
    );
  }

  /** A SYN for a connection in TIME-WAIT that is surely newer opens a new one: RFC 9293 §3.10.7.4, RFC 6191. */
  #reuses(entry: Entry, s: SegmentIn): boolean {
    const t = entry.connection.tcb;
    if (t.state !== STATE_TIME_WAIT) return false;
    if ((s.flags & (TCP_SYN | TCP_RST | TCP_ACK)) !== TCP_SYN) return false;
    const newer = t.tsEnabled && s.hasTimestamps
      ? (s.tsVal - t.tsRecent | 0) > 0
      : seqAfter(s.seq, t.rcvNxt);
    if (newer) {
      this.#context.rules.increment(RULE.R_TIME_WAIT_REUSED);
      this.#context.counters.increment(TCP_COUNTER.TcpExtTWRecycled);
    }
    return newer;
  }

  #listenerFor(packet: IpPacketIn, port: number): Listener | null {
    const listeners = this.#listeners.get(port);
    if (listeners === undefined) return null;
    let any: Listener | null = null;
    for (const listener of listeners) {
      const local = listener.local;
      if (local === null) any = any ?? listener;
      else if (
        local.w0 === packet.local0 && local.w1 === packet.local1 &&
        local.w2 === packet.local2 && local.w3 === packet.local3
      ) return listener;
    }
    return any;
  }

  /** RFC 9293 §3.10.7.2. */
  #receiveForListener(
    listener: Listener,
    packet: IpPacketIn,
    s: SegmentIn,
    now: Micros,
  ): void {
    const { rules, counters } = this.#context;
    if (s.flags & TCP_RST) {
      rules.increment(RULE.R_LISTEN_IGNORE_RESET);
      return;
    }
    if (s.flags & TCP_ACK) {
      rules.increment(RULE.R_LISTEN_RESET_ACK);
      this.#receiveClosed(packet, s);
      return;
    }
    if (!(s.flags & TCP_SYN)) {
      rules.increment(RULE.R_LISTEN_IGNORE);
      return;
    }
    const full = listener.pendingCount >= this.#context.config.maxSynBacklog;
    if (!listener.hasRoom || full) {
      rules.increment(RULE.R_LISTEN_OVERFLOW);
      counters.increment(TCP_COUNTER.TcpExtListenDrops);
      if (!full) counters.increment(TCP_COUNTER.TcpExtListenOverflows);
      return;
    }
    const route = this.#routeBack(packet);
    if (route === null) return;
    rules.increment(RULE.R_LISTEN_SYN);
    const connection = new Connection(
      this.#context,
      this.#owner,
      route.local,
      s.localPort,
      route.remote,
      s.remotePort,
      now,
    );
    const entry = new Entry(connection, route, listener);
    if (!this.#table.add(entry)) {
      counters.increment(TCP_COUNTER.TcpExtListenDrops);
      return;
    }
    listener.pendingCount++;
    this.#adopt(entry);
    connection.acceptSyn(s, now, listener.fastOpen);
  }

  /** RFC 9293 §3.10.7.1. */
  #receiveClosed(packet: IpPacketIn, s: SegmentIn): void {
    const reply = this.#replies.next();
    if (reply === null) {
      this.#context.counters.increment(TCP_COUNTER.SynloadRepliesDropped);
      return;
    }
    if (!answerClosed(s, reply.segment)) {
      this.#context.rules.increment(RULE.R_CLOSED_IGNORE_RESET);
      return;
    }
    this.#context.rules.increment(RULE.R_CLOSED_RESET);
    reply.route = this.#routeBack(packet);
    if (reply.route !== null) this.#replies.push();
  }

  #receiveError(packet: IpPacketIn, now: Micros): void {
    if (packet.l4Length < QUOTED_LENGTH) return;
    const view = packet.frame.view;
    const localPort = view.getUint16(packet.l4);
    const remotePort = view.getUint16(packet.l4 + 2);
    const entry = this.#table.find(
      packet.local0,
      packet.local1,
      packet.local2,
      packet.local3,
      packet.remote0,
      packet.remote1,
      packet.remote2,
      packet.remote3,
      localPort,
      remotePort,
    );
    if (entry === undefined) return;
    const error = this.#error;
    error.kind = packet.icmpKind;
    error.type = packet.icmpType;
    error.code = packet.icmpCode;
    error.mtu = packet.icmpMtu;
    error.seq = toSeq(view.getInt32(packet.l4 + 4));
    const t = entry.connection.tcb;
    if (error.kind === ICMP_TOO_BIG && isCredible(t, error)) {
      this.#ip.reducePathMtu(entry.route, error.mtu, now);
    }
    entry.connection.handleIcmp(error, now);
  }

  // --- step 3 ----------------------------------------------------------------------

  /** Lets every touched connection send in turn, one (super-)segment each, `budget` in all. Returns how many left. */
  transmit(now: Micros, budget: number): number {
    this.#blocked = false;
    let sent = this.#transmitReplies(now);
    while (this.#touched.count > 0) {
      const connection = this.#touched.shift();
      connection.touched = false;
      this.#telling.push(connection);
      if (connection.sending) continue;
      connection.sending = true;
      this.#sending.push(connection);
    }
    while (this.#sending.count > 0 && sent < budget && !this.#blocked) {
      const connection = this.#sending.shift();
      if (this.#transmitOne(connection, now)) sent++;
      else if (!this.#blocked) {
        connection.sending = false;
        continue;
      }
      this.#sending.push(connection);
    }
    return sent;
  }

  #transmitOne(connection: Connection, now: Micros): boolean {
    const t = connection.tcb;
    const entry = this.#table.get(t.handle);
    if (entry === undefined) return false;
    const route = entry.route;
    const out = this.#out;
    if (!connection.pollTransmit(out, now)) return false;
    const hop = this.#ip.nextHop(route, now);
    if (hop !== NEXT_HOP_READY) {
      this.#awaitNeighbour(entry, hop, now);
      return false;
    }
    if (route.pathMtu !== t.pathMtu) {
      connection.setPathMtu(route.pathMtu);
      if (!connection.pollTransmit(out, now)) return false;
    }
    const result = this.#send(
      route,
      out,
      t.hopLimit,
      t.dscp << 2 | out.ecn,
      now,
    );
    if (result === TX_BUSY) {
      this.#blocked = true;
      return false;
    }
    connection.commitTransmit(out, now);
    return true;
  }

  #send(
    route: Route,
    out: SegmentOut,
    hopLimit: number,
    trafficClass: number,
    now: Micros,
  ): number {
    const device = route.interface;
    const offload = device !== null && device.device.caps.checksumOffload;
    const { local: l, remote: r } = route;
    emitTcp(
      this.#tx,
      out,
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      route.family,
      offload ? CHECKSUM_PARTIAL : CHECKSUM_COMPLETE,
    );
    const payload = out.dataLength > 0 ? out.payload : null;
    return this.#ip.transmit(
      this.#tx,
      payload,
      route,
      PROTOCOL_TCP,
      trafficClass,
      hopLimit,
      now,
    );
  }

  #transmitReplies(now: Micros): number {
    let sent = 0;
    for (;;) {
      const reply = this.#replies.first();
      if (reply === null) return sent;
      const route = reply.route!;
      if (this.#ip.nextHop(route, now) === NEXT_HOP_READY) {
        const result = this.#send(
          route,
          reply.segment,
          REPLY_HOP_LIMIT,
          0,
          now,
        );
        if (result === TX_BUSY) {
          this.#blocked = true;
          return sent;
        }
        this.#context.counters.increment(TCP_COUNTER.TcpOutSegs);
        if (reply.segment.flags & TCP_RST) {
          this.#context.counters.increment(TCP_COUNTER.TcpOutRsts);
        }
        sent++;
      }
      // A neighbour that must be asked for first gets no answer: the peer will try again.
      this.#replies.shift();
    }
  }

  #awaitNeighbour(entry: Entry, hop: number, now: Micros): void {
    if (hop === NEXT_HOP_FAILED) {
      entry.connection.handleNoNeighbour(now);
    }
    if (entry.isWaiting) return;
    entry.isWaiting = true;
    this.#waiting.push(entry);
  }

  // --- step 4 ----------------------------------------------------------------------

  /** Tells the owners of every connection looked at what changed; returns how many were told something. */
  deliverEvents(now: Micros): number {
    let told = 0;
    for (let left = this.#telling.count; left > 0; left--) {
      const connection = this.#telling.shift();
      const entry = this.#table.get(connection.tcb.handle);
      const events = connection.takeEvents(now);
      if (entry !== undefined) {
        this.#table.schedule(entry);
        if (entry.listener !== null) this.#trackChild(entry, events, now);
      }
      if (events !== 0) {
        told++;
        connection.sink?.handleEvents(connection, events, now);
      }
      if (connection.finished && entry !== undefined) this.#forget(entry);
      // What the application has not read stays until it lets go.
      if (connection.finished && connection.tcb.orphaned) connection.release();
    }
    return told;
  }

  /** Moves a listener's child through its queues. */
  #trackChild(entry: Entry, events: number, now: Micros): void {
    const listener = entry.listener!;
    if (events & (EV_ABORTED | EV_CLOSED) && !(events & EV_CONNECTED)) {
      this.#leaveQueues(entry);
      entry.connection.close(now);
      return;
    }
    if (!(events & EV_CONNECTED)) return;
    this.#leaveQueues(entry);
    if (listener.closed) {
      entry.connection.close(now);
      entry.connection.abort(now, ABORT_RESET);
      return;
    }
    listener.offer(entry.connection);
    listener.sink?.handleAcceptable(listener, now);
  }

  #leaveQueues(entry: Entry): void {
    const listener = entry.listener;
    if (listener === null) return;
    if (entry.isPending) listener.pendingCount--;
    if (entry.isEstablishing) listener.establishingCount--;
    entry.isPending = false;
    entry.isEstablishing = false;
    entry.listener = null;
  }

  #mayEstablish(handle: number): boolean {
    const entry = this.#table.get(handle);
    if (entry === undefined || entry.listener === null) return true;
    if (entry.isEstablishing) return true;
    if (!entry.listener.hasRoom) {
      this.#context.counters.increment(TCP_COUNTER.TcpExtListenOverflows);
      if (this.#context.config.abortOnOverflow) entry.connection.abort(0);
      return false;
    }
    entry.isEstablishing = true;
    entry.listener.establishingCount++;
    return true;
  }

  // --- shared pieces -----------------------------------------------------------------

  /** Gives a new connection its path and device limits. */
  #adopt(entry: Entry): void {
    const t = entry.connection.tcb;
    t.pathMtu = entry.route.pathMtu;
    const via = entry.route.interface;
    t.gsoMaxSize = via === null ? 0 : via.device.caps.gsoMaxSize;
  }

  #forget(entry: Entry): void {
    this.#leaveQueues(entry);
    this.#table.remove(entry);
  }

  #routeBack(packet: IpPacketIn): Route | null {
    const remote = new IpAddress(
      packet.remote0,
      packet.remote1,
      packet.remote2,
      packet.remote3,
    );
    const local = new IpAddress(
      packet.local0,
      packet.local1,
      packet.local2,
      packet.local3,
    );
    return this.#ip.routeTo(remote, local, packet.interfaceIndex);
  }

  /** RFC 6191 §2: our own TIME-WAIT gives way to a new connection when timestamps tell them apart. */
  #recycle(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    now: Micros,
  ): void {
    if (!this.#context.config.timeWaitReuse) return;
    const { w0, w1, w2, w3 } = local;
    const entry = this.#table.find(
      w0,
      w1,
      w2,
      w3,
      remote.w0,
      remote.w1,
      remote.w2,
      remote.w3,
      localPort,
      remotePort,
    );
    if (entry === undefined) return;
    const t = entry.connection.tcb;
    if (t.state !== STATE_TIME_WAIT || !t.tsEnabled) return;
    // A second must have passed, so that the timestamp clock has surely ticked.
    if (now - t.tsRecentAt < 1_000_000) return;
    entry.connection.abort(now);
    this.#forget(entry);
  }

  /** RFC 6056 §3.3.3, algorithm 3: a keyed offset per destination, and a counter. 0: none is free. */
  #ephemeralPort(route: Route, remotePort: number): number {
    const { ephemeralFirst, ephemeralLast } = this.#context.config;
    const count = ephemeralLast - ephemeralFirst + 1;
    const offset = this.#context.isn.portOffset(
      route.local,
      route.remote,
      remotePort,
    );
    for (let i = 0; i < count; i++) {
      const port = ephemeralFirst + (offset + this.#portCounter++) % count;
      if (this.#ports.isTaken(port)) continue;
      if (!this.#table.has(route.local, port, route.remote, remotePort)) {
        return port;
      }
    }
    return 0;
  }

  #freePort(): number {
    const { ephemeralFirst, ephemeralLast } = this.#context.config;
    const count = ephemeralLast - ephemeralFirst + 1;
    const offset = this.#context.random.int32() >>> 0;
    for (let i = 0; i < count; i++) {
      const port = ephemeralFirst + (offset + i) % count;
      if (!this.#ports.isTaken(port)) return port;
    }
    return 0;
  }
}

function checksumHolds(packet: IpPacketIn): boolean {
  return verifyTcpChecksum(
    packet.frame,
    packet.l4,
    packet.l4Length,
    packet.local0,
    packet.local1,
    packet.local2,
    packet.local3,
    packet.remote0,
    packet.remote1,
    packet.remote2,
    packet.remote3,
    packet.local0 === 0 && packet.local1 === 0 && packet.local2 === 0xffff
      ? 4
      : 6,
  );
}
