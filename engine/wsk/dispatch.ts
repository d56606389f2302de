/**
 * The types of the dispatch tables: what can be called, in the order of wsk.h.
 *
 *     client                      provider
 *     WSK_CLIENT_DISPATCH         WSK_PROVIDER_DISPATCH             the client object
 *     -                           WSK_PROVIDER_BASIC_DISPATCH       basic socket
 *     WSK_CLIENT_LISTEN_...       WSK_PROVIDER_LISTEN_DISPATCH      listening socket
 *     WSK_CLIENT_DATAGRAM_...     WSK_PROVIDER_DATAGRAM_DISPATCH    datagram socket
 *     WSK_CLIENT_CONNECTION_...   WSK_PROVIDER_CONNECTION_DISPATCH  connection-oriented socket
 *     WSK_CLIENT_STREAM_...       WSK_PROVIDER_STREAM_DISPATCH      stream socket
 *
 * The unnamed member WSK_PROVIDER_BASIC_DISPATCH of each socket table is
 * flattened: WskControlSocket and WskCloseSocket come first in all of them.
 * Note that the stream table has an order of its own.
 *
 * @module
 */
import type { POINTER, PVOID, UNICODE_STRING } from "./c_types.ts";
import type {
  WSK_CONTROL_SOCKET_TYPE,
  WSK_INSPECT_ACTION,
} from "./constants.ts";
import type { IRP } from "./irp.ts";
import type { ADDRINFOEXW } from "./address_info.ts";
import type { NTSTATUS } from "./status.ts";
import type { SOCKADDR } from "./sockaddr.ts";
import type {
  PEPROCESS,
  PETHREAD,
  SECURITY_DESCRIPTOR,
  WSK_DATA_INDICATION,
  WSK_DATAGRAM_INDICATION,
  WSK_INSPECT_ID,
} from "./structures.ts";
import type { WSK_BUF, WSK_BUF_LIST } from "./wsk_buf.ts";

/** A socket: a pointer to its functions, and an opaque rest. */
export interface WSK_SOCKET {
  /** The table of the socket's category; cast it to that table's type. */
  readonly Dispatch: WSK_PROVIDER_SOCKET_DISPATCH;
}

/** An attachment to the provider; opaque. */
export interface WSK_CLIENT {
  /** Never present at run time; tells a client from any other object. */
  readonly WSK_CLIENT: true;
}

/** Any socket's table. */
export type WSK_PROVIDER_SOCKET_DISPATCH =
  | WSK_PROVIDER_BASIC_DISPATCH
  | WSK_PROVIDER_LISTEN_DISPATCH
  | WSK_PROVIDER_DATAGRAM_DISPATCH
  | WSK_PROVIDER_CONNECTION_DISPATCH
  | WSK_PROVIDER_STREAM_DISPATCH;

/** Any client's table for the sockets of one category. */
export type WSK_CLIENT_SOCKET_DISPATCH =
  | WSK_CLIENT_LISTEN_DISPATCH
  | WSK_CLIENT_DATAGRAM_DISPATCH
  | WSK_CLIENT_CONNECTION_DISPATCH
  | WSK_CLIENT_STREAM_DISPATCH;

// Client object

/** Notifies a client; no event types exist, so it is never called. */
export type PFN_WSK_CLIENT_EVENT = (
  ClientContext: PVOID,
  EventType: number,
  Information: PVOID,
  InformationLength: number,
) => NTSTATUS;

/** What a client registers. */
export interface WSK_CLIENT_DISPATCH {
  /** The version it was written for, MAKE_WSK_VERSION(1, 0). */
  readonly Version: number;
  /** 0. */
  readonly Reserved: number;
  /** Its event function, or `null`. */
  readonly WskClientEvent: PFN_WSK_CLIENT_EVENT | null;
}

/** Creates a socket; IoStatus.Information is the WSK_SOCKET. */
export type PFN_WSK_SOCKET = (
  Client: WSK_CLIENT,
  AddressFamily: number,
  SocketType: number,
  Protocol: number,
  Flags: number,
  SocketContext: PVOID,
  Dispatch: WSK_CLIENT_SOCKET_DISPATCH | null,
  OwningProcess: PEPROCESS | null,
  OwningThread: PETHREAD | null,
  SecurityDescriptor: SECURITY_DESCRIPTOR | null,
  Irp: IRP,
) => NTSTATUS;

