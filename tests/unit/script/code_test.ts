import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  evaluate,
  type Names,
  UnknownName,
  type Value,
} from "../../script/code/expressions.ts";
import { AssertionFailed, runCode } from "../../script/code/statements.ts";
import { UnknownPython } from "../../script/code/tokens.ts";

const NAMES: readonly (readonly [string, Value])[] = [["a", 7], ["b", 2], [
  "zero",
  0,
]];

/** Expressions and what Python 3 makes of them. */
const VALUES: readonly (readonly [string, Value])[] = [
  ["1 + 2 * 3", 7],
  ["(1 + 2) * 3", 9],
  ["7 // 2", 3],
  ["-7 // 2", -4],
  ["-7 % 3", 2],
  ["7 / 2", 3.5],
  ["2 ** 3 ** 2", 512],
  ["-2 ** 2", -4],
  ["1 << 4 | 1", 17],
  ["6 & 3 ^ 1", 3],
  ["~5", -6],
  ["0x10", 16],
  ["1e3", 1000],
  ["a == 7", true],
  ["a != 7", false],
  ["1 < b < 3", true],
  ["1 < b > 5", false],
  ["5000 <= 20000 <= 20000", true],
  ["a in (6, 7)", true],
  ["a not in [1, 2]", true],
  ["not a == 7", false],
  ["zero and missing", 0],
  ["a or missing", 7],
  ["1 if zero else 2", 2],
  ["abs(-3)", 3],
  ["max(1, a, 3)", 7],
  ["min([4, 2])", 2],
  ["int(3.9)", 3],
  ["round(2.6)", 3],
  ["len('abc')", 3],
  ["(a & 1) != 0", true],
  ["True == 1", true],
  ["None is None", true],
  ["'x=%d' % a", "x=7"],
  ["'%d of %d' % (a, b)", "7 of 2"],
  ["[1, 2, 3][-1]", 3],
];

for (const [text, value] of VALUES) {
  Deno.test(`evaluate() gives Python's value of ${text}`, () => {
    assertEquals(evaluate(text, new Map(NAMES)), value);
  });
}

function run(text: string): Names {
  const names: Names = new Map(NAMES);
  runCode(text, names);
  return names;
}

Deno.test("runCode() passes assertions that hold", () => {
  run("assert a == 7, a\nassert b == 2; assert (a, b)");
});

Deno.test("runCode() names the line, the condition and the value of a failure", () => {
  const error = assertThrows(
    () => run("\nassert a == 7\nassert b == 3, b\n"),
    AssertionFailed,
  );
  assertEquals(error.line, 2);
  assert(/b == 3.*got 2/.test(error.message), error.message);
});

Deno.test("runCode() takes a message in parentheses for a message", () => {
  assertThrows(
    () => run("assert a == 8, ('wrong', a)"),
    AssertionFailed,
    "wrong",
  );
});

Deno.test("runCode() keeps assignments for later snippets", () => {
  const names = run("first = a * 2\nfirst += 1");
  assertEquals(names.get("first"), 15);
  runCode("assert first == 15", names);
});

Deno.test("runCode() follows if, elif and else", () => {
  const text =
    "if a == 1:\n  x = 1\nelif a == 7:\n  x = 2\n  y = 3\nelse:\n  x = 4\nz = 5";
  const names = run(text);
  assertEquals([names.get("x"), names.get("y"), names.get("z")], [2, 3, 5]);
  assertThrows(() => run("if a == 7: assert b == 9"), AssertionFailed);
});

Deno.test("runCode() ignores comments, prints and imports", () => {
  run("import sys # for nothing\nprint('a; b # c', a)\nassert a == 7 # holds");
});

Deno.test("runCode() joins lines inside parentheses", () => {
  run("assert (a == 7 and\n        b == 2)");
});

Deno.test("runCode() says that it does not understand, rather than pass", () => {
  for (
    const text of [
      "for i in range(3): pass",
      "def f(): pass",
      "x = lambda: 1",
      "assert a.b",
    ]
  ) {
    assertThrows(() => run(text), UnknownPython);
  }
});

Deno.test("runCode() reports a name nobody defined", () => {
  assertEquals(
    assertThrows(() => run("assert tcpi_nonsense == 1"), UnknownName).variable,
    "tcpi_nonsense",
  );
});
