/**
 * A stream socket as Linux has it, over a connection of the engine.
 *
 * The engine has connections, listeners and error codes; scripts speak of
 * sockets, blocking calls and errno. This is the translation, and nothing in
 * it is protocol: which error a call reports and when it is consumed, what
 * "connect again" says, when a nonblocking call gives up.
 *
 * @module
 */
import { seqSpan } from "../../../engine/tcp/seq.ts";
import {
  ABORT_BROKEN_PIPE,
  ABORT_HOST_UNREACHABLE,
  ABORT_NET_UNREACHABLE,
  ABORT_NO_MEMORY,
  ABORT_PROHIBITED,
  ABORT_PROTOCOL_UNREACHABLE,
  ABORT_REFUSED,
  ABORT_RESET,
  ABORT_TIMED_OUT,
} from "../../../engine/tcp/codes.ts";
import type { Connection } from "../../../engine/tcp/connection.ts";
import type { Listener } from "../../../engine/tcp/listener.ts";
import {
  STATE_CLOSED,
  STATE_ESTABLISHED,
  STATE_SYN_RECEIVED,
  STATE_SYN_SENT,
  stateIn,
  SYNCHRONIZED,
} from "../../../engine/tcp/state.ts";
import { SocketOptions } from "./socket_options.ts";

/** Errors by reason of death. */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [ABORT_REFUSED, "ECONNREFUSED"],
  [ABORT_RESET, "ECONNRESET"],
  [ABORT_TIMED_OUT, "ETIMEDOUT"],
  [ABORT_HOST_UNREACHABLE, "EHOSTUNREACH"],
  [ABORT_NET_UNREACHABLE, "ENETUNREACH"],
  [ABORT_BROKEN_PIPE, "EPIPE"],
  [ABORT_NO_MEMORY, "ENOMEM"],
  [ABORT_PROTOCOL_UNREACHABLE, "ENOPROTOOPT"],
  [ABORT_PROHIBITED, "EHOSTUNREACH"],
]);

/** What a socket is. */
export type SocketPhase =
  | "fresh"
  | "listening"
  | "deferred"
  | "active"
  | "disconnected";

/** One socket. */
export class MemorySocket {
  /** The last write had MSG_MORE: its tail waits for the next write or the next packet. */
  isHoldingMore = false;
  /** What it is. */
  phase: SocketPhase = "fresh";
  /** O_NONBLOCK. */
  isNonBlocking: boolean;
  /** Port it is bound to; 0: none. */
  boundPort = 0;
  /** Its listener, while listening. */
  listener: Listener | null = null;
  /** Its connection, once there is one. */
  connection: Connection | null = null;
  /** The application shut its receiving side. */
  isReceiveShut = false;
  /** The application shut its sending side. */
  isSendShut = false;
  /** The error of the connection's death was reported. */
  isErrorConsumed = false;
  /** connect() has reported success or failure. */
  isConnectReported = false;
  /** Options it was given. */
  readonly options: SocketOptions = new SocketOptions();
  /** Events since an edge-triggered epoll last looked. */
  activity = 0;

  /** A fresh socket. */
  constructor(isNonBlocking: boolean) {
    this.isNonBlocking = isNonBlocking;
  }

  /** The error waiting to be reported, or null. */
  get pendingError(): string | null {
    if (this.connection === null || this.isErrorConsumed) return null;
    return ERRORS.get(this.connection.abortReason) ?? null;
  }

  /** Takes the waiting error. */
  takeError(): string | null {
    const error = this.pendingError;
    if (error !== null) this.isErrorConsumed = true;
    return error;
  }

  /** The handshake is under way. */
  get isConnecting(): boolean {
    return this.phase === "active" && this.connection !== null &&
      (this.connection.state === STATE_SYN_SENT ||
        this.connection.state === STATE_SYN_RECEIVED &&
          !this.connection.tcb.fastOpenAccepted);
  }

  /** Data may flow or has flowed. */
  get isConnected(): boolean {
    return this.connection !== null &&
      (stateIn(this.connection.state, SYNCHRONIZED) ||
        this.connection.tcb.fastOpenAccepted);
  }

  /** The connection is over. */
  get isOver(): boolean {
    return this.connection !== null && this.connection.state === STATE_CLOSED;
  }

  /** Nothing more will come to read. */
  get isAtEnd(): boolean {
    return this.isReceiveShut || this.connection?.tcb.finReceived === true;
  }

  /** Bytes until the urgent mark, where a read stops; Infinity without one. */
  get bytesToUrgentMark(): number {
    const t = this.connection?.tcb;
    if (t === undefined || !t.rcvUrgent) return Infinity;
    const distance = seqSpan(t.copiedSeq, t.rcvUp) - 1;
    return distance > 0 ? distance : Infinity;
  }

  /** Bytes that were queued and not acknowledged. */
  get unacknowledged(): number {
    return this.connection?.tcb.sndBuf.length ?? 0;
  }

  /** Established in both directions. */
  get isEstablished(): boolean {
    return this.connection?.state === STATE_ESTABLISHED;
  }
}
