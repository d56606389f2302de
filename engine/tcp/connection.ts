/**
 * One TCP connection as its stack and its application see it: bytes, times and
 * events in; segments and event bits out.
 *
 * Four kinds of methods. `handle*` says what happened, the verbs (`write`,
 * `read`, `shutdownSend`, `abort` …) say what the application wants,
 * `pollTransmit`/`commitTransmit`/`takeEvents` drain the consequences, and
 * getters tell how things stand. Nothing here acts by itself.
 *
 * A passive connection is made by a listener; an active one by `open`.
 *
 * @module
 */
import {
  TRACE_EVENT,
  TRACE_ICMP,
  TRACE_RECEIVE,
  TRACE_RETRANSMIT,
  TRACE_TRANSMIT,
} from "../base/trace.ts";
import type { TraceSink } from "../base/trace.ts";
import type { Micros, Seq } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { SegmentIn, SegmentOut } from "../wire/tcp_segment.ts";
import { ABORT_LOCAL } from "./codes.ts";
import type { TcpConfig } from "./config.ts";
import type { TcpContext } from "./context.ts";
import { releaseMemory } from "./death.ts";
import { abortNow, closeSending, letGo } from "./close.ts";
import { SeenState } from "./events.ts";
import type { FastOpenQueue } from "./fast_open_queue.ts";
import { handleIcmpError } from "./icmp.ts";
import type { IcmpError } from "./icmp.ts";
import { discountOrphan, memoryFreed } from "./memory.ts";
import { applyPathMtu } from "./mtu_probe.ts";
import { openActive, openPassive } from "./open.ts";
import { RttEstimator } from "./rtt.ts";
import { rxSynSent } from "./rx_syn_sent.ts";
import { resumeFromCookie } from "./syn_cookie_child.ts";
import { rxSynchronized } from "./rx_synchronized.ts";
import { seqSpan } from "./seq.ts";
import {
  MAY_SEND,
  STATE_CLOSED,
  STATE_NAMES,
  STATE_SYN_SENT,
  STATE_TIME_WAIT,
  stateIn,
  SYNCHRONIZED,
} from "./state.ts";
import { Tcb } from "./tcb.ts";
import { leaveTimeWait } from "./time_wait.ts";
import { fireTimers, neighbourFailed } from "./timer_events.ts";
import { TIMER_KEEP_ALIVE, TIMER_USER_TIMEOUT } from "./timers.ts";
import { armUserTimeout } from "./user_timeout.ts";
import { TracedState } from "./trace.ts";
import {
  markUrgent,
  maySendNow,
  noteTaken,
  nothingToRead,
  queueToSend,
} from "./transfer.ts";
import { commit, describe } from "./tx.ts";
import { PLAN_RETRANSMIT } from "./tx_segment.ts";

/** What a connection tells the stack that owns it: a verb was called, look at me in the next round. */
export interface ConnectionOwner {
  /** `connection` has something to send, to tell or to be timed. Must only make a note. */
  touch(connection: Connection): void;
}

/** Who hears of a connection's events. Called in the stack's last step only, when every connection is consistent. */
export interface EventSink {
  /** Bits `EV_*` since the last call; each says "look again". */
  handleEvents(connection: Connection, events: number, now: Micros): void;
}

/** One connection. */
export class Connection {
  /** Its control block: fields are documented there. Applications read; only tcp/ writes. */
  readonly tcb: Tcb;
  /** Who hears of its events; null: nobody yet. */
  sink: EventSink | null = null;
  /** Set by the stack: it is in the list of connections to look at. */
  touched = false;
  /** Set by the stack: it is in the list of connections that may send. */
  sending = false;
  readonly #owner: ConnectionOwner;
  readonly #seen: SeenState = new SeenState();
  #traced: TracedState | null = null;
  #released = false;

