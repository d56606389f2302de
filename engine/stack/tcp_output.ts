/**
 * The TCP layer's way out: who sends next, and who hears of what happened.
 *
 * Connections that were touched wait in two queues: `sending`, served in turn
 * with one (super-)segment each so that none starves another, and `telling`,
 * whose owners are told of changes once all sending is done.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { NEXT_HOP_FAILED, NEXT_HOP_READY } from "../ip/next_hop.ts";
import type { Route } from "../ip/route.ts";
import { TX_BUSY } from "../link/device.ts";
import type { Connection } from "../tcp/connection.ts";
import { TCP_COUNTER } from "../tcp/counters.ts";
import { PROTOCOL_TCP } from "../wire/ipv4.ts";
import { CHECKSUM_COMPLETE, CHECKSUM_PARTIAL, emitTcp } from "../wire/tcp.ts";
import { SegmentOut, TCP_RST } from "../wire/tcp_segment.ts";
import type { Entry } from "./connections.ts";
import { forget, trackChild } from "./tcp_core.ts";
import type { TcpCore } from "./tcp_core.ts";
import { WorkQueue } from "./work_queue.ts";

/** TTL of answers that belong to no connection. */
const REPLY_HOP_LIMIT = 64;

/**
 * What a super-segment takes of a round's budget. The device needs about as
 * long for one as for eight or more small frames, and meanwhile nothing is
 * received: a round full of them lets the device's queue run over (measured:
 * 64 take a millisecond).
 */
const SUPER_SEGMENT_COST = 8;

/** The connection has nothing to send now. */
const TURN_DONE = 0;
/** It sent a segment and may have more. */
const TURN_SENT = 1;
/** It has one, and its device is busy or the round is over. */
const TURN_WAITS = 2;

/** Sends and tells. */
export class TcpOutput {
  readonly #core: TcpCore;
  readonly #tx: Frame;
  readonly #out: SegmentOut = new SegmentOut();
  /** Touched since the last round. */
  readonly #touched: WorkQueue = new WorkQueue();
  /** May have something to send. */
  readonly #sending: WorkQueue = new WorkQueue();
  /** Their owners may have something to hear. */
  readonly #telling: WorkQueue = new WorkQueue();
  /** Wait for a next hop. */
  readonly #waiting: Entry[] = [];
  #neighbourGeneration = -1;
  /** One bit for each interface that was busy in this round (the index modulo 31). */
  #busy = 0;
  /** The last round ended because its budget did. */
  #cut = false;

  /** A way out of `core`'s connections. */
  constructor(core: TcpCore) {
    this.#core = core;
    this.#tx = core.arena.createFrame();
  }

  /** Whether something is left to send or to tell. */
  get hasWork(): boolean {
    return this.#cut || this.#touched.count > 0 ||
      this.#core.replies.count > 0;
  }

  /** Whether something waits for a busy device. */
  get isBlocked(): boolean {
    return this.#busy !== 0;
  }

  /** Notes that `connection` is to be looked at in the next round. */
  touch(connection: Connection): void {
    connection.touched = true;
    this.#touched.push(connection);
  }