/** Creates, binds and connects a connection-oriented socket; IoStatus.Information is the WSK_SOCKET. */
export type PFN_WSK_SOCKET_CONNECT = (
  Client: WSK_CLIENT,
  SocketType: number,
  Protocol: number,
  LocalAddress: SOCKADDR,
  RemoteAddress: SOCKADDR,
  Flags: number,
  SocketContext: PVOID,
  Dispatch: WSK_CLIENT_CONNECTION_DISPATCH | null,
  OwningProcess: PEPROCESS | null,
  OwningThread: PETHREAD | null,
  SecurityDescriptor: SECURITY_DESCRIPTOR | null,
  Irp: IRP,
) => NTSTATUS;

/** Controls what is common to a client's sockets. */
export type PFN_WSK_CONTROL_CLIENT = (
  Client: WSK_CLIENT,
  ControlCode: number,
  InputSize: number,
  InputBuffer: PVOID,
  OutputSize: number,
  OutputBuffer: PVOID,
  OutputSizeReturned: POINTER<number> | null,
  Irp: IRP | null,
) => NTSTATUS;

/** Resolves a name to addresses. */
export type PFN_WSK_GET_ADDRESS_INFO = (
  Client: WSK_CLIENT,
  NodeName: UNICODE_STRING | null,
  ServiceName: UNICODE_STRING | null,
  NameSpace: number,
  Provider: string | null,
  Hints: ADDRINFOEXW | null,
  Result: POINTER<ADDRINFOEXW | null>,
  OwningProcess: PEPROCESS | null,
  OwningThread: PETHREAD | null,
  Irp: IRP,
) => NTSTATUS;

/** Frees what WskGetAddressInfo returned. */
export type PFN_WSK_FREE_ADDRESS_INFO = (
  Client: WSK_CLIENT,
  AddrInfo: ADDRINFOEXW,
) => void;

/** Names an address. */
export type PFN_WSK_GET_NAME_INFO = (
  Client: WSK_CLIENT,
  SockAddr: SOCKADDR,
  SockAddrLength: number,
  NodeName: UNICODE_STRING | null,
  ServiceName: UNICODE_STRING | null,
  Flags: number,
  OwningProcess: PEPROCESS | null,
  OwningThread: PETHREAD | null,
  Irp: IRP,
) => NTSTATUS;

/** The functions of an attachment to the provider. */
export interface WSK_PROVIDER_DISPATCH {
  /** The version the provider speaks. */
  readonly Version: number;
  /** 0. */
  readonly Reserved: number;
  /** Creates a socket. */
  readonly WskSocket: PFN_WSK_SOCKET;
  /** Creates, binds and connects a socket. */
  readonly WskSocketConnect: PFN_WSK_SOCKET_CONNECT;
  /** Controls the client object. */
  readonly WskControlClient: PFN_WSK_CONTROL_CLIENT;
  /** Resolves a name. */
  readonly WskGetAddressInfo: PFN_WSK_GET_ADDRESS_INFO;
  /** Frees a resolution. */
  readonly WskFreeAddressInfo: PFN_WSK_FREE_ADDRESS_INFO;
  /** Names an address. */
  readonly WskGetNameInfo: PFN_WSK_GET_NAME_INFO;
}

// Socket functions

/** Sets or reads an option, or performs an I/O control. */
export type PFN_WSK_CONTROL_SOCKET = (
  Socket: WSK_SOCKET,
  RequestType: WSK_CONTROL_SOCKET_TYPE,
  ControlCode: number,
  Level: number,
  InputSize: number,
  InputBuffer: PVOID,
  OutputSize: number,
  OutputBuffer: PVOID,
  OutputSizeReturned: POINTER<number> | null,
  Irp: IRP | null,
) => NTSTATUS;

/** Closes a socket; a reset goes out unless both directions had ended. */
export type PFN_WSK_CLOSE_SOCKET = (Socket: WSK_SOCKET, Irp: IRP) => NTSTATUS;

/** Gives a socket its local address. */
export type PFN_WSK_BIND = (
  Socket: WSK_SOCKET,
  LocalAddress: SOCKADDR,
  Flags: number,
  Irp: IRP,
) => NTSTATUS;

/** Makes a stream socket listen. */
export type PFN_WSK_LISTEN = (ListenSocket: WSK_SOCKET, Irp: IRP) => NTSTATUS;

