// @hot
/**
 * Segments on a connection that has seen the peer's SYN: RFC 9293 §3.10.7.4,
 * "Otherwise", its eight steps as eight functions in its order.
 *
 * A step that returns false has disposed of the segment. SYN-RECEIVED takes
 * the same road: step 5 is where it becomes ESTABLISHED.
 *
 * @module
 */
import { SECOND } from "../base/units.ts";
import type { Micros, Seq } from "../base/units.ts";
import {
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
} from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { noteLostAck, receiveWindow } from "./ack_policy.ts";
import { challengeAck, mayAnswerInvalid } from "./challenge.ts";
import { ABORT_BROKEN_PIPE, ABORT_REFUSED, ABORT_RESET } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { die, queueReset } from "./death.ts";
import { noteEcnMark } from "./ecn.ts";
import { establish } from "./establish.ts";
import { fastOpenReset, fastOpenStrayReset } from "./fast_open_blame.ts";
import { judgeCrossedSyn } from "./fast_open_client.ts";
import { confirmSynData } from "./fast_open_confirm.ts";
import { resendFlight } from "./fast_open_resend.ts";
import { completeFastOpen, noteFastOpenReset } from "./fast_open_server.ts";
import { fired, RULE } from "./rules.ts";
import { initialWindow, processAck } from "./rx_ack.ts";
import { stepFin, stepText } from "./rx_text.ts";
import { seqAdd, seqAfter, seqBefore, seqBeforeEq, seqSpan } from "./seq.ts";
import {
  STATE_CLOSE_WAIT,
  STATE_CLOSED,
  STATE_CLOSING,
  STATE_FIN_WAIT_1,
  STATE_FIN_WAIT_2,
  STATE_LAST_ACK,
  STATE_SYN_RECEIVED,
  STATE_TIME_WAIT,
  transition,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { enterTimeWait, restartTimeWait } from "./time_wait.ts";
import { TIMER_FIN_WAIT_2, TIMER_KEEP_ALIVE } from "./timers.ts";

/** TS.Recent older than this says nothing any more: RFC 7323 §5.5, 24 days. */
const TS_RECENT_LIFETIME: Micros = 24 * 86_400 * SECOND;

/** Processes a segment in any state from SYN-RECEIVED on. */
export function rxSynchronized(t: Tcb, s: SegmentIn, now: Micros): void {
  noteArrival(t, s, now);
  if (!stepSequence(t, s, now)) return; // 1 acceptability, PAWS
  if (!stepReset(t, s, now)) return; // 2 RST, challenge ACK (RFC 5961 §3.2)
  // 3 security: obsolete, RFC 9293 §3.9.3
  if (!stepSyn(t, s, now)) return; // 4 SYN, challenge ACK (RFC 5961 §4.2)
  if (!stepAck(t, s, now)) return; // 5 ACK, window, recovery
  stepUrgent(t, s, now); // 6
  if (!mayTakeText(t, s, now)) return;
  stepText(t, s, now); // 7
  stepFin(t, s, now); // 8
}

function noteArrival(t: Tcb, s: SegmentIn, now: Micros): void {
  t.segmentsIn += s.gsoSize > 0 ? Math.ceil(s.dataLength / s.gsoSize) : 1;
  if (s.dataLength > 0) t.dataSegmentsIn++;
  t.lastReceivedAt = now;
  if (t.keepAlive && t.probesOut > 0 && t.packetsOut === 0) {
    t.probesOut = 0;
    t.timers.set(TIMER_KEEP_ALIVE, now + t.keepAliveIdle);
  }
}

/** Step 1: RFC 9293 §3.10.7.4 first, RFC 7323 §5.3 (PAWS) before it. */
function stepSequence(t: Tcb, s: SegmentIn, now: Micros): boolean {
  const length = s.dataLength + (s.flags & TCP_SYN ? 1 : 0) +
    (s.flags & TCP_FIN ? 1 : 0);
  const end = seqAdd(s.seq, length);
  if (t.tsEnabled && s.hasTimestamps && isTooOld(t, s, now)) {
    // RFC 7323 §5.3 R1; a RST is judged by its sequence number alone (§5.2).
    if (!(s.flags & TCP_RST)) {
      fired(t, RULE.R_SEQ_PAWS, s.flags, now);
      t.context.counters.increment(TCP_COUNTER.TcpExtPAWSEstab);
      answerUnacceptable(t, s, TCP_COUNTER.TcpExtTCPACKSkippedPAWS, now);
      return false;
    }
  }
  if (isAcceptable(t, s.seq, end)) {
    updateTsRecent(t, s, now);
    return true;
  }
  if (t.isSynUnacked && isSynAgain(t, s)) {
    // The peer did not get our SYN-ACK: RFC 9293 §3.8.1, send it again now.
    fired(t, RULE.R_SEQ_SYN_RETRANSMITTED, s.flags, now);
    t.synDue = true;
    return false;
  }
  fired(t, RULE.R_SEQ_OUT_OF_WINDOW, s.flags, now);
  if (s.flags & TCP_RST) return false;
  if (s.flags & TCP_SYN) {
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPSYNChallenge);
    challengeAck(t, now);
    return false;
  }
  answerUnacceptable(t, s, TCP_COUNTER.TcpExtTCPACKSkippedSeq, now);
  if (t.state === STATE_TIME_WAIT && s.flags & TCP_FIN) {
    fired(t, RULE.R_TIME_WAIT_RESTART, s.flags, now);
    restartTimeWait(t, now);
  }
  return false;
}

