/**
 * NewReno, RFC 5681 and RFC 6582: the baseline every other algorithm is
 * compared with.
 *
 * Slow start doubles the window each round trip, congestion avoidance adds one
 * segment, a loss halves it. Partial acknowledgements are recovery's affair.
 *
 * @module
 */
import type { Micros } from "../../base/units.ts";
import { slowStart } from "./control.ts";
import type { CongestionControl, CongestionState } from "./control.ts";

/** The controller. */
export class NewReno implements CongestionControl {
  /** `reno`. */
  readonly name = "reno";
  #credit = 0;

  /** Nothing to prepare. */
  start(_state: CongestionState, _now: Micros): void {}

  /** RFC 5681 §3.1, equations 2 and 3. */
  onAck(state: CongestionState, acked: number, _now: Micros): void {
    let left = acked;
    if (state.cwnd < state.ssthresh) left = slowStart(state, acked);
    if (left <= 0) return;
    this.#credit += left;
    if (this.#credit < state.cwnd) return;
    const whole = Math.floor(this.#credit / state.cwnd);
    this.#credit -= whole * state.cwnd;
    state.cwnd = Math.min(state.cwnd + whole, state.maxCwnd);
  }

  /** Not used. */
  onRttSample(_state: CongestionState, _rtt: Micros, _now: Micros): void {}

  /** RFC 5681 §3.1, equation 4, on the window rather than the flight (as Linux). */
  onLoss(state: CongestionState, _now: Micros): number {
    this.#credit = 0;
    return Math.max(Math.floor(state.cwnd / 2), 2);
  }

  /** Nothing was kept. */
  onUndo(_state: CongestionState, _now: Micros): void {}

  /** Nothing beyond {@linkcode NewReno.onLoss}. */
  onTimeout(_state: CongestionState, _now: Micros): void {
    this.#credit = 0;
  }

  /** Nothing to shift. */
  onRestart(_state: CongestionState, _idle: Micros, _now: Micros): void {}
}

/** Makes the NewReno controller of one connection. */
export function createNewReno(): CongestionControl {
  return new NewReno();
}
