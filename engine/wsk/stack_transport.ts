/**
 * The transport port over the engine's own stack.
 *
 *     Stack.poll: 1 timers  2 frames  3 segments  4 events -> changed()
 *                                                  `-> task: deliver()
 *
 * The surface runs as the stack's last task: after all events of a round, so
 * that completions and callbacks meet connections in a consistent state, and
 * nothing they do is acted on before the next round. A wish for delivery is a
 * deadline in the past, which keeps the host from sleeping.
 *
 * Listeners and datagram sockets share addresses in the stack's books; who may
 * share with whom is decided by the surface's own table before they are
 * opened.
 *
 * @module
 */
import type { Clock } from "../base/ports.ts";
import { type Micros, NEVER, SECOND } from "../base/units.ts";
import type { Stack, StackTask } from "../stack/stack.ts";
import { ABORT_NONE } from "../tcp/codes.ts";
import type { Connection } from "../tcp/connection.ts";
import { type IpAddress, isUnspecified } from "../wire/ip_address.ts";
import { IPPROTO_TCP } from "./constants.ts";
import type { Endpoint } from "./sockaddr.ts";
import { openSettings, StackConnection } from "./stack_connection.ts";
import { refusalOf } from "./stack_codes.ts";
import { StackDatagrams } from "./stack_datagrams.ts";
import { StackListener } from "./stack_listener.ts";
import {
  TRANSPORT_DOWN,
  TRANSPORT_NO_PORT,
  type TransportConnection,
  type TransportDatagrams,
  type TransportHandler,
  type TransportListener,
  type TransportOptions,
  type TransportSink,
  type WskTransport,
} from "./transport.ts";

/** How often addresses are compared while a client waits for a change. */
const WATCH_INTERVAL: Micros = SECOND;

/** A stack as the surface sees it. */
export class StackTransport implements WskTransport, StackTask {
  /** The stack below. */
  readonly stack: Stack;
  readonly #clock: Clock;
  readonly #noted: Set<TransportHandler> = new Set();
  #sink: TransportSink | null = null;
  #ready = true;
  #requested = false;
  #running = false;
  #deadline: Micros = NEVER;
  #watchAt: Micros = NEVER;
  #known = "";

  /** Joins `stack`, which `clock` drives. */
  constructor(stack: Stack, clock: Clock) {
    this.stack = stack;
    this.#clock = clock;
    stack.addTask(this);
  }

  /** Whether the stack is open. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The present instant. */
  get now(): Micros {
    return this.#clock.now();
  }

