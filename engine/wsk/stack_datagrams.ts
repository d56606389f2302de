/**
 * One of the engine's datagram sockets behind the transport port.
 *
 * @module
 */
import {
  DATAGRAM_BROADCAST,
  DATAGRAM_MULTICAST,
  DatagramInfo,
} from "../udp/received.ts";
import type { DatagramSink, DatagramSocket } from "../udp/socket.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { Endpoint } from "./sockaddr.ts";
import { refusalOf } from "./stack_codes.ts";
import type { StackTransport } from "./stack_transport.ts";
import type {
  TransportDatagram,
  TransportDatagrams,
  TransportHandler,
  TransportOptions,
} from "./transport.ts";

/** A datagram socket of the engine's. */
export class StackDatagrams implements TransportDatagrams, DatagramSink {
  /** Our end. */
  readonly local: Endpoint;
  readonly #transport: StackTransport;
  readonly #socket: DatagramSocket;
  readonly #info: DatagramInfo = new DatagramInfo();
  #handler: TransportHandler | null = null;

  /** Takes over `socket`. */
  constructor(
    transport: StackTransport,
    socket: DatagramSocket,
    local: Endpoint,
    options: TransportOptions,
  ) {
    this.#transport = transport;
    this.#socket = socket;
    this.local = local;
    socket.sink = this;
    this.configure(options);
  }

  /** Names who is told. */
  attach(handler: TransportHandler): void {
    this.#handler = handler;
    this.#transport.note(handler);
  }

  /** The engine's events: look again. */
  handleDatagramEvents(): void {
    this.#handler?.changed();
  }

  /** Queues a datagram. */
  send(
    bytes: Uint8Array,
    remote: Endpoint,
    source: IpAddress | null,
    _options: TransportOptions,
  ): number {
    const sent = this.#socket.send(bytes, 0, bytes.length, {
      remote: remote.address,
      remotePort: remote.port,
      local: source,
    });
    return sent < 0 ? refusalOf(sent) : sent;
  }

  /** The next datagram, in memory of its own. */
  receive(): TransportDatagram | null {
    const socket = this.#socket;
    const length = socket.nextLength;
    if (length < 0) return null;
    const info = this.#info;
    const bytes = new Uint8Array(length);
    socket.receive(bytes, 0, length, info);
    return {
      bytes,
      remote: { address: info.remote, port: info.remotePort },
      local: info.local,
      interfaceIndex: info.interfaceIndex,
      hopLimit: info.hopLimit,
      trafficClass: info.trafficClass,
      isMulticast: (info.flags & DATAGRAM_MULTICAST) !== 0,
      isBroadcast: (info.flags & DATAGRAM_BROADCAST) !== 0,
    };
  }

  /** Applies options. */
  configure(options: TransportOptions): void {
    const socket = this.#socket;
    socket.hopLimit = options.hopLimit;
    socket.trafficClass = options.trafficClass;
    socket.fragmentation = options.dontFragment ? "never" : "path";
    socket.broadcast = options.broadcast ? "allowed" : "denied";
    if (options.receiveCapacity > 0) {
      socket.receiveLimit = options.receiveCapacity;
    }
  }

  /** Frees the port. */
  close(): void {
    this.#socket.sink = null;
    this.#socket.close();
  }
}
