// @hot
/**
 * Segment text and FIN: RFC 9293 §3.10.7.4 steps 7 and 8, the receiver's half.
 *
 * Bytes go straight to their place in the receive ring, in order or not; what
 * is beyond RCV.NXT is remembered as ranges until the gap closes:
 *
 *     rcvBuf   |#### readable ####|      |## placed ##|    |# placed #|
 *                              rcvNxt    ^ outOfOrder range 0    ^ range 1
 *
 * A segment is trimmed to the window on both sides first (RFC 9293 §3.10.7.4:
 * "may be trimmed"), so the copies below are plain.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { TCP_FIN, TCP_PSH } from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import {
  dropDeliveredSacks,
  enterQuickAckMode,
  noteDataReceived,
  noteDuplicate,
  noteLostAck,
  noteOutOfOrder,
  receiveWindow,
  scheduleAck,
} from "./ack_policy.ts";
import { TCP_COUNTER } from "./counters.ts";
import { awaitMemoryToReceive } from "./memory.ts";
import { fired, RULE } from "./rules.ts";
import { measureReceiverRtt } from "./receive_tuning.ts";
import { seqAdd, seqAfter, seqBefore, seqBeforeEq, seqSpan } from "./seq.ts";
import {
  STATE_CLOSE_WAIT,
  STATE_CLOSING,
  STATE_ESTABLISHED,
  STATE_FIN_WAIT_1,
  STATE_FIN_WAIT_2,
  STATE_SYN_RECEIVED,
  STATE_TIME_WAIT,
  transition,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { enterTimeWait } from "./time_wait.ts";

/** Segments acknowledged at once after a gap appears. */
const QUICK_ACKS_ON_GAP = 16;

/** Step 7: takes the bytes of `s` that are new and inside the window. */
export function stepText(t: Tcb, s: SegmentIn, now: Micros): void {
  if (s.dataLength === 0) return;
  const start = s.seq;
  const end = seqAdd(start, s.dataLength);
  if (seqBeforeEq(end, t.rcvNxt)) {
    fired(t, RULE.R_TEXT_DUPLICATE, s.flags, now);
    noteLostAck(t, start, end);
    return;
  }
  const edge = seqAdd(t.rcvNxt, receiveWindow(t));
  if (!seqBefore(start, edge) && receiveWindow(t) === 0) {
    // A window probe: answer it, take nothing. RFC 9293 §3.8.6.1.
    fired(t, RULE.R_TEXT_BEYOND_WINDOW, s.flags, now);
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPZeroWindowDrop);
    t.ackNow = true;
    return;
  }
  const stop = seqAfter(end, edge) ? edge : end;
  if (!seqAfter(start, t.rcvNxt)) takeInOrder(t, s, start, stop, now);
  else takeOutOfOrder(t, s, start, stop, now);
}

/** Step 8: the peer's FIN, at its place or ahead of it. */
export function stepFin(t: Tcb, s: SegmentIn, now: Micros): void {
  if (s.flags & TCP_FIN && !t.finReceived && !t.finPending) {
    t.finPending = true;
    t.finPendingSeq = seqAdd(s.seq, s.dataLength);
    if (t.finPendingSeq !== t.rcvNxt) {
      fired(t, RULE.R_FIN_OUT_OF_ORDER, s.flags, now);
      t.ackNow = true;
    }
  }
  if (t.finPending && t.finPendingSeq === t.rcvNxt) takeFin(t, s.flags, now);
}

function takeInOrder(
  t: Tcb,
  s: SegmentIn,
  start: Seq,
  stop: Seq,
  now: Micros,
): void {
  const skip = seqSpan(start, t.rcvNxt);
  const length = seqSpan(t.rcvNxt, stop);
  if (skip > 0) {
    // Part of it came before: say so. RFC 2883 §4.
    noteDuplicate(t, start, t.rcvNxt);
    t.ackNow = true;
  }
  const placed = place(t, 0, s, s.dataOffset + skip, length);
  if (placed < length) {
    fired(t, RULE.R_TEXT_NO_MEMORY, s.flags, now);
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPRcvQDrop);
    awaitMemoryToReceive(t);
    if (placed === 0) return;
  } else fired(t, RULE.R_TEXT_IN_ORDER, s.flags, now);
  t.rcvBuf.extend(placed);
  t.rcvNxt = seqAdd(t.rcvNxt, placed);
  t.bytesReceived += placed;
  if (s.flags & TCP_PSH) t.rcvPushSeq = t.rcvNxt;
  const hadGap = t.outOfOrder.count > 0;
  if (hadGap) joinOutOfOrder(t);
  measureReceiverRtt(t, s, now);
  noteDataReceived(t, segmentSize(s), now);
  if (hadGap) t.ackNow = true; // RFC 5681 §4.2: a gap was filled.
  scheduleAck(t, now);
}

