import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { Arena } from "../../../engine/base/arena.ts";
import { PayloadRef } from "../../../engine/base/frame.ts";
import { ByteRing } from "../../../engine/base/ring.ts";

/** Bytes `from`, `from + 1`, .. modulo 251, so that no shift by a power of two goes unseen. */
function pattern(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) % 251);
}

function readAll(ring: ByteRing): Uint8Array {
  const out = new Uint8Array(ring.length);
  assertEquals(ring.read(out, 0, out.length), out.length);
  return out;
}

function resolve(ref: PayloadRef): number[] {
  return [
    ...ref.bytes.subarray(ref.offset, ref.offset + ref.length),
    ...ref.bytes.subarray(ref.wrapOffset, ref.wrapOffset + ref.wrapLength),
  ];
}

Deno.test("ByteRing rejects a limit out of range", () => {
  const arena = new Arena(256);
  for (const limit of [-1, 0.5, NaN, 2 ** 30 + 1]) {
    assertThrows(() => new ByteRing(arena, limit), RangeError);
  }
});

Deno.test("ByteRing holds no memory until the first byte", () => {
  const arena = new Arena(4096);
  const ring = new ByteRing(arena, 2048);
  assertEquals([ring.capacity, ring.length, ring.free, arena.used], [
    0,
    0,
    2048,
    0,
  ]);
  assertEquals(ring.write(pattern(0, 0), 0, 0), 0);
  assertEquals(ring.place(0, pattern(0, 0), 0, 0), 0);
  assertEquals(ring.read(new Uint8Array(8), 0, 8), 0);
  ring.discard(0);
  ring.trim();
  ring.release();
  assertEquals(arena.used, 0);
  assertEquals(ring.write(pattern(0, 1), 0, 1), 1);
  assertEquals(ring.capacity, 256);
});

Deno.test("write() takes no more than the limit", () => {
  const ring = new ByteRing(new Arena(4096), 300);
  assertEquals(ring.write(pattern(0, 1000), 5, 900), 300);
  assertEquals(ring.free, 0);
  assertEquals(ring.write(pattern(0, 1), 0, 1), 0);
  assertEquals(ring.capacity, 512);
  assertEquals(readAll(ring), pattern(5, 300));
});

Deno.test("write() takes what the block holds when the arena is exhausted", () => {
  const arena = new Arena(256);
  const ring = new ByteRing(arena, 1000);
  assertEquals(ring.write(pattern(0, 200), 0, 200), 200);
  assertEquals(ring.write(pattern(200, 100), 0, 100), 56);
  assertEquals(readAll(ring), pattern(0, 256));
  const other = new ByteRing(arena, 1000);
  assertEquals(other.write(pattern(0, 1), 0, 1), 0);
  ring.trim();
  assertEquals(other.write(pattern(0, 1), 0, 1), 1);
});

Deno.test("a limit below the length takes nothing more and loses nothing", () => {
  const ring = new ByteRing(new Arena(4096), 400);
  ring.write(pattern(0, 400), 0, 400);
  ring.limit = 100;
  assertEquals(ring.free, 0);
  assertEquals(ring.write(pattern(0, 1), 0, 1), 0);
  assertEquals(ring.place(0, pattern(0, 1), 0, 1), 0);
  ring.discard(350);
  assertEquals(ring.free, 50);
  assertEquals(readAll(ring), pattern(350, 50));
});

Deno.test("place() keeps early bytes through growth until extend()", () => {
  const ring = new ByteRing(new Arena(65_536), 10_000);
  ring.place(0, pattern(0, 200), 0, 200);
  ring.extend(200);
  ring.discard(150); // so that the next place wraps
  assertEquals(ring.place(150, pattern(350, 50), 0, 50), 50);
  assertEquals(ring.capacity, 256);
  assertEquals(ring.place(5000, pattern(5200, 100), 0, 100), 100);
  assertEquals(ring.capacity, 8192);
  assertEquals(ring.length, 50);
  assertEquals(ring.place(0, pattern(200, 150), 0, 150), 150);
  assertEquals(ring.place(200, pattern(400, 4800), 0, 4800), 4800);
  ring.extend(5100);
  assertEquals(readAll(ring), pattern(150, 5150));
});