  /** A closed connection between two endpoints; `open` or `acceptSyn` brings it to life. */
  constructor(
    context: TcpContext,
    owner: ConnectionOwner,
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    now: Micros,
  ) {
    this.tcb = new Tcb(context, local, localPort, remote, remotePort, now);
    this.#owner = owner;
  }

  /** `STATE_*`. */
  get state(): number {
    return this.tcb.state;
  }

  /** Name of the state. */
  get stateName(): string {
    return STATE_NAMES[this.tcb.state];
  }

  /** When it wants `handleTimer` called next; `Infinity`: no wish. A call too early does no harm. */
  get deadline(): Micros {
    return this.tcb.timers.earliest;
  }

  /** `ABORT_*`: why it died, 0 while it lives or when it ended in order. */
  get abortReason(): number {
    return this.tcb.abortReason;
  }

  /** Bytes that can be read now. */
  get readable(): number {
    return this.tcb.rcvBuf.length;
  }

  /** Whether the peer closed its direction and every byte was read. */
  get atEnd(): boolean {
    return this.tcb.finReceived && this.tcb.rcvBuf.length === 0;
  }

  /** Bytes a write would take now. */
  get writable(): number {
    return stateIn(this.tcb.state, MAY_SEND) && !this.tcb.finQueued
      ? this.tcb.sndBuf.free
      : 0;
  }

  // --- opening ------------------------------------------------------------------

  /** Gives this connection settings of its own. Those that are read at the open, the initial RTO among them, count before it only. */
  adjust(settings: Partial<TcpConfig>): void {
    const t = this.tcb;
    t.config = { ...t.config, ...settings };
    if (t.state !== STATE_CLOSED) return;
    const { rtoInitial, rtoMin, rtoMax } = t.config;
    t.rttEstimator = new RttEstimator(rtoInitial, rtoMin, rtoMax);
  }

  /** Active open, RFC 9293 §3.10.1: a SYN goes in the next round. Path MTU and device limits must be set before. */
  open(now: Micros, mode: "plain" | "fast" | "cookieless"): void {
    openActive(this.tcb, mode, now);
    this.#touch();
  }

  /** A listener's child takes the SYN that made it, RFC 9293 §3.10.7.2: SYN-RECEIVED, a SYN-ACK goes in the next round. With the listener's `fastOpen` its data may count at once. */
  acceptSyn(
    s: SegmentIn,
    now: Micros,
    fastOpen: FastOpenQueue | null = null,
  ): void {
    openPassive(this.tcb, s, fastOpen, now);
    this.#touch();
  }

  /**
   * A listener's child born of a SYN cookie: `syn` describes the SYN the
   * cookie stood for (it need not be one), `cookie` is the ISN our SYN-ACK
   * carried. SYN-RECEIVED with the SYN-ACK sent; the client's ACK comes next
   * by `handleSegment`.
   */
  acceptCookie(syn: SegmentIn, cookie: Seq, now: Micros): void {
    this.acceptSyn(syn, now);
    resumeFromCookie(this.tcb, cookie, now);
  }

  // --- what happened ------------------------------------------------------------

  /** A segment for this connection arrived. Never throws. */
  handleSegment(s: SegmentIn, now: Micros): void {
    const t = this.tcb;
    const trace = t.context.trace;
    if (trace !== null) {
      trace.record(
        TRACE_RECEIVE,
        t.handle,
        t.state === STATE_SYN_SENT ? 0 : seqSpan(t.irs, s.seq),
        s.dataLength,
        now,
      );
    }
    if (t.state === STATE_SYN_SENT) rxSynSent(t, s, now);
    else if (t.state !== STATE_CLOSED) rxSynchronized(t, s, now);
    if (trace !== null) this.#trace(trace, now);
    this.#touch();
  }

  /** A deadline may have passed. */
  handleTimer(now: Micros): void {
    fireTimers(this.tcb, now);
    const trace = this.tcb.context.trace;
    if (trace !== null) this.#trace(trace, now);
    this.#touch();
  }

