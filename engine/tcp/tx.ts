// @hot
/**
 * What to send next: RFC 9293 §3.7 and §3.8, in two halves.
 *
 * `describe` looks and changes nothing; `commit` records what the device took.
 * Between them the device may say "busy", and then nothing has happened. In
 * order of precedence:
 *
 *     RST owed > SYN owed > loss probe > what is lost > new data, FIN > probe > bare ACK
 *
 * New data goes in super-segments of as many full segments as the windows,
 * Nagle and the pacing rate allow; the device cuts them.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import {
  ECN_ECT0,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
} from "../wire/tcp_segment.ts";
import type { SegmentOut } from "../wire/tcp_segment.ts";
import {
  ackSent,
  dataSent,
  fillSackBlocks,
  selectWindow,
  tellWindow,
  timestampNow,
} from "./ack_policy.ts";
import { CA_CWR, CA_LOSS, CA_RECOVERY } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { countReset } from "./death.ts";
import { describeFastOpen, noteSynSent } from "./fast_open_client.ts";
import { describeSynData, noteSynDataSent } from "./fast_open_confirm.ts";
import { lossProbeSent, scheduleLossProbe } from "./rack.ts";
import { armRetransmit, countRetransmission } from "./rx_ack.ts";
import { splitAt } from "./sack.ts";
import {
  SENT_EVER_RETRANSMITTED,
  SENT_FIN,
  SENT_LOST,
  SENT_PUSH,
  SENT_RETRANSMITTED,
  SENT_SACKED,
  SENT_SYN,
} from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import {
  seqAdd,
  seqAfter,
  seqBefore,
  seqBeforeEq,
  seqSpan,
  toSeq,
} from "./seq.ts";
import {
  MAY_TRANSMIT,
  STATE_CLOSED,
  STATE_SYN_RECEIVED,
  STATE_SYN_SENT,
  stateIn,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";
import {
  TIMER_CORK,
  TIMER_PACING,
  TIMER_PERSIST,
  TIMER_RETRANSMIT,
} from "./timers.ts";

/** Nothing is described. */
export const PLAN_NONE = 0;
const PLAN_RESET = 1;
const PLAN_SYN = 2;
const PLAN_DATA = 3;
const PLAN_RETRANSMIT = 4;
const PLAN_PROBE = 5;
const PLAN_ACK = 6;
const PLAN_SYN_DATA = 7;

/** Most bytes of an IP packet: RFC 791's total length, RFC 8200's payload length without its header. */
const MAX_PACKET = 65_535;
/** Longest a cork holds a small segment back, as in Linux. */
const CORK_LIMIT: Micros = 200_000;
/** Option space, RFC 9293 §3.1. */
const MAX_OPTIONS = 40;

/**
 * Describes the next segment in `out`, or returns false when there is none to
 * send now. Changes nothing but the plan, and the timer that says when to ask
 * again (window probe, pacing, cork).
 */
export function describe(t: Tcb, out: SegmentOut, now: Micros): boolean {
  t.plan = PLAN_NONE;
  t.planRecord = null;
  if (t.blocked) return false;
  if (t.resetDue) return describeReset(t, out);
  if (t.state === STATE_CLOSED) return false;
  if (t.synDue) return describeSyn(t, out, now);
  if (t.synDataDue) return describeSynDataAgain(t, out, now);
  if (mayTransmit(t)) {
    if (t.tlpDue && describeLossProbe(t, out, now)) return true;
    if (describeRetransmission(t, out, now)) return true;
    if (describeNewData(t, out, now)) return true;
  }
  if (t.probeDue) return describeProbe(t, out, now);
  if (t.ackNow) return describeAck(t, out, now);
  return false;
}