  /** Looks again at what waited for a neighbour, when any neighbour changed. */
  wakeWaiting(): void {
    const generation = this.#core.ip.neighbourGeneration;
    if (this.#neighbourGeneration === generation) return;
    this.#neighbourGeneration = generation;
    for (const entry of this.#waiting.splice(0)) {
      entry.isWaiting = false;
      if (!entry.connection.touched) this.touch(entry.connection);
    }
  }

  /** Lets every touched connection send in turn, one (super-)segment each, until `budget` is used up. Returns how much of it was. */
  transmit(now: Micros, budget: number): number {
    this.#busy = 0;
    let sent = this.#transmitReplies(now);
    while (this.#touched.count > 0) {
      const connection = this.#touched.shift();
      connection.touched = false;
      this.#telling.push(connection);
      if (connection.sending) continue;
      connection.sending = true;
      this.#sending.push(connection);
    }
    let progress = true;
    while (progress && sent < budget) {
      progress = false;
      for (let left = this.#sending.count; left > 0; left--) {
        const connection = this.#sending.shift();
        const result = sent < budget
          ? this.#transmitOne(connection, now)
          : TURN_WAITS;
        if (result === TURN_DONE) {
          connection.sending = false;
          continue;
        }
        this.#sending.push(connection);
        if (result !== TURN_SENT) continue;
        sent += this.#out.gsoSize > 0 ? SUPER_SEGMENT_COST : 1;
        progress = true;
      }
    }
    this.#cut = progress;
    return sent;
  }

  /** Tells the owners of every connection looked at what changed; returns how many were told something. */
  deliverEvents(now: Micros): number {
    let told = 0;
    for (let left = this.#telling.count; left > 0; left--) {
      const connection = this.#telling.shift();
      const entry = this.#core.table.get(connection.tcb.handle);
      const events = connection.takeEvents(now);
      if (entry !== undefined) {
        this.#core.table.schedule(entry);
        if (entry.listener !== null) trackChild(entry, events, now);
      }
      if (events !== 0) {
        told++;
        connection.sink?.handleEvents(connection, events, now);
      }
      if (connection.finished && entry !== undefined) forget(this.#core, entry);
      // What the application has not read stays until it lets go.
      if (connection.finished && connection.tcb.orphaned) connection.release();
    }
    return told;
  }

  /** One connection's turn: `TURN_*`. */
  #transmitOne(connection: Connection, now: Micros): number {
    const t = connection.tcb;
    const entry = this.#core.table.get(t.handle);
    if (entry === undefined) return TURN_DONE;
    const route = entry.route;
    const out = this.#out;
    if (this.#busy & busyBit(route)) return TURN_WAITS;
    if (!connection.pollTransmit(out, now)) {
      // Having nothing to send may itself have set a timer: probe, pacing, cork.
      this.#core.table.schedule(entry);
      return TURN_DONE;
    }
    const hop = this.#core.ip.nextHop(route, now);
    if (hop === NEXT_HOP_FAILED) return this.#loseOne(entry, now);
    if (hop !== NEXT_HOP_READY) {
      this.#awaitNeighbour(entry);
      return TURN_DONE;
    }
    if (route.pathMtu !== t.routeMtu) {
      connection.setPathMtu(route.pathMtu);
      if (!connection.pollTransmit(out, now)) return TURN_DONE;
    }
    const result = this.#send(
      route,
      out,
      t.hopLimit,
      t.dscp << 2 | out.ecn,
      now,
    );
    if (result === TX_BUSY) {
      this.#busy |= busyBit(route);
      return TURN_WAITS;
    }
    connection.commitTransmit(out, now);
    this.#core.table.schedule(entry);
    // A reset that a full device or budget put off may be the last word: only now can the slot go.
    if (connection.finished) this.#telling.push(connection);
    return TURN_SENT;
  }

  /**
   * A turn of a connection to whose next hop nothing leads, or that does not answer: `TURN_*`.
   *
   * What has no way out counts as sent and lost, so that the timers decide how long to go on and when to ask again.
   */
  #loseOne(entry: Entry, now: Micros): number {
    const { connection } = entry;
    connection.handleNoNeighbour(now);
    const isAlive = connection.pollTransmit(this.#out, now);
    if (isAlive) connection.commitTransmit(this.#out, now);
    this.#core.table.schedule(entry);
    return isAlive ? TURN_SENT : TURN_DONE;
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
    return this.#core.ip.transmit(
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
      const reply = this.#core.replies.first();
      if (reply === null) return sent;
      const route = reply.route!;
      if (this.#core.ip.nextHop(route, now) === NEXT_HOP_READY) {
        const result = this.#send(
          route,
          reply.segment,
          REPLY_HOP_LIMIT,
          0,
          now,
        );
        // A busy device gets no second try: whoever asked will ask again.
        if (result === TX_BUSY) {
          this.#core.context.counters.increment(
            TCP_COUNTER.SynloadRepliesDropped,
          );
          this.#core.replies.shift();
          continue;
        }
        this.#core.context.counters.increment(TCP_COUNTER.TcpOutSegs);
        if (reply.segment.flags & TCP_RST) {
          this.#core.context.counters.increment(TCP_COUNTER.TcpOutRsts);
        }
        sent++;
      }
      // A neighbour that must be asked for first gets no answer: the peer will try again.
      this.#core.replies.shift();
    }
  }

  #awaitNeighbour(entry: Entry): void {
    if (entry.isWaiting) return;
    entry.isWaiting = true;
    this.#waiting.push(entry);
  }
}

function busyBit(route: Route): number {
  return 1 << route.interfaceIndex % 31;
}
