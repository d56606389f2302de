/**
 * WskSendTo, WskSendMessages, WskReceiveFrom, and the datagram WskRelease.
 *
 * @module
 */
import { isUnspecified } from "../wire/ip_address.ts";
import type { POINTER } from "./c_types.ts";
import type { WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { sourceOf } from "./packet_info.ts";
import { requestOn, usability } from "./request.ts";
import { type Endpoint, endpointOf, type SOCKADDR } from "./sockaddr.ts";
import { CATEGORY_DATAGRAM, Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_INVALID_ADDRESS,
  STATUS_INVALID_ADDRESS_WILDCARD,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_HANDLE,
  STATUS_INVALID_PARAMETER,
  STATUS_SUCCESS,
} from "./status.ts";
import type { WSK_DATAGRAM_INDICATION } from "./structures.ts";
import {
  BufCursor,
  bytesOfBuf,
  type WSK_BUF,
  type WSK_BUF_LIST,
} from "./wsk_buf.ts";

/** Sends one datagram; Information is its length. `Flags` must be 0. */
export function WskSendTo(
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  RemoteAddress: SOCKADDR | null,
  ControlInfoLength: number,
  ControlInfo: Uint8Array | null,
  Irp: IRP,
): NTSTATUS {
  const list = Buffer ? { Next: null, Buffer } : null;
  return requestOn(
    Socket,
    CATEGORY_DATAGRAM,
    Irp,
    (socket, irp) =>
      send(
        socket,
        list,
        Flags,
        RemoteAddress,
        ControlInfoLength,
        ControlInfo,
        irp,
      ),
  );
}

/** Sends each datagram of a list to one destination; Information is the sum of their lengths. `Flags` must be 0. */
export function WskSendMessages(
  Socket: WSK_SOCKET,
  BufferList: WSK_BUF_LIST,
  Flags: number,
  RemoteAddress: SOCKADDR | null,
  ControlInfoLength: number,
  ControlInfo: Uint8Array | null,
  Irp: IRP,
): NTSTATUS {
  return requestOn(
    Socket,
    CATEGORY_DATAGRAM,
    Irp,
    (socket, irp) =>
      send(
        socket,
        BufferList,
        Flags,
        RemoteAddress,
        ControlInfoLength,
        ControlInfo,
        irp,
      ),
  );
}

/** Receives one datagram, cut to `Buffer`; Information is the bytes of it that fitted. `Flags` must be 0. */
export function WskReceiveFrom(
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  RemoteAddress: SOCKADDR | null,
  ControlLength: POINTER<number> | null,
  ControlInfo: Uint8Array | null,
  ControlFlags: POINTER<number> | null,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, CATEGORY_DATAGRAM, Irp, ({ datagrams }, irp) => {
    if (Flags !== 0 || !Buffer) return STATUS_INVALID_PARAMETER;
    if (datagrams === null) return STATUS_INVALID_DEVICE_STATE;
    return datagrams.receive({
      irp,
      cursor: new BufCursor(Buffer),
      remote: RemoteAddress,
      controlLength: ControlLength,
      control: ControlInfo,
      flags: ControlFlags,
    });
  });
}

/** Gives back datagrams that WskReceiveFromEvent retained; STATUS_INVALID_PARAMETER when one was not. */
export function WskReleaseDatagrams(
  socket: WSK_SOCKET,
  DatagramIndication: WSK_DATAGRAM_INDICATION,
): NTSTATUS {
  if (!(socket instanceof Socket)) return STATUS_INVALID_HANDLE;
  const usable = usability(socket, CATEGORY_DATAGRAM);
  if (usable !== STATUS_SUCCESS) return usable;
  return socket.datagrams?.release(DatagramIndication)
    ? STATUS_SUCCESS
    : STATUS_INVALID_PARAMETER;
}

function send(
  socket: Socket,
  list: WSK_BUF_LIST | null,
  flags: number,
  remoteAddress: SOCKADDR | null,
  controlLength: number,
  control: Uint8Array | null,
  irp: IRP,
): NTSTATUS {
  const { datagrams } = socket;
  if (flags !== 0 || list === null) return STATUS_INVALID_PARAMETER;
  if (datagrams === null) return STATUS_INVALID_DEVICE_STATE;
  const remote = destinationOf(socket, remoteAddress);
  if (typeof remote === "number") return remote;
  const source = sourceOf(control, controlLength);
  if (source === false) return STATUS_INVALID_PARAMETER;
  const bytes: Uint8Array[] = [];
  const cursors: BufCursor[] = [];
  for (let at: WSK_BUF_LIST | null = list; at !== null; at = at.Next) {
    bytes.push(bytesOfBuf(at.Buffer));
  }
  for (let at: WSK_BUF_LIST | null = list; at !== null; at = at.Next) {
    cursors.push(new BufCursor(at.Buffer));
  }
  return datagrams.send({
    irp,
    cursors,
    datagrams: bytes,
    remote,
    source,
    sent: 0,
  });
}

function destinationOf(
  { datagrams, kind }: Socket,
  given: SOCKADDR | null,
): Endpoint | NTSTATUS {
  const fixed = datagrams?.peer ?? datagrams?.destination ?? null;
  if (!given) return fixed ?? STATUS_INVALID_PARAMETER;
  const remote = endpointOf(given, kind.family);
  if (remote === null || remote.port === 0) return STATUS_INVALID_ADDRESS;
  if (isUnspecified(remote.address)) return STATUS_INVALID_ADDRESS_WILDCARD;
  return remote;
}
