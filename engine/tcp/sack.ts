// @hot
/**
 * The sender's reading of SACK options: RFC 2018, RFC 2883.
 *
 * Each block the peer reports marks the records inside it; a record a block
 * covers in part is cut at a segment boundary. Blocks come again in every
 * acknowledgement (three of four told nothing new), so those equal to the
 * previous acknowledgement's are skipped.
 *
 * A first block at or below the cumulative acknowledgement, or inside the
 * second block, is a DSACK: the peer received something twice.
 *
 * @module
 */
import type { Seq } from "../base/units.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { TCP_COUNTER } from "./counters.ts";
import { markSacked } from "./scoreboard.ts";
import type { AckResult } from "./scoreboard.ts";
import {
  boundaryAfter,
  boundaryBefore,
  SENT_LOST,
  SENT_RETRANSMITTED,
  SENT_SACKED,
} from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import {
  seqAfter,
  seqBefore,
  seqBeforeEq,
  seqBits,
  seqSpan,
  toSeq,
} from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Marks what the blocks of `s` report, before the cumulative acknowledgement is taken. */
export function processSack(t: Tcb, s: SegmentIn, r: AckResult): void {
  const edges = s.sackEdges;
  let first = 0;
  if (s.sackCount > 0 && isDsack(t, s)) {
    noteDsack(t, toSeq(edges[0]), toSeq(edges[1]), r);
    first = 1;
  }
  if (t.sackedOut === 0) t.highestSacked = t.sndUna;
  for (let i = first; i < s.sackCount; i++) {
    const start = toSeq(edges[2 * i]);
    const end = toSeq(edges[2 * i + 1]);
    if (!isValidBlock(t, start, end)) {
      t.context.counters.increment(TCP_COUNTER.TcpExtTCPSACKDiscard);
      continue;
    }
    if (!seqAfter(end, s.ack) || wasSeen(t, start, end)) continue;
    markRange(t, start, end, r);
  }
  remember(t, s, first);
}

/** RFC 2883 §4: whether the first block reports a duplicate. */
function isDsack(t: Tcb, s: SegmentIn): boolean {
  const start = toSeq(s.sackEdges[0]);
  const end = toSeq(s.sackEdges[1]);
  if (!seqBefore(start, end)) return false;
  if (seqBefore(start, s.ack)) return true;
  if (s.sackCount < 2) return false;
  const outerStart = toSeq(s.sackEdges[2]);
  const outerEnd = toSeq(s.sackEdges[3]);
  return !seqBefore(start, outerStart) && !seqAfter(end, outerEnd) &&
    seqBefore(t.sndUna, end);
}

function noteDsack(t: Tcb, start: Seq, end: Seq, r: AckResult): void {
  const counters = t.context.counters;
  // Only what we ever sent, and not before the oldest retransmission that may be undone.
  if (seqAfter(end, t.sndNxt)) {
    counters.increment(TCP_COUNTER.TcpExtTCPDSACKIgnoredOld);
    return;
  }
  r.dsack = true;
  t.dsackDuplicates++;
  counters.increment(
    seqBefore(start, t.sndUna)
      ? TCP_COUNTER.TcpExtTCPDSACKRecv
      : TCP_COUNTER.TcpExtTCPDSACKOfoRecv,
  );
  if (!t.undoValid || t.undoRetrans <= 0) return;
  if (seqAfter(end, t.undoMarker) || seqAfter(start, t.undoMarker)) {
    const segments = Math.max(1, Math.ceil(seqSpan(start, end) / t.mss));
    t.undoRetrans = t.undoRetrans > segments ? t.undoRetrans - segments : 0;
  }
}

function isValidBlock(t: Tcb, start: Seq, end: Seq): boolean {
  return seqBefore(start, end) && !seqAfter(end, t.sndNxt) &&
    !seqBefore(start, t.sndUna);
}

function wasSeen(t: Tcb, start: Seq, end: Seq): boolean {
  const from = seqBits(start), to = seqBits(end);
  for (let i = 0; i < t.seenSackCount; i++) {
    if (t.seenSack[2 * i] === from && t.seenSack[2 * i + 1] === to) return true;
  }
  return false;
}

function remember(t: Tcb, s: SegmentIn, first: number): void {
  let count = 0;
  for (let i = first; i < s.sackCount; i++) {
    t.seenSack[2 * count] = s.sackEdges[2 * i];
    t.seenSack[2 * count + 1] = s.sackEdges[2 * i + 1];
    count++;
  }
  t.seenSackCount = count;
}

function markRange(t: Tcb, start: Seq, end: Seq, r: AckResult): void {
  let record = firstAtOrBefore(t, start);
  while (record !== null && seqBefore(record.start, end)) {
    if ((record.flags & SENT_SACKED) === 0) {
      record = cutToBlock(t, record, start, end, r);
    }
    record = record.next;
  }
}

/** Cuts `record` so that the part the block holds is a record of its own, marks it, and returns the last piece looked at. */
function cutToBlock(
  t: Tcb,
  record: SentRecord,
  start: Seq,
  end: Seq,
  r: AckResult,
): SentRecord {
  let piece = record;
  if (seqBefore(piece.start, start)) {
    const cut = boundaryAfter(piece, start);
    if (!seqBefore(cut, piece.end)) return piece;
    piece = splitAt(t, piece, cut);
  }
  if (seqAfter(piece.end, end)) {
    const cut = boundaryBefore(piece, end);
    if (!seqAfter(cut, piece.start)) return piece;
    splitAt(t, piece, cut);
  }
  markSacked(t, piece, r);
  return piece;
}

/** Cuts `record` at `at`, inside it, and keeps the totals right where that is inside a wire segment. Returns the second half. */
export function splitAt(t: Tcb, record: SentRecord, at: Seq): SentRecord {
  const span = seqSpan(record.start, at);
  const before = Math.max(1, Math.ceil(span / record.segmentLength));
  // Inside a segment, or before a FIN that rides on one: each half counts at least one.
  if (before >= record.segments) setSegments(t, record, before + 1);
  return t.sent.split(record, at, record.segments - before);
}

/** Changes how many wire segments `record` counts as, in the totals too. */
export function setSegments(t: Tcb, record: SentRecord, count: number): void {
  const by = count - record.segments;
  record.segments = count;
  t.packetsOut += by;
  if (record.flags & SENT_SACKED) t.sackedOut += by;
  if (record.flags & SENT_LOST) t.lostOut += by;
  if (record.flags & SENT_RETRANSMITTED) t.retransOut += by;
}

function firstAtOrBefore(t: Tcb, start: Seq): SentRecord | null {
  let record = t.sent.tail;
  while (
    record !== null && seqAfter(record.start, start) && record.previous !== null
  ) record = record.previous;
  while (record !== null && seqBeforeEq(record.end, start)) {
    record = record.next;
  }
  return record;
}