/** RFC 9293 §3.4: the segment touches what we have not acknowledged or the window. */
function isAcceptable(t: Tcb, start: Seq, end: Seq): boolean {
  const edge = seqAdd(t.rcvNxt, receiveWindow(t));
  // What was received but not yet acknowledged still carries news in its ACK field.
  return !seqBefore(end, t.rcvWup) && !seqAfter(start, edge);
}

function isSynAgain(t: Tcb, s: SegmentIn): boolean {
  return (s.flags & TCP_SYN) !== 0 && s.seq === t.irs;
}

function isTooOld(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (t.tsRecentAt === -Infinity) return false;
  const age = t.tsRecent - s.tsVal | 0;
  if (age <= 0) return false;
  if (now - t.tsRecentAt > TS_RECENT_LIFETIME) return false;
  // A reordered pure ACK is no harm and no news: RFC 7323 §5.3's exception in Linux.
  return !(s.dataLength === 0 && (s.flags & (TCP_SYN | TCP_FIN)) === 0 &&
    s.ack === t.sndUna && s.seq === t.rcvNxt &&
    age <= t.rttEstimator.rto * 1.2 / 1_000);
}

/** RFC 7323 §4.3 (2). */
function updateTsRecent(t: Tcb, s: SegmentIn, now: Micros): void {
  if (!t.tsEnabled || !s.hasTimestamps || s.flags & TCP_RST) return;
  if (seqAfter(s.seq, t.lastAckSent)) return;
  // Who acknowledges what was never sent guesses, and shall not set the clock.
  if (s.flags & TCP_ACK && seqAfter(s.ack, t.sndNxt)) return;
  if ((s.tsVal - t.tsRecent | 0) < 0) return;
  t.tsRecent = s.tsVal;
  t.tsRecentAt = now;
}

/** RFC 9293 §3.10.7.4: an unacceptable segment is answered with an ACK. */
function answerUnacceptable(
  t: Tcb,
  s: SegmentIn,
  skipped: number,
  now: Micros,
): void {
  // Data is no part of an ACK loop: it is always answered.
  if (s.dataLength === 0 && !mayAnswerInvalid(t, now, skipped)) return;
  noteLostAck(t, s.seq, seqAdd(s.seq, s.dataLength));
  t.ackNow = true;
}

/** Step 2: RFC 5961 §3.2. */
function stepReset(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!(s.flags & TCP_RST)) return true;
  if (t.state === STATE_TIME_WAIT && t.config.rfc1337) {
    fired(t, RULE.R_TIME_WAIT_IGNORE_RESET, s.flags, now);
    return false;
  }
  if (s.seq !== t.rcvNxt && !(t.sackCount > 0 && isAtSackEdge(t, s))) {
    fired(t, RULE.R_RESET_CHALLENGE, s.flags, now);
    fastOpenStrayReset(t, now);
    challengeAck(t, now);
    return false;
  }
  fired(t, RULE.R_RESET_EXACT, s.flags, now);
  noteFastOpenReset(t, now);
  fastOpenReset(t, now);
  t.context.counters.increment(
    t.state === STATE_SYN_RECEIVED
      ? TCP_COUNTER.TcpAttemptFails
      : TCP_COUNTER.TcpEstabResets,
  );
  let reason = ABORT_RESET;
  if (t.state === STATE_SYN_RECEIVED && !t.passive) reason = ABORT_REFUSED;
  else if (t.state === STATE_CLOSE_WAIT) reason = ABORT_BROKEN_PIPE;
  die(t, reason, now);
  return false;
}

/** A peer that lost our view of RCV.NXT resets at the end of what it sent: right behind the last block. */
function isAtSackEdge(t: Tcb, s: SegmentIn): boolean {
  let edge = t.rcvNxt;
  for (let i = 0; i < t.outOfOrder.count; i++) edge = t.outOfOrder.end(i);
  return s.seq === edge;
}

/** Step 4: RFC 5961 §4.2. */
function stepSyn(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!(s.flags & TCP_SYN)) return true;
  if (t.isSynUnacked && s.seq === t.irs) {
    if (s.flags & TCP_ACK) {
      // Simultaneous open: the peer's SYN-ACK acknowledges our SYN.
      return true;
    }
    fired(t, RULE.R_SEQ_SYN_RETRANSMITTED, s.flags, now);
    t.synDue = true;
    return false;
  }
  fired(t, RULE.R_SYN_CHALLENGE, s.flags, now);
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPSYNChallenge);
  challengeAck(t, now);
  return false;
}

