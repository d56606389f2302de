/**
 * TCP options as they stand between `<` and `>`.
 *
 * Every option is read, also those no executor here can run (Multipath TCP and
 * its like become `unsupported` with their text), so that a script is refused
 * for what it does and not for how it is written.
 *
 * @module
 */
import type { AccurateEcnCounter, TcpOption } from "./ast.ts";
import type { TokenStream } from "./token_stream.ts";

const U32 = 0xffffffff;

/** Reads `<option, …>`; null for `<...>`. */
export function parseTcpOptions(stream: TokenStream): TcpOption[] | null {
  const start = stream.expectSign("<").position;
  if (stream.peek().kind === "ellipsis") {
    stream.next();
    stream.expectSign(">");
    return null;
  }
  const options: TcpOption[] = [];
  do options.push(parseOption(stream)); while (stream.takeSign(","));
  stream.expectSign(">");
  const spare = options.reduce((sum, option) => sum + lengthOf(option), 0) % 4;
  if (spare > 0) {
    stream.failAt(
      start,
      `TCP options must fill whole words, these are ${spare} bytes over`,
    );
  }
  return options;
}

/** Bytes of an option; NaN for one that is not known, which makes every sum unknown. */
function lengthOf(option: TcpOption): number {
  switch (option.kind) {
    case "nop":
    case "eol":
      return 1;
    case "mss":
      return 4;
    case "wscale":
      return 3;
    case "sackOK":
      return 2;
    case "sack":
      return 2 + 4 * option.edges.length;
    case "TS":
      return 10;
    case "FO":
      return (option.experimental ? 4 : 2) + option.cookie.length;
    case "md5":
      return 2 + option.digest.length;
    case "ECN":
      return 2 + 3 * option.counters.length;
    case "raw":
      return 2 + option.data.length;
    case "unsupported":
      return NaN;
  }
}

function parseOption(stream: TokenStream): TcpOption {
  const name = stream.expect("word", "a TCP option");
  switch (name.text) {
    case "nop":
    case "eol":
    case "sackOK":
      return { kind: name.text };
    case "mss":
      return { kind: "mss", value: stream.expectInteger("mss", 0, 0xffff) };
    case "wscale":
      if (stream.takeSign("*")) return { kind: "wscale", value: null };
      return {
        kind: "wscale",
        value: stream.expectInteger("window scale", 0, 0xff),
      };
    case "sack":
      return { kind: "sack", edges: parseSackEdges(stream) };
    case "TS":
      return parseTimestamps(stream);
    case "FO":
    case "FOEXP":
      return parseFastOpen(stream, name.text === "FOEXP");
    case "md5":
      return { kind: "md5", digest: parseHex(stream, "an MD5 digest") };
    case "ECN":
      return { kind: "ECN", counters: parseCounters(stream) };
    default:
      return skipUnknown(stream, name.text);
  }
}

function parseSackEdges(stream: TokenStream): number[] {
  const edges: number[] = [];
  do {
    edges.push(stream.expectInteger("left edge", 0, U32));
    stream.expectSign(":");
    edges.push(stream.expectInteger("right edge", 0, U32));
  } while (stream.peek().kind === "integer");
  return edges;
}

function parseTimestamps(stream: TokenStream): TcpOption {
  if (!stream.takeWord("val")) stream.fail('expected "val"');
  const val = stream.expectInteger("timestamp value", 0, U32);
  if (!stream.takeWord("ecr")) stream.fail('expected "ecr"');
  return {
    kind: "TS",
    val,
    ecr: stream.expectInteger("timestamp echo", 0, U32),
  };
}

function parseFastOpen(stream: TokenStream, experimental: boolean): TcpOption {
  const hasCookie = !stream.isSign(",") && !stream.isSign(">");
  const cookie = hasCookie
    ? parseHex(stream, "a Fast Open cookie in hexadecimal")
    : new Uint8Array(0);
  return { kind: "FO", cookie, experimental };
}

function parseHex(stream: TokenStream, what: string): Uint8Array {
  const token = stream.peek();
  if (
    (token.kind !== "word" && token.kind !== "integer") ||
    !/^([0-9a-fA-F]{2})+$/.test(token.text)
  ) {
    stream.fail(`expected ${what}`);
  }
  stream.next();
  return Uint8Array.from(
    token.text.match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}

function parseCounters(stream: TokenStream): AccurateEcnCounter[] {
  const counters: AccurateEcnCounter[] = [];
  while (stream.peek().kind === "word") {
    const name = stream.next();
    if (name.text !== "e0b" && name.text !== "ceb" && name.text !== "e1b") {
      stream.failAt(name.position, `unknown ECN counter "${name.text}"`);
    }
    counters.push({
      name: name.text,
      value: stream.expectInteger("counter", 0, 0xffffff),
    });
  }
  return counters;
}

/** An option of another protocol: up to the next comma that is not in brackets. */
function skipUnknown(stream: TokenStream, name: string): TcpOption {
  let text = name;
  for (
    let depth = 0;
    depth > 0 || (!stream.isSign(",") && !stream.isSign(">"));
  ) {
    if (stream.peek().kind === "end") {
      stream.fail('expected ">" after the TCP options');
    }
    if (stream.isSign("[")) depth++;
    if (stream.isSign("]")) depth--;
    text += ` ${stream.next().text}`;
  }
  return { kind: "unsupported", text };
}
