// @hot
/**
 * Loss recovery: what an acknowledgement says about loss, and what to do.
 *
 *             dup ACK, SACK          loss found
 *     OPEN ----------------> DISORDER ---------> RECOVERY
 *      | \                                        |   ^
 *      |  \ ECE, repaired tail                    |   | (a timeout in RECOVERY
 *      |   `-> CWR                     timeout    v   |  goes to LOSS too)
 *      `-------------------------------------> LOSS --+
 *
 * RECOVERY ends when `highSeq`, the SND.NXT of its start, is acknowledged. In
 * RECOVERY and CWR the window follows PRR (RFC 6937, RFC 9937): it falls in
 * step with what is delivered, so the ACK clock never stops. In LOSS slow
 * start begins again from one segment (RFC 5681 §3.1) while F-RTO (RFC 5682)
 * watches whether the timeout was spurious. Whatever was reduced is restored
 * when timestamps (Eifel, RFC 3522) or DSACKs (RFC 3708) prove that nothing
 * had been lost.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { CA_CWR, CA_DISORDER, CA_LOSS, CA_OPEN, CA_RECOVERY } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { blamesMtuProbe } from "./mtu_search.ts";
import {
  judgeLossProbe,
  rackDetectLoss,
  rackNoteDsack,
  rackRecoveryEnded,
} from "./rack.ts";
import { splitAt } from "./sack.ts";
import { markLost } from "./scoreboard.ts";
import type { AckResult } from "./scoreboard.ts";
import { SENT_LOST, SENT_RETRANSMITTED, SENT_SACKED } from "./sent_queue.ts";
import { seqAdd, seqAfter, seqBefore } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Judges an acknowledgement whose effects on the scoreboard are in `r`: moves between the states above and sets cwnd inside them. */
export function recoverFromAck(
  t: Tcb,
  s: SegmentIn,
  r: AckResult,
  now: Micros,
): void {
  if (r.dsack) rackNoteDsack(t);
  if (judgeLossProbe(t, r)) repairedByProbe(t);
  if (!t.sackEnabled) countDuplicates(t, r);
  if (t.config.rack && t.sackEnabled) rackDetectLoss(t, r, now);
  else detectByCounting(t, r);
  if (r.ecnEcho && t.caState < CA_CWR) enterReduction(t, now);
  if (episodeEnded(t, s, r, now)) return;
  switch (t.caState) {
    case CA_RECOVERY:
      continueRecovery(t, s, r, now);
      break;
    case CA_LOSS:
      continueLoss(t, s, r, now);
      break;
    default:
      startIfLost(t, r, now);
  }
}

/** The reordering timer expired: what waited is lost now. RFC 8985 §6.3. */
export function reorderExpired(t: Tcb, r: AckResult, now: Micros): void {
  const before = t.packetsInFlight;
  rackDetectLoss(t, r, now);
  if (r.newlyLost === 0) return;
  if (t.mtuProbeSize > 0 && blamesMtuProbe(t)) return;
  if (t.caState < CA_RECOVERY) enterRecovery(t, now);
  if (t.caState === CA_RECOVERY) {
    t.priorInFlight = before;
    // A timer and not an acknowledgement: one segment, as in Linux.
    proportionalRate(t, 1, r.newlyLost, r);
  }
}

/** The retransmission timer expired: all that is in flight is suspect. RFC 6298 §5.4, RFC 5681 §3.1, RFC 8985 §6.3. */
export function enterLoss(t: Tcb, r: AckResult, now: Micros): void {
  const fresh = t.caState < CA_RECOVERY;
  markAllLost(t, r);
  const again = t.caState === CA_LOSS && t.timeouts > 0;
  if (
    t.caState <= CA_DISORDER || !seqAfter(t.highSeq, t.sndUna) ||
    t.caState === CA_LOSS && !again
  ) {
    rememberForUndo(t);
    t.ssthresh = t.congestion.onLoss(t, now);
    t.congestion.onTimeout(t, now);
  }
  // The head, found lost, goes whatever the window was.
  t.cwnd = t.packetsInFlight + 1;
  // RFC 5682 §2.1 step 1, and not under recovery of another kind.
  t.frtoActive = t.config.frto && (fresh || t.timeouts > 0) && t.sackEnabled;
  t.frtoSendNew = false;
  t.highSeq = t.sndNxt;
  t.tlpOutstanding = false;
  t.tlpDue = false;
  if (t.ecnEnabled) t.ecnReduced = true;
  t.caState = CA_LOSS;
}

