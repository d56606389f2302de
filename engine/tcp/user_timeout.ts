// @hot
/**
 * The user timeout, RFC 9293 §3.9.1 and RFC 5482: how long data may stay
 * unacknowledged, or untransmitted behind a closed window, before the
 * connection is given up.
 *
 * It is a deadline of its own, not a limit checked when a retransmission
 * happens to fall due: with a backed-off timer those may lie minutes apart.
 *
 *     oldest byte in flight first sent ──── userTimeout ────► given up
 *     window found shut                ──── userTimeout ────► given up
 *
 * Progress moves the first instant: the timer is set for the earliest moment
 * at which it could have passed and, when it fires too early, set again.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_USER_TIMEOUT } from "./timers.ts";

/** Whether data has waited for as long as the user allows. */
export function userTimeoutPassed(t: Tcb, now: Micros): boolean {
  return t.userTimeout > 0 && waitingSince(t) + t.userTimeout <= now;
}

/** Sets or clears the deadline according to what waits. Cheap when no user timeout is set. */
export function armUserTimeout(t: Tcb): void {
  if (t.userTimeout === 0) return;
  const since = waitingSince(t);
  if (since === Infinity) t.timers.clear(TIMER_USER_TIMEOUT);
  else t.timers.set(TIMER_USER_TIMEOUT, since + t.userTimeout);
}

/** Since when the oldest data waits for its acknowledgement or for a window; `Infinity`: none waits. */
function waitingSince(t: Tcb): Micros {
  const head = t.sent.head;
  if (head !== null) return head.firstSentAt;
  return t.windowShutAt === -Infinity ? Infinity : t.windowShutAt;
}
