// @hot
/**
 * Path MTU in use: what the route says, or less where the search found less.
 *
 * A path that carries less than was thought has dropped every larger segment
 * in flight. They are sent again at once and cut anew; the congestion window
 * stays, because size was to blame and not congestion (RFC 1191 §6.5).
 *
 * @module
 */
import { CA_CWR, CA_LOSS } from "./codes.ts";
import { markLost } from "./scoreboard.ts";
import { AckResult } from "./scoreboard.ts";
import { SENT_FIN, SENT_SACKED } from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import { seqSpan } from "./seq.ts";
import { MAY_TRANSMIT, STATE_SYN_SENT, stateIn } from "./state.ts";
import { refreshMss } from "./negotiate.ts";
import type { Tcb } from "./tcb.ts";

const scratch = new AckResult();

/** The path MTU a connection works with when its route's is `routeMtu`. */
export function usablePathMtu(t: Tcb, routeMtu: number): number {
  return routeMtu < t.mtuCeiling ? routeMtu : t.mtuCeiling;
}

/** Takes the route's MTU, smaller or (after ageing) larger; what is in flight and too large is lost, and cut anew when it is sent again. */
export function applyPathMtu(t: Tcb, routeMtu: number): void {
  t.routeMtu = routeMtu;
  const mtu = usablePathMtu(t, routeMtu);
  if (mtu === t.pathMtu) return;
  const before = t.mss;
  t.pathMtu = mtu;
  // A SYN that goes again promises no more than the path carries.
  const most = mtu - t.ipHeaderLength - 20;
  if (t.state === STATE_SYN_SENT && most < t.advMss) t.advMss = most;
  refreshMss(t);
  if (t.mss < before && stateIn(t.state, MAY_TRANSMIT)) giveUpOversized(t);
}

/** Resends what was lost for its size, and only that, at the window there is. */
export function resendWithoutReduction(t: Tcb): void {
  if (t.caState === CA_LOSS) return;
  t.highSeq = t.sndNxt;
  // What is being reduced already goes on to be.
  if (t.caState < CA_CWR) t.ssthresh = Math.max(t.cwnd, 2);
  t.undoValid = false;
  t.frtoActive = false;
  t.tlpOutstanding = false;
  t.caState = CA_LOSS;
}

/** Linux `tcp_simple_retransmit`. */
function giveUpOversized(t: Tcb): void {
  scratch.reset(t.lastAckReceivedAt);
  for (let record = t.sent.head; record !== null; record = record.next) {
    if (record.flags & SENT_SACKED) continue;
    if (dataLength(record) > record.segments * t.mss) {
      markLost(t, record, scratch);
    }
  }
  if (scratch.newlyLost > 0) resendWithoutReduction(t);
}

function dataLength(record: SentRecord): number {
  const fin = record.flags & SENT_FIN ? 1 : 0;
  return seqSpan(record.start, record.end) - fin;
}
