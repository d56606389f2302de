/**
 * Values of Python expressions: comparisons (chained), arithmetic, logic,
 * membership, conditionals, tuples, lists and the few functions scripts call.
 *
 * Precedence, loosest first:
 *
 *     a if c else b · or · and · not · in, is, < <= == … · | · ^ · & · << >> · + - · * / // % · unary · **
 *
 * @module
 */
import { type CodeToken, tokenizeCode, UnknownPython } from "./tokens.ts";

/** A value; a list stands for lists and tuples. */
export type Value = number | string | boolean | null | readonly Value[];

/** Names and their values. */
export type Names = Map<string, Value>;

/** A name code used that nobody defined. */
export class UnknownName extends Error {
  /** The name. */
  readonly variable: string;
  /** Makes the error for `variable`. */
  constructor(variable: string) {
    super(`name "${variable}" is not defined`);
    this.variable = variable;
  }
}

const BINARY_LEVELS: readonly (readonly string[])[] = [
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  [
    "*",
    "/",
    "//",
    "%",
  ],
];
const COMPARISONS = new Set(["<", "<=", ">", ">=", "==", "!="]);

/** Evaluates `text`; a bare comma makes a list. */
export function evaluate(text: string, names: Names): Value {
  const parser = new Evaluator(tokenizeCode(text), names);
  return parser.whole();
}

/** Evaluates `text`, splitting at its top-level commas. */
export function evaluateList(text: string, names: Names): Value[] {
  return new Evaluator(tokenizeCode(text), names).items();
}

/** Python's idea of truth. */
export function isTrue(value: Value): boolean {
  if (value === null || value === false || value === 0 || value === "") {
    return false;
  }
  return !Array.isArray(value) || value.length > 0;
}

/** The value as Python would print it. */
export function show(value: Value): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  return Array.isArray(value)
    ? `(${value.map(show).join(", ")})`
    : String(value);
}

class Evaluator {
  readonly #tokens: readonly CodeToken[];
  readonly #names: Names;
  #at = 0;
  /** Above 0 inside a branch that is not taken: unknown names are no error there. */
  #skipping = 0;

  constructor(tokens: readonly CodeToken[], names: Names) {
    this.#tokens = tokens;
    this.#names = names;
  }

  whole(): Value {
    const items = this.items();
    return items.length === 1 ? items[0] : items;
  }

  items(): Value[] {
    const items = [this.#conditional()];
    while (this.#take(",")) {
      if (this.#peek().kind !== "end") items.push(this.#conditional());
    }
    if (this.#peek().kind !== "end") {
      throw new UnknownPython(`"${this.#peek().value}" in an expression`);
    }
    return items;
  }

  #peek(): CodeToken {
    return this.#tokens[this.#at];
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return (token.kind === "sign" || token.kind === "name") &&
      token.value === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) {
      throw new UnknownPython(
        `"${this.#peek().value}" where "${text}" should be`,
      );
    }
  }

  #conditional(): Value {
    const value = this.#or();
    if (!this.#take("if")) return value;
    const condition = isTrue(this.#or());
    this.#expect("else");
    const other = this.#conditional();
    return condition ? value : other;
  }

  #or(): Value {
    let value = this.#and();
    while (this.#take("or")) {
      value = this.#second(isTrue(value), value, () => this.#and());
    }
    return value;
  }