/** Records that the segment described in `out` left at `now`. */
export function commit(t: Tcb, out: SegmentOut, now: Micros): void {
  const segments = out.gsoSize > 0
    ? Math.ceil(out.dataLength / out.gsoSize)
    : 1;
  t.segmentsOut += segments;
  t.context.counters.add(TCP_COUNTER.TcpOutSegs, segments);
  switch (t.plan) {
    case PLAN_RESET:
      t.resetDue = false;
      countReset(t);
      return;
    case PLAN_SYN:
      commitSyn(t, out, now);
      return;
    case PLAN_DATA:
      commitNewData(t, out, segments, now);
      break;
    case PLAN_RETRANSMIT:
      commitRetransmission(t, out, segments, now);
      break;
    case PLAN_PROBE:
      t.probeDue = false;
      break;
    case PLAN_SYN_DATA:
      noteSynDataSent(t);
      t.bytesSent += out.dataLength;
      t.bytesRetransmitted += out.dataLength;
      countRetransmission(t, 1);
      break;
  }
  tellWindow(t, out.wnd << t.rcvWscale);
  ackSent(t, segments);
  t.plan = PLAN_NONE;
}

/** Whether the state lets data, a FIN or retransmissions leave. */
function mayTransmit(t: Tcb): boolean {
  return stateIn(t.state, MAY_TRANSMIT) ||
    t.state === STATE_SYN_RECEIVED && t.fastOpenAccepted && t.synSent > 0;
}

// --- resets, SYNs, acknowledgements -----------------------------------------

function describeReset(t: Tcb, out: SegmentOut): boolean {
  begin(t, out);
  out.flags = t.resetWithAck ? TCP_RST | TCP_ACK : TCP_RST;
  out.seq = t.resetSeq;
  out.ack = t.resetWithAck ? t.rcvNxt : toSeq(0);
  t.plan = PLAN_RESET;
  return true;
}

/** RFC 9293 §3.7.1, RFC 7323 §2.2, §3.2, RFC 2018 §2, RFC 7413 §4.1.1: the options of a SYN. */
function describeSyn(t: Tcb, out: SegmentOut, now: Micros): boolean {
  const config = t.config;
  const answer = t.state !== STATE_SYN_SENT;
  begin(t, out);
  out.seq = t.iss;
  out.flags = answer ? TCP_SYN | TCP_ACK : TCP_SYN;
  out.ack = answer ? t.rcvNxt : toSeq(0);
  out.mss = t.advMss;
  const timestamps = answer ? t.tsEnabled : config.timestamps;
  const scale = answer ? t.wscaleEnabled : config.windowScaling;
  out.sackPermitted = answer ? t.sackEnabled : config.sack;
  if (scale) out.windowScale = t.rcvWscale;
  if (timestamps) {
    out.hasTimestamps = true;
    out.tsVal = timestampNow(t, now);
    out.tsEcr = answer ? t.tsRecent : 0;
  }
  // The window of a SYN is never scaled, RFC 7323 §2.2.
  const free = t.rcvBuf.limit - t.rcvBuf.length;
  out.wnd = free < 65_535 ? free : 65_535;
  if (answer) {
    if (t.ecnEnabled) out.flags |= TCP_ECE;
    describeSynAckCookie(t, out);
  } else {
    if (t.ecnAsked && t.synSent === 0) out.flags |= TCP_ECE | TCP_CWR;
    const synData = describeFastOpen(t, out);
    if (synData > 0) attach(t, out, 0, synData);
  }
  t.plan = PLAN_SYN;
  return true;
}

function describeSynAckCookie(t: Tcb, out: SegmentOut): void {
  // RFC 7413 §4.2.2: a retransmitted SYN-ACK carries neither data nor the option.
  if (t.synAckCookieLength < 0 || t.synAckCookie === null || t.synSent > 0) {
    return;
  }
  out.fastOpenLength = t.synAckCookieLength;
  out.fastOpenExperimental = t.synAckCookieExperimental;
  for (let i = 0; i < t.synAckCookieLength; i++) {
    out.fastOpenCookie[i] = t.synAckCookie[i];
  }
}