/** Takes an established connection; IoStatus.Information is its WSK_SOCKET. */
export type PFN_WSK_ACCEPT = (
  ListenSocket: WSK_SOCKET,
  Flags: number,
  AcceptSocketContext: PVOID,
  AcceptSocketDispatch: WSK_CLIENT_CONNECTION_DISPATCH | null,
  LocalAddress: SOCKADDR | null,
  RemoteAddress: SOCKADDR | null,
  Irp: IRP,
) => NTSTATUS;

/** Decides a connection request that WskInspectEvent left pending. */
export type PFN_WSK_INSPECT_COMPLETE = (
  ListenSocket: WSK_SOCKET,
  InspectID: WSK_INSPECT_ID,
  Action: WSK_INSPECT_ACTION,
  Irp: IRP,
) => NTSTATUS;

/** Connects a bound socket. */
export type PFN_WSK_CONNECT = (
  Socket: WSK_SOCKET,
  RemoteAddress: SOCKADDR,
  Flags: number,
  Irp: IRP,
) => NTSTATUS;

/** Connects a bound socket and sends data with or right after the handshake. */
export type PFN_WSK_CONNECT_EX = (
  Socket: WSK_SOCKET,
  RemoteAddress: SOCKADDR,
  Buffer: WSK_BUF | null,
  Flags: number,
  Irp: IRP,
) => NTSTATUS;

/** Fills in the local address. */
export type PFN_WSK_GET_LOCAL_ADDRESS = (
  Socket: WSK_SOCKET,
  LocalAddress: SOCKADDR,
  Irp: IRP,
) => NTSTATUS;

/** Fills in the peer's address. */
export type PFN_WSK_GET_REMOTE_ADDRESS = (
  Socket: WSK_SOCKET,
  RemoteAddress: SOCKADDR,
  Irp: IRP,
) => NTSTATUS;

/** Sends; completes when the peer has acknowledged all of it. */
export type PFN_WSK_SEND = (
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  Irp: IRP,
) => NTSTATUS;

/** Sends with control information. */
export type PFN_WSK_SEND_EX = (
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  ControlInfoLength: number,
  ControlInfo: Uint8Array | null,
  Irp: IRP,
) => NTSTATUS;

/** Receives; no bytes and success mean the peer's FIN. */
export type PFN_WSK_RECEIVE = (
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  Irp: IRP,
) => NTSTATUS;

/** Receives with control information. */
export type PFN_WSK_RECEIVE_EX = (
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  ControlInfoLength: POINTER<number> | null,
  ControlInfo: Uint8Array | null,
  ControlFlags: POINTER<number> | null,
  Irp: IRP,
) => NTSTATUS;

/** Ends the sending direction, or with WSK_FLAG_ABORTIVE both. */
export type PFN_WSK_DISCONNECT = (
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF | null,
  Flags: number,
  Irp: IRP,
) => NTSTATUS;

/** Gives back data that WskReceiveEvent or WskReceiveFromEvent retained. */
export type PFN_WSK_RELEASE<
  Indication = WSK_DATA_INDICATION | WSK_DATAGRAM_INDICATION,
> = (Socket: WSK_SOCKET, Indication: Indication) => NTSTATUS;

/** Sends a datagram. */
export type PFN_WSK_SEND_TO = (
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  RemoteAddress: SOCKADDR | null,
  ControlInfoLength: number,
  ControlInfo: Uint8Array | null,
  Irp: IRP,
) => NTSTATUS;

/** Receives a datagram. */
export type PFN_WSK_RECEIVE_FROM = (
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  RemoteAddress: SOCKADDR | null,
  ControlLength: POINTER<number> | null,
  ControlInfo: Uint8Array | null,
  ControlFlags: POINTER<number> | null,
  Irp: IRP,
) => NTSTATUS;

/** Sends a list of datagrams to one destination. */
export type PFN_WSK_SEND_MESSAGES = (
  Socket: WSK_SOCKET,
  BufferList: WSK_BUF_LIST,
  Flags: number,
  RemoteAddress: SOCKADDR | null,
  ControlInfoLength: number,
  ControlInfo: Uint8Array | null,
  Irp: IRP,
) => NTSTATUS;