  #and(): Value {
    let value = this.#not();
    while (this.#take("and")) {
      value = this.#second(!isTrue(value), value, () => this.#not());
    }
    return value;
  }

  /** The right operand, parsed in any case but evaluated only when `isDecided` is false. */
  #second(isDecided: boolean, decided: Value, parse: () => Value): Value {
    if (!isDecided) return parse();
    this.#skipping++;
    parse();
    this.#skipping--;
    return decided;
  }

  #not(): Value {
    return this.#take("not") ? !isTrue(this.#not()) : this.#comparison();
  }

  #comparison(): Value {
    let left = this.#binary(0);
    let result: Value | null = null;
    while (true) {
      const operator = this.#takeComparison();
      if (operator === null) return result ?? left;
      const right = this.#binary(0);
      const holds = compare(operator, left, right);
      result = result === null ? holds : result === true && holds;
      left = right;
    }
  }

  #takeComparison(): string | null {
    const token = this.#peek();
    if (token.kind === "sign" && COMPARISONS.has(token.value)) {
      this.#at++;
      return token.value;
    }
    if (this.#take("in")) return "in";
    if (this.#take("is")) return this.#take("not") ? "!=" : "==";
    if (this.#is("not")) {
      this.#at++;
      this.#expect("in");
      return "not in";
    }
    return null;
  }

  #binary(level: number): Value {
    if (level === BINARY_LEVELS.length) return this.#unary();
    let left = this.#binary(level + 1);
    while (true) {
      const operator = BINARY_LEVELS[level].find((sign) => this.#is(sign));
      if (operator === undefined) return left;
      this.#at++;
      left = this.#apply(operator, left, this.#binary(level + 1));
    }
  }

  #apply(operator: string, left: Value, right: Value): Value {
    if (this.#skipping > 0) return 0;
    if (typeof left === "string" && operator === "%") {
      return format(left, right);
    }
    if (
      typeof left === "string" && typeof right === "string" && operator === "+"
    ) return left + right;
    return arithmetic(operator, toNumber(left), toNumber(right));
  }

  #unary(): Value {
    if (this.#take("-")) return -toNumber(this.#unary());
    if (this.#take("+")) return toNumber(this.#unary());
    if (this.#take("~")) return -toNumber(this.#unary()) - 1;
    const base = this.#atom();
    return this.#take("**")
      ? Math.pow(toNumber(base), toNumber(this.#unary()))
      : base;
  }

  #atom(): Value {
    const token = this.#peek();
    this.#at++;
    if (token.kind === "number" || token.kind === "string") {
      return this.#indexed(token.value);
    }
    if (token.kind === "name") return this.#indexed(this.#name(token.value));
    if (token.value === "(" || token.value === "[") {
      return this.#indexed(this.#group(token.value === "(" ? ")" : "]"));
    }
    throw new UnknownPython(`"${token.value}" in an expression`);
  }

  #group(close: string): Value {
    const items: Value[] = [];
    let isTuple = close === "]";
    while (!this.#take(close)) {
      items.push(this.#conditional());
      if (this.#take(",")) isTuple = true;
      else if (!this.#is(close)) {
        throw new UnknownPython(`"${this.#peek().value}" in a list`);
      }
    }
    return isTuple || items.length !== 1 ? items : items[0];
  }

  #indexed(value: Value): Value {
    if (this.#is(".")) throw new UnknownPython("an attribute");
    if (!this.#take("[")) return value;
    const index = toNumber(this.#conditional());
    this.#expect("]");
    if (!Array.isArray(value)) {
      throw new UnknownPython("an index into what is no list");
    }
    return value.at(index) ?? null;
  }

  #name(name: string): Value {
    if (name === "True") return true;
    if (name === "False") return false;
    if (name === "None") return null;
    if (name === "lambda" || name === "for" || name === "yield") {
      throw new UnknownPython(name);
    }
    if (this.#take("(")) {
      const group = this.#group(")");
      return this.#skipping > 0
        ? 0
        : callFunction(name, Array.isArray(group) ? group : [group]);
    }
    const value = this.#names.get(name);
    if (value !== undefined) return value;
    if (this.#skipping > 0) return 0;
    throw new UnknownName(name);
  }
}

function compare(operator: string, left: Value, right: Value): boolean {
  if (operator === "in" || operator === "not in") {
    if (!Array.isArray(right)) {
      throw new UnknownPython("membership in what is no list");
    }
    return right.some((item) => compare("==", left, item)) ===
      (operator === "in");
  }
  if (operator === "==") {
    return JSON.stringify(plain(left)) === JSON.stringify(plain(right));
  }
  if (operator === "!=") return !compare("==", left, right);
  const [a, b] = [toNumber(left), toNumber(right)];
  return operator === "<"
    ? a < b
    : operator === "<="
    ? a <= b
    : operator === ">"
    ? a > b
    : a >= b;
}

function plain(value: Value): Value {
  return typeof value === "boolean" ? Number(value) : value;
}

function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  throw new UnknownPython(`arithmetic with ${show(value)}`);
}

function arithmetic(operator: string, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%":
      return a - b * Math.floor(a / b);
    case "<<":
      return a * 2 ** b;
    case ">>":
      return Math.floor(a / 2 ** b);
    default:
      return bitwise(operator, BigInt(a), BigInt(b));
  }
}

function bitwise(operator: string, a: bigint, b: bigint): number {
  return Number(operator === "&" ? a & b : operator === "|" ? a | b : a ^ b);
}

function callFunction(name: string, args: readonly Value[]): Value {
  const numbers = (): number[] =>
    (Array.isArray(args[0]) ? args[0] : args).map(toNumber);
  switch (name) {
    case "abs":
      return Math.abs(toNumber(args[0]));
    case "min":
      return Math.min(...numbers());
    case "max":
      return Math.max(...numbers());
    case "int":
      return Math.trunc(
        typeof args[0] === "string" ? Number(args[0]) : toNumber(args[0]),
      );
    case "float":
      return typeof args[0] === "string" ? Number(args[0]) : toNumber(args[0]);
    case "round":
      return Math.round(toNumber(args[0]));
    case "sum":
      return numbers().reduce((total, number) => total + number, 0);
    case "len":
      return Array.isArray(args[0]) || typeof args[0] === "string"
        ? args[0].length
        : 0;
    case "str":
      return show(args[0]);
    case "range":
      return range(numbers());
    default:
      throw new UnknownPython(`the function ${name}()`);
  }
}

function range(args: readonly number[]): number[] {
  const [start, end] = args.length === 1 ? [0, args[0]] : args;
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}

/** `%` of strings: enough for messages. */
function format(text: string, value: Value): string {
  const values = Array.isArray(value) ? [...value] : [value];
  return text.replace(
    /%[-0-9.]*([a-zA-Z%])/g,
    (whole, letter) => letter === "%" ? "%" : show(values.shift() ?? whole),
  );
}
