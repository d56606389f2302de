// @hot
/**
 * The round-trip time and the retransmission timeout, RFC 6298.
 *
 * The estimator is Jacobson's, with the two refinements Linux made and scripts
 * written for it expect: the deviation is the largest of the last round trip
 * (so that one quiet round does not shrink the timeout below what the path
 * showed), and a sample below the mean lowers the deviation at an eighth of
 * the usual gain (a faster path must not raise the timeout).
 *
 *     RTO = SRTT + max(rtoMin, 4 * RTTVAR)     clamped to rtoMax
 *
 * The floor is under the variance term, not under the sum, as in Linux:
 * RFC 6298 §2.4 asks for a floor of 1 s under the sum (DEVIATIONS.md).
 *
 * @module
 */
import { SECOND } from "../base/units.ts";
import type { Micros, Seq } from "../base/units.ts";
import { seqAfter, toSeq } from "./seq.ts";

/** How long a minimum is believed, as Linux's `tcp_min_rtt_wlen`. */
const MIN_RTT_WINDOW: Micros = 300 * SECOND;

/** One connection's estimator. Spans in µs. */
export class RttEstimator {
  /** SRTT; 0 before the first sample. */
  srtt: Micros = -0;
  /** RTTVAR as `tcp_info` shows it: the smoothed mean deviation. */
  rttvar: Micros = -0;
  /** Lowest sample of the last five minutes; `Infinity` before the first. */
  minRtt: Micros = Infinity;
  /** The latest sample; -1 before the first. */
  lastRtt: Micros = -0.5;
  /** RTO, without backoff. */
  rto: Micros;
  readonly #rtoMin: Micros;
  readonly #rtoMax: Micros;
  #peakDeviation: Micros = -0;
  #roundPeak: Micros = -0;
  #roundEnd: Seq = toSeq(0);
  #minRttAt: Micros = -Infinity;

  /** An estimator without a sample: its RTO is `rtoInitial` (RFC 6298 §2.1). */
  constructor(rtoInitial: Micros, rtoMin: Micros, rtoMax: Micros) {
    this.rto = rtoInitial;
    this.#rtoMin = rtoMin;
    this.#rtoMax = rtoMax;
  }

  /** Takes a sample of a segment that was sent once (Karn), RFC 6298 §2.2, §2.3. */
  sample(rtt: Micros, sndUna: Seq, sndNxt: Seq, now: Micros): void {
    const r = rtt < 1 ? 1 : rtt;
    this.lastRtt = r;
    if (r <= this.minRtt || now - this.#minRttAt > MIN_RTT_WINDOW) {
      this.minRtt = r;
      this.#minRttAt = now;
    }
    if (this.srtt === 0) this.#first(r, sndNxt);
    else this.#next(r, sndUna, sndNxt);
    const rto = this.srtt + this.#peakDeviation;
    this.rto = rto < this.#rtoMax ? rto : this.#rtoMax;
  }

  /** The timeout after `backoff` expiries in a row, RFC 6298 §5.5. */
  backedOff(backoff: number): Micros {
    const rto = this.rto * 2 ** backoff;
    return rto < this.#rtoMax ? rto : this.#rtoMax;
  }

  /** Takes over an RTO that no sample supports (RFC 6298 §5.7: 3 s after a SYN timeout without a sample). */
  setRto(rto: Micros): void {
    this.rto = rto;
  }

  #first(r: Micros, sndNxt: Seq): void {
    this.srtt = r;
    this.rttvar = r / 2; // RFC 6298 §2.2
    this.#roundPeak = 2 * r > this.#rtoMin ? 2 * r : this.#rtoMin;
    this.#peakDeviation = this.#roundPeak;
    this.#roundEnd = sndNxt;
  }

  #next(r: Micros, sndUna: Seq, sndNxt: Seq): void {
    const error = r - this.srtt;
    this.srtt += error / 8; // RFC 6298 §2.3, alpha
    const change = (error < 0 ? -error : error) - this.rttvar;
    this.rttvar += error < 0 && change > 0 ? change / 32 : change / 4; // beta
    const deviation = 4 * this.rttvar;
    if (deviation > this.#roundPeak) {
      this.#roundPeak = deviation;
      if (this.#roundPeak > this.#peakDeviation) {
        this.#peakDeviation = this.#roundPeak;
      }
    }
    if (seqAfter(sndUna, this.#roundEnd)) {
      if (this.#roundPeak < this.#peakDeviation) {
        this.#peakDeviation -= (this.#peakDeviation - this.#roundPeak) / 4;
      }
      this.#roundEnd = sndNxt;
      this.#roundPeak = this.#rtoMin;
    }
  }
}
