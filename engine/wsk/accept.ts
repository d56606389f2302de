/**
 * WskAccept and WskInspectComplete.
 *
 * @module
 */
import {
  type WSK_INSPECT_ACTION,
  WskInspectAccept,
  WskInspectReject,
} from "./constants.ts";
import type { WSK_CLIENT_CONNECTION_DISPATCH, WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { requestOn } from "./request.ts";
import type { SOCKADDR } from "./sockaddr.ts";
import { CATEGORY_LISTEN, CATEGORY_STREAM } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_PARAMETER,
  STATUS_SUCCESS,
} from "./status.ts";
import type { WSK_INSPECT_ID } from "./structures.ts";

/** Takes the oldest connection, or waits for one; Information is its socket. `Flags` must be 0. */
export function WskAccept(
  ListenSocket: WSK_SOCKET,
  Flags: number,
  AcceptSocketContext: unknown,
  AcceptSocketDispatch: WSK_CLIENT_CONNECTION_DISPATCH | null,
  LocalAddress: SOCKADDR | null,
  RemoteAddress: SOCKADDR | null,
  Irp: IRP,
): NTSTATUS {
  const categories = CATEGORY_LISTEN | CATEGORY_STREAM;
  return requestOn(ListenSocket, categories, Irp, ({ listener }, irp) => {
    if (Flags !== 0) return STATUS_INVALID_PARAMETER;
    if (listener === null) return STATUS_INVALID_DEVICE_STATE;
    return listener.accept({
      irp,
      context: AcceptSocketContext,
      dispatch: AcceptSocketDispatch,
      local: LocalAddress,
      remote: RemoteAddress,
    });
  });
}

/**
 * Accepts or rejects a connection request that WskInspectEvent answered with WskInspectPend.
 *
 * Succeeds also when the request has vanished meanwhile; then nothing is
 * established.
 */
export function WskInspectComplete(
  ListenSocket: WSK_SOCKET,
  InspectID: WSK_INSPECT_ID,
  Action: WSK_INSPECT_ACTION,
  Irp: IRP,
): NTSTATUS {
  return requestOn(ListenSocket, CATEGORY_LISTEN, Irp, (socket) => {
    const known = Action === WskInspectAccept || Action === WskInspectReject;
    if (!InspectID || !known) return STATUS_INVALID_PARAMETER;
    const { listener, options } = socket;
    if (listener === null || !options.conditionalAccept) {
      return STATUS_INVALID_DEVICE_STATE;
    }
    listener.decide(InspectID, Action);
    return STATUS_SUCCESS;
  });
}
