/**
 * WskSend and WskReceive, their Ex forms, and WskRelease.
 *
 * @module
 */
import {
  WSK_FLAG_DRAIN,
  WSK_FLAG_NODELAY,
  WSK_FLAG_WAITALL,
} from "./constants.ts";
import type { POINTER } from "./c_types.ts";
import type { WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { requestOn, usability } from "./request.ts";
import { CATEGORY_CONNECTION, CATEGORY_STREAM, Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_HANDLE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_SUCCESS,
} from "./status.ts";
import type { WSK_DATA_INDICATION } from "./structures.ts";
import { BufCursor, type WSK_BUF } from "./wsk_buf.ts";

const CONNECTED = CATEGORY_CONNECTION | CATEGORY_STREAM;

/**
 * Sends `Buffer`; Information is its length, when the peer has acknowledged all of it.
 *
 * `Flags` may be WSK_FLAG_NODELAY.
 */
export function WskSend(
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, CONNECTED, Irp, ({ connection }, irp) => {
    if (!Buffer) return STATUS_INVALID_PARAMETER;
    if ((Flags & ~WSK_FLAG_NODELAY) !== 0) return STATUS_NOT_SUPPORTED;
    if (connection === null) return STATUS_INVALID_DEVICE_STATE;
    const refusal = connection.refusal();
    if (refusal !== STATUS_SUCCESS) return refusal;
    if (connection.sends.ended) return STATUS_INVALID_DEVICE_STATE;
    return connection.sends.submit(irp, new BufCursor(Buffer), Flags);
  });
}

/** WskSend with control information, of which TCP has none: `ControlInfoLength` must be 0. */
export function WskSendEx(
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  ControlInfoLength: number,
  _ControlInfo: Uint8Array | null,
  Irp: IRP,
): NTSTATUS {
  if (ControlInfoLength === 0) return WskSend(Socket, Buffer, Flags, Irp);
  return requestOn(Socket, CONNECTED, Irp, () => STATUS_NOT_SUPPORTED);
}

/**
 * Receives into `Buffer`; Information is the bytes received, 0 after the peer's FIN.
 *
 * `Flags`: 0 completes with the first bytes, WSK_FLAG_WAITALL with all of
 * them; WSK_FLAG_DRAIN, with a `Buffer` of length 0, discards what comes until
 * the connection ends.
 */
export function WskReceive(
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  Irp: IRP,
): NTSTATUS {
  return requestOn(Socket, CONNECTED, Irp, ({ connection }, irp) => {
    if (!Buffer) return STATUS_INVALID_PARAMETER;
    const unknown = Flags & ~(WSK_FLAG_WAITALL | WSK_FLAG_DRAIN);
    if (unknown !== 0) return STATUS_NOT_SUPPORTED;
    const isDrain = (Flags & WSK_FLAG_DRAIN) !== 0;
    if (isDrain && (Flags !== WSK_FLAG_DRAIN || Buffer.Length !== 0)) {
      return STATUS_INVALID_PARAMETER;
    }
    if (connection === null) return STATUS_INVALID_DEVICE_STATE;
    const refusal = connection.refusal();
    if (refusal !== STATUS_SUCCESS) return refusal;
    return connection.receive(irp, new BufCursor(Buffer), Flags);
  });
}

/** WskReceive with control information, of which TCP has none: its length becomes 0. `ControlFlags` must be NULL. */
export function WskReceiveEx(
  Socket: WSK_SOCKET,
  Buffer: WSK_BUF,
  Flags: number,
  ControlInfoLength: POINTER<number> | null,
  _ControlInfo: Uint8Array | null,
  ControlFlags: POINTER<number> | null,
  Irp: IRP,
): NTSTATUS {
  if (ControlFlags) {
    return requestOn(Socket, CONNECTED, Irp, () => STATUS_INVALID_PARAMETER);
  }
  if (ControlInfoLength) ControlInfoLength.value = 0;
  return WskReceive(Socket, Buffer, Flags, Irp);
}

/** Gives back data that WskReceiveEvent retained; STATUS_INVALID_PARAMETER when it did not. */
export function WskRelease(
  socket: WSK_SOCKET,
  DataIndication: WSK_DATA_INDICATION,
): NTSTATUS {
  if (!(socket instanceof Socket)) return STATUS_INVALID_HANDLE;
  const usable = usability(socket, CONNECTED);
  if (usable !== STATUS_SUCCESS) return usable;
  return socket.connection?.receives.release(DataIndication)
    ? STATUS_SUCCESS
    : STATUS_INVALID_PARAMETER;
}
