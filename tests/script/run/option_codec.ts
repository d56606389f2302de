/**
 * TCP options, between their words and their bytes.
 *
 * This and codec.ts are a second implementation of the wire format on purpose:
 * they judge the engine, so they must not share its parser; and they must be
 * able to write what the engine never would.
 *
 * @module
 */
import type { AccurateEcnCounter, TcpOption } from "../lang/ast.ts";

const KIND = {
  eol: 0,
  nop: 1,
  mss: 2,
  wscale: 3,
  sackOK: 4,
  sack: 5,
  TS: 8,
  md5: 19,
  FO: 34,
  FOEXP: 254,
} as const;
const FAST_OPEN_MAGIC = [0xf9, 0x89];
/** Accurate ECN option kinds by the order of their counters (RFC 9768 §3.2.3). */
const ECN_ORDER: ReadonlyMap<number, readonly AccurateEcnCounter["name"][]> =
  new Map([
    [172, ["e0b", "ceb", "e1b"]],
    [174, ["e1b", "ceb", "e0b"]],
  ]);

/** The bytes of `options`, not padded. An unsupported one contributes nothing. */
export function encodeOptions(options: readonly TcpOption[]): number[] {
  return options.flatMap(encodeOption);
}

function encodeOption(option: TcpOption): number[] {
  switch (option.kind) {
    case "eol":
    case "nop":
      return [KIND[option.kind]];
    case "mss":
      return [KIND.mss, 4, ...u16(option.value)];
    case "wscale":
      return [KIND.wscale, 3, option.value ?? 0];
    case "sackOK":
      return [KIND.sackOK, 2];
    case "sack":
      return [
        KIND.sack,
        2 + 4 * option.edges.length,
        ...option.edges.flatMap(u32),
      ];
    case "TS":
      return [KIND.TS, 10, ...u32(option.val), ...u32(option.ecr)];
    case "FO":
      return option.experimental
        ? [
          KIND.FOEXP,
          4 + option.cookie.length,
          ...FAST_OPEN_MAGIC,
          ...option.cookie,
        ]
        : [KIND.FO, 2 + option.cookie.length, ...option.cookie];
    case "md5":
      return [KIND.md5, 2 + option.digest.length, ...option.digest];
    case "ECN":
      return encodeCounters(option.counters);
    case "raw":
      return [option.optionKind, 2 + option.data.length, ...option.data];
    case "unsupported":
      return [];
  }
}

function encodeCounters(counters: readonly AccurateEcnCounter[]): number[] {
  const kind = counters[0]?.name === "e1b" ? 174 : 172;
  const bytes = counters.flatMap((
    { value },
  ) => [value >>> 16 & 0xff, value >>> 8 & 0xff, value & 0xff]);
  return [kind, 2 + bytes.length, ...bytes];
}

/** Reads options as far as they make sense; the rest becomes one `unsupported` option. */
export function decodeOptions(bytes: Uint8Array): TcpOption[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options: TcpOption[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at];
    if (kind === KIND.eol || kind === KIND.nop) {
      options.push({ kind: kind === KIND.nop ? "nop" : "eol" });
      at++;
      continue;
    }
    const length = at + 1 < bytes.length ? bytes[at + 1] : 0;
    if (length < 2 || at + length > bytes.length) {
      options.push({
        kind: "unsupported",
        text: `malformed option ${kind} length ${length}`,
      });
      break;
    }
    options.push(decodeOption(kind, view, at + 2, length - 2));
    at += length;
  }
  return options;
}

function decodeOption(
  kind: number,
  view: DataView,
  at: number,
  length: number,
): TcpOption {
  const data = new Uint8Array(view.buffer, view.byteOffset + at, length)
    .slice();
  if (kind === KIND.mss && length === 2) {
    return { kind: "mss", value: view.getUint16(at) };
  }
  if (kind === KIND.wscale && length === 1) {
    return { kind: "wscale", value: data[0] };
  }
  if (kind === KIND.sackOK && length === 0) return { kind: "sackOK" };
  if (kind === KIND.TS && length === 8) {
    return { kind: "TS", val: view.getUint32(at), ecr: view.getUint32(at + 4) };
  }
  if (kind === KIND.sack && length > 0 && length % 8 === 0) {
    return {
      kind: "sack",
      edges: Array.from(
        { length: length / 4 },
        (_, i) => view.getUint32(at + 4 * i),
      ),
    };
  }
  if (kind === KIND.FO) {
    return { kind: "FO", cookie: data, experimental: false };
  }
  if (
    kind === KIND.FOEXP && data[0] === FAST_OPEN_MAGIC[0] &&
    data[1] === FAST_OPEN_MAGIC[1]
  ) {
    return { kind: "FO", cookie: data.slice(2), experimental: true };
  }
  if (kind === KIND.md5) return { kind: "md5", digest: data };
  const order = ECN_ORDER.get(kind);
  if (order !== undefined && length % 3 === 0) {
    const counters = Array.from({ length: length / 3 }, (_, i) => ({
      name: order[i],
      value: data[3 * i] << 16 | data[3 * i + 1] << 8 | data[3 * i + 2],
    }));
    return { kind: "ECN", counters };
  }
  return { kind: "raw", optionKind: kind, data };
}

function u16(value: number): number[] {
  return [value >>> 8 & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [
    value >>> 24 & 0xff,
    value >>> 16 & 0xff,
    value >>> 8 & 0xff,
    value & 0xff,
  ];
}