/** The functions of a basic socket, and the first two of any. */
export interface WSK_PROVIDER_BASIC_DISPATCH {
  /** Options and I/O controls. */
  readonly WskControlSocket: PFN_WSK_CONTROL_SOCKET;
  /** Closes the socket. */
  readonly WskCloseSocket: PFN_WSK_CLOSE_SOCKET;
}

/** The functions of a listening socket. */
export interface WSK_PROVIDER_LISTEN_DISPATCH
  extends WSK_PROVIDER_BASIC_DISPATCH {
  /** Binds, and listens from then on. */
  readonly WskBind: PFN_WSK_BIND;
  /** Takes a connection. */
  readonly WskAccept: PFN_WSK_ACCEPT;
  /** Decides a pended request. */
  readonly WskInspectComplete: PFN_WSK_INSPECT_COMPLETE;
  /** The local address. */
  readonly WskGetLocalAddress: PFN_WSK_GET_LOCAL_ADDRESS;
}

/** The functions of a datagram socket. */
export interface WSK_PROVIDER_DATAGRAM_DISPATCH
  extends WSK_PROVIDER_BASIC_DISPATCH {
  /** Binds. */
  readonly WskBind: PFN_WSK_BIND;
  /** Sends a datagram. */
  readonly WskSendTo: PFN_WSK_SEND_TO;
  /** Receives a datagram. */
  readonly WskReceiveFrom: PFN_WSK_RECEIVE_FROM;
  /** Gives retained datagrams back. */
  readonly WskRelease: PFN_WSK_RELEASE<WSK_DATAGRAM_INDICATION>;
  /** The local address. */
  readonly WskGetLocalAddress: PFN_WSK_GET_LOCAL_ADDRESS;
  /** Sends datagrams. */
  readonly WskSendMessages: PFN_WSK_SEND_MESSAGES;
}

/** The functions of a connection-oriented socket. */
export interface WSK_PROVIDER_CONNECTION_DISPATCH
  extends WSK_PROVIDER_BASIC_DISPATCH {
  /** Binds. */
  readonly WskBind: PFN_WSK_BIND;
  /** Connects. */
  readonly WskConnect: PFN_WSK_CONNECT;
  /** The local address. */
  readonly WskGetLocalAddress: PFN_WSK_GET_LOCAL_ADDRESS;
  /** The peer's address. */
  readonly WskGetRemoteAddress: PFN_WSK_GET_REMOTE_ADDRESS;
  /** Sends. */
  readonly WskSend: PFN_WSK_SEND;
  /** Receives. */
  readonly WskReceive: PFN_WSK_RECEIVE;
  /** Disconnects. */
  readonly WskDisconnect: PFN_WSK_DISCONNECT;
  /** Gives retained data back. */
  readonly WskRelease: PFN_WSK_RELEASE<WSK_DATA_INDICATION>;
  /** Connects and sends. */
  readonly WskConnectEx: PFN_WSK_CONNECT_EX;
  /** Sends with control information. */
  readonly WskSendEx: PFN_WSK_SEND_EX;
  /** Receives with control information. */
  readonly WskReceiveEx: PFN_WSK_RECEIVE_EX;
}

/** The functions of a stream socket, which listens or connects. */
export interface WSK_PROVIDER_STREAM_DISPATCH
  extends WSK_PROVIDER_BASIC_DISPATCH {
  /** Binds. */
  readonly WskBind: PFN_WSK_BIND;
  /** Takes a connection. */
  readonly WskAccept: PFN_WSK_ACCEPT;
  /** Connects. */
  readonly WskConnect: PFN_WSK_CONNECT;
  /** Listens. */
  readonly WskListen: PFN_WSK_LISTEN;
  /** Sends. */
  readonly WskSend: PFN_WSK_SEND;
  /** Receives. */
  readonly WskReceive: PFN_WSK_RECEIVE;
  /** Disconnects. */
  readonly WskDisconnect: PFN_WSK_DISCONNECT;
  /** Gives retained data back. */
  readonly WskRelease: PFN_WSK_RELEASE<WSK_DATA_INDICATION>;
  /** The local address. */
  readonly WskGetLocalAddress: PFN_WSK_GET_LOCAL_ADDRESS;
  /** The peer's address. */
  readonly WskGetRemoteAddress: PFN_WSK_GET_REMOTE_ADDRESS;
  /** Connects and sends. */
  readonly WskConnectEx: PFN_WSK_CONNECT_EX;
  /** Sends with control information. */
  readonly WskSendEx: PFN_WSK_SEND_EX;
  /** Receives with control information. */
  readonly WskReceiveEx: PFN_WSK_RECEIVE_EX;
}

