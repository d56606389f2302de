/**
 * The structures of wsk.h that are not dispatch tables, and those of TCP's ioctls.
 *
 * Structures that a client declares and WSK fills are classes, so that
 * `new TCP_INFO_v0()` stands for the declaration and `sizeof()` knows their
 * size; structures that only travel one way are interfaces, so that an object
 * literal will do.
 *
 * @module
 */
import type { PVOID } from "./c_types.ts";
import type { SOCKADDR } from "./sockaddr.ts";
import type { WSK_BUF } from "./wsk_buf.ts";

/** A module or interface identifier. */
export type NPIID = string;

/** Identifies the WSK interface, in WSK_EVENT_CALLBACK_CONTROL. */
export const NPI_WSK_INTERFACE_ID: NPIID =
  "{2227E803-8D8B-11D4-ABAD-009027719E09}";

/** Data shown to WskReceiveEvent; a list. */
export interface WSK_DATA_INDICATION {
  /** The next piece, or `null`. */
  Next: WSK_DATA_INDICATION | null;
  /** The bytes, in memory of the transport's. */
  Buffer: WSK_BUF;
}

/** A datagram shown to WskReceiveFromEvent; a list. */
export interface WSK_DATAGRAM_INDICATION {
  /** The next datagram, or `null`. */
  Next: WSK_DATAGRAM_INDICATION | null;
  /** The bytes, in memory of the transport's. */
  Buffer: WSK_BUF;
  /** Control messages laid out as CMSGHDR, or `null`. */
  ControlInfo: Uint8Array | null;
  /** Bytes of control messages. */
  ControlInfoLength: number;
  /** Who sent it. */
  RemoteAddress: SOCKADDR;
}

/** Names a connection request under inspection. Compare both members. */
export class WSK_INSPECT_ID {
  /** Names the request among those of its time. */
  Key = 0;
  /** Tells requests of different times with one key apart. */
  SerialNumber = 0;

  /** 16. */
  get cSize(): number {
    return 16;
  }
}

/** Which events to enable or disable. */
export interface WSK_EVENT_CALLBACK_CONTROL {
  /** {@linkcode NPI_WSK_INTERFACE_ID}. */
  NpiId: NPIID;
  /** `WSK_EVENT_*` bits. */
  EventMask: number;
}

/** A transport the provider has. */
export interface WSK_TRANSPORT {
  /** The version of the interface. */
  Version: number;
  /** `SOCK_*`. */
  SocketType: number;
  /** `IPPROTO_*`. */
  Protocol: number;
  /** AF_INET, AF_INET6, or AF_UNSPEC for any. */
  AddressFamily: number;
  /** The transport's module. */
  ProviderId: NPIID;
}

/** Size of a WSK_TRANSPORT in C, bytes. */
export const WSK_TRANSPORT_SIZE = 28;

/** Input of SIO_WSK_REGISTER_EXTENSION. */
export interface WSK_EXTENSION_CONTROL_IN {
  /** The extension. */
  NpiId: NPIID;
  /** The client's context. */
  ClientContext: PVOID;
  /** The client's functions. */
  ClientDispatch: PVOID;
}

/** Output of SIO_WSK_REGISTER_EXTENSION. */
export interface WSK_EXTENSION_CONTROL_OUT {
  /** The provider's context. */
  ProviderContext: PVOID;
  /** The provider's functions. */
  ProviderDispatch: PVOID;
}

/** One transport's TDI device. */
export interface WSK_TDI_MAP {
  /** `SOCK_*`. */
  SocketType: number;
  /** `AF_*`. */
  AddressFamily: number;
  /** `IPPROTO_*`. */
  Protocol: number;
  /** The device's name. */
  TdiDeviceName: string;
}

/** Input of WSK_TDI_DEVICENAME_MAPPING. */
export interface WSK_TDI_MAP_INFO {
  /** Entries of `Map`. */
  ElementCount: number;
  /** The entries. */
  Map: readonly WSK_TDI_MAP[];
}

/** A security descriptor; opaque. */
export interface SECURITY_DESCRIPTOR {
  /** Whether other owners may share an address guarded by it; false unless given. */
  readonly allowsSharing?: boolean;
}

/** A process or thread; opaque, compared by identity. */
export type PEPROCESS = object;
/** A thread; opaque. */
export type PETHREAD = object;

/** The result of SIO_ADDRESS_LIST_QUERY, and input and output of SIO_ADDRESS_LIST_SORT. */
export class SOCKET_ADDRESS_LIST {
  /** Entries of `Address`. */
  iAddressCount = 0;
  /** The addresses. */
  Address: { lpSockaddr: SOCKADDR; iSockaddrLength: number }[] = [];
}

/** Input of SIO_KEEPALIVE_VALS. */
export interface TCP_KEEPALIVE_VALS {
  /** Not 0: probe. */
  onoff: number;
  /** Idle time before the first probe, milliseconds. */
  keepalivetime: number;
  /** Time between probes, milliseconds. */
  keepaliveinterval: number;
}

/** Input of SIO_TCP_INITIAL_RTO. */
export interface TCP_INITIAL_RTO_PARAMETERS {
  /** First retransmission timeout, milliseconds; 0xFFFF: the default. */
  Rtt: number;
  /** SYN retransmissions; 0xFF: the default, 0xFE: none. */
  MaxSynRetransmissions: number;
}

/** Output of TCP_ICMP_ERROR_INFO. */
export class ICMP_ERROR_INFO {
  /** Who sent the ICMP error. */
  srcaddress: SOCKADDR | null = null;
  /** IPPROTO_ICMP or IPPROTO_ICMPV6. */
  protocol = 0;
  /** The message's type. */
  type = 0;
  /** The message's code. */
  code = 0;

  /** 36. */
  get cSize(): number {
    return 36;
  }
}

/** Output of SIO_TCP_INFO, version 0. All members are bytes, counts or the unit in their name. */
export class TCP_INFO_v0 {
  /** TCPSTATE: 0 CLOSED, 1 LISTEN, ... 10 TIME_WAIT. */
  State = 0;
  /** Segment size. */
  Mss = 0;
  /** Since the handshake ended. */
  ConnectionTimeMs = 0;
  /** RFC 7323 timestamps are in use. */
  TimestampsEnabled = false;
  /** Smoothed round trip. */
  RttUs = 0;
  /** Least round trip. */
  MinRttUs = 0;
  /** Sent and not acknowledged. */
  BytesInFlight = 0;
  /** Congestion window. */
  Cwnd = 0;
  /** The peer's window. */
  SndWnd = 0;
  /** Our window. */
  RcvWnd = 0;
  /** Our receive buffer. */
  RcvBuf = 0;
  /** Sent, retransmissions included. */
  BytesOut = 0;
  /** Received. */
  BytesIn = 0;
  /** Received out of order. */
  BytesReordered = 0;
  /** Retransmitted. */
  BytesRetrans = 0;
  /** Fast retransmissions. */
  FastRetrans = 0;
  /** Duplicate acknowledgments received. */
  DupAcksIn = 0;
  /** Retransmission timeouts. */
  TimeoutEpisodes = 0;
  /** SYN retransmissions. */
  SynRetrans = 0;

  /** 88. */
  get cSize(): number {
    return 88;
  }
}
