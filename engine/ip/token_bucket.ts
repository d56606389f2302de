/**
 * A rate limit that lets short bursts pass.
 *
 * Tokens trickle in at `rate` a second up to `burst`, and each message costs
 * one: the limit RFC 4443 §2.4(f) asks of ICMPv6 errors and RFC 1812 §4.3.2.8
 * of ICMP errors. Linux: 1,000 a second, bursts of 50 (`icmp_msgs_per_sec`,
 * `icmp_msgs_burst`).
 *
 * @module
 */
import { type Micros, SECOND } from "../base/units.ts";

/** Tokens that accrue with time. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: Micros = -Infinity;

  /** Makes a full bucket. `rate` is tokens per second, `burst` the most it holds; both above 0. */
  constructor(rate: number, burst: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes one token; `false` when there is none. */
  take(now: Micros): boolean {
    if (now > this.#filledAt) {
      const gained = (now - this.#filledAt) * (this.#rate / SECOND);
      this.#tokens = Math.min(this.#burst, this.#tokens + gained);
      this.#filledAt = now;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