Deno.test("place() is cut at the limit and places nothing beyond it", () => {
  const ring = new ByteRing(new Arena(4096), 1000);
  assertEquals(ring.place(990, pattern(0, 20), 0, 20), 10);
  assertEquals(ring.place(1000, pattern(0, 20), 0, 20), 0);
  assertEquals(ring.place(5000, pattern(0, 20), 0, 20), 0);
  assertThrows(() => ring.place(-1, pattern(0, 1), 0, 1), RangeError);
});

Deno.test("place() places nothing far ahead when the arena is exhausted", () => {
  const ring = new ByteRing(new Arena(256), 10_000);
  assertEquals(ring.place(0, pattern(0, 10), 0, 10), 10);
  assertEquals(ring.place(300, pattern(0, 10), 0, 10), 0);
  assertEquals(ring.place(250, pattern(0, 10), 0, 10), 6);
});

Deno.test("extend() throws for bytes that were never placed", () => {
  const ring = new ByteRing(new Arena(4096), 1000);
  ring.place(0, pattern(0, 10), 0, 10);
  assertThrows(() => ring.extend(11), RangeError, "Cannot extend ring");
  assertThrows(() => ring.extend(-1), RangeError);
  ring.extend(10);
  assertEquals(ring.length, 10);
  assertThrows(() => ring.extend(1), RangeError);
});

Deno.test("discard() and refer() throw for more than is readable", () => {
  const ring = new ByteRing(new Arena(4096), 1000);
  ring.place(0, pattern(0, 20), 0, 20);
  ring.extend(10);
  assertThrows(() => ring.discard(11), RangeError, "Cannot discard bytes");
  assertThrows(() => ring.discard(-1), RangeError);
  const ref = new PayloadRef(new Uint8Array(0));
  assertThrows(() => ring.refer(5, 6, ref), RangeError, "Cannot refer");
  assertThrows(() => ring.refer(-1, 6, ref), RangeError);
});

Deno.test("peek() copies from any place and consumes nothing", () => {
  const ring = new ByteRing(new Arena(4096), 1000);
  ring.write(pattern(0, 100), 0, 100);
  const out = new Uint8Array(12);
  assertEquals(ring.peek(95, out, 2, 10), 5);
  assertEquals(out, Uint8Array.from([0, 0, 95, 96, 97, 98, 99, 0, 0, 0, 0, 0]));
  assertEquals(ring.peek(100, out, 0, 10), 0);
  assertEquals(ring.peek(200, out, 0, 10), 0);
  assertEquals(ring.length, 100);
});

Deno.test("refer() gives two pieces where the ring wraps", () => {
  const arena = new Arena(4096);
  arena.allocate(256);
  const ring = new ByteRing(arena, 256);
  ring.write(pattern(0, 256), 0, 256);
  ring.discard(200);
  ring.write(pattern(256, 100), 0, 100);
  const ref = new PayloadRef(new Uint8Array(0));
  ring.refer(0, 156, ref);
  assertEquals([ref.length, ref.wrapLength], [56, 100]);
  assertEquals(resolve(ref), [...pattern(200, 156)]);
  ring.refer(56, 10, ref);
  assertEquals([ref.length, ref.wrapLength], [10, 0]);
  assertEquals(resolve(ref), [...pattern(256, 10)]);
  ring.refer(0, 0, ref);
  assertEquals(resolve(ref), []);
});

Deno.test("trim() keeps what is held, placed bytes included; release() does not", () => {
  const arena = new Arena(4096);
  const ring = new ByteRing(arena, 1000);
  ring.place(10, pattern(0, 10), 0, 10);
  ring.trim();
  assertEquals(arena.used, 256);
  ring.release();
  assertEquals([arena.used, ring.length, ring.capacity], [0, 0, 0]);
  ring.write(pattern(7, 300), 0, 300);
  assertEquals(readAll(ring), pattern(7, 300));
  ring.trim();
  assertEquals(arena.used, 0);
});

