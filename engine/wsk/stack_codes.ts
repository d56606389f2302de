/**
 * The engine's codes in the words of the transport port.
 *
 * @module
 */
import * as C from "../tcp/codes.ts";
import * as U from "../udp/codes.ts";
import * as T from "./transport.ts";

/** What a verb's `ERR_*` is to the port. */
export function refusalOf(code: number): number {
  switch (code) {
    case C.ERR_ADDRESS_IN_USE:
      return T.TRANSPORT_IN_USE;
    case C.ERR_ADDRESS_NOT_AVAILABLE:
      return T.TRANSPORT_NOT_LOCAL;
    case C.ERR_NO_ROUTE:
      return T.TRANSPORT_NO_ROUTE;
    case C.ERR_NO_MEMORY:
      return T.TRANSPORT_NO_MEMORY;
    case U.ERR_WOULD_BLOCK:
      return T.TRANSPORT_FULL;
    case U.ERR_TOO_BIG:
      return T.TRANSPORT_TOO_LARGE;
    case U.ERR_NOT_PERMITTED:
      return T.TRANSPORT_DENIED;
    case U.ERR_CLOSED:
      return T.TRANSPORT_DOWN;
    default:
      return T.TRANSPORT_UNSUPPORTED;
  }
}

/** What a connection's `ABORT_*` is to the port. */
export function reasonOf(abortReason: number): number {
  switch (abortReason) {
    case C.ABORT_NONE:
      return T.REASON_NONE;
    case C.ABORT_REFUSED:
      return T.REASON_REFUSED;
    case C.ABORT_TIMED_OUT:
      return T.REASON_TIMED_OUT;
    case C.ABORT_HOST_UNREACHABLE:
      return T.REASON_HOST_UNREACHABLE;
    case C.ABORT_NET_UNREACHABLE:
      return T.REASON_NETWORK_UNREACHABLE;
    case C.ABORT_PROTOCOL_UNREACHABLE:
      return T.REASON_PROTOCOL_UNREACHABLE;
    case C.ABORT_PROHIBITED:
      return T.REASON_PROHIBITED;
    case C.ABORT_LOCAL:
      return T.REASON_ABORTED;
    case C.ABORT_NO_MEMORY:
      return T.REASON_NO_MEMORY;
    case C.ABORT_STACK_CLOSED:
      return T.REASON_DOWN;
    default:
      return T.REASON_RESET;
  }
}
