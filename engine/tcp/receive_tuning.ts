// @hot
/**
 * Receive-buffer auto-tuning: a window of twice what the application reads in
 * a round trip, so that the window never is what limits a transfer.
 *
 * The receiver has no RTT of its own; it takes the age of the timestamps
 * echoed to it (RFC 7323 §4), or without them the time one window of data
 * takes to arrive. Dynamic right-sizing, as in Linux and RFC 9293 §3.8.6.
 *
 * @module
 */
import { MILLISECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { timestampNow } from "./ack_policy.ts";
import { seqAdd, seqBefore } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Longest age of a timestamp that is taken for a round trip. */
const MAX_RTT_MS = 60_000;

/** Takes a round-trip sample from data that arrived in order. */
export function measureReceiverRtt(t: Tcb, s: SegmentIn, now: Micros): void {
  if (t.tsEnabled && s.hasTimestamps && s.tsEcr !== 0) {
    if (s.dataLength < t.rcvMss) return;
    const ms = timestampNow(t, now) - s.tsEcr | 0;
    if (ms < 0 || ms > MAX_RTT_MS) return;
    sample(t, ms > 0 ? ms * MILLISECOND : MILLISECOND);
    return;
  }
  if (t.rcvRttAt !== -Infinity) {
    if (seqBefore(t.rcvNxt, t.rcvRttSeq)) return;
    sample(t, now - t.rcvRttAt);
  }
  t.rcvRttSeq = seqAdd(t.rcvNxt, t.rcvWnd);
  t.rcvRttAt = now;
}

/** The application read: once a round trip, grow the buffer to twice what it took. */
export function adjustReceiveBuffer(t: Tcb, now: Micros): void {
  if (t.rcvSpaceAt === -Infinity) {
    t.rcvSpaceAt = now;
    t.rcvSpaceStart = t.bytesRead;
    return;
  }
  if (t.rcvRtt === 0 || now - t.rcvSpaceAt < t.rcvRtt) return;
  const copied = t.bytesRead - t.rcvSpaceStart;
  if (copied > t.rcvSpace) {
    if (t.rcvBufAuto && t.config.moderateReceiveBuffer) {
      // A sender in slow start doubles while this is measured: lead by what it grew.
      const base = 2 * copied + 16 * t.advMss;
      const lead = t.rcvSpace > 0
        ? base * (copied - t.rcvSpace) / t.rcvSpace
        : 0;
      const want = base + 2 * lead;
      const most = t.config.receiveBuffer.max;
      const limit = want < most ? want : most;
      if (limit > t.rcvBuf.limit) t.rcvBuf.limit = Math.floor(limit);
    }
  }
  if (copied > t.rcvSpace) t.rcvSpace = copied;
  t.rcvSpaceAt = now;
  t.rcvSpaceStart = t.bytesRead;
}

function sample(t: Tcb, rtt: Micros): void {
  if (t.rcvRtt === 0) t.rcvRtt = rtt;
  else if (rtt < t.rcvRtt) t.rcvRtt = rtt;
  else t.rcvRtt += (rtt - t.rcvRtt) / 8;
}
