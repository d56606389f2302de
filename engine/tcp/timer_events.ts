// @hot
/**
 * What each deadline does when it comes: one function a timer.
 *
 * @module
 */
import { TRACE_TIMER } from "../base/trace.ts";
import type { Micros } from "../base/units.ts";
import { delayedAckExpired } from "./ack_policy.ts";
import {
  ABORT_HOST_UNREACHABLE,
  ABORT_LOCAL,
  ABORT_NONE,
  ABORT_TIMED_OUT,
} from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { die, queueReset } from "./death.ts";
import { fastOpenSynTimeout, fastOpenTimeout } from "./fast_open_blame.ts";
import { synDataExpired } from "./fast_open_confirm.ts";
import { trimExpired } from "./memory.ts";
import { mtuTimeoutExpired } from "./mtu_search.ts";
import { lossProbeExpired } from "./rack.ts";
import { enterLoss, reorderExpired } from "./recovery.ts";
import { AckResult } from "./scoreboard.ts";
import { seqSpan } from "./seq.ts";
import {
  STATE_CLOSED,
  STATE_FIN_WAIT_2,
  STATE_SYN_SENT,
  STATE_TIME_WAIT,
  transition,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { leaveTimeWait } from "./time_wait.ts";
import {
  TIMER_CORK,
  TIMER_DELAYED_ACK,
  TIMER_FIN_WAIT_2,
  TIMER_KEEP_ALIVE,
  TIMER_LINGER,
  TIMER_LOSS_PROBE,
  TIMER_PERSIST,
  TIMER_REORDER,
  TIMER_RETRANSMIT,
  TIMER_SYN_DATA,
  TIMER_TIME_WAIT,
  TIMER_TRIM,
  TIMER_USER_TIMEOUT,
} from "./timers.ts";
import { handshakeTimeout } from "./tx_control.ts";
import { armUserTimeout, userTimeoutPassed } from "./user_timeout.ts";

const scratch = new AckResult();

/** Fires every timer of `t` that is due at `now`. Early calls do nothing. */
export function fireTimers(t: Tcb, now: Micros): void {
  for (;;) {
    const timer = t.timers.takeDue(now);
    if (timer < 0) return;
    const trace = t.context.trace;
    if (trace !== null) trace.record(TRACE_TIMER, t.handle, timer, 0, now);
    fire(t, timer, now);
  }
}

function fire(t: Tcb, timer: number, now: Micros): void {
  switch (timer) {
    case TIMER_RETRANSMIT:
      retransmitExpired(t, now);
      break;
    case TIMER_LOSS_PROBE:
      lossProbeExpired(t);
      break;
    case TIMER_REORDER:
      scratch.reset(now);
      reorderExpired(t, scratch, now);
      break;
    case TIMER_PERSIST:
      persistExpired(t, now);
      break;
    case TIMER_DELAYED_ACK:
      delayedAckExpired(t);
      break;
    case TIMER_KEEP_ALIVE:
      keepAliveExpired(t, now);
      break;
    case TIMER_FIN_WAIT_2:
      if (t.state === STATE_FIN_WAIT_2) {
        transition(t, STATE_CLOSED);
        t.timers.clearAll();
      }
      break;
    case TIMER_TIME_WAIT:
      if (t.state === STATE_TIME_WAIT) leaveTimeWait(t);
      break;
    case TIMER_USER_TIMEOUT:
      userTimeoutExpired(t, now);
      break;
    case TIMER_LINGER:
      lingerExpired(t, now);
      break;
    case TIMER_TRIM:
      trimExpired(t, now);
      break;
    case TIMER_CORK:
      t.corkExpired = true;
      t.pushSeq = t.writeSeq; // Nothing came behind it: that was the end.
      break;
    case TIMER_SYN_DATA:
      synDataExpired(t, now);
      break;
  }
}

/** RFC 6298 §5.4 to §5.6. */
function retransmitExpired(t: Tcb, now: Micros): void {
  if (t.isSynUnacked) {
    handshakeExpired(t, now);
    return;
  }
  if (t.packetsOut === 0) return;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPTimeouts);
  fastOpenTimeout(t, now);
  if (gaveUp(t, now)) {
    timeOut(t, now);
    return;
  }
  scratch.reset(now);
  enterLoss(t, scratch, now);
  if (t.timeouts === 0) t.retransmitStartAt = t.sent.head!.firstSentAt;
  t.timeouts++;
  // A window taken back explains the silence; size has nothing to do with it.
  if (t.sndWnd > 0) mtuTimeoutExpired(t);
  // RFC 6298 §5.5: back off; but not past what a peer that shut its window must answer to.
  t.backoff++;
  t.timers.set(TIMER_RETRANSMIT, now + t.rttEstimator.backedOff(t.backoff));
}

function handshakeExpired(t: Tcb, now: Micros): void {
  const active = t.state === STATE_SYN_SENT;
  // Linux: the linear timeouts come on top of those that double.
  const { synRetries, synLinearTimeouts, synAckRetries } = t.config;
  let tries = active ? synRetries + synLinearTimeouts : synAckRetries;
  // The application may hold this connection already: one more, as Linux does.
  if (t.fastOpenAccepted) tries++;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPTimeouts);
  t.synTimeouts++;
  fastOpenTimeout(t, now);
  const tooLong = active && openedSince(t, now) >=
      retryTime(synRetries, t.config.rtoInitial, t.config.rtoMax);
  if (t.synTimeouts > tries || tooLong || userTimeoutPassed(t, now)) {
    t.context.counters.increment(TCP_COUNTER.TcpAttemptFails);
    timeOut(t, now);
    return;
  }
  if (active) fastOpenSynTimeout(t, now);
  t.synDue = true;
  t.timers.set(TIMER_RETRANSMIT, now + handshakeTimeout(t));
}