  /** An ICMP error quoted a segment of this connection. */
  handleIcmp(error: IcmpError, now: Micros): void {
    const trace = this.tcb.context.trace;
    if (trace !== null) {
      trace.record(TRACE_ICMP, this.tcb.handle, error.type, error.code, now);
    }
    handleIcmpError(this.tcb, error, now);
    this.#touch();
  }

  /** Memory was freed since it found none. */
  handleMemory(): void {
    memoryFreed(this.tcb);
    this.#touch();
  }

  /** The next hop did not answer. */
  handleNoNeighbour(now: Micros): void {
    neighbourFailed(this.tcb, now);
    this.#touch();
  }

  /** The route's MTU is now `mtu` bytes. */
  setPathMtu(mtu: number): void {
    applyPathMtu(this.tcb, mtu);
    this.#touch();
  }

  // --- what the application wants --------------------------------------------------

  /** Queues up to `length` bytes of `source` from `offset`. Returns the bytes taken, 0 when the buffer is full (EV_WRITABLE follows), or an `ERR_*`. */
  write(
    source: Uint8Array,
    offset: number,
    length: number,
    now: Micros,
  ): number {
    const t = this.tcb;
    const taken = queueToSend(t, source, offset, length, now);
    if (taken > 0 && maySendNow(t)) this.#touch();
    return taken;
  }

  /** Queues bytes before `open`, for a SYN that carries data. Returns the bytes taken. */
  preload(source: Uint8Array): number {
    return this.tcb.sndBuf.write(source, 0, source.length);
  }

  /** As `write`, the last byte being urgent (RFC 9293 §3.8.2). */
  writeUrgent(
    source: Uint8Array,
    offset: number,
    length: number,
    now: Micros,
  ): number {
    const taken = this.write(source, offset, length, now);
    if (taken > 0) markUrgent(this.tcb);
    return taken;
  }

  /** Moves up to `length` received bytes to `target`. Returns how many, 0 when there are none yet, ERR_END_OF_STREAM after the last, or ERR_ABORTED. */
  read(
    target: Uint8Array,
    offset: number,
    length: number,
    now: Micros,
  ): number {
    const t = this.tcb;
    const moved = t.rcvBuf.read(target, offset, length);
    if (moved === 0) return nothingToRead(t);
    this.#tookBytes(moved, now);
    return moved;
  }

  /** Copies received bytes without consuming them, from `from` bytes after the next one. Returns how many. */
  peek(
    from: number,
    target: Uint8Array,
    offset: number,
    length: number,
  ): number {
    return this.tcb.rcvBuf.peek(from, target, offset, length);
  }

  /** Consumes `count` received bytes, at most `readable`. */
  skip(count: number, now: Micros): void {
    this.tcb.rcvBuf.discard(count);
    this.#tookBytes(count, now);
  }

  /** Closes our direction: a FIN follows the last byte queued. RFC 9293 §3.10.4. Returns 0 or an `ERR_*`. */
  shutdownSend(_now: Micros): number {
    const code = closeSending(this.tcb);
    this.#touch();
    return code;
  }

  /**
   * The application lets go. Unread data resets the connection (RFC 9293
   * §3.6.1, RFC 2525 §2.17); otherwise it closes in order and lives on as an
   * orphan until the peer has everything.
   */
  close(now: Micros): void {
    letGo(this.tcb, now);
    this.#touch();
  }

  /** Ends the connection at once: a RST goes if the peer knows of it. RFC 9293 §3.10.5. */
  abort(now: Micros, reason: number = ABORT_LOCAL): void {
    if (this.tcb.state === STATE_CLOSED) return;
    abortNow(this.tcb, reason, now);
    this.#touch();
  }

  /** Sends nothing at all until `resume`: for a passive open somebody still has to decide on. */
  hold(): void {
    this.tcb.blocked = true;
  }

  /** Undoes `hold`. */
  resume(): void {
    this.tcb.blocked = false;
    this.#touch();
  }