// Event callbacks

/** A connection was established on a listening socket; `AcceptSocket` is `null` when the listening socket is dead. */
export type PFN_WSK_ACCEPT_EVENT = (
  SocketContext: PVOID,
  Flags: number,
  LocalAddress: SOCKADDR | null,
  RemoteAddress: SOCKADDR | null,
  AcceptSocket: WSK_SOCKET | null,
  AcceptSocketContext: POINTER<PVOID>,
  AcceptSocketDispatch: POINTER<WSK_CLIENT_CONNECTION_DISPATCH | null>,
) => NTSTATUS;

/** A SYN arrived; `InspectID` is `null` when the listening socket is dead. */
export type PFN_WSK_INSPECT_EVENT = (
  SocketContext: PVOID,
  LocalAddress: SOCKADDR | null,
  RemoteAddress: SOCKADDR | null,
  InspectID: WSK_INSPECT_ID | null,
) => WSK_INSPECT_ACTION;

/** An inspected request ended before it was established. */
export type PFN_WSK_ABORT_EVENT = (
  SocketContext: PVOID,
  InspectID: WSK_INSPECT_ID,
) => NTSTATUS;

/** Data arrived; `DataIndication` is `null` when the socket is dead. */
export type PFN_WSK_RECEIVE_EVENT = (
  SocketContext: PVOID,
  Flags: number,
  DataIndication: WSK_DATA_INDICATION | null,
  BytesIndicated: number,
  BytesAccepted: POINTER<number>,
) => NTSTATUS;

/** Data arrived, with control information. */
export type PFN_WSK_RECEIVE_EX_EVENT = (
  SocketContext: PVOID,
  Flags: number,
  DataIndication: WSK_DATA_INDICATION | null,
  ControlInfo: Uint8Array | null,
  ControlInfoLength: number,
  BytesIndicated: number,
  BytesAccepted: POINTER<number>,
) => NTSTATUS;

/** The peer disconnected. */
export type PFN_WSK_DISCONNECT_EVENT = (
  SocketContext: PVOID,
  Flags: number,
) => NTSTATUS;

/** How many bytes are best kept outstanding has changed. */
export type PFN_WSK_SEND_BACKLOG_EVENT = (
  SocketContext: PVOID,
  IdealBacklogSize: number,
) => NTSTATUS;

/** Datagrams arrived; `DatagramIndication` is `null` when the socket is dead. */
export type PFN_WSK_RECEIVE_FROM_EVENT = (
  SocketContext: PVOID,
  Flags: number,
  DatagramIndication: WSK_DATAGRAM_INDICATION | null,
) => NTSTATUS;

/** A client's functions for a listening socket. */
export interface WSK_CLIENT_LISTEN_DISPATCH {
  /** Called for each connection. */
  readonly WskAcceptEvent: PFN_WSK_ACCEPT_EVENT | null;
  /** Called for each SYN. */
  readonly WskInspectEvent: PFN_WSK_INSPECT_EVENT | null;
  /** Called for each inspected request that vanishes. */
  readonly WskAbortEvent: PFN_WSK_ABORT_EVENT | null;
}

/** A client's functions for a datagram socket. */
export interface WSK_CLIENT_DATAGRAM_DISPATCH {
  /** Called for datagrams. */
  readonly WskReceiveFromEvent: PFN_WSK_RECEIVE_FROM_EVENT | null;
}

/** A client's functions for a connection-oriented socket. */
export interface WSK_CLIENT_CONNECTION_DISPATCH {
  /** Called for data. */
  readonly WskReceiveEvent: PFN_WSK_RECEIVE_EVENT | null;
  /** Called when the peer disconnects. */
  readonly WskDisconnectEvent: PFN_WSK_DISCONNECT_EVENT | null;
  /** Called when the ideal backlog changes. */
  readonly WskSendBacklogEvent: PFN_WSK_SEND_BACKLOG_EVENT | null;
}

/** A client's functions for a stream socket. */
export interface WSK_CLIENT_STREAM_DISPATCH {
  /** For one that listens. */
  readonly Listen: WSK_CLIENT_LISTEN_DISPATCH | null;
  /** For one that connects. */
  readonly Connect: WSK_CLIENT_CONNECTION_DISPATCH | null;
}
