/**
 * A stack with the face of `Deno.connect` and `Deno.listen`.
 *
 * It adds nothing to the protocol: hostnames (literal addresses only, the
 * engine resolves no names) become addresses, codes become errors, events
 * become promises.
 *
 * @module
 */
import type { Clock } from "../base/ports.ts";
import type { Micros } from "../base/units.ts";
import { isUnspecified } from "../wire/ip_address.ts";
import type { Stack } from "../stack/stack.ts";
import type { Connection } from "../tcp/connection.ts";
import type { FastOpenListenOptions } from "../tcp/fast_open_queue.ts";
import { MAY_TRANSMIT, STATE_SYN_RECEIVED, stateIn } from "../tcp/state.ts";
import { checkPort, parseAddress } from "./address.ts";
import { openDatagramConn } from "./datagram_conn.ts";
import type { DatagramConn, DatagramListenOptions } from "./datagram_conn.ts";
import { createSocketError, errorOfCode } from "./errors.ts";
import type { ErrorFactory } from "./errors.ts";
import { hostPort, TcpConn } from "./tcp_conn.ts";
import type { SocketContext } from "./tcp_conn.ts";
import { TcpListener } from "./tcp_listener.ts";
import { connectionOptions } from "./tcp_options.ts";
import type { TcpSocketOptions } from "./tcp_options.ts";

/** How to connect. */
export interface TcpConnectOptions extends TcpSocketOptions {
  /** A literal IPv4 or IPv6 address. */
  readonly hostname: string;
  /** 1..65535. */
  readonly port: number;
  /** Our address; the route's choice when absent. */
  readonly localAddress?: string;
  /** Our port; an ephemeral one when absent. A port that is named is taken for as long as the connection lives, TIME-WAIT included. */
  readonly localPort?: number;
  /** SO_REUSEADDR: share a named local port with other connections and listeners that say so. */
  readonly reuseAddress?: boolean;
  /**
   * Try TCP Fast Open with these bytes (RFC 7413): with a cookie known they
   * travel in the SYN, else the SYN asks for one and they follow the
   * handshake. They may be delivered to the server's application twice (§6.1),
   * so send only what may be repeated. Bytes beyond what a SYN carries follow
   * in order.
   */
  readonly fastOpen?: Uint8Array;
  /** `"none"`: the SYN carries the `fastOpen` bytes without a cookie, to a server that is known to ask for none (RFC 7413 §7.3). Default `"required"`. */
  readonly fastOpenCookie?: "required" | "none";
  /** Ends the attempt: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Called with the connection before its first packet leaves: its `info()` tells of an attempt that fails, too. */
  readonly onAttempt?: (conn: TcpConn) => void;
}

/** How to listen; the socket options are those its connections start with. */
export interface TcpListenOptions extends TcpSocketOptions {
  /** 1..65535; 0 chooses one. */
  readonly port: number;
  /** A literal address of ours; all when absent. */
  readonly hostname?: string;
  /** Most connections that wait to be accepted. Default 128. */
  readonly backlog?: number;
  /** Share the port with other listeners that say so. */
  readonly reusePort?: boolean;
  /**
   * Take data in SYNs and answer it before the handshake ends, RFC 7413. Off
   * when absent. Such data may be delivered twice (§6.1): only for
   * applications that may do the same request twice.
   */
  readonly fastOpen?: FastOpenListenOptions;
}

/** What a network is made of. */
export interface NetworkOptions {
  /** The stack. */
  readonly stack: Stack;
  /** The clock that drives it. */
  readonly clock: Clock;
  /** Makes errors; the default makes SocketErrors. */
  readonly createError?: ErrorFactory;
  /** Ends whoever drives the stack; called once, by the first `close`. */
  readonly onClose?: (network: Network) => Promise<void>;
}

/** Connections and listeners over one stack. */
export class Network implements AsyncDisposable {
  /** The stack below: counters, routes, devices. */
  readonly stack: Stack;
  readonly #context: SocketContext;
  readonly #onClose: ((network: Network) => Promise<void>) | null;
  /** Those that may have somebody waiting in `accept`. */
  readonly #listeners = new Set<TcpListener>();
  #closing: Promise<void> | null = null;

