/**
 * What every socket function does before and after its own work.
 *
 *     1 the IRP is there                     else STATUS_INVALID_PARAMETER, no IRP to complete
 *     2 the socket is one                    else STATUS_INVALID_HANDLE, the IRP is left alone
 *     3 it is open, the stack is up          else STATUS_FILE_FORCED_CLOSED
 *     4 it has the category                  else STATUS_OBJECT_TYPE_MISMATCH
 *     5 the function itself
 *
 * From 3 on the IRP completes with the status that is returned, or, when that
 * is STATUS_PENDING, with the one the work ends in. Every success pends: a
 * client that waits only on STATUS_PENDING and one that looks only at its
 * completion routine both see the same.
 *
 * @module
 */
import type { IRP } from "./irp.ts";
import { Socket } from "./socket.ts";
import type { WSK_SOCKET } from "./dispatch.ts";
import {
  NT_SUCCESS,
  type NTSTATUS,
  STATUS_FILE_FORCED_CLOSED,
  STATUS_INVALID_HANDLE,
  STATUS_INVALID_PARAMETER,
  STATUS_OBJECT_TYPE_MISMATCH,
  STATUS_PENDING,
} from "./status.ts";

/**
 * Runs a socket function under the common rules.
 *
 * `work` answers STATUS_PENDING when it keeps or has settled the IRP,
 * STATUS_SUCCESS when it is done and the IRP carries no information, or the
 * failure.
 */
export function requestOn(
  socket: WSK_SOCKET | null,
  categories: number,
  irp: IRP | null,
  work: (socket: Socket, irp: IRP) => NTSTATUS,
): NTSTATUS {
  if (!irp) return STATUS_INVALID_PARAMETER;
  if (!(socket instanceof Socket)) return STATUS_INVALID_HANDLE;
  irp.submit();
  const { delivery } = socket.client.provider;
  const usable = usability(socket, categories);
  if (usable !== 0) return delivery.refuse(irp, usable);
  const status = attempt(irp, () => work(socket, irp));
  if (status === STATUS_PENDING) irp.markPending();
  else if (!NT_SUCCESS(status)) return delivery.refuse(irp, status);
  else {
    irp.markPending();
    delivery.complete(irp, status, 0);
  }
  return STATUS_PENDING;
}

/** Whether a function for `categories` may act on the socket: STATUS_SUCCESS or the failure. */
export function usability(socket: Socket, categories: number): NTSTATUS {
  if (socket.closed || socket.dead) return STATUS_FILE_FORCED_CLOSED;
  if ((socket.kind.category & categories) === 0) {
    return STATUS_OBJECT_TYPE_MISMATCH;
  }
  return 0;
}

/** Runs `work`; when it throws, which only misuse makes it do, the IRP is the client's again. */
export function attempt(irp: IRP, work: () => NTSTATUS): NTSTATUS {
  let done = false;
  try {
    const status = work();
    done = true;
    return status;
  } finally {
    if (!done) irp.withdraw();
  }
}
