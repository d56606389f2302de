/**
 * A connection: what WskConnect, WskSocketConnect and the accepts make of a socket.
 *
 *     CONNECTING --established--> OPEN --our FIN and the peer's--> both ended
 *          |                       |  `--reset, time-out, abort--> FAILED
 *          `--refused, ...--> the socket is bound again, and may retry
 *
 * `pump` runs in the delivery step and in this order: is the attempt decided;
 * what can be sent and what is acknowledged; what fills pending receives; what
 * is left for the receive event; is it time for the disconnect event; has the
 * ideal backlog changed. Verbs run the parts that call nobody.
 *
 * "Fully disconnected" is our FIN acknowledged and the peer's received.
 * Closing earlier sends a reset.
 *
 * @module
 */
import {
  WSK_EVENT_DISCONNECT,
  WSK_EVENT_SEND_BACKLOG,
  WSK_FLAG_ABORTIVE,
} from "./constants.ts";
import { connectFailure, laterFailure, pendingFailure } from "./death.ts";
import type { PFN_WSK_RECEIVE_EX_EVENT } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { indicateData, indicateReceiveDeath } from "./receive_event.ts";
import { ReceiveQueue } from "./receive_queue.ts";
import { SendQueue } from "./send_queue.ts";
import type { Flow, Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_CANCELLED,
  STATUS_CONNECTION_ABORTED,
  STATUS_FILE_FORCED_CLOSED,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import {
  PHASE_CONNECTING,
  PHASE_DEAD,
  REASON_ABORTED,
  type TransportConnection,
  type TransportHandler,
} from "./transport.ts";
import type { BufCursor } from "./wsk_buf.ts";

/** A request to connect that is under way. */
export interface ConnectAttempt {
  /** Its IRP. */
  readonly irp: IRP;
  /** Bytes of the buffer, which go with or behind the SYN. */
  readonly length: number;
  /** What the IRP's Information is on success: this number, or the socket. */
  readonly information: number | Socket;
}

/** A socket's life as a connection. */
export class ConnectionFlow implements Flow, TransportHandler {
  /** The transport's end of it. */
  readonly transport: TransportConnection;
  /** What arrives. */
  readonly receives: ReceiveQueue;
  /** What leaves. */
  readonly sends: SendQueue;
  /** SIO_WSK_SET_TCP_SILENT_MODE: only WskCloseSocket is left. */
  silent = false;
  /** SIO_WSK_SET_RECEIVE_EX_CALLBACK. */
  receiveEx: PFN_WSK_RECEIVE_EX_EVENT | null = null;
  /** A receive event's callback is running: bytes it was shown are nobody else's. */
  indicating = false;
  /** The status of requests made from now on; 0 while they are possible. */
  failed: NTSTATUS = STATUS_SUCCESS;
  readonly #socket: Socket;
  #attempt: ConnectAttempt | null;
  #toldGraceful = false;
  #toldAbortive = false;
  #abortedHere = false;
  #backlog = 0;

  /** Takes over a transport's connection: an attempt to connect, or with `attempt` null an accepted one. */
  constructor(
    socket: Socket,
    transport: TransportConnection,
    attempt: ConnectAttempt | null,
  ) {
    this.#socket = socket;
    this.transport = transport;
    this.#attempt = attempt;
    this.receives = new ReceiveQueue(socket, transport);
    this.sends = new SendQueue(socket, transport, attempt?.length ?? 0);
    transport.attach(this);
    attempt?.irp.onCancel(() => this.#endAttempt(STATUS_CANCELLED));
  }

  /** Whether the handshake is done. */
  get connected(): boolean {
    return this.#attempt === null;
  }

  /** Whether both directions ended in order. */
  get disconnected(): boolean {
    return this.sends.disconnected && this.transport.finReceived;
  }

  /** Why a request cannot be made now; STATUS_SUCCESS when it can. */
  refusal(): NTSTATUS {
    if (!this.connected || this.silent) return STATUS_INVALID_DEVICE_STATE;
    this.#noticeDeath();
    return this.failed;
  }

  /** Something changed: look in this delivery step. */
  changed(): void {
    this.#socket.client.provider.delivery.markDirty(this);
  }

  /** Looks at everything; runs in the delivery step. */
  pump(): void {
    if (this.#socket.closed || this.#socket.dead || this.indicating) return;
    if (!this.#decideAttempt() || this.silent) return;
    this.#noticeDeath();
    if (this.failed === STATUS_SUCCESS) {
      this.sends.pump();
      this.receives.pump();
      indicateData(this.#socket, this);
    }
    this.#tellDisconnect();
    this.#tellBacklog();
  }

  /** Queues a receive and fills what can be filled. */
  receive(irp: IRP, cursor: BufCursor, flags: number): NTSTATUS {
    this.receives.submit(irp, cursor, flags);
    if (!this.indicating) this.receives.pump();
    return STATUS_PENDING;
  }

  /** WskDisconnect without WSK_FLAG_ABORTIVE. */
  disconnect(irp: IRP, cursor: BufCursor | null): NTSTATUS {
    return this.sends.disconnect(irp, cursor);
  }

  /** WskDisconnect with WSK_FLAG_ABORTIVE: a reset, and every pending request ends. */
  abort(): void {
    if (this.failed !== STATUS_SUCCESS) return;
    this.#abortedHere = true;
    this.failed = laterFailure(REASON_ABORTED);
    this.transport.abort();
    this.sends.fail(STATUS_CANCELLED, STATUS_CANCELLED);
    this.receives.fail(STATUS_CONNECTION_ABORTED);
  }

  /** SIO_WSK_SET_TCP_SILENT_MODE. */
  silence(): void {
    this.silent = true;
    this.transport.silence();
  }

  /** WskCloseSocket: what is pending is cancelled, what is not disconnected is reset. */
  close(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    if (attempt !== null) this.#settle(attempt, STATUS_CANCELLED);
    this.#failAll(STATUS_CANCELLED);
    if (this.#abortedHere) return;
    const over = this.disconnected || this.transport.phase === PHASE_DEAD;
    if (over || this.silent) this.transport.release();
    else this.transport.abort();
  }

  /** The stack is gone. */
  die(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    if (attempt !== null) this.#settle(attempt, STATUS_FILE_FORCED_CLOSED);
    this.#failAll(STATUS_FILE_FORCED_CLOSED);
    if (attempt === null) indicateReceiveDeath(this.#socket, this);
  }

  /** Whether the attempt, if there was one, succeeded. */
  #decideAttempt(): boolean {
    const attempt = this.#attempt;
    if (attempt === null) return true;
    const { phase, reason } = this.transport;
    if (phase === PHASE_CONNECTING) return false;
    if (phase === PHASE_DEAD) {
      this.#endAttempt(connectFailure(reason));
      return false;
    }
    this.#attempt = null;
    this.#socket.local = this.transport.local;
    this.#settle(attempt, STATUS_SUCCESS);
    return true;
  }

  /** The attempt failed: the socket is bound again, or, when the attempt made it, gone. */
  #endAttempt(status: NTSTATUS): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    this.#attempt = null;
    const socket = this.#socket;
    socket.lastIcmpError = this.transport.icmpError;
    socket.connection = null;
    if (this.transport.phase === PHASE_DEAD) this.transport.release();
    else this.transport.abort();
    if (attempt.information === socket) {
      socket.closed = true;
      socket.client.forget(socket);
    }
    this.#settle(attempt, status);
  }

  #settle(attempt: ConnectAttempt, status: NTSTATUS): void {
    this.#socket.complete(
      attempt.irp,
      status,
      status === STATUS_SUCCESS ? attempt.information : 0,
      () => this.#socket.markDirty(),
    );
  }

  #failAll(status: NTSTATUS): void {
    this.sends.fail(status, status);
    this.receives.fail(status);
  }

  /** A death the transport reports ends every pending request, once. */
  #noticeDeath(): void {
    if (this.failed !== STATUS_SUCCESS) return;
    if (this.transport.phase !== PHASE_DEAD) return;
    const { reason } = this.transport;
    this.failed = laterFailure(reason);
    this.#failAll(pendingFailure(reason));
  }

  #tellDisconnect(): void {
    const callback = this.#socket.callbacks.connection?.WskDisconnectEvent;
    const { gate } = this.#socket;
    if (this.#socket.closed || !gate.isEnabled(WSK_EVENT_DISCONNECT)) return;
    if (!callback) return;
    const abortive = this.failed !== STATUS_SUCCESS && !this.#abortedHere;
    if (abortive && !this.#toldAbortive) {
      this.#toldAbortive = true;
      gate.run(
        WSK_EVENT_DISCONNECT,
        () => callback(this.#socket.context, WSK_FLAG_ABORTIVE),
      );
      return;
    }
    const { receives } = this;
    if (this.failed !== STATUS_SUCCESS || this.#toldGraceful) return;
    if (!receives.ended || receives.undelivered > 0) return;
    this.#toldGraceful = true;
    gate.run(WSK_EVENT_DISCONNECT, () => callback(this.#socket.context, 0));
  }

  /** Told when it has doubled or halved since it was last told. */
  #tellBacklog(): void {
    const socket = this.#socket;
    const callback = socket.callbacks.connection?.WskSendBacklogEvent;
    if (!callback || socket.closed || this.failed !== STATUS_SUCCESS) return;
    if (!socket.gate.isEnabled(WSK_EVENT_SEND_BACKLOG)) return;
    const ideal = this.transport.idealBacklog;
    if (ideal === this.#backlog) return;
    if (ideal < 2 * this.#backlog && 2 * ideal > this.#backlog) return;
    this.#backlog = ideal;
    socket.gate.run(
      WSK_EVENT_SEND_BACKLOG,
      () => callback(socket.context, ideal),
    );
  }
}
