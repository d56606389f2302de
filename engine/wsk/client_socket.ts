/**
 * WskSocket and WskSocketConnect.
 *
 *     basic        STREAM/TCP, DGRAM/UDP, RAW/any    options and I/O controls only
 *     listen       STREAM/TCP                        (DGRAM/UDP is made, but will not bind)
 *     connection   STREAM/TCP
 *     stream       STREAM/TCP
 *     datagram     DGRAM/UDP
 *
 * Raw datagrams, which Windows has, are STATUS_NOT_SUPPORTED.
 *
 * @module
 */
import { bindSocket } from "./bind.ts";
import { requestOnClient, settleOnClient } from "./client_request.ts";
import { connectSocket } from "./connect.ts";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  WSK_FLAG_BASIC_SOCKET,
  WSK_FLAG_CONNECTION_SOCKET,
  WSK_FLAG_DATAGRAM_SOCKET,
  WSK_FLAG_LISTEN_SOCKET,
  WSK_FLAG_STREAM_SOCKET,
} from "./constants.ts";
import type {
  WSK_CLIENT,
  WSK_CLIENT_CONNECTION_DISPATCH,
  WSK_CLIENT_SOCKET_DISPATCH,
} from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { familyOf, type SOCKADDR } from "./sockaddr.ts";
import {
  CATEGORY_BASIC,
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  CATEGORY_LISTEN,
  CATEGORY_STREAM,
  type SocketKind,
} from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_INVALID_ADDRESS,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_PENDING,
  STATUS_PROTOCOL_NOT_SUPPORTED,
  STATUS_SUCCESS,
} from "./status.ts";
import type { PEPROCESS, PETHREAD, SECURITY_DESCRIPTOR } from "./structures.ts";

/** Makes a socket; Information is it. `Flags` is one `WSK_FLAG_*_SOCKET`. */
export function WskSocket(
  Client: WSK_CLIENT,
  AddressFamily: number,
  SocketType: number,
  Protocol: number,
  Flags: number,
  SocketContext: unknown,
  Dispatch: WSK_CLIENT_SOCKET_DISPATCH | null,
  _OwningProcess: PEPROCESS | null,
  _OwningThread: PETHREAD | null,
  SecurityDescriptor: SECURITY_DESCRIPTOR | null,
  Irp: IRP,
): NTSTATUS {
  return requestOnClient(Client, Irp, (client) => {
    const category = categoryOf(Flags);
    if (category === 0) return STATUS_INVALID_PARAMETER;
    if (category === CATEGORY_BASIC && (SocketContext || Dispatch)) {
      return STATUS_INVALID_PARAMETER;
    }
    const kind = {
      category,
      family: AddressFamily,
      type: SocketType,
      protocol: Protocol,
    };
    const status = judgeKind(kind);
    if (status !== STATUS_SUCCESS) return status;
    client.begin();
    const socket = client.create(kind, SocketContext, Dispatch);
    socket.options.security = SecurityDescriptor;
    settleOnClient(client, Irp, STATUS_SUCCESS, socket);
    return STATUS_PENDING;
  });
}

/** Makes, binds and connects a connection-oriented socket; Information is it, and when it fails nothing is left to close. `Flags` must be 0. */
export function WskSocketConnect(
  Client: WSK_CLIENT,
  SocketType: number,
  Protocol: number,
  LocalAddress: SOCKADDR,
  RemoteAddress: SOCKADDR,
  Flags: number,
  SocketContext: unknown,
  Dispatch: WSK_CLIENT_CONNECTION_DISPATCH | null,
  _OwningProcess: PEPROCESS | null,
  _OwningThread: PETHREAD | null,
  SecurityDescriptor: SECURITY_DESCRIPTOR | null,
  Irp: IRP,
): NTSTATUS {
  return requestOnClient(Client, Irp, (client) => {
    if (Flags !== 0 || !LocalAddress || !RemoteAddress) {
      return STATUS_INVALID_PARAMETER;
    }
    const family = familyOf(LocalAddress);
    if (family !== familyOf(RemoteAddress)) return STATUS_INVALID_ADDRESS;
    const kind = {
      category: CATEGORY_CONNECTION,
      family,
      type: SocketType,
      protocol: Protocol,
    };
    const judged = judgeKind(kind);
    if (judged !== STATUS_SUCCESS) return judged;
    const socket = client.create(kind, SocketContext, Dispatch);
    socket.options.security = SecurityDescriptor;
    const bound = bindSocket(socket, LocalAddress);
    const status = bound === STATUS_SUCCESS
      ? connectSocket(socket, RemoteAddress, null, Irp, socket)
      : bound;
    if (status !== STATUS_PENDING) client.destroy(socket);
    return status;
  });
}

function categoryOf(flags: number): number {
  switch (flags) {
    case WSK_FLAG_BASIC_SOCKET:
      return CATEGORY_BASIC;
    case WSK_FLAG_LISTEN_SOCKET:
      return CATEGORY_LISTEN;
    case WSK_FLAG_CONNECTION_SOCKET:
      return CATEGORY_CONNECTION;
    case WSK_FLAG_DATAGRAM_SOCKET:
      return CATEGORY_DATAGRAM;
    case WSK_FLAG_STREAM_SOCKET:
      return CATEGORY_STREAM;
    default:
      return 0;
  }
}

function judgeKind({ category, family, type, protocol }: SocketKind): NTSTATUS {
  if (family !== AF_INET && family !== AF_INET6) {
    return STATUS_PROTOCOL_NOT_SUPPORTED;
  }
  const isTcp = type === SOCK_STREAM && protocol === IPPROTO_TCP;
  const isUdp = type === SOCK_DGRAM && protocol === IPPROTO_UDP;
  const isRaw = type === SOCK_RAW;
  const legal = (isTcp && category !== CATEGORY_DATAGRAM) ||
    (isUdp &&
      (category & (CATEGORY_BASIC | CATEGORY_DATAGRAM | CATEGORY_LISTEN)) !==
        0) ||
    (isRaw && category === CATEGORY_BASIC);
  if (legal) return STATUS_SUCCESS;
  return isRaw && category === CATEGORY_DATAGRAM
    ? STATUS_NOT_SUPPORTED
    : STATUS_PROTOCOL_NOT_SUPPORTED;
}
