/**
 * A connection in the shape of `Deno.TcpConn`.
 *
 * Reading and writing are the connection's own verbs wrapped in promises: a
 * read that finds nothing waits for EV_READABLE, a write that finds no room for
 * EV_WRITABLE. The streams are made when first asked for.
 *
 * @module
 */
import type { Clock } from "../base/ports.ts";
import type { Micros } from "../base/units.ts";
import { formatIpAddress } from "../wire/ip_address.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import {
  ABORT_LOCAL,
  ERR_ABORTED,
  ERR_END_OF_STREAM,
  EV_ABORTED,
  EV_ACKED,
  EV_CLOSED,
  EV_CONNECTED,
  EV_PEER_CLOSED,
  EV_READABLE,
  EV_WRITABLE,
} from "../tcp/codes.ts";
import type { Connection, EventSink } from "../tcp/connection.ts";
import { applyOptions } from "../tcp/options.ts";
import { seqSpan } from "../tcp/seq.ts";
import { MAY_SEND, MAY_TRANSMIT, stateIn } from "../tcp/state.ts";
import { errorOfAbort, errorOfCode } from "./errors.ts";
import type { ErrorFactory } from "./errors.ts";
import { tcpInfo } from "./info.ts";
import type { TcpInfo } from "./info.ts";
import { Signal } from "./signal.ts";
import { connectionOptions } from "./tcp_options.ts";
import type { TcpSocketOptions } from "./tcp_options.ts";

/** An endpoint, as `Deno.NetAddr`. */
export interface NetAddress {
  /** Always `"tcp"`. */
  readonly transport: "tcp";
  /** The address as text. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
}

/** What a socket needs of the network it belongs to. */
export interface SocketContext {
  /** The clock the stack is driven by. */
  readonly clock: Clock;
  /** Makes errors. */
  readonly createError: ErrorFactory;
}

/** Bytes a stream hands out at most at a time. */
const CHUNK_LENGTH = 65_536;
const LIVE = EV_READABLE | EV_PEER_CLOSED | EV_ABORTED | EV_CLOSED;
/** States in which the peer has not acknowledged our FIN. */
const UNDELIVERED = MAY_TRANSMIT | MAY_SEND;
const OUTGOING = EV_WRITABLE | EV_ACKED | EV_ABORTED | EV_CLOSED | EV_CONNECTED;

/** A TCP connection. Made by `connect` of a network or by its listeners. */
export class TcpConn implements EventSink, AsyncDisposable, Disposable {
  /** The connection below, for what this class does not offer. */
  readonly connection: Connection;
  readonly #context: SocketContext;
  readonly #incoming: Signal = new Signal();
  readonly #outgoing: Signal = new Signal();
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;
  #closed = false;

  /** Wraps `connection` and becomes its sink. */
  constructor(connection: Connection, context: SocketContext) {
    this.connection = connection;
    this.#context = context;
    connection.sink = this;
  }

  /** Our endpoint. */
  get localAddr(): NetAddress {
    const { local, localPort } = this.connection.tcb;
    return netAddress(local, localPort);
  }

  /** The peer's. */
  get remoteAddr(): NetAddress {
    const { remote, remotePort } = this.connection.tcb;
    return netAddress(remote, remotePort);
  }

