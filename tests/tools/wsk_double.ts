/**
 * A stack that is none: the transport port of the Winsock Kernel surface over
 * plain arrays, for tests of the surface alone.
 *
 * Nothing moves until `run()` or `step()`. Connections are pairs in one
 * transport; a test decides whether handshakes proceed (`hold`), whether bytes
 * are carried (`frozen`), and what becomes of a SYN that nobody listens for.
 *
 * @module
 */
import type { Micros } from "../../engine/base/units.ts";
import {
  type IpAddress,
  isUnspecified,
  parseIpAddress,
} from "../../engine/wire/ip_address.ts";
import type { Endpoint } from "../../engine/wsk/sockaddr.ts";
import * as T from "../../engine/wsk/transport.ts";

const SEND_CAPACITY = 65_536;
const RECEIVE_CAPACITY = 65_536;

/** A transport of arrays. */
export class DoubleTransport implements T.WskTransport {
  ready = true;
  now: Micros = 0;
  deadline: Micros = Infinity;
  /** Handshakes stand still. */
  hold = false;
  /** Bytes and FINs stand still. */
  frozen = false;
  /** What a SYN to a port without listener ends in. */
  noListener: number = T.REASON_REFUSED;
  /** The ICMP error such an attempt reports. */
  icmpError: T.TransportIcmpError | null = null;
  /** Answer of every `connect`, when not 0. */
  connectRefusal = 0;
  /** Datagrams a step carries; sends find the queue full beyond it. */
  datagramRoom = Infinity;
  /** Ephemeral ports still to be had. */
  portsLeft = Infinity;
  /** Destinations without a route. */
  readonly unroutable: string[] = [];
  readonly foreign = new Set<number>();
  local = ["127.0.0.1", "10.0.0.1", "10.0.0.2", "::1", "fd00::1"].map(
    parseIpAddress,
  );
  readonly connections = new Set<DoubleConnection>();
  readonly listeners = new Set<DoubleListener>();
  readonly sockets = new Set<DoubleDatagrams>();
  #sink: T.TransportSink | null = null;
  #requested = false;
  #port = 50_000;

  attach(sink: T.TransportSink): void {
    this.#sink = sink;
  }

  requestDelivery(): void {
    this.#requested = true;
  }

  setDeadline(at: Micros): void {
    this.deadline = at;
  }

  addresses(): readonly IpAddress[] {
    return this.local;
  }

  sourceFor(remote: IpAddress): IpAddress | null {
    if (this.unroutable.some((text) => parseIpAddress(text).equals(remote))) {
      return null;
    }
    return this.local.find((a) => a.family === remote.family) ?? null;
  }

