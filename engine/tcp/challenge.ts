// @hot
/**
 * Answers to segments that should not have come: RFC 5961.
 *
 * A challenge ACK tells an honest peer where we stand and tells an attacker
 * nothing. Two limits keep a flood of forgeries from becoming a flood of
 * answers or a side channel: one per connection, one over the whole stack.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { TCP_COUNTER } from "./counters.ts";
import type { Tcb } from "./tcb.ts";

/** Owes the peer a challenge ACK, unless the limits say no. RFC 5961 §3.2, §4.2, §7. */
export function challengeAck(t: Tcb, now: Micros): void {
  const counters = t.context.counters;
  if (!mayAnswerInvalid(t, now, TCP_COUNTER.TcpExtTCPACKSkippedChallenge)) {
    return;
  }
  if (!t.context.takeChallenge(now)) return;
  counters.increment(TCP_COUNTER.TcpExtTCPChallengeACK);
  t.ackNow = true;
}

/** Whether this connection may answer one more invalid segment; counts a refusal under `skipped`. Linux `tcp_invalid_ratelimit`. */
export function mayAnswerInvalid(
  t: Tcb,
  now: Micros,
  skipped: number,
): boolean {
  if (now - t.lastInvalidAnswerAt < t.config.invalidRateLimit) {
    t.context.counters.increment(skipped);
    return false;
  }
  t.lastInvalidAnswerAt = now;
  return true;
}
