// @hot
/**
 * Explicit congestion notification once agreed: RFC 3168 §6.1.2, §6.1.3.
 *
 *     sender                      router            receiver
 *     data, ECT(0) ------------->  CE  ------------> sees the mark
 *     reduces once a window <----- ACKs with ECE --- until CWR arrives
 *     new data with CWR ---------------------------> stops echoing
 *
 * Only new data is sent as ECN-capable: a mark on a retransmission, a probe or
 * a bare acknowledgement would tell an attacker's lie or nobody (§6.1.4,
 * §6.1.5, §6.1.6).
 *
 * @module
 */
import { ECN_CE, TCP_CWR, TCP_ECE, TCP_SYN } from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { TCP_COUNTER } from "./counters.ts";
import type { AckResult } from "./scoreboard.ts";
import { seqBefore } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Receiver: a mark is echoed at once and until the sender says that it reduced. */
export function noteEcnMark(t: Tcb, s: SegmentIn): void {
  if (!t.ecnEnabled) return;
  if (s.flags & TCP_CWR) t.ecnEcho = false;
  if (s.ecn === ECN_CE) {
    t.ecnSeen = true;
    t.ecnEcho = true;
    t.ackNow = true;
  }
}

/** Sender: whether `s` echoes a mark. In a SYN-ACK the flag agrees to ECN instead, §6.1.1. */
export function isEcnEcho(t: Tcb, s: SegmentIn): boolean {
  return t.ecnEnabled && (s.flags & (TCP_ECE | TCP_SYN)) === TCP_ECE;
}

/** Sender: reacts to an echo at most once for the data of a window. §6.1.2. */
export function noteEcnEcho(t: Tcb, r: AckResult): void {
  if (seqBefore(t.sndUna, t.ecnHighSeq)) return;
  t.ecnHighSeq = t.sndNxt;
  r.ecnEcho = true;
}

/** Counts `delivered` segments, of which an echo says that marks were among them (Linux counts them all as marked then). */
export function countDelivered(t: Tcb, s: SegmentIn, delivered: number): void {
  if (delivered <= 0) return;
  const counters = t.context.counters;
  counters.add(TCP_COUNTER.TcpExtTCPDelivered, delivered);
  if (!isEcnEcho(t, s)) return;
  t.deliveredCe += delivered;
  counters.add(TCP_COUNTER.TcpExtTCPDeliveredCE, delivered);
}
