/**
 * What every socket has, of whatever category.
 *
 *     WSK_SOCKET --- Dispatch     the category's frozen table
 *                    context      the client's, first argument of its callbacks
 *                    options      what WskControlSocket set
 *                    gate         which events are enabled
 *                    claim        the local address, from WskBind on
 *                    flow         what it does: listens, is a connection, moves datagrams
 *
 * A socket without a flow is created or bound. The flow decides which
 * functions are legal; a stream socket takes the flow of a listener or of a
 * connection by its first success and keeps it.
 *
 * @module
 */
import type { AddressClaim } from "./address_table.ts";
import type { Client } from "./client.ts";
import type { ConnectionFlow } from "./connection.ts";
import type { DatagramFlow } from "./datagram.ts";
import type { Pumpable } from "./delivery.ts";
import type {
  WSK_CLIENT_CONNECTION_DISPATCH,
  WSK_CLIENT_DATAGRAM_DISPATCH,
  WSK_CLIENT_LISTEN_DISPATCH,
  WSK_PROVIDER_SOCKET_DISPATCH,
  WSK_SOCKET,
} from "./dispatch.ts";
import { EventGate } from "./event_gate.ts";
import type { IRP } from "./irp.ts";
import type { ListenFlow } from "./listen.ts";
import type { Endpoint } from "./sockaddr.ts";
import { SocketOptions } from "./socket_options.ts";
import type { NTSTATUS } from "./status.ts";
import type { WSK_INSPECT_ID } from "./structures.ts";
import type { TransportIcmpError } from "./transport.ts";

/** A basic socket. The categories are bits, so that a function can name the ones it serves. */
export const CATEGORY_BASIC = 1;
/** A listening socket. */
export const CATEGORY_LISTEN = 2;
/** A connection-oriented socket. */
export const CATEGORY_CONNECTION = 4;
/** A datagram socket. */
export const CATEGORY_DATAGRAM = 8;
/** A stream socket. */
export const CATEGORY_STREAM = 16;

/** What a socket does once it is more than bound. */
export interface Flow extends Pumpable {
  /** The socket closes: every pending IRP completes, the endpoint goes. */
  close(): void;
  /** The stack is gone: every pending IRP completes, the client's events say so. */
  die(): void;
}

/** What WskSocket is told of a socket. */
export interface SocketKind {
  /** `CATEGORY_*`. */
  readonly category: number;
  /** `AF_*`. */
  readonly family: number;
  /** `SOCK_*`. */
  readonly type: number;
  /** `IPPROTO_*`. */
  readonly protocol: number;
}

/** The client's callbacks for one socket, by what they are for. */
export interface ClientCallbacks {
  /** For a listener. */
  readonly listen: WSK_CLIENT_LISTEN_DISPATCH | null;
  /** For a connection. */
  readonly connection: WSK_CLIENT_CONNECTION_DISPATCH | null;
  /** For datagrams. */
  readonly datagram: WSK_CLIENT_DATAGRAM_DISPATCH | null;
}

/** No callbacks at all. */
export const NO_CALLBACKS: ClientCallbacks = {
  listen: null,
  connection: null,
  datagram: null,
};

/** A socket, as the provider sees it. */
export class Socket implements WSK_SOCKET {
  /** The table of its category. */
  readonly Dispatch: WSK_PROVIDER_SOCKET_DISPATCH;
  /** Whose it is. */
  readonly client: Client;
  /** Category, family, type, protocol. */
  readonly kind: SocketKind;
  /** First argument of its callbacks. */
  context: unknown;
  /** Its callbacks. */
  callbacks: ClientCallbacks;
  /** Its options. */
  readonly options: SocketOptions = new SocketOptions();
  /** Its enabled events. */
  readonly gate: EventGate;
  /** Its hold on the bound address; `null` for sockets that were accepted. */
  claim: AddressClaim | null = null;
  /** The bound address; `null` while unbound. */
  local: Endpoint | null = null;
  /** The listener it is. */
  listener: ListenFlow | null = null;
  /** The connection it is. */
  connection: ConnectionFlow | null = null;
  /** The datagram endpoint it is. */
  datagrams: DatagramFlow | null = null;
  /** The request it was, when it was accepted after inspection. */
  inspectId: WSK_INSPECT_ID | null = null;
  /** The ICMP error that ended the last attempt to connect. */
  lastIcmpError: TransportIcmpError | null = null;
  /** WskCloseSocket was called. */
  closed = false;
  /** The stack it lived on is gone. */
  dead = false;
  /** Control requests that wait for a change. */
  readonly watching: Set<IRP> = new Set();

  /** Makes an unbound socket of `client`'s. */
  constructor(
    client: Client,
    kind: SocketKind,
    table: WSK_PROVIDER_SOCKET_DISPATCH,
    context: unknown,
    callbacks: ClientCallbacks,
  ) {
    this.Dispatch = table;
    this.client = client;
    this.kind = kind;
    this.context = context;
    this.callbacks = callbacks;
    this.gate = new EventGate(client.staticMask & eventsOf(kind.category));
  }

  /** What it does, if it does anything yet. */
  get flow(): Flow | null {
    return this.listener ?? this.connection ?? this.datagrams;
  }

  /** Has the flow look for events that are due. */
  markDirty(): void {
    const flow = this.flow;
    if (flow !== null) this.client.provider.delivery.markDirty(flow);
  }

  /** Settles a pending IRP of this socket's. */
  complete(
    irp: IRP,
    status: NTSTATUS,
    information: number | WSK_SOCKET,
    before: (() => void) | null = null,
  ): void {
    this.client.provider.delivery.complete(irp, status, information, before);
  }

  /** Gives up the bound address. */
  unbind(): void {
    if (this.claim !== null) this.client.provider.addresses.release(this.claim);
    this.claim = null;
  }
}

const EVENTS_LISTEN = 0x200, EVENTS_CONNECTION = 0xd0, EVENTS_DATAGRAM = 0x100;

/** The events a category has, `WSK_EVENT_*` bits; a listener's include those its connections inherit. */
export function eventsOf(category: number): number {
  switch (category) {
    case CATEGORY_LISTEN:
    case CATEGORY_STREAM:
      return EVENTS_LISTEN | EVENTS_CONNECTION;
    case CATEGORY_CONNECTION:
      return EVENTS_CONNECTION;
    case CATEGORY_DATAGRAM:
      return EVENTS_DATAGRAM;
    default:
      return 0;
  }
}