  ephemeralPort(
    _protocol: number,
    _local: IpAddress,
    taken: (port: number) => boolean,
  ): number {
    if (this.portsLeft-- <= 0) return T.TRANSPORT_NO_PORT;
    for (let i = 0; i < 10_000; i++) {
      const port = 50_000 + (this.#port++ % 10_000);
      if (!taken(port)) return port;
    }
    return T.TRANSPORT_NO_PORT;
  }

  isLocal(address: IpAddress): boolean {
    return this.local.some((mine) => mine.equals(address));
  }

  watchAddresses(): void {}

  connect(
    local: Endpoint,
    remote: Endpoint,
    data: Uint8Array | null,
    options: T.TransportOptions,
  ): T.TransportConnection | number {
    if (this.connectRefusal !== 0) return this.connectRefusal;
    for (const other of this.connections) {
      if (other.isBetween(local, remote)) return T.TRANSPORT_IN_USE;
    }
    const connection = new DoubleConnection(this, local, remote, options);
    if (data !== null) connection.queue(data);
    connection.synOwed = true;
    connection.synData = options.fastOpen && data !== null;
    return connection;
  }

  listen(
    local: Endpoint,
    backlog: number,
    options: T.TransportOptions & { readonly inspected: boolean },
  ): T.TransportListener | number {
    if (this.foreign.has(local.port)) return T.TRANSPORT_IN_USE;
    return new DoubleListener(this, local, backlog, options);
  }

  openDatagrams(
    local: Endpoint,
    _options: T.TransportOptions,
  ): T.TransportDatagrams | number {
    return new DoubleDatagrams(this, local);
  }

  /** Steps until nothing moves any more. */
  run(): void {
    for (let i = 0; i < 200; i++) if (!this.step()) return;
    throw new Error("the double does not come to rest");
  }

  /** One round: handshakes, bytes, then the delivery step. Whether anything moved. */
  step(): boolean {
    const requested = this.#requested;
    this.#requested = false;
    let moved = this.#handshakes();
    if (!this.frozen) {
      for (const c of this.connections) moved = c.carry() || moved;
    }
    for (const s of this.sockets) moved = s.carry() || moved;
    const due = this.now >= this.deadline;
    if (moved || requested || due) {
      for (const c of this.connections) c.tell();
      for (const l of this.listeners) l.tell();
      for (const s of this.sockets) s.tell();
      this.#requested = false; // what the tellings asked for follows at once
      this.#sink?.deliver();
    }
    return moved || requested || due || this.#requested;
  }

  /** Lets time pass, then runs. */
  advance(time: Micros): void {
    this.now += time;
    this.run();
  }

  /** The stack goes away, or comes up. */
  setReady(ready: boolean): void {
    this.ready = ready;
    this.#sink?.readyChanged();
    this.run();
  }

  /** A local address comes. */
  addAddress(text: string): void {
    this.local = [...this.local, parseIpAddress(text)];
    this.#sink?.addressesChanged();
    this.run();
  }

  listenerFor(to: Endpoint): DoubleListener | undefined {
    return [...this.listeners].find((l) =>
      l.local.port === to.port &&
      (isUnspecified(l.local.address) || l.local.address.equals(to.address))
    );
  }

  #handshakes(): boolean {
    let moved = false;
    if (this.hold) return false;
    for (const c of [...this.connections]) {
      if (!c.synOwed || c.phase !== T.PHASE_CONNECTING) continue;
      c.synOwed = false;
      moved = true;
      const listener = this.listenerFor(c.remote);
      if (listener === undefined) {
        c.icmpError = this.icmpError;
        c.die(this.noListener);
      } else listener.arrive(c);
    }
    return moved;
  }
}

/** One end of a connection. */
export class DoubleConnection implements T.TransportConnection {
  phase: number = T.PHASE_CONNECTING;
  reason: number = T.REASON_NONE;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  pushed = false;
  finReceived = false;
  finAcked = false;
  idealBacklog = 65_536;
  icmpError: T.TransportIcmpError | null = null;
  synOwed = false;
  synData = false;
  peer: DoubleConnection | null = null;
  pushes = 0;
  silent = false;
  aborts = 0;
  options: T.TransportOptions;
  readonly #transport: DoubleTransport;
  #out: number[] = [];
  #in: number[] = [];
  #fin = false;
  #handler: T.TransportHandler | null = null;
  #gone = false;

  constructor(
    transport: DoubleTransport,
    local: Endpoint,
    remote: Endpoint,
    options: T.TransportOptions,
  ) {
    this.#transport = transport;
    this.local = local;
    this.remote = remote;
    this.options = options;
    transport.connections.add(this);
  }

  get readable(): number {
    return this.#in.length;
  }

  get unacked(): number {
    return this.#out.length;
  }

