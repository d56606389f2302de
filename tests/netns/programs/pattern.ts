/**
 * The bytes that tests send, known at every position without having seen the rest.
 *
 * The stream repeats with a period of 65,521 bytes, the largest prime below
 * 2^16. No segment, window, page or ring size divides it, so a byte that is
 * displaced, lost or doubled by the code under test does not fall on an equal
 * one. One buffer holds a period and the longest chunk behind it; every chunk
 * of the stream is then a plain window into that buffer and costs nothing to
 * make, which a source that feeds 40 Gbit/s needs.
 *
 *     0          position % 65521          65521            65521 + 256 KiB
 *     |---------------|=====chunk===========|=====|---------------|
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Bytes after which the stream repeats. */
export const PATTERN_PERIOD = 65_521;

/** Longest chunk that {@linkcode patternChunk} hands out, in bytes. */
export const PATTERN_CHUNK_CAPACITY = 256 * 1024;

/** Makes the buffer of which every chunk of the stream with this seed is a window. */
export function makePattern(seed: number): Uint8Array<ArrayBuffer> {
  const pattern = new Uint8Array(PATTERN_PERIOD + PATTERN_CHUNK_CAPACITY);
  let state = (seed ^ 0x9e3779b9) | 1; // xorshift32 must not start at zero
  for (let i = 0; i < PATTERN_PERIOD; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pattern[i] = state >>> 8;
  }
  for (let i = PATTERN_PERIOD; i < pattern.length; i++) {
    pattern[i] = pattern[i - PATTERN_PERIOD];
  }
  return pattern;
}

/**
 * The bytes of the stream at `[position, position + length)`, as a window into `pattern`.
 *
 * Shorter than `length` when that exceeds {@linkcode PATTERN_CHUNK_CAPACITY}.
 */
export function patternChunk(
  pattern: Uint8Array<ArrayBuffer>,
  position: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const start = position % PATTERN_PERIOD;
  return pattern.subarray(
    start,
    start + Math.min(length, PATTERN_CHUNK_CAPACITY),
  );
}

/** The SHA-256, in hexadecimal, of the first `length` bytes of the stream with this seed. */
export function patternHash(seed: number, length: number): string {
  const pattern = makePattern(seed);
  const hash = createHash("sha256");
  for (let position = 0; position < length;) {
    const chunk = patternChunk(pattern, position, length - position);
    hash.update(chunk);
    position += chunk.length;
  }
  return hash.digest("hex");
}
