/**
 * A UDP endpoint in the shape of `Deno.DatagramConn`.
 *
 * The socket's own verbs wrapped in promises: a `receive` that finds nothing
 * waits for EV_READABLE, a `send` that finds no room for EV_WRITABLE.
 *
 * An endpoint with a peer hears of refusals: an ICMP error about a datagram it
 * sent rejects the next `receive` or `send`, as on a connected socket of any
 * kernel (RFC 1122 §4.1.3.3). One without has them in `socket.takeError()`.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { Stack } from "../stack/stack.ts";
import type { DatagramOptions } from "../stack/udp_layer.ts";
import {
  ICMP_PORT_UNREACHABLE,
  ICMP_PROTOCOL_UNREACHABLE,
  ICMP_TOO_BIG,
} from "../ip/packet.ts";
import { EV_CLOSED, EV_READABLE, EV_WRITABLE } from "../tcp/codes.ts";
import { ERR_CLOSED, ERR_WOULD_BLOCK, EV_ERROR } from "../udp/codes.ts";
import { DatagramInfo } from "../udp/received.ts";
import type { DatagramTarget } from "../udp/received.ts";
import type { DatagramSink, DatagramSocket } from "../udp/socket.ts";
import { formatIpAddress } from "../wire/ip_address.ts";
import { checkPort, parseAddress } from "./address.ts";
import { errorOfCode } from "./errors.ts";
import type { SocketErrorName } from "./errors.ts";
import { Signal } from "./signal.ts";
import { hostPort } from "./tcp_conn.ts";
import type { SocketContext } from "./tcp_conn.ts";

/** A UDP endpoint, as `Deno.NetAddr`. */
export interface DatagramAddress {
  /** Always `"udp"`. */
  readonly transport: "udp";
  /** The address as text. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** Index of the stack's interface, which a link-local, multicast or broadcast `hostname` needs when there are several. Set in what is received. */
  readonly interfaceIndex?: number;
  /** Our address. In what is received: where it was sent; an answer leaves from there. */
  readonly localAddress?: string;
}

/** How to open a UDP endpoint. */
export interface DatagramListenOptions {
  /** Our port; an ephemeral one when absent or 0. */
  readonly port?: number;
  /** A literal address of ours, or a group; absent or `::`: all of both families; `0.0.0.0`: all of IPv4. */
  readonly hostname?: string;
  /** Share address and port with others that say so. */
  readonly reuseAddress?: boolean;
  /** The only peer: what others send is not received, what it refuses is an error. */
  readonly peer?: { readonly hostname: string; readonly port: number };
  /** Whether it may send to broadcast addresses. */
  readonly broadcast?: boolean;
}

/** Membership of a multicast group. */
export interface MulticastMembership {
  /** Leaves the group. */
  leave(): Promise<void>;
  /** Whether what is sent to groups comes back to members on this stack. */
  setLoopback(state: "on" | "off"): Promise<void>;
  /** TTL or hop limit of what is sent to groups, 0..255. */
  setTTL(ttl: number): Promise<void>;
}

