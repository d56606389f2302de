/**
 * One of the engine's connections behind the transport port.
 *
 * It reads the connection's state and calls its verbs; events only tell the
 * surface to look. A connection that was closed in order on both sides stays
 * readable as "open" until it is released: that both directions have ended is
 * what `finReceived` and `finAcked` say.
 *
 * @module
 */
import { SECOND } from "../base/units.ts";
import type { Connection, EventSink } from "../tcp/connection.ts";
import type { TcpConfig } from "../tcp/config.ts";
import {
  STATE_CLOSE_WAIT,
  STATE_CLOSED,
  STATE_CLOSING,
  STATE_ESTABLISHED,
  STATE_FIN_WAIT_1,
  STATE_FIN_WAIT_2,
  STATE_LAST_ACK,
  STATE_LISTEN,
  STATE_SYN_RECEIVED,
  STATE_SYN_SENT,
  STATE_TIME_WAIT,
} from "../tcp/state.ts";
import { receiveWindow } from "../tcp/ack_policy.ts";
import type { Endpoint } from "./sockaddr.ts";
import { reasonOf } from "./stack_codes.ts";
import type { StackTransport } from "./stack_transport.ts";
import {
  PHASE_CONNECTING,
  PHASE_DEAD,
  PHASE_OPEN,
  REASON_NONE,
  type TransportConnection,
  type TransportHandler,
  type TransportIcmpError,
  type TransportInfo,
  type TransportOptions,
} from "./transport.ts";

/** Least and greatest ideal send backlog, bytes: one send's worth, and what Windows' own query answers at most. */
const LEAST_BACKLOG = 65_536;
const MOST_BACKLOG = 16 * 1024 * 1024;
/** Retransmissions that stand for "never give up": at the longest RTO, half a year. */
const ENDLESS_RETRIES = 131_072;

/** TCPSTATE by the engine's state. */
const TCPSTATE: ReadonlyMap<number, number> = new Map([
  [STATE_CLOSED, 0],
  [STATE_LISTEN, 1],
  [STATE_SYN_SENT, 2],
  [STATE_SYN_RECEIVED, 3],
  [STATE_ESTABLISHED, 4],
  [STATE_FIN_WAIT_1, 5],
  [STATE_FIN_WAIT_2, 6],
  [STATE_CLOSE_WAIT, 7],
  [STATE_CLOSING, 8],
  [STATE_LAST_ACK, 9],
  [STATE_TIME_WAIT, 10],
]);

/** A connection of the engine's. */
export class StackConnection implements TransportConnection, EventSink {
  /** Not kept: the engine acts on ICMP errors and forgets who sent them. */
  readonly icmpError: TransportIcmpError | null = null;
  readonly #transport: StackTransport;
  readonly #connection: Connection;
  #handler: TransportHandler | null = null;
  #silent = false;

  /** Takes over `connection`. */
  constructor(transport: StackTransport, connection: Connection) {
    this.#transport = transport;
    this.#connection = connection;
    connection.sink = this;
  }

  /** `PHASE_*`. */
  get phase(): number {
    const { abortReason, tcb } = this.#connection;
    if (reasonOf(abortReason) !== REASON_NONE) return PHASE_DEAD;
    const isOpen = tcb.establishedAt !== -Infinity || tcb.passive;
    return isOpen ? PHASE_OPEN : PHASE_CONNECTING;
  }