function commitSyn(t: Tcb, out: SegmentOut, now: Micros): void {
  const first = t.synSent === 0;
  t.synSent++;
  t.synDue = false;
  t.rcvWup = t.rcvNxt;
  t.rcvWnd = out.wnd;
  t.lastSentAt = now;
  if (first) {
    noteSynSent(t, out, now);
    t.bytesSent += out.dataLength;
    const afterSyn = seqAdd(t.iss, 1);
    t.sent.append(t.iss, afterSyn, 1, SENT_SYN, now);
    t.packetsOut = 1;
    t.sndNxt = afterSyn;
    if (out.dataLength > 0) appendSent(t, afterSyn, out.dataLength, 1, 0, now);
  } else {
    const head = t.sent.head;
    if (head !== null) {
      head.flags |= SENT_EVER_RETRANSMITTED;
      t.sent.touch(head, now);
    }
    countRetransmission(t, 1);
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPSynRetrans);
  }
  if (t.state !== STATE_SYN_SENT) ackSent(t, 1);
  if (!t.timers.isSet(TIMER_RETRANSMIT)) {
    t.timers.set(TIMER_RETRANSMIT, now + handshakeTimeout(t));
  }
  t.plan = PLAN_NONE;
}

/** The handshake's timeout: RFC 6298 doubles each time; Linux keeps the first SYN timeouts linear. */
export function handshakeTimeout(t: Tcb): Micros {
  const config = t.config;
  const doublings = t.state === STATE_SYN_SENT
    ? Math.max(0, t.synTimeouts - config.synLinearTimeouts)
    : t.synTimeouts;
  return Math.min(config.rtoInitial * 2 ** doublings, config.rtoMax);
}

/** SYN data that was acknowledged but may not have arrived: fast_open_confirm.ts. */
function describeSynDataAgain(t: Tcb, out: SegmentOut, now: Micros): boolean {
  begin(t, out);
  fillAck(t, out, now);
  describeSynData(t, out, effectiveMss(t, out));
  t.plan = PLAN_SYN_DATA;
  return true;
}

function describeAck(t: Tcb, out: SegmentOut, now: Micros): boolean {
  begin(t, out);
  out.seq = t.sndNxt;
  fillAck(t, out, now);
  t.plan = PLAN_ACK;
  return true;
}

/** A probe of a closed window or an idle peer: an old sequence number, no data; the peer must answer. RFC 9293 §3.8.4, §3.8.6.1. */
function describeProbe(t: Tcb, out: SegmentOut, now: Micros): boolean {
  begin(t, out);
  out.seq = seqAdd(t.sndUna, -1);
  fillAck(t, out, now);
  t.plan = PLAN_PROBE;
  return true;
}

// --- retransmission ------------------------------------------------------------

function describeRetransmission(
  t: Tcb,
  out: SegmentOut,
  now: Micros,
): boolean {
  if (t.lostOut === 0 || t.frtoSendNew) return false;
  const quota = t.cwnd - t.packetsInFlight;
  if (quota <= 0 || isPaced(t, now)) return false;
  const record = firstLost(t);
  if (record === null) return false;
  const windowEnd = seqAdd(t.sndUna, t.sndWnd);
  // A window that shrank: only the oldest byte may be tried again.
  if (!seqBefore(record.start, windowEnd) && record.start !== t.sndUna) {
    return false;
  }
  return describeRecord(t, record, record.start, quota, out, now);
}

function firstLost(t: Tcb): SentRecord | null {
  let record = t.sent.head;
  while (record !== null) {
    if ((record.flags & (SENT_LOST | SENT_RETRANSMITTED)) === SENT_LOST) {
      return record;
    }
    record = record.next;
  }
  return null;
}

/** RFC 8985 §7.3: new data when there is any and the window lets it, else the last segment again. */
function describeLossProbe(t: Tcb, out: SegmentOut, now: Micros): boolean {
  const room = seqSpan(t.sndNxt, seqAdd(t.sndUna, t.sndWnd));
  const unsent = seqSpan(t.sndNxt, t.writeSeq);
  if (unsent > 0 && room >= Math.min(unsent, t.mss)) {
    return describeData(t, out, Math.min(unsent, t.mss), 1, now);
  }
  const tail = t.sent.tail;
  if (tail === null || tail.flags & SENT_SYN) return false;
  let start = tail.start;
  if (tail.segments > 1) {
    const length = seqSpan(tail.start, tail.end);
    const last = length % t.mss === 0 ? t.mss : length % t.mss;
    start = seqAdd(tail.end, -last);
  }
  return describeRecord(t, tail, start, 1, out, now);
}

