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
import type { AckResult } from "./scoreboard.ts";
import { seqAdd, seqAfter, seqBefore } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import {
  closeEpisode,
  rememberForUndo,
  undoByDsack,
  undoLoss,
  undoPartial,
  undoRecovery,
  undoSpuriousTimeout,
} from "./undo.ts";
import {
  countDuplicates,
  detectByCounting,
  markAllLost,
  markHeadLost,
} from "./loss_by_count.ts";

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