Deno.test("bytes cross from ring to ring within one arena", () => {
  const arena = new Arena(4096);
  const from = new ByteRing(arena, 1000);
  const to = new ByteRing(arena, 1000);
  from.write(pattern(0, 500), 0, 500);
  const ref = new PayloadRef(arena.bytes);
  from.refer(0, 500, ref);
  to.write(ref.bytes, ref.offset, ref.length);
  assertEquals(readAll(to), pattern(0, 500));
});

Deno.test("a sender's ring behaves like an unbounded array under any operations", () => {
  const operation = fc.tuple(
    fc.constantFrom("write", "read", "peek", "discard", "refer", "trim"),
    fc.nat(700),
    fc.nat(700),
  );
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 2000 }),
    fc.array(operation, { maxLength: 100 }),
    (limit, operations) => {
      const arena = new Arena(8192);
      arena.allocate(256); // so that the ring does not begin at offset 0
      const ring = new ByteRing(arena, limit);
      const ref = new PayloadRef(new Uint8Array(0));
      let model: number[] = [];
      let written = 0;
      for (const [what, a, b] of operations) {
        const out = new Uint8Array(b + 3);
        if (what === "write") {
          const taken = ring.write(pattern(written, a + 1), 1, a);
          assertEquals(taken, Math.min(a, limit - model.length));
          model.push(...pattern(written + 1, taken));
          written += taken;
        } else if (what === "read") {
          const count = ring.read(out, 3, b);
          assertEquals([...out.subarray(3, 3 + count)], model.slice(0, b));
          model = model.slice(count);
        } else if (what === "peek") {
          const count = ring.peek(a, out, 3, b);
          assertEquals([...out.subarray(3, 3 + count)], model.slice(a, a + b));
        } else if (what === "discard") {
          const count = Math.min(a, model.length);
          ring.discard(count);
          model = model.slice(count);
        } else if (what === "refer") {
          const from = Math.min(a, model.length);
          const length = Math.min(b, model.length - from);
          ring.refer(from, length, ref);
          assertEquals(resolve(ref), model.slice(from, from + length));
        } else {
          ring.trim();
          assertEquals(ring.capacity === 0, model.length === 0);
        }
        assertEquals(ring.length, model.length);
        assertEquals(ring.free, limit - model.length);
        assertEquals(arena.used, 256 + ring.capacity);
      }
    },
  ));
});

Deno.test("a receiver's ring yields the stream however its pieces are ordered", () => {
  const piece = fc.tuple(fc.nat(1500), fc.integer({ min: 1, max: 400 }));
  fc.assert(fc.property(
    fc.array(piece, { maxLength: 60 }),
    fc.nat(300),
    (pieces, appetite) => {
      const arena = new Arena(8192);
      arena.allocate(256);
      const ring = new ByteRing(arena, 1200);
      const have = new Set<number>(); // stream positions placed
      let next = 0; // first position not yet readable
      let consumed = 0;
      for (const [start, length] of pieces) {
        const at = Math.max(start, next);
        const count = start + length - at;
        if (count > 0) {
          const placed = ring.place(at - next, pattern(at, count), 0, count);
          const room = Math.max(0, consumed + 1200 - at);
          assertEquals(placed, Math.min(count, room));
          for (let i = 0; i < placed; i++) have.add(at + i);
        }
        let extended = 0;
        while (have.has(next + extended)) extended++;
        ring.extend(extended);
        next += extended;
        assertEquals(ring.length, next - consumed);
        const out = new Uint8Array(appetite);
        const count2 = ring.read(out, 0, appetite);
        assertEquals(out.subarray(0, count2), pattern(consumed, count2));
        consumed += count2;
      }
      assertEquals(readAll(ring), pattern(consumed, next - consumed));
      ring.release();
      assertEquals(arena.used, 256);
    },
  ));
});
