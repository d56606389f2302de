/**
 * A listener: what WskBind makes of a listening socket and WskListen of a stream socket.
 *
 *     SYN -> [inspect: accept | reject | pend -> WskInspectComplete] -> handshake
 *         -> oldest pending WskAccept, else WskAcceptEvent, else the backlog
 *
 * Without SO_CONDITIONAL_ACCEPT the bracket is empty. Requests under
 * inspection are named by a WSK_INSPECT_ID; one that vanishes before it is
 * established is reported by WskAbortEvent, once.
 *
 * A connection handed to WskAcceptEvent has the connection events that are
 * enabled on the listener; one handed to WskAccept has none but the static
 * ones.
 *
 * @module
 */
import {
  WSK_EVENT_ACCEPT,
  type WSK_INSPECT_ACTION,
  WskInspectAccept,
  WskInspectReject,
} from "./constants.ts";
import type { POINTER } from "./c_types.ts";
import type { WSK_CLIENT_CONNECTION_DISPATCH } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { fillSockaddr, type SOCKADDR, sockaddrOf } from "./sockaddr.ts";
import { type Flow, NO_CALLBACKS, type Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_CANCELLED,
  STATUS_FILE_FORCED_CLOSED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import { WSK_INSPECT_ID } from "./structures.ts";
import type {
  Accepted,
  TransportHandler,
  TransportListener,
  TransportRequest,
} from "./transport.ts";

/** A WskAccept that waits for a connection. */
export interface AcceptRequest {
  /** Its IRP. */
  readonly irp: IRP;
  /** Context of the socket to come. */
  readonly context: unknown;
  /** Callbacks of the socket to come. */
  readonly dispatch: WSK_CLIENT_CONNECTION_DISPATCH | null;
  /** Filled with the local address. */
  readonly local: SOCKADDR | null;
  /** Filled with the peer's address. */
  readonly remote: SOCKADDR | null;
}

interface Inspected {
  readonly id: WSK_INSPECT_ID;
  readonly request: TransportRequest;
}

const EVENTS_CONNECTION = 0xd0;

/** A socket's life as a listener. */
export class ListenFlow implements Flow, TransportHandler {
  /** The transport's end of it. */
  readonly transport: TransportListener;
  readonly #socket: Socket;
  #accepts: AcceptRequest[] = [];
  #inspected: Inspected[] = [];
  #serial = 0;
  #accepting = false;

  /** Takes over a transport's listener. */
  constructor(socket: Socket, transport: TransportListener) {
    this.#socket = socket;
    this.transport = transport;
    transport.attach(this);
  }

  /** Something changed: look in this delivery step. */
  changed(): void {
    this.#socket.client.provider.delivery.markDirty(this);
  }

  /** Hands out what has arrived; runs in the delivery step. */
  pump(): void {
    if (this.#socket.closed || this.#socket.dead) return;
    this.#inspect();
    this.#tellAborts();
    this.#serveAccepts();
    while (this.#offer());
  }

  /** Queues a WskAccept and serves it if a connection waits. */
  accept(request: AcceptRequest): NTSTATUS {
    this.#accepts.push(request);
    request.irp.onCancel(() => this.#cancel(request));
    this.#serveAccepts();
    return STATUS_PENDING;
  }

  /** WskInspectComplete; a request that has vanished is none the worse for it. */
  decide(id: WSK_INSPECT_ID, action: WSK_INSPECT_ACTION): void {
    const found = this.#inspected.find(({ id: other }) =>
      other.Key === id.Key && other.SerialNumber === id.SerialNumber
    );
    if (found !== undefined) this.#answer(found, action);
  }

  /** WskCloseSocket. */
  close(): void {
    this.#failAccepts(STATUS_CANCELLED);
    this.transport.close();
  }

  /** The stack is gone: each callback hears it once, by a NULL. */
  die(): void {
    this.#failAccepts(STATUS_FILE_FORCED_CLOSED);
    const { callbacks, gate, context, options } = this.#socket;
    const accept = callbacks.listen?.WskAcceptEvent;
    const inspect = callbacks.listen?.WskInspectEvent;
    if (options.conditionalAccept && inspect) {
      inspect(context, null, null, null);
    }
    if (this.#socket.closed || !accept) return;
    if (!gate.isEnabled(WSK_EVENT_ACCEPT)) return;
    gate.run(
      WSK_EVENT_ACCEPT,
      () =>
        accept(context, 0, null, null, null, { value: null }, { value: null }),
    );
  }

  #inspect(): void {
    const { callbacks, context, kind } = this.#socket;
    const callback = callbacks.listen?.WskInspectEvent;
    for (;;) {
      const request = this.#socket.closed ? null : this.transport.nextRequest();
      if (request === null) return;
      const id = new WSK_INSPECT_ID();
      id.SerialNumber = ++this.#serial;
      id.Key = this.#inspected.length + 1;
      const inspected = { id, request };
      this.#inspected.push(inspected);
      const action = callback
        ? callback(
          context,
          sockaddrOf(request.local, kind.family),
          sockaddrOf(request.remote, kind.family),
          id,
        )
        : WskInspectAccept;
      this.#answer(inspected, action);
    }
  }

  #answer(inspected: Inspected, action: WSK_INSPECT_ACTION): void {
    if (action === WskInspectAccept) inspected.request.accept();
    else if (action === WskInspectReject) {
      this.#forget(inspected.request);
      inspected.request.reject();
    }
  }

  #tellAborts(): void {
    for (;;) {
      const request = this.#socket.closed ? null : this.transport.nextAbort();
      if (request === null) return;
      const id = this.#forget(request);
      const callback = this.#socket.callbacks.listen?.WskAbortEvent;
      if (id !== null && callback) callback(this.#socket.context, id);
    }
  }

  #forget(request: TransportRequest): WSK_INSPECT_ID | null {
    const at = this.#inspected.findIndex((i) => i.request === request);
    return at < 0 ? null : this.#inspected.splice(at, 1)[0].id;
  }

  #serveAccepts(): void {
    while (this.#accepts.length > 0) {
      const accepted = this.transport.next();
      if (accepted === null) return;
      const request = this.#accepts.shift() as AcceptRequest;
      const { family } = this.#socket.kind;
      const { local, remote } = accepted.connection;
      if (request.local !== null) fillSockaddr(request.local, local, family);
      if (request.remote !== null) fillSockaddr(request.remote, remote, family);
      const socket = this.#adopt(
        accepted,
        request.context,
        request.dispatch,
        0,
      );
      this.#socket.complete(request.irp, STATUS_SUCCESS, socket);
    }
  }

  /** Offers the next connection to WskAcceptEvent; false when there is none, or nobody to offer it to. */
  #offer(): boolean {
    const { gate, callbacks, context, kind } = this.#socket;
    const callback = callbacks.listen?.WskAcceptEvent;
    if (this.#accepting || this.#socket.closed || !callback) return false;
    if (!gate.isEnabled(WSK_EVENT_ACCEPT)) return false;
    const accepted = this.transport.next();
    if (accepted === null) return false;
    const { local, remote } = accepted.connection;
    const socket = this.#adopt(accepted, null, null, gate.mask);
    const newContext: POINTER<unknown> = { value: null };
    const newDispatch: POINTER<WSK_CLIENT_CONNECTION_DISPATCH | null> = {
      value: null,
    };
    let status: NTSTATUS = STATUS_CANCELLED;
    this.#accepting = true;
    try {
      status = gate.run(WSK_EVENT_ACCEPT, () =>
        callback(
          context,
          0,
          sockaddrOf(local, kind.family),
          sockaddrOf(remote, kind.family),
          socket,
          newContext,
          newDispatch,
        ));
    } finally {
      this.#accepting = false;
      if (status === STATUS_SUCCESS) {
        setOwner(socket, newContext.value, newDispatch.value);
      } else socket.client.destroy(socket);
    }
    return true;
  }

  #adopt(
    accepted: Accepted,
    context: unknown,
    dispatch: WSK_CLIENT_CONNECTION_DISPATCH | null,
    inherited: number,
  ): Socket {
    const listener = this.#socket;
    const socket = listener.client.adopt(listener, accepted.connection);
    setOwner(socket, context, dispatch);
    socket.gate.enable(inherited & EVENTS_CONNECTION);
    if (accepted.request !== null) {
      socket.inspectId = this.#forget(accepted.request);
    }
    return socket;
  }

  #cancel(request: AcceptRequest): void {
    const at = this.#accepts.indexOf(request);
    if (at < 0) return;
    this.#accepts.splice(at, 1);
    this.#socket.complete(request.irp, STATUS_CANCELLED, 0);
  }

  #failAccepts(status: NTSTATUS): void {
    for (const { irp } of this.#accepts.splice(0)) {
      this.#socket.complete(irp, status, 0);
    }
  }
}

function setOwner(
  socket: Socket,
  context: unknown,
  dispatch: WSK_CLIENT_CONNECTION_DISPATCH | null,
): void {
  if (context !== null) socket.context = context;
  socket.callbacks = { ...NO_CALLBACKS, connection: dispatch };
  socket.markDirty();
}
