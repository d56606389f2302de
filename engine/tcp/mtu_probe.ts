// @hot
/**
 * Path MTU: what ICMP reports (RFC 1191, RFC 8201) and what silence suggests
 * (RFC 4821 §7.7, black holes).
 *
 * A path that carries less than was thought has dropped every larger segment
 * in flight. They are sent again at once and cut anew; the congestion window
 * stays, because size was to blame and not congestion (RFC 1191 §6.5).
 *
 * @module
 */
import { CA_LOSS } from "./codes.ts";
import { markLost } from "./scoreboard.ts";
import { AckResult } from "./scoreboard.ts";
import { SENT_SACKED } from "./sent_queue.ts";
import { MAY_TRANSMIT, stateIn } from "./state.ts";
import { refreshMss } from "./negotiate.ts";
import type { Tcb } from "./tcb.ts";

const scratch = new AckResult();

/** The path MTU a connection works with when its route's is `routeMtu`: that, or less where silence suggested so. */
export function usablePathMtu(t: Tcb, routeMtu: number): number {
  return routeMtu < t.mtuCeiling ? routeMtu : t.mtuCeiling;
}

/** Takes a smaller (or, after ageing, larger) path MTU; what is in flight and too large is lost, and cut anew when it is sent again. */
export function applyPathMtu(t: Tcb, mtu: number): void {
  if (mtu === t.pathMtu) return;
  const before = t.mss;
  t.pathMtu = mtu;
  refreshMss(t);
  if (t.mss < before && stateIn(t.state, MAY_TRANSMIT)) giveUpOversized(t);
}

/** Linux `tcp_simple_retransmit`. */
function giveUpOversized(t: Tcb): void {
  scratch.reset(t.lastAckReceivedAt);
  for (let record = t.sent.head; record !== null; record = record.next) {
    if (record.flags & SENT_SACKED) continue;
    if (record.segmentLength > t.mss) markLost(t, record, scratch);
  }
  if (scratch.newlyLost === 0 || t.caState === CA_LOSS) return;
  t.highSeq = t.sndNxt;
  t.ssthresh = Math.max(t.cwnd, 2);
  t.undoValid = false;
  t.tlpOutstanding = false;
  t.caState = CA_LOSS;
}

/** The retransmission timer expired once more: after R1 of them, suspect that big segments vanish and try the search base. */
export function mtuTimeoutExpired(t: Tcb): void {
  const config = t.config;
  if (config.mtuProbing === 0 || t.timeouts < config.retries1) return;
  const headers = t.ipHeaderLength + 20;
  const base = config.baseMss + headers;
  let next = t.pathMtu > base ? base : headers + ((t.pathMtu - headers) >> 1);
  const floor = headers + config.mtuProbeFloor;
  if (next < floor) next = floor;
  if (next >= t.pathMtu) return;
  t.mtuCeiling = next;
  applyPathMtu(t, next);
}
