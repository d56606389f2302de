/**
 * WskBind, WskListen, and what the local address of a socket is.
 *
 * Binding claims the address in the provider's table and, for TCP, fixes the
 * port. A listening socket listens from then on, a datagram socket moves
 * datagrams; a connection-oriented or stream socket has only its address.
 * There is no implicit bind.
 *
 * @module
 */
import { isUnspecified } from "../wire/ip_address.ts";
import { SHARE_EXCLUSIVE, SHARE_NONE, SHARE_REUSE } from "./address_table.ts";
import { AF_INET6, IPPROTO_UDP } from "./constants.ts";
import { DatagramFlow } from "./datagram.ts";
import { refusalStatus } from "./death.ts";
import type { WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { ListenFlow } from "./listen.ts";
import { requestOn } from "./request.ts";
import {
  type Endpoint,
  endpointOf,
  fillSockaddr,
  type SOCKADDR,
} from "./sockaddr.ts";
import {
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  CATEGORY_LISTEN,
  CATEGORY_STREAM,
  type Socket,
} from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_INVALID_ADDRESS,
  STATUS_INVALID_ADDRESS_COMPONENT,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_IMPLEMENTED,
  STATUS_SUCCESS,
} from "./status.ts";

const BINDABLE = CATEGORY_LISTEN | CATEGORY_CONNECTION | CATEGORY_DATAGRAM |
  CATEGORY_STREAM;

/** Gives a socket its local address. `Flags` must be 0. */
export function WskBind(
  Socket: WSK_SOCKET,
  LocalAddress: SOCKADDR,
  Flags: number,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, BINDABLE, Irp, (socket) => {
    if (Flags !== 0 || !LocalAddress) return STATUS_INVALID_PARAMETER;
    return bindSocket(socket, LocalAddress);
  });
}

/** Makes a bound stream socket listen; it is a listener from then on. */
export function WskListen(ListenSocket: WSK_SOCKET, Irp: IRP): NTSTATUS {
  return requestOn(ListenSocket, CATEGORY_STREAM, Irp, (socket) => {
    const { local } = socket;
    if (local === null || socket.flow !== null) {
      return STATUS_INVALID_DEVICE_STATE;
    }
    return openFlow(socket, local, "listen");
  });
}

/** Fills in the address a socket is bound to; the concrete one once it is connected. */
export function WskGetLocalAddress(
  Socket: WSK_SOCKET,
  LocalAddress: SOCKADDR,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, BINDABLE, Irp, (socket) => {
    if (!LocalAddress) return STATUS_INVALID_PARAMETER;
    if (socket.local === null) return STATUS_INVALID_DEVICE_STATE;
    const { family } = socket.kind;
    return fillSockaddr(LocalAddress, socket.local, family)
      ? STATUS_SUCCESS
      : STATUS_INVALID_PARAMETER;
  });
}

/** Binds, and opens what the category opens at bind. Leaves the socket unbound when it fails. */
export function bindSocket(socket: Socket, address: SOCKADDR): NTSTATUS {
  const { category, family, protocol } = socket.kind;
  if (socket.local !== null) return STATUS_INVALID_DEVICE_STATE;
  if (category === CATEGORY_LISTEN && protocol === IPPROTO_UDP) {
    return STATUS_NOT_IMPLEMENTED;
  }
  const wanted = endpointOf(address, family);
  if (wanted === null) return STATUS_INVALID_ADDRESS;
  const status = claimAddress(socket, wanted);
  if (status !== STATUS_SUCCESS) return status;
  const local = (socket.claim as NonNullable<typeof socket.claim>).endpoint;
  socket.local = local;
  if (category === CATEGORY_LISTEN) return openFlow(socket, local, "listen");
  if (category === CATEGORY_DATAGRAM) {
    return openFlow(socket, local, "datagrams");
  }
  return STATUS_SUCCESS;
}

function claimAddress(socket: Socket, wanted: Endpoint): NTSTATUS {
  const { protocol, family } = socket.kind;
  const { transport, addresses } = socket.client.provider;
  const { options } = socket;
  const wild = isUnspecified(wanted.address);
  if (!wild && !transport.isLocal(wanted.address)) {
    return STATUS_INVALID_ADDRESS_COMPONENT;
  }
  let { port } = wanted;
  if (port === 0) {
    port = transport.ephemeralPort(
      protocol,
      wanted.address,
      (candidate) => addresses.isPortTaken(protocol, candidate),
    );
    if (port < 0) return refusalStatus(port);
  }
  const endpoint = { address: wanted.address, port };
  const claim = {
    protocol,
    endpoint,
    dualStack: wild && family === AF_INET6 && !options.v6Only,
    share: options.exclusiveAddress
      ? SHARE_EXCLUSIVE
      : options.reuseAddress
      ? SHARE_REUSE
      : SHARE_NONE,
    security: options.security,
  };
  const status = addresses.claim(claim);
  if (status === STATUS_SUCCESS) socket.claim = claim;
  return status;
}

function openFlow(
  socket: Socket,
  local: Endpoint,
  what: "listen" | "datagrams",
): NTSTATUS {
  const { provider } = socket.client;
  const { transport } = provider;
  if (what === "listen") {
    const inspected = socket.options.conditionalAccept;
    const options = { ...socket.options, inspected };
    const opened = transport.listen(local, provider.backlog, options);
    if (typeof opened === "number") return undoBind(socket, opened);
    socket.listener = new ListenFlow(socket, opened);
  } else {
    const opened = transport.openDatagrams(local, socket.options);
    if (typeof opened === "number") return undoBind(socket, opened);
    socket.datagrams = new DatagramFlow(socket, opened);
  }
  return STATUS_SUCCESS;
}

/** A stream socket stays bound when WskListen fails; the others opened at bind. */
function undoBind(socket: Socket, refusal: number): NTSTATUS {
  if (socket.kind.category !== CATEGORY_STREAM) {
    socket.unbind();
    socket.local = null;
  }
  return refusalStatus(refusal);
}
