// @hot
/**
 * When and what to acknowledge, and which window to tell.
 *
 * RFC 9293 §3.8.6.3 and RFC 5681 §4.2 say: at least every second full segment,
 * within half a second, at once when something is out of order. Linux adds
 * quick acknowledgements at the start of a connection and after disorder, so
 * that the sender's window opens fast, and interactive mode, in which answers
 * carry the acknowledgements.
 *
 * The window told never takes back what was told (RFC 9293 §3.8.6.2.2, SHLD-14)
 * and grows only in steps worth telling (silly window avoidance).
 *
 * @module
 */
import { MILLISECOND } from "../base/units.ts";
import type { Micros, Seq } from "../base/units.ts";
import { MAX_SACK_BLOCKS } from "../wire/tcp_segment.ts";
import { TCP_COUNTER } from "./counters.ts";
import { awaitMemoryForWindow } from "./memory.ts";
import { seqAdd, seqAfter, seqBefore, seqBits, seqSpan, toSeq } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_DELAYED_ACK } from "./timers.ts";

/** Segments acknowledged at once after the start or disorder, as in Linux. */
const MAX_QUICK_ACKS = 16;
/** Answers in a row after which the connection counts as interactive. */
const PINGPONG_THRESHOLD = 1;
/** Half of the largest window without scaling, RFC 7323 §2.2. */
const UNSCALED_WINDOW_HALF = 32_768;
/** Half the shortest delayed-ACK time: how slowly the estimate moves. */
const ATO_QUARTER_DIVISOR = 2;

const C_DELAYED_ACK_LOST = TCP_COUNTER.TcpExtDelayedACKLost;
const C_OLD_SENT = TCP_COUNTER.TcpExtTCPDSACKOldSent;
const C_OFO_SENT = TCP_COUNTER.TcpExtTCPDSACKOfoSent;
const C_TO_ZERO = TCP_COUNTER.TcpExtTCPToZeroWindowAdv;
const C_FROM_ZERO = TCP_COUNTER.TcpExtTCPFromZeroWindowAdv;

/** Bytes of the window offered that are still open: RCV.WND of RFC 9293. */
export function receiveWindow(t: Tcb): number {
  const open = seqSpan(t.rcvNxt, t.rcvWndEnd);
  return open > 0 ? open : 0;
}

/** Notes that data arrived in order: keeps the delayed-ACK time near the spacing of arrivals. */
export function noteDataReceived(t: Tcb, length: number, now: Micros): void {
  measureReceiveMss(t, length);
  const config = t.config;
  if (t.ato === 0) {
    grantQuickAcks(t, MAX_QUICK_ACKS);
    t.ato = config.delayedAckMin;
  } else {
    const gap = now - t.lastDataReceivedAt;
    if (gap <= config.delayedAckMin / ATO_QUARTER_DIVISOR) {
      t.ato = t.ato / 2 + config.delayedAckMin / ATO_QUARTER_DIVISOR;
    } else if (gap < t.ato) {
      t.ato = t.ato / 2 + gap;
      if (t.ato > t.rttEstimator.rto) t.ato = t.rttEstimator.rto;
    } else if (gap > t.rttEstimator.rto) {
      // The sender started over, perhaps from a window of one: do not make it wait.
      grantQuickAcks(t, MAX_QUICK_ACKS);
    }
  }
  t.lastDataReceivedAt = now;
}

/** Leaves interactive mode and acknowledges the next segments at once. */
export function enterQuickAckMode(t: Tcb, limit: number): void {
  grantQuickAcks(t, limit);
  t.pingpong = 0;
  t.ato = t.config.delayedAckMin;
}

/** Decides, data having arrived, between an acknowledgement now and a delayed one. */
export function scheduleAck(t: Tcb, now: Micros): void {
  const unacknowledged = seqSpan(t.rcvWup, t.rcvNxt);
  // RFC 9293 §3.8.6.3: every second full segment; RFC 5681 §4.2: at once when there is a gap.
  if (
    unacknowledged > t.rcvMss && selectWindow(t) >= receiveWindow(t) ||
    inQuickAckMode(t) || t.outOfOrder.count > 0
  ) {
    t.ackNow = true;
    return;
  }
  t.ackPending = true;
  if (t.timers.isSet(TIMER_DELAYED_ACK)) return;
  t.timers.set(TIMER_DELAYED_ACK, now + delayedAckTime(t));
}