function takeOutOfOrder(
  t: Tcb,
  s: SegmentIn,
  start: Seq,
  stop: Seq,
  now: Micros,
): void {
  fired(t, RULE.R_TEXT_OUT_OF_ORDER, s.flags, now);
  const counters = t.context.counters;
  counters.increment(TCP_COUNTER.TcpExtTCPOFOQueue);
  t.outOfOrderPackets++;
  // RFC 5681 §4.2: an immediate duplicate ACK for every out-of-order segment.
  t.ackNow = true;
  enterQuickAckMode(t, QUICK_ACKS_ON_GAP);
  if (t.outOfOrder.covers(start, stop)) {
    noteDuplicate(t, start, stop);
    if (t.sackEnabled) reportRangeOf(t, start, stop);
    return;
  }
  const ahead = seqSpan(t.rcvNxt, start);
  const length = seqSpan(start, stop);
  const placed = place(t, ahead, s, s.dataOffset, length);
  if (placed === 0) {
    counters.increment(TCP_COUNTER.TcpExtTCPOFODrop);
    return;
  }
  const end = seqAdd(start, placed);
  if (t.outOfOrder.overlaps(start, end)) {
    counters.increment(TCP_COUNTER.TcpExtTCPOFOMerge);
  }
  if (t.outOfOrder.add(start, end) < 0) {
    counters.increment(TCP_COUNTER.TcpExtTCPOFODrop);
    return;
  }
  if (t.sackEnabled) reportRangeOf(t, start, end);
}

/** Copies bytes of the frame into the ring; the window already promised the room. */
function place(
  t: Tcb,
  ahead: number,
  s: SegmentIn,
  offset: number,
  length: number,
): number {
  // A window told in scaled units may exceed the buffer by less than a unit:
  // a promise to be kept, but not a reason to let the buffer grow for good.
  const limit = t.rcvBuf.limit;
  const need = t.rcvBuf.length + ahead + length;
  if (need > limit) t.rcvBuf.limit = need;
  const placed = t.rcvBuf.place(ahead, s.frame.bytes, offset, length);
  t.rcvBuf.limit = limit;
  if (placed < length) {
    t.context.counters.increment(TCP_COUNTER.SynloadOutOfMemory);
  }
  return placed;
}

/** RCV.NXT reached the first range: what follows without a gap is in order now. */
function joinOutOfOrder(t: Tcb): void {
  const ranges = t.outOfOrder;
  const edge = t.rcvNxt;
  if (seqBefore(ranges.start(0), edge) && !t.dsackPending) {
    // What just came in order held bytes that had come before: RFC 2883 §4.
    const end = ranges.end(0);
    noteDuplicate(t, ranges.start(0), seqAfter(end, edge) ? edge : end);
  }
  while (ranges.count > 0 && !seqAfter(ranges.start(0), t.rcvNxt)) {
    const end = ranges.end(0);
    const more = seqSpan(t.rcvNxt, end);
    if (more > 0) {
      t.rcvBuf.extend(more);
      t.rcvNxt = end;
      t.bytesReceived += more;
    }
    ranges.removeBefore(seqAfter(end, t.rcvNxt) ? end : t.rcvNxt);
  }
  dropDeliveredSacks(t);
}

/** Puts the whole range around `[start, end)` first in the SACK option. */
function reportRangeOf(t: Tcb, start: Seq, end: Seq): void {
  const ranges = t.outOfOrder;
  for (let i = 0; i < ranges.count; i++) {
    if (seqBeforeEq(ranges.start(i), start) && !seqBefore(ranges.end(i), end)) {
      noteOutOfOrder(t, ranges.start(i), ranges.end(i));
      return;
    }
  }
}

function takeFin(t: Tcb, flags: number, now: Micros): void {
  t.finPending = false;
  t.finReceived = true;
  t.rcvNxt = seqAdd(t.rcvNxt, 1);
  t.ackNow = true;
  t.outOfOrder.clear();
  t.sackCount = 0;
  t.dsackPending = false; // As on Linux: with the last byte here, duplicates are history.
  fired(t, RULE.R_FIN_IN_ORDER, flags, now);
  switch (t.state) {
    case STATE_SYN_RECEIVED:
    case STATE_ESTABLISHED:
      transition(t, STATE_CLOSE_WAIT);
      break;
    case STATE_FIN_WAIT_1:
      // Our FIN is not acknowledged, or step 5 had moved us to FIN-WAIT-2.
      transition(t, STATE_CLOSING);
      break;
    case STATE_FIN_WAIT_2:
      transition(t, STATE_TIME_WAIT);
      enterTimeWait(t, now);
      break;
  }
}

/** The size of the wire segments `s` consists of, for the estimate of the peer's MSS. */
function segmentSize(s: SegmentIn): number {
  return s.gsoSize > 0 ? s.gsoSize : s.dataLength;
}
