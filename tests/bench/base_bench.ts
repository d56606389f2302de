/**
 * What the base layer costs: `deno bench tests/bench/base_bench.ts`.
 *
 * Each figure is of a batch, because one operation is near the timer's grain;
 * the name says how many. The keys of the look-ups are visited in a shuffled
 * order, so that the table's memory is reached as traffic would reach it.
 *
 * @module
 */
import { Arena } from "../../engine/base/arena.ts";
import { DeadlineHeap } from "../../engine/base/deadline_heap.ts";
import { PayloadRef } from "../../engine/base/frame.ts";
import { RangeSet } from "../../engine/base/range_set.ts";
import { ByteRing } from "../../engine/base/ring.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import { SipHash } from "../../engine/base/siphash.ts";
import { SlotTable } from "../../engine/base/slot_table.ts";
import { TupleTable } from "../../engine/base/tuple_table.ts";
import type { Seq } from "../../engine/base/units.ts";

const BATCH = 1000;
const MSS = 1448;
const random = new SeededRandom(1);
let sink = 0;

/** A table of `count` IPv4 connections and the keys' varying words, shuffled. */
function crowd(count: number): { table: TupleTable; varying: Int32Array } {
  const table = new TupleTable(random.int32(), random.int32());
  const varying = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    varying[2 * i] = random.int32();
    varying[2 * i + 1] = 443 << 16 | random.below(65_536);
    table.insert(
      0,
      0,
      0xffff,
      1,
      0,
      0,
      0xffff,
      varying[2 * i],
      varying[2 * i + 1],
      i,
    );
  }
  return { table, varying };
}

for (const count of [100, 1000, 20_000, 200_000]) {
  const { table, varying } = crowd(count);
  let i = 0;
  Deno.bench(
    `TupleTable.find(), ${count} entries, any of them x${BATCH}`,
    () => {
      for (let n = 0; n < BATCH; n++) {
        i = (i + 7919) % count;
        sink += table.find(
          0,
          0,
          0xffff,
          1,
          0,
          0,
          0xffff,
          varying[2 * i],
          varying[2 * i + 1],
        );
      }
    },
  );
  let j = 0;
  Deno.bench(
    `TupleTable.find(), ${count} entries, 64 of them x${BATCH}`,
    () => {
      for (let n = 0; n < BATCH; n++) {
        j = (j + 1) & 63;
        sink += table.find(
          0,
          0,
          0xffff,
          1,
          0,
          0,
          0xffff,
          varying[2 * j],
          varying[2 * j + 1],
        );
      }
    },
  );
}

{
  const { table, varying } = crowd(20_000);
  let i = 0;
  Deno.bench(
    `TupleTable.remove() and insert(), 20000 entries x${BATCH}`,
    () => {
      for (let n = 0; n < BATCH; n++) {
        i = (i + 7919) % 20_000;
        const r3 = varying[2 * i], ports = varying[2 * i + 1];
        const handle = table.remove(0, 0, 0xffff, 1, 0, 0, 0xffff, r3, ports);
        table.insert(0, 0, 0xffff, 1, 0, 0, 0xffff, r3, ports, handle);
      }
    },
  );
}

for (const count of [100, 20_000]) {
  const heap = new DeadlineHeap();
  for (let i = 0; i < count; i++) heap.set(i, random.uniform() * 1e6);
  let now = 1e6;
  Deno.bench(`DeadlineHeap.set() later, ${count} entries x${BATCH}`, () => {
    for (let n = 0; n < BATCH; n++) {
      now += 10;
      heap.set(random.below(count), now + 200_000);
    }
  });
  Deno.bench(
    `DeadlineHeap.popDue() and set(), ${count} entries x${BATCH}`,
    () => {
      for (let n = 0; n < BATCH; n++) {
        const handle = heap.popDue(Infinity);
        now += 10;
        heap.set(handle, now + 200_000);
      }
    },
  );
}

{
  const arena = new Arena(64 << 20);
  const frame = arena.createFrame();
  const ring = new ByteRing(arena, 256 * 1024);
  const ref = new PayloadRef(arena.bytes);
  const foreign = new Uint8Array(MSS);
  ring.write(frame.bytes, frame.start, 60_000);
  Deno.bench(
    `ByteRing: 1448 B in by write() and out by read(), one arena x${BATCH}`,
    () => {
      for (let n = 0; n < BATCH; n++) {
        ring.write(frame.bytes, frame.start, MSS);
        ring.read(frame.bytes, frame.start, MSS);
      }
    },
  );
  Deno.bench(
    `ByteRing: 1448 B in by write(whole foreign array), discard() x${BATCH}`,
    () => {
      for (let n = 0; n < BATCH; n++) {
        ring.write(foreign, 0, MSS);
        ring.discard(MSS);
      }
    },
  );
  Deno.bench(`ByteRing.refer() of 1448 B x${BATCH}`, () => {
    for (let n = 0; n < BATCH; n++) ring.refer(n, MSS, ref);
    sink += ref.offset;
  });
  Deno.bench(
    `ByteRing.place() and extend() of 1448 B, discard() x${BATCH}`,
    () => {
      for (let n = 0; n < BATCH; n++) {
        ring.place(0, frame.bytes, frame.start, MSS);
        ring.extend(MSS);
        ring.discard(MSS);
      }
    },
  );
  Deno.bench(`Arena.allocate() and free() of 4 KiB x${BATCH}`, () => {
    for (let n = 0; n < BATCH; n++) arena.free(arena.allocate(4096), 4096);
  });
}

{
  const set = new RangeSet(64);
  const seq = (n: number): Seq => (n | 0) as unknown as Seq;
  Deno.bench(`RangeSet: 32 holes made and filled x1`, () => {
    for (let i = 0; i < 32; i++) set.add(seq(i * 3000), seq(i * 3000 + MSS));
    for (let i = 0; i < 32; i++) {
      sink += set.add(seq(i * 3000), seq(i * 3000 + 3000));
    }
    set.removeBefore(seq(32 * 3000));
  });
}

{
  const table = new SlotTable<{ n: number }>();
  const handles = Array.from({ length: 20_000 }, (_, n) => table.add({ n }));
  let i = 0;
  Deno.bench(`SlotTable.get(), 20000 objects x${BATCH}`, () => {
    for (let n = 0; n < BATCH; n++) {
      i = (i + 7919) % 20_000;
      sink += table.get(handles[i])!.n;
    }
  });
}

{
  const hash = new SipHash(1, 2, 3, 4);
  const bytes = new Uint8Array(32);
  const words = new Int32Array(9);
  Deno.bench(`SipHash.hash() of 8 B x${BATCH}`, () => {
    for (let n = 0; n < BATCH; n++) hash.hash(bytes, 0, 8);
    sink += hash.lo;
  });
  Deno.bench(`SipHash.hashWords() of 9 words x${BATCH}`, () => {
    for (let n = 0; n < BATCH; n++) hash.hashWords(words, 9);
    sink += hash.lo;
  });
}

Deno.bench("sink", { n: 1 }, () => {
  if (sink === 0.5) throw new Error("unreachable: keeps the results alive");
});
