/**
 * What runs a script's lines: the one interface of the three executors.
 *
 * An executor owns a system under test (the engine in virtual time, the engine
 * behind a TAP, the kernel behind a TUN), its clock and its sockets. The
 * runner owns the script. Everything is synchronous: the runner lets time pass
 * ({@linkcode Executor.advance}), and looks at what came of it.
 *
 * Descriptors in requests are the executor's own; the runner maps them.
 *
 * @module
 */
import type { CapturedPacket } from "./packet.ts";

/** Names of the executors, as given on the command line. */
export type ExecutorName = "memory" | "tap" | "kernel";

/** A transport address in the wire's family. */
export interface Endpoint {
  /** Address as text. */
  readonly address: string;
  /** Port. */
  readonly port: number;
}

/** A destination that says "no address" (AF_UNSPEC), which disconnects. */
export const UNSPECIFIED = "AF_UNSPEC";

/** A system call with its arguments evaluated; numbers are Linux's constants. */
export type CallRequest =
  | {
    readonly op: "socket";
    readonly domain: number;
    readonly type: number;
    readonly protocol: number;
  }
  | { readonly op: "bind"; readonly fd: number; readonly to: Endpoint }
  | {
    readonly op: "connect";
    readonly fd: number;
    readonly to: Endpoint | typeof UNSPECIFIED;
  }
  | { readonly op: "listen"; readonly fd: number; readonly backlog: number }
  | { readonly op: "accept"; readonly fd: number }
  | { readonly op: "close"; readonly fd: number }
  | { readonly op: "shutdown"; readonly fd: number; readonly how: number }
  | SendRequest
  | ReceiveRequest
  | {
    readonly op: "fcntl";
    readonly fd: number;
    readonly command: number;
    readonly argument: number;
  }
  | {
    readonly op: "ioctl";
    readonly fd: number;
    readonly request: number;
    readonly argument: number;
  }
  | {
    readonly op: "setsockopt";
    readonly fd: number;
    readonly level: number;
    readonly name: number;
    readonly value: Uint8Array;
    readonly length: number;
  }
  | {
    readonly op: "getsockopt";
    readonly fd: number;
    readonly level: number;
    readonly name: number;
    readonly capacity: number;
  }
  | {
    readonly op: "poll";
    readonly entries: readonly PollEntry[];
    readonly timeoutMs: number;
  }
  | { readonly op: "epoll_create" }
  | {
    readonly op: "epoll_ctl";
    readonly fd: number;
    readonly operation: number;
    readonly target: number;
    readonly events: number;
    readonly data: number;
  }
  | {
    readonly op: "epoll_wait";
    readonly fd: number;
    readonly capacity: number;
    readonly timeoutMs: number;
  };

/** `write`, `writev`, `send`, `sendto` or `sendmsg`. */
export interface SendRequest {
  /** Discriminant. */
  readonly op: "send";
  /** Which call it is. */
  readonly via: "write" | "writev" | "send" | "sendto" | "sendmsg";
  /** Socket. */
  readonly fd: number;
  /** Lengths of the buffers, bytes. */
  readonly lengths: readonly number[];
  /** Bytes of the first buffers; what is not given is zero. */
  readonly bytes: Uint8Array;
  /** The buffer argument is the null pointer. */
  readonly isNull: boolean;
  /** `MSG_*` bits. */
  readonly flags: number;
  /** Destination, when one is given. */
  readonly to: Endpoint | typeof UNSPECIFIED | null;
}

/** `read`, `readv`, `recv`, `recvfrom` or `recvmsg`. */
export interface ReceiveRequest {
  /** Discriminant. */
  readonly op: "receive";
  /** Which call it is. */
  readonly via: "read" | "readv" | "recv" | "recvfrom" | "recvmsg";
  /** Socket. */
  readonly fd: number;
  /** Lengths of the buffers, bytes. */
  readonly lengths: readonly number[];
  /** The buffer argument is the null pointer. */
  readonly isNull: boolean;
  /** `MSG_*` bits. */
  readonly flags: number;
}

/** One descriptor of `poll`. */
export interface PollEntry {
  /** Descriptor. */
  readonly fd: number;
  /** `POLL*` bits asked for. */
  readonly events: number;
}

/** One control message. */
export interface ControlMessage {
  /** Protocol level. */
  readonly level: number;
  /** Type within the level. */
  readonly type: number;
  /** Its data. */
  readonly data: Uint8Array;
}

/** How a call ended. */
export interface CallOutcome {
  /** Return value. */
  readonly result: number;
  /** Error number when it is negative, else 0. */
  readonly errno: number;
  /** When it returned, executor time. */
  readonly endedAt: number;
  /** getsockopt: the value. */
  readonly value?: Uint8Array;
  /** poll: returned events by entry. */
  readonly revents?: readonly number[];
  /** epoll_wait: what is ready. */
  readonly ready?: readonly {
    readonly events: number;
    readonly data: number;
  }[];
  /** recvmsg: returned flags. */
  readonly messageFlags?: number;
  /** recvmsg: control messages. */
  readonly control?: readonly ControlMessage[];
  /** ioctl: the number written back. */
  readonly number?: number;
}

/** Values a piece of code may name, `tcpi_…` and the like. */
export type CodeValues = ReadonlyMap<string, number>;

/** A system under test. */
export interface Executor {
  /** Which one. */
  readonly name: ExecutorName;
  /** Time is the world's: the runner itself can be late, which is nobody's failure. */
  readonly isRealTime: boolean;
  /** The present, µs since an arbitrary origin. */
  now(): number;
  /** Lets time pass until `until`, or until `isDone` (asked after every packet sent and every call that returned) says yes. */
  advance(until: number, isDone: () => boolean): void;
  /** Hands a packet to the system under test. */
  inject(bytes: Uint8Array): void;
  /** The oldest packet sent and not yet taken, or null. */
  capture(): CapturedPacket | null;
  /** Whether {@linkcode Executor.capture} would return a packet. */
  hasCapture(): boolean;
  /** Starts a call. At most one is under way. */
  begin(request: CallRequest): void;
  /** Takes the outcome of the call begun; null while it blocks. */
  takeOutcome(): CallOutcome | null;
  /** Runs a shell command. */
  command(text: string): void;
  /** Values for code about this socket. */
  codeValues(fd: number): CodeValues;
  /** Ends the run and frees everything. */
  close(): void;
}

/** Thrown when a script asks for what this executor does not offer: neither a pass nor a failure. */
export class NotApplicable extends Error {}

/** Thrown when the script's expectation was not met. */
export class ScriptFailure extends Error {
  /** Line in the script. */
  readonly line: number;

  /** Makes a failure at `line`. */
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Thrown when the runner was too late for its own script on a busy machine; the run says nothing. */
export class RunnerLate extends Error {}
