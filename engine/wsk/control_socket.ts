/**
 * WskControlSocket: options and I/O controls, and the rules about their IRPs.
 *
 * Whether an IRP must, may or must not be given depends on the code. Without
 * one the request is done or refused at once, and OutputSizeReturned says how
 * many bytes; with one, Information does. An IRP that is needed and missing is
 * STATUS_REQUEST_NOT_ACCEPTED, one that must not be there
 * STATUS_INVALID_PARAMETER, an unknown code STATUS_NOT_SUPPORTED.
 *
 * @module
 */
import type { POINTER } from "./c_types.ts";
import {
  IPPROTO_TCP,
  SOL_SOCKET,
  type WSK_CONTROL_SOCKET_TYPE,
  WskGetOption,
  WskIoctl,
  WskSetOption,
} from "./constants.ts";
import {
  getSecurity,
  setEventCallback,
  setSecurity,
} from "./control_events.ts";
import { IOCTLS } from "./control_ioctls.ts";
import { getOption, setOption } from "./control_options.ts";
import {
  type ControlHandler,
  type ControlRequest,
  IRP_FORBIDDEN,
  IRP_OPTIONAL,
  IRP_REQUIRED,
} from "./control_request.ts";
import { getIcmpError } from "./control_tcp_info.ts";
import type { WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import {
  SO_WSK_EVENT_CALLBACK,
  SO_WSK_SECURITY,
  TCP_ICMP_ERROR_INFO,
} from "./options.ts";
import { requestOn, usability } from "./request.ts";
import {
  CATEGORY_BASIC,
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  CATEGORY_LISTEN,
  CATEGORY_STREAM,
  Socket,
} from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_INVALID_HANDLE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_REQUEST_NOT_ACCEPTED,
  STATUS_SUCCESS,
} from "./status.ts";

const ALL = CATEGORY_BASIC | CATEGORY_LISTEN | CATEGORY_CONNECTION |
  CATEGORY_DATAGRAM | CATEGORY_STREAM;
const CONNECTIONS = CATEGORY_CONNECTION | CATEGORY_STREAM;

/** Sets or reads an option of a socket, or performs an I/O control on it. */
export function WskControlSocket(
  socket: WSK_SOCKET,
  RequestType: WSK_CONTROL_SOCKET_TYPE,
  ControlCode: number,
  Level: number,
  InputSize: number,
  InputBuffer: unknown,
  OutputSize: number,
  OutputBuffer: unknown,
  OutputSizeReturned: POINTER<number> | null,
  Irp: IRP | null,
): NTSTATUS {
  const requestFor = (target: Socket): ControlRequest => ({
    socket: target,
    input: InputBuffer,
    inputSize: InputSize,
    output: OutputBuffer,
    outputSize: OutputSize,
    irp: Irp,
    returned: 0,
  });
  const handler = handlerOf(RequestType, ControlCode >>> 0, Level);
  if (Irp) {
    return requestOn(socket, ALL, Irp, (target, irp) => {
      const request = requestFor(target);
      const status = answer(handler, request);
      if (status !== STATUS_SUCCESS) return status;
      return target.client.provider.delivery.succeed(irp, request.returned);
    });
  }
  if (!(socket instanceof Socket)) return STATUS_INVALID_HANDLE;
  const usable = usability(socket, ALL);
  if (usable !== STATUS_SUCCESS) return usable;
  const request = requestFor(socket);
  const status = answer(handler, request);
  if (OutputSizeReturned) OutputSizeReturned.value = request.returned;
  return status;
}

function answer(
  handler: ControlHandler | NTSTATUS,
  request: ControlRequest,
): NTSTATUS {
  if (typeof handler === "number") return handler;
  if ((handler.categories & request.socket.kind.category) === 0) {
    return STATUS_NOT_SUPPORTED;
  }
  if (handler.irp === IRP_FORBIDDEN && request.irp) {
    return STATUS_INVALID_PARAMETER;
  }
  if (handler.irp === IRP_REQUIRED && !request.irp) {
    return STATUS_REQUEST_NOT_ACCEPTED;
  }
  return handler.run(request);
}

function handlerOf(
  type: WSK_CONTROL_SOCKET_TYPE,
  code: number,
  level: number,
): ControlHandler | NTSTATUS {
  switch (type) {
    case WskSetOption:
      return structureOption(level, code, SET_OPTIONS) ?? {
        irp: IRP_REQUIRED,
        categories: ALL,
        run: (request) => setOption(level, code, request),
      };
    case WskGetOption:
      return structureOption(level, code, GET_OPTIONS) ?? {
        irp: IRP_REQUIRED,
        categories: ALL,
        run: (request) => getOption(level, code, request),
      };
    case WskIoctl:
      return IOCTLS.get(code) ?? STATUS_NOT_SUPPORTED;
    default:
      return STATUS_INVALID_PARAMETER;
  }
}

interface StructureOption extends ControlHandler {
  readonly level: number;
  readonly code: number;
}

const SET_OPTIONS: readonly StructureOption[] = [{
  level: SOL_SOCKET,
  code: SO_WSK_EVENT_CALLBACK,
  irp: IRP_OPTIONAL,
  categories: ALL,
  run: setEventCallback,
}, {
  level: SOL_SOCKET,
  code: SO_WSK_SECURITY,
  irp: IRP_REQUIRED,
  categories: ALL,
  run: setSecurity,
}];

const GET_OPTIONS: readonly StructureOption[] = [{
  level: SOL_SOCKET,
  code: SO_WSK_SECURITY,
  irp: IRP_REQUIRED,
  categories: ALL,
  run: getSecurity,
}, {
  level: IPPROTO_TCP,
  code: TCP_ICMP_ERROR_INFO,
  irp: IRP_REQUIRED,
  categories: CONNECTIONS,
  run: getIcmpError,
}];

function structureOption(
  level: number,
  code: number,
  table: readonly StructureOption[],
): ControlHandler | undefined {
  return table.find((row) => row.level === level && row.code === code);
}
