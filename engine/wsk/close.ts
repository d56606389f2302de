/**
 * WskCloseSocket.
 *
 * Every request that is pending completes first, with STATUS_CANCELLED, then
 * the close itself, always with success. A connection of which not both
 * directions have ended is reset. From the call on every function of the
 * socket answers STATUS_FILE_FORCED_CLOSED, and no callback of it runs again.
 *
 * @module
 */
import type { WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { attempt } from "./request.ts";
import { Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_FILE_FORCED_CLOSED,
  STATUS_INVALID_HANDLE,
  STATUS_INVALID_PARAMETER,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";

/** Closes a socket, of any category and in any state, also one that is dead. */
export function WskCloseSocket(socket: WSK_SOCKET, Irp: IRP): NTSTATUS {
  if (!Irp) return STATUS_INVALID_PARAMETER;
  if (!(socket instanceof Socket)) return STATUS_INVALID_HANDLE;
  Irp.submit();
  const { client } = socket;
  const { delivery } = client.provider;
  if (socket.closed) return delivery.refuse(Irp, STATUS_FILE_FORCED_CLOSED);
  return attempt(Irp, () => {
    Irp.markPending();
    socket.closed = true;
    client.provider.endWatching(socket.watching, "closed");
    if (!socket.dead) socket.flow?.close();
    delivery.complete(
      Irp,
      STATUS_SUCCESS,
      0,
      () => client.forget(socket),
    );
    return STATUS_PENDING;
  });
}
