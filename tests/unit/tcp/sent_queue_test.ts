import { assertEquals } from "@std/assert";
import {
  boundaryAfter,
  boundaryBefore,
  SENT_FIN,
  SENT_PUSH,
  SENT_SACKED,
  SentQueue,
  SentRecordPool,
} from "../../../engine/tcp/sent_queue.ts";
import { seqAdd, seqToU32, toSeq } from "../../../engine/tcp/seq.ts";

/** Queues of super-segments of three times 100 bytes from 2^32 - 150 on, so that the first holds the wrap. */
function queue(count: number): { queue: SentQueue; pool: SentRecordPool } {
  const pool = new SentRecordPool();
  const queue = new SentQueue(pool);
  let at = toSeq(-150);
  for (let i = 0; i < count; i++) {
    const end = seqAdd(at, 300);
    queue.append(at, end, 3, 0, i * 1_000).segmentLength = 100;
    at = end;
  }
  return { queue, pool };
}

function spans(q: SentQueue): number[][] {
  const all: number[][] = [];
  for (let r = q.head; r !== null; r = r.next) {
    all.push([seqToU32(r.start), seqToU32(r.end), r.segments]);
  }
  return all;
}

function times(q: SentQueue): number[] {
  const all: number[] = [];
  for (let r = q.oldest; r !== null; r = r.later) all.push(r.sentAt);
  return all;
}

Deno.test("append() keeps both orders", () => {
  const { queue: q } = queue(3);
  assertEquals(spans(q), [
    [4294967146, 150, 3],
    [150, 450, 3],
    [450, 750, 3],
  ]);
  assertEquals(times(q), [0, 1_000, 2_000]);
  assertEquals([q.head!.previous, q.tail!.next], [null, null]);
});

Deno.test("touch() moves a record to the end of time, not of sequence", () => {
  const { queue: q } = queue(3);
  q.touch(q.head!, 5_000);
  assertEquals(times(q), [1_000, 2_000, 5_000]);
  assertEquals(q.latest, q.head);
  q.touch(q.tail!, 6_000);
  assertEquals(times(q), [1_000, 5_000, 6_000]);
});

Deno.test("split() leaves FIN and PSH with the half that has them, and the time with both", () => {
  const { queue: q } = queue(2);
  const record = q.tail!;
  record.flags = SENT_FIN | SENT_PUSH | SENT_SACKED;
  const second = q.split(record, seqAdd(record.start, 100), 2);
  assertEquals([record.flags, record.segments], [SENT_SACKED, 1]);
  assertEquals(second.flags, SENT_FIN | SENT_PUSH | SENT_SACKED);
  assertEquals([second.segments, second.segmentLength], [2, 100]);
  assertEquals(q.tail, second);
  assertEquals(q.latest, second);
  assertEquals(times(q), [0, 1_000, 1_000]);
});

Deno.test("removeHead() and clear() give records back to be used again", () => {
  const { queue: q, pool } = queue(2);
  const first = q.head!;
  first.flags = SENT_SACKED;
  q.removeHead();
  const again = pool.take();
  assertEquals(again, first);
  assertEquals([again.flags, again.next, again.segments], [0, null, 1]);
  q.clear();
  assertEquals([q.head, q.tail, q.oldest, q.latest], [null, null, null, null]);
});

Deno.test("find() knows which record holds a sequence number", () => {
  const { queue: q } = queue(3);
  assertEquals(q.find(toSeq(-150)), q.head);
  assertEquals(q.find(toSeq(149)), q.head);
  assertEquals(q.find(toSeq(150)), q.head!.next);
  assertEquals(q.find(toSeq(749)), q.tail);
  assertEquals(q.find(toSeq(750)), null);
  assertEquals(q.find(toSeq(-151)), null);
});

Deno.test("boundaryBefore() and boundaryAfter() cut between wire segments only", () => {
  const { queue: q } = queue(1);
  const record = q.head!;
  const at = (n: number): number[] => {
    const limit = seqAdd(record.start, n);
    return [boundaryBefore(record, limit), boundaryAfter(record, limit)]
      .map((seq) => seqToU32(seq) - seqToU32(record.start) | 0);
  };
  assertEquals(at(0), [0, 0]);
  assertEquals(at(1), [0, 100]);
  assertEquals(at(100), [100, 100]);
  assertEquals(at(199), [100, 200]);
  assertEquals(at(300), [300, 300]);
});