function describeRecord(
  t: Tcb,
  record: SentRecord,
  start: Seq,
  quota: number,
  out: SegmentOut,
  now: Micros,
): boolean {
  begin(t, out);
  fillAck(t, out, now);
  const mss = effectiveMss(t, out);
  const fin = record.flags & SENT_FIN ? 1 : 0;
  const whole = seqSpan(start, record.end) - fin;
  const most = Math.min(quota, gsoSegments(t, mss)) * mss;
  const length = whole < most ? whole : most;
  out.seq = start;
  attach(t, out, seqSpan(t.sndBufSeq, start), length);
  if (length > mss) out.gsoSize = mss;
  if (length === whole) {
    if (fin) out.flags |= TCP_FIN;
    if (record.flags & SENT_PUSH) out.flags |= TCP_PSH;
  }
  describeUrgent(t, out);
  t.plan = PLAN_RETRANSMIT;
  t.planRecord = record;
  return true;
}

function commitRetransmission(
  t: Tcb,
  out: SegmentOut,
  segments: number,
  now: Micros,
): void {
  let record = t.planRecord!;
  if (seqAfter(out.seq, record.start)) record = splitAt(t, record, out.seq);
  const fin = out.flags & TCP_FIN ? 1 : 0;
  const end = seqAdd(out.seq, out.dataLength + fin);
  if (seqBefore(end, record.end)) splitAt(t, record, end);
  const n = record.segments;
  if (!(record.flags & SENT_RETRANSMITTED) && !(record.flags & SENT_SACKED)) {
    t.retransOut += n;
    record.flags |= SENT_RETRANSMITTED;
  }
  // A probe of a segment not judged lost stays "in flight once", not twice.
  if (t.tlpDue && !(record.flags & SENT_LOST)) {
    t.retransOut -= n;
    record.flags &= ~SENT_RETRANSMITTED;
  }
  record.flags |= SENT_EVER_RETRANSMITTED;
  record.deliveredBefore = t.delivered;
  t.sent.touch(record, now);
  if (!t.retransmitTsValid) {
    t.retransmitTsValid = true;
    t.retransmitTs = timestampNow(t, now);
  }
  t.undoRetrans = t.undoRetrans < 0 ? n : t.undoRetrans + n;
  if (t.caState === CA_RECOVERY || t.caState === CA_CWR) t.prrOut += n;
  t.bytesRetransmitted += out.dataLength;
  t.bytesSent += out.dataLength;
  t.dataSegmentsOut += segments;
  countRetransmission(t, segments);
  t.context.counters.increment(
    t.caState === CA_LOSS
      ? TCP_COUNTER.TcpExtTCPSlowStartRetrans
      : TCP_COUNTER.TcpExtTCPFastRetrans,
  );
  if (t.tlpDue) lossProbeSent(t, "retransmission", now);
  else if (!t.timers.isSet(TIMER_RETRANSMIT) || record === t.sent.head) {
    armRetransmit(t, now);
  }
  pace(t, out.dataLength, now);
  t.lastSentAt = now;
}

// --- new data --------------------------------------------------------------------

function describeNewData(t: Tcb, out: SegmentOut, now: Micros): boolean {
  const unsent = seqSpan(t.sndNxt, t.writeSeq);
  if (unsent <= 0 && !(t.finQueued && unsent === 0)) return false;
  const quota = t.cwnd - t.packetsInFlight;
  if (unsent === 0) {
    // A lone FIN is let through whatever the window: it carries no data (Linux).
    return describeData(t, out, 0, 1, now);
  }
  if (quota <= 0 || isPaced(t, now)) return false;
  const room = seqSpan(t.sndNxt, seqAdd(t.sndUna, t.sndWnd));
  const usable = unsent < room ? unsent : room;
  if (usable <= 0) {
    watchWindow(t, now);
    return false;
  }
  const mss = t.mss;
  const half = t.cwnd >> 1 > 0 ? t.cwnd >> 1 : 1;
  const allowed = Math.min(quota, half, gsoSegments(t, mss));
  const most = allowed * mss;
  if (usable >= mss) {
    let length = usable < most ? usable : most;
    const tail = length % mss;
    // A small last piece rides along only if it could have gone by itself.
    if (tail > 0 && !(length === unsent && mayGoSmall(t, now))) length -= tail;
    return describeData(t, out, length, allowed, now);
  }
  if (usable < unsent) {
    // RFC 9293 §3.8.6.2.1: not a silly piece, unless the peer's buffer is that
    // small or nothing better came for as long as a probe waits (SHLD-28).
    if (usable * 2 < t.maxSndWnd && !t.probeDue) {
      watchWindow(t, now);
      return false;
    }
    return describeData(t, out, usable, 1, now);
  }
  if (!mayGoSmall(t, now)) return false;
  return describeData(t, out, usable, 1, now);
}