/** The delayed-ACK timer expired: acknowledge, and expect the sender to be slow (or quick, when it was us). */
export function delayedAckExpired(t: Tcb): void {
  if (!t.ackPending) return;
  if (t.pingpong < PINGPONG_THRESHOLD) {
    t.ato = Math.min(t.ato * 2, t.rttEstimator.rto);
  } else {
    t.pingpong = 0;
    t.ato = t.config.delayedAckMin;
  }
  t.ackNow = true;
  t.context.counters.increment(TCP_COUNTER.TcpExtDelayedACKs);
}

/** An acknowledgement left, alone or with data, covering `segments` received ones. */
export function ackSent(t: Tcb, segments: number): void {
  t.ackNow = false;
  t.ackPending = false;
  t.timers.clear(TIMER_DELAYED_ACK);
  t.lastAckSent = t.rcvNxt;
  t.dsackPending = false;
  if (t.quickAcks > 0) {
    t.quickAcks = segments >= t.quickAcks ? 0 : t.quickAcks - segments;
    if (t.quickAcks === 0) t.ato = t.config.delayedAckMin;
  }
}

/** Data of ours left soon after data of theirs: the connection is a conversation. */
export function dataSent(t: Tcb, now: Micros): void {
  if (now - t.lastDataReceivedAt < t.ato && t.pingpong < 255) t.pingpong++;
  t.lastSentAt = now;
}

/** The application took bytes: tell the window when it opened enough to matter. */
export function afterRead(t: Tcb): void {
  if (t.ackPending) {
    const unacknowledged = seqSpan(t.rcvWup, t.rcvNxt);
    const drained = t.rcvBuf.length === 0 && t.pingpong < PINGPONG_THRESHOLD &&
      t.quickAcks > 0;
    if (unacknowledged > t.rcvMss || drained) {
      t.ackNow = true;
      return;
    }
  }
  const open = receiveWindow(t);
  if (2 * open > t.rcvBuf.limit) return;
  // Nothing but our SYN went: its window is small because a SYN's cannot be scaled, and who has read SYN data is about to answer it.
  if (t.segmentsOut <= 1 && open > UNSCALED_WINDOW_HALF) return;
  const next = selectWindow(t);
  if (next > 0 && next >= 2 * open) t.ackNow = true;
}

/**
 * The window to offer now, bytes: free buffer, never less than what was
 * offered, never more by less than a segment. RFC 9293 §3.8.6.2.2.
 */
export function selectWindow(t: Tcb): number {
  // Without memory nothing can be taken, whatever was promised (Linux does the same).
  if (t.rcvStarved) return 0;
  const open = receiveWindow(t);
  let limit = t.rcvBuf.limit;
  if (t.context.isMemoryShort) limit = shortLimit(t);
  const unit = 1 << t.rcvWscale;
  let free = limit - t.rcvBuf.length;
  const most = t.wscaleEnabled ? 65_535 * unit : 65_535;
  if (free > most) free = most;
  if (free < 0) free = 0;
  const step = t.rcvMss < limit / 2 ? t.rcvMss : limit >> 1;
  // Keep what was offered until a step more, or all of it, is free.
  if (free < open + step && free < limit) free = open;
  if (free < open) free = open;
  // A scaled window is told in units: round up so that the edge does not move
  // back. But each segment may come that much short of a unit, so once the edge
  // is a unit past the buffer it does move back, by less than one (RFC 7323 §2.4).
  let rounded = Math.ceil(free / unit) * unit;
  if (t.rcvBuf.length + rounded >= limit + unit) rounded -= unit;
  return rounded > most ? most : rounded > 0 ? rounded : 0;
}

/** What is offered while memory is short: the buffer as large as it is, or the least a buffer has (Linux `tcp_rmem[0]`), so that nobody stands still because others hold much. */
function shortLimit(t: Tcb): number {
  const { limit, capacity } = t.rcvBuf;
  const least = t.config.receiveBuffer.min;
  const most = capacity > least ? capacity : least;
  return limit < most ? limit : most;
}

/** Commits `window` as told. What was promised before stays promised: segments sent on the strength of it are taken. */
export function tellWindow(t: Tcb, window: number): void {
  const before = t.rcvWnd;
  const open = receiveWindow(t);
  t.rcvWup = t.rcvNxt;
  // What starts beyond a window shut for want of memory is refused, promised or not.
  t.rcvWnd = window > open || t.rcvStarved ? window : open;
  if (window < t.rcvMss && t.context.isMemoryShort) awaitMemoryForWindow(t);
  if (window === 0 && before > 0) t.context.counters.increment(C_TO_ZERO);
  if (window > 0 && before === 0) t.context.counters.increment(C_FROM_ZERO);
}

