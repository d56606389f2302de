/**
 * TCP beneath the applications: opening, closing, and the three parts that do
 * the daily work.
 *
 *     tcp_input    which connection a segment is for
 *     tcp_output   who gets to send next, and who hears of what
 *     tcp_core     the tables they share
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Micros } from "../base/units.ts";
import type { IpLayer } from "../ip/layer.ts";
import type { IpPacketIn } from "../ip/packet.ts";
import {
  ERR_ADDRESS_IN_USE,
  ERR_ADDRESS_NOT_AVAILABLE,
  ERR_NO_MEMORY,
  ERR_NO_ROUTE,
} from "../tcp/codes.ts";
import { Connection } from "../tcp/connection.ts";
import type { ConnectionOwner, EventSink } from "../tcp/connection.ts";
import type { TcpContext } from "../tcp/context.ts";
import { FastOpenQueue } from "../tcp/fast_open_queue.ts";
import type { FastOpenListenOptions } from "../tcp/fast_open_queue.ts";
import { Listener } from "../tcp/listener.ts";
import { applyOptions } from "../tcp/options.ts";
import type { ConnectionOptions } from "../tcp/options.ts";
import { STATE_TIME_WAIT } from "../tcp/state.ts";
import type { Tcb } from "../tcp/tcb.ts";
import { type IpAddress, isUnspecified } from "../wire/ip_address.ts";
import { Entry } from "./connections.ts";
import { LocalPorts } from "./local_ports.ts";
import { adopt, forget, TcpCore } from "./tcp_core.ts";
import { TcpInput } from "./tcp_input.ts";
import { TcpOutput } from "./tcp_output.ts";

/** Connections that a round lets look for memory again. */
const MEMORY_BUDGET = 64;

/** How an active open is made. */
export interface ConnectOptions {
  /** Where to. */
  readonly remote: IpAddress;
  /** Its port, 1..65535. */
  readonly remotePort: number;
  /** Our address; the route's choice when absent. */
  readonly local?: IpAddress;
  /** Our port; an ephemeral one when absent or 0. A port that is named is taken for as long as the connection lives. */
  readonly localPort?: number;
  /** `"reuse"` shares a named port with other connections and listeners that say so; the 4-tuple is unique all the same. Default `"exclusive"`. */
  readonly shared?: "exclusive" | "reuse";
  /**
   * `"fast"`: try Fast Open with the data `setup` queues, which may be delivered
   * twice (RFC 7413 §6.1); `"cookieless"`: the same without a cookie (§7.3).
   * Default `"plain"`.
   */
  readonly mode?: "plain" | "fast" | "cookieless";
  /** Options it starts with. */
  readonly options?: ConnectionOptions;
  /** Who hears of events. */
  readonly sink?: EventSink;
  /** Called before the open, to set options and queue Fast Open data by `connection.tcb.sndBuf`. */
  readonly setup?: (connection: Connection) => void;
}

/** How a passive open is made. */
export interface ListenOptions {
  /** Our address; 0.0.0.0 or `::`: any of that family; absent: any. */
  readonly local?: IpAddress;
  /** Port, 1..65535; 0 chooses an ephemeral one. */
  readonly port: number;
  /** Most connections that wait to be accepted. Default 128. */
  readonly backlog?: number;
  /**
   * Take data in SYNs, RFC 7413. Off when absent. The data may be delivered
   * twice (§6.1): only for applications that may do the same request twice.
   */
  readonly fastOpen?: FastOpenListenOptions;
  /** Options its connections start with. */
  readonly options?: ConnectionOptions;
  /** `"reuse"` shares the port with others that say so. */
  readonly shared?: "exclusive" | "reuse";
}

/** The TCP layer of one stack. */
export class TcpLayer {
  readonly #core: TcpCore;
  readonly #input: TcpInput;
  readonly #output: TcpOutput;
  readonly #localPorts: LocalPorts;

