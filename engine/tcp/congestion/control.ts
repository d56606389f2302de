/**
 * The one interface between loss recovery and congestion control.
 *
 * Recovery decides *when* the window moves (which acknowledgements count, when
 * a loss episode starts and ends, what PRR sends inside one); a controller
 * decides *how far*. Windows are in segments, as in Linux and its `tcp_info`:
 * RFC 5681 counts bytes, which gives the same window for full-sized segments.
 *
 * A controller belongs to one connection and may keep what it likes in its own
 * fields. To supply your own, pass a factory as `congestionControl`.
 *
 * @module
 */
import type { Micros, Seq } from "../../base/units.ts";

/** What a controller sees of its connection. It writes only `cwnd` and `ssthresh`. */
export interface CongestionState {
  /** Congestion window in segments, an integer of at least 1. */
  cwnd: number;
  /** Slow-start threshold in segments; `Infinity` before the first loss. */
  ssthresh: number;
  /** Ceiling of `cwnd`, segments. */
  readonly maxCwnd: number;
  /** Smoothed round-trip time, µs; 0 before the first sample. */
  readonly srtt: Micros;
  /** Lowest round-trip time of late, µs; `Infinity` before the first sample. */
  readonly minRtt: Micros;
  /** The sample the present acknowledgement gave, µs; below 0: it gave none. */
  readonly ackRtt: Micros;
  /** SND.UNA. */
  readonly sndUna: Seq;
  /** SND.NXT. */
  readonly sndNxt: Seq;
  /** Segments in flight when this acknowledgement came. */
  readonly priorInFlight: number;
}

/** A congestion control algorithm on one connection. */
export interface CongestionControl {
  /** The algorithm's name as Linux's `tcp_congestion_control` would print it. */
  readonly name: string;
  /** The connection is established; `cwnd` holds the initial window. */
  start(state: CongestionState, now: Micros): void;
  /** `acked` segments were newly delivered outside a loss episode while the window was in full use: grow. */
  onAck(state: CongestionState, acked: number, now: Micros): void;
  /** A round-trip sample came, whether or not the window may grow. */
  onRttSample(state: CongestionState, rtt: Micros, now: Micros): void;
  /** A loss (or ECN) episode starts. Returns the new `ssthresh` in segments, at least 2. */
  onLoss(state: CongestionState, now: Micros): number;
  /** The episode proved spurious; `cwnd` and `ssthresh` have been restored. */
  onUndo(state: CongestionState, now: Micros): void;
  /** The retransmission timer expired. */
  onTimeout(state: CongestionState, now: Micros): void;
  /** Transmission resumes after the connection was quiet for `idle` µs. */
  onRestart(state: CongestionState, idle: Micros, now: Micros): void;
}

/** Slow start, RFC 5681 §3.1: one segment per segment acknowledged, up to `ssthresh`. Returns the segments left over. */
export function slowStart(state: CongestionState, acked: number): number {
  const before = state.cwnd;
  const room = state.ssthresh - before;
  const grown = before + (acked < room ? acked : room);
  state.cwnd = grown < state.maxCwnd ? grown : state.maxCwnd;
  return acked - (grown - before);
}
