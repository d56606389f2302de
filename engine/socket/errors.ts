/**
 * From TCP's codes to errors an application catches: the one place.
 *
 * The engine runs where there is no `Deno`, so it does not name Deno's error
 * classes. It asks an {@linkcode ErrorFactory} for an error by name; the host
 * supplies one that makes `Deno.errors.*`, and the default makes a
 * {@linkcode SocketError} that carries the same name.
 *
 * @module
 */
import {
  ABORT_BROKEN_PIPE,
  ABORT_HOST_UNREACHABLE,
  ABORT_LOCAL,
  ABORT_NAMES,
  ABORT_NET_UNREACHABLE,
  ABORT_NO_MEMORY,
  ABORT_PROHIBITED,
  ABORT_REFUSED,
  ABORT_RESET,
  ABORT_STACK_CLOSED,
  ABORT_TIMED_OUT,
  ERR_ADDRESS_IN_USE,
  ERR_ADDRESS_NOT_AVAILABLE,
  ERR_NO_MEMORY,
  ERR_NO_ROUTE,
} from "../tcp/codes.ts";
import { ERR_NOT_PERMITTED, ERR_TOO_BIG } from "../udp/codes.ts";

/** Names of errors, as in `Deno.errors`. */
export type SocketErrorName =
  | "ConnectionRefused"
  | "ConnectionReset"
  | "ConnectionAborted"
  | "NotConnected"
  | "AddrInUse"
  | "AddrNotAvailable"
  | "BrokenPipe"
  | "TimedOut"
  | "BadResource"
  | "InvalidData"
  | "PermissionDenied"
  | "NetworkUnreachable";

/** Makes an error of the given name. */
export type ErrorFactory = (name: SocketErrorName, message: string) => Error;

/** An error of the socket layer where the host supplies no classes of its own; `name` is as in `Deno.errors`. */
export class SocketError extends Error {
  /** An error called `name`. */
  constructor(name: SocketErrorName, message: string) {
    super(message);
    this.name = name;
  }
}

/** The default factory. */
export function createSocketError(
  name: SocketErrorName,
  message: string,
): Error {
  return new SocketError(name, message);
}

/** The error of a connection that died for `reason` (`ABORT_*`). */
export function errorOfAbort(
  make: ErrorFactory,
  action: string,
  reason: number,
): Error {
  return make(nameOfAbort(reason), `Cannot ${action}: ${ABORT_NAMES[reason]}`);
}

/** The error of a verb that answered `code` (`ERR_*`). */
export function errorOfCode(
  make: ErrorFactory,
  action: string,
  code: number,
): Error {
  switch (code) {
    case ERR_ADDRESS_IN_USE:
      return make("AddrInUse", `Cannot ${action}: address already in use`);
    case ERR_ADDRESS_NOT_AVAILABLE:
      return make(
        "AddrNotAvailable",
        `Cannot ${action}: the address is not one of this stack's, or no port is free`,
      );
    case ERR_NO_ROUTE:
      return make(
        "NetworkUnreachable",
        `Cannot ${action}: no route to the host; give the stack an address on its network or a gateway`,
      );
    case ERR_NO_MEMORY:
      return make(
        "ConnectionAborted",
        `Cannot ${action}: the stack's memory limit is reached`,
      );
    case ERR_TOO_BIG:
      return make(
        "InvalidData",
        `Cannot ${action}: the datagram is larger than UDP, the send queue or an unfragmented packet can be`,
      );
    case ERR_NOT_PERMITTED:
      return make(
        "PermissionDenied",
        `Cannot ${action}: it is a broadcast address; open the endpoint with broadcast: true`,
      );
    default:
      return make("NotConnected", `Cannot ${action}: not connected`);
  }
}

function nameOfAbort(reason: number): SocketErrorName {
  switch (reason) {
    case ABORT_REFUSED:
      return "ConnectionRefused";
    case ABORT_RESET:
      return "ConnectionReset";
    case ABORT_TIMED_OUT:
      return "TimedOut";
    case ABORT_HOST_UNREACHABLE:
    case ABORT_NET_UNREACHABLE:
    case ABORT_PROHIBITED:
      return "NetworkUnreachable";
    case ABORT_BROKEN_PIPE:
      return "BrokenPipe";
    case ABORT_LOCAL:
    case ABORT_NO_MEMORY:
    case ABORT_STACK_CLOSED:
      return "ConnectionAborted";
    default:
      return "ConnectionAborted";
  }
}
