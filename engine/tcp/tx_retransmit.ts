// @hot
/**
 * What goes again: segments judged lost, in the order they were sent, and the
 * tail loss probe. RFC 6675 §5, RFC 8985 §7.3.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { TCP_FIN, TCP_PSH } from "../wire/tcp_segment.ts";
import type { SegmentOut } from "../wire/tcp_segment.ts";
import { timestampNow } from "./ack_policy.ts";
import { CA_CWR, CA_LOSS, CA_RECOVERY } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { gsoSegments, isPaced, pace } from "./pacing.ts";
import { lossProbeSent } from "./rack.ts";
import { armRetransmit, countRetransmission } from "./rx_ack.ts";
import { setSegments, splitAt } from "./sack.ts";
import {
  boundaryBefore,
  SENT_EVER_RETRANSMITTED,
  SENT_FIN,
  SENT_LOST,
  SENT_PUSH,
  SENT_RETRANSMITTED,
  SENT_SACKED,
  SENT_SYN,
} from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import { seqAdd, seqAfter, seqBefore, seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_RETRANSMIT } from "./timers.ts";
import { describeData } from "./tx_data.ts";
import {
  attach,
  begin,
  describeSuper,
  describeUrgent,
  effectiveMss,
  fillAck,
  PLAN_RETRANSMIT,
  sizeOf,
} from "./tx_segment.ts";

/** The oldest segment judged lost and not sent again yet; false: none, or the windows are full. */
export function describeRetransmission(
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

/** RFC 8985 §7.3: new data when there is any and the window lets it, else the last segment again. */
export function describeLossProbe(
  t: Tcb,
  out: SegmentOut,
  now: Micros,
): boolean {
  const room = seqSpan(t.sndNxt, seqAdd(t.sndUna, t.sndWnd));
  const unsent = seqSpan(t.sndNxt, t.writeSeq);
  if (unsent > 0 && room >= Math.min(unsent, t.mss)) {
    return describeData(t, out, Math.min(unsent, t.mss), 1, now);
  }
  const tail = t.sent.tail;
  if (tail === null || tail.flags & SENT_SYN) return false;
  let start = tail.start;
  if (tail.segments > 1) {
    const fin = tail.flags & SENT_FIN ? 1 : 0;
    start = boundaryBefore(tail, seqAdd(tail.end, -1 - fin));
  }
  return describeRecord(t, tail, start, 1, out, now);
}

/** A retransmission left. */
export function commitRetransmission(
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
  // Today's segments may be of another size than those it first went in.
  if (record.segments !== segments) setSegments(t, record, segments);
  record.segmentLength = sizeOf(out);
  const n = segments;
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
  if (length > mss) describeSuper(out, mss);
  if (length === whole) {
    if (fin) out.flags |= TCP_FIN;
    if (record.flags & SENT_PUSH) out.flags |= TCP_PSH;
  }
  describeUrgent(t, out);
  t.plan = PLAN_RETRANSMIT;
  t.planRecord = record;
  return true;
}
