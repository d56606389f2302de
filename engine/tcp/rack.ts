// @hot
/**
 * RACK-TLP, RFC 8985: loss by time, not by counting.
 *
 * A segment is lost when one sent later has been delivered and the reordering
 * window has passed since:
 *
 *     lost when  now >= sentAt + RACK.rtt + reoWnd    for sentAt before RACK.xmit_ts
 *
 * The window is a quarter of the lowest RTT while reordering has been seen,
 * zero while it has not and the evidence is strong, and widens when DSACKs
 * show retransmissions to have been needless (§6.2 step 4).
 *
 * A tail loss probe (§7) sends one segment when nothing came back for two
 * round trips, so that a lost tail is found by an acknowledgement instead of
 * by the retransmission timer.
 *
 * @module
 */
import { MILLISECOND, SECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import { CA_CWR, CA_DISORDER, CA_OPEN, CA_RECOVERY } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { markLost, sentAfter } from "./scoreboard.ts";
import type { AckResult } from "./scoreboard.ts";
import { SENT_LOST, SENT_RETRANSMITTED, SENT_SACKED } from "./sent_queue.ts";
import { seqAfter, seqBefore } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_LOSS_PROBE, TIMER_REORDER, TIMER_RETRANSMIT } from "./timers.ts";

/** RFC 8985 §6.2 step 4: recoveries a widened window lasts. */
const REO_WND_PERSIST = 16;
/** Added to a probe timeout so that it never undercuts the peer's clock tick; Linux TCP_TIMEOUT_MIN, 2 jiffies. */
const PROBE_SLACK: Micros = 2 * MILLISECOND;

/** RFC 8985 §6.2 steps 4 and 5: adapts the window, marks what is lost, and sets the reordering timer for what may be. */
export function rackDetectLoss(t: Tcb, r: AckResult, now: Micros): void {
  t.timers.clear(TIMER_REORDER);
  if (t.rackSentAt === -Infinity) return;
  const window = reorderingWindow(t);
  let wait = 0;
  let record = t.sent.oldest;
  while (record !== null) {
    if (!sentAfter(t.rackSentAt, t.rackEndSeq, record.sentAt, record.end)) {
      break;
    }
    const flags = record.flags;
    const inFlight = (flags & SENT_SACKED) === 0 &&
      ((flags & SENT_LOST) === 0 || (flags & SENT_RETRANSMITTED) !== 0);
    if (inFlight) {
      const remaining = record.sentAt + t.rackRtt + window - now;
      if (remaining <= 0) markLost(t, record, r);
      else if (remaining > wait) wait = remaining;
    }
    record = record.later;
  }
  // At least a microsecond: a rest too small to move the clock would be due at once, for ever.
  if (wait > 0) t.timers.set(TIMER_REORDER, now + (wait > 1 ? wait : 1));
}

/** A DSACK came: the path reorders more than the window allows for. RFC 8985 §6.2 step 4. */
export function rackNoteDsack(t: Tcb): void {
  // Once a round trip.
  if (t.rackDsackRoundValid && seqBefore(t.sndUna, t.rackDsackRound)) return;
  t.rackDsackRound = t.sndNxt;
  t.rackDsackRoundValid = true;
  t.rackWindowMultiplier = Math.min(255, t.rackWindowMultiplier + 1);
  t.rackWindowPersist = REO_WND_PERSIST;
}

/** A recovery ended: a widened window lasts sixteen of them. */
export function rackRecoveryEnded(t: Tcb): void {
  if (t.rackWindowPersist === 0) return;
  t.rackWindowPersist--;
  if (t.rackWindowPersist === 0) t.rackWindowMultiplier = 1;
}

/** RFC 8985 §6.2: RACK_update_reo_wnd(), µs. */
function reorderingWindow(t: Tcb): Micros {
  if (!t.reorderingSeen) {
    if (t.caState >= CA_RECOVERY) return 0;
    if (t.sackedOut >= t.reordering) return 0;
  }
  const minRtt = t.rttEstimator.minRtt;
  if (minRtt === Infinity) return 0;
  const window = t.rackWindowMultiplier * minRtt / 4;
  return window < t.srtt ? window : t.srtt;
}

/** Sets the probe timer in place of a later retransmission timer, when RFC 8985 §7.2 allows. */
export function scheduleLossProbe(t: Tcb, now: Micros): void {
  if (!t.config.tailLossProbe || !t.sackEnabled || t.packetsOut === 0) return;
  // A Fast Open server's early data waits for the final ACK like its SYN-ACK.
  if (t.isSynUnacked) return;
  if (t.caState !== CA_OPEN && t.caState !== CA_CWR) return;
  if (t.sackedOut > 0 || t.tlpOutstanding || t.tlpDue) return;
  let timeout: Micros;
  if (t.srtt > 0) {
    timeout = 2 * t.srtt;
    // RFC 8985 §7.2: with one segment out, allow for the peer's delayed ACK.
    timeout += t.packetsOut === 1 ? t.config.delayedAckMax : PROBE_SLACK;
  } else timeout = SECOND;
  const at = now + timeout;
  if (at >= t.timers.at(TIMER_RETRANSMIT)) return;
  t.timers.set(TIMER_LOSS_PROBE, at);
}

/** The probe timer expired: one segment goes, window or not. RFC 8985 §7.3. */
export function lossProbeExpired(t: Tcb): void {
  if (t.packetsOut === 0 || t.tlpOutstanding) return;
  t.tlpDue = true;
}

/** The probe left. The retransmission timer runs from it. */
export function lossProbeSent(
  t: Tcb,
  kind: "new data" | "retransmission",
  now: Micros,
): void {
  t.tlpDue = false;
  t.tlpOutstanding = true;
  t.tlpRetransmitted = kind === "retransmission";
  t.tlpHighSeq = t.sndNxt;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPLossProbes);
  t.timers.set(TIMER_RETRANSMIT, now + t.rttEstimator.backedOff(t.backoff));
}

/**
 * RFC 8985 §7.4.2: whether the acknowledgement shows that the probe repaired a loss.
 *
 * Exactly the probe's end acknowledged proves nothing yet: it may answer the
 * original. What comes next tells: a duplicate, that both arrived; progress
 * beyond without one, that only one did.
 */
export function judgeLossProbe(t: Tcb, r: AckResult): boolean {
  if (!t.tlpOutstanding || seqBefore(t.sndUna, t.tlpHighSeq)) return false;
  if (!t.tlpRetransmitted || r.dsack) {
    // New data answered is no loss; a DSACK says the probe was a second copy.
    t.tlpOutstanding = false;
    return false;
  }
  if (seqAfter(t.sndUna, t.tlpHighSeq)) {
    t.tlpOutstanding = false;
    return t.caState === CA_OPEN || t.caState === CA_DISORDER;
  }
  if (!r.advanced && !r.sackProgress && r.pure) t.tlpOutstanding = false;
  return false;
}
