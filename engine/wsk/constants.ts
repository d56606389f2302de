/**
 * The constants of wsk.h and of the address headers it includes.
 *
 * One bit means different things to different functions (0x2 is
 * WSK_FLAG_NODELAY, WSK_FLAG_WAITALL, WSK_FLAG_RELEASE_ASAP and
 * WSK_FLAG_CONNECTION_SOCKET), so the groups below are named after the
 * function whose Flags they belong to. Option and control code numbers are in
 * options.ts.
 *
 * @module
 */

/** The null pointer, so that a body ported from C keeps its word. */
export const NULL = null;
/** C's TRUE. */
export const TRUE = true;
/** C's FALSE. */
export const FALSE = false;

// Address families, socket types, protocols

/** No address family: any. */
export const AF_UNSPEC = 0;

/** IPv4. */
export const AF_INET = 2;

/** IPv6. */
export const AF_INET6 = 23;

/** A byte stream. */
export const SOCK_STREAM = 1;

/** Datagrams. */
export const SOCK_DGRAM = 2;

/** Raw IP packets. */
export const SOCK_RAW = 3;

/** Level of the IPv4 options. */
export const IPPROTO_IP = 0;

/** ICMP. */
export const IPPROTO_ICMP = 1;

/** TCP, and the level of its options. */
export const IPPROTO_TCP = 6;

/** UDP, and the level of its options. */
export const IPPROTO_UDP = 17;

/** Level of the IPv6 options. */
export const IPPROTO_IPV6 = 41;

/** ICMPv6. */
export const IPPROTO_ICMPV6 = 58;

/** Raw IP. */
export const IPPROTO_RAW = 255;

/** Level of the socket options. */
export const SOL_SOCKET = 0xFFFF;

// WskSocket: category

/** WskSocket: a basic socket, for control requests only. */
export const WSK_FLAG_BASIC_SOCKET = 0x00000000;

/** WskSocket: a listening socket. */
export const WSK_FLAG_LISTEN_SOCKET = 0x00000001;

/** WskSocket: a connection-oriented socket. */
export const WSK_FLAG_CONNECTION_SOCKET = 0x00000002;

/** WskSocket: a datagram socket. */
export const WSK_FLAG_DATAGRAM_SOCKET = 0x00000004;

/** WskSocket: a stream socket, which listens or connects. */
export const WSK_FLAG_STREAM_SOCKET = 0x00000008;

// WskSend, WskReceive, WskDisconnect

/** WskSend: urgent data; not supported. */
export const WSK_FLAG_OOB = 0x00000001;

/** WskSend: do not hold this data, or what was queued before it, back for Nagle's algorithm. */
export const WSK_FLAG_NODELAY = 0x00000002;

/** WskReceive: complete when the whole buffer is full. */
export const WSK_FLAG_WAITALL = 0x00000002;

/** WskReceive: discard everything until the connection ends. */
export const WSK_FLAG_DRAIN = 0x00000004;

/** WskDisconnect and WskDisconnectEvent: by a reset. */
export const WSK_FLAG_ABORTIVE = 0x00000001;

// Event callbacks

/** Event callbacks: IRQL is DISPATCH_LEVEL; never set here, there is no IRQL. */
export const WSK_FLAG_AT_DISPATCH_LEVEL = 0x00000008;

/** WskReceiveEvent: the receive buffer runs short, so do not retain the indication for long. */
export const WSK_FLAG_RELEASE_ASAP = 0x00000002;

/** WskReceiveEvent: the data ends where the peer pushed. */
export const WSK_FLAG_ENTIRE_MESSAGE = 0x00000004;

/** EventMask: WskSendBacklogEvent. */
export const WSK_EVENT_SEND_BACKLOG = 0x00000010;

/** EventMask: WskReceiveEvent. */
export const WSK_EVENT_RECEIVE = 0x00000040;

/** EventMask: WskDisconnectEvent. */
export const WSK_EVENT_DISCONNECT = 0x00000080;

/** EventMask: WskReceiveFromEvent. */
export const WSK_EVENT_RECEIVE_FROM = 0x00000100;

/** EventMask: WskAcceptEvent. */
export const WSK_EVENT_ACCEPT = 0x00000200;

/** EventMask: disable the one event it is combined with. */
export const WSK_EVENT_DISABLE = 0x80000000;

