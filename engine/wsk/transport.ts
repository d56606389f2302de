/**
 * What the surface needs of a stack, and nothing more.
 *
 *     WskSend -> write()        engine: segments, timers
 *                                  |
 *     pump <- changed() <----------'   only from the stack's delivery step
 *
 * Verbs act at once and answer with a number; they never call back. Whatever
 * happens later is announced by `changed()`, which means "look again" and
 * carries nothing: the surface compares what it sees with what it did. All
 * announcements, and {@linkcode TransportSink.deliver} after them, come from
 * the stack's delivery step, when every connection is consistent.
 *
 * The unit of ownership is one object per endpoint. A connection that was
 * released or aborted is not touched again; what remains of it (TIME_WAIT,
 * a last retransmission) is the engine's.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { Endpoint } from "./sockaddr.ts";

/** A verb's refusal: the address, or the pair of addresses, is in use. */
export const TRANSPORT_IN_USE: number = -1;
/** A verb's refusal: the address is not one of this host's. */
export const TRANSPORT_NOT_LOCAL: number = -2;
/** A verb's refusal: no route leads to the destination. */
export const TRANSPORT_NO_ROUTE: number = -3;
/** A verb's refusal: no ephemeral port is left. */
export const TRANSPORT_NO_PORT: number = -4;
/** A verb's refusal: memory ran out. */
export const TRANSPORT_NO_MEMORY: number = -5;
/** A verb's refusal: the stack cannot do this. */
export const TRANSPORT_UNSUPPORTED: number = -6;
/** A verb's refusal: a datagram is larger than can be sent. */
export const TRANSPORT_TOO_LARGE: number = -7;
/** A verb's refusal: the stack is gone. */
export const TRANSPORT_DOWN: number = -8;
/** A verb's refusal: sending to a broadcast address was not allowed. */
export const TRANSPORT_DENIED: number = -9;

/** A verb's refusal: the send queue is full; look again after the next change. */
export const TRANSPORT_FULL: number = -10;

/** {@linkcode TransportConnection.phase}: the handshake is under way. */
export const PHASE_CONNECTING = 0;
/** {@linkcode TransportConnection.phase}: the handshake is done, or its data may be read before (RFC 7413). */
export const PHASE_OPEN = 1;
/** {@linkcode TransportConnection.phase}: aborted; `reason` says why. */
export const PHASE_DEAD = 2;

/** {@linkcode TransportConnection.reason}: alive. */
export const REASON_NONE = 0;
/** The SYN was answered by a reset. */
export const REASON_REFUSED = 1;
/** The peer did not answer in time. */
export const REASON_TIMED_OUT = 2;
/** The peer reset the connection. */
export const REASON_RESET = 3;
/** An ICMP error, or the routing table: no way to the network. */
export const REASON_NETWORK_UNREACHABLE = 4;
/** An ICMP error: no way to the host. */
export const REASON_HOST_UNREACHABLE = 5;
/** An ICMP error: the host does not speak TCP. */
export const REASON_PROTOCOL_UNREACHABLE = 6;
/** An ICMP error: nobody at the port. */
export const REASON_PORT_UNREACHABLE = 7;
/** An ICMP error: a filter forbids it. */
export const REASON_PROHIBITED = 8;
/** This side aborted it. */
export const REASON_ABORTED = 9;
/** The stack is gone. */
export const REASON_DOWN = 10;
/** Memory ran out. */
export const REASON_NO_MEMORY = 11;

/** What a socket's options ask of its endpoint. The transport reads it when told to, never keeps it. */
export interface TransportOptions {
  /** Probe idle connections. */
  readonly keepAlive: boolean;
  /** Idle time before the first probe. */
  readonly keepAliveIdle: Micros;
  /** Time between probes. */
  readonly keepAliveInterval: Micros;
  /** Unanswered probes that end the connection. */
  readonly keepAliveCount: number;
  /** Bytes the receive queue may hold; 0: the stack decides. */
  readonly receiveCapacity: number;
  /** Fast Open is allowed, RFC 7413. */
  readonly fastOpen: boolean;
  /** RFC 7323 timestamps may be offered. */
  readonly timestamps: boolean;
  /** How long data may stay unacknowledged; 0: the stack decides. */
  readonly userTimeout: Micros;
  /** An ICMP error ends an attempt to connect. */
  readonly failOnIcmpError: boolean;
  /** First retransmission timeout; 0: the stack decides. */
  readonly initialRto: Micros;
  /** SYN retransmissions; -1: the stack decides. */
  readonly synRetries: number;
  /** TOS octet or traffic class. */
  readonly trafficClass: number;
  /** TTL or hop limit; 0: the stack decides. */
  readonly hopLimit: number;
  /** Datagrams may not be fragmented. */
  readonly dontFragment: boolean;
  /** Datagrams may go to broadcast addresses. */
  readonly broadcast: boolean;
  /** An IPv6 endpoint keeps IPv4 out. */
  readonly v6Only: boolean;
}

