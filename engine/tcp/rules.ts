/**
 * Rule tags: a name for each way in which the state machine disposes of a
 * segment.
 *
 * Every exit of the rx_* functions counts its tag, so that a trace reads as a
 * list of the rules that fired and the tests can print those none of them
 * ever reached.
 *
 * @module
 */
import { Counters } from "../base/counters.ts";
import { TRACE_RULE } from "../base/trace.ts";
import type { Micros } from "../base/units.ts";
import type { Tcb } from "./tcb.ts";

/** The tags, by number. */
export const RULE_NAMES = [
  "R_CLOSED_RESET",
  "R_CLOSED_IGNORE_RESET",
  "R_LISTEN_IGNORE_RESET",
  "R_LISTEN_RESET_ACK",
  "R_LISTEN_IGNORE",
  "R_LISTEN_SYN",
  "R_LISTEN_OVERFLOW",
  "R_LISTEN_COOKIE",
  "R_SYN_SENT_BAD_ACK",
  "R_SYN_SENT_BAD_TIMESTAMP",
  "R_SYN_SENT_RESET",
  "R_SYN_SENT_IGNORE_RESET",
  "R_SYN_SENT_IGNORE",
  "R_SYN_SENT_ESTABLISHED",
  "R_SYN_SENT_SIMULTANEOUS",
  "R_SEQ_PAWS",
  "R_SEQ_OUT_OF_WINDOW",
  "R_SEQ_SYN_RETRANSMITTED",
  "R_RESET_EXACT",
  "R_RESET_CHALLENGE",
  "R_SYN_CHALLENGE",
  "R_NO_ACK",
  "R_ACK_SYN_RECEIVED_BAD",
  "R_ACK_ESTABLISHES",
  "R_ACK_TOO_OLD",
  "R_ACK_OLD",
  "R_ACK_UNSENT",
  "R_ACK_DUPLICATE",
  "R_ACK_ADVANCES",
  "R_ACK_FIN_WAIT_2",
  "R_ACK_TIME_WAIT",
  "R_ACK_CLOSES",
  "R_TEXT_AFTER_CLOSE",
  "R_TEXT_IN_ORDER",
  "R_TEXT_OUT_OF_ORDER",
  "R_TEXT_DUPLICATE",
  "R_TEXT_BEYOND_WINDOW",
  "R_TEXT_NO_MEMORY",
  "R_FIN_IN_ORDER",
  "R_FIN_OUT_OF_ORDER",
  "R_FIN_AGAIN",
  "R_TIME_WAIT_RESTART",
  "R_TIME_WAIT_REUSED",
  "R_TIME_WAIT_IGNORE_RESET",
  "R_URGENT",
] as const;

/** A rule's name. */
export type RuleName = typeof RULE_NAMES[number];

/** Tag numbers by name: `RULE.R_SEQ_PAWS`. */
export const RULE: Readonly<Record<RuleName, number>> = Object.freeze(
  Object.fromEntries(RULE_NAMES.map((name, id) => [name, id])) as Record<
    RuleName,
    number
  >,
);

/** A fresh counter for every rule. */
export function createRuleCounters(): Counters {
  return new Counters(RULE_NAMES);
}

/** Notes that `rule` fired on `t` for a segment with these flags. */
export function fired(t: Tcb, rule: number, flags: number, now: Micros): void {
  const context = t.context;
  context.rules.increment(rule);
  if (context.trace !== null) {
    context.trace.record(TRACE_RULE, t.handle, rule, flags, now);
  }
}
