// @hot
/**
 * New data and the FIN: how much may go now. RFC 9293 §3.7.4, §3.8.6.
 *
 * Three limits: the congestion window counts segments in flight, the peer's
 * window ends at a byte, and a piece smaller than a segment goes only if
 * neither Nagle, the cork nor the silly window rule holds it back.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { ECN_ECT0, TCP_CWR, TCP_FIN, TCP_PSH } from "../wire/tcp_segment.ts";
import type { SegmentOut } from "../wire/tcp_segment.ts";
import { dataSent } from "./ack_policy.ts";
import { CA_CWR, CA_RECOVERY } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { probeLength, probeSent } from "./mtu_search.ts";
import { gsoSegments, isPaced, pace } from "./pacing.ts";
import { lossProbeSent, scheduleLossProbe } from "./rack.ts";
import { armRetransmit } from "./rx_ack.ts";
import { SENT_FIN, SENT_PUSH } from "./sent_queue.ts";
import { seqAdd, seqAfter, seqBefore, seqBeforeEq, seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import { armUserTimeout } from "./user_timeout.ts";
import { TIMER_CORK, TIMER_PERSIST, TIMER_RETRANSMIT } from "./timers.ts";
import {
  attach,
  begin,
  describeSuper,
  describeUrgent,
  effectiveMss,
  fillAck,
  PLAN_DATA,
  sizeOf,
} from "./tx_segment.ts";

/** Longest a cork holds a small segment back, as in Linux. */
const CORK_LIMIT: Micros = 200_000;

/** New data, as much as the windows let go; false: none now. */
export function describeNewData(t: Tcb, out: SegmentOut, now: Micros): boolean {
  const unsent = seqSpan(t.sndNxt, t.writeSeq);
  if (unsent <= 0 && !(t.finQueued && unsent === 0)) return false;
  // The SYN-ACK a Fast Open server has out is no part of its window (RFC 7413 §4.2.2).
  const handshake = t.isSynUnacked ? 1 : 0;
  const quota = t.cwnd - t.packetsInFlight + handshake;
  if (unsent === 0) {
    // A lone FIN is let through whatever the window: it carries no data (Linux).
    return describeData(t, out, 0, 1, now);
  }
  if (quota <= 0 || isPaced(t, now)) return false;
  const room = seqSpan(t.sndNxt, seqAdd(t.sndUna, t.sndWnd));
  const usable = unsent < room ? unsent : room;
  if (usable <= 0) {
    watchWindow(t, now);
    return false;
  }
  const probe = probeLength(t, now);
  if (probe > 0) return describeMtuProbe(t, out, probe, now);
  const mss = t.mss;
  const half = t.cwnd >> 1 > 0 ? t.cwnd >> 1 : 1;
  const allowed = Math.min(quota, half, gsoSegments(t, mss));
  const most = allowed * mss;
  if (usable >= mss) {
    let length = usable < most ? usable : most;
    const tail = length % mss;
    // A small last piece rides along only if it could have gone by itself.
    if (tail > 0 && !(length === unsent && mayGoSmall(t, now))) length -= tail;
    return describeData(t, out, length, allowed, now);
  }
  if (usable < unsent) {
    // RFC 9293 §3.8.6.2.1: not a silly piece, unless the peer's buffer is that
    // small or nothing better came for as long as a probe waits (SHLD-28).
    if (usable * 2 < t.maxSndWnd && !t.probeDue) {
      watchWindow(t, now);
      return false;
    }
    return describeData(t, out, usable, 1, now);
  }
  if (!mayGoSmall(t, now)) return false;
  return describeData(t, out, usable, 1, now);
}

/** Describes up to `length` bytes of new data in at most `segments` segments, and the FIN when it comes next. */
export function describeData(
  t: Tcb,
  out: SegmentOut,
  length: number,
  segments: number,
  now: Micros,
): boolean {
  begin(t, out);
  fillAck(t, out, now);
  out.seq = t.sndNxt;
  const mss = effectiveMss(t, out);
  const most = mss * segments;
  const bytes = length < most ? length : most;
  if (bytes > 0) attach(t, out, seqSpan(t.sndBufSeq, t.sndNxt), bytes);
  if (bytes > mss) describeSuper(out, mss);
  const end = seqAdd(t.sndNxt, bytes);
  const atEnd = end === t.writeSeq;
  if (bytes > 0 && reachesPush(t, end)) out.flags |= TCP_PSH;
  if (t.finQueued && atEnd) out.flags |= TCP_FIN;
  if (t.ecnEnabled && bytes > 0) {
    out.ecn = ECN_ECT0;
    if (t.ecnReduced) out.flags |= TCP_CWR;
  }
  describeUrgent(t, out);
  t.plan = PLAN_DATA;
  return true;
}

