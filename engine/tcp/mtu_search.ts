// @hot
/**
 * Packetization layer path MTU discovery, RFC 4821 and RFC 8899: finding by
 * trying how large a packet the path carries, without a word from routers.
 *
 *     baseMss    known to pass            known to fail     the route says
 *       |---------- low -------- probe -------- high ------------|
 *
 * A probe is a segment of new data larger than the rest, sent when there is so
 * much to send that its loss shows by what follows it. Acknowledged, its size
 * is the new low; lost, the new high, and the loss counts as nothing else. The
 * first probe of a search tries the top, the rest halve what is between. Ten
 * minutes after the search ended it begins anew, since paths change (RFC 4821
 * §7.2).
 *
 * A black hole is a path that drops large packets and says nothing. Repeated
 * timeouts of a large segment are its mark (§7.7): the connection falls back to
 * a size that passes nearly everywhere and searches up from there.
 *
 * @module
 */
import { SECOND } from "../base/units.ts";
import type { Micros, Seq } from "../base/units.ts";
import { CA_CWR, CA_OPEN } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { applyPathMtu, resendWithoutReduction } from "./mtu_probe.ts";
import { seqAdd, seqBefore, seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** A search that is this close to its answer is over, bytes. Linux `tcp_probe_threshold` 8. */
const CLOSE_ENOUGH = 8;
/** Rest between searches. Linux `tcp_probe_interval` 600 s. */
const REST: Micros = 600 * SECOND;
/** Least congestion window with which a lost probe is surely noticed, segments (Linux). */
const LEAST_CWND = 11;
/** Larger than any packet: nothing is known to fail. */
const NO_LIMIT = 65_536;

/** The connection is established: with probing always on it starts at the base and works upward. RFC 4821 §7.6. */
export function startMtuSearch(t: Tcb): void {
  if (t.config.mtuProbing !== 2) return;
  t.mtuSearch = true;
  t.mtuCeiling = baseMtu(t);
  applyPathMtu(t, t.routeMtu);
}

/** The retransmission timer expired once more: after R1 of them, suspect that large segments vanish. */
export function mtuTimeoutExpired(t: Tcb): void {
  if (t.mtuProbeSize > 0) {
    // What was lost before the probe says nothing about it.
    if (t.sndUna === t.mtuProbeSeq) probeFailed(t);
    else t.mtuProbeSize = 0;
  }
  const config = t.config;
  if (config.mtuProbing === 0 || t.timeouts < config.retries1) return;
  const base = baseMtu(t);
  const head = t.sent.head;
  // A small segment that vanishes says nothing about size.
  if (head === null || headerLength(t) + headSize(t) <= leastMtu(t)) return;
  const large = t.pathMtu > base;
  let next = large ? base : headerLength(t) +
    ((t.pathMtu - headerLength(t)) >> 1);
  if (next < leastMtu(t)) next = leastMtu(t);
  if (next >= t.pathMtu) return;
  t.mtuSearch = true;
  t.mtuHigh = t.pathMtu - 1;
  t.mtuSearchEndedAt = -Infinity;
  t.mtuCeiling = next;
  applyPathMtu(t, t.routeMtu);
}

/** Payload of the probe that may go now; 0: none. */
export function probeLength(t: Tcb, now: Micros): number {
  if (!t.mtuSearch || t.mtuProbeSize > 0) return 0;
  if (t.caState !== CA_OPEN || t.cwnd < LEAST_CWND || t.sackCount > 0) return 0;
  const size = nextSize(t, now);
  if (size === 0) return 0;
  const length = size - (t.pathMtu - t.mss);
  // Enough must follow it to tell its loss from disorder.
  const needed = length + (t.reordering + 1) * t.mss;
  if (seqSpan(t.sndNxt, t.writeSeq) < needed) return 0;
  if (seqSpan(t.sndNxt, seqAdd(t.sndUna, t.sndWnd)) < needed) return 0;
  return t.packetsInFlight + 2 <= t.cwnd ? length : 0;
}

/** The probe left: `length` bytes from `start` on. */
export function probeSent(t: Tcb, start: Seq, length: number): void {
  t.mtuProbeSize = length + (t.pathMtu - t.mss);
  t.mtuProbeSeq = start;
  t.mtuProbeEnd = seqAdd(start, length);
}

/** SND.UNA moved: past the probe, its size is known to pass. RFC 4821 §7.6.1. */
export function judgeMtuProbe(t: Tcb): void {
  if (seqBefore(t.sndUna, t.mtuProbeEnd)) return;
  const size = t.mtuProbeSize;
  t.mtuProbeSize = 0;
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPMTUPSuccess);
  const before = t.mss;
  t.mtuCeiling = size;
  applyPathMtu(t, t.routeMtu);
  // The window stays the same in bytes, so that nothing bursts.
  t.cwnd = Math.max(1, Math.floor(t.cwnd * before / t.mss));
}

/** Something is lost outside an episode: whether it is the probe alone, whose loss reduces nothing. RFC 4821 §7.6.2. */
export function blamesMtuProbe(t: Tcb): boolean {
  if (t.caState >= CA_CWR || t.lostOut !== 1) return false;
  if (t.sndUna !== t.mtuProbeSeq) return false;
  probeFailed(t);
  resendWithoutReduction(t);
  return true;
}

function probeFailed(t: Tcb): void {
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPMTUPFail);
  t.mtuHigh = t.mtuProbeSize - 1;
  t.mtuProbeSize = 0;
}

/** The packet size to try next; 0: the search is over for now. */
function nextSize(t: Tcb, now: Micros): number {
  if (t.mtuSearchEndedAt !== -Infinity) {
    if (now - t.mtuSearchEndedAt < REST) return 0;
    t.mtuSearchEndedAt = -Infinity;
    t.mtuHigh = NO_LIMIT;
  }
  const low = t.mtuCeiling;
  const top = Math.min(t.routeMtu, largestUseful(t));
  const high = t.mtuHigh < top ? t.mtuHigh : top;
  if (t.mtuHigh >= top && low < top) return top;
  if (high - low >= CLOSE_ENOUGH) return (low + high + 1) >> 1;
  t.mtuSearchEndedAt = now;
  return 0;
}

/** What the peer's MSS and our own wish leave room for: more cannot be used. */
function largestUseful(t: Tcb): number {
  const mss = t.userMss > 0 && t.userMss < t.peerMss ? t.userMss : t.peerMss;
  return mss + headerLength(t);
}

function baseMtu(t: Tcb): number {
  return t.config.baseMss + headerLength(t);
}

function leastMtu(t: Tcb): number {
  const { mtuProbeFloor, minSendMss } = t.config;
  return headerLength(t) + Math.max(mtuProbeFloor, minSendMss);
}

function headerLength(t: Tcb): number {
  return t.ipHeaderLength + 20;
}

/** Payload of one wire segment of what is oldest in flight, bytes. */
function headSize(t: Tcb): number {
  const head = t.sent.head!;
  return seqSpan(head.start, head.end) / head.segments;
}