  /** A layer without connections. */
  constructor(
    context: TcpContext,
    ip: IpLayer,
    owner: ConnectionOwner,
    arena: Arena,
  ) {
    this.#core = new TcpCore(context, ip, owner, arena);
    this.#input = new TcpInput(this.#core);
    this.#output = new TcpOutput(this.#core);
    this.#localPorts = new LocalPorts(this.#core);
  }

  /** Connections in any state. */
  get connectionCount(): number {
    return this.#core.table.size;
  }

  /** The earliest deadline of any connection. */
  get deadline(): Micros {
    return this.#core.table.deadline;
  }

  /** Whether something is left to send or to tell. */
  get hasWork(): boolean {
    return this.#output.hasWork || this.#core.context.memoryQueue.isDue;
  }

  /** Whether the device was busy when last asked. */
  get isBlocked(): boolean {
    return this.#output.isBlocked;
  }

  /** See `Stack.connect`. */
  connect(options: ConnectOptions, now: Micros): Connection | number {
    const { remote, remotePort } = options;
    const local = options.local ?? null;
    if (local !== null && !this.#core.ip.isLocal(local)) {
      return ERR_ADDRESS_NOT_AVAILABLE;
    }
    const route = this.#core.ip.routeTo(remote, local);
    if (route === null || route.multicast) return ERR_NO_ROUTE;
    let localPort = options.localPort ?? 0;
    if (localPort === 0) {
      localPort = this.#localPorts.forConnection(route, remotePort);
      if (localPort === 0) return ERR_ADDRESS_NOT_AVAILABLE;
    } else {
      this.#recycle(route.local, localPort, remote, remotePort, now);
      if (this.#core.table.has(route.local, localPort, remote, remotePort)) {
        return ERR_ADDRESS_IN_USE;
      }
    }
    const connection = new Connection(
      this.#core.context,
      this.#core.owner,
      route.local,
      localPort,
      remote,
      remotePort,
      now,
    );
    const entry = new Entry(connection, route, null);
    if (!this.#core.table.add(entry)) return ERR_NO_MEMORY;
    if (!this.#holdPort(entry, options)) {
      this.#core.table.remove(entry);
      return ERR_ADDRESS_IN_USE;
    }
    adopt(entry);
    connection.sink = options.sink ?? null;
    if (options.options !== undefined) {
      applyOptions(connection, options.options, now);
    }
    options.setup?.(connection);
    connection.open(now, options.mode ?? "plain");
    return connection;
  }

  /** See `Stack.listen`. */
  listen(options: ListenOptions): Listener | number {
    const local = options.local ?? null;
    const isAny = local === null || isUnspecified(local);
    if (!isAny && !this.#core.ip.isLocal(local)) {
      return ERR_ADDRESS_NOT_AVAILABLE;
    }
    const port = options.port === 0
      ? this.#localPorts.forListener()
      : options.port;
    if (port === 0) return ERR_ADDRESS_NOT_AVAILABLE;
    if (!this.#core.ports.reserve(local, port, options.shared ?? "exclusive")) {
      return ERR_ADDRESS_IN_USE;
    }
    const listener = new Listener(local, port, options.backlog ?? 128);
    listener.options = options.options ?? null;
    listener.fastOpen = this.#fastOpenQueue(options, listener.backlog);
    this.#core.listeners.add(listener);
    return listener;
  }

  /** See `Stack.closeListener`. */
  closeListener(listener: Listener, now: Micros): void {
    if (listener.closed) return;
    listener.closed = true;
    this.#core.ports.release(listener.local, listener.port);
    this.#core.listeners.remove(listener);
    for (;;) {
      const connection = listener.accept();
      if (connection === null) break;
      connection.close(now);
      connection.abort(now);
    }
    this.#core.table.forEach((entry) => {
      if (entry.listener !== listener) return;
      entry.connection.close(now);
      entry.connection.abort(now);
    });
  }

  /** Whether a listener has the port at any address. */
  isPortTaken(port: number): boolean {
    return this.#core.ports.isTaken(port);
  }

  /** Ends every connection for `reason`. */
  closeAll(reason: number, now: Micros): void {
    for (const listener of this.#core.listeners.all()) {
      this.closeListener(listener, now);
    }
    this.#core.table.forEach((entry) => entry.connection.abort(now, reason));
  }

  /** Whether `test` holds for any connection's control block. */
  some(test: (t: Tcb) => boolean): boolean {
    let found = false;
    this.#core.table.forEach((entry) => {
      found = found || test(entry.connection.tcb);
    });
    return found;
  }

  /** Notes that `connection` is to be looked at in the next round. */
  touch(connection: Connection): void {
    this.#output.touch(connection);
  }

  /** Step 1: fires what is due, and wakes what waited for a neighbour. */
  handleTimers(now: Micros): void {
    const { table } = this.#core;
    for (;;) {
      const entry = table.takeDue(now);
      if (entry === undefined) break;
      if (entry.connection.deadline <= now) entry.connection.handleTimer(now);
      table.schedule(entry);
    }
    this.#output.wakeWaiting();
    this.#serveMemory();
  }

  /** Step 2: takes a packet whose protocol is TCP, or an ICMP error that quotes one. */
  receive(packet: IpPacketIn, now: Micros): void {
    this.#input.receive(packet, now);
  }

  /** Step 3: lets every touched connection send in turn. Returns how many segments left, at most `budget`. */
  transmit(now: Micros, budget: number): number {
    return this.#output.transmit(now, budget);
  }

  /** Step 4: tells owners what changed. Returns how many were told something. */
  deliverEvents(now: Micros): number {
    return this.#output.deliverEvents(now);
  }

  /** Has those look again that found no memory, after some was freed. */
  #serveMemory(): void {
    const { context, table } = this.#core;
    const queue = context.memoryQueue;
    for (let left = MEMORY_BUDGET; left > 0 && queue.isDue; left--) {
      table.get(queue.take().handle)?.connection.handleMemory();
    }
  }

  /** Enters a port the application named in the book; false when it collides there. */
  #holdPort(entry: Entry, options: ConnectOptions): boolean {
    const { localPort = 0, shared = "exclusive" } = options;
    if (localPort === 0) return true;
    entry.holdsPort = this.#core.ports.reserve(
      entry.route.local,
      localPort,
      shared,
    );
    return entry.holdsPort;
  }

  /** RFC 6191 §2: our own TIME-WAIT gives way to a new connection when timestamps tell them apart. */
  #recycle(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    now: Micros,
  ): void {
    if (!this.#core.context.config.timeWaitReuse) return;
    const { w0, w1, w2, w3 } = local;
    const entry = this.#core.table.find(
      w0,
      w1,
      w2,
      w3,
      remote.w0,
      remote.w1,
      remote.w2,
      remote.w3,
      localPort,
      remotePort,
    );
    if (entry === undefined) return;
    const t = entry.connection.tcb;
    if (t.state !== STATE_TIME_WAIT || !t.tsEnabled) return;
    // A second must have passed, so that the timestamp clock has surely ticked.
    if (now - t.tsRecentAt < 1_000_000) return;
    entry.connection.abort(now);
    forget(this.#core, entry);
  }

  /** Linux's TFO_SERVER_WO_SOCKOPT1: bits 0x402 turn Fast Open on for listeners that did not ask. */
  #fastOpenQueue(
    options: ListenOptions,
    backlog: number,
  ): FastOpenQueue | null {
    if (options.fastOpen !== undefined) {
      return new FastOpenQueue(options.fastOpen);
    }
    const everyListener =
      (this.#core.context.config.fastOpen & 0x402) === 0x402;
    return everyListener ? new FastOpenQueue({ queueLimit: backlog }) : null;
  }
}
