/**
 * A cursor over tokens with the few questions a descent parser asks.
 *
 * @module
 */
import type { Position } from "./ast.ts";
import type { Token, TokenKind } from "./lexer.ts";
import { ScriptError } from "./script_error.ts";

/** Tokens of one file and how far they have been read. */
export class TokenStream {
  /** File name, for messages. */
  readonly path: string;
  /** The whole text, for messages. */
  readonly source: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  /** Starts before the first of `tokens`, the last of which is of kind `end`. */
  constructor(path: string, source: string, tokens: readonly Token[]) {
    this.path = path;
    this.source = source;
    this.#tokens = tokens;
  }

  /** The token `ahead` places on, not consumed. */
  peek(ahead: number = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
  }

  /** Consumes and returns the next token. */
  next(): Token {
    const token = this.peek();
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  /** Whether the next token is this sign. */
  isSign(sign: string, ahead: number = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "punctuation" && token.text === sign;
  }

  /** Whether the next token is this word. */
  isWord(word: string, ahead: number = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "word" && token.text === word;
  }

  /** Consumes the sign if it is next; says whether it was. */
  takeSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.next();
    return true;
  }

  /** Consumes the word if it is next; says whether it was. */
  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.next();
    return true;
  }

  /** Consumes this sign or fails. */
  expectSign(sign: string): Token {
    if (!this.isSign(sign)) this.fail(`expected "${sign}"`);
    return this.next();
  }

  /** Consumes a token of this kind or fails, saying that `what` was expected. */
  expect(kind: TokenKind, what: string): Token {
    if (this.peek().kind !== kind) this.fail(`expected ${what}`);
    return this.next();
  }

  /** Consumes an integer in `[low, high]` or fails, naming `what`. */
  expectInteger(what: string, low: number, high: number): number {
    const token = this.peek();
    if (token.kind !== "integer" && token.kind !== "hex") {
      this.fail(`expected ${what}`);
    }
    const value = Number(token.text);
    if (value < low || value > high) {
      this.failAt(
        token.position,
        `${what} must be ${low}..${high}, got ${token.text}`,
      );
    }
    this.next();
    return value;
  }

  /** Consumes everything up to the sign that closes the one just consumed, and that sign too. */
  skipPast(open: string, close: string): void {
    for (let depth = 1; depth > 0;) {
      if (this.peek().kind === "end") this.fail(`expected "${close}"`);
      if (this.isSign(open)) depth++;
      if (this.isSign(close)) depth--;
      this.next();
    }
  }

  /** Refuses the next token. */
  fail(expectation: string): never {
    const token = this.peek();
    const got = token.kind === "end"
      ? "the end of the file"
      : `"${token.text}"`;
    this.failAt(token.position, `${expectation}, got ${got}`);
  }

  /** Refuses something at `position`. */
  failAt(position: Position, reason: string): never {
    throw new ScriptError(this.path, this.source, position, reason);
  }
}