  /** `REASON_*`. */
  get reason(): number {
    return reasonOf(this.#connection.abortReason);
  }

  /** Our end. */
  get local(): Endpoint {
    const { local, localPort } = this.#connection.tcb;
    return { address: local, port: localPort };
  }

  /** The other end. */
  get remote(): Endpoint {
    const { remote, remotePort } = this.#connection.tcb;
    return { address: remote, port: remotePort };
  }

  /** Bytes received in order. */
  get readable(): number {
    return this.#connection.readable;
  }

  /** Whether the last of them carried a push. */
  get pushed(): boolean {
    const { rcvPushSeq, rcvNxt } = this.#connection.tcb;
    return rcvPushSeq === rcvNxt;
  }

  /** Whether the peer's FIN follows them. */
  get finReceived(): boolean {
    return this.#connection.tcb.finReceived;
  }

  /** Whether our FIN is acknowledged. */
  get finAcked(): boolean {
    const { state, abortReason, tcb } = this.#connection;
    if (!tcb.finQueued || abortReason !== 0) return false;
    return state === STATE_FIN_WAIT_2 || state === STATE_TIME_WAIT ||
      state === STATE_CLOSED;
  }

  /** Bytes the engine still holds for retransmission or has not sent. */
  get unacked(): number {
    return this.#connection.tcb.sndBuf.length;
  }

  /** Twice what the path and the peer take at once. */
  get idealBacklog(): number {
    const { cwnd, mss, sndWnd } = this.#connection.tcb;
    const flight = 2 * Math.min(cwnd * mss, sndWnd);
    return Math.min(Math.max(flight, LEAST_BACKLOG), MOST_BACKLOG);
  }

  /** Names who is told. */
  attach(handler: TransportHandler): void {
    this.#handler = handler;
    this.#transport.note(handler);
  }

  /** The engine's events: look again. */
  handleEvents(): void {
    this.#handler?.changed();
  }

  /** Applies what may change on a living connection. */
  configure(options: TransportOptions): void {
    const connection = this.#connection;
    const { tcb } = connection;
    const { now } = this.#transport;
    const isEndless = options.userTimeout === Infinity;
    if (isEndless) connection.adjust({ retries2: ENDLESS_RETRIES });
    connection.setUserTimeout(isEndless ? 0 : options.userTimeout, now);
    connection.setKeepAlive(
      options.keepAlive ? "on" : "off",
      now,
      options.keepAliveIdle,
      options.keepAliveInterval,
      options.keepAliveCount,
    );
    if (options.receiveCapacity > 0) {
      tcb.rcvBuf.limit = options.receiveCapacity;
      tcb.rcvBufAuto = false;
    }
    tcb.dscp = options.trafficClass >> 2;
    if (options.hopLimit > 0) tcb.hopLimit = options.hopLimit;
  }

  /** Appends to the send queue. Nagle's algorithm holds again once what was pushed has left. */
  write(bytes: Uint8Array, offset: number, length: number): number {
    const connection = this.#connection;
    const { tcb } = connection;
    if (tcb.noDelay && tcb.sndNxt === tcb.writeSeq) {
      connection.setCoalescing("nagle");
    }
    const taken = connection.write(bytes, offset, length, this.#transport.now);
    return Math.max(taken, 0);
  }

  /** Lets everything written so far go. */
  push(): void {
    this.#connection.setCoalescing("nodelay");
  }

  /** Copies received bytes. */
  peek(from: number, out: Uint8Array, offset: number, length: number): number {
    return this.#connection.peek(from, out, offset, length);
  }

  /** Drops received bytes. */
  consume(length: number): void {
    this.#connection.skip(length, this.#transport.now);
  }

  /** Queues the FIN. */
  shutdownSend(): void {
    this.#connection.shutdownSend(this.#transport.now);
  }

  /** A reset, whatever is still queued. */
  abort(): void {
    const { now } = this.#transport;
    this.#connection.sink = null;
    this.#connection.abort(now);
    this.#connection.close(now);
  }

  /** Leaves the rest, TIME-WAIT or nothing, to the engine. */
  release(): void {
    const connection = this.#connection;
    const { now } = this.#transport;
    connection.sink = null;
    if (this.#silent) connection.vanish(now);
    connection.close(now);
  }

  /** Nothing is sent any more. */
  silence(): void {
    this.#silent = true;
    this.#connection.hold();
  }

  /** Fills in the engine's figures. */
  fillInfo(out: TransportInfo): void {
    const { tcb } = this.#connection;
    const { establishedAt, synSent } = tcb;
    const connected = establishedAt === -Infinity
      ? 0
      : this.#transport.now - establishedAt;
    out.state = TCPSTATE.get(tcb.state) ?? 0;
    out.mss = tcb.mss;
    out.connectedTime = connected;
    out.timestamps = tcb.tsEnabled;
    out.rtt = tcb.srtt;
    out.minRtt = tcb.minRtt === Infinity ? 0 : tcb.minRtt;
    out.bytesInFlight = tcb.packetsOut * tcb.mss;
    out.cwnd = tcb.cwnd * tcb.mss;
    out.sndWnd = tcb.sndWnd;
    out.rcvWnd = receiveWindow(tcb);
    out.receiveCapacity = tcb.rcvBuf.limit;
    out.bytesOut = tcb.bytesSent;
    out.bytesIn = tcb.bytesReceived;
    out.bytesReordered = tcb.outOfOrderPackets * tcb.rcvMss;
    out.bytesRetransmitted = tcb.bytesRetransmitted;
    out.fastRetransmits = Math.max(0, tcb.totalRetrans - tcb.timeouts);
    out.dupAcksIn = tcb.dupAcks;
    out.timeoutEpisodes = tcb.timeouts;
    out.synRetransmits = Math.max(0, synSent - 1);
  }
}

/** What of the options must be settled before a connection opens. */
export function openSettings(options: TransportOptions): Partial<TcpConfig> {
  return {
    timestamps: options.timestamps,
    icmpEndsConnect: options.failOnIcmpError,
    ...(options.initialRto > 0
      ? { rtoInitial: Math.min(options.initialRto, 120 * SECOND) }
      : {}),
    ...(options.synRetries >= 0
      ? { synRetries: options.synRetries, synLinearTimeouts: 0 }
      : {}),
  };
}
