/**
 * WskControlClient: what is common to a client's sockets.
 *
 *     code 2  WSK_TRANSPORT_LIST_QUERY        no IRP
 *     code 3  WSK_TRANSPORT_LIST_CHANGE       IRP; the list never changes, so it waits for WskDeregister
 *     code 4  WSK_CACHE_SD, code 5 WSK_RELEASE_SD                 no IRP
 *     code 6  WSK_TDI_DEVICENAME_MAPPING, code 8 WSK_TDI_BEHAVIOR no IRP, before any socket; accepted, there is no TDI
 *     code 7  WSK_SET_STATIC_EVENT_CALLBACKS  no IRP, before any socket
 *
 * @module
 */
import { Client } from "./client.ts";
import { requestOnClient } from "./client_request.ts";
import * as C from "./constants.ts";
import { isForWsk, maskOf } from "./control_events.ts";
import type { POINTER } from "./c_types.ts";
import type { WSK_CLIENT } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { LOWEST_VERSION } from "./version.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_OVERFLOW,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_HANDLE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import {
  type SECURITY_DESCRIPTOR,
  type WSK_TRANSPORT,
  WSK_TRANSPORT_SIZE,
} from "./structures.ts";

const ALL_EVENTS = C.WSK_EVENT_SEND_BACKLOG | C.WSK_EVENT_RECEIVE |
  C.WSK_EVENT_DISCONNECT | C.WSK_EVENT_RECEIVE_FROM | C.WSK_EVENT_ACCEPT;

const TRANSPORTS: readonly WSK_TRANSPORT[] = [C.AF_INET, C.AF_INET6].flatMap(
  (AddressFamily) => [
    transport(AddressFamily, C.SOCK_STREAM, C.IPPROTO_TCP),
    transport(AddressFamily, C.SOCK_DGRAM, C.IPPROTO_UDP),
  ],
);

/** Controls the client object. Only WSK_TRANSPORT_LIST_CHANGE takes an IRP. */
export function WskControlClient(
  client: WSK_CLIENT,
  ControlCode: number,
  InputSize: number,
  InputBuffer: unknown,
  OutputSize: number,
  OutputBuffer: unknown,
  OutputSizeReturned: POINTER<number> | null,
  Irp: IRP | null,
): NTSTATUS {
  if (!(client instanceof Client)) return STATUS_INVALID_HANDLE;
  if (Irp) {
    return requestOnClient(client, Irp, () => {
      if (ControlCode === C.WSK_TRANSPORT_LIST_CHANGE) {
        if (client.deregistered) return STATUS_INVALID_DEVICE_STATE;
        client.provider.watch(client.watching, Irp);
        return STATUS_PENDING;
      }
      return isKnown(ControlCode)
        ? STATUS_INVALID_PARAMETER
        : STATUS_NOT_SUPPORTED;
    });
  }
  switch (ControlCode) {
    case C.WSK_TRANSPORT_LIST_QUERY:
      return queryTransports(OutputSize, OutputBuffer, OutputSizeReturned);
    case C.WSK_TRANSPORT_LIST_CHANGE:
      return STATUS_INVALID_PARAMETER;
    case C.WSK_CACHE_SD:
      return cacheDescriptor(InputBuffer, OutputBuffer, OutputSizeReturned);
    case C.WSK_RELEASE_SD:
      return InputBuffer ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case C.WSK_SET_STATIC_EVENT_CALLBACKS:
      return setStaticCallbacks(client, InputBuffer);
    case C.WSK_TDI_DEVICENAME_MAPPING:
    case C.WSK_TDI_BEHAVIOR:
      if (client.hadSocket) return STATUS_INVALID_DEVICE_STATE;
      return InputBuffer && InputSize > 0
        ? STATUS_SUCCESS
        : STATUS_INVALID_PARAMETER;
    default:
      return STATUS_NOT_SUPPORTED;
  }
}

function isKnown(code: number): boolean {
  return code >= C.WSK_TRANSPORT_LIST_QUERY && code <= C.WSK_TDI_BEHAVIOR;
}

function queryTransports(
  size: number,
  output: unknown,
  returned: POINTER<number> | null,
): NTSTATUS {
  if (!returned) return STATUS_INVALID_PARAMETER;
  returned.value = TRANSPORTS.length * WSK_TRANSPORT_SIZE;
  if (size < returned.value) return STATUS_BUFFER_OVERFLOW;
  if (!Array.isArray(output)) return STATUS_INVALID_PARAMETER;
  output.splice(0, output.length, ...TRANSPORTS.map((t) => ({ ...t })));
  return STATUS_SUCCESS;
}

/** The output is a pointer to the cached copy. */
function cacheDescriptor(
  input: unknown,
  output: unknown,
  returned: POINTER<number> | null,
): NTSTATUS {
  const isPointer = typeof output === "object" && output !== null &&
    "value" in output;
  if (typeof input !== "object" || input === null || !isPointer) {
    return STATUS_INVALID_PARAMETER;
  }
  const { allowsSharing = false } = input as SECURITY_DESCRIPTOR;
  (output as POINTER<unknown>).value = Object.freeze({ allowsSharing });
  if (returned) returned.value = 8;
  return STATUS_SUCCESS;
}

function setStaticCallbacks(client: Client, input: unknown): NTSTATUS {
  const mask = maskOf(input);
  if (mask === null || (mask & ~ALL_EVENTS) !== 0) {
    return STATUS_INVALID_PARAMETER;
  }
  if (!isForWsk(input)) return STATUS_NOT_SUPPORTED;
  if (client.hadSocket) return STATUS_INVALID_DEVICE_STATE;
  client.staticMask = mask;
  return STATUS_SUCCESS;
}

function transport(
  AddressFamily: number,
  SocketType: number,
  Protocol: number,
): WSK_TRANSPORT {
  return {
    Version: LOWEST_VERSION,
    SocketType,
    Protocol,
    AddressFamily,
    ProviderId: "{EB004A03-9B1A-11D4-9123-0050047759BC}",
  };
}
