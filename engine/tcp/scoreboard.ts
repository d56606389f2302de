// @hot
/**
 * Accounting of what is in flight: every change to a record's flags goes
 * through here, so that the four totals always agree with the records.
 *
 *     packetsInFlight = packetsOut - sackedOut - lostOut + retransOut
 *
 * `packetsOut` counts all records, `sackedOut` those the peer holds,
 * `lostOut` those judged lost, `retransOut` retransmissions under way. A
 * record is never both SACKED and LOST.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { TCP_COUNTER } from "./counters.ts";
import {
  SENT_EVER_RETRANSMITTED,
  SENT_LOST,
  SENT_RETRANSMITTED,
  SENT_SACKED,
  SENT_SYN,
} from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import { seqAfter, seqBefore, seqSpan, toSeq } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** What an acknowledgement did, gathered while it is processed. One per stack, refilled. */
export class AckResult {
  /** When the acknowledgement was received. */
  now: Micros = -Infinity;
  /** SND.UNA moved. */
  advanced = false;
  /** Segments acknowledged cumulatively that were not SACKed before. */
  ackedSegments = 0;
  /** Segments newly SACKed. */
  sackedSegments = 0;
  /** Time of sending of the oldest cumulatively acknowledged segment sent once; `-Infinity`: none. */
  firstAckedAt: Micros = -Infinity;
  /** The same of the newest. */
  lastAckedAt: Micros = -Infinity;
  /** Time of sending of the newest newly SACKed segment sent once; `-Infinity`: none. */
  lastSackedAt: Micros = -Infinity;
  /** Data sent once, sent before the episode began, was acknowledged or SACKed: the timeout was spurious (F-RTO). */
  originalDelivered = false;
  /** A retransmitted segment was acknowledged. */
  retransmittedAcked = false;
  /** When the last of those was last sent; `-Infinity`: there was none. */
  retransmittedAt: Micros = -Infinity;
  /** Segments marked lost while this acknowledgement was processed. */
  newlyLost = 0;
  /** A DSACK block came. */
  dsack = false;
  /** It ended a recovery without SACK: the window is ssthresh, and stays so for now. */
  endsNewReno = false;
  /** SACK blocks told something new. */
  sackProgress = false;
  /** The acknowledgement changed nothing: same ack, no data, no window change, and something is in flight. */
  duplicate = false;
  /** It carried no data and moved no window. */
  pure = false;
  /** ECE was set. */
  ecnEcho = false;
  /** Highest byte selectively acknowledged before this acknowledgement; SND.UNA when none was. */
  priorHighestSacked: Seq = toSeq(0);

  /** Makes it empty, for an acknowledgement received `now`. */
  reset(now: Micros): void {
    this.now = now;
    this.advanced = false;
    this.ackedSegments = 0;
    this.sackedSegments = 0;
    this.firstAckedAt = -Infinity;
    this.lastAckedAt = -Infinity;
    this.lastSackedAt = -Infinity;
    this.originalDelivered = false;
    this.retransmittedAcked = false;
    this.retransmittedAt = -Infinity;
    this.newlyLost = 0;
    this.dsack = false;
    this.endsNewReno = false;
    this.sackProgress = false;
    this.duplicate = false;
    this.pure = false;
    this.ecnEcho = false;
  }
}

/** Marks `record` SACKed: delivered, no longer lost, no retransmission of it in flight. */
export function markSacked(t: Tcb, record: SentRecord, r: AckResult): void {
  const n = record.segments;
  if ((record.flags & SENT_EVER_RETRANSMITTED) === 0) {
    if (record.sentAt > r.lastSackedAt) r.lastSackedAt = record.sentAt;
    noteReordering(t, record, r);
  }
  if (record.flags & SENT_LOST) {
    record.flags &= ~SENT_LOST;
    t.lostOut -= n;
  }
  if (record.flags & SENT_RETRANSMITTED) {
    record.flags &= ~SENT_RETRANSMITTED;
    t.retransOut -= n;
  }
  record.flags |= SENT_SACKED;
  t.sackedOut += n;
  t.delivered += n;
  r.sackedSegments += n;
  r.sackProgress = true;
  rackAdvance(t, record, r);
  if (seqAfter(record.end, t.highestSacked)) t.highestSacked = record.end;
}

