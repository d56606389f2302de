// @hot
/**
 * Repeatable random numbers for tests, simulations and fault injection.
 *
 * xoshiro128** of Blackman and Vigna ("Scrambled linear pseudorandom number
 * generators", 2018): 128 bits of state, period 2^128 - 1, every operation on
 * 32 bits. The seed is stretched to a state by splitmix-like mixing, so that
 * neighbouring seeds have nothing in common.
 *
 * Not for cryptography: five outputs give the state away. Initial sequence
 * numbers, keys and ports come from the host's generator.
 *
 * @module
 */
import type { Random } from "./ports.ts";
import { requireInteger } from "./misuse.ts";

/** A deterministic generator: the same seed gives the same numbers, everywhere. */
export class SeededRandom implements Random {
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;

  /** Starts the sequence that belongs to `seed`, of which the low 32 bits count. */
  constructor(seed: number) {
    this.restart(mix(seed, 1), mix(seed, 2), mix(seed, 3), mix(seed, 4));
  }

  /** Continues from the given state, as published test vectors do. Of the four words at least one must not be 0. */
  restart(s0: number, s1: number, s2: number, s3: number): void {
    this.#s0 = s0 | 0;
    this.#s1 = s1 | 0;
    this.#s2 = s2 | 0;
    this.#s3 = s3 | 0;
    // From the all-zero state every number would be 0.
    if ((s0 | s1 | s2 | s3) === 0) this.#s0 = 1;
  }

  /** Thirty-two random bits, as an int32. */
  int32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#s1, 5), 7), 9);
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = rotateLeft(this.#s3, 11);
    return result;
  }

  /** A multiple of 2^-32 in [0, 1). */
  uniform(): number {
    return (this.int32() >>> 0) * 2 ** -32;
  }

  /** An integer in [0, n), 1 <= n <= 2^32. Values differ in likelihood by at most n / 2^32. Throws RangeError for another `n`. */
  below(n: number): number {
    requireInteger("draw", "n", n, 1, 2 ** 32);
    return Math.floor(this.uniform() * n);
  }
}

function rotateLeft(value: number, count: number): number {
  return value << count | value >>> (32 - count);
}

/** The `index`-th word made of a seed: steps by the golden ratio, then two multiply-xorshift rounds. */
function mix(seed: number, index: number): number {
  let z = (seed + Math.imul(index, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