  /** Ends the connection without a word to the peer. */
  vanish(now: Micros): void {
    this.abort(now);
    this.tcb.resetDue = false;
    this.#touch();
  }

  /** Ends TIME-WAIT early, in order: its 4-tuple goes to a new connection. RFC 6191. */
  endTimeWait(): void {
    const t = this.tcb;
    if (t.state !== STATE_TIME_WAIT) return;
    leaveTimeWait(t);
    this.#touch();
  }

  /** Turns keepalive probes on or off. Times in µs. */
  setKeepAlive(
    mode: "on" | "off",
    now: Micros,
    idle: Micros = this.tcb.keepAliveIdle,
    interval: Micros = this.tcb.keepAliveInterval,
    count: number = this.tcb.keepAliveCount,
  ): void {
    const t = this.tcb;
    t.keepAlive = mode === "on";
    t.keepAliveIdle = idle;
    t.keepAliveInterval = interval;
    t.keepAliveCount = count;
    t.timers.clear(TIMER_KEEP_ALIVE);
    if (t.keepAlive && stateIn(t.state, SYNCHRONIZED)) {
      t.timers.set(TIMER_KEEP_ALIVE, now + idle);
    }
    this.#touch();
  }

  /** Turns the coalescing of small writes on (`"nagle"`), off (`"nodelay"`), or holds every partial segment back (`"cork"`). */
  setCoalescing(mode: "nagle" | "nodelay" | "cork"): void {
    this.tcb.noDelay = mode === "nodelay";
    this.tcb.corked = mode === "cork";
    this.#touch();
  }

  /** Sets the user timeout, µs; 0: none. RFC 5482. */
  setUserTimeout(timeout: Micros, _now: Micros): void {
    this.tcb.userTimeout = timeout;
    this.tcb.timers.clear(TIMER_USER_TIMEOUT);
    armUserTimeout(this.tcb);
    this.#touch();
  }

  /** Has the stack look at it in the next round: options that decide what may be sent have changed. */
  changed(): void {
    this.#touch();
  }

  // --- the consequences --------------------------------------------------------------

  /** Describes the next segment to send in `out`; false: none now. Changes nothing; see tx.ts. */
  pollTransmit(out: SegmentOut, now: Micros): boolean {
    return describe(this.tcb, out, now);
  }

  /** The device took the segment just described. */
  commitTransmit(out: SegmentOut, now: Micros): void {
    const t = this.tcb;
    const kind = t.plan === PLAN_RETRANSMIT ? TRACE_RETRANSMIT : TRACE_TRANSMIT;
    commit(t, out, now);
    const trace = t.context.trace;
    if (trace !== null) {
      trace.record(
        kind,
        t.handle,
        seqSpan(t.iss, out.seq),
        out.dataLength,
        now,
      );
    }
  }

  /** What changed since the last call, as `EV_*` bits. */
  takeEvents(now: Micros): number {
    const trace = this.tcb.context.trace;
    if (trace !== null) this.#trace(trace, now);
    const events = this.#seen.difference(this.tcb);
    if (trace !== null && events !== 0) {
      trace.record(TRACE_EVENT, this.tcb.handle, events, 0, now);
    }
    return events;
  }

  /** Whether nothing is left to do: its slot may go. */
  get finished(): boolean {
    return this.tcb.state === STATE_CLOSED && !this.tcb.resetDue;
  }

  /** Gives back its memory; received bytes are lost. The stack calls it last. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    discountOrphan(this.tcb);
    releaseMemory(this.tcb);
  }

  #tookBytes(count: number, now: Micros): void {
    noteTaken(this.tcb, count, now);
    if (this.tcb.ackNow) this.#touch();
  }

  #trace(trace: TraceSink, now: Micros): void {
    this.#traced ??= new TracedState();
    this.#traced.difference(this.tcb, trace, now);
  }

  #touch(): void {
    if (!this.touched) this.#owner.touch(this);
  }
}
