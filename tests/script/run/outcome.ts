/**
 * How a call ended, against what the script expects of it.
 *
 * @module
 */
import type { CallAction, Expression } from "../lang/ast.ts";
import { checkControl, encodeOptionValue } from "./call_values.ts";
import { evaluateNumber } from "./evaluate.ts";
import type { CallOutcome, CallRequest } from "./executor.ts";
import { NotApplicable } from "./executor.ts";
import { ERRNO, errnoName } from "./symbols.ts";

/**
 * Whether a call's result is a new descriptor, so that only its sign is compared.
 */
export function makesDescriptor(request: CallRequest): boolean {
  return request.op === "socket" || request.op === "accept" ||
    request.op === "epoll_create";
}

/** What differs between the outcome and the expectation, or null. `base` is the executor time of script time 0. */
export function findOutcomeDifference(
  call: CallAction,
  request: CallRequest,
  outcome: CallOutcome,
  base: number,
): string | null {
  const expected = evaluateNumber(call.result);
  const got = outcome.result < 0
    ? `${outcome.result} ${errnoName(outcome.errno)}`
    : String(outcome.result);
  if (expected !== null) {
    const fits = makesDescriptor(request) && expected >= 0
      ? outcome.result >= 0
      : outcome.result === expected;
    if (!fits) {
      return `expected ${expected}${
        call.errno === null ? "" : ` ${call.errno}`
      }, got ${got}`;
    }
  }
  if (call.errno !== null) {
    const errno = ERRNO[call.errno];
    if (errno === undefined) {
      throw new NotApplicable(`the error ${call.errno} is not known`);
    }
    // Linux leaves errno alone on success, so a name beside a result is only a remark.
    if (outcome.result < 0 && errno !== outcome.errno) {
      return `expected ${call.errno}, got ${errnoName(outcome.errno)}`;
    }
  }
  return findReturnedDifference(call, request, outcome, base);
}

function findReturnedDifference(
  call: CallAction,
  request: CallRequest,
  outcome: CallOutcome,
  base: number,
): string | null {
  if (outcome.result < 0) return null;
  switch (request.op) {
    case "getsockopt":
      return findValueDifference(
        call.args[3],
        call.args[4],
        outcome.value ?? new Uint8Array(0),
      );
    case "ioctl":
      return differs(
        "the number written back",
        numberIn(call.args[2]),
        outcome.number,
      );
    case "poll":
      return findPollDifference(call.args[0], outcome.revents ?? []);
    case "epoll_wait":
      return findEpollDifference(call.args[1], outcome);
    case "receive":
      return request.via === "recvmsg"
        ? findMessageDifference(call.args[1], outcome, base)
        : null;
    default:
      return null;
  }
}

function findValueDifference(
  value: Expression,
  length: Expression,
  got: Uint8Array,
): string | null {
  const expectedLength = numberIn(length);
  if (expectedLength !== null && expectedLength !== got.length) {
    return differs("optlen", expectedLength, got.length);
  }
  if (value === undefined || value.kind === "ellipsis") return null;
  const expected = encodeOptionValue(
    value,
    (item) => evaluateNumber(item) ?? 0,
  );
  const compared = value.kind === "string"
    ? got.subarray(0, expected.length)
    : got;
  if (
    expected.length === compared.length &&
    expected.every((byte, i) => byte === compared[i])
  ) return null;
  return `optval: expected ${showValue(expected)}, got ${showValue(got)}`;
}

function showValue(bytes: Uint8Array): string {
  if (bytes.length === 4) {
    return String(
      new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true),
    );
  }
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    " ",
  );
}

function findPollDifference(
  list: Expression,
  revents: readonly number[],
): string | null {
  if (list.kind !== "list") return null;
  for (const [i, item] of list.items.entries()) {
    const field = item.kind === "record"
      ? item.fields.get("revents")
      : undefined;
    const difference = differs(
      `revents ${i}`,
      field === undefined ? 0 : evaluateNumber(field),
      revents[i],
    );
    if (difference !== null) return difference;
  }
  return null;
}

function findEpollDifference(
  event: Expression,
  outcome: CallOutcome,
): string | null {
  if (event.kind !== "record") return null;
  const [ready] = outcome.ready ?? [];
  const events = event.fields.get("events");
  const dataName = ["fd", "ptr", "u32", "u64"].find((name) =>
    event.fields.has(name)
  );
  const data = dataName === undefined ? undefined : event.fields.get(dataName);
  return differs(
    "events",
    events === undefined ? null : evaluateNumber(events),
    ready?.events ?? 0,
  ) ??
    (ready === undefined || data === undefined
      ? null
      : differs("data", evaluateNumber(data), ready.data));
}

function findMessageDifference(
  message: Expression,
  outcome: CallOutcome,
  base: number,
): string | null {
  if (message.kind !== "record") return null;
  const flags = message.fields.get("msg_flags");
  const expected = flags === undefined ? 0 : evaluateNumber(flags);
  return differs("msg_flags", expected, outcome.messageFlags) ??
    checkControl(
      message.fields.get("msg_control"),
      outcome.control ?? [],
      base,
    );
}

function numberIn(expression: Expression | undefined): number | null {
  return expression === undefined ? null : evaluateNumber(expression);
}

function differs(
  what: string,
  expected: number | null,
  got: number | undefined,
): string | null {
  return expected === null || got === undefined || expected === got
    ? null
    : `${what}: expected ${expected}, got ${got}`;
}
