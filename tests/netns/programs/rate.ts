/**
 * How fast a stream went, not counting how it started.
 *
 * The first fractions of a second belong to slow start, to buffers growing and
 * to code being compiled. The meter starts afresh once `warmupSeconds` have
 * passed since the first byte and measures what comes after.
 *
 * @module
 */

/** Counts bytes and tells their rate. */
export class RateMeter {
  #byteCount = 0;
  #firstAt = 0;
  #markAt = 0;
  #markByteCount = 0;
  #lastAt = 0;
  #warm = false;
  readonly #warmupMs: number;

  /** Makes a meter which leaves out the first `warmupSeconds` of the stream. */
  constructor(warmupSeconds: number) {
    this.#warmupMs = warmupSeconds * 1_000;
  }

  /** Bytes counted since the beginning, warm-up included. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** Seconds since the first byte, warm-up included. */
  get seconds(): number {
    return (this.#lastAt - this.#firstAt) / 1_000;
  }

  /** Bits a second after the warm-up, over the whole stream if that never ended; 0 of an empty one. */
  get bitsPerSecond(): number {
    const ms = this.#lastAt - this.#markAt;
    if (ms <= 0) return 0;
    return (this.#byteCount - this.#markByteCount) * 8_000 / ms;
  }

  /** Counts `byteCount` more bytes, moved just now. */
  add(byteCount: number): void {
    const now = performance.now();
    if (this.#byteCount === 0) this.#firstAt = this.#markAt = now;
    this.#byteCount += byteCount;
    this.#lastAt = now;
    if (!this.#warm && now - this.#firstAt >= this.#warmupMs) {
      this.#warm = true;
      this.#markAt = now;
      this.#markByteCount = this.#byteCount;
    }
  }
}
