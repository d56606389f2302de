/**
 * The stack: devices below, connections above, and the one function that
 * moves everything between them.
 *
 *     poll(now)   1 timers due      2 frames in      3 segments out      4 events
 *
 * `poll` is bounded and says why it stopped. Application code runs only in
 * step 4, when every connection is consistent; what it does there is noted and
 * done in the next round. The stack knows no clock: it is driven by hand in a
 * test and by a host's loop in a program.
 *
 * @module
 */
import { Arena } from "../base/arena.ts";
import type { Counters } from "../base/counters.ts";
import type { Frame } from "../base/frame.ts";
import type { Random } from "../base/ports.ts";
import type { TraceSink } from "../base/trace.ts";
import type { Micros } from "../base/units.ts";
import { IpLayer } from "../ip/layer.ts";
import type { InterfaceOptions } from "../ip/layer.ts";
import { IP_DELIVER, IpPacketIn } from "../ip/packet.ts";
import type { RouteEntry } from "../ip/routes.ts";
import { TX_BUSY } from "../link/device.ts";
import type { LinkDevice } from "../link/device.ts";
import { Loopback } from "../link/loopback.ts";
import { ABORT_STACK_CLOSED } from "../tcp/codes.ts";
import { defaultTcpConfig } from "../tcp/config.ts";
import type { TcpConfig } from "../tcp/config.ts";
import type { Connection, ConnectionOwner } from "../tcp/connection.ts";
import { TcpContext } from "../tcp/context.ts";
import type { Listener } from "../tcp/listener.ts";
import type { Tcb } from "../tcp/tcb.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "../wire/ipv4.ts";
import type { DatagramSocket } from "../udp/socket.ts";
import { TcpLayer } from "./tcp_layer.ts";
import type { ConnectOptions, ListenOptions } from "./tcp_layer.ts";
import { UdpLayer } from "./udp_layer.ts";
import type { DatagramOptions } from "./udp_layer.ts";

/** Nothing is left to do before the deadline or the next frame. */
export const POLL_IDLE = 0;
/** Something was done or is left to do: poll again soon. */
export const POLL_MORE = 1;
/** A device was busy: poll again after a wake or a short while. */
export const POLL_BLOCKED = 2;

/** Bytes of ring and frame memory of a stack unless told otherwise; committed as used. */
const DEFAULT_MEMORY = 256 * 1024 * 1024;

/** How a stack is made. */
export interface StackOptions {
  /** Randomness; a host's must be cryptographically strong. */
  readonly random: Random;
  /** Settings that differ from the defaults. */
  readonly tcp?: Partial<TcpConfig>;
  /** Bound on the memory of all buffers, bytes. Default 256 MiB. */
  readonly memory?: number;
  /** Where structured events go. */
  readonly trace?: TraceSink;
  /** Called when a verb gave the stack something to do: the host wakes its loop. Must not poll. */
  readonly onWork?: () => void;
}

/** Work of a surface above the stack, done at the end of step 4 of each poll. */
export interface StackTask {
  /** When it wants a poll at the latest, µs; `Infinity`: no wish. */
  readonly deadline: Micros;
  /** Does what is due; returns how much, 0 when nothing was. */
  run(now: Micros): number;
  /** The stack closes: every connection has been ended and its owner told. */
  handleClosed(now: Micros): void;
}

/** A TCP/IP stack. */
export class Stack implements ConnectionOwner {
  /** The network layer: interfaces, addresses, routes. */
  readonly ip: IpLayer;
  /** What all connections share: settings, counters, Fast Open cache. */
  readonly tcp: TcpContext;
  /** Called when a verb gave the stack something to do. */
  onWork: (() => void) | null;
  readonly #arena: Arena;
  readonly #layer: TcpLayer;
  readonly #datagrams: UdpLayer;
  readonly #devices: (LinkDevice | null)[] = [];
  readonly #tasks: StackTask[] = [];
  readonly #rx: Frame;
  readonly #packet: IpPacketIn = new IpPacketIn();
  #turn = 0;