/** Step 5. */
function stepAck(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!(s.flags & TCP_ACK)) {
    fired(t, RULE.R_NO_ACK, s.flags, now);
    return false;
  }
  noteEcnMark(t, s);
  if (t.isSynUnacked) return ackOfSyn(t, s, now);
  if (t.fastOpen !== null && t.fastOpen.unconfirmed !== null) {
    confirmSynData(t, s, now);
  }
  if (t.state === STATE_TIME_WAIT) {
    fired(t, RULE.R_ACK_TIME_WAIT, s.flags, now);
    if (s.flags & TCP_FIN) {
      fired(t, RULE.R_TIME_WAIT_RESTART, s.flags, now);
      t.ackNow = true;
      restartTimeWait(t, now);
    }
    return false;
  }
  if (!processAck(t, s, now)) return false;
  return afterFinAcked(t, s, now);
}

/** In SYN-RECEIVED, or beyond it while a Fast Open server still waits for the final ACK. */
function ackOfSyn(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!seqAfter(s.ack, t.sndUna) || seqAfter(s.ack, t.sndNxt)) {
    // RFC 9293 §3.10.7.4: an unacceptable ACK is answered with <SEQ=SEG.ACK><CTL=RST>.
    fired(t, RULE.R_ACK_SYN_RECEIVED_BAD, s.flags, now);
    queueReset(t, s.ack, 0);
    return false;
  }
  if (!t.context.mayEstablish(t)) return false;
  fired(t, RULE.R_ACK_ESTABLISHES, s.flags, now);
  initialWindow(t, s, s.wnd << t.sndWscale);
  establish(t, now);
  completeFastOpen(t);
  judgeCrossedSyn(t, s, now);
  processAck(t, s, now);
  if (t.fastOpen !== null) resendFlight(t, now);
  return afterFinAcked(t, s, now);
}

/** What our FIN's acknowledgement moves. Returns whether the rest of the segment matters. */
function afterFinAcked(t: Tcb, s: SegmentIn, now: Micros): boolean {
  if (!t.finQueued || seqSpan(t.writeSeq, t.sndUna) < 1) return true;
  switch (t.state) {
    case STATE_FIN_WAIT_1:
      fired(t, RULE.R_ACK_FIN_WAIT_2, s.flags, now);
      transition(t, STATE_FIN_WAIT_2);
      if (t.orphaned) {
        t.timers.set(TIMER_FIN_WAIT_2, now + t.config.finTimeout);
      }
      return true;
    case STATE_CLOSING:
      transition(t, STATE_TIME_WAIT);
      enterTimeWait(t, now);
      return false;
    case STATE_LAST_ACK:
      fired(t, RULE.R_ACK_CLOSES, s.flags, now);
      transition(t, STATE_CLOSED);
      t.timers.clearAll();
      return false;
    default:
      return true;
  }
}

/** Step 6: RFC 9293 §3.8.2: the pointer (to the byte after the last urgent one, RFC 6093) only moves forward. Urgent bytes stay in line. */
function stepUrgent(t: Tcb, s: SegmentIn, now: Micros): void {
  if (!(s.flags & TCP_URG) || s.urgentPointer === 0) return;
  const up = seqAdd(s.seq, s.urgentPointer);
  if (seqBeforeEq(up, t.rcvNxt) || t.rcvUrgent && !seqAfter(up, t.rcvUp)) {
    return;
  }
  fired(t, RULE.R_URGENT, s.flags, now);
  const from = t.rcvUrgent ? t.rcvUp : t.rcvNxt;
  t.rcvUp = up;
  t.rcvUrgent = true;
  t.urgentBytes += seqSpan(from, up);
  t.context.counters.add(TCP_COUNTER.SynloadUrgentBytes, seqSpan(from, up));
}

/** RFC 9293 §3.10.7.4 seventh: text is for the states that still receive; data for an application that is gone resets (RFC 9293 §3.6.1, SHLD-3). */
function mayTakeText(t: Tcb, s: SegmentIn, now: Micros): boolean {
  switch (t.state) {
    case STATE_CLOSE_WAIT:
    case STATE_CLOSING:
    case STATE_LAST_ACK:
    case STATE_TIME_WAIT:
      if (s.dataLength > 0 || s.flags & TCP_FIN) {
        const rule = s.dataLength > 0
          ? RULE.R_TEXT_AFTER_CLOSE
          : RULE.R_FIN_AGAIN;
        fired(t, rule, s.flags, now);
        t.ackNow = true;
      }
      return false;
    case STATE_CLOSED:
      return false;
  }
  const end = seqAdd(s.seq, s.dataLength);
  if (t.orphaned && s.dataLength > 0 && seqAfter(end, t.rcvNxt)) {
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPAbortOnData);
    queueReset(t, s.ack, 0);
    die(t, ABORT_RESET, now);
    return false;
  }
  return true;
}
