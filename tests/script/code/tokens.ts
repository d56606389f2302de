/**
 * Tokens of the Python that scripts contain.
 *
 * Only expressions: the statements around them are cut by line in
 * statements.ts. Numbers are doubles; a 64-bit value beyond 2^53 rounds on
 * both sides of a comparison alike.
 *
 * @module
 */

/** One token of an expression. */
export type CodeToken =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "name"; readonly value: string }
  | { readonly kind: "sign"; readonly value: string }
  | { readonly kind: "end"; readonly value: "" };

/** Python this evaluator does not know. */
export class UnknownPython extends Error {}

const NUMBER =
  /(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:[0-9][0-9_]*)?\.?[0-9][0-9_]*\.?(?:[eE][+-]?[0-9]+)?)[lL]?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const STRING =
  /[rRbBuU]?(?:"""([^]*?)"""|'''([^]*?)'''|"((?:\\[^]|[^"\\])*)"|'((?:\\[^]|[^'\\])*)')/y;
const SIGN =
  /\*\*=?|\/\/=?|<<=?|>>=?|[<>=!+\-*\/%&|^]=|[-+*\/%&|^~<>=()\[\]{},.:]/y;

/** Cuts an expression into tokens, the last of kind `end`. */
export function tokenizeCode(text: string): CodeToken[] {
  const tokens: CodeToken[] = [];
  for (let at = 0; at < text.length;) {
    if (/[\s\\]/.test(text[at])) {
      at++;
      continue;
    }
    const [token, length] = tokenAt(text, at);
    tokens.push(token);
    at += length;
  }
  tokens.push({ kind: "end", value: "" });
  return tokens;
}

function tokenAt(text: string, at: number): readonly [CodeToken, number] {
  const string = match(STRING, text, at);
  if (string !== null) {
    const value = (string[1] ?? string[2] ?? string[3] ?? string[4] ?? "")
      .replace(/\\([^])/g, unescapeOne);
    return [{ kind: "string", value }, string[0].length];
  }
  const name = match(NAME, text, at);
  if (name !== null) return [{ kind: "name", value: name[0] }, name[0].length];
  const number = match(NUMBER, text, at);
  if (number !== null) {
    return [
      { kind: "number", value: Number(number[0].replace(/[lL_]/g, "")) },
      number[0].length,
    ];
  }
  const sign = match(SIGN, text, at);
  if (sign !== null) return [{ kind: "sign", value: sign[0] }, sign[0].length];
  throw new UnknownPython(`the sign "${text[at]}"`);
}

function match(rule: RegExp, text: string, at: number): RegExpExecArray | null {
  rule.lastIndex = at;
  return rule.exec(text);
}

function unescapeOne(_whole: string, letter: string): string {
  return letter === "n" ? "\n" : letter === "t" ? "\t" : letter;
}
