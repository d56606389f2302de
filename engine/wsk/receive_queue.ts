/**
 * A connection's received bytes on their way to the client.
 *
 *     transport's receive queue
 *     | handed out: pinned | free | pinned |  not handed out yet ...  |
 *     ^ first not consumed                 ^ taken                    ^ readable
 *
 * Bytes are handed out in order, to pending WskReceives first, else to the
 * receive event. What the client retained stays in the transport's queue, and
 * keeps the window small, until WskRelease; bytes handed out behind it are
 * consumed only when all before them are.
 *
 * Receives complete in the order they were made. A receive of length 0
 * completes as soon as it is the first; it takes no bytes and does not wait
 * for any.
 *
 * @module
 */
import { WSK_FLAG_DRAIN, WSK_FLAG_WAITALL } from "./constants.ts";
import type { IRP } from "./irp.ts";
import type { Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_CANCELLED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import type { WSK_DATA_INDICATION } from "./structures.ts";
import type { TransportConnection } from "./transport.ts";
import type { BufCursor } from "./wsk_buf.ts";

interface Receive {
  readonly irp: IRP;
  readonly cursor: BufCursor;
  readonly flags: number;
  count: number;
}

interface HandedOut {
  readonly length: number;
  indication: WSK_DATA_INDICATION | null;
}

/** The receiving side of one connection. */
export class ReceiveQueue {
  /** The receive event may fire: it did not stop taking, or a receive completed since. */
  armed = true;
  /** Receives whose outcome is settled and whose completion routine has not run yet. */
  undelivered = 0;
  /** Bytes handed out that the transport still holds. */
  taken = 0;
  readonly #socket: Socket;
  readonly #connection: TransportConnection;
  #receives: Receive[] = [];
  #handedOut: HandedOut[] = [];

  /** Makes the receiving side of `connection`. */
  constructor(socket: Socket, connection: TransportConnection) {
    this.#socket = socket;
    this.#connection = connection;
  }

  /** Whether a receive waits. */
  get waiting(): boolean {
    return this.#receives.length > 0;
  }

  /** Bytes that can be handed out. */
  get available(): number {
    return this.#connection.readable - this.taken;
  }

  /** Whether every byte the peer ever sent has been handed out. */
  get ended(): boolean {
    return this.#connection.finReceived && this.available === 0;
  }

  /** Queues a receive. */
  submit(irp: IRP, cursor: BufCursor, flags: number): NTSTATUS {
    const receive: Receive = { irp, cursor, flags, count: 0 };
    this.#receives.push(receive);
    irp.onCancel(() => this.#cancel(receive));
    return STATUS_PENDING;
  }

  /** Fills receives from what is there. */
  pump(): void {
    while (this.#receives.length > 0) {
      const receive = this.#receives[0];
      this.#fill(receive);
      if (!this.#isDone(receive)) return;
      this.#receives.shift();
      this.#finish(receive, STATUS_SUCCESS);
    }
  }

  /** Completes every receive with `status`, and with the bytes it has. */
  fail(status: NTSTATUS): void {
    for (const receive of this.#receives.splice(0)) {
      this.#finish(receive, status);
    }
  }

  /** Hands out the next `length` bytes for good. */
  take(length: number): void {
    if (length === 0) return;
    if (this.#handedOut.length === 0) {
      this.#connection.consume(length);
      return;
    }
    this.#handedOut.push({ length, indication: null });
    this.taken += length;
  }

  /** Hands out the next `length` bytes until {@linkcode ReceiveQueue.release}. */
  retain(indication: WSK_DATA_INDICATION, length: number): void {
    this.#handedOut.push({ length, indication });
    this.taken += length;
  }

  /** Takes an indication back; false when it was not retained. */
  release(indication: WSK_DATA_INDICATION): boolean {
    const piece = this.#handedOut.find((p) => p.indication === indication);
    if (piece === undefined) return false;
    piece.indication = null;
    while (
      this.#handedOut.length > 0 && this.#handedOut[0].indication === null
    ) {
      const { length } = this.#handedOut.shift() as HandedOut;
      this.#connection.consume(length);
      this.taken -= length;
    }
    return true;
  }

  #fill(receive: Receive): void {
    if ((receive.flags & WSK_FLAG_DRAIN) !== 0) this.take(this.available);
    const { cursor } = receive;
    while (cursor.remaining > 0 && this.available > 0) {
      const copied = this.#connection.peek(
        this.taken,
        cursor.bytes,
        cursor.offset,
        Math.min(cursor.pieceLength, this.available),
      );
      if (copied <= 0) return;
      cursor.advance(copied);
      receive.count += copied;
      this.take(copied);
    }
  }

  #isDone(receive: Receive): boolean {
    if (this.#connection.finReceived && this.available === 0) return true;
    if ((receive.flags & WSK_FLAG_DRAIN) !== 0) return false;
    if (receive.cursor.remaining === 0) return true;
    return receive.count > 0 && (receive.flags & WSK_FLAG_WAITALL) === 0;
  }

  #cancel(receive: Receive): void {
    const at = this.#receives.indexOf(receive);
    if (at < 0) return;
    this.#receives.splice(at, 1);
    this.#finish(receive, STATUS_CANCELLED);
  }

  #finish(receive: Receive, status: NTSTATUS): void {
    receive.cursor.release();
    this.undelivered++;
    this.#socket.complete(receive.irp, status, receive.count, () => {
      this.undelivered--;
      this.armed = true;
      this.#socket.markDirty();
    });
  }
}
