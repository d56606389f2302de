/**
 * One of the engine's listeners behind the transport port.
 *
 *     SYN -> [held until accept() or reject()] -> handshake -> ready -> next()
 *
 * With inspection each SYN's connection is put on hold, and the surface is
 * asked; without, nothing here sees a SYN. Connections inherit the listener's
 * options as they are handed out.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { Connection } from "../tcp/connection.ts";
import { FastOpenQueue } from "../tcp/fast_open_queue.ts";
import type { Listener, SynInspector } from "../tcp/listener.ts";
import type { Endpoint } from "./sockaddr.ts";
import { StackConnection } from "./stack_connection.ts";
import type { StackTransport } from "./stack_transport.ts";
import type {
  Accepted,
  TransportHandler,
  TransportListener,
  TransportOptions,
  TransportRequest,
} from "./transport.ts";

/** The stack's bit for taking data in SYNs; the listener's own option is the one that decides. */
const SERVER_ENABLED = 2;

/** A listener of the engine's. */
export class StackListener implements TransportListener, SynInspector {
  /** Where it listens. */
  readonly local: Endpoint;
  readonly #transport: StackTransport;
  readonly #listener: Listener;
  readonly #requests = new Map<Connection, StackRequest>();
  #handler: TransportHandler | null = null;
  #options: TransportOptions;
  #unseen: StackRequest[] = [];
  #aborted: StackRequest[] = [];

  /** Takes over `listener`. */
  constructor(
    transport: StackTransport,
    listener: Listener,
    local: Endpoint,
    options: TransportOptions & { readonly inspected: boolean },
  ) {
    this.#transport = transport;
    this.#listener = listener;
    this.local = local;
    this.#options = options;
    listener.sink = { handleAcceptable: () => this.#handler?.changed() };
    if (options.inspected) listener.inspector = this;
    this.configure(options);
  }

  /** Names who is told. */
  attach(handler: TransportHandler): void {
    this.#handler = handler;
  }

  /** The next connection. */
  next(): Accepted | null {
    const made = this.#listener.accept();
    if (made === null) return null;
    const request = this.#requests.get(made) ?? null;
    this.#requests.delete(made);
    const connection = new StackConnection(this.#transport, made);
    connection.configure(this.#options);
    return { connection, request };
  }

  /** The next SYN to decide on. */
  nextRequest(): TransportRequest | null {
    return this.#unseen.shift() ?? null;
  }

  /** The next inspected request that vanished. */
  nextAbort(): TransportRequest | null {
    return this.#aborted.shift() ?? null;
  }

  /** A SYN has made a connection: its answer waits. */
  handleSyn(connection: Connection, _now: Micros): void {
    connection.hold();
    const request = new StackRequest(this.#transport, connection);
    this.#requests.set(connection, request);
    this.#unseen.push(request);
    connection.sink = { handleEvents: () => this.#watch(request) };
    if (this.#handler !== null) this.#transport.note(this.#handler);
  }

  /** Fast Open is switched on or off at once; the rest is for connections to come. */
  configure(options: TransportOptions): void {
    this.#options = options;
    const listener = this.#listener;
    if (!options.fastOpen) listener.fastOpen = null;
    else if (listener.fastOpen === null) {
      const { config } = this.#transport.stack.tcp;
      config.fastOpen |= SERVER_ENABLED;
      listener.fastOpen = new FastOpenQueue({ queueLimit: listener.backlog });
    }
  }

  /** Stops; what waits is reset. */
  close(): void {
    const { stack, now } = this.#transport;
    // Those still held could not even send their reset.
    for (const connection of this.#requests.keys()) connection.resume();
    this.#requests.clear();
    stack.closeListener(this.#listener, now);
  }

  #watch(request: StackRequest): void {
    if (request.connection.abortReason === 0) return;
    if (!this.#requests.delete(request.connection)) return;
    this.#aborted.push(request);
    this.#handler?.changed();
  }
}

/** A SYN under inspection. */
class StackRequest implements TransportRequest {
  readonly connection: Connection;
  readonly #transport: StackTransport;

  constructor(transport: StackTransport, connection: Connection) {
    this.#transport = transport;
    this.connection = connection;
  }

  get local(): Endpoint {
    const { local, localPort } = this.connection.tcb;
    return { address: local, port: localPort };
  }

  get remote(): Endpoint {
    const { remote, remotePort } = this.connection.tcb;
    return { address: remote, port: remotePort };
  }

  accept(): void {
    this.connection.resume();
  }

  reject(): void {
    const { now } = this.#transport;
    this.connection.sink = null;
    this.connection.resume();
    this.connection.abort(now);
    this.connection.close(now);
  }
}
