/**
 * CUBIC, RFC 9438, with HyStart++, RFC 9406: the default.
 *
 * After a loss at window wMax the window follows a cubic of the time since:
 * fast back towards wMax, flat around it, then fast beyond it to look for more.
 *
 *     W_cubic(t) = C (t - K)^3 + wMax,    K = cbrt((wMax - cwnd) / C)
 *
 * On short or slow paths, where Reno would be faster, the window follows
 * Reno's (wEst) instead (§4.3). Windows in segments, t and K in seconds.
 *
 * @module
 */
import { SECOND } from "../../base/units.ts";
import type { Micros } from "../../base/units.ts";
import { slowStart } from "./control.ts";
import type { CongestionControl, CongestionState } from "./control.ts";
import { CSS_GROWTH_DIVISOR, HyStart } from "./hystart.ts";

/** Multiplicative decrease, RFC 9438 §4.6. */
const BETA_CUBIC = 0.7;
/** Aggressiveness, RFC 9438 §5. */
const C = 0.4;
/** Reno-friendly additive increase, RFC 9438 §4.3. */
const ALPHA_CUBIC = 3 * (1 - BETA_CUBIC) / (1 + BETA_CUBIC);

/** The controller. */
export class Cubic implements CongestionControl {
  /** `cubic`. */
  readonly name = "cubic";
  readonly #hystart: HyStart = new HyStart();
  #epochAt: Micros = -Infinity;
  #wMax = 0;
  #k = 0;
  #wEst = 0;
  /** cwnd before the last loss: up to it wEst grows at alpha, beyond it at 1. */
  #cwndPrior = 0;
  #credit = 0;
  #undoWMax = 0;
  #undoK = 0;
  #undoEpochAt: Micros = -Infinity;

  /** Begins the first slow start. */
  start(state: CongestionState, _now: Micros): void {
    this.#hystart.reset(state.sndNxt);
  }

  /** RFC 9438 §4. */
  onAck(state: CongestionState, acked: number, now: Micros): void {
    let left = acked;
    if (state.cwnd < state.ssthresh) {
      if (this.#hystart.conservative) {
        this.#credit += acked / CSS_GROWTH_DIVISOR;
        const whole = Math.floor(this.#credit);
        this.#credit -= whole;
        slowStart(state, whole);
        return;
      }
      left = slowStart(state, acked);
      if (left <= 0) return;
    }
    this.#avoid(state, left, now);
  }

  /** Feeds HyStart++ during the first slow start, RFC 9406 §4.3: later ones know where to end. */
  onRttSample(state: CongestionState, rtt: Micros, _now: Micros): void {
    if (state.ssthresh !== Infinity) return;
    if (this.#hystart.sample(rtt, state.sndUna, state.sndNxt)) {
      state.ssthresh = Math.max(state.cwnd, 2);
    }
  }

  /** RFC 9438 §4.6 and fast convergence, §4.7. */
  onLoss(state: CongestionState, _now: Micros): number {
    this.#undoWMax = this.#wMax;
    this.#undoK = this.#k;
    this.#undoEpochAt = this.#epochAt;
    this.#epochAt = -Infinity;
    this.#credit = 0;
    this.#cwndPrior = state.cwnd;
    this.#wMax = state.cwnd < this.#wMax
      ? state.cwnd * (1 + BETA_CUBIC) / 2
      : state.cwnd;
    return Math.max(Math.floor(state.cwnd * BETA_CUBIC), 2);
  }

  /** RFC 9438 §4.9: back to the curve the spurious episode left. */
  onUndo(_state: CongestionState, _now: Micros): void {
    this.#wMax = this.#undoWMax;
    this.#k = this.#undoK;
    this.#epochAt = this.#undoEpochAt;
  }

  /** RFC 9438 §4.8: a new slow start, watched anew. */
  onTimeout(state: CongestionState, _now: Micros): void {
    this.#hystart.reset(state.sndNxt);
    this.#credit = 0;
  }

  /** Idle time does not count as time on the curve, RFC 9438 §4.2. */
  onRestart(_state: CongestionState, idle: Micros, _now: Micros): void {
    if (this.#epochAt !== -Infinity) this.#epochAt += idle;
  }

  #avoid(state: CongestionState, acked: number, now: Micros): void {
    const cwnd = state.cwnd;
    if (this.#epochAt === -Infinity) this.#beginEpoch(cwnd, now);
    const elapsed = (now - this.#epochAt) / SECOND;
    const alpha = this.#wEst < this.#cwndPrior ? ALPHA_CUBIC : 1; // §4.3
    this.#wEst += alpha * acked / cwnd;
    if (this.#curve(elapsed) < this.#wEst) {
      const friendly = Math.floor(this.#wEst);
      if (friendly > cwnd) state.cwnd = Math.min(friendly, state.maxCwnd);
      return;
    }
    // §4.4, §4.5: towards the curve one round trip ahead, at most half as much again.
    const ahead = this.#curve(elapsed + state.srtt / SECOND);
    const target = Math.min(Math.max(ahead, cwnd), 1.5 * cwnd);
    this.#grow(state, acked * (target - cwnd) / cwnd);
  }

  #beginEpoch(cwnd: number, now: Micros): void {
    this.#epochAt = now;
    this.#wEst = cwnd;
    if (cwnd < this.#wMax) this.#k = Math.cbrt((this.#wMax - cwnd) / C);
    else {
      this.#k = 0;
      this.#wMax = cwnd;
    }
  }

  #curve(t: number): number {
    return C * (t - this.#k) ** 3 + this.#wMax;
  }

  #grow(state: CongestionState, segments: number): void {
    this.#credit += segments;
    if (this.#credit < 1) return;
    const whole = Math.floor(this.#credit);
    this.#credit -= whole;
    state.cwnd = Math.min(state.cwnd + whole, state.maxCwnd);
  }
}

/** Makes the CUBIC controller of one connection. */
export function createCubic(): CongestionControl {
  return new Cubic();
}