  /** The incoming bytes. A byte stream: readers may bring their own buffer. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#readable ??= new ReadableStream<Uint8Array<ArrayBuffer>>({
      type: "bytes",
      autoAllocateChunkSize: CHUNK_LENGTH,
      pull: (controller) =>
        this.#pull(controller as ReadableByteStreamController),
      cancel: () => this.#closeIfDone("read"),
    }, { highWaterMark: 0 });
    return this.#readable;
  }

  /** The outgoing bytes. Closing it sends a FIN after the last. */
  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.writeAll(chunk),
      close: () => this.closeWrite(),
      abort: () => this.abort(),
    });
    return this.#writable;
  }

  /** Reads up to `target.length` bytes. Resolves to how many, or null at the end of the stream. Rejects when the connection died. */
  async read(target: Uint8Array): Promise<number | null> {
    if (target.length === 0) return 0;
    for (;;) {
      this.#checkOpen("read");
      const moved = this.connection.read(target, 0, target.length, this.#now());
      if (moved > 0) return moved;
      if (moved === ERR_END_OF_STREAM) return null;
      if (moved < 0) throw this.#errorOf("read", moved);
      await this.#incoming.wait();
    }
  }

  /** Queues bytes of `source`, waiting until at least one finds room. Resolves to how many were taken. */
  async write(source: Uint8Array): Promise<number> {
    if (source.length === 0) return 0;
    for (;;) {
      this.#checkOpen("write");
      const taken = this.connection.write(
        source,
        0,
        source.length,
        this.#now(),
      );
      if (taken > 0) return taken;
      if (taken < 0) throw this.#errorOf("write", taken);
      await this.#outgoing.wait();
    }
  }

  /** Queues all of `source`, waiting for room as often as needed. */
  writeAll(source: Uint8Array): Promise<void> {
    return this.#writeAll(source, "normal");
  }

  /** Closes our direction: a FIN follows the last byte written. Resolves once that is noted, not once it is acknowledged. */
  closeWrite(): Promise<void> {
    const code = this.connection.shutdownSend(this.#now());
    if (code === ERR_ABORTED) {
      return Promise.reject(this.#errorOf("close", code));
    }
    return Promise.resolve();
  }

  /** Resolves when the peer has acknowledged every byte written so far. Rejects when the connection dies first. */
  async flushed(): Promise<void> {
    const t = this.connection.tcb;
    while (t.sndBuf.length > 0) {
      if (t.abortReason !== 0) throw this.#errorOf("flush", ERR_ABORTED);
      await this.#outgoing.wait();
    }
  }

  /** Lets go: what was written is still delivered in the background; unread data resets the connection. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.close(this.#now());
    this.#incoming.wake();
    this.#outgoing.wake();
  }

  /** Ends the connection at once with a RST. */
  abort(): void {
    this.connection.abort(this.#now(), ABORT_LOCAL);
    this.close();
  }

  /** TCP_NODELAY: send small writes at once (RFC 9293 §3.7.4). */
  // deno-lint-ignore synload/plain-syntax -- the shape of Deno.TcpConn
  setNoDelay(noDelay: boolean = true): void {
    this.setOptions({ noDelay });
  }

  /** SO_KEEPALIVE with the stack's times (RFC 9293 §3.8.4). */
  // deno-lint-ignore synload/plain-syntax -- the shape of Deno.TcpConn
  setKeepAlive(keepAlive: boolean = true): void {
    this.setOptions({ keepAlive });
  }

  /** TCP_CORK: hold partial segments back until `false`, at most 200 ms. */
  // deno-lint-ignore synload/plain-syntax -- the shape of Deno.TcpConn
  setCork(cork: boolean = true): void {
    this.setOptions({ cork });
  }

  /** TCP_USER_TIMEOUT in ms: give up when written data stays undelivered so long; 0: the default limits. RFC 5482. */
  setUserTimeout(milliseconds: number): void {
    this.setOptions({ userTimeout: milliseconds });
  }

  /** Changes socket options; those left out stay as they are. Throws RangeError for a value out of range. */
  setOptions(options: TcpSocketOptions): void {
    const checked = connectionOptions("set socket options", options);
    applyOptions(this.connection, checked, this.#now());
  }

  /** Bytes still to be read before the end of the peer's urgent data; 0: none is announced. Urgent bytes stay in the stream (RFC 6093). */
  get urgentAhead(): number {
    const { rcvUrgent, rcvUp, copiedSeq } = this.connection.tcb;
    return rcvUrgent ? Math.max(0, seqSpan(copiedSeq, rcvUp)) : 0;
  }

  /** Queues all of `source`, its last byte being urgent (RFC 9293 §3.8.5). RFC 6093 advises new applications against it. */
  writeUrgent(source: Uint8Array): Promise<void> {
    return this.#writeAll(source, "urgent");
  }

  /** TCP_INFO at this instant, with the Fast Open outcome. */
  info(): TcpInfo {
    return tcpInfo(this.connection.tcb, this.#now());
  }

  /** Resolves when the handshake is complete (or Fast Open data was accepted); rejects when it failed. */
  async established(): Promise<void> {
    while (this.connection.tcb.establishedAt === -Infinity) {
      if (this.connection.abortReason !== 0) {
        throw this.#errorOf("connect", ERR_ABORTED);
      }
      await this.#outgoing.wait();
    }
  }

  /** The stack tells what changed; see `EventSink`. */
  handleEvents(_connection: Connection, events: number, _now: Micros): void {
    if (events & LIVE) this.#incoming.wake();
    if (events & OUTGOING) this.#outgoing.wake();
  }

  /** Same as {@linkcode TcpConn.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@linkcode TcpConn.close}; with the `linger` option it resolves once everything was delivered or the time is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    const t = this.connection.tcb;
    if (t.linger === Infinity) return;
    while (stateIn(t.state, UNDELIVERED)) await this.#outgoing.wait();
  }

  async #writeAll(
    source: Uint8Array,
    kind: "normal" | "urgent",
  ): Promise<void> {
    const connection = this.connection;
    let offset = 0;
    while (offset < source.length) {
      this.#checkOpen("write");
      const left = source.length - offset;
      const taken = kind === "normal"
        ? connection.write(source, offset, left, this.#now())
        : connection.writeUrgent(source, offset, left, this.#now());
      if (taken < 0) throw this.#errorOf("write", taken);
      offset += taken;
      if (offset < source.length) await this.#outgoing.wait();
    }
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    const request = controller.byobRequest!;
    const view = request.view!;
    const target = new Uint8Array(
      view.buffer,
      view.byteOffset,
      view.byteLength,
    );
    const moved = await this.read(target);
    if (moved === null) {
      controller.close();
      request.respond(0);
    } else request.respond(moved);
  }

  #closeIfDone(_side: "read"): void {
    if (this.#writable === null) this.close();
  }

  #checkOpen(action: string): void {
    if (this.#closed) {
      throw this.#context.createError(
        "BadResource",
        `Cannot ${action}: the connection is closed`,
      );
    }
  }

  #errorOf(action: string, code: number): Error {
    const { remote, remotePort } = this.connection.tcb;
    const what = `${action} ${action === "connect" ? "to" : "on"} ${
      hostPort(remote, remotePort)
    }`;
    const make = this.#context.createError;
    return code === ERR_ABORTED
      ? errorOfAbort(make, what, this.connection.abortReason)
      : errorOfCode(make, what, code);
  }

  #now(): Micros {
    return this.#context.clock.now();
  }
}

/** `address:port`, an IPv6 address in brackets. */
export function hostPort(address: IpAddress, port: number): string {
  const text = formatIpAddress(address);
  return address.family === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}

function netAddress(address: IpAddress, port: number): NetAddress {
  return { transport: "tcp", hostname: formatIpAddress(address), port };
}
