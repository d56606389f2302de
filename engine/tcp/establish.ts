// @hot
/**
 * The moment a connection becomes ESTABLISHED, from either side.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { startMtuSearch } from "./mtu_search.ts";
import {
  STATE_ESTABLISHED,
  STATE_FIN_WAIT_1,
  stateIn,
  SYNCHRONIZED,
  transition,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_KEEP_ALIVE, TIMER_RETRANSMIT } from "./timers.ts";

/**
 * Moves to ESTABLISHED, and on to FIN-WAIT-1 when the application has closed
 * already. A Fast Open server may have closed, or the client in its SYN, before
 * the handshake ended: then the state is past ESTABLISHED and stays.
 */
export function establish(t: Tcb, now: Micros): void {
  const early = stateIn(t.state, SYNCHRONIZED);
  if (!early) transition(t, STATE_ESTABLISHED);
  t.establishedAt = now;
  t.synDue = false;
  t.timers.clear(TIMER_RETRANSMIT);
  t.backoff = 0;
  t.timeouts = 0;
  // RFC 5681 §3.1: a lost SYN means a window of one; Linux forgives the first.
  if (t.synTimeouts > 1) t.cwnd = 1;
  // RFC 6298 §5.7: a SYN that had to be repeated, and no sample yet, make the first RTO 3 s.
  if (t.synTimeouts > 0 && t.srtt === 0) {
    t.rttEstimator.setRto(3 * t.config.rtoInitial);
  }
  t.highSeq = t.sndNxt;
  t.rackDsackRoundValid = false;
  startMtuSearch(t);
  t.congestion.start(t, now);
  if (t.keepAlive) t.timers.set(TIMER_KEEP_ALIVE, now + t.keepAliveIdle);
  if (t.finQueued && !early) transition(t, STATE_FIN_WAIT_1);
}