/** Reduces the window in step with delivery for an ECN mark. RFC 3168 §6.1.2. */
function enterReduction(t: Tcb, now: Micros): void {
  startReduction(t, now);
  t.undoValid = false;
  t.caState = CA_CWR;
}

function startIfLost(t: Tcb, r: AckResult, now: Micros): void {
  if (t.lostOut > 0) {
    if (t.mtuProbeSize > 0 && blamesMtuProbe(t)) return;
    enterRecovery(t, now);
    proportionalRate(t, r.ackedSegments + r.sackedSegments, r.newlyLost, r);
    return;
  }
  if (t.caState === CA_CWR) {
    proportionalRate(t, r.ackedSegments + r.sackedSegments, r.newlyLost, r);
    return;
  }
  t.caState = t.sackedOut > 0 ? CA_DISORDER : CA_OPEN;
}

function enterRecovery(t: Tcb, now: Micros): void {
  const counters = t.context.counters;
  counters.increment(
    t.sackEnabled
      ? TCP_COUNTER.TcpExtTCPSackRecovery
      : TCP_COUNTER.TcpExtTCPRenoRecovery,
  );
  if (t.caState < CA_CWR) startReduction(t, now);
  else {
    t.highSeq = t.sndNxt;
    t.undoMarker = t.sndUna;
    t.undoValid = true;
    t.undoRetrans = t.retransOut > 0 ? t.retransOut : -1;
  }
  t.caState = CA_RECOVERY;
}

function startReduction(t: Tcb, now: Micros): void {
  rememberForUndo(t);
  t.highSeq = t.sndNxt;
  t.tlpOutstanding = false;
  t.prrDelivered = 0;
  t.prrOut = 0;
  t.ssthresh = t.congestion.onLoss(t, now);
  if (t.ecnEnabled) t.ecnReduced = true;
}

function rememberForUndo(t: Tcb): void {
  t.priorCwnd = t.cwnd;
  t.priorSsthresh = t.ssthresh;
  t.undoMarker = t.sndUna;
  t.undoValid = true;
  // Below 0: nothing was retransmitted that DSACKs could take back.
  t.undoRetrans = t.retransOut > 0 ? t.retransOut : -1;
  t.retransmitTsValid = false;
}

/** RFC 6937 §3, RFC 9937 §6: how many segments this acknowledgement lets go. */
function proportionalRate(
  t: Tcb,
  delivered: number,
  newlyLost: number,
  r: AckResult,
): void {
  // Loss alone lets nothing go: what was there before is the window (and 0 never is one).
  if (delivered <= 0 || t.priorCwnd === 0) return;
  const inFlight = t.packetsInFlight;
  const room = t.ssthresh - inFlight;
  t.prrDelivered += delivered;
  let send: number;
  if (room < 0) {
    send = Math.ceil(t.ssthresh * t.prrDelivered / t.priorCwnd) - t.prrOut;
  } else {
    send = Math.max(t.prrDelivered - t.prrOut, delivered);
    // RFC 9937: grow as in slow start while recovery makes good progress.
    if (r.advanced && newlyLost === 0) send++;
    if (send > room) send = room;
  }
  // Entering recovery always sends one: the fast retransmission.
  const least = t.prrOut > 0 ? 0 : 1;
  t.cwnd = inFlight + (send > least ? send : least);
}

/** Whether `highSeq` was acknowledged and with it the episode ended, or stays to guard against a false restart. */
function episodeEnded(
  t: Tcb,
  s: SegmentIn,
  r: AckResult,
  now: Micros,
): boolean {
  if (t.caState < CA_CWR || seqBefore(t.sndUna, t.highSeq)) return false;
  switch (t.caState) {
    case CA_LOSS:
      if (undoLoss(t, s, now)) return false;
      t.timeouts = 0;
      closeEpisode(t);
      return false;
    case CA_CWR:
      // One more round: the window is what PRR left it, not above ssthresh.
      if (t.sndUna === t.highSeq) return false;
      t.cwnd = Math.min(t.cwnd, t.ssthresh);
      closeEpisode(t);
      return false;
    default:
      if (undoRecovery(t, s, now)) return true;
      // RFC 6582 §4.1: without SACK, duplicates of this ACK must not start over.
      if (!t.sackEnabled && t.sndUna === t.highSeq && t.packetsOut > 0) {
        t.dupAcks = 0;
      }
      if (t.ssthresh < Infinity) t.cwnd = t.ssthresh;
      // RFC 6582 §3.2 step 3: the full acknowledgement ends there, without growth of its own.
      if (!t.sackEnabled && t.sndUna === t.highSeq) r.endsNewReno = true;
      rackRecoveryEnded(t);
      closeEpisode(t);
      return false;
  }
}

