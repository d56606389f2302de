/**
 * Structures in arguments: socket option values and control messages.
 *
 * @module
 */
import type { Expression } from "../lang/ast.ts";
import type { ControlMessage } from "./executor.ts";
import { NotApplicable } from "./executor.ts";
import { evaluateNumber } from "./evaluate.ts";

const TIMESTAMP_TOLERANCE_USECS = 4_000;

/** The bytes of a socket option's value: `[1]`, `{onoff=1, linger=0}`, `"reno"`. */
export function encodeOptionValue(
  value: Expression,
  evaluate: (item: Expression) => number,
): Uint8Array {
  switch (value.kind) {
    case "string":
      return value.bytes;
    case "list":
      return int32s(value.items.map(evaluate));
    case "integer":
    case "word":
    case "or":
      return int32s([evaluate(value)]);
    case "record": {
      const onoff = value.fields.get("onoff");
      const linger = value.fields.get("linger");
      if (onoff !== undefined && linger !== undefined) {
        return int32s([evaluate(onoff), evaluate(linger)]);
      }
      throw new NotApplicable(
        "a socket option's value in an unknown structure",
      );
    }
    case "braces":
      return int32s(value.items.map(evaluate));
    default:
      throw new NotApplicable(
        "a socket option's value that is no number, list, string or linger",
      );
  }
}

function int32s(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(4 * i, value >>> 0, true));
  return bytes;
}

/** What differs between expected and received control messages, or null. */
export function checkControl(
  expected: Expression | undefined,
  got: readonly ControlMessage[],
  base: number,
): string | null {
  const items = expected?.kind === "list" ? expected.items : [];
  if (items.length !== got.length) {
    return `control messages: expected ${items.length}, got ${got.length}`;
  }
  for (const [i, item] of items.entries()) {
    const difference = checkOne(item, got[i], base);
    if (difference !== null) return `control message ${i}: ${difference}`;
  }
  return null;
}

function checkOne(
  expected: Expression,
  got: ControlMessage,
  base: number,
): string | null {
  const field = (name: string): Expression => {
    const value = expected.kind === "record"
      ? expected.fields.get(name)
      : undefined;
    if (value === undefined) {
      throw new NotApplicable("a control message in an unknown structure");
    }
    return value;
  };
  const level = evaluateNumber(field("cmsg_level"));
  const type = evaluateNumber(field("cmsg_type"));
  if (level !== got.level || type !== got.type) {
    return `expected level ${level} type ${type}, got level ${got.level} type ${got.type}`;
  }
  const view = new DataView(
    got.data.buffer,
    got.data.byteOffset,
    got.data.byteLength,
  );
  return checkData(field("cmsg_data"), view, base);
}

function checkData(
  data: Expression,
  view: DataView,
  base: number,
): string | null {
  if (data.kind === "record" && data.fields.has("scm_sec")) {
    return checkTimestamp(data.fields, view, base);
  }
  if (data.kind === "record" && data.fields.has("ee_errno")) {
    return checkExtendedError(data.fields, view);
  }
  const value = evaluateNumber(data);
  if (value === null) {
    throw new NotApplicable("control data in an unknown structure");
  }
  const got = view.byteLength === 1 ? view.getUint8(0) : view.getInt32(0, true);
  return value === got ? null : `expected ${value}, got ${got}`;
}

/** `{scm_sec=0, scm_nsec=…}`: script time of the event. */
function checkTimestamp(
  fields: ReadonlyMap<string, Expression>,
  view: DataView,
  base: number,
): string | null {
  const number = (name: string): number => {
    const field = fields.get(name);
    return (field === undefined ? null : evaluateNumber(field)) ?? 0;
  };
  const expected = number("scm_sec") * 1e6 + number("scm_nsec") / 1e3;
  const got = Number(view.getBigInt64(0, true)) * 1e6 +
    Number(view.getBigInt64(8, true)) / 1e3 - base;
  if (Math.abs(expected - got) <= TIMESTAMP_TOLERANCE_USECS) return null;
  return `expected a timestamp of ${expected / 1e6} s, got ${got / 1e6} s`;
}

/** `struct sock_extended_err`: errno, origin, type, code, pad, info, data. */
function checkExtendedError(
  fields: ReadonlyMap<string, Expression>,
  view: DataView,
): string | null {
  const got: Readonly<Record<string, number>> = {
    ee_errno: view.getUint32(0, true),
    ee_origin: view.getUint8(4),
    ee_type: view.getUint8(5),
    ee_code: view.getUint8(6),
    ee_info: view.getUint32(8, true),
    ee_data: view.getUint32(12, true),
  };
  for (const [name, expression] of fields) {
    const expected = evaluateNumber(expression);
    if (expected !== null && expected !== got[name]) {
      return `${name}: expected ${expected}, got ${got[name]}`;
    }
  }
  return null;
}