  /** When the stack is to be polled for the surface's sake. */
  get deadline(): Micros {
    if (this.#requested) return -Infinity;
    return Math.min(this.#deadline, this.#watchAt);
  }

  /** Names the one sink. */
  attach(sink: TransportSink): void {
    this.#sink = sink;
  }

  /** Asks for a delivery step in the next round. A closed stack has no rounds: then as soon as the present code has ended. */
  requestDelivery(): void {
    if (this.#requested) return;
    this.#requested = true;
    if (!this.#ready) Promise.resolve().then(() => this.run(this.now));
    else if (!this.#running) this.stack.onWork?.();
  }

  /** Asks for a delivery step at `at`. */
  setDeadline(at: Micros): void {
    this.#deadline = at;
    if (!this.#running) this.stack.onWork?.();
  }

  /** Has `handler` told in this or the next delivery step. */
  note(handler: TransportHandler): void {
    this.#noted.add(handler);
    this.requestDelivery();
  }

  /** The surface's turn at the end of a round. */
  run(now: Micros): number {
    if (now >= this.#watchAt) this.#compareAddresses(now);
    if (!this.#requested && now < this.#deadline) return 0;
    this.#requested = false;
    this.#running = true;
    try {
      for (const handler of [...this.#noted]) {
        this.#noted.delete(handler);
        handler.changed();
      }
      this.#requested = false; // what the tellings asked for follows at once
      this.#sink?.deliver();
    } finally {
      this.#running = false;
    }
    return 1;
  }

  /** The stack has closed: every socket dies. */
  handleClosed(_now: Micros): void {
    this.#ready = false;
    this.#requested = false; // a wish the stack will not fulfil any more
    this.#sink?.readyChanged();
    this.#sink?.deliver();
  }

  /** Every local address. */
  addresses(): readonly IpAddress[] {
    const { ip } = this.stack;
    const found: IpAddress[] = [];
    for (let i = 0; i < ip.interfaceCount; i++) {
      for (const { address } of ip.addresses(i)) found.push(address);
    }
    return found;
  }

  /** Whether the address is one of the stack's. */
  isLocal(address: IpAddress): boolean {
    return this.stack.ip.isLocal(address);
  }

  /** Compares addresses from now on, once a second. */
  watchAddresses(): void {
    if (this.#watchAt !== NEVER) return;
    this.#known = this.addresses().join();
    this.#watchAt = this.now + WATCH_INTERVAL;
  }

  /** The address packets to `remote` would leave from. */
  sourceFor(remote: IpAddress): IpAddress | null {
    const route = this.stack.ip.routeTo(remote, null);
    return route === null || route.multicast ? null : route.local;
  }

  /** A free port of the stack's ephemeral range, from a random start (RFC 6056 §3.3.1). */
  ephemeralPort(
    protocol: number,
    _local: IpAddress,
    taken: (port: number) => boolean,
  ): number {
    const { config, random } = this.stack.tcp;
    const { ephemeralFirst, ephemeralLast } = config;
    const count = ephemeralLast - ephemeralFirst + 1;
    const start = (random.int32() >>> 0) % count;
    const layer = protocol === IPPROTO_TCP ? "tcp" : "udp";
    for (let i = 0; i < count; i++) {
      const port = ephemeralFirst + (start + i) % count;
      if (!taken(port) && !this.stack.isPortTaken(layer, port)) return port;
    }
    return TRANSPORT_NO_PORT;
  }

  /** An active open. With Fast Open allowed and data to send, the SYN carries what a known cookie lets it. */
  connect(
    local: Endpoint,
    remote: Endpoint,
    data: Uint8Array | null,
    options: TransportOptions,
  ): TransportConnection | number {
    if (!this.#ready) return TRANSPORT_DOWN;
    const opened = this.stack.connect({
      remote: remote.address,
      remotePort: remote.port,
      local: local.address,
      localPort: local.port,
      mode: options.fastOpen && data !== null ? "fast" : "plain",
      setup: (connection) => prepare(connection, data, options),
    }, this.now);
    if (typeof opened === "number") return refusalOf(opened);
    const connection = new StackConnection(this, opened);
    connection.configure(options);
    return connection;
  }

  /** A passive open. */
  listen(
    local: Endpoint,
    backlog: number,
    options: TransportOptions & { readonly inspected: boolean },
  ): TransportListener | number {
    if (!this.#ready) return TRANSPORT_DOWN;
    const isDual = isUnspecified(local.address) &&
      local.address.family === 6 && !options.v6Only;
    const opened = this.stack.listen({
      ...(isDual ? {} : { local: local.address }),
      port: local.port,
      backlog,
      shared: "reuse",
    });
    if (typeof opened === "number") return refusalOf(opened);
    return new StackListener(this, opened, local, options);
  }

  /** A UDP endpoint. */
  openDatagrams(
    local: Endpoint,
    options: TransportOptions,
  ): TransportDatagrams | number {
    if (!this.#ready) return TRANSPORT_DOWN;
    const opened = this.stack.openDatagram({
      local: local.address,
      port: local.port,
      families: options.v6Only ? "v6-only" : "both",
      shared: "reuse",
    });
    if (typeof opened === "number") return refusalOf(opened);
    return new StackDatagrams(this, opened, local, options);
  }

  #compareAddresses(now: Micros): void {
    this.#watchAt = now + WATCH_INTERVAL;
    const present = this.addresses().join();
    if (present === this.#known) return;
    this.#known = present;
    this.#sink?.addressesChanged();
  }
}

/** Queues the data that goes with or behind the SYN, all of it, before the connection opens. */
function prepare(
  connection: Connection,
  data: Uint8Array | null,
  options: TransportOptions,
): void {
  connection.adjust(openSettings(options));
  if (data === null || connection.abortReason !== ABORT_NONE) return;
  const { sndBuf } = connection.tcb;
  if (sndBuf.limit < data.length) sndBuf.limit = data.length;
  connection.preload(data);
}
