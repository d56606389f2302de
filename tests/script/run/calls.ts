/**
 * A call as written, into a request.
 *
 * `...` stands for what the runner knows: the address to bind or connect to,
 * a buffer, a length. Script descriptors become the executor's through the
 * table of descriptors.
 *
 * @module
 */
import type { CallAction, Expression } from "../lang/ast.ts";
import type { RunConfig } from "./config.ts";
import type { CallRequest, Endpoint } from "./executor.ts";
import { NotApplicable, ScriptFailure, UNSPECIFIED } from "./executor.ts";
import { encodeOptionValue } from "./call_values.ts";
import { evaluateNumber } from "./evaluate.ts";

const AF_UNSPEC = 0;
const SOCKADDR_LENGTH = 128;

/** Evaluates the arguments of one call. */
export class CallReader {
  readonly #call: CallAction;
  readonly #config: RunConfig;
  readonly #liveFd: (scriptFd: number) => number | null;

  /** `liveFd` maps a descriptor of the script, null when it has none. */
  constructor(
    call: CallAction,
    config: RunConfig,
    liveFd: (scriptFd: number) => number | null,
  ) {
    this.#call = call;
    this.#config = config;
    this.#liveFd = liveFd;
  }

  /** The request. @throws ScriptFailure for arguments that do not fit, NotApplicable for an unknown call */
  request(): CallRequest {
    const { name } = this.#call;
    switch (name) {
      case "socket":
        return {
          op: "socket",
          domain: this.#isEllipsis(0)
            ? this.#config.socketDomain
            : this.#number(0),
          type: this.#number(1),
          protocol: this.#number(2),
        };
      case "bind":
        return {
          op: "bind",
          fd: this.#fd(0),
          to: { address: this.#config.localIp, port: this.#config.bindPort },
        };
      case "connect":
        return { op: "connect", fd: this.#fd(0), to: this.#destination(1) };
      case "listen":
        return { op: "listen", fd: this.#fd(0), backlog: this.#number(1) };
      case "accept":
        return { op: "accept", fd: this.#fd(0) };
      case "close":
        return { op: "close", fd: this.#fd(0) };
      case "shutdown":
        return { op: "shutdown", fd: this.#fd(0), how: this.#number(1) };
      case "read":
      case "recv":
      case "recvfrom":
      case "readv":
      case "recvmsg":
        return this.#receive(name);
      case "write":
      case "send":
      case "sendto":
      case "writev":
      case "sendmsg":
        return this.#send(name);
      case "fcntl":
        return {
          op: "fcntl",
          fd: this.#fd(0),
          command: this.#number(1),
          argument: this.#call.args.length > 2 ? this.#number(2) : 0,
        };
      case "ioctl":
        return {
          op: "ioctl",
          fd: this.#fd(0),
          request: this.#number(1),
          argument: this.#bracketed(2),
        };
      case "setsockopt":
      case "getsockopt":
        return this.#option(name);
      default:
        return this.#waiting(name);
    }
  }

  #waiting(name: string): CallRequest {
    switch (name) {
      case "poll":
        return {
          op: "poll",
          entries: this.#pollEntries(),
          timeoutMs: this.#number(2),
        };
      case "epoll_create":
      case "epoll_create1":
        return { op: "epoll_create" };
      case "epoll_ctl":
        return {
          op: "epoll_ctl",
          fd: this.#fd(0),
          operation: this.#number(1),
          target: this.#fd(2),
          events: this.#member(3, "events"),
          data: this.#epollData(3),
        };
      case "epoll_wait":
        return {
          op: "epoll_wait",
          fd: this.#fd(0),
          capacity: this.#number(2),
          timeoutMs: this.#number(3),
        };
      default:
        throw new NotApplicable(`the system call ${name}() is not supported`);
    }
  }

  #receive(
    via: "read" | "recv" | "recvfrom" | "readv" | "recvmsg",
  ): CallRequest {
    const lengths = via === "readv"
      ? this.#iovec(this.#arg(1))
      : via === "recvmsg"
      ? this.#iovec(this.#field(this.#arg(1), "msg_iov"))
      : [this.#number(2)];
    const flagsAt = via === "recvmsg" ? 2 : 3;
    const flags = via === "read" || via === "readv" ? 0 : this.#number(flagsAt);
    return {
      op: "receive",
      via,
      fd: this.#fd(0),
      lengths,
      isNull: this.#isNullAt(1),
      flags,
    };
  }

  #send(via: "write" | "send" | "sendto" | "writev" | "sendmsg"): CallRequest {
    const message = this.#arg(1);
    const lengths = via === "writev"
      ? this.#iovec(message)
      : via === "sendmsg"
      ? this.#iovec(this.#field(message, "msg_iov"))
      : [this.#number(2)];
    if (
      via === "sendmsg" && message.kind === "record" &&
      message.fields.has("msg_control")
    ) {
      const control = message.fields.get("msg_control");
      if (control?.kind === "list" && control.items.length > 0) {
        throw new NotApplicable("control messages in sendmsg()");
      }
    }
    const flags = via === "write" || via === "writev"
      ? 0
      : this.#number(via === "sendmsg" ? 2 : 3);
    const hasName = via === "sendmsg" && message.kind === "record" &&
      message.fields.get("msg_name")?.kind === "ellipsis";
    const to = via === "sendto"
      ? this.#destination(4)
      : hasName
      ? this.#remote()
      : null;
    const bytes = message.kind === "string" ? message.bytes : new Uint8Array(0);
    return {
      op: "send",
      via,
      fd: this.#fd(0),
      lengths,
      bytes,
      isNull: this.#isNullAt(1),
      flags,
      to,
    };
  }

  #option(name: "setsockopt" | "getsockopt"): CallRequest {
    const target = {
      fd: this.#fd(0),
      level: this.#number(1),
      name: this.#number(2),
    };
    if (name === "getsockopt") {
      return { op: name, ...target, capacity: this.#bracketed(4) };
    }
    return {
      op: name,
      ...target,
      value: encodeOptionValue(this.#arg(3), (item) => this.#evaluate(item)),
      length: this.#number(4),
    };
  }

  #pollEntries(): { fd: number; events: number }[] {
    const list = this.#arg(0);
    if (list.kind !== "list") {
      this.#fail("poll() takes a list of {fd=…, events=…}");
    }
    return list.items.map((item) => ({
      fd: this.#mapFd(this.#evaluate(this.#field(item, "fd"))),
      events: this.#evaluate(this.#field(item, "events")),
    }));
  }

  #epollData(index: number): number {
    const event = this.#arg(index);
    if (event.kind === "record" && event.fields.has("fd")) {
      return this.#member(index, "fd");
    }
    const name = ["ptr", "u32", "u64"].find((field) =>
      event.kind === "record" && event.fields.has(field)
    );
    return name === undefined ? 0 : this.#member(index, name);
  }

  #destination(index: number): Endpoint | typeof UNSPECIFIED {
    if (this.#isEllipsis(index)) return this.#remote();
    if (this.#number(index) === AF_UNSPEC) return UNSPECIFIED;
    throw new NotApplicable(`an address of family ${this.#number(index)}`);
  }

  #remote(): Endpoint {
    return { address: this.#config.remoteIp, port: this.#config.connectPort };
  }

  #iovec(list: Expression): number[] {
    if (list.kind !== "list") this.#fail("expected a list of {..., length}");
    return list.items.map((item) => {
      if (item.kind !== "braces" || item.items.length !== 2) {
        this.#fail("expected {..., length}");
      }
      return this.#evaluate(item.items[1]);
    });
  }

  #arg(index: number): Expression {
    return this.#call.args[index] ??
      this.#fail(`${this.#call.name}() needs ${index + 1} arguments or more`);
  }

  #isEllipsis(index: number): boolean {
    return this.#arg(index).kind === "ellipsis";
  }

  #isNullAt(index: number): boolean {
    const arg = this.#arg(index);
    return arg.kind === "integer" && arg.value === 0;
  }

  #number(index: number): number {
    return this.#evaluate(this.#arg(index));
  }

  #bracketed(index: number): number {
    const arg = this.#call.args[index];
    if (arg === undefined) return 0;
    if (arg.kind === "ellipsis") return SOCKADDR_LENGTH;
    return this.#evaluate(
      arg.kind === "list" && arg.items.length === 1 ? arg.items[0] : arg,
    );
  }

  #field(record: Expression, name: string): Expression {
    const field = record.kind === "record"
      ? record.fields.get(name)
      : undefined;
    return field ?? this.#fail(`expected a structure with the member ${name}`);
  }

  #member(index: number, name: string): number {
    return this.#evaluate(this.#field(this.#arg(index), name));
  }

  #fd(index: number): number {
    return this.#mapFd(this.#number(index));
  }

  #mapFd(scriptFd: number): number {
    return this.#liveFd(scriptFd) ??
      this.#fail(`descriptor ${scriptFd} is not open in the script`);
  }

  #evaluate(expression: Expression): number {
    return evaluateNumber(expression) ?? this.#fail("expected a number");
  }

  #fail(reason: string): never {
    throw new ScriptFailure(
      this.#call.position.line,
      `${this.#call.name}(): ${reason}`,
    );
  }
}