const INCOMING = EV_READABLE | EV_ERROR | EV_CLOSED;
const OUTGOING = EV_WRITABLE | EV_ERROR | EV_CLOSED;
const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** A UDP endpoint. Made by `openDatagram` of a network. */
export class DatagramConn
  implements
    DatagramSink,
    AsyncIterable<[Uint8Array<ArrayBuffer>, DatagramAddress]>,
    Disposable {
  /** The socket below, for its options and what else this class does not offer. */
  readonly socket: DatagramSocket;
  readonly #stack: Stack;
  readonly #context: SocketContext;
  readonly #incoming: Signal = new Signal();
  readonly #outgoing: Signal = new Signal();
  readonly #info: DatagramInfo = new DatagramInfo();

  /** Wraps `socket` and becomes its sink. */
  constructor(socket: DatagramSocket, stack: Stack, context: SocketContext) {
    this.socket = socket;
    this.#stack = stack;
    this.#context = context;
    socket.sink = this;
  }

  /** Our endpoint; `::` stands for every address of both families, `0.0.0.0` for every one of IPv4. */
  get addr(): DatagramAddress {
    const { local, localPort, family } = this.socket;
    const any = family === 4 ? "0.0.0.0" : "::";
    const hostname = local === null ? any : formatIpAddress(local);
    return { transport: "udp", hostname, port: localPort };
  }

  /**
   * Resolves to the next datagram and whence it came.
   *
   * @param target where its bytes go, what does not fit being lost; a buffer of its size when absent
   */
  async receive(
    target?: Uint8Array<ArrayBuffer>,
  ): Promise<[Uint8Array<ArrayBuffer>, DatagramAddress]> {
    for (;;) {
      const received = this.#take(target);
      if (received !== null) return received;
      if (this.socket.closed) throw this.#closed("receive");
      this.#throwRefusal("receive");
      await this.#incoming.wait();
    }
  }

  /**
   * Queues one datagram, waiting for room when there is none. Resolves to its length; it has not left then.
   *
   * @param address where it goes; the peer when absent
   */
  async send(source: Uint8Array, address?: DatagramAddress): Promise<number> {
    const to = address === undefined ? null : targetOf(address);
    for (;;) {
      this.#throwRefusal("send");
      const sent = this.socket.send(source, 0, source.length, to);
      if (sent >= 0) return sent;
      if (sent === ERR_CLOSED) throw this.#closed("send");
      if (sent !== ERR_WOULD_BLOCK) throw this.#errorOf(to, sent);
      await this.#outgoing.wait();
    }
  }

  /** Joins an IPv4 group on the interface that has the address `networkInterface`; the first that carries frames when that is 0.0.0.0. Rejects with AddrNotAvailable. */
  joinMulticastV4(
    address: string,
    networkInterface: string,
  ): Promise<MulticastMembership> {
    const own = parseAddress("join a group on", networkInterface);
    const entry = this.#stack.ip.addresses(-1).find(({ address }) =>
      address.equals(own)
    );
    const index = own.w3 === 0 ? this.#firstInterface() : entry?.interfaceIndex;
    return this.#join(address, index ?? -1);
  }

  /** Joins an IPv6 group on the interface of that index; the first that carries frames for 0, which is the loopback's. Rejects with AddrNotAvailable. */
  joinMulticastV6(
    address: string,
    networkInterface: number,
  ): Promise<MulticastMembership> {
    return this.#join(
      address,
      networkInterface === 0 ? this.#firstInterface() : networkInterface,
    );
  }

  /** Frees the port. What was sent still leaves; a `receive` that waits rejects with BadResource. */
  close(): void {
    this.socket.close();
    this.#incoming.wake();
    this.#outgoing.wake();
  }

  /** The datagrams as they come; ends when the endpoint is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<
    [Uint8Array<ArrayBuffer>, DatagramAddress]
  > {
    while (!this.socket.closed) {
      const received = this.#take(undefined);
      if (received !== null) yield received;
      else {
        this.#throwRefusal("receive");
        await this.#incoming.wait();
      }
    }
  }

  /** The stack tells what changed. */
  handleDatagramEvents(
    _socket: DatagramSocket,
    events: number,
    _now: Micros,
  ): void {
    if (events & INCOMING) this.#incoming.wake();
    if (events & OUTGOING) this.#outgoing.wake();
  }

  /** Same as {@linkcode DatagramConn.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #take(
    target: Uint8Array<ArrayBuffer> | undefined,
  ): [Uint8Array<ArrayBuffer>, DatagramAddress] | null {
    const { socket } = this;
    const length = socket.nextLength;
    if (length < 0) return null;
    const into = target ?? (length === 0 ? NO_BYTES : new Uint8Array(length));
    const info = this.#info;
    const copied = socket.receive(into, 0, into.length, info);
    return [into.subarray(0, copied), {
      transport: "udp",
      hostname: formatIpAddress(info.remote),
      port: info.remotePort,
      interfaceIndex: info.interfaceIndex,
      localAddress: formatIpAddress(info.local),
    }];
  }

  #join(group: string, interfaceIndex: number): Promise<MulticastMembership> {
    const address = parseAddress("join", group);
    const { socket } = this;
    const code = socket.joinGroup(address, interfaceIndex);
    if (code < 0) {
      const what = `join ${group}`;
      return Promise.reject(errorOfCode(this.#context.createError, what, code));
    }
    return Promise.resolve({
      leave: () => {
        socket.leaveGroup(address, interfaceIndex);
        return Promise.resolve();
      },
      setLoopback: (state) => {
        socket.multicastLoop = state;
        return Promise.resolve();
      },
      setTTL: (ttl) => {
        socket.multicastHopLimit = ttl;
        return Promise.resolve();
      },
    });
  }

  #firstInterface(): number {
    const { ip } = this.#stack;
    for (let index = 0; index < ip.interfaceCount; index++) {
      if (ip.interfaceAt(index)?.loopback === false) return index;
    }
    return -1;
  }

  /** Throws what the peer, or the way to it, said to a datagram sent before. */
  #throwRefusal(action: string): void {
    const { peer, peerPort } = this.socket;
    if (peer === null) return;
    const error = this.socket.takeError();
    // "Too big" is no refusal: the path MTU is noted and the next one is fragmented.
    if (error === null || error.kind === ICMP_TOO_BIG) return;
    throw this.#context.createError(
      nameOfKind(error.kind),
      `Cannot ${action} on the endpoint of ${
        hostPort(peer, peerPort)
      }: a datagram did not arrive, ICMP type ${error.icmpType} code ${error.icmpCode}`,
    );
  }

  #errorOf(to: DatagramTarget | null, code: number): Error {
    const { peer, peerPort } = this.socket;
    const what = to !== null
      ? `send to ${hostPort(to.remote, to.remotePort)}`
      : peer !== null
      ? `send to ${hostPort(peer, peerPort)}`
      : "send without an address to an endpoint without a peer";
    return errorOfCode(this.#context.createError, what, code);
  }

  #closed(action: string): Error {
    return this.#context.createError(
      "BadResource",
      `Cannot ${action}: the endpoint is closed`,
    );
  }
}

