// @hot
/**
 * Acknowledgements: RFC 9293 §3.10.7.4 step 5, the sender's half of a segment.
 *
 * In this order, because each needs what the one before found: is the number
 * plausible (RFC 5961 §5.2); the peer's window; selective blocks; what leaves
 * the queue and which RTT it gives; loss recovery; growth of the window; and
 * the timers that all of it moves.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { TCP_SYN } from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { timestampNow } from "./ack_policy.ts";
import { challengeAck } from "./challenge.ts";
import { CA_CWR, CA_LOSS, CA_RECOVERY } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { noteEmptied } from "./memory.ts";
import { countDelivered, isEcnEcho, noteEcnEcho } from "./ecn.ts";
import { judgeMtuProbe } from "./mtu_search.ts";
import { updatePacingRate } from "./pacing.ts";
import { judgeLossProbe, scheduleLossProbe } from "./rack.ts";
import { recoverFromAck } from "./recovery.ts";
import { fired, RULE } from "./rules.ts";
import { processSack, splitAt } from "./sack.ts";
import { AckResult, settleAcked } from "./scoreboard.ts";
import { boundaryBefore } from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import { seqAdd, seqAfter, seqBefore, seqBeforeEq, seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import {
  TIMER_KEEP_ALIVE,
  TIMER_LOSS_PROBE,
  TIMER_PERSIST,
  TIMER_RETRANSMIT,
} from "./timers.ts";
import { armUserTimeout } from "./user_timeout.ts";

/** Refilled for each acknowledgement; no connection keeps it. */
const result = new AckResult();

/** Step 5. Returns whether the rest of the segment is to be processed. */
export function processAck(t: Tcb, s: SegmentIn, now: Micros): boolean {
  const ack = s.ack;
  if (seqBefore(ack, t.sndUna)) return oldAck(t, s, now);
  if (seqAfter(ack, t.sndNxt)) {
    // RFC 9293 §3.10.7.4: "send an ACK, drop the segment"; limited, RFC 5961 §5.2.
    fired(t, RULE.R_ACK_UNSENT, s.flags, now);
    challengeAck(t, now);
    return false;
  }
  const r = result;
  r.reset(now);
  t.lastAckReceivedAt = now;
  t.probesOut = 0;
  t.priorInFlight = t.packetsInFlight;
  r.priorHighestSacked = t.sackedOut > 0 ? t.highestSacked : t.sndUna;
  const priorDelivered = t.delivered;
  const priorUna = t.sndUna;
  const priorWnd = t.sndWnd;
  const windowMoved = updateWindow(t, s);
  r.advanced = seqAfter(ack, priorUna);
  r.pure = s.dataLength === 0 && !windowMoved;
  r.duplicate = !r.advanced && r.pure && t.packetsOut > 0;
  if (t.sackEnabled && (s.sackCount > 0 || t.sackedOut > 0)) {
    processSack(t, s, r);
  }
  if (isEcnEcho(t, s)) noteEcnEcho(t, r);
  if (r.advanced) takeAcked(t, ack, r);
  measureRtt(t, s, r, priorUna, now);
  fired(
    t,
    r.advanced ? RULE.R_ACK_ADVANCES : RULE.R_ACK_DUPLICATE,
    s.flags,
    now,
  );
  if (t.packetsOut > 0 || r.advanced) {
    recoverFromAck(t, s, r, now);
    const delivered = t.delivered - priorDelivered;
    countDelivered(t, s, delivered);
    growWindow(t, r, delivered, now);
  } else judgeLossProbe(t, r); // A late duplicate settles it.
  if (r.advanced) afterProgress(t, now);
  updatePacingRate(t);
  rearmTimers(t, r, now);
  if (priorWnd === 0 && t.sndWnd > 0) windowReopened(t, now);
  return true;
}

/** Takes the peer's window from a segment, without processing its acknowledgement (the SYN-ACK). */
export function initialWindow(t: Tcb, s: SegmentIn, window: number): void {
  t.sndWnd = window;
  t.sndWl1 = s.seq;
  if (window > t.maxSndWnd) t.maxSndWnd = window;
}

/** Sets the retransmission timer anew: `rto` from now, and a tail loss probe before it. RFC 6298 §5.1 to §5.3. */
export function armRetransmit(t: Tcb, now: Micros): void {
  t.timers.set(TIMER_RETRANSMIT, now + t.rttEstimator.backedOff(t.backoff));
  t.timers.clear(TIMER_LOSS_PROBE);
  armUserTimeout(t);
}