/** Told to look again; called from the delivery step only. */
export interface TransportHandler {
  /** Something about the endpoint may have changed. */
  changed(): void;
}

/** What SIO_TCP_INFO reports; filled by the transport. */
export class TransportInfo {
  /** RFC 9293 state in the order of TCPSTATE. */
  state = 0;
  /** Segment size, bytes. */
  mss = 0;
  /** Since the handshake ended. */
  connectedTime: Micros = 0;
  /** Timestamps in use. */
  timestamps = false;
  /** Smoothed round trip. */
  rtt: Micros = 0;
  /** Least round trip. */
  minRtt: Micros = 0;
  /** Bytes. */
  bytesInFlight = 0;
  /** Congestion window, bytes. */
  cwnd = 0;
  /** Peer's window, bytes. */
  sndWnd = 0;
  /** Our window, bytes. */
  rcvWnd = 0;
  /** Receive buffer, bytes. */
  receiveCapacity = 0;
  /** Bytes sent, retransmissions included. */
  bytesOut = 0;
  /** Bytes received. */
  bytesIn = 0;
  /** Bytes received out of order. */
  bytesReordered = 0;
  /** Bytes retransmitted. */
  bytesRetransmitted = 0;
  /** Fast retransmissions. */
  fastRetransmits = 0;
  /** Duplicate acknowledgments. */
  dupAcksIn = 0;
  /** Retransmission timeouts. */
  timeoutEpisodes = 0;
  /** SYN retransmissions. */
  synRetransmits = 0;
}

/** The ICMP error that ended an attempt to connect. */
export interface TransportIcmpError {
  /** Who sent it. */
  readonly source: IpAddress;
  /** ICMP type. */
  readonly type: number;
  /** ICMP code. */
  readonly code: number;
}

/** One TCP connection. */
export interface TransportConnection {
  /** `PHASE_*`. */
  readonly phase: number;
  /** `REASON_*`, when dead. */
  readonly reason: number;
  /** Our end. */
  readonly local: Endpoint;
  /** The other end. */
  readonly remote: Endpoint;
  /** Bytes received in order and not consumed. */
  readonly readable: number;
  /** The last readable byte carried a push, RFC 9293 §3.9.1.2. */
  readonly pushed: boolean;
  /** The peer's FIN follows the readable bytes. */
  readonly finReceived: boolean;
  /** Our FIN is acknowledged. */
  readonly finAcked: boolean;
  /** Bytes written and not acknowledged. */
  readonly unacked: number;
  /** Bytes worth keeping outstanding. */
  readonly idealBacklog: number;
  /** The error that ended the attempt, if the stack kept it. */
  readonly icmpError: TransportIcmpError | null;
  /** Who is told of changes; the next delivery step tells even of older ones. */
  attach(handler: TransportHandler): void;
  /** Applies options that may change on a connection. */
  configure(options: TransportOptions): void;
  /** Appends to the send queue; bytes taken, 0 when full. */
  write(bytes: Uint8Array, offset: number, length: number): number;
  /** Nothing written so far waits for Nagle's algorithm. */
  push(): void;
  /** Copies received bytes, `from` bytes after the first that is not consumed; bytes copied. */
  peek(from: number, out: Uint8Array, offset: number, length: number): number;
  /** Drops received bytes, which opens the window. */
  consume(length: number): void;
  /** No more will be written: the FIN follows the last byte. */
  shutdownSend(): void;
  /** Ends the connection by a reset; no more changes are told. */
  abort(): void;
  /** Lets go of a connection both of whose directions ended, or that is dead. */
  release(): void;
  /** Sends nothing any more, drops everything. */
  silence(): void;
  /** Fills `out`. */
  fillInfo(out: TransportInfo): void;
}

