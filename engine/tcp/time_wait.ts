// @hot
/**
 * TIME-WAIT: RFC 9293 §3.4.2, RFC 1337, RFC 6191.
 *
 * The side that closed first stays for 2 MSL, so that a lost last ACK can be
 * sent again and old duplicates die before the tuple is used anew. Its buffers
 * go at once; what stays is the sequence state and TS.Recent.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { TCP_COUNTER } from "./counters.ts";
import { discountOrphan } from "./memory.ts";
import { STATE_CLOSED, transition } from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_TIME_WAIT } from "./timers.ts";

/** Starts the wait of a connection that is in TIME-WAIT. What the application has not read stays readable. */
export function enterTimeWait(t: Tcb, now: Micros): void {
  t.timers.clearAll();
  t.sndBuf.release();
  if (t.context.timeWaitCount >= t.config.maxTimeWait) {
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPTimeWaitOverflow);
    // It waits only until the FIN has been acknowledged.
    t.timers.set(TIMER_TIME_WAIT, now);
  } else t.timers.set(TIMER_TIME_WAIT, now + t.config.timeWaitTimeout);
  t.context.counters.increment(TCP_COUNTER.TcpExtTW);
  t.context.timeWaitCount++;
  if (t.rcvBuf.length === 0) t.rcvBuf.trim();
  discountOrphan(t);
}

/** The wait is over: CLOSED. */
export function leaveTimeWait(t: Tcb): void {
  t.context.timeWaitCount--;
  transition(t, STATE_CLOSED);
  t.timers.clearAll();
}

/** Starts the wait over: the peer sent its FIN again, or something else old. RFC 9293 §3.10.7.4. */
export function restartTimeWait(t: Tcb, now: Micros): void {
  t.timers.set(TIMER_TIME_WAIT, now + t.config.timeWaitTimeout);
}