/** An acknowledgement from before SND.UNA: its SACK blocks may still tell something. */
function oldAck(t: Tcb, s: SegmentIn, now: Micros): boolean {
  // RFC 5961 §5.2: older than any window we could have sent is an attack or a ghost.
  if (seqBefore(s.ack, seqAdd(t.sndUna, -t.maxSndWnd))) {
    fired(t, RULE.R_ACK_TOO_OLD, s.flags, now);
    challengeAck(t, now);
    return false;
  }
  fired(t, RULE.R_ACK_OLD, s.flags, now);
  if (t.sackEnabled && s.sackCount > 0 && t.packetsOut > 0) {
    const r = result;
    r.reset(now);
    t.priorInFlight = t.packetsInFlight;
    r.priorHighestSacked = t.sackedOut > 0 ? t.highestSacked : t.sndUna;
    processSack(t, s, r);
    recoverFromAck(t, s, r, now);
    rearmTimers(t, r, now);
  }
  return true;
}

/** RFC 9293 §3.10.7.4: newer segments, or equal ones that open it, set SND.WND. Returns whether it changed. */
function updateWindow(t: Tcb, s: SegmentIn): boolean {
  // The window of a SYN-ACK is not scaled, RFC 7323 §2.2.
  const window = s.flags & TCP_SYN ? s.wnd : s.wnd << t.sndWscale;
  const advances = seqAfter(s.ack, t.sndUna);
  if (
    !advances && !seqAfter(s.seq, t.sndWl1) &&
    !(s.seq === t.sndWl1 && (window > t.sndWnd || window === 0))
  ) return false;
  t.sndWl1 = s.seq;
  if (window === t.sndWnd) return false;
  t.sndWnd = window;
  if (window > t.maxSndWnd) t.maxSndWnd = window;
  return true;
}

/** What was sent into a window then taken back need not wait out a timeout that grew while there was none, nor is that time held against the peer. */
function windowReopened(t: Tcb, now: Micros): void {
  if (t.packetsOut === 0) return;
  t.backoff = 0;
  t.retransmitStartAt = now;
  armRetransmit(t, now);
}

/** Removes what `ack` covers from the queue and the ring. */
function takeAcked(t: Tcb, ack: Seq, r: AckResult): void {
  let record = t.sent.head;
  while (record !== null && seqBeforeEq(record.end, ack)) {
    settleAcked(t, record, r);
    t.sent.removeHead();
    record = t.sent.head;
  }
  if (record !== null && seqAfter(ack, record.start)) {
    trimPartlyAcked(t, record, ack, r);
  }
  const fromBuffer = seqSpan(t.sndBufSeq, ack);
  if (fromBuffer > 0) {
    const bytes = fromBuffer < t.sndBuf.length ? fromBuffer : t.sndBuf.length;
    t.sndBuf.discard(bytes);
    t.sndBufSeq = seqAdd(t.sndBufSeq, bytes);
    t.bytesAcked += bytes;
    if (t.sndBuf.length === 0) noteEmptied(t, r.now);
  }
  t.sndUna = ack;
  if (t.sndUrgent && !seqBefore(ack, t.sndUp)) t.sndUrgent = false;
  if (t.sackedOut > 0 && seqBefore(t.highestSacked, ack)) t.highestSacked = ack;
}

/** The acknowledgement ends inside a record: its whole segments before that are delivered, and what is left of the next is a record of its own. */
function trimPartlyAcked(
  t: Tcb,
  record: SentRecord,
  ack: Seq,
  r: AckResult,
): void {
  const cut = boundaryBefore(record, ack);
  if (seqAfter(cut, record.start)) {
    splitAt(t, record, cut);
    settleAcked(t, record, r);
    t.sent.removeHead();
  }
  const head = t.sent.head!;
  if (!seqBefore(head.start, ack)) return;
  const next = seqAdd(head.start, head.segmentLength);
  if (seqBefore(next, head.end)) splitAt(t, head, next);
  head.segmentLength -= seqSpan(head.start, ack);
  if (head.segmentLength < 1) head.segmentLength = 1;
  head.start = ack;
}

/** RFC 6298 §3, RFC 7323 §4: one sample an acknowledgement, never from a segment sent twice unless a timestamp tells which. */
function measureRtt(
  t: Tcb,
  s: SegmentIn,
  r: AckResult,
  priorUna: Seq,
  now: Micros,
): void {
  t.ackRtt = -0.5;
  let rtt = -0.5;
  if (r.firstAckedAt !== -Infinity && !r.retransmittedAcked) {
    rtt = now - r.firstAckedAt;
    t.ackRtt = now - r.lastAckedAt;
  } else if (
    r.lastSackedAt > r.retransmittedAt && !r.dsack
  ) {
    // News of it only now may mean that the acknowledgements before were lost:
    // what was sent after all that is acknowledged beside it cannot be that old.
    rtt = now - r.lastSackedAt;
    t.ackRtt = rtt;
  } else if (r.advanced && echoIsFresh(t, s, r, now)) {
    const ms = timestampNow(t, now) - s.tsEcr | 0;
    // A clock of 1 ms says nothing finer; a negative or huge span is nonsense.
    if (ms >= 0 && ms < 0x0fff_ffff) rtt = ms > 0 ? ms * 1_000 : 1_000;
    t.ackRtt = rtt;
  }
  if (rtt < 0) return;
  t.rttEstimator.sample(rtt, t.sndUna, t.sndNxt, now);
  // RFC 6298 §5.7: a valid sample ends the backoff.
  if (seqAfter(t.sndUna, priorUna)) t.backoff = 0;
  t.congestion.onRttSample(t, t.ackRtt, now);
}