/** New data left. */
export function commitNewData(
  t: Tcb,
  out: SegmentOut,
  segments: number,
  now: Micros,
): void {
  const fin = out.flags & TCP_FIN ? SENT_FIN : 0;
  // Not the flag of `out`: a super-segment carries it for its own sake, not for its last bytes.
  const end = seqAdd(t.sndNxt, out.dataLength);
  const push = out.dataLength > 0 && reachesPush(t, end) ? SENT_PUSH : 0;
  if (out.dataLength > t.mss && out.gsoSize === 0) {
    probeSent(t, t.sndNxt, out.dataLength);
  }
  appendSent(t, t.sndNxt, out.dataLength, segments, fin | push, now);
  t.sent.tail!.segmentLength = sizeOf(out);
  if (out.dataLength < t.mss * segments) {
    t.sndSml = t.sndNxt;
    t.corkExpired = false;
  }
  if (t.caState === CA_RECOVERY || t.caState === CA_CWR) t.prrOut += segments;
  if (out.flags & TCP_CWR) t.ecnReduced = false;
  t.bytesSent += out.dataLength;
  t.dataSegmentsOut += segments;
  t.context.counters.add(TCP_COUNTER.TcpExtTCPOrigDataSent, segments);
  noteWindowUse(t);
  dataSent(t, now);
  if (t.tlpDue) lossProbeSent(t, "new data", now);
  else {
    if (!t.timers.isSet(TIMER_RETRANSMIT)) armRetransmit(t, now);
    scheduleLossProbe(t, now);
  }
  t.timers.clear(TIMER_PERSIST);
  t.probeDue = false;
  pace(t, out.dataLength, now);
}

/** Enters what left in the queue of what is in flight. */
export function appendSent(
  t: Tcb,
  start: Seq,
  length: number,
  segments: number,
  flags: number,
  now: Micros,
): void {
  const end = seqAdd(start, length + (flags & SENT_FIN ? 1 : 0));
  const record = t.sent.append(start, end, segments, flags, now);
  record.deliveredBefore = t.delivered;
  t.packetsOut += segments;
  t.sndNxt = end;
}

/** Whether a last segment smaller than the MSS may go: Nagle as Minshall amended it, and the cork. RFC 9293 §3.7.4. */
function mayGoSmall(t: Tcb, now: Micros): boolean {
  if (t.finQueued || t.sndUrgent) return true;
  if (t.corked) {
    if (t.corkExpired) return true;
    // Linux holds a corked piece 200 ms at most.
    if (!t.timers.isSet(TIMER_CORK)) t.timers.set(TIMER_CORK, now + CORK_LIMIT);
    return false;
  }
  if (t.noDelay) return true;
  return !(seqAfter(t.sndSml, t.sndUna) && seqBeforeEq(t.sndSml, t.sndNxt) &&
    t.packetsOut > 0);
}

/** One segment of `length` bytes, more than the MSS: it tries a larger path MTU. */
function describeMtuProbe(
  t: Tcb,
  out: SegmentOut,
  length: number,
  now: Micros,
): boolean {
  begin(t, out);
  fillAck(t, out, now);
  out.seq = t.sndNxt;
  attach(t, out, seqSpan(t.sndBufSeq, t.sndNxt), length);
  if (reachesPush(t, seqAdd(t.sndNxt, length))) out.flags |= TCP_PSH;
  if (t.ecnEnabled) {
    out.ecn = ECN_ECT0;
    if (t.ecnReduced) out.flags |= TCP_CWR;
  }
  t.plan = PLAN_DATA;
  return true;
}

function reachesPush(t: Tcb, end: Seq): boolean {
  return seqAfter(t.pushSeq, t.sndNxt) && seqBeforeEq(t.pushSeq, end);
}

/** Remembers whether the congestion window was what held us back: only then may it grow. RFC 7661 §4. */
function noteWindowUse(t: Tcb): void {
  const limited = t.packetsInFlight >= t.cwnd;
  if (
    !seqBefore(t.sndUna, t.cwndUsageSeq) || limited ||
    !t.cwndLimited && t.packetsOut > t.maxPacketsOut
  ) {
    t.cwndLimited = limited;
    t.maxPacketsOut = t.packetsOut;
    t.cwndUsageSeq = t.sndNxt;
  }
}

/** Nothing may go and nothing is in flight to bring news of the window: ask for it in time. RFC 9293 §3.8.6.1. */
function watchWindow(t: Tcb, now: Micros): void {
  if (t.packetsOut > 0 || t.timers.isSet(TIMER_PERSIST) || t.probeDue) return;
  if (t.windowShutAt === -Infinity) {
    t.windowShutAt = now;
    armUserTimeout(t);
  }
  t.timers.set(TIMER_PERSIST, now + t.rttEstimator.backedOff(t.backoff));
}
