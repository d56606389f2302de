/**
 * Results of emulated calls: a number, an error, or "not yet".
 *
 * @module
 */
import { ERRNO } from "../run/symbols.ts";
import type { CallOutcome } from "../run/executor.ts";

/** A finished call; the executor adds the time. */
export type Result = Omit<CallOutcome, "endedAt">;

/** The call cannot finish yet; it is tried again after each step. */
export const BLOCKED = "blocked";

/** What one try of a call gives. */
export type Attempt = Result | typeof BLOCKED;

/** Success with a return value. */
export function done(result: number): Result {
  return { result, errno: 0 };
}

/** Failure with an error by name. */
export function failed(name: string): Result {
  const errno = ERRNO[name];
  if (errno === undefined) {
    throw new TypeError(`Cannot fail with ${name}: no such error`);
  }
  return { result: -1, errno };
}