/**
 * Whether the timestamp echoed measures a round trip.
 *
 * What a receiver echoes is the last segment in order (RFC 7323 §4.3), which
 * may be long past when a second copy or a segment behind a gap brought this
 * acknowledgement and those before it were lost. Believing it would feed the
 * timeout with its own length. So an echo from before the retransmission is
 * taken only when the acknowledgement came too soon to answer that.
 */
function echoIsFresh(
  t: Tcb,
  s: SegmentIn,
  r: AckResult,
  now: Micros,
): boolean {
  if (!t.tsEnabled || !s.hasTimestamps || s.tsEcr === 0) return false;
  if (r.retransmittedAt === -Infinity) return true;
  if ((s.tsEcr - timestampNow(t, r.retransmittedAt) | 0) >= 0) return true;
  // Half, because a path with jitter may have been measured on a slow day.
  return !r.dsack && now - r.retransmittedAt < t.minRtt / 2;
}

/** Growth belongs to the algorithm; whether it may happen is decided here. RFC 7661 in spirit: only a window in use grows. */
function growWindow(
  t: Tcb,
  r: AckResult,
  delivered: number,
  now: Micros,
): void {
  if (t.caState === CA_CWR || t.caState === CA_RECOVERY) return;
  if (r.endsNewReno) return;
  const progress = t.reordering > t.config.reordering
    ? delivered > 0
    : r.ackedSegments > 0;
  if (!progress || !isCwndLimited(t)) return;
  t.congestion.onAck(t, delivered, now);
}

function isCwndLimited(t: Tcb): boolean {
  if (t.cwndLimited) return true;
  // In slow start half a window in use is reason enough to grow.
  return t.cwnd < t.ssthresh && t.cwnd < 2 * t.maxPacketsOut;
}

/** SND.UNA moved: the path works. */
function afterProgress(t: Tcb, now: Micros): void {
  if (t.mtuProbeSize > 0) judgeMtuProbe(t);
  t.softError = 0;
  // R2 counts from the last progress: RFC 9293 §3.8.3 speaks of the same segment.
  t.retransmitStartAt = now;
  if (t.caState !== CA_LOSS) t.timeouts = 0;
  t.backoff = 0;
  if (t.keepAlive) t.timers.set(TIMER_KEEP_ALIVE, now + t.keepAliveIdle);
  growSendBuffer(t);
}

/** Twice the congestion window keeps the pipe full while one window is acknowledged. */
function growSendBuffer(t: Tcb): void {
  const max = t.config.sendBuffer.max;
  if (t.sndBuf.limit >= max || !t.sndBufAuto) return;
  const want = 2 * t.cwnd * t.mss;
  if (want > t.sndBuf.limit) t.sndBuf.limit = want < max ? want : max;
}

/** RFC 6298 §5.2, §5.3; the probe of RFC 8985 §7.2 goes before it. */
function rearmTimers(t: Tcb, r: AckResult, now: Micros): void {
  if (t.packetsOut === 0) {
    t.timers.clear(TIMER_RETRANSMIT);
    t.timers.clear(TIMER_LOSS_PROBE);
    armUserTimeout(t);
  } else if (r.advanced || r.sackProgress) {
    if (r.advanced) armRetransmit(t, now);
    else t.timers.clear(TIMER_LOSS_PROBE);
    scheduleLossProbe(t, now);
  }
  if (t.sndWnd > 0 && seqAfter(seqAdd(t.sndUna, t.sndWnd), t.sndNxt)) {
    t.timers.clear(TIMER_PERSIST);
    t.windowShutAt = -Infinity;
    // Backing off was for the closed window; what goes now has its own clock.
    if (t.packetsOut === 0) t.backoff = 0;
  }
  if (t.caState === CA_RECOVERY || t.caState === CA_LOSS) {
    t.timers.clear(TIMER_LOSS_PROBE);
  }
}

/** Counts a retransmission of `segments`. */
export function countRetransmission(t: Tcb, segments: number): void {
  t.totalRetrans += segments;
  t.context.counters.add(TCP_COUNTER.TcpRetransSegs, segments);
}
