/**
 * What an engine's reason for a dead connection is called in NTSTATUS.
 *
 * The one place where codes of the transport become statuses, so that a
 * client sees the same word for the same cause from every function.
 *
 * @module
 */
import * as S from "./status.ts";
import * as T from "./transport.ts";

/** The status of a WskConnect whose attempt ended for `reason`. */
export function connectFailure(reason: number): S.NTSTATUS {
  switch (reason) {
    case T.REASON_REFUSED:
      return S.STATUS_CONNECTION_REFUSED;
    case T.REASON_TIMED_OUT:
      return S.STATUS_IO_TIMEOUT;
    case T.REASON_NETWORK_UNREACHABLE:
      return S.STATUS_NETWORK_UNREACHABLE;
    case T.REASON_HOST_UNREACHABLE:
      return S.STATUS_HOST_UNREACHABLE;
    case T.REASON_PROTOCOL_UNREACHABLE:
      return S.STATUS_PROTOCOL_UNREACHABLE;
    case T.REASON_PORT_UNREACHABLE:
      return S.STATUS_PORT_UNREACHABLE;
    case T.REASON_PROHIBITED:
      return S.STATUS_ACCESS_DENIED;
    case T.REASON_DOWN:
      return S.STATUS_FILE_FORCED_CLOSED;
    case T.REASON_NO_MEMORY:
      return S.STATUS_INSUFFICIENT_RESOURCES;
    case T.REASON_ABORTED:
      return S.STATUS_CONNECTION_ABORTED;
    default:
      return S.STATUS_CONNECTION_RESET;
  }
}

/** The status of requests that were pending as an established connection died for `reason`. */
export function pendingFailure(reason: number): S.NTSTATUS {
  switch (reason) {
    case T.REASON_REFUSED:
      return S.STATUS_CONNECTION_RESET;
    default:
      return connectFailure(reason);
  }
}

/** The status of requests made after an established connection died for `reason`. */
export function laterFailure(reason: number): S.NTSTATUS {
  switch (reason) {
    case T.REASON_TIMED_OUT:
      return S.STATUS_CONNECTION_DISCONNECTED;
    case T.REASON_ABORTED:
      return S.STATUS_INVALID_DEVICE_STATE;
    default:
      return pendingFailure(reason);
  }
}

/** The status of a request whose verb the transport refused with `code`. */
export function refusalStatus(code: number): S.NTSTATUS {
  switch (code) {
    case T.TRANSPORT_IN_USE:
      return S.STATUS_ADDRESS_ALREADY_EXISTS;
    case T.TRANSPORT_NOT_LOCAL:
      return S.STATUS_INVALID_ADDRESS_COMPONENT;
    case T.TRANSPORT_NO_ROUTE:
      return S.STATUS_NETWORK_UNREACHABLE;
    case T.TRANSPORT_NO_PORT:
      return S.STATUS_TOO_MANY_ADDRESSES;
    case T.TRANSPORT_NO_MEMORY:
      return S.STATUS_INSUFFICIENT_RESOURCES;
    case T.TRANSPORT_TOO_LARGE:
      return S.STATUS_INVALID_BUFFER_SIZE;
    case T.TRANSPORT_DOWN:
      return S.STATUS_FILE_FORCED_CLOSED;
    case T.TRANSPORT_DENIED:
      return S.STATUS_ACCESS_DENIED;
    default:
      return S.STATUS_NOT_SUPPORTED;
  }
}
