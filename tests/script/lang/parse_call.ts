/**
 * System calls and their arguments.
 *
 *     call := name "(" [expr {"," expr}] ")" "=" expr [ERRNO "(" note ")"] ["(" note ")"]
 *     expr := ... | 1 | 0x1 | WORD | "text" | a|b | [list] | {fields or items} | name(args)
 *
 * Structures are read as records without knowing which they are, so that one
 * rule covers sockaddr, msghdr, pollfd, epoll_event, linger and the control
 * messages; the caller looks for the members it needs.
 *
 * @module
 */
import type { CallAction, Expression } from "./ast.ts";
import type { TokenStream } from "./token_stream.ts";

/** Reads a call; `end` is when a blocking one returns, or null. */
export function parseCall(stream: TokenStream, end: number | null): CallAction {
  const name = stream.expect("word", "the name of a system call");
  stream.expectSign("(");
  const args = parseItems(stream, ")");
  stream.expectSign("=");
  const result = parseExpression(stream);
  let errno: string | null = null;
  if (stream.peek().kind === "word" && stream.isSign("(", 1)) {
    errno = stream.next().text;
    skipNote(stream);
  }
  if (stream.isSign("(")) skipNote(stream);
  return {
    kind: "call",
    name: name.text,
    args,
    result,
    errno,
    end,
    position: name.position,
  };
}

function skipNote(stream: TokenStream): void {
  stream.expectSign("(");
  stream.skipPast("(", ")");
}

/** Expressions separated by commas, up to and past `close`. */
function parseItems(stream: TokenStream, close: string): Expression[] {
  const items: Expression[] = [];
  while (!stream.takeSign(close)) {
    if (items.length > 0) stream.expectSign(",");
    items.push(parseExpression(stream));
  }
  return items;
}

function parseExpression(stream: TokenStream): Expression {
  let left = parseOperand(stream);
  while (stream.isSign("|")) {
    const { position } = stream.next();
    left = { kind: "or", left, right: parseOperand(stream), position };
  }
  return left;
}

function parseOperand(stream: TokenStream): Expression {
  const token = stream.peek();
  const position = token.position;
  switch (token.kind) {
    case "ellipsis":
      stream.next();
      return { kind: "ellipsis", position };
    case "integer":
    case "hex":
      stream.next();
      return { kind: "integer", value: Number(token.text), position };
    case "string":
      return parseString(stream);
    case "word":
      return parseWord(stream);
    default:
      break;
  }
  if (stream.takeSign("[")) {
    return { kind: "list", items: parseItems(stream, "]"), position };
  }
  if (stream.takeSign("{")) return parseBraces(stream, position);
  stream.fail("expected an argument");
}

/** One or more adjacent strings; a trailing `...` says that the text goes on and is not compared further. */
function parseString(stream: TokenStream): Expression {
  const position = stream.peek().position;
  const bytes: number[] = [];
  while (stream.peek().kind === "string") {
    bytes.push(...unescape(stream.next().text));
  }
  if (stream.peek().kind === "ellipsis") stream.next();
  return { kind: "string", bytes: Uint8Array.from(bytes), position };
}

function parseWord(stream: TokenStream): Expression {
  const { text: name, position } = stream.next();
  if (stream.takeSign("(")) {
    return { kind: "call", name, args: parseItems(stream, ")"), position };
  }
  if (stream.takeSign("=")) {
    return {
      kind: "record",
      fields: new Map([[name, parseExpression(stream)]]),
      position,
    };
  }
  return { kind: "word", name, position };
}

function parseBraces(
  stream: TokenStream,
  position: Expression["position"],
): Expression {
  if (isMemberAhead(stream)) {
    const fields = new Map<string, Expression>();
    while (!stream.takeSign("}")) {
      if (fields.size > 0) stream.expectSign(",");
      parseMember(stream, fields);
    }
    return { kind: "record", fields, position };
  }
  if (isForeignAhead(stream)) {
    stream.skipPast("{", "}");
    return { kind: "word", name: "(an MPLS or GRE header)", position };
  }
  return { kind: "braces", items: parseItems(stream, "}"), position };
}

/** `name =` or `name(count) =`. */
function isMemberAhead(stream: TokenStream): boolean {
  if (stream.peek().kind !== "word") return false;
  return stream.isSign("=", 1) ||
    (stream.isSign("(", 1) && stream.isSign(")", 3) && stream.isSign("=", 4));
}

/** The forms `{(label …)}` and `{flags …}`, which belong to tunnels. */
function isForeignAhead(stream: TokenStream): boolean {
  return stream.isSign("(") || stream.isWord("flags") || stream.isWord("Flags");
}

function parseMember(
  stream: TokenStream,
  fields: Map<string, Expression>,
): void {
  const name = stream.expect("word", "the name of a member").text;
  if (stream.takeSign("(")) {
    fields.set(`${name}()`, parseExpression(stream));
    stream.expectSign(")");
  }
  stream.expectSign("=");
  fields.set(name, parseExpression(stream));
}

const ESCAPES: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  "0": 0,
  "\\": 92,
  '"': 34,
};

function unescape(text: string): number[] {
  const out: number[] = [];
  const encoder = new TextEncoder();
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "\\") {
      out.push(...encoder.encode(text[i]));
      continue;
    }
    const hex = /^x[0-9a-fA-F]{1,2}/.exec(text.slice(i + 1));
    if (hex !== null) {
      out.push(parseInt(hex[0].slice(1), 16));
      i += hex[0].length;
    } else {
      i++;
      out.push(ESCAPES[text[i]] ?? text.charCodeAt(i));
    }
  }
  return out;
}