// WskReceiveFrom

/** The datagram was cut to the buffer. */
export const MSG_TRUNC = 0x0100;

/** The control information was cut. */
export const MSG_CTRUNC = 0x0200;

/** The datagram was sent to a broadcast address. */
export const MSG_BCAST = 0x0400;

/** The datagram was sent to a multicast address. */
export const MSG_MCAST = 0x0800;

// WskInspectEvent and WskInspectComplete

/** WSK_INSPECT_ACTION: answer the SYN by a reset. */
export const WskInspectReject = 0;

/** WSK_INSPECT_ACTION: let the handshake proceed. */
export const WskInspectAccept = 1;

/** WSK_INSPECT_ACTION: decide later by WskInspectComplete. */
export const WskInspectPend = 2;

/** WSK_INSPECT_ACTION: the number of actions. */
export const WskInspectMax = 3;

// WskControlSocket

/** WSK_CONTROL_SOCKET_TYPE: set a socket option. */
export const WskSetOption = 0;

/** WSK_CONTROL_SOCKET_TYPE: read a socket option. */
export const WskGetOption = 1;

/** WSK_CONTROL_SOCKET_TYPE: perform an I/O control. */
export const WskIoctl = 2;

/** WSK_CONTROL_SOCKET_TYPE: the number of request types. */
export const WskControlMax = 3;

// WskControlClient

/** WskControlClient: which transports there are. */
export const WSK_TRANSPORT_LIST_QUERY = 2;

/** WskControlClient: complete when a transport is added or removed. */
export const WSK_TRANSPORT_LIST_CHANGE = 3;

/** WskControlClient: cache a security descriptor. */
export const WSK_CACHE_SD = 4;

/** WskControlClient: release a cached security descriptor. */
export const WSK_RELEASE_SD = 5;

/** WskControlClient: map transports to TDI devices. */
export const WSK_TDI_DEVICENAME_MAPPING = 6;

/** WskControlClient: enable events on every socket to come. */
export const WSK_SET_STATIC_EVENT_CALLBACKS = 7;

/** WskControlClient: whether TDI filters are bypassed. */
export const WSK_TDI_BEHAVIOR = 8;

/** WSK_TDI_BEHAVIOR: bypass TDI. */
export const WSK_TDI_BEHAVIOR_BYPASS_TDI = 0x00000001;

// Registration

/** WskCaptureProviderNPI: answer at once. */
export const WSK_NO_WAIT = 0;

/** WskCaptureProviderNPI: wait for the provider without bound. */
export const WSK_INFINITE_WAIT = 0xFFFFFFFF;

// WskGetNameInfo and WskGetAddressInfo

/** WskGetNameInfo: only the host part of the name. */
export const NI_NOFQDN = 0x01;

/** WskGetNameInfo: the address in digits. */
export const NI_NUMERICHOST = 0x02;

/** WskGetNameInfo: fail where there is no name. */
export const NI_NAMEREQD = 0x04;

/** WskGetNameInfo: the port in digits. */
export const NI_NUMERICSERV = 0x08;

/** WskGetNameInfo: the service's UDP name. */
export const NI_DGRAM = 0x10;

/** WskGetAddressInfo: without a node name, the unspecified address rather than loopback. */
export const AI_PASSIVE = 0x01;

/** WskGetAddressInfo: fill ai_canonname. */
export const AI_CANONNAME = 0x02;

/** WskGetAddressInfo: the node name is a literal address. */
export const AI_NUMERICHOST = 0x04;

/** WskGetAddressInfo: any name space. */
export const NS_ALL = 0;

/** WskGetAddressInfo: the domain name system. */
export const NS_DNS = 12;

/** What to do with a connection request. */
export type WSK_INSPECT_ACTION = 0 | 1 | 2 | 3;
/** The kind of a WskControlSocket request. */
export type WSK_CONTROL_SOCKET_TYPE = 0 | 1 | 2 | 3;

/** A version number from its two parts. */
export function MAKE_WSK_VERSION(Major: number, Minor: number): number {
  return Major << 8 | Minor & 0xff;
}

/** The major part of a version number. */
export function WSK_MAJOR_VERSION(Version: number): number {
  return Version >>> 8;
}

/** The minor part of a version number. */
export function WSK_MINOR_VERSION(Version: number): number {
  return Version & 0xff;
}
