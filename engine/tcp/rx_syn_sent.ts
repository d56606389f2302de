// @hot
/**
 * Segments in SYN-SENT: RFC 9293 §3.10.7.3, with Fast Open (RFC 7413 §4.2.2).
 *
 * The one state in which the acknowledgement is judged before everything
 * else: only an answer to our SYN may move us.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { TCP_ACK, TCP_RST, TCP_SYN } from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { timestampNow } from "./ack_policy.ts";
import { ABORT_REFUSED } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { die, queueReset } from "./death.ts";
import { establish } from "./establish.ts";
import { fastOpenRefused } from "./fast_open_blame.ts";
import { watchSynData } from "./fast_open_confirm.ts";
import { judgeSynAck } from "./fast_open_client.ts";
import { countSynData, resendFlight } from "./fast_open_resend.ts";
import { acceptEcnSyn, acceptEcnSynAck, acceptOffer } from "./negotiate.ts";
import { fired, RULE } from "./rules.ts";
import { initialWindow, processAck } from "./rx_ack.ts";
import { stepFin, stepText } from "./rx_text.ts";
import { seqAdd, seqAfter, seqBeforeEq } from "./seq.ts";
import { STATE_SYN_RECEIVED, transition } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** Processes a segment that arrived in SYN-SENT. */
export function rxSynSent(t: Tcb, s: SegmentIn, now: Micros): void {
  const hasAck = (s.flags & TCP_ACK) !== 0;
  // First: the ACK.
  if (hasAck && (seqBeforeEq(s.ack, t.iss) || seqAfter(s.ack, t.sndNxt))) {
    fired(t, RULE.R_SYN_SENT_BAD_ACK, s.flags, now);
    if (!(s.flags & TCP_RST)) queueReset(t, s.ack, 0);
    return;
  }
  if (hasAck && echoesNonsense(t, s, now)) {
    fired(t, RULE.R_SYN_SENT_BAD_TIMESTAMP, s.flags, now);
    if (!(s.flags & TCP_RST)) queueReset(t, s.ack, 0);
    return;
  }
  // Second: the RST.
  if (s.flags & TCP_RST) {
    if (!hasAck) {
      fired(t, RULE.R_SYN_SENT_IGNORE_RESET, s.flags, now);
      return;
    }
    fired(t, RULE.R_SYN_SENT_RESET, s.flags, now);
    if (fastOpenRefused(t, "RESET", now)) return;
    t.context.counters.increment(TCP_COUNTER.TcpAttemptFails);
    die(t, ABORT_REFUSED, now);
    return;
  }
  // Fourth: the SYN.
  if (!(s.flags & TCP_SYN)) {
    fired(t, RULE.R_SYN_SENT_IGNORE, s.flags, now);
    return;
  }
  t.irs = s.seq;
  t.rcvNxt = seqAdd(s.seq, 1);
  t.rcvWup = t.rcvNxt;
  t.lastAckSent = t.rcvNxt;
  t.lastReceivedAt = now;
  t.segmentsIn++;
  if (hasAck) answered(t, s, now);
  else crossed(t, s, now);
}

/** The SYN-ACK: ESTABLISHED. */
function answered(t: Tcb, s: SegmentIn, now: Micros): void {
  fired(t, RULE.R_SYN_SENT_ESTABLISHED, s.flags, now);
  acceptEcnSynAck(t, s);
  judgeSynAck(t, s, now);
  acceptOffer(t, s, now);
  initialWindow(t, s, s.wnd); // never scaled in a SYN, RFC 7323 §2.2
  establish(t, now);
  processAck(t, s, now);
  if (t.fastOpen !== null) {
    countSynData(t);
    resendFlight(t, now);
    watchSynData(t, now);
  }
  t.ackNow = true;
  takeData(t, s, now);
}

/** A SYN without ACK: both opened at once. RFC 9293 §3.5, Figure 8. */
function crossed(t: Tcb, s: SegmentIn, now: Micros): void {
  fired(t, RULE.R_SYN_SENT_SIMULTANEOUS, s.flags, now);
  acceptEcnSyn(t, s);
  acceptOffer(t, s, now);
  initialWindow(t, s, s.wnd);
  transition(t, STATE_SYN_RECEIVED);
  t.synDue = true;
}

/** Data and FIN in the SYN-ACK. RFC 9293 §3.10.7.3 fourth: "other controls or text". */
function takeData(t: Tcb, s: SegmentIn, now: Micros): void {
  s.seq = t.rcvNxt;
  stepText(t, s, now);
  stepFin(t, s, now);
}

/** The echoed timestamp is not one of ours: Linux's check against forged SYN-ACKs. */
function echoesNonsense(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!s.hasTimestamps || s.tsEcr === 0 || !t.config.timestamps) return false;
  const age = timestampNow(t, now) - s.tsEcr | 0;
  const since = timestampNow(t, t.createdAt);
  return age < 0 || (s.tsEcr - since | 0) < 0;
}
