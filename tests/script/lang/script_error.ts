/**
 * What is wrong with a script, and where.
 *
 * @module
 */
import type { Position } from "./ast.ts";

/** A script that cannot be read. Its message names file, line and column and points at the place. */
export class ScriptError extends Error {
  /** File name, as given. */
  readonly path: string;
  /** Where in the file. */
  readonly position: Position;
  /** What is wrong, without the place. */
  readonly reason: string;

  /** Makes the error; `source` is the whole file, of which the line is quoted. */
  constructor(
    path: string,
    source: string,
    position: Position,
    reason: string,
  ) {
    super(
      `${path}:${position.line}:${position.column}: ${reason}\n${
        quoteLine(source, position)
      }`,
    );
    this.name = "ScriptError";
    this.path = path;
    this.position = position;
    this.reason = reason;
  }
}

/** The line at `position` with a caret below the column. Tabs are kept, so that the caret stands right. */
export function quoteLine(source: string, position: Position): string {
  const line = source.split("\n")[position.line - 1] ?? "";
  const blank = line.slice(0, position.column - 1).replace(/[^\t]/g, " ");
  return `${line}\n${blank}^`;
}
