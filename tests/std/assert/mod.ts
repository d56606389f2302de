/**
 * `@std/assert` with its types, for machines that reach npm and not JSR.
 *
 * deno.json maps `@std/assert` to JSR and lists this folder under `links`, so
 * that Deno resolves it here. The functions are those of Deno's standard
 * library as npm carries it, compiled and without types; the signatures below
 * are what the tests check against. Without the `links` line the same imports
 * come from JSR again.
 *
 * @module
 */
import * as std from "deno-std/assert/mod.js";

/** A class, abstract or not, whose instances are `T`. */
// deno-lint-ignore no-explicit-any -- the constructor's parameters are nobody's concern here
export type Constructor<T> = abstract new (...args: any[]) => T;

/** What a failed assertion throws. */
export type AssertionError = Error;
/** What a failed assertion throws. */
export const AssertionError: new (
  message: string,
  options?: ErrorOptions,
) => AssertionError = std.AssertionError;

/** Whether the two are structurally equal. */
export const equal: (a: unknown, b: unknown) => boolean = std.equal;

/** Fails unless `expr` is truthy. */
export const assert: (expr: unknown, msg?: string) => asserts expr = std.assert;

/** Fails unless `expr` is falsy. */
export const assertFalse: (expr: unknown, msg?: string) => void =
  std.assertFalse;

/** Fails unless the two are structurally equal. */
export const assertEquals: <T>(actual: T, expected: T, msg?: string) => void =
  std.assertEquals;

/** Fails when the two are structurally equal. */
export const assertNotEquals: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertNotEquals;

/** Fails unless the two are the same value, as `Object.is` tells. */
export const assertStrictEquals: <T>(
  actual: unknown,
  expected: T,
  msg?: string,
) => asserts actual is T = std.assertStrictEquals;

/** Fails when the two are the same value, as `Object.is` tells. */
export const assertNotStrictEquals: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertNotStrictEquals;

/** Fails unless the two differ by at most `tolerance` (default: a millionth of `expected`). */
export const assertAlmostEquals: (
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
) => void = std.assertAlmostEquals;

/** Fails when `actual` is null or undefined. */
export const assertExists: <T>(
  actual: T,
  msg?: string,
) => asserts actual is NonNullable<T> = std.assertExists;

/** Fails unless `actual` is an instance of `type`. */
export const assertInstanceOf: <T>(
  actual: unknown,
  type: Constructor<T>,
  msg?: string,
) => asserts actual is T = std.assertInstanceOf;

/** Fails when `actual` is an instance of `type`. */
export const assertNotInstanceOf: <T>(
  actual: unknown,
  type: Constructor<T>,
  msg?: string,
) => void = std.assertNotInstanceOf;

/** Fails unless `actual > expected`. */
export const assertGreater: <T>(actual: T, expected: T, msg?: string) => void =
  std.assertGreater;

/** Fails unless `actual >= expected`. */
export const assertGreaterOrEqual: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertGreaterOrEqual;

/** Fails unless `actual < expected`. */
export const assertLess: <T>(actual: T, expected: T, msg?: string) => void =
  std.assertLess;

/** Fails unless `actual <= expected`. */
export const assertLessOrEqual: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertLessOrEqual;

/** Fails unless `actual` contains `expected`. */
export const assertStringIncludes: (
  actual: string,
  expected: string,
  msg?: string,
) => void = std.assertStringIncludes;

/** Fails unless `actual` contains every element of `expected`. */
export const assertArrayIncludes: <T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
) => void = std.assertArrayIncludes;

/** Fails unless `actual` matches `expected`. */
export const assertMatch: (
  actual: string,
  expected: RegExp,
  msg?: string,
) => void = std.assertMatch;

/** Fails when `actual` matches `expected`. */
export const assertNotMatch: (
  actual: string,
  expected: RegExp,
  msg?: string,
) => void = std.assertNotMatch;

/** Fails unless `actual` has all that `expected` has. */
export const assertObjectMatch: (
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
) => void = std.assertObjectMatch;

/** Fails unless `error` is an error, of the class and with the message text given. */
export const assertIsError: <E extends Error = Error>(
  error: unknown,
  errorClass?: Constructor<E>,
  msgMatches?: string | RegExp,
  msg?: string,
) => asserts error is E = std.assertIsError;

/** Overloads of {@linkcode assertThrows}. */
interface AssertThrows {
  (fn: () => unknown, msg?: string): unknown;
  <E extends Error = Error>(
    fn: () => unknown,
    errorClass: Constructor<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
}

/** Fails unless `fn` throws, and throws what is said. Returns what it threw. */
export const assertThrows: AssertThrows = std.assertThrows as AssertThrows;

/** Overloads of {@linkcode assertRejects}. */
interface AssertRejects {
  (fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  <E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: Constructor<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
}

/** Fails unless the promise of `fn` rejects, and with what is said. Resolves with what it rejected with. */
export const assertRejects: AssertRejects = std.assertRejects as AssertRejects;

/** Fails. */
export const fail: (msg?: string) => never = std.fail;

/** Fails: the place is not built. */
export const unimplemented: (msg?: string) => never = std.unimplemented;

/** Fails: the place cannot be reached. */
export const unreachable: (msg?: string) => never = std.unreachable;