  /** A network over `options.stack`, which somebody else drives. */
  constructor(options: NetworkOptions) {
    this.stack = options.stack;
    this.#context = {
      clock: options.clock,
      createError: options.createError ?? createSocketError,
    };
    this.#onClose = options.onClose ?? null;
  }

  /**
   * Opens a connection; resolves when the handshake is complete.
   *
   * Rejects with ConnectionRefused, TimedOut, NetworkUnreachable,
   * ConnectionReset, AddrInUse, AddrNotAvailable, the signal's reason,
   * TypeError for an address or port that is none, or RangeError for a socket
   * option out of range.
   *
   * ```ts
   * import type { Network } from "@synload/engine/engine";
   * declare const net: Network;
   * await using conn = await net.connect({ hostname: "10.0.0.1", port: 7 });
   * await conn.write(new TextEncoder().encode("hello"));
   * ```
   */
  async connect(options: TcpConnectOptions): Promise<TcpConn> {
    const remote = parseAddress("connect to", options.hostname);
    checkPort("connect", options.port, 1);
    const localPort = options.localPort ?? 0;
    checkPort("connect from", localPort, 0);
    options.signal?.throwIfAborted();
    const data = options.fastOpen ?? null;
    const socketOptions = connectionOptions("connect", options);
    const local = options.localAddress === undefined
      ? undefined
      : parseAddress("connect from", options.localAddress);
    let queued = 0;
    const made = this.stack.connect({
      remote,
      remotePort: options.port,
      localPort,
      ...(local === undefined ? {} : { local }),
      shared: options.reuseAddress === true ? "reuse" : "exclusive",
      options: socketOptions,
      mode: data === null
        ? "plain"
        : options.fastOpenCookie === "none"
        ? "cookieless"
        : "fast",
      setup: (connection) => {
        if (data !== null) queued = connection.preload(data);
      },
    }, this.#now());
    if (typeof made === "number") {
      const where = `connect to ${hostPort(remote, options.port)}`;
      throw errorOfCode(this.#context.createError, where, made);
    }
    const conn = new TcpConn(made, this.#context);
    options.onAttempt?.(conn);
    await this.#establish(conn, made, options.signal);
    if (data !== null && queued < data.length) {
      await conn.writeAll(data.subarray(queued));
    }
    return conn;
  }

  /**
   * Listens for connections, on both families unless `hostname` says otherwise.
   *
   * Throws AddrInUse, AddrNotAvailable, or TypeError for an address or port
   * that is none.
   *
   * ```ts
   * import type { Network } from "@synload/engine/engine";
   * declare const net: Network;
   * for await (const conn of net.listen({ port: 80 })) conn.close();
   * ```
   */
  listen(options: TcpListenOptions): TcpListener {
    checkPort("listen", options.port, 0);
    const socketOptions = connectionOptions("listen", options);
    const local = options.hostname === undefined
      ? undefined
      : parseAddress("listen on", options.hostname);
    const made = this.stack.listen({
      port: options.port,
      ...(local === undefined || isUnspecified(local) ? {} : { local }),
      ...(options.backlog === undefined ? {} : { backlog: options.backlog }),
      shared: options.reusePort === true ? "reuse" : "exclusive",
      ...(options.fastOpen === undefined ? {} : { fastOpen: options.fastOpen }),
      options: socketOptions,
    });
    if (typeof made === "number") {
      const where = `listen on port ${options.port}`;
      throw errorOfCode(this.#context.createError, where, made);
    }
    for (const earlier of this.#listeners) {
      if (earlier.isClosed) this.#listeners.delete(earlier);
    }
    const listener = new TcpListener(this.stack, made, this.#context);
    this.#listeners.add(listener);
    return listener;
  }

  /**
   * Opens a UDP endpoint, of both families unless `hostname` says otherwise.
   *
   * Throws AddrInUse, AddrNotAvailable, NetworkUnreachable when no route leads
   * to the peer, or TypeError for an address or port that is none.
   *
   * ```ts
   * import type { Network } from "@synload/engine/engine";
   * declare const net: Network;
   * using echo = net.openDatagram({ port: 7 });
   * for await (const [bytes, from] of echo) await echo.send(bytes, from);
   * ```
   */
  openDatagram(options: DatagramListenOptions = {}): DatagramConn {
    return openDatagramConn(this.stack, this.#context, options);
  }

  /** Whether a connection the application let go still has something to deliver, or a datagram has not left. */
  get isDraining(): boolean {
    const { stack } = this;
    return stack.hasUnsentDatagrams || stack.someConnection((t) =>
      t.orphaned &&
      (stateIn(t.state, MAY_TRANSMIT) || t.state === STATE_SYN_RECEIVED)
    );
  }

  /**
   * Ends everything, listeners first: loops over them end. With a host: what
   * closed connections still have to deliver is given a moment, then every
   * connection is aborted, the loop ends and the devices are closed. A second
   * call waits for the first.
   */
  close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.#closing ??= this.#onClose === null
      ? Promise.resolve(this.stack.close(this.#now()))
      : this.#onClose(this);
    return this.#closing;
  }

  /** Same as {@linkcode Network.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #establish(
    conn: TcpConn,
    connection: Connection,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const onAbort = (): void => connection.abort(this.#now());
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await conn.established();
    } catch (error) {
      conn.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #now(): Micros {
    return this.#context.clock.now();
  }
}
