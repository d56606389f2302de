// @hot
/**
 * What has been sent and is not acknowledged: the retransmission queue, which
 * is also the scoreboard of RFC 6675 and the segment list of RFC 8985.
 *
 *     sndUna                                             sndNxt
 *       |  record  |  record (SACKED)  |  record (LOST)  |
 *       head ----------------- next ------------------> tail
 *
 * A record is one transmission: a segment, or a super-segment of `segments`
 * wire segments. Records are cut where a selective acknowledgement ends inside
 * one, always between wire segments as they were sent (their size may have
 * been another than today's), so each is wholly acknowledged, wholly lost or
 * wholly in flight. A
 * second chain through the same records is ordered by time of (last)
 * transmission, because RACK asks "which of those sent before that one?" and
 * must stop at the first that was not.
 *
 * Records come from a pool and return to it: the steady state allocates none.
 *
 * Invariants: records are contiguous from sndUna to sndNxt; `segments` of all
 * records add up to `packetsOut`.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { seqAdd, seqAfter, seqSpan, toSeq } from "./seq.ts";

/** The peer holds it out of order (RFC 2018). */
export const SENT_SACKED = 1;
/** Judged lost; to be sent again unless {@linkcode SENT_RETRANSMITTED} says it was. */
export const SENT_LOST = 2;
/** A retransmission of it is in flight. */
export const SENT_RETRANSMITTED = 4;
/** It was retransmitted at some time: no RTT sample from it (Karn). */
export const SENT_EVER_RETRANSMITTED = 8;
/** It is a SYN or carries only a FIN: sequence space without bytes of the ring. */
export const SENT_SYN = 16;
/** It ends with our FIN. */
export const SENT_FIN = 32;
/** It ends a write of the application: sent with PSH. */
export const SENT_PUSH = 64;

/** One transmission. */
export class SentRecord {
  /** First sequence number. */
  start: Seq = toSeq(0);
  /** Just past the last sequence number. */
  end: Seq = toSeq(0);
  /** Time of the last transmission, µs. */
  sentAt: Micros = -Infinity;
  /** Time of the first transmission, µs. */
  firstSentAt: Micros = -Infinity;
  /** Value of `delivered` when it was last sent, segments: for the delivery rate. */
  deliveredBefore = 0;
  /** Wire segments it consists of, at least 1. */
  segments = 1;
  /** Payload bytes of each of them but the last, which may have fewer: where it may be cut. */
  segmentLength = 1;
  /** `SENT_*` bits. */
  flags = 0;
  /** Next in sequence order. */
  next: SentRecord | null = null;
  /** Previous in sequence order. */
  previous: SentRecord | null = null;
  /** Next in order of transmission time. */
  later: SentRecord | null = null;
  /** Previous in order of transmission time. */
  earlier: SentRecord | null = null;
}

/** Unused records of a whole stack. */
export class SentRecordPool {
  #free: SentRecord | null = null;

  /** Takes a clean record. */
  take(): SentRecord {
    const record = this.#free;
    if (record === null) return createRecord();
    this.#free = record.next;
    record.next = null;
    return record;
  }

  /** Gives `record` back; its owner must have unlinked it. */
  give(record: SentRecord): void {
    record.flags = 0;
    record.segments = 1;
    record.previous = null;
    record.later = null;
    record.earlier = null;
    record.next = this.#free;
    this.#free = record;
  }
}

function createRecord(): SentRecord {
  return new SentRecord();
}

/** The records of one connection, in sequence order and in order of time. */
export class SentQueue {
  /** Oldest in sequence order. */
  head: SentRecord | null = null;
  /** Newest in sequence order. */
  tail: SentRecord | null = null;
  /** Least recently transmitted. */
  oldest: SentRecord | null = null;
  /** Most recently transmitted. */
  latest: SentRecord | null = null;
  readonly #pool: SentRecordPool;

  /** An empty queue whose records come from `pool`. */
  constructor(pool: SentRecordPool) {
    this.#pool = pool;
  }

  /** Appends a record for `[start, end)`, sent now for the first time. */
  append(
    start: Seq,
    end: Seq,
    segments: number,
    flags: number,
    now: Micros,
  ): SentRecord {
    const record = this.#pool.take();
    record.start = start;
    record.end = end;
    record.segments = segments;
    record.segmentLength = seqSpan(start, end);
    record.flags = flags;
    record.sentAt = now;
    record.firstSentAt = now;
    record.previous = this.tail;
    if (this.tail === null) this.head = record;
    else this.tail.next = record;
    this.tail = record;
    this.#linkLatest(record);
    return record;
  }

  /** Notes that `record` was transmitted again at `now`. */
  touch(record: SentRecord, now: Micros): void {
    this.#unlinkTime(record);
    record.sentAt = now;
    this.#linkLatest(record);
  }

  /** Cuts `record` at `at`, which lies inside it; the second half, with the given number of `segments`, follows it in both orders. */
  split(record: SentRecord, at: Seq, segmentsAfter: number): SentRecord {
    const second = this.#pool.take();
    second.start = at;
    second.end = record.end;
    second.sentAt = record.sentAt;
    second.firstSentAt = record.firstSentAt;
    second.deliveredBefore = record.deliveredBefore;
    second.segments = segmentsAfter;
    second.segmentLength = record.segmentLength;
    // A FIN or the end of a write stays with the half that has it.
    second.flags = record.flags;
    record.flags &= ~(SENT_FIN | SENT_PUSH);
    record.end = at;
    record.segments -= segmentsAfter;
    second.previous = record;
    second.next = record.next;
    if (record.next === null) this.tail = second;
    else record.next.previous = second;
    record.next = second;
    second.earlier = record;
    second.later = record.later;
    if (record.later === null) this.latest = second;
    else record.later.earlier = second;
    record.later = second;
    return second;
  }

  /** Removes the head record and gives it back. */
  removeHead(): void {
    const record = this.head!;
    this.head = record.next;
    if (this.head === null) this.tail = null;
    else this.head.previous = null;
    this.#unlinkTime(record);
    this.#pool.give(record);
  }

  /** Empties the queue. */
  clear(): void {
    while (this.head !== null) this.removeHead();
  }

  /** The record that contains `seq`, searched from the tail; null when none does. */
  find(seq: Seq): SentRecord | null {
    let record = this.tail;
    while (record !== null && seqAfter(record.start, seq)) {
      record = record.previous;
    }
    if (record === null || !seqAfter(record.end, seq)) return null;
    return record;
  }

  #linkLatest(record: SentRecord): void {
    record.later = null;
    record.earlier = this.latest;
    if (this.latest === null) this.oldest = record;
    else this.latest.later = record;
    this.latest = record;
  }

  #unlinkTime(record: SentRecord): void {
    if (record.earlier === null) this.oldest = record.later;
    else record.earlier.later = record.later;
    if (record.later === null) this.latest = record.earlier;
    else record.later.earlier = record.earlier;
  }
}

/** The last boundary between wire segments of `record` at or before `limit`, which is not before its start. */
export function boundaryBefore(record: SentRecord, limit: Seq): Seq {
  const span = seqSpan(record.start, limit);
  return seqAdd(record.start, span - span % record.segmentLength);
}

/** The first boundary between wire segments of `record` at or after `limit`, which is not before its start. */
export function boundaryAfter(record: SentRecord, limit: Seq): Seq {
  const length = record.segmentLength;
  const count = Math.ceil(seqSpan(record.start, limit) / length);
  return seqAdd(record.start, count * length);
}
