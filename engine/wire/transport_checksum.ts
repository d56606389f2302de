// @hot
/**
 * The checksum of a transport header and a payload that lies elsewhere.
 *
 * What is sent is summed where it lies, in up to two pieces of a ring
 * ({@linkcode PayloadRef}); the second piece changes sides when the first has
 * an odd length. Complete or partial is the device's ability: a partial
 * checksum is the folded, uninverted sum of the pseudo header alone.
 *
 * @module
 */
import type { Frame, PayloadRef } from "../base/frame.ts";
import { joinSums, sumArray, sumBytes } from "./checksum.ts";

/** `partial` argument of the emitters: the checksum is complete. */
export const CHECKSUM_COMPLETE = 0;
/** `partial` argument of the emitters: the device completes the checksum. */
export const CHECKSUM_PARTIAL = 1;

/**
 * Adds the two pieces of a payload of `length` bytes in all, which begins at an even position, to `initial`.
 *
 * @param frame the frame the payload will follow; a payload in the same memory is summed three times as fast
 */
export function sumPayload(
  frame: Frame,
  payload: PayloadRef,
  length: number,
  initial: number,
): number {
  if (length === 0) return initial;
  if (payload.bytes !== frame.bytes) return sumForeignPayload(payload, initial);
  const sum = sumBytes(frame.view, payload.offset, payload.length, initial);
  if (payload.wrapLength === 0) return sum;
  const wrapped = sumBytes(
    frame.view,
    payload.wrapOffset,
    payload.wrapLength,
    0,
  );
  return joinSums(sum, wrapped, payload.length);
}

/** The same for a payload outside the frame's arena, which has no DataView here. */
function sumForeignPayload(payload: PayloadRef, initial: number): number {
  const bytes = payload.bytes;
  const sum = sumArray(bytes, payload.offset, payload.length, initial);
  if (payload.wrapLength === 0) return sum;
  const wrapped = sumArray(bytes, payload.wrapOffset, payload.wrapLength, 0);
  return joinSums(sum, wrapped, payload.length);
}