/** Opens an endpoint on `stack`. Throws as `Network.openDatagram`. */
export function openDatagramConn(
  stack: Stack,
  context: SocketContext,
  options: DatagramListenOptions,
): DatagramConn {
  const { hostname, peer } = options;
  const port = options.port ?? 0;
  checkPort("open a datagram endpoint", port, 0);
  const settings: DatagramOptions = {
    port,
    shared: options.reuseAddress === true ? "reuse" : "exclusive",
    ...(hostname === undefined
      ? {}
      : { local: parseAddress("open a datagram endpoint on", hostname) }),
    ...(peer === undefined ? {} : { peer: targetOf(peer) }),
  };
  const socket = stack.openDatagram(settings);
  if (typeof socket === "number") {
    const what = `open a datagram endpoint on port ${port}`;
    throw errorOfCode(context.createError, what, socket);
  }
  if (options.broadcast === true) socket.broadcast = "allowed";
  return new DatagramConn(socket, stack, context);
}

function targetOf(
  address: {
    readonly hostname: string;
    readonly port: number;
    readonly interfaceIndex?: number;
    readonly localAddress?: string;
  },
): DatagramTarget {
  checkPort("send", address.port, 1);
  const { localAddress, interfaceIndex } = address;
  return {
    remote: parseAddress("send to", address.hostname),
    remotePort: address.port,
    local: localAddress === undefined
      ? null
      : parseAddress("send from", localAddress),
    interfaceIndex: interfaceIndex ?? -1,
  };
}

function nameOfKind(kind: number): SocketErrorName {
  const isRefusal = kind === ICMP_PORT_UNREACHABLE ||
    kind === ICMP_PROTOCOL_UNREACHABLE;
  return isRefusal ? "ConnectionRefused" : "NetworkUnreachable";
}
