/**
 * TCP's trace events as text: numbers become the names of states, rules,
 * timers and events.
 *
 *     0.020312 #0 state SYN-SENT > ESTABLISHED
 *     0.020312 #0 rule R_SYN_SENT_ESTABLISHED
 *     0.020312 #0 window cwnd 10 ssthresh Infinity
 *
 * @module
 */
import {
  TRACE_EVENT,
  TRACE_RECOVERY,
  TRACE_RTO,
  TRACE_RTT,
  TRACE_RULE,
  TRACE_STATE,
  TRACE_TIMER,
  TRACE_WINDOW,
} from "../base/trace.ts";
import { CA_NAMES } from "./codes.ts";
import { RULE_NAMES } from "./rules.ts";
import { STATE_NAMES } from "./state.ts";
import { TIMER_NAMES } from "./timers.ts";

/** Names of the `EV_*` bits, lowest first. */
const EVENT_NAMES: readonly string[] = [
  "connected",
  "readable",
  "writable",
  "acked",
  "peerClosed",
  "aborted",
  "closed",
  "urgent",
];

/** Words for an event of TCP; null: the log's own words will do. Pass it to a TraceLog. */
export function tcpTraceText(
  kind: number,
  a: number,
  b: number,
): string | null {
  switch (kind) {
    case TRACE_STATE:
      return `state ${STATE_NAMES[a]} > ${STATE_NAMES[b]}`;
    case TRACE_RULE:
      return `rule ${RULE_NAMES[a]}`;
    case TRACE_TIMER:
      return `timer ${TIMER_NAMES[a]}`;
    case TRACE_RTT:
      return `rtt ${micros(a)} srtt ${micros(b)}`;
    case TRACE_RTO:
      return `rto ${micros(a)} backoff ${b}`;
    case TRACE_WINDOW:
      return `window cwnd ${a} ssthresh ${b}`;
    case TRACE_RECOVERY:
      return `recovery ${CA_NAMES[a]} lost ${b}`;
    case TRACE_EVENT:
      return `event ${EVENT_NAMES.filter((_, i) => a & 1 << i).join(" ")}`;
    default:
      return null;
  }
}

function micros(value: number): string {
  return `${Math.round(value)} µs`;
}
