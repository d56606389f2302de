// @hot
/**
 * Pacing: how fast a window leaves, and how much of it at a time.
 *
 * The rate is what cwnd and SRTT amount to, with headroom to grow, and at most
 * what the application allows. With pacing on each segment pushes the next
 * free instant further out:
 *
 *     now        pacingNextAt = sent at + bytes / rate
 *      |  waits       |  next (super-)segment
 *
 * Super-segments hold about a millisecond of the rate, so that a slow path
 * does not get bursts. Acknowledgements, resets and probes are never held.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_PACING } from "./timers.ts";

/** Most bytes of an IP packet: RFC 791's total length, RFC 8200's payload length without its header. */
const MAX_PACKET = 65_535;

/** Option space, RFC 9293 §3.1. */
const MAX_OPTIONS = 40;

/** Bytes per second that cwnd and SRTT amount to, with headroom to grow. */
export function updatePacingRate(t: Tcb): void {
  if (t.srtt === 0) return;
  const ratio = t.cwnd < t.ssthresh / 2
    ? t.config.pacingSlowStartRatio
    : t.config.pacingAvoidanceRatio;
  const window = t.cwnd > t.packetsOut ? t.cwnd : t.packetsOut;
  const rate = window * t.mss * ratio * 10_000 / t.srtt;
  t.pacingRate = rate < t.maxPacingRate ? rate : t.maxPacingRate;
}

/** Whether the pacer holds everything back just now. */
export function isPaced(t: Tcb, now: Micros): boolean {
  if (!t.pacing || now >= t.pacingNextAt) return false;
  t.timers.set(TIMER_PACING, t.pacingNextAt);
  return true;
}

/** `bytes` left: when the next may. */
export function pace(t: Tcb, bytes: number, now: Micros): void {
  if (!t.pacing || t.pacingRate === Infinity) return;
  const from = t.pacingNextAt > now ? t.pacingNextAt : now;
  t.pacingNextAt = from + bytes * 1_000_000 / t.pacingRate;
}

/** Full segments one super-segment may have: what the device takes, and about a millisecond of the pacing rate. */
export function gsoSegments(t: Tcb, mss: number): number {
  if (t.gsoMaxSize === 0) return 1;
  const config = t.config;
  const largest = t.gsoMaxSize < MAX_PACKET ? t.gsoMaxSize : MAX_PACKET;
  const room = largest - t.ipHeaderLength - 20 - MAX_OPTIONS;
  const most = Math.floor(room / mss);
  if (t.pacingRate === Infinity) return most > 0 ? most : 1;
  let bytes = t.pacingRate / 1_024;
  const minRtt = t.rttEstimator.minRtt;
  if (minRtt !== Infinity) {
    const shift = Math.floor(minRtt / (1 << config.gsoRttLog));
    if (shift < 31) bytes += room / (1 << shift);
  }
  let segments = Math.floor(bytes / mss);
  if (segments < config.minGsoSegments) segments = config.minGsoSegments;
  if (segments > most) segments = most;
  return segments > 0 ? segments : 1;
}
