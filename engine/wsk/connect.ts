/**
 * WskConnect, WskConnectEx, WskDisconnect, and who the peer is.
 *
 * WskConnectEx carries up to 65,535 bytes. With TCP_FASTOPEN set before, and a
 * cookie known for the server, they begin in the SYN (RFC 7413); otherwise
 * they follow the handshake. The buffer is copied into the send queue during
 * the call, so the request is complete when the connection is established;
 * Information then is the length of the buffer. Data in a SYN may reach the
 * server's program twice, or reach it although the attempt then fails: only
 * idempotent requests belong there (RFC 7413 §6.1).
 *
 * @module
 */
import { isUnspecified } from "../wire/ip_address.ts";
import { WSK_FLAG_ABORTIVE } from "./constants.ts";
import { type ConnectAttempt, ConnectionFlow } from "./connection.ts";
import { refusalStatus } from "./death.ts";
import type { WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { requestOn } from "./request.ts";
import {
  type Endpoint,
  endpointOf,
  fillSockaddr,
  type SOCKADDR,
} from "./sockaddr.ts";
import { CATEGORY_CONNECTION, CATEGORY_STREAM, type Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_OVERFLOW,
  STATUS_INVALID_ADDRESS,
  STATUS_INVALID_ADDRESS_WILDCARD,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_PARAMETER,
  STATUS_NETWORK_UNREACHABLE,
  STATUS_NOT_SUPPORTED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import { BufCursor, bytesOfBuf, type WSK_BUF } from "./wsk_buf.ts";

const CONNECTABLE = CATEGORY_CONNECTION | CATEGORY_STREAM;

/** Most bytes WskConnectEx takes. */
export const CONNECT_EX_LIMIT = 65_535;

/** Connects a bound socket. `Flags` must be 0. */
export function WskConnect(
  Socket: WSK_SOCKET,
  RemoteAddress: SOCKADDR,
  Flags: number,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, CONNECTABLE, Irp, (socket, irp) => {
    if (Flags !== 0) return STATUS_INVALID_PARAMETER;
    return connectSocket(socket, RemoteAddress, null, irp, 0);
  });
}

/** Connects a bound socket and sends `Buffer` with or behind the handshake. `Flags` must be 0. */
export function WskConnectEx(
  Socket: WSK_SOCKET,
  RemoteAddress: SOCKADDR,
  Buffer: WSK_BUF | null,
  Flags: number,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, CONNECTABLE, Irp, (socket, irp) => {
    if (Flags !== 0) return STATUS_INVALID_PARAMETER;
    const length = Buffer?.Length ?? 0;
    if (length > CONNECT_EX_LIMIT) return STATUS_BUFFER_OVERFLOW;
    const data = Buffer && length > 0 ? bytesOfBuf(Buffer) : null;
    return connectSocket(socket, RemoteAddress, data, irp, length);
  });
}

/** Fills in the peer's address; also after the connection has ended. */
export function WskGetRemoteAddress(
  Socket: WSK_SOCKET,
  RemoteAddress: SOCKADDR,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, CONNECTABLE, Irp, ({ connection, kind }) => {
    if (!RemoteAddress) return STATUS_INVALID_PARAMETER;
    if (!connection?.connected) return STATUS_INVALID_DEVICE_STATE;
    const { remote } = connection.transport;
    return fillSockaddr(RemoteAddress, remote, kind.family)
      ? STATUS_SUCCESS
      : STATUS_INVALID_PARAMETER;
  });
}

/**
 * Ends the sending direction behind `Buffer`, or with WSK_FLAG_ABORTIVE the connection.
 *
 * A graceful disconnect completes when the peer has acknowledged the FIN. One
 * that follows another completes with it.
 */
export function WskDisconnect(
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF | null,
  Flags: number,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, CONNECTABLE, Irp, ({ connection }, irp) => {
    if ((Flags & ~WSK_FLAG_ABORTIVE) !== 0) return STATUS_NOT_SUPPORTED;
    const abortive = Flags !== 0;
    if (abortive && Buffer) return STATUS_INVALID_PARAMETER;
    if (connection === null) return STATUS_INVALID_DEVICE_STATE;
    const refusal = connection.refusal();
    if (refusal !== STATUS_SUCCESS) return refusal;
    if (abortive) {
      connection.abort();
      return STATUS_SUCCESS;
    }
    const cursor = Buffer && Buffer.Length > 0 ? new BufCursor(Buffer) : null;
    if (cursor !== null && connection.sends.ended) {
      cursor.release();
      return STATUS_INVALID_DEVICE_STATE;
    }
    return connection.disconnect(irp, cursor);
  });
}

/** Starts connecting a bound socket. On success the IRP's Information is `information`. */
export function connectSocket(
  socket: Socket,
  remoteAddress: SOCKADDR,
  data: Uint8Array | null,
  irp: IRP,
  information: number | Socket,
): NTSTATUS {
  if (!remoteAddress) return STATUS_INVALID_PARAMETER;
  if (socket.local === null || socket.flow !== null || !socket.claim) {
    return STATUS_INVALID_DEVICE_STATE;
  }
  const remote = endpointOf(remoteAddress, socket.kind.family);
  if (remote === null || remote.port === 0) return STATUS_INVALID_ADDRESS;
  if (isUnspecified(remote.address)) return STATUS_INVALID_ADDRESS_WILDCARD;
  const local = localFor(socket, remote);
  if (local === null) return STATUS_NETWORK_UNREACHABLE;
  const { transport } = socket.client.provider;
  const opened = transport.connect(local, remote, data, socket.options);
  if (typeof opened === "number") return refusalStatus(opened);
  const length = data?.length ?? 0;
  const attempt: ConnectAttempt = { irp, length, information };
  socket.connection = new ConnectionFlow(socket, opened, attempt);
  return STATUS_PENDING;
}

/** The address to connect from: the bound one, or for a wildcard the one the route has. */
function localFor(socket: Socket, remote: Endpoint): Endpoint | null {
  const { address, port } = (socket.claim as NonNullable<typeof socket.claim>)
    .endpoint;
  const { transport } = socket.client.provider;
  const source = transport.sourceFor(remote.address);
  if (source === null) return null;
  return { address: isUnspecified(address) ? source : address, port };
}
