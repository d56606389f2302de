/**
 * HyStart++, RFC 9406: leave slow start before the queue overflows.
 *
 * A round is the time to acknowledge what was in flight at its start. When a
 * round's lowest RTT has risen by an eighth over the round before (between 4
 * and 16 ms), the window has begun to fill a queue: slow start becomes
 * Conservative Slow Start, which grows at a quarter of the speed for five
 * rounds. If the RTT falls again the rise was jitter and slow start resumes;
 * otherwise congestion avoidance begins.
 *
 *     slow start --rise--> conservative --5 rounds--> avoidance
 *          ^------- fell -------|
 *
 * @module
 */
import { MILLISECOND } from "../../base/units.ts";
import type { Micros, Seq } from "../../base/units.ts";
import { seqAfter, toSeq } from "../seq.ts";

/** Lower and upper bound of the RTT rise that counts, RFC 9406 §4.3. */
const MIN_RTT_THRESH: Micros = 4 * MILLISECOND;
const MAX_RTT_THRESH: Micros = 16 * MILLISECOND;
const MIN_RTT_DIVISOR = 8;
/** Samples a round needs before it is judged. */
const N_RTT_SAMPLE = 8;
/** Conservative slow start grows at one in this. */
export const CSS_GROWTH_DIVISOR = 4;
const CSS_ROUNDS = 5;

/** Slow start's watcher on one connection. */
export class HyStart {
  /** Whether the connection is in Conservative Slow Start. */
  conservative = false;
  #roundEnd: Seq = toSeq(0);
  #lastRoundMin: Micros = Infinity;
  #roundMin: Micros = Infinity;
  #baseline: Micros = Infinity;
  #samples = 0;
  #rounds = 0;

  /** Starts over: a new slow start begins, its first round ends when `sndNxt` is acknowledged. */
  reset(sndNxt: Seq): void {
    this.conservative = false;
    this.#roundEnd = sndNxt;
    this.#lastRoundMin = Infinity;
    this.#roundMin = Infinity;
    this.#baseline = Infinity;
    this.#samples = 0;
    this.#rounds = 0;
  }

  /** Takes a sample; returns whether slow start is over for good. */
  sample(rtt: Micros, sndUna: Seq, sndNxt: Seq): boolean {
    if (seqAfter(sndUna, this.#roundEnd)) {
      this.#lastRoundMin = this.#roundMin;
      this.#roundMin = Infinity;
      this.#samples = 0;
      this.#roundEnd = sndNxt;
      if (this.conservative && ++this.#rounds >= CSS_ROUNDS) return true;
    }
    if (rtt < this.#roundMin) this.#roundMin = rtt;
    this.#samples++;
    if (this.#samples < N_RTT_SAMPLE) return false;
    if (this.conservative) {
      if (this.#roundMin < this.#baseline) {
        this.conservative = false;
        this.#baseline = Infinity;
      }
    } else if (
      this.#lastRoundMin !== Infinity &&
      this.#roundMin >= this.#lastRoundMin + threshold(this.#lastRoundMin)
    ) {
      this.conservative = true;
      this.#baseline = this.#roundMin;
      this.#rounds = 0;
    }
    return false;
  }
}

function threshold(lastRoundMin: Micros): Micros {
  return Math.max(
    MIN_RTT_THRESH,
    Math.min(lastRoundMin / MIN_RTT_DIVISOR, MAX_RTT_THRESH),
  );
}
