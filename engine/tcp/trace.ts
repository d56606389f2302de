// @hot
/**
 * What a connection tells a trace: changes of state, window, timeout, round
 * trip and recovery, found by difference.
 *
 * As with events no protocol code reports anything. After each segment, timer
 * and round what is remembered is compared with what is, and each difference
 * becomes an event; without a sink nothing is remembered or compared.
 *
 * @module
 */
import {
  TRACE_RECOVERY,
  TRACE_RTO,
  TRACE_RTT,
  TRACE_STATE,
  TRACE_WINDOW,
} from "../base/trace.ts";
import type { TraceSink } from "../base/trace.ts";
import type { Micros } from "../base/units.ts";
import { CA_OPEN } from "./codes.ts";
import { STATE_CLOSED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** What the trace was told of one connection. */
export class TracedState {
  #state = STATE_CLOSED;
  #cwnd = 0;
  #ssthresh: number = Infinity;
  #srtt: Micros = -0;
  #rto: Micros = -0;
  #caState = CA_OPEN;
  #lostOut = 0;

  /** Records what changed since the last call. */
  difference(t: Tcb, trace: TraceSink, now: Micros): void {
    if (t.state !== this.#state) {
      trace.record(TRACE_STATE, t.handle, this.#state, t.state, now);
      this.#state = t.state;
    }
    if (t.srtt !== this.#srtt) {
      this.#srtt = t.srtt;
      trace.record(
        TRACE_RTT,
        t.handle,
        t.rttEstimator.lastRtt,
        t.srtt,
        now,
      );
    }
    if (t.caState !== this.#caState || t.lostOut !== this.#lostOut) {
      this.#caState = t.caState;
      this.#lostOut = t.lostOut;
      trace.record(TRACE_RECOVERY, t.handle, t.caState, t.lostOut, now);
    }
    if (t.cwnd !== this.#cwnd || t.ssthresh !== this.#ssthresh) {
      this.#cwnd = t.cwnd;
      this.#ssthresh = t.ssthresh;
      trace.record(TRACE_WINDOW, t.handle, t.cwnd, t.ssthresh, now);
    }
    const rto = t.rttEstimator.backedOff(t.backoff);
    if (rto !== this.#rto) {
      this.#rto = rto;
      trace.record(TRACE_RTO, t.handle, rto, t.backoff, now);
    }
  }
}