  get room(): number {
    const capacity = this.options.receiveCapacity || RECEIVE_CAPACITY;
    return Math.max(0, capacity - this.#in.length);
  }

  isBetween(local: Endpoint, remote: Endpoint): boolean {
    return this.local.port === local.port && this.remote.port === remote.port &&
      this.local.address.equals(local.address) &&
      this.remote.address.equals(remote.address);
  }

  attach(handler: T.TransportHandler): void {
    this.#handler = handler;
    this.#transport.requestDelivery();
  }

  configure(options: T.TransportOptions): void {
    this.options = { ...options };
  }

  queue(data: Uint8Array): void {
    this.#out.push(...data);
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    const room = Math.max(0, SEND_CAPACITY - this.#out.length);
    const taken = Math.min(length, room);
    for (let i = 0; i < taken; i++) this.#out.push(bytes[offset + i]);
    if (taken > 0) this.#transport.requestDelivery();
    return taken;
  }

  push(): void {
    this.pushes++;
  }

  peek(from: number, out: Uint8Array, offset: number, length: number): number {
    const count = Math.max(0, Math.min(length, this.#in.length - from));
    for (let i = 0; i < count; i++) out[offset + i] = this.#in[from + i];
    return count;
  }

  consume(length: number): void {
    if (length > this.#in.length) throw new Error("consumed too much");
    this.#in.splice(0, length);
    this.#transport.requestDelivery();
  }

  shutdownSend(): void {
    this.#fin = true;
    this.#transport.requestDelivery();
  }

  abort(): void {
    if (this.#gone) throw new Error("aborted twice");
    this.aborts++;
    this.peer?.die(T.REASON_RESET);
    this.#leave();
  }

  release(): void {
    if (this.#gone) throw new Error("released twice");
    this.#leave();
  }

  silence(): void {
    this.silent = true;
  }

  fillInfo(out: T.TransportInfo): void {
    out.state = 4;
    out.mss = 1460;
    out.bytesOut = 7;
    out.connectedTime = 5_000;
  }

  /** The connection ends out of order. */
  die(reason: number): void {
    if (this.phase === T.PHASE_DEAD) return;
    this.phase = T.PHASE_DEAD;
    this.reason = reason;
    this.#out = [];
    this.#in = [];
    this.#transport.requestDelivery();
  }

  /** The handshake ends. */
  open(): void {
    this.phase = T.PHASE_OPEN;
  }

  carry(): boolean {
    const { peer } = this;
    if (this.phase !== T.PHASE_OPEN || peer === null || this.silent) {
      return false;
    }
    const count = Math.min(this.#out.length, peer.room);
    if (count > 0) {
      const bytes = this.#out.splice(0, count);
      if (!peer.silent) peer.#in.push(...bytes);
    }
    const fin = this.#fin && this.#out.length === 0 && !this.finAcked;
    if (fin) {
      this.finAcked = true;
      peer.finReceived = true;
    }
    return count > 0 || fin;
  }

  tell(): void {
    if (!this.#gone) this.#handler?.changed();
  }

  #leave(): void {
    this.#gone = true;
    this.#transport.connections.delete(this);
    this.#transport.requestDelivery();
  }
}

interface Pending extends T.TransportRequest {
  readonly client: DoubleConnection;
  accepted: boolean;
}

/** A listener. */
export class DoubleListener implements T.TransportListener {
  readonly local: Endpoint;
  options: T.TransportOptions;
  readonly #transport: DoubleTransport;
  readonly #backlog: number;
  readonly #inspected: boolean;
  #handler: T.TransportHandler | null = null;
  #ready: T.Accepted[] = [];
  #requests: Pending[] = [];
  #unseen: Pending[] = [];
  #aborted: Pending[] = [];

  constructor(
    transport: DoubleTransport,
    local: Endpoint,
    backlog: number,
    options: T.TransportOptions & { readonly inspected: boolean },
  ) {
    this.#transport = transport;
    this.local = local;
    this.#backlog = backlog;
    this.options = options;
    this.#inspected = options.inspected;
    transport.listeners.add(this);
  }

  attach(handler: T.TransportHandler): void {
    this.#handler = handler;
  }

  configure(options: T.TransportOptions): void {
    this.options = { ...options };
  }

  next(): T.Accepted | null {
    return this.#ready.shift() ?? null;
  }

  nextRequest(): T.TransportRequest | null {
    return this.#unseen.shift() ?? null;
  }

  nextAbort(): T.TransportRequest | null {
    return this.#aborted.shift() ?? null;
  }

  close(): void {
    this.#transport.listeners.delete(this);
    for (const { connection } of this.#ready.splice(0)) connection.abort();
    for (const { client } of this.#requests.splice(0)) {
      client.die(T.REASON_REFUSED);
    }
  }

  tell(): void {
    const gone = this.#requests.filter((r) =>
      !this.#transport.connections.has(r.client) ||
      r.client.phase === T.PHASE_DEAD
    );
    for (const request of gone) {
      this.#drop(request);
      this.#aborted.push(request);
    }
    this.#handler?.changed();
  }

  /** A SYN. */
  arrive(client: DoubleConnection): void {
    if (!this.#inspected) {
      if (this.#ready.length < this.#backlog) this.#establish(client, null);
      return;
    }
    const request: Pending = {
      client,
      accepted: false,
      local: client.remote,
      remote: client.local,
      accept: () => {
        if (!this.#drop(request)) return;
        this.#establish(client, request);
        this.#transport.requestDelivery();
      },
      reject: () => {
        this.#drop(request);
        client.die(T.REASON_REFUSED);
      },
    };
    this.#requests.push(request);
    this.#unseen.push(request);
  }

  #drop(request: Pending): boolean {
    const at = this.#requests.indexOf(request);
    if (at >= 0) this.#requests.splice(at, 1);
    return at >= 0;
  }

  #establish(client: DoubleConnection, request: Pending | null): void {
    const server = new DoubleConnection(
      this.#transport,
      client.remote,
      client.local,
      this.options,
    );
    server.peer = client;
    client.peer = server;
    server.open();
    client.open();
    this.#ready.push({ connection: server, request });
  }
}

/** A UDP endpoint. */
export class DoubleDatagrams implements T.TransportDatagrams {
  readonly local: Endpoint;
  readonly #transport: DoubleTransport;
  #handler: T.TransportHandler | null = null;
  #in: T.TransportDatagram[] = [];
  #out: { to: Endpoint; datagram: T.TransportDatagram }[] = [];

  constructor(transport: DoubleTransport, local: Endpoint) {
    this.#transport = transport;
    this.local = local;
    transport.sockets.add(this);
  }

  attach(handler: T.TransportHandler): void {
    this.#handler = handler;
  }

  configure(): void {}

  send(
    bytes: Uint8Array,
    remote: Endpoint,
    source: IpAddress | null,
    options: T.TransportOptions,
  ): number {
    if (bytes.length > 65_507) return T.TRANSPORT_TOO_LARGE;
    if (this.#out.length >= this.#transport.datagramRoom) {
      return T.TRANSPORT_FULL;
    }
    const from = this.#transport.sourceFor(remote.address);
    if (from === null) return T.TRANSPORT_NO_ROUTE;
    const address = source ??
      (isUnspecified(this.local.address) ? from : this.local.address);
    this.#out.push({
      to: remote,
      datagram: {
        bytes: bytes.slice(),
        remote: { address, port: this.local.port },
        local: remote.address,
        interfaceIndex: 1,
        hopLimit: options.hopLimit || 64,
        trafficClass: options.trafficClass,
        isMulticast: false,
        isBroadcast: false,
      },
    });
    this.#transport.requestDelivery();
    return bytes.length;
  }

  receive(): T.TransportDatagram | null {
    return this.#in.shift() ?? null;
  }

  close(): void {
    this.#transport.sockets.delete(this);
  }

  carry(): boolean {
    const moved = this.#out.length > 0;
    for (const { to, datagram } of this.#out.splice(0)) {
      for (const socket of this.#transport.sockets) {
        const { local } = socket;
        const isFor = local.port === to.port &&
          (isUnspecified(local.address) || local.address.equals(to.address));
        if (isFor) socket.#in.push(datagram);
      }
    }
    return moved;
  }

  tell(): void {
    this.#handler?.changed();
  }
}
