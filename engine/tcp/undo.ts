// @hot
/**
 * Taking back a reduction that proves needless.
 *
 * Nothing was lost when an acknowledgement echoes a time before anything was
 * sent again (Eifel, RFC 3522), when DSACKs report every retransmission as a
 * second copy (RFC 3708), or when what was sent once before a timeout arrives
 * after it (F-RTO, RFC 5682). Then the window of before the episode returns.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { CA_DISORDER, CA_OPEN } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { SENT_LOST } from "./sent_queue.ts";
import type { Tcb } from "./tcb.ts";

/** An episode starts: what to restore should it prove needless. */
export function rememberForUndo(t: Tcb): void {
  t.priorCwnd = t.cwnd;
  t.priorSsthresh = t.ssthresh;
  t.undoMarker = t.sndUna;
  t.undoValid = true;
  // Below 0: nothing was retransmitted that DSACKs could take back.
  t.undoRetrans = t.retransOut > 0 ? t.retransOut : -1;
  t.retransmitTsValid = false;
}

/** An episode is over. */
export function closeEpisode(t: Tcb): void {
  t.undoValid = false;
  t.retransmitTsValid = false;
  t.frtoActive = false;
  t.frtoSendNew = false;
  t.caState = t.sackedOut > 0 ? CA_DISORDER : CA_OPEN;
}

/** At the end of a recovery: whether it was needless, and so undone. */
export function undoRecovery(t: Tcb, s: SegmentIn, now: Micros): boolean {
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

/** Within a recovery: whether the acknowledgement answers an original, so that there was nothing to recover. */
export function undoPartial(t: Tcb, s: SegmentIn, now: Micros): boolean {
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
export function undoByDsack(t: Tcb, now: Micros): boolean {
  if (!t.undoValid || t.undoRetrans !== 0) return false;
  restoreWindow(t, now);
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPDSACKUndo);
  closeEpisode(t);
  return true;
}

/** Within an episode after a timeout: whether the timeout was needless, and so undone. */
export function undoLoss(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!mayUndo(t, s)) return false;
  return undoSpuriousTimeout(t, now);
}

/** Undoes an episode whose timeout F-RTO or Eifel has shown to be needless; false: it cannot be undone. */
export function undoSpuriousTimeout(t: Tcb, now: Micros): boolean {
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

/** RFC 3522: nothing was sent again yet, or the acknowledgement echoes a time before it was: it answers the original. */
function answersOriginal(t: Tcb, s: SegmentIn): boolean {
  if (!t.retransmitTsValid) return true;
  return t.tsEnabled && s.hasTimestamps && (s.tsEcr - t.retransmitTs | 0) < 0;
}

function mayUndo(t: Tcb, s: SegmentIn): boolean {
  return t.undoValid && (t.undoRetrans === 0 || answersOriginal(t, s));
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
