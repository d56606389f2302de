/**
 * A connection's bytes on their way from the client, and the FIN behind them.
 *
 *     | acknowledged | in the transport's send queue | still in the client's MDLs |
 *                    ^ written - unacked             ^ written
 *
 * WSK promises no buffering: a send completes when its last byte has been
 * acknowledged, and its MDLs belong to the request until then. Sends enter the
 * transport's queue in the order they were made, as room comes, so they also
 * complete in that order. A graceful disconnect is the last entry: its buffer,
 * then the FIN, and it completes when the FIN is acknowledged.
 *
 * Offsets are counts of bytes since the connection began, as doubles.
 *
 * @module
 */
import { WSK_FLAG_NODELAY } from "./constants.ts";
import type { IRP } from "./irp.ts";
import type { Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_CANCELLED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import type { TransportConnection } from "./transport.ts";
import type { BufCursor } from "./wsk_buf.ts";

interface Send {
  readonly irp: IRP;
  readonly cursor: BufCursor;
  readonly length: number;
  readonly flags: number;
  /** Where its last byte ends, once all of it is written. */
  end: number;
}

interface Disconnect {
  readonly irp: IRP;
  readonly cursor: BufCursor | null;
}

/** The sending side of one connection. */
export class SendQueue {
  /** The FIN is queued or sent: no more sends. */
  ended = false;
  readonly #socket: Socket;
  readonly #connection: TransportConnection;
  #written: number;
  #unwritten: Send[] = [];
  #unacked: Send[] = [];
  #disconnects: Disconnect[] = [];
  #finQueued = false;

  /** Makes the sending side of `connection`, into which `written` bytes went with the handshake. */
  constructor(
    socket: Socket,
    connection: TransportConnection,
    written: number,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#written = written;
  }

  /** Whether a send or disconnect waits. */
  get waiting(): boolean {
    return this.#unwritten.length + this.#unacked.length +
        this.#disconnects.length > 0;
  }

  /** Whether the peer has acknowledged our FIN. */
  get disconnected(): boolean {
    return this.#finQueued && this.#connection.finAcked;
  }

  /** Queues a send. */
  submit(irp: IRP, cursor: BufCursor, flags: number): NTSTATUS {
    const length = cursor.remaining;
    const send: Send = { irp, cursor, length, flags, end: Infinity };
    this.#unwritten.push(send);
    irp.onCancel(() => this.#cancel(send));
    this.pump();
    return STATUS_PENDING;
  }

  /** Queues the FIN, behind the bytes of `cursor`. Completes with an earlier one, if there is one. */
  disconnect(irp: IRP, cursor: BufCursor | null): NTSTATUS {
    this.ended = true;
    this.#disconnects.push({ irp, cursor });
    this.pump();
    return STATUS_PENDING;
  }

  /** Writes what there is room for, and completes what is acknowledged. */
  pump(): void {
    this.#writeSends();
    this.#queueFin();
    this.#completeSends();
    if (!this.disconnected) return;
    for (const { irp, cursor } of this.#disconnects.splice(0)) {
      cursor?.release();
      this.#socket.complete(irp, STATUS_SUCCESS, 0);
    }
  }

  /** Completes every send with `sendStatus` and every disconnect with `disconnectStatus`. */
  fail(sendStatus: NTSTATUS, disconnectStatus: NTSTATUS): void {
    for (const send of this.#unacked.splice(0)) this.#finish(send, sendStatus);
    for (const send of this.#unwritten.splice(0)) {
      this.#finish(send, sendStatus);
    }
    for (const { irp, cursor } of this.#disconnects.splice(0)) {
      cursor?.release();
      this.#socket.complete(irp, disconnectStatus, 0);
    }
  }

  #writeSends(): void {
    while (this.#unwritten.length > 0) {
      const send = this.#unwritten[0];
      this.#write(send.cursor);
      if (send.cursor.remaining > 0) return;
      this.#unwritten.shift();
      send.end = this.#written;
      if ((send.flags & WSK_FLAG_NODELAY) !== 0) this.#connection.push();
      this.#unacked.push(send);
    }
  }

  #write(cursor: BufCursor): void {
    while (cursor.remaining > 0) {
      const taken = this.#connection.write(
        cursor.bytes,
        cursor.offset,
        cursor.pieceLength,
      );
      if (taken <= 0) return;
      cursor.advance(taken);
      this.#written += taken;
    }
  }

  #queueFin(): void {
    if (this.#disconnects.length === 0 || this.#unwritten.length > 0) return;
    if (this.#finQueued) return;
    const { cursor } = this.#disconnects[0];
    if (cursor !== null) {
      this.#write(cursor);
      if (cursor.remaining > 0) return;
    }
    this.#finQueued = true;
    this.#connection.shutdownSend();
  }

  #completeSends(): void {
    const acked = this.#written - this.#connection.unacked;
    while (this.#unacked.length > 0 && this.#unacked[0].end <= acked) {
      this.#finish(this.#unacked.shift() as Send, STATUS_SUCCESS);
    }
  }

  /** A send of which a byte is under way is not cancelled: that would leave a hole in the stream. */
  #cancel(send: Send): void {
    const at = this.#unwritten.indexOf(send);
    if (at < 0 || send.cursor.remaining < send.length) return;
    this.#unwritten.splice(at, 1);
    this.#finish(send, STATUS_CANCELLED);
    this.#socket.markDirty();
  }

  #finish(send: Send, status: NTSTATUS): void {
    send.cursor.release();
    const information = status === STATUS_SUCCESS ? send.length : 0;
    this.#socket.complete(send.irp, status, information);
  }
}
