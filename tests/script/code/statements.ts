/**
 * Runs the Python between `%{` and `}%`.
 *
 * Scripts hold assertions over the values of a socket, now and then an
 * assignment that a later snippet reads, a print, an `if`. That is what this
 * knows; anything else is {@linkcode UnknownPython}, which makes a script "not
 * applicable" and never a pass.
 *
 * @module
 */
import {
  evaluate,
  evaluateList,
  isTrue,
  type Names,
  show,
} from "./expressions.ts";
import { UnknownPython } from "./tokens.ts";

/** An assertion that does not hold. */
export class AssertionFailed extends Error {
  /** Line within the snippet, from 0. */
  readonly line: number;
  /** Makes the failure of the assertion on `line`. */
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface Line {
  readonly indent: number;
  readonly text: string;
  readonly number: number;
}

/**
 * Runs a snippet. Assignments stay in `names`.
 *
 * @throws AssertionFailed, UnknownName, UnknownPython
 */
export function runCode(text: string, names: Names): void {
  const lines = logicalLines(text);
  runBlock(lines, 0, lines.length, names);
}

/** Lines with their comments removed and continuations joined; `;` separates too. */
function logicalLines(text: string): Line[] {
  const lines: Line[] = [];
  let pending = "";
  let start = 0;
  let depth = 0;
  text.split("\n").forEach((raw, number) => {
    const line = stripComment(raw);
    if (pending === "") start = number;
    pending += pending === "" ? line : ` ${line.trim()}`;
    depth += count(line, /[([{]/g) - count(line, /[)\]}]/g);
    if (depth > 0) return;
    if (/\\\s*$/.test(pending)) {
      pending = pending.replace(/\\\s*$/, "");
      return;
    }
    const indent =
      /^\s*/.exec(pending)?.[0].replaceAll("\t", "        ").length ?? 0;
    for (const part of splitStatements(pending)) {
      if (part.trim() !== "") {
        lines.push({ indent, text: part.trim(), number: start });
      }
    }
    pending = "";
  });
  if (pending.trim() !== "") throw new UnknownPython("an unfinished statement");
  // The first line stands behind "%{" and has lost its indent.
  const rest = lines.filter(({ number }) => number > 0).map(({ indent }) =>
    indent
  );
  const outer = rest.length > 0 ? Math.min(...rest) : 0;
  return lines.map((line) =>
    line.number === 0 ? { ...line, indent: outer } : line
  );
}

function stripComment(line: string): string {
  return line.replace(
    /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|#.*$/g,
    (_whole, quoted) => quoted ?? "",
  );
}

function splitStatements(line: string): string[] {
  return line.replace(
    /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|;/g,
    (whole, quoted) => quoted ?? (whole === ";" ? "\0" : whole),
  )
    .split("\0");
}

function count(text: string, pattern: RegExp): number {
  return text.replace(/"[^"]*"|'[^']*'/g, "").match(pattern)?.length ?? 0;
}

function runBlock(
  lines: readonly Line[],
  from: number,
  to: number,
  names: Names,
): void {
  for (let i = from; i < to;) {
    const line = lines[i];
    const conditional = /^(if)\b(.*):(.*)$/.exec(line.text);
    if (conditional === null) {
      runStatement(line, names);
      i++;
    } else i = runConditional(lines, i, to, names);
  }
}

/** Runs `if … elif … else …` and returns the index past it. */
function runConditional(
  lines: readonly Line[],
  from: number,
  to: number,
  names: Names,
): number {
  let isDone = false;
  let i = from;
  while (i < to && lines[i].indent === lines[from].indent) {
    const head = /^(if|elif|else)\b(.*?):(.*)$/.exec(lines[i].text);
    if (head === null || (i > from && head[1] === "if")) break;
    const bodyStart = i + 1;
    let bodyEnd = bodyStart;
    while (bodyEnd < to && lines[bodyEnd].indent > lines[from].indent) {
      bodyEnd++;
    }
    const holds: boolean = !isDone &&
      (head[1] === "else" || isTrue(evaluate(head[2], names)));
    if (holds) {
      if (head[3].trim() !== "") {
        runStatement({ ...lines[i], text: head[3].trim() }, names);
      }
      runBlock(lines, bodyStart, bodyEnd, names);
    }
    isDone ||= holds;
    i = bodyEnd;
  }
  return i;
}

function runStatement(line: Line, names: Names): void {
  const { text } = line;
  const assertion = /^assert\b(.*)$/s.exec(text);
  if (assertion !== null) return runAssertion(line, assertion[1], names);
  if (text === "pass" || /^(print\b|import\b|from\b)/.test(text)) return;
  const assignment = /^([A-Za-z_]\w*)\s*(\+|-|\*|\/\/|\/|%|&|\||)=(?!=)(.*)$/s
    .exec(text);
  if (assignment === null) throw new UnknownPython(`the statement "${text}"`);
  const [, name, operator, expression] = assignment;
  names.set(
    name,
    evaluate(
      operator === "" ? expression : `${name} ${operator} (${expression})`,
      names,
    ),
  );
}

function runAssertion(line: Line, text: string, names: Names): void {
  const [condition, ...message] = evaluateList(text, names);
  if (isTrue(condition)) return;
  const detail = message.length > 0
    ? `, got ${message.map(show).join(", ")}`
    : "";
  throw new AssertionFailed(
    line.number,
    `assertion failed: ${text.trim()}${detail}`,
  );
}
