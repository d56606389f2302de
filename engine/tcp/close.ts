/**
 * How an application ends a connection: RFC 9293 §3.10.4, §3.10.5.
 *
 *     shutdown    our direction ends, a FIN follows the last byte
 *     let go      nobody reads or writes any more; what was written is still delivered
 *     abort       a RST, at once
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import {
  ABORT_LOCAL,
  ABORT_NONE,
  ERR_ABORTED,
  ERR_NOT_CONNECTED,
} from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { die, queueReset } from "./death.ts";
import { countOrphan } from "./memory.ts";
import {
  STATE_CLOSE_WAIT,
  STATE_CLOSED,
  STATE_ESTABLISHED,
  STATE_FIN_WAIT_1,
  STATE_FIN_WAIT_2,
  STATE_LAST_ACK,
  STATE_SYN_RECEIVED,
  STATE_SYN_SENT,
  STATE_TIME_WAIT,
  stateIn,
  SYNCHRONIZED,
  transition,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_FIN_WAIT_2, TIMER_LINGER } from "./timers.ts";

/** Queues our FIN. Returns 0 or an `ERR_*`. */
export function closeSending(t: Tcb): number {
  if (t.abortReason !== ABORT_NONE) return ERR_ABORTED;
  if (t.finQueued) return 0;
  switch (t.state) {
    case STATE_SYN_SENT:
      // Nothing was said yet, or only in the SYN: the FIN waits for the handshake.
      break;
    case STATE_SYN_RECEIVED:
      if (t.fastOpenAccepted) transition(t, STATE_FIN_WAIT_1);
      break;
    case STATE_ESTABLISHED:
      transition(t, STATE_FIN_WAIT_1);
      break;
    case STATE_CLOSE_WAIT:
      transition(t, STATE_LAST_ACK);
      break;
    default:
      return ERR_NOT_CONNECTED;
  }
  t.finQueued = true;
  return 0;
}

/** The application lets go: in order if that is possible. A second call does nothing. */
export function letGo(t: Tcb, now: Micros): void {
  if (t.orphaned) return;
  t.orphaned = true;
  countOrphan(t);
  if (t.state === STATE_CLOSED || t.state === STATE_TIME_WAIT) return;
  const counter = reasonToReset(t);
  if (counter >= 0) {
    t.context.counters.increment(counter);
    abortNow(t, ABORT_LOCAL, now);
    return;
  }
  if (t.state === STATE_SYN_SENT && t.sndBuf.length === 0) {
    die(t, ABORT_LOCAL, now);
    return;
  }
  if (t.linger < Infinity) t.timers.set(TIMER_LINGER, now + t.linger);
  closeSending(t);
  if (t.state === STATE_FIN_WAIT_2) {
    t.timers.set(TIMER_FIN_WAIT_2, now + t.config.finTimeout);
  }
}

/** Ends a connection that is not closed: a RST goes if the peer knows of it. */
export function abortNow(t: Tcb, reason: number, now: Micros): void {
  const known = stateIn(t.state, SYNCHRONIZED) ||
    t.state === STATE_SYN_RECEIVED;
  if (known && t.state !== STATE_TIME_WAIT) queueReset(t, t.sndNxt, 1);
  die(t, reason, now);
}

/** The counter of why letting go must reset; below 0: it need not. */
function reasonToReset(t: Tcb): number {
  if (t.context.orphanCount > t.config.maxOrphans) {
    return TCP_COUNTER.TcpExtTCPAbortOnMemory;
  }
  // RFC 9293 §3.6.1, RFC 2525 §2.17: the peer must not believe that it was read.
  if (t.rcvBuf.length > 0) return TCP_COUNTER.TcpExtTCPAbortOnClose;
  return t.linger === 0 ? TCP_COUNTER.TcpExtTCPAbortOnData : -1;
}