/** Since the first SYN left, µs. However many SYNs went, Linux waits no longer than `synRetries` doublings would have taken. */
function openedSince(t: Tcb, now: Micros): Micros {
  const syn = t.sent.head;
  return syn === null ? 0 : now - syn.firstSentAt;
}

/** R2 of RFC 9293 §3.8.3, as a time: what that many doublings from the smallest RTO amount to. */
function gaveUp(t: Tcb, now: Micros): boolean {
  if (userTimeoutPassed(t, now)) return true;
  const config = t.config;
  const tries = t.orphaned ? config.orphanRetries : config.retries2;
  if (t.timeouts === 0) return false;
  // A peer that shut its window and still answers is alive: what is sent again is a probe.
  if (t.sndWnd === 0 && !t.orphaned && isAnswering(t, now)) return false;
  return now - t.retransmitStartAt >=
    retryTime(tries, config.rtoMin, config.rtoMax);
}

/** Something came back within the longest two timeouts (Linux `tcp_rtx_probe0_timed_out`). */
function isAnswering(t: Tcb, now: Micros): boolean {
  return now - t.lastReceivedAt < 2 * t.config.rtoMax;
}

function retryTime(tries: number, rtoMin: Micros, rtoMax: Micros): Micros {
  const doublings = Math.floor(Math.log2(rtoMax / rtoMin));
  if (tries <= doublings) return (2 ** (tries + 1) - 1) * rtoMin;
  return (2 ** (doublings + 1) - 1) * rtoMin + (tries - doublings) * rtoMax;
}

function timeOut(t: Tcb, now: Micros): void {
  // RFC 1122 §4.2.3.9: a soft error explains a timeout.
  const reason = t.softError !== ABORT_NONE ? t.softError : ABORT_TIMED_OUT;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPAbortOnTimeout);
  die(t, reason, now);
}

/** RFC 9293 §3.8.6.1: as long as the peer answers, never give up; but an orphan must not be held for ever. */
function persistExpired(t: Tcb, now: Micros): void {
  if (t.packetsOut > 0 || seqSpan(t.sndNxt, t.writeSeq) <= 0) return;
  const answered = t.probesOut === 0;
  const config = t.config;
  const tries = t.orphaned ? config.orphanRetries : config.retries2;
  const wornOut = t.orphaned && t.backoff >= tries &&
    t.rttEstimator.backedOff(t.backoff) >= config.rtoMax;
  if (
    !answered && t.probesOut >= tries || wornOut || userTimeoutPassed(t, now)
  ) {
    timeOut(t, now);
    return;
  }
  t.probeDue = true;
  t.probesOut++;
  t.backoff++;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPWinProbe);
  t.timers.set(TIMER_PERSIST, now + t.rttEstimator.backedOff(t.backoff));
}

/** RFC 9293 §3.8.4. */
function keepAliveExpired(t: Tcb, now: Micros): void {
  if (!t.keepAlive || t.state === STATE_CLOSED) return;
  const heard = t.lastReceivedAt;
  // Data in flight is its own probe.
  if (t.packetsOut > 0 || seqSpan(t.sndNxt, t.writeSeq) > 0) {
    t.timers.set(TIMER_KEEP_ALIVE, now + t.keepAliveIdle);
    return;
  }
  const idle = now - heard;
  const idleAt = heard + t.keepAliveIdle;
  if (idleAt > now) {
    t.timers.set(TIMER_KEEP_ALIVE, idleAt);
    return;
  }
  const tooLong = t.userTimeout > 0
    ? t.probesOut > 0 && idle >= t.userTimeout
    : t.probesOut >= t.keepAliveCount;
  if (tooLong) {
    queueReset(t, t.sndNxt, 1);
    timeOut(t, now);
    return;
  }
  t.probeDue = true;
  t.probesOut++;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPKeepAlive);
  t.timers.set(TIMER_KEEP_ALIVE, now + t.keepAliveInterval);
}

function userTimeoutExpired(t: Tcb, now: Micros): void {
  if (userTimeoutPassed(t, now)) timeOut(t, now);
  else armUserTimeout(t);
}

/** SO_LINGER ran out: what the peer has not acknowledged is given up. */
function lingerExpired(t: Tcb, now: Micros): void {
  if (t.state === STATE_FIN_WAIT_2 || t.state === STATE_TIME_WAIT) return;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPAbortOnLinger);
  if (t.state !== STATE_SYN_SENT) queueReset(t, t.sndNxt, 1);
  die(t, ABORT_LOCAL, now);
}

/** The neighbour cannot be resolved: RFC 1122 §2.3.2.1, the connection learns that its host cannot be reached. */
export function neighbourFailed(t: Tcb, now: Micros): void {
  t.softError = ABORT_HOST_UNREACHABLE;
  // A RST that cannot leave is owed no longer: nobody hears it.
  t.resetDue = false;
  if (t.state === STATE_SYN_SENT) {
    t.context.counters.increment(TCP_COUNTER.TcpAttemptFails);
    die(t, ABORT_HOST_UNREACHABLE, now);
  }
}