function closeEpisode(t: Tcb): void {
  t.undoValid = false;
  t.retransmitTsValid = false;
  t.frtoActive = false;
  t.frtoSendNew = false;
  t.caState = t.sackedOut > 0 ? CA_DISORDER : CA_OPEN;
}

function continueRecovery(
  t: Tcb,
  s: SegmentIn,
  r: AckResult,
  now: Micros,
): void {
  if (r.advanced && !t.sackEnabled) {
    // RFC 6582 §3.2 step 5: a partial acknowledgement uncovers the next hole.
    t.sackedOut = 0;
    t.dupAcks = 0;
    markHeadLost(t, r);
  }
  if (r.advanced && undoPartial(t, s, now)) return;
  if (r.dsack && undoByDsack(t, now)) {
    startIfLost(t, r, now);
    return;
  }
  proportionalRate(t, r.ackedSegments + r.sackedSegments, r.newlyLost, r);
}

function continueLoss(
  t: Tcb,
  s: SegmentIn,
  r: AckResult,
  now: Micros,
): void {
  t.frtoSendNew = false;
  if (r.advanced && undoLoss(t, s, now)) return;
  if (!t.frtoActive) return;
  // RFC 5682 §2.1 step 3b: something sent before the timeout, once, arrived.
  if (r.originalDelivered && undoSpuriousTimeout(t, now)) return;
  if (seqAfter(t.sndNxt, t.highSeq)) {
    // Step 3a: the new data brought a duplicate: the loss was real.
    if (r.sackProgress || r.duplicate) t.frtoActive = false;
  } else if (r.advanced) {
    // Step 2b: send two new segments instead of what seems lost.
    t.highSeq = t.sndNxt;
    if (
      seqAfter(t.writeSeq, t.sndNxt) &&
      seqAfter(seqAdd(t.sndUna, t.sndWnd), t.sndNxt)
    ) {
      t.frtoSendNew = true;
      return;
    }
    t.frtoActive = false;
  }
}

/** The probe replaced a lost segment: reduce as for a loss, in one step. RFC 8985 §7.4.2. */
function repairedByProbe(t: Tcb): void {
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPLossProbeRecovery);
  const now = t.lastAckReceivedAt;
  startReduction(t, now);
  t.undoValid = false;
  t.cwnd = Math.min(t.cwnd, t.ssthresh);
  t.caState = t.sackedOut > 0 ? CA_DISORDER : CA_OPEN;
}

/** Without SACK, each duplicate acknowledgement stands for one segment that left the network. RFC 5681 §3.2. */
function countDuplicates(t: Tcb, r: AckResult): void {
  if (r.advanced) {
    // What the duplicates stood for was counted as delivered then.
    const again = Math.min(t.sackedOut, r.ackedSegments - 1);
    if (again > 0) {
      t.delivered -= again;
      r.sackedSegments -= again;
    }
    t.dupAcks = 0;
    if (t.caState !== CA_RECOVERY) t.sackedOut = 0;
    else t.sackedOut = Math.max(0, t.sackedOut - (r.ackedSegments - 1));
    return;
  }
  if (!r.duplicate) return;
  t.dupAcks++;
  // Something is missing, or there would be no duplicate: at least one segment stays out.
  const holes = t.lostOut > 0 ? t.lostOut : 1;
  if (t.sackedOut + holes < t.packetsOut) {
    t.sackedOut++;
    r.sackedSegments++;
    t.delivered++;
  }
}

/** RFC 5681 §3.2: the third duplicate marks the head lost; with SACK, RFC 6675's IsLost() judges each. */
function detectByCounting(t: Tcb, r: AckResult): void {
  if (t.sackEnabled) {
    markBelowSacked(t, r);
    return;
  }
  if (t.caState >= CA_RECOVERY) return;
  if (t.sackedOut >= t.reordering && t.lostOut === 0) markHeadLost(t, r);
}

