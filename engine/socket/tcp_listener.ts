/**
 * A listener in the shape of `Deno.TcpListener`.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { formatIpAddress } from "../wire/ip_address.ts";
import type { Stack } from "../stack/stack.ts";
import type { Listener, ListenerSink } from "../tcp/listener.ts";
import { Signal } from "./signal.ts";
import { TcpConn } from "./tcp_conn.ts";
import type { NetAddress, SocketContext } from "./tcp_conn.ts";

/** Takes connections, one by one or as an async iterable. */
export class TcpListener
  implements ListenerSink, AsyncIterable<TcpConn>, Disposable {
  readonly #stack: Stack;
  readonly #listener: Listener;
  readonly #context: SocketContext;
  readonly #acceptable: Signal = new Signal();

  /** Wraps `listener` and becomes its sink. */
  constructor(stack: Stack, listener: Listener, context: SocketContext) {
    this.#stack = stack;
    this.#listener = listener;
    this.#context = context;
    listener.sink = this;
  }

  /** Where it listens; `0.0.0.0` stands for every address of both families. */
  get addr(): NetAddress {
    const { local, port } = this.#listener;
    const hostname = local === null ? "0.0.0.0" : formatIpAddress(local);
    return { transport: "tcp", hostname, port };
  }

  /** Whether it has stopped listening. */
  get isClosed(): boolean {
    return this.#listener.closed;
  }

  /** Resolves to the next connection. Rejects with BadResource once the listener is closed. */
  async accept(): Promise<TcpConn> {
    for (;;) {
      const connection = this.#listener.accept();
      if (connection !== null) return new TcpConn(connection, this.#context);
      if (this.#listener.closed) {
        throw this.#context.createError(
          "BadResource",
          "Cannot accept: the listener is closed",
        );
      }
      await this.#acceptable.wait();
    }
  }

  /** Stops listening. Connections that were accepted live on; those that wait are reset. */
  close(): void {
    this.#stack.closeListener(this.#listener, this.#context.clock.now());
    this.#acceptable.wake();
  }

  /** The connections as they come; ends when the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TcpConn> {
    while (!this.#listener.closed) {
      const connection = this.#listener.accept();
      if (connection !== null) yield new TcpConn(connection, this.#context);
      else await this.#acceptable.wait();
    }
  }

  /** The stack tells that a connection waits. */
  handleAcceptable(_listener: Listener, _now: Micros): void {
    this.#acceptable.wake();
  }

  /** Same as {@linkcode TcpListener.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
