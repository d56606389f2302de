/**
 * The two quantities every layer speaks of: time and sequence numbers.
 *
 * Time is a number of microseconds in a double: 2^53 µs are 285 years, so it
 * never wraps, and it must never meet `| 0`, which would cut it to 36 minutes.
 * Sequence numbers are the opposite: they wrap by design, so their type is
 * opaque and the only arithmetic on them is tcp/seq.ts.
 *
 * @module
 */

/** Monotonic time or a span of it, in µs, as a double. Must never meet `| 0`. */
export type Micros = number;

/** One millisecond in {@linkcode Micros}. */
export const MILLISECOND: Micros = 1_000;

/** One second in {@linkcode Micros}. */
export const SECOND: Micros = 1_000_000;

/** A deadline that never comes. */
export const NEVER: Micros = Infinity;

/** The brand of {@linkcode Seq}; exists only for the type checker. */
export declare const SEQ: unique symbol;

/**
 * A 32-bit TCP sequence number, held as an int32 so that V8 keeps it a Smi.
 *
 * Opaque: `+`, `-` and assignment to `number` do not compile; arithmetic goes
 * through tcp/seq.ts. RFC 9293 §3.4.
 */
export interface Seq {
  /** Never present at run time; makes the type opaque. */
  readonly [SEQ]: true;
}