/** Whether a last segment smaller than the MSS may go: Nagle as Minshall amended it, and the cork. RFC 9293 §3.7.4. */
function mayGoSmall(t: Tcb, now: Micros): boolean {
  if (t.finQueued || t.sndUrgent) return true;
  if (t.corked) {
    if (t.corkExpired) return true;
    // Linux holds a corked piece 200 ms at most.
    if (!t.timers.isSet(TIMER_CORK)) t.timers.set(TIMER_CORK, now + CORK_LIMIT);
    return false;
  }
  if (t.noDelay) return true;
  return !(seqAfter(t.sndSml, t.sndUna) && seqBeforeEq(t.sndSml, t.sndNxt) &&
    t.packetsOut > 0);
}

function describeData(
  t: Tcb,
  out: SegmentOut,
  length: number,
  segments: number,
  now: Micros,
): boolean {
  begin(t, out);
  fillAck(t, out, now);
  out.seq = t.sndNxt;
  const mss = effectiveMss(t, out);
  const most = mss * segments;
  const bytes = length < most ? length : most;
  if (bytes > 0) attach(t, out, seqSpan(t.sndBufSeq, t.sndNxt), bytes);
  if (bytes > mss) out.gsoSize = mss;
  const end = seqAdd(t.sndNxt, bytes);
  const atEnd = end === t.writeSeq;
  if (bytes > 0 && (atEnd || reachesPush(t, end))) out.flags |= TCP_PSH;
  if (t.finQueued && atEnd) out.flags |= TCP_FIN;
  if (t.ecnEnabled && bytes > 0) {
    out.ecn = ECN_ECT0;
    if (t.ecnReduced) out.flags |= TCP_CWR;
  }
  describeUrgent(t, out);
  t.plan = PLAN_DATA;
  return true;
}

function reachesPush(t: Tcb, end: Seq): boolean {
  return seqAfter(t.pushSeq, t.sndNxt) && seqBeforeEq(t.pushSeq, end);
}

function commitNewData(
  t: Tcb,
  out: SegmentOut,
  segments: number,
  now: Micros,
): void {
  const fin = out.flags & TCP_FIN ? SENT_FIN : 0;
  const push = out.flags & TCP_PSH ? SENT_PUSH : 0;
  appendSent(t, t.sndNxt, out.dataLength, segments, fin | push, now);
  if (out.dataLength % t.mss !== 0) {
    t.sndSml = t.sndNxt;
    t.corkExpired = false;
  }
  if (t.caState === CA_RECOVERY || t.caState === CA_CWR) t.prrOut += segments;
  if (out.flags & TCP_CWR) t.ecnReduced = false;
  t.bytesSent += out.dataLength;
  t.dataSegmentsOut += segments;
  t.context.counters.add(TCP_COUNTER.TcpExtTCPOrigDataSent, segments);
  noteWindowUse(t);
  dataSent(t, now);
  if (t.tlpDue) lossProbeSent(t, "new data", now);
  else {
    if (!t.timers.isSet(TIMER_RETRANSMIT)) armRetransmit(t, now);
    scheduleLossProbe(t, now);
  }
  t.timers.clear(TIMER_PERSIST);
  t.probeDue = false;
  pace(t, out.dataLength, now);
}

