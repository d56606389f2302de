/**
 * An IRP as a promise, for code that would rather wait than be called back.
 *
 *     const done = completion(irp);
 *     dispatch.WskConnect(socket, address, 0, irp);
 *     const { Status } = await done;
 *
 * @module
 */
import {
  type IO_STATUS_BLOCK,
  IoSetCompletionRoutine,
  type IRP,
} from "./irp.ts";
import { STATUS_MORE_PROCESSING_REQUIRED } from "./status.ts";

/**
 * Sets the IRP's completion routine to one that resolves the promise with the outcome and keeps the IRP.
 *
 * Call it before the request; the promise also resolves when the call itself
 * refuses the request. The IRP remains the caller's, to reuse or to free.
 */
export function completion(Irp: IRP): Promise<IO_STATUS_BLOCK> {
  return new Promise((resolve) => {
    IoSetCompletionRoutine(
      Irp,
      (_device, irp) => {
        resolve({ ...irp.IoStatus });
        return STATUS_MORE_PROCESSING_REQUIRED;
      },
      null,
      true,
      true,
      true,
    );
  });
}
