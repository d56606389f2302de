// @hot
/**
 * What the segments of a connection have in common: how each is begun, what
 * each acknowledges, how much payload it has room for.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { TCP_ACK, TCP_ECE, TCP_PSH, TCP_URG } from "../wire/tcp_segment.ts";
import type { SegmentOut } from "../wire/tcp_segment.ts";
import { fillSackBlocks, selectWindow, timestampNow } from "./ack_policy.ts";
import { seqAfter, seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Nothing is described. */
export const PLAN_NONE = 0;

/** A RST. */
export const PLAN_RESET = 1;

/** A SYN or SYN-ACK. */
export const PLAN_SYN = 2;

/** New data or the FIN. */
export const PLAN_DATA = 3;

/** Something that went before. */
export const PLAN_RETRANSMIT = 4;

/** A window or keepalive probe. */
export const PLAN_PROBE = 5;

/** A bare acknowledgement. */
export const PLAN_ACK = 6;

/** SYN data again. */
export const PLAN_SYN_DATA = 7;

/** Clears `out` and addresses it. */
export function begin(t: Tcb, out: SegmentOut): void {
  out.reset();
  out.localPort = t.localPort;
  out.remotePort = t.remotePort;
}

/** ACK, window, timestamps, SACK blocks, ECE: what every segment after the SYN carries. */
export function fillAck(t: Tcb, out: SegmentOut, now: Micros): void {
  out.flags = TCP_ACK;
  out.ack = t.rcvNxt;
  out.wnd = selectWindow(t) >> t.rcvWscale;
  if (t.ecnEcho) out.flags |= TCP_ECE;
  if (t.tsEnabled) {
    out.hasTimestamps = true;
    out.tsVal = timestampNow(t, now);
    out.tsEcr = t.tsRecent;
  }
  if (t.sackEnabled && (t.sackCount > 0 || t.dsackPending)) {
    out.sackCount = fillSackBlocks(t, out.sackEdges, t.tsEnabled ? 3 : 4);
  }
}

/** The urgent pointer, while what it points to is ahead of the segment. RFC 9293 §3.8.5. */
export function describeUrgent(t: Tcb, out: SegmentOut): void {
  if (!t.sndUrgent || !seqAfter(t.sndUp, out.seq)) return;
  const ahead = seqSpan(out.seq, t.sndUp);
  out.flags |= TCP_URG;
  out.urgentPointer = ahead < 65_535 ? ahead : 65_535;
}

/** Payload of a full segment beside the options this one carries: SACK blocks take from it. RFC 6691. */
export function effectiveMss(t: Tcb, out: SegmentOut): number {
  if (out.sackCount === 0) return t.mss;
  const blocks = 4 + 8 * out.sackCount;
  return t.mss - blocks > 0 ? t.mss - blocks : t.mss;
}

/** Makes `out` a super-segment of `mss` bytes a piece, pushed, as Linux does: whoever merges its pieces again knows where it ends. */
export function describeSuper(out: SegmentOut, mss: number): void {
  out.gsoSize = mss;
  out.flags |= TCP_PSH;
}

/** Makes `length` bytes of the send ring, `from` its head on, the payload. */
export function attach(
  t: Tcb,
  out: SegmentOut,
  from: number,
  length: number,
): void {
  out.dataLength = length;
  if (length > 0) t.sndBuf.refer(from, length, out.payload);
}

/** Payload bytes of each wire segment of `out`, at least 1. */
export function sizeOf(out: SegmentOut): number {
  if (out.gsoSize > 0) return out.gsoSize;
  return out.dataLength > 0 ? out.dataLength : 1;
}
