/**
 * A datagram endpoint: what WskBind makes of a datagram socket.
 *
 *     datagram -> oldest pending WskReceiveFrom, else WskReceiveFromEvent,
 *                 else it stays in the transport's queue
 *
 * A send completes as soon as the datagram is on its way; sends that find the
 * transport's queue full wait, in order. Indications are shown one datagram a
 * call; STATUS_PENDING retains it until WskRelease, which may be called for
 * single elements.
 *
 * @module
 */
import {
  MSG_BCAST,
  MSG_CTRUNC,
  MSG_MCAST,
  MSG_TRUNC,
  WSK_EVENT_RECEIVE_FROM,
} from "./constants.ts";
import { copyBytes } from "../base/frame.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { POINTER } from "./c_types.ts";
import { refusalStatus } from "./death.ts";
import type { PFN_WSK_RECEIVE_FROM_EVENT } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { describeDatagram } from "./packet_info.ts";
import {
  type Endpoint,
  fillSockaddr,
  type SOCKADDR,
  sockaddrOf,
} from "./sockaddr.ts";
import type { Flow, Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_CANCELLED,
  STATUS_DATA_NOT_ACCEPTED,
  STATUS_FILE_FORCED_CLOSED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import type { WSK_DATAGRAM_INDICATION } from "./structures.ts";
import {
  TRANSPORT_FULL,
  type TransportDatagram,
  type TransportDatagrams,
  type TransportHandler,
} from "./transport.ts";
import { type BufCursor, bufOf } from "./wsk_buf.ts";

/** A WskReceiveFrom that waits. */
export interface ReceiveFromRequest {
  /** Its IRP. */
  readonly irp: IRP;
  /** Where the datagram goes. */
  readonly cursor: BufCursor;
  /** Filled with the sender. */
  readonly remote: SOCKADDR | null;
  /** Room for control messages; set to the bytes of them. */
  readonly controlLength: POINTER<number> | null;
  /** Filled with control messages. */
  readonly control: Uint8Array | null;
  /** Set to `MSG_*` bits. */
  readonly flags: POINTER<number> | null;
}

/** A WskSendTo or WskSendMessages that waits. */
export interface SendToRequest {
  /** Its IRP. */
  readonly irp: IRP;
  /** The datagrams; their MDLs stay in use. */
  readonly cursors: readonly BufCursor[];
  /** Copies of their bytes. */
  readonly datagrams: readonly Uint8Array[];
  /** Where they go. */
  readonly remote: Endpoint;
  /** Where they come from, when a control message says so. */
  readonly source: IpAddress | null;
  /** Datagrams sent so far. */
  sent: number;
}

/** A socket's life as a datagram endpoint. */
export class DatagramFlow implements Flow, TransportHandler {
  /** The transport's end of it. */
  readonly transport: TransportDatagrams;
  /** SIO_WSK_SET_REMOTE_ADDRESS: the only peer. */
  peer: Endpoint | null = null;
  /** SIO_WSK_SET_SENDTO_ADDRESS: the default destination. */
  destination: Endpoint | null = null;
  readonly #socket: Socket;
  #receives: ReceiveFromRequest[] = [];
  #sends: SendToRequest[] = [];
  #retained: Set<WSK_DATAGRAM_INDICATION> = new Set();
  #held: TransportDatagram | null = null;
  #indicating = false;
  #undelivered = 0;

  /** Takes over a transport's endpoint. */
  constructor(socket: Socket, transport: TransportDatagrams) {
    this.#socket = socket;
    this.transport = transport;
    transport.attach(this);
  }

  /** Something changed: look in this delivery step. */
  changed(): void {
    this.#socket.client.provider.delivery.markDirty(this);
  }

  /** Sends what waits and hands out what has arrived; runs in the delivery step. */
  pump(): void {
    if (this.#socket.closed || this.#socket.dead || this.#indicating) return;
    this.#pumpSends();
    this.#pumpReceives();
    while (this.#indicate());
  }

  /** Queues datagrams to send. */
  send(request: SendToRequest): NTSTATUS {
    this.#sends.push(request);
    request.irp.onCancel(() => this.#cancelSend(request));
    this.#pumpSends();
    return STATUS_PENDING;
  }

  /** Queues a receive. */
  receive(request: ReceiveFromRequest): NTSTATUS {
    this.#receives.push(request);
    request.irp.onCancel(() => this.#cancelReceive(request));
    if (!this.#indicating) this.#pumpReceives();
    return STATUS_PENDING;
  }

  /** WskRelease of one indication, or of a list of them; false when one was not retained. */
  release(first: WSK_DATAGRAM_INDICATION): boolean {
    let ok = true;
    for (
      let at: WSK_DATAGRAM_INDICATION | null = first;
      at !== null;
      at = at.Next
    ) ok = this.#retained.delete(at) && ok;
    return ok;
  }

  /** WskCloseSocket. */
  close(): void {
    this.#failAll(STATUS_CANCELLED);
    this.transport.close();
  }

  /** The stack is gone. */
  die(): void {
    this.#failAll(STATUS_FILE_FORCED_CLOSED);
    const callback = this.#callback();
    if (callback === null) return;
    this.#socket.gate.run(
      WSK_EVENT_RECEIVE_FROM,
      () => callback(this.#socket.context, 0, null),
    );
  }

  #callback(): PFN_WSK_RECEIVE_FROM_EVENT | null {
    const { callbacks, gate, closed } = this.#socket;
    if (closed || !gate.isEnabled(WSK_EVENT_RECEIVE_FROM)) return null;
    return callbacks.datagram?.WskReceiveFromEvent ?? null;
  }

  #pumpSends(): void {
    while (this.#sends.length > 0) {
      const status = this.#sendAll(this.#sends[0]);
      if (status === STATUS_PENDING) return;
      this.#finishSend(this.#sends.shift() as SendToRequest, status);
    }
  }

  #sendAll(request: SendToRequest): NTSTATUS {
    while (request.sent < request.datagrams.length) {
      const result = this.transport.send(
        request.datagrams[request.sent],
        request.remote,
        request.source,
        this.#socket.options,
      );
      if (result === TRANSPORT_FULL) return STATUS_PENDING;
      if (result < 0) return refusalStatus(result);
      request.sent++;
    }
    return STATUS_SUCCESS;
  }

  #finishSend(request: SendToRequest, status: NTSTATUS): void {
    let bytes = 0;
    for (let i = 0; i < request.sent; i++) bytes += request.datagrams[i].length;
    for (const cursor of request.cursors) cursor.release();
    this.#socket.complete(request.irp, status, bytes);
  }

  #pumpReceives(): void {
    while (this.#receives.length > 0) {
      const datagram = this.#next();
      if (datagram === null) return;
      this.#held = null;
      this.#fill(this.#receives.shift() as ReceiveFromRequest, datagram);
    }
  }

  /** The oldest datagram, which stays held until somebody takes it. */
  #next(): TransportDatagram | null {
    while (this.#held === null) {
      const datagram = this.transport.receive();
      if (datagram === null) return null;
      if (this.#isFromPeer(datagram)) this.#held = datagram;
    }
    return this.#held;
  }

  #isFromPeer({ remote }: TransportDatagram): boolean {
    const { peer } = this;
    return peer === null ||
      (peer.port === remote.port && peer.address.equals(remote.address));
  }

  #fill(request: ReceiveFromRequest, datagram: TransportDatagram): void {
    const { cursor } = request;
    let copied = 0;
    while (cursor.remaining > 0 && copied < datagram.bytes.length) {
      const length = Math.min(
        cursor.pieceLength,
        datagram.bytes.length - copied,
      );
      copyBytes(datagram.bytes, copied, cursor.bytes, cursor.offset, length);
      cursor.advance(length);
      copied += length;
    }
    let flags = flagsOf(datagram);
    if (copied < datagram.bytes.length) flags |= MSG_TRUNC;
    if (request.remote !== null) {
      fillSockaddr(request.remote, datagram.remote, this.#socket.kind.family);
    }
    flags |= this.#fillControl(request, datagram);
    if (request.flags !== null) request.flags.value = flags;
    this.#finishReceive(request, STATUS_SUCCESS, copied);
  }

  #fillControl(
    request: ReceiveFromRequest,
    datagram: TransportDatagram,
  ): number {
    if (request.controlLength === null || request.control === null) return 0;
    const control = describeDatagram(datagram, this.#socket.options);
    const room = Math.min(request.controlLength.value, request.control.length);
    request.controlLength.value = 0;
    if (control === null) return 0;
    if (control.length > room) return MSG_CTRUNC;
    request.control.set(control);
    request.controlLength.value = control.length;
    return 0;
  }

  /** Shows the oldest datagram to the client; false when nothing more is to be shown now. */
  #indicate(): boolean {
    const callback = this.#callback();
    if (callback === null || this.#receives.length > 0) return false;
    if (this.#undelivered > 0 || this.#indicating) return false;
    const datagram = this.#next();
    if (datagram === null) return false;
    const indication = this.#indicationOf(datagram);
    const { gate, context } = this.#socket;
    let status: NTSTATUS = STATUS_DATA_NOT_ACCEPTED;
    this.#indicating = true;
    try {
      status = gate.run(
        WSK_EVENT_RECEIVE_FROM,
        () => callback(context, flagsOf(datagram), indication),
      );
    } finally {
      this.#indicating = false;
    }
    if (status === STATUS_DATA_NOT_ACCEPTED) {
      gate.disable(WSK_EVENT_RECEIVE_FROM);
      this.#pumpReceives();
      return false;
    }
    this.#held = null;
    if (status === STATUS_PENDING) this.#retained.add(indication);
    this.#pumpReceives();
    return true;
  }

  #indicationOf(datagram: TransportDatagram): WSK_DATAGRAM_INDICATION {
    const control = describeDatagram(datagram, this.#socket.options);
    return {
      Next: null,
      Buffer: bufOf(datagram.bytes),
      ControlInfo: control,
      ControlInfoLength: control?.length ?? 0,
      RemoteAddress: sockaddrOf(datagram.remote, this.#socket.kind.family),
    };
  }

  #cancelSend(request: SendToRequest): void {
    const at = this.#sends.indexOf(request);
    if (at < 0) return;
    this.#sends.splice(at, 1);
    this.#finishSend(request, STATUS_CANCELLED);
  }

  #cancelReceive(request: ReceiveFromRequest): void {
    const at = this.#receives.indexOf(request);
    if (at < 0) return;
    this.#receives.splice(at, 1);
    this.#finishReceive(request, STATUS_CANCELLED, 0);
  }

  #finishReceive(
    { cursor, irp }: ReceiveFromRequest,
    status: NTSTATUS,
    count: number,
  ): void {
    cursor.release();
    this.#undelivered++;
    this.#socket.complete(irp, status, count, () => {
      this.#undelivered--;
      this.#socket.markDirty();
    });
  }

  #failAll(status: NTSTATUS): void {
    for (const request of this.#sends.splice(0)) {
      this.#finishSend(request, status);
    }
    for (const request of this.#receives.splice(0)) {
      this.#finishReceive(request, status, 0);
    }
  }
}

function flagsOf(datagram: TransportDatagram): number {
  return (datagram.isMulticast ? MSG_MCAST : 0) |
    (datagram.isBroadcast ? MSG_BCAST : 0);
}
