/**
 * Typed arrays, new and copied larger, for tables that begin small.
 *
 * Kept apart from the tables themselves: they are on the packet path, growing
 * is not. A table doubles, so its entries are copied twice at most on average.
 *
 * @module
 */

/** `length` elements, all 0; for files that may not say `new`. */
export function zeroedInt32(length: number): Int32Array {
  return new Int32Array(length);
}

/** A copy of `array` with `length` elements, the added ones 0. */
export function growInt32(array: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(array);
  return grown;
}

/** A copy of `array` with `length` elements, the added ones 0. */
export function growFloat64(array: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(array);
  return grown;
}

/** The least power of two that is at least `value`, which is 1..2^30. */
export function powerOfTwoAtLeast(value: number): number {
  return 1 << (32 - Math.clz32(value - 1));
}
