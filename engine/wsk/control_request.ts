/**
 * What a control request carries, and how its handlers answer.
 *
 * A handler answers STATUS_SUCCESS with `returned` set, STATUS_PENDING when it
 * keeps the IRP, or a failure, also with `returned` set when it can say how
 * large the buffer should have been.
 *
 * @module
 */
import { writeUlong } from "./c_types.ts";
import type { IRP } from "./irp.ts";
import type { Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_SUCCESS,
} from "./status.ts";

/** An IRP must be given. */
export const IRP_REQUIRED = 0;
/** An IRP must not be given. */
export const IRP_FORBIDDEN = 1;
/** An IRP may be given. */
export const IRP_OPTIONAL = 2;

/** One control request. */
export interface ControlRequest {
  /** On which socket. */
  readonly socket: Socket;
  /** Bytes or structure given. */
  readonly input: unknown;
  /** Its size in C. */
  readonly inputSize: number;
  /** Bytes or structure to fill. */
  readonly output: unknown;
  /** Its size in C. */
  readonly outputSize: number;
  /** The IRP, if one was given. */
  readonly irp: IRP | null;
  /** Bytes of output that were filled, or would be needed. */
  returned: number;
}

/** What answers a control code. */
export interface ControlHandler {
  /** `IRP_*`. */
  readonly irp: number;
  /** `CATEGORY_*` bits of the sockets it serves. */
  readonly categories: number;
  /** Does it. */
  readonly run: (request: ControlRequest) => NTSTATUS;
}

/** Fills the output with an integer of `size` bytes; a shorter buffer of at least `least` bytes gets the low ones. */
export function answerInteger(
  request: ControlRequest,
  value: number,
  size: number,
  least: number,
): NTSTATUS {
  const { output, outputSize } = request;
  request.returned = size;
  if (!(output instanceof Uint8Array) || outputSize < least) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  const length = Math.min(size, outputSize, output.length);
  if (length < least) return STATUS_BUFFER_TOO_SMALL;
  writeUlong(output, value, length);
  request.returned = length;
  return STATUS_SUCCESS;
}