/** Judges `record` lost, and a retransmission of it too. */
export function markLost(t: Tcb, record: SentRecord, r: AckResult): void {
  const n = record.segments;
  if (record.flags & SENT_RETRANSMITTED) {
    record.flags &= ~SENT_RETRANSMITTED;
    t.retransOut -= n;
    t.context.counters.add(TCP_COUNTER.TcpExtTCPLostRetransmit, n);
    if (record.flags & SENT_LOST) r.newlyLost += n;
  }
  if (record.flags & (SENT_LOST | SENT_SACKED)) return;
  record.flags |= SENT_LOST;
  t.lostOut += n;
  r.newlyLost += n;
}

/** Takes the head record's totals back before it leaves the queue, having been acknowledged. */
export function settleAcked(t: Tcb, record: SentRecord, r: AckResult): void {
  const n = record.segments;
  const flags = record.flags;
  t.packetsOut -= n;
  if (flags & SENT_EVER_RETRANSMITTED) {
    r.retransmittedAcked = true;
    if (record.sentAt > r.retransmittedAt) r.retransmittedAt = record.sentAt;
  } else if ((flags & SENT_SACKED) === 0) {
    r.lastAckedAt = record.sentAt;
    if (r.firstAckedAt === -Infinity) r.firstAckedAt = record.firstSentAt;
    noteReordering(t, record, r);
  }
  if (flags & SENT_SACKED) t.sackedOut -= n;
  else {
    t.delivered += n;
    // A SYN is no data: its acknowledgement grows no window (RFC 5681 §3.1).
    if ((flags & SENT_SYN) === 0) r.ackedSegments += n;
    rackAdvance(t, record, r);
  }
  if (flags & SENT_LOST) t.lostOut -= n;
  if (flags & SENT_RETRANSMITTED) t.retransOut -= n;
}

/**
 * RFC 8985 §6.2 step 2: remembers the most recently sent segment that was
 * delivered, unless it was retransmitted so lately that the acknowledgement
 * must be the original's.
 */
function rackAdvance(t: Tcb, record: SentRecord, r: AckResult): void {
  const rtt = r.now - record.sentAt;
  if (record.flags & SENT_EVER_RETRANSMITTED) {
    if (rtt < t.rttEstimator.minRtt) return;
  } else if (!seqAfter(record.end, t.highSeq)) {
    r.originalDelivered = true; // RFC 5682 §2.1 step 3b
  }
  if (
    record.sentAt > t.rackSentAt ||
    record.sentAt === t.rackSentAt && seqAfter(record.end, t.rackEndSeq)
  ) {
    t.rackSentAt = record.sentAt;
    t.rackEndSeq = record.end;
    t.rackRtt = rtt;
  }
}

/**
 * RFC 8985 §6.2 step 3: a segment sent once was delivered after one above it:
 * the path reorders. "After" means that an earlier acknowledgement told of the
 * one above: what a single acknowledgement tells has no order.
 */
function noteReordering(t: Tcb, record: SentRecord, r: AckResult): void {
  if (!seqBefore(record.end, r.priorHighestSacked)) return;
  const distance = Math.ceil(
    seqSpan(record.start, r.priorHighestSacked) / t.mss,
  );
  if (distance > t.reordering) {
    t.reordering = Math.min(distance, t.config.maxReordering);
  }
  if (!t.reorderingSeen) t.reorderingSeen = true;
  t.reorderSeen++;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPSACKReorder);
}

/** Whether two times of sending, with sequence numbers to break ties, are in order: RFC 8985 §5.2 RACK_sent_after(). */
export function sentAfter(
  at1: Micros,
  end1: Seq,
  at2: Micros,
  end2: Seq,
): boolean {
  return at1 > at2 || at1 === at2 && seqAfter(end1, end2);
}
