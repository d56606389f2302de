// @hot
/**
 * Path MTU: what ICMP reports (RFC 1191, RFC 8201) and what silence suggests
 * (RFC 4821 §7.7, black holes).
 *
 * @module
 */
import { refreshMss } from "./negotiate.ts";
import type { Tcb } from "./tcb.ts";

/** Takes a smaller (or, after ageing, larger) path MTU; what is in flight is cut anew when it is sent again. */
export function applyPathMtu(t: Tcb, mtu: number): void {
  if (mtu === t.pathMtu) return;
  t.pathMtu = mtu;
  refreshMss(t);
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
  if (next < t.pathMtu) applyPathMtu(t, next);
}
