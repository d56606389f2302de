/**
 * Numbers of expressions: integers, constants by name, and their bitwise or.
 *
 * @module
 */
import type { Expression } from "../lang/ast.ts";
import { NotApplicable } from "./executor.ts";
import { ERRNO, SYMBOLS } from "./symbols.ts";

/** The number an expression stands for, or null when it is none. @throws NotApplicable for an unknown constant */
export function evaluateNumber(expression: Expression): number | null {
  switch (expression.kind) {
    case "integer":
      return expression.value;
    case "word": {
      const value = SYMBOLS[expression.name] ?? ERRNO[expression.name];
      if (value === undefined) {
        throw new NotApplicable(`the constant ${expression.name} is not known`);
      }
      return value;
    }
    case "or": {
      const left = evaluateNumber(expression.left);
      const right = evaluateNumber(expression.right);
      return left === null || right === null ? null : (left | right) >>> 0;
    }
    case "list":
      return expression.items.length === 1
        ? evaluateNumber(expression.items[0])
        : null;
    default:
      return null;
  }
}
