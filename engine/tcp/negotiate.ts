// @hot
/**
 * What two SYNs agree on: MSS (RFC 9293 §3.7.1, RFC 6691), window scale and
 * timestamps (RFC 7323), SACK (RFC 2018), ECN (RFC 3168 §6.1.1).
 *
 * An option is in use when both SYNs carried it. A SYN-ACK offers only what
 * the SYN offered.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { ABSENT, TCP_CWR, TCP_ECE } from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import type { Tcb } from "./tcb.ts";

/** Default MSS without the option, RFC 9293 §3.7.1 MUST-15. */
const DEFAULT_MSS_IPV4 = 536;
/** The same for IPv6. */
const DEFAULT_MSS_IPV6 = 1220;
/** Largest shift, RFC 7323 §2.3; a larger one counts as this. */
const MAX_WINDOW_SCALE = 14;
/** Bytes the timestamps option takes in every segment, padded. */
export const TIMESTAMPS_LENGTH = 12;

/** Sets our side from path and settings, before the first SYN: announced MSS, window scale, buffers. */
export function prepareOffer(t: Tcb): void {
  const config = t.config;
  t.advMss = t.pathMtu - t.ipHeaderLength - 20;
  if (t.userMss > 0 && t.userMss < t.advMss) t.advMss = t.userMss;
  t.peerMss = t.remote.family === 4 ? DEFAULT_MSS_IPV4 : DEFAULT_MSS_IPV6;
  t.rcvMss = Math.min(t.advMss, t.peerMss);
  if (config.windowScaling) {
    const largest = Math.max(config.receiveBuffer.max, t.rcvBuf.limit);
    t.rcvWscale = offeredWindowScale(largest);
  }
  t.cwnd = config.initialCwnd;
  refreshMss(t);
}

/** The smallest shift with which a window of `largest` bytes can be told. RFC 7323 §2.3. */
export function offeredWindowScale(largest: number): number {
  let shift = 0;
  while (shift < MAX_WINDOW_SCALE && largest >> shift > 65_535) shift++;
  return shift;
}

/** Takes the peer's SYN (or SYN-ACK): what it offers and we want is in use from here. */
export function acceptOffer(t: Tcb, s: SegmentIn, now: Micros): void {
  const config = t.config;
  if (s.mss !== ABSENT) t.peerMss = Math.max(s.mss, config.minSendMss);
  t.wscaleEnabled = config.windowScaling && s.windowScale !== ABSENT;
  t.sndWscale = t.wscaleEnabled ? Math.min(s.windowScale, MAX_WINDOW_SCALE) : 0;
  if (!t.wscaleEnabled) t.rcvWscale = 0;
  t.sackEnabled = config.sack && s.sackPermitted;
  t.tsEnabled = config.timestamps && s.hasTimestamps;
  if (t.tsEnabled) {
    t.tsRecent = s.tsVal;
    t.tsRecentAt = now;
  }
  t.rcvMss = Math.max(
    Math.min(t.advMss, t.peerMss) - (t.tsEnabled ? TIMESTAMPS_LENGTH : 0),
    1,
  );
  refreshMss(t);
}

/** A listener's child: whether the SYN asks for ECN and we answer. RFC 3168 §6.1.1: both bits ask. */
export function acceptEcnSyn(t: Tcb, s: SegmentIn): void {
  const asked = (s.flags & (TCP_ECE | TCP_CWR)) === (TCP_ECE | TCP_CWR);
  t.ecnEnabled = asked && t.config.ecn !== 0;
}

/** Our SYN asked: ECE without CWR in the SYN-ACK agrees. RFC 3168 §6.1.1. */
export function acceptEcnSynAck(t: Tcb, s: SegmentIn): void {
  t.ecnEnabled = t.ecnAsked && (s.flags & (TCP_ECE | TCP_CWR)) === TCP_ECE;
}

/**
 * Recomputes the payload of a full segment after peer MSS, path MTU or options
 * changed. RFC 6691: the MSS counts no options, so ours are taken off here.
 */
export function refreshMss(t: Tcb): void {
  const fromPath = t.pathMtu - t.ipHeaderLength - 20;
  let mss = Math.min(t.peerMss, fromPath);
  if (t.userMss > 0 && t.userMss < mss) mss = t.userMss;
  if (mss < t.config.minSendMss) mss = t.config.minSendMss;
  t.mss = t.tsEnabled ? mss - TIMESTAMPS_LENGTH : mss;
}