/** RFC 6675 §4 IsLost(): lost is what has as many SACKed segments above it as the threshold says. */
function markBelowSacked(t: Tcb, r: AckResult): void {
  if (t.sackedOut < t.reordering) return;
  let above = 0;
  let record = t.sent.tail;
  for (; record !== null; record = record.previous) {
    if (record.flags & SENT_SACKED) above += record.segments;
    else if (
      above >= t.reordering && (record.flags & SENT_RETRANSMITTED) === 0
    ) markLost(t, record, r);
  }
}

function markHeadLost(t: Tcb, r: AckResult): void {
  const head = t.sent.head;
  if (head === null) return;
  if (head.segments > 1) {
    splitAt(t, head, seqAdd(head.start, head.segmentLength));
  }
  if (head.flags & SENT_RETRANSMITTED) return;
  markLost(t, head, r);
}

function markAllLost(t: Tcb, r: AckResult): void {
  const head = t.sent.head;
  // RFC 2018 §8: a SACKed head means the peer gave back what it held.
  const reneged = head !== null && (head.flags & SENT_SACKED) !== 0;
  if (reneged) {
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPSACKReneging);
  }
  if (!t.sackEnabled) t.sackedOut = 0;
  for (let record = head; record !== null; record = record.next) {
    if (reneged && (record.flags & SENT_SACKED)) {
      record.flags &= ~SENT_SACKED;
      t.sackedOut -= record.segments;
    }
    if (record.flags & SENT_SACKED) continue;
    if (record !== head && sentLately(t, record.sentAt, r)) continue;
    markLost(t, record, r);
  }
  t.seenSackCount = 0;
}

/** RFC 8985 §6.3: what was sent less than a round trip ago is not to blame. */
function sentLately(t: Tcb, sentAt: Micros, r: AckResult): boolean {
  return t.config.rack && t.sackEnabled && t.rackRtt > 0 &&
    sentAt + t.rackRtt + Math.min(t.minRtt / 4, t.srtt) > r.now;
}

/** RFC 3522: nothing was sent again yet, or the acknowledgement echoes a time before it was: it answers the original. */
function answersOriginal(t: Tcb, s: SegmentIn): boolean {
  if (!t.retransmitTsValid) return true;
  return t.tsEnabled && s.hasTimestamps && (s.tsEcr - t.retransmitTs | 0) < 0;
}

function mayUndo(t: Tcb, s: SegmentIn): boolean {
  return t.undoValid && (t.undoRetrans === 0 || answersOriginal(t, s));
}

function undoRecovery(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!mayUndo(t, s)) return false;
  restoreWindow(t, now);
  t.context.counters.increment(
    answersOriginal(t, s)
      ? TCP_COUNTER.TcpExtTCPFullUndo
      : TCP_COUNTER.TcpExtTCPDSACKUndo,
  );
  closeEpisode(t);
  return true;
}

function undoPartial(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!t.undoValid || !answersOriginal(t, s)) return false;
  // Retransmissions still in flight must come back before the window does.
  if (t.retransOut > 0) return true;
  unmarkLost(t);
  restoreWindow(t, now);
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPPartialUndo);
  closeEpisode(t);
  return true;
}

/** RFC 3708 §2.1: every retransmission of the episode proved to be a second copy: there was no loss. */
function undoByDsack(t: Tcb, now: Micros): boolean {
  if (!t.undoValid || t.undoRetrans !== 0) return false;
  restoreWindow(t, now);
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPDSACKUndo);
  closeEpisode(t);
  return true;
}

function undoLoss(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!mayUndo(t, s)) return false;
  return undoSpuriousTimeout(t, now);
}

function undoSpuriousTimeout(t: Tcb, now: Micros): boolean {
  if (!t.undoValid) return false;
  unmarkLost(t);
  restoreWindow(t, now);
  const counters = t.context.counters;
  counters.increment(TCP_COUNTER.TcpExtTCPLossUndo);
  counters.increment(TCP_COUNTER.TcpExtTCPSpuriousRTOs);
  t.timeouts = 0;
  t.backoff = 0;
  closeEpisode(t);
  return true;
}

function restoreWindow(t: Tcb, now: Micros): void {
  if (t.priorCwnd > t.cwnd) t.cwnd = t.priorCwnd;
  if (t.priorSsthresh > t.ssthresh) t.ssthresh = t.priorSsthresh;
  t.congestion.onUndo(t, now);
}

function unmarkLost(t: Tcb): void {
  for (let record = t.sent.head; record !== null; record = record.next) {
    if (record.flags & SENT_LOST) {
      record.flags &= ~SENT_LOST;
      t.lostOut -= record.segments;
    }
  }
}