/** Reports a received range in the SACK option, most recent first. RFC 2018 §4. */
export function noteOutOfOrder(t: Tcb, start: Seq, end: Seq): void {
  const edges = t.sackEdges;
  let left = seqBits(start), right = seqBits(end);
  let out = 0;
  // Shift the older blocks down by one, leaving out those the new one covers or touches.
  for (let i = 0; i <= t.sackCount && out < MAX_SACK_BLOCKS; i++) {
    const nextLeft = edges[2 * i], nextRight = edges[2 * i + 1];
    if (
      out === 0 || seqAfter(toSeq(left), end) || seqBefore(toSeq(right), start)
    ) {
      edges[2 * out] = left;
      edges[2 * out + 1] = right;
      out++;
    }
    left = nextLeft;
    right = nextRight;
  }
  t.sackCount = out;
}

/** Drops reported blocks that are now in order. */
export function dropDeliveredSacks(t: Tcb): void {
  const edges = t.sackEdges;
  let out = 0;
  for (let i = 0; i < t.sackCount; i++) {
    if (!seqAfter(toSeq(edges[2 * i + 1]), t.rcvNxt)) continue;
    edges[2 * out] = edges[2 * i];
    edges[2 * out + 1] = edges[2 * i + 1];
    out++;
  }
  t.sackCount = out;
}

/** Reports `[start, end)` as received twice in the next acknowledgement. RFC 2883 §4. */
export function noteDuplicate(t: Tcb, start: Seq, end: Seq): void {
  if (!t.sackEnabled || !t.config.dsack) return;
  const old = seqBefore(start, t.rcvNxt);
  t.context.counters.increment(old ? C_OLD_SENT : C_OFO_SENT);
  t.dsackPending = true;
  t.dsackStart = start;
  t.dsackEnd = end;
}

/** A segment that was wholly received before arrived: our acknowledgement of it was lost. */
export function noteLostAck(t: Tcb, start: Seq, end: Seq): void {
  if (seqAfter(end, start) && seqBefore(start, t.rcvNxt)) {
    t.context.counters.increment(C_DELAYED_ACK_LOST);
    enterQuickAckMode(t, MAX_QUICK_ACKS);
    noteDuplicate(t, start, seqAfter(end, t.rcvNxt) ? t.rcvNxt : end);
  }
  t.ackNow = true;
}

/** TSval for a segment sent now: milliseconds plus the connection's offset. RFC 7323 §5.4. */
export function timestampNow(t: Tcb, now: Micros): number {
  // The remainder keeps the sum exact below 2^53 and then wraps as int32.
  return Math.floor(now / MILLISECOND) % 0x1_0000_0000 + t.tsOffset | 0;
}

/** Whether segments are acknowledged at once just now. */
function inQuickAckMode(t: Tcb): boolean {
  return t.quickAcks > 0 && t.pingpong < PINGPONG_THRESHOLD;
}

function grantQuickAcks(t: Tcb, limit: number): void {
  let segments = Math.floor(t.rcvWnd / (2 * t.rcvMss));
  if (segments === 0) segments = 2;
  if (segments > limit) segments = limit;
  if (segments > t.quickAcks) t.quickAcks = segments;
}

function delayedAckTime(t: Tcb): Micros {
  const config = t.config;
  let ato = t.ato;
  if (ato > config.delayedAckMin) {
    let most = t.pingpong >= PINGPONG_THRESHOLD
      ? config.delayedAckMax
      : config.delayedAckMax / 2;
    if (t.srtt > 0) {
      const rtt = t.srtt > config.delayedAckMin ? t.srtt : config.delayedAckMin;
      if (rtt < most) most = rtt;
    }
    if (ato > most) ato = most;
  }
  return ato < config.delayedAckMax ? ato : config.delayedAckMax;
}

function measureReceiveMss(t: Tcb, length: number): void {
  if (length >= t.rcvMss) {
    t.rcvMss = length < t.advMss ? length : t.advMss;
  }
}

/** Length of the SACK edges to send given room for `room` blocks; fills `out`. DSACK first, RFC 2883 §4. */
export function fillSackBlocks(
  t: Tcb,
  out: Int32Array,
  room: number,
): number {
  let count = 0;
  if (t.dsackPending && count < room) {
    out[0] = seqBits(t.dsackStart);
    out[1] = seqBits(t.dsackEnd);
    count = 1;
  }
  for (let i = 0; i < t.sackCount && count < room; i++) {
    out[2 * count] = t.sackEdges[2 * i];
    out[2 * count + 1] = t.sackEdges[2 * i + 1];
    count++;
  }
  return count;
}

/** First sequence number past the window offered. */
export function windowEnd(t: Tcb): Seq {
  return seqAdd(t.rcvNxt, receiveWindow(t));
}
