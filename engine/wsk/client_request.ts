/**
 * What every function of the client object does before and after its own work.
 *
 * The rules are those of request.ts, with a client in the socket's place: no
 * IRP is STATUS_INVALID_PARAMETER, no client STATUS_INVALID_HANDLE, no stack
 * STATUS_DEVICE_NOT_READY. A request counts for WskDeregister until its IRP
 * has completed.
 *
 * @module
 */
import { Client } from "./client.ts";
import type { WSK_CLIENT, WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { attempt } from "./request.ts";
import {
  NT_SUCCESS,
  type NTSTATUS,
  STATUS_DEVICE_NOT_READY,
  STATUS_INVALID_HANDLE,
  STATUS_INVALID_PARAMETER,
  STATUS_PENDING,
} from "./status.ts";

/** Runs a function of the client object; `work` answers STATUS_PENDING when it keeps or has settled the IRP, or the failure. */
export function requestOnClient(
  client: WSK_CLIENT | null,
  irp: IRP | null,
  work: (client: Client) => NTSTATUS,
): NTSTATUS {
  if (!irp) return STATUS_INVALID_PARAMETER;
  if (!(client instanceof Client)) return STATUS_INVALID_HANDLE;
  irp.submit();
  const { delivery } = client.provider;
  if (!client.provider.ready) {
    return delivery.refuse(irp, STATUS_DEVICE_NOT_READY);
  }
  const status = attempt(irp, () => work(client));
  if (NT_SUCCESS(status)) {
    irp.markPending();
    return STATUS_PENDING;
  }
  return delivery.refuse(irp, status);
}

/** Settles the IRP of a request that was counted by `client.begin()`. */
export function settleOnClient(
  client: Client,
  irp: IRP,
  status: NTSTATUS,
  information: number | WSK_SOCKET,
): void {
  client.provider.delivery.complete(
    irp,
    status,
    information,
    () => client.end(),
  );
}
