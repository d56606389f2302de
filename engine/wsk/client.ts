/**
 * The client object: what a captured provider hands to a registered client.
 *
 * It owns the sockets that were made through it and counts the requests under
 * way, so that WskDeregister knows when the last of them is gone.
 *
 * @module
 */
import { ConnectionFlow } from "./connection.ts";
import type {
  WSK_CLIENT,
  WSK_CLIENT_CONNECTION_DISPATCH,
  WSK_CLIENT_DATAGRAM_DISPATCH,
  WSK_CLIENT_LISTEN_DISPATCH,
  WSK_CLIENT_SOCKET_DISPATCH,
  WSK_CLIENT_STREAM_DISPATCH,
} from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import type { Provider } from "./provider.ts";
import {
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  CATEGORY_LISTEN,
  CATEGORY_STREAM,
  type ClientCallbacks,
  NO_CALLBACKS,
  Socket,
  type SocketKind,
} from "./socket.ts";
import { tableOf } from "./tables.ts";
import type { TransportConnection } from "./transport.ts";

/** One registration's attachment to a provider. */
export class Client implements WSK_CLIENT {
  /** Tells a client from any other object. */
  readonly WSK_CLIENT = true;
  /** The provider. */
  readonly provider: Provider;
  /** Events enabled on every socket, `WSK_EVENT_*` bits. */
  staticMask = 0;
  /** A socket has been created: the settings that precede sockets are closed. */
  hadSocket = false;
  /** WskDeregister was called. */
  deregistered = false;
  /** Open sockets. */
  readonly sockets: Set<Socket> = new Set();
  /** WSK_TRANSPORT_LIST_CHANGE requests. */
  readonly watching: Set<IRP> = new Set();
  #requests = 0;
  #onIdle: Array<() => void> = [];

  /** Makes the attachment of a registration. */
  constructor(provider: Provider) {
    this.provider = provider;
    provider.clients.add(this);
  }

  /** Whether no socket is open and no request of the client object is under way. */
  get idle(): boolean {
    return this.sockets.size === 0 && this.#requests === 0;
  }

  /** Makes a socket. */
  create(
    kind: SocketKind,
    context: unknown,
    dispatch: WSK_CLIENT_SOCKET_DISPATCH | null,
  ): Socket {
    const callbacks = callbacksOf(kind.category, dispatch);
    const table = tableOf(kind.category);
    const socket = new Socket(this, kind, table, context, callbacks);
    this.sockets.add(socket);
    this.hadSocket = true;
    return socket;
  }

  /** Makes the socket of a connection that `listener` accepted. */
  adopt(listener: Socket, connection: TransportConnection): Socket {
    const kind = { ...listener.kind, category: CATEGORY_CONNECTION };
    const socket = this.create(kind, null, null);
    socket.options.inherit(listener.options);
    socket.local = connection.local;
    socket.connection = new ConnectionFlow(socket, connection, null);
    return socket;
  }

  /** Closes a socket at once and without an IRP. */
  destroy(socket: Socket): void {
    if (socket.closed) return;
    socket.closed = true;
    this.provider.endWatching(socket.watching, "closed");
    if (!socket.dead) socket.flow?.close();
    this.forget(socket);
  }

  /** Drops a closed socket from the books. */
  forget(socket: Socket): void {
    socket.unbind();
    this.sockets.delete(socket);
    this.#check();
  }

  /** Counts a request of the client object as begun. */
  begin(): void {
    this.#requests++;
  }

  /** Counts it as ended. */
  end(): void {
    this.#requests--;
    this.#check();
  }

  /** Resolves when the client is idle. */
  whenIdle(): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** The stack is gone: every socket dies. */
  die(): void {
    this.provider.endWatching(this.watching, "dead");
    for (const socket of [...this.sockets]) {
      if (socket.dead) continue;
      socket.dead = true;
      this.provider.endWatching(socket.watching, "dead");
      socket.flow?.die();
    }
  }

  #check(): void {
    if (this.idle) { for (const wake of this.#onIdle.splice(0)) wake(); }
  }
}

/** A client's table, told apart by the category it was given for. */
export function callbacksOf(
  category: number,
  dispatch: WSK_CLIENT_SOCKET_DISPATCH | null,
): ClientCallbacks {
  if (!dispatch) return NO_CALLBACKS;
  switch (category) {
    case CATEGORY_LISTEN:
      return {
        ...NO_CALLBACKS,
        listen: dispatch as WSK_CLIENT_LISTEN_DISPATCH,
      };
    case CATEGORY_DATAGRAM:
      return {
        ...NO_CALLBACKS,
        datagram: dispatch as WSK_CLIENT_DATAGRAM_DISPATCH,
      };
    case CATEGORY_STREAM: {
      const { Listen, Connect } = dispatch as WSK_CLIENT_STREAM_DISPATCH;
      return { listen: Listen, connection: Connect, datagram: null };
    }
    default:
      return {
        ...NO_CALLBACKS,
        connection: dispatch as WSK_CLIENT_CONNECTION_DISPATCH,
      };
  }
}
