/**
 * Script text into tokens.
 *
 * The rules are those of packetdrill's scanner, among them the three that
 * surprise: a number may begin with a minus or a point (`-1`, `.05`), so `P.5`
 * is the word `P` and the number `.5`; the longest match wins, so `3021b9d8` is
 * a word and `30219` a number; and a word that was defined (`-D NAME=value`)
 * is replaced by its value, which may be a quoted string or a command.
 *
 * Comments are `// …` to the end of the line and C comments.
 *
 * @module
 */
import type { Position } from "./ast.ts";
import { ScriptError } from "./script_error.ts";

/** What a token is. */
export type TokenKind =
  | "option"
  | "integer"
  | "hex"
  | "float"
  | "word"
  | "string"
  | "command"
  | "code"
  | "ipv4"
  | "ipv6"
  | "ellipsis"
  | "punctuation"
  | "end";

/** One token. */
export interface Token {
  /** What it is. */
  readonly kind: TokenKind;
  /** Its text; for strings, commands and code without the delimiters. */
  readonly text: string;
  /** Where it begins. */
  readonly position: Position;
  /** No blank stands between it and the token before. */
  readonly isGlued: boolean;
}

const SEGMENT = "[0-9a-fA-F]{1,4}";
const DOTTED = "[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+";
// Only forms with "::" or with eight groups: "1:1001" is a sequence range.
const IPV6 = [
  `(?:${SEGMENT}:){7}${SEGMENT}`,
  `(?:${SEGMENT}(?::${SEGMENT}){0,6})?::(?:ffff:(?:0{1,4}:)?)?${DOTTED}`,
  `(?:${SEGMENT}(?::${SEGMENT}){0,6})?::(?:${SEGMENT}(?::${SEGMENT}){0,6})?`,
].join("|");

/** Longest match wins; between equals, the earlier rule. */
const RULES: readonly (readonly [TokenKind, RegExp])[] = [
  ["ellipsis", /\.\.\./y],
  ["option", /--[a-zA-Z0-9_]+/y],
  ["float", /-?[0-9]*\.[0-9]+/y],
  ["integer", /-?[0-9]+/y],
  ["hex", /0[xX][0-9a-fA-F]+/y],
  ["word", /[a-zA-Z0-9_]+/y],
  ["string", /"(?:\\[^]|[^"\\])*"/y],
  ["command", /`(?:\\[^]|[^`\\])*`/y],
  ["code", /%\{[^]*?\}%/y],
  ["ipv4", new RegExp(DOTTED, "y")],
  ["ipv6", new RegExp(IPV6, "y")],
  ["punctuation", /[^ \t\r\n]/y],
];
const BLANK = /(?:[ \t\r\n]+|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;

/**
 * Cuts `source` into tokens, the last of kind `end`.
 *
 * @param defines values by defined word
 * @throws ScriptError for an unterminated string, command, comment or code
 */
export function tokenize(
  path: string,
  source: string,
  defines: ReadonlyMap<string, string>,
): Token[] {
  const lineStarts = findLineStarts(source);
  const tokens: Token[] = [];
  let at = 0;
  while (true) {
    BLANK.lastIndex = at;
    const blankLength = BLANK.exec(source)?.[0].length ?? 0;
    const isGlued = blankLength === 0 && at > 0;
    at += blankLength;
    const position = positionAt(lineStarts, at);
    if (at >= source.length) {
      tokens.push({ kind: "end", text: "", position, isGlued: false });
      return tokens;
    }
    const [kind, text] = longestMatch(source, at);
    refuseUnterminated(path, source, at, kind, text, position);
    tokens.push(
      define({ kind, text: strip(kind, text), position, isGlued }, defines),
    );
    at += text.length;
  }
}

function longestMatch(
  source: string,
  at: number,
): readonly [TokenKind, string] {
  let best: readonly [TokenKind, string] = ["punctuation", source[at]];
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at;
    const text = rule.exec(source)?.[0];
    if (text === undefined) continue;
    if (
      text.length > best[1].length ||
      (best[0] === "punctuation" && text.length === best[1].length)
    ) {
      best = [kind, text];
    }
  }
  return best;
}

function refuseUnterminated(
  path: string,
  source: string,
  at: number,
  kind: TokenKind,
  text: string,
  position: Position,
): void {
  if (kind !== "punctuation") return;
  const what = text === '"'
    ? "string"
    : text === "`"
    ? "command"
    : source.startsWith("%{", at)
    ? "code"
    : source.startsWith("/*", at)
    ? "comment"
    : null;
  if (what !== null) {
    throw new ScriptError(path, source, position, `this ${what} is not closed`);
  }
}

function strip(kind: TokenKind, text: string): string {
  if (kind === "option") return text.slice(2);
  if (kind === "string" || kind === "command") return text.slice(1, -1);
  if (kind === "code") return text.slice(2, -2).replace(/^[ \t]+|[ \t]+$/g, "");
  return text;
}

function define(token: Token, defines: ReadonlyMap<string, string>): Token {
  if (token.kind !== "word") return token;
  const value = defines.get(token.text);
  if (value === undefined) return token;
  if (/^".*"$/s.test(value)) {
    return { ...token, kind: "string", text: value.slice(1, -1) };
  }
  if (/^`.*`$/s.test(value)) {
    return { ...token, kind: "command", text: value.slice(1, -1) };
  }
  const kind = /^-?[0-9]+$/.test(value)
    ? "integer"
    : /^0x[0-9a-f]+$/i.test(value)
    ? "hex"
    : "word";
  return { ...token, kind, text: value };
}

function findLineStarts(source: string): number[] {
  const starts = [0];
  for (let i = source.indexOf("\n"); i >= 0; i = source.indexOf("\n", i + 1)) {
    starts.push(i + 1);
  }
  return starts;
}

function positionAt(lineStarts: readonly number[], at: number): Position {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lineStarts[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - lineStarts[low] + 1 };
}