function appendSent(
  t: Tcb,
  start: Seq,
  length: number,
  segments: number,
  flags: number,
  now: Micros,
): void {
  const end = seqAdd(start, length + (flags & SENT_FIN ? 1 : 0));
  const record = t.sent.append(start, end, segments, flags, now);
  record.deliveredBefore = t.delivered;
  t.packetsOut += segments;
  t.sndNxt = end;
}

/** Remembers whether the congestion window was what held us back: only then may it grow. RFC 7661 §4. */
function noteWindowUse(t: Tcb): void {
  const limited = t.packetsInFlight >= t.cwnd;
  if (
    !seqBefore(t.sndUna, t.cwndUsageSeq) || limited ||
    !t.cwndLimited && t.packetsOut > t.maxPacketsOut
  ) {
    t.cwndLimited = limited;
    t.maxPacketsOut = t.packetsOut;
    t.cwndUsageSeq = t.sndNxt;
  }
}

/** Nothing may go and nothing is in flight to bring news of the window: ask for it in time. RFC 9293 §3.8.6.1. */
function watchWindow(t: Tcb, now: Micros): void {
  if (t.packetsOut > 0 || t.timers.isSet(TIMER_PERSIST) || t.probeDue) return;
  t.timers.set(TIMER_PERSIST, now + t.rttEstimator.backedOff(t.backoff));
}

// --- shared pieces ---------------------------------------------------------------

function begin(t: Tcb, out: SegmentOut): void {
  out.reset();
  out.localPort = t.localPort;
  out.remotePort = t.remotePort;
}

/** ACK, window, timestamps, SACK blocks, ECE: what every segment after the SYN carries. */
function fillAck(t: Tcb, out: SegmentOut, now: Micros): void {
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

function describeUrgent(t: Tcb, out: SegmentOut): void {
  if (!t.sndUrgent || !seqAfter(t.sndUp, out.seq)) return;
  const ahead = seqSpan(out.seq, t.sndUp);
  out.flags |= TCP_URG;
  out.urgentPointer = ahead < 65_535 ? ahead : 65_535;
}

/** Payload of a full segment beside the options this one carries: SACK blocks take from it. RFC 6691. */
function effectiveMss(t: Tcb, out: SegmentOut): number {
  if (out.sackCount === 0) return t.mss;
  const blocks = 4 + 8 * out.sackCount;
  return t.mss - blocks > 0 ? t.mss - blocks : t.mss;
}

/** Full segments one super-segment may have: what the device takes, and about a millisecond of the pacing rate. */
function gsoSegments(t: Tcb, mss: number): number {
  if (t.gsoMaxSize === 0) return 1;
  const config = t.config;
  const largest = t.gsoMaxSize < MAX_PACKET ? t.gsoMaxSize : MAX_PACKET;
  const room = largest - t.ipHeaderLength - 20 - MAX_OPTIONS;
  const most = Math.floor(room / mss);
  if (t.pacingRate === Infinity) return most > 0 ? most : 1;
  let bytes = t.pacingRate / 1_024;
  const minRtt = t.rttEstimator.minRtt;
  if (minRtt !== Infinity) {
    const shift = Math.floor(minRtt / (1 << config.gsoRttLog));
    if (shift < 31) bytes += room / (1 << shift);
  }
  let segments = Math.floor(bytes / mss);
  if (segments < config.minGsoSegments) segments = config.minGsoSegments;
  if (segments > most) segments = most;
  return segments > 0 ? segments : 1;
}

function attach(
  t: Tcb,
  out: SegmentOut,
  from: number,
  length: number,
): void {
  out.dataLength = length;
  if (length > 0) t.sndBuf.refer(from, length, out.payload);
}

/** Whether the pacer holds everything back just now. */
function isPaced(t: Tcb, now: Micros): boolean {
  if (!t.pacing || now >= t.pacingNextAt) return false;
  t.timers.set(TIMER_PACING, t.pacingNextAt);
  return true;
}

function pace(t: Tcb, bytes: number, now: Micros): void {
  if (!t.pacing || t.pacingRate === Infinity) return;
  const from = t.pacingNextAt > now ? t.pacingNextAt : now;
  t.pacingNextAt = from + bytes * 1_000_000 / t.pacingRate;
}