  /** A stack with a loopback interface (127.0.0.1, ::1) and nothing else. */
  constructor(options: StackOptions) {
    this.#arena = new Arena(options.memory ?? DEFAULT_MEMORY);
    const config = { ...defaultTcpConfig(), ...options.tcp };
    this.tcp = new TcpContext(config, this.#arena, options.random);
    this.tcp.trace = options.trace ?? null;
    this.onWork = options.onWork ?? null;
    this.ip = new IpLayer({ random: options.random, arena: this.#arena });
    this.#rx = this.#arena.createFrame();
    this.#layer = new TcpLayer(this.tcp, this.ip, this, this.#arena);
    this.#datagrams = new UdpLayer(
      this.ip,
      this.#arena,
      options.random,
      config,
    );
    this.#datagrams.onTouch = () => this.onWork?.();
    this.addDevice(new Loopback(64, this.#arena), {
      name: "lo",
      loopback: true,
      addresses: [
        { address: parseIpAddress("127.0.0.1"), prefixLength: 8 },
        { address: parseIpAddress("::1"), prefixLength: 128 },
      ],
    }, 0);
  }

  /** TCP's counters, by the names of Linux's `nstat`. */
  get tcpCounters(): Counters {
    return this.tcp.counters;
  }

  /** UDP's counters, by the names of Linux's `nstat`. */
  get udpCounters(): Counters {
    return this.#datagrams.context.counters;
  }

  /** All counters at once, as `nstat` lists them: TCP's, IP's and ICMP's, UDP's, and how often each rule of the state machine fired. A new object. */
  counters(): Record<string, number> {
    return {
      ...this.ip.counters.toObject(),
      ...this.tcp.counters.toObject(),
      ...this.udpCounters.toObject(),
      ...this.tcp.rules.toObject(),
    };
  }

  /** Whether a datagram was sent that no device has taken: it waits for one, or for its next hop to be found. */
  get hasUnsentDatagrams(): boolean {
    return this.#datagrams.isSending || this.ip.waitingLength > 0;
  }

  /** Datagram sockets that are open. */
  get datagramSocketCount(): number {
    return this.#datagrams.socketCount;
  }

  /** Connections that exist, in any state. */
  get connectionCount(): number {
    return this.#layer.connectionCount;
  }

  /** Bytes of buffer memory in use. */
  get memoryUsed(): number {
    return this.#arena.used;
  }

  /** When `poll` is to be called at the latest, µs; `Infinity`: only when a frame or a verb comes. */
  get deadline(): Micros {
    let earliest = Math.min(this.ip.deadline, this.#layer.deadline);
    for (const device of this.#devices) {
      if (device !== null) earliest = Math.min(earliest, device.deadline);
    }
    for (const task of this.#tasks) {
      earliest = Math.min(earliest, task.deadline);
    }
    return earliest;
  }

  /** Attaches a device with our addresses on it. Returns the interface's index. */
  addDevice(
    device: LinkDevice,
    options: InterfaceOptions,
    now: Micros,
  ): number {
    const index = this.ip.addInterface(device, options, now);
    this.#devices[index] = device;
    return index;
  }

  /**
   * Detaches a device, which stays open, with its addresses and routes; returns it, or null when there is none.
   *
   * Connections that used it find no route: they end when their timeouts do, or when another device takes the addresses.
   */
  removeDevice(index: number): LinkDevice | null {
    const device = this.#devices[index] ?? null;
    if (device === null) return null;
    this.ip.removeInterface(index);
    this.#devices[index] = null;
    return device;
  }

  /** Adds a route; a gateway of null means the prefix is on the interface's link. */
  addRoute(route: RouteEntry): void {
    this.ip.addRoute(route);
  }

  /** Active open. Returns the connection, or an `ERR_*` when none could be made; what the network says comes as events. */
  connect(options: ConnectOptions, now: Micros): Connection | number {
    return this.#layer.connect(options, now);
  }

  /** Passive open. Returns the listener, or an `ERR_*`. */
  listen(options: ListenOptions): Listener | number {
    return this.#layer.listen(options);
  }

  /** Opens a UDP endpoint. Returns the socket, or an `ERR_*`. */
  openDatagram(options: DatagramOptions = {}): DatagramSocket | number {
    return this.#datagrams.open(options);
  }

  /** Stops a listener; connections that wait to be accepted are reset. */
  closeListener(listener: Listener, now: Micros): void {
    this.#layer.closeListener(listener, now);
  }

  /** Whether `test` holds for any connection's control block. */
  someConnection(test: (t: Tcb) => boolean): boolean {
    return this.#layer.some(test);
  }

  /** Whether a listener or datagram socket has the port at any address. */
  isPortTaken(protocol: "tcp" | "udp", port: number): boolean {
    const layer = protocol === "tcp" ? this.#layer : this.#datagrams;
    return layer.isPortTaken(port);
  }

  /** Has `task` run at the end of every poll from now on. */
  addTask(task: StackTask): void {
    this.#tasks.push(task);
  }

  /** Makes a note that `connection` has something to do. */
  touch(connection: Connection): void {
    this.#layer.touch(connection);
    if (this.onWork !== null) this.onWork();
  }

  /** One bounded round: timers, at most `budget` frames a device, segments out, events. Returns `POLL_*`. */
  poll(now: Micros, budget: number): number {
    if (this.ip.isDue(now)) this.#handleIpTimers(now);
    this.#layer.handleTimers(now);
    let progress = this.#receive(now, budget);
    const ipBusy = this.ip.flush(now) === TX_BUSY;
    const datagrams = this.#datagrams;
    const sent = this.#layer.transmit(now, budget) +
      datagrams.transmit(now, budget);
    let told = this.#layer.deliverEvents(now) + datagrams.deliverEvents(now);
    for (let i = 0; i < this.#tasks.length; i++) {
      told += this.#tasks[i].run(now);
    }
    progress = progress || sent > 0 || told > 0;
    if (progress || this.#layer.hasWork || datagrams.hasWork) return POLL_MORE;
    const isBlocked = this.#layer.isBlocked || datagrams.isBlocked;
    return ipBusy || isBlocked ? POLL_BLOCKED : POLL_IDLE;
  }

  /** Ends every connection (ABORT_STACK_CLOSED) and datagram socket and tells their owners. Devices stay open. */
  close(now: Micros): void {
    this.#layer.closeAll(ABORT_STACK_CLOSED, now);
    this.#datagrams.closeAll();
    this.#layer.transmit(now, 0xffff);
    this.#datagrams.transmit(now, 0xffff);
    this.#layer.deliverEvents(now);
    this.#datagrams.deliverEvents(now);
    for (const task of this.#tasks) task.handleClosed(now);
  }

  /** The network layer's part of step 1; datagrams whose next hop did not answer come back as errors. */
  #handleIpTimers(now: Micros): void {
    this.ip.handleTimers(now);
    const packet = this.#packet;
    while (this.ip.takeUnreachable(packet)) {
      if (packet.protocol === PROTOCOL_UDP) {
        this.#datagrams.receive(packet, now);
      }
    }
  }

  /** Step 2: takes frames from each device in turn, a different one first each time. */
  #receive(now: Micros, budget: number): boolean {
    let progress = false;
    const count = this.#devices.length;
    this.#turn = (this.#turn + 1) % count;
    for (let i = 0; i < count; i++) {
      const index = (this.#turn + i) % count;
      const device = this.#devices[index];
      if (device === null) continue;
      for (let left = budget; left > 0; left--) {
        if (device.receive(this.#rx, now) <= 0) break;
        progress = true;
        this.#deliver(index, now);
      }
    }
    return progress;
  }

  #deliver(index: number, now: Micros): void {
    const packet = this.#packet;
    if (this.ip.receive(this.#rx, index, packet, now) !== IP_DELIVER) return;
    if (packet.protocol === PROTOCOL_TCP) {
      this.#layer.receive(packet, now);
    } else if (packet.protocol === PROTOCOL_UDP) {
      this.#datagrams.receive(packet, now);
    } else if (packet.icmpKind === 0) {
      this.ip.sendProtocolUnreachable(packet, now);
    }
  }
}