/** A connection request under inspection. */
export interface TransportRequest {
  /** Where the SYN was sent to. */
  readonly local: Endpoint;
  /** Where it came from. */
  readonly remote: Endpoint;
  /** The handshake may proceed. */
  accept(): void;
  /** A reset answers the SYN. */
  reject(): void;
}

/** A connection as a listener hands it out. */
export interface Accepted {
  /** The connection. */
  readonly connection: TransportConnection;
  /** The request it was, when it was inspected. */
  readonly request: TransportRequest | null;
}

/** A listening endpoint. */
export interface TransportListener {
  /** Where it listens. */
  readonly local: Endpoint;
  /** Who is told of changes. */
  attach(handler: TransportHandler): void;
  /** The next established connection, or `null`. */
  next(): Accepted | null;
  /** The next SYN that awaits inspection, or `null`; only on a conditional listener. */
  nextRequest(): TransportRequest | null;
  /** The next inspected request that ended before it was established, or `null`. */
  nextAbort(): TransportRequest | null;
  /** Applies options, to connections to come also. */
  configure(options: TransportOptions): void;
  /** Stops; connections nobody took are reset. */
  close(): void;
}

/** A received datagram. */
export interface TransportDatagram {
  /** Its payload; the receiver's. */
  readonly bytes: Uint8Array;
  /** Who sent it. */
  readonly remote: Endpoint;
  /** Which of our addresses it was sent to. */
  readonly local: IpAddress;
  /** Index of the interface it came in by. */
  readonly interfaceIndex: number;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  /** TOS octet or traffic class. */
  readonly trafficClass: number;
  /** It was sent to a multicast address. */
  readonly isMulticast: boolean;
  /** It was sent to a broadcast address. */
  readonly isBroadcast: boolean;
}

/** A UDP endpoint. */
export interface TransportDatagrams {
  /** Our end. */
  readonly local: Endpoint;
  /** Who is told of changes. */
  attach(handler: TransportHandler): void;
  /** Sends one datagram; its length, or a refusal ({@linkcode TRANSPORT_FULL} among them). `source` overrides the local address. */
  send(
    bytes: Uint8Array,
    remote: Endpoint,
    source: IpAddress | null,
    options: TransportOptions,
  ): number;
  /** The next datagram received, or `null`. */
  receive(): TransportDatagram | null;
  /** Applies options. */
  configure(options: TransportOptions): void;
  /** Stops; queued datagrams are dropped. */
  close(): void;
}

/** Who is told of what concerns no single endpoint. */
export interface TransportSink {
  /** The delivery step: runs what is due. */
  deliver(): void;
  /** The stack came up, or went away for good. */
  readyChanged(): void;
  /** A local address was added or removed. */
  addressesChanged(): void;
}

/** A stack, as the surface sees it. */
export interface WskTransport {
  /** Whether the stack is up. */
  readonly ready: boolean;
  /** The present instant. */
  readonly now: Micros;
  /** Names the one sink. */
  attach(sink: TransportSink): void;
  /** Asks for a delivery step soon. */
  requestDelivery(): void;
  /** Asks for a delivery step at or soon after `at`; replaces the last such wish, `Infinity` withdraws it. */
  setDeadline(at: Micros): void;
  /** All local addresses. */
  addresses(): readonly IpAddress[];
  /** The local address packets to `remote` would leave from, or `null` without a route. */
  sourceFor(remote: IpAddress): IpAddress | null;
  /** A free ephemeral port of `protocol` at `local` that `taken` does not claim, or a refusal. */
  ephemeralPort(
    protocol: number,
    local: IpAddress,
    taken: (port: number) => boolean,
  ): number;
  /** Whether the address is one of this host's. */
  isLocal(address: IpAddress): boolean;
  /** From now on the sink is told when an address comes or goes. */
  watchAddresses(): void;
  /**
   * Opens a connection. `data`, at most 65,535 bytes, is queued before the SYN and taken whole.
   *
   * @returns the connection, or a refusal
   */
  connect(
    local: Endpoint,
    remote: Endpoint,
    data: Uint8Array | null,
    options: TransportOptions,
  ): TransportConnection | number;
  /** Opens a listener with room for `backlog` connections; `inspected`: each SYN awaits a decision. */
  listen(
    local: Endpoint,
    backlog: number,
    options: TransportOptions & { readonly inspected: boolean },
  ): TransportListener | number;
  /** Opens a UDP endpoint. */
  openDatagrams(
    local: Endpoint,
    options: TransportOptions,
  ): TransportDatagrams | number;
}
