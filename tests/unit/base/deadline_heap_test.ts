import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { DeadlineHeap } from "../../../engine/base/deadline_heap.ts";
import { SLOT_INDEX_BITS } from "../../../engine/base/slot_table.ts";

function drain(heap: DeadlineHeap, now: number): number[] {
  const out: number[] = [];
  for (let h = heap.popDue(now); h >= 0; h = heap.popDue(now)) out.push(h);
  return out;
}

Deno.test("DeadlineHeap has nothing due when empty", () => {
  const heap = new DeadlineHeap();
  assertEquals([heap.earliest, heap.popDue(1e300), heap.size], [
    Infinity,
    -1,
    0,
  ]);
  heap.remove(0);
  heap.remove(999);
  heap.set(5, Infinity);
  assertEquals([heap.size, heap.earliest], [0, Infinity]);
});

Deno.test("popDue() gives what is due at or before now, earliest first", () => {
  const heap = new DeadlineHeap();
  heap.set(1, 30);
  heap.set(2, 10);
  heap.set(3, 20);
  assertEquals(heap.popDue(9.999), -1);
  assertEquals(heap.earliest, 10);
  assertEquals(drain(heap, 20), [2, 3]);
  assertEquals(heap.earliest, 30);
  assertEquals(drain(heap, Infinity), [1]);
});

Deno.test("set() moves a deadline both ways and Infinity removes it", () => {
  const heap = new DeadlineHeap();
  for (let i = 0; i < 10; i++) heap.set(i, 100 + i);
  heap.set(9, 1);
  heap.set(0, 1000);
  heap.set(5, Infinity);
  assertEquals(heap.size, 9);
  assertEquals(drain(heap, 1000), [9, 1, 2, 3, 4, 6, 7, 8, 0]);
});

Deno.test("set() keeps instants past 2^32 µs and below a microsecond apart", () => {
  const heap = new DeadlineHeap();
  heap.set(0, 2 ** 40 + 0.5);
  heap.set(1, 2 ** 40);
  assertEquals(heap.popDue(2 ** 40 - 1), -1);
  assertEquals(drain(heap, 2 ** 40), [1]);
  assertEquals(heap.earliest, 2 ** 40 + 0.5);
});

Deno.test("set() throws for NaN and for a negative handle", () => {
  const heap = new DeadlineHeap();
  assertThrows(() => heap.set(0, NaN), RangeError, "Cannot set deadline");
  assertThrows(() => heap.set(-1, 5), RangeError);
  assertEquals(heap.size, 0);
});

Deno.test("remove() spares the deadline of a slot's next owner", () => {
  const heap = new DeadlineHeap();
  const old = 3, young = 1 << SLOT_INDEX_BITS | 3;
  heap.set(old, 10);
  heap.set(young, 20);
  assertEquals(heap.size, 1);
  heap.remove(old);
  assertEquals(drain(heap, 100), [young]);
});

Deno.test("ties come out in the same order for the same calls", () => {
  const run = (): number[] => {
    const heap = new DeadlineHeap();
    for (let i = 0; i < 50; i++) heap.set(i * 7 % 50, 5);
    return drain(heap, 5);
  };
  assertEquals(run(), run());
  assertEquals(run().toSorted((a, b) => a - b), [...Array(50).keys()]);
});

Deno.test("DeadlineHeap agrees with a Map under any operations", () => {
  const operation = fc.tuple(
    fc.constantFrom("set", "set", "set", "remove", "pop"),
    fc.nat(60),
    fc.oneof(fc.nat(100), fc.constant(Infinity)),
  );
  fc.assert(fc.property(
    fc.array(operation, { maxLength: 300 }),
    (operations) => {
      const heap = new DeadlineHeap();
      const model = new Map<number, number>();
      for (const [what, handle, at] of operations) {
        if (what === "set") {
          heap.set(handle, at);
          if (at === Infinity) model.delete(handle);
          else model.set(handle, at);
        } else if (what === "remove") {
          heap.remove(handle);
          model.delete(handle);
        } else {
          const earliest = Math.min(Infinity, ...model.values());
          const popped = heap.popDue(at);
          if (model.size === 0 || earliest > at) assertEquals(popped, -1);
          else {
            assertEquals(model.get(popped), earliest);
            model.delete(popped);
          }
        }
        assertEquals(heap.size, model.size);
        assertEquals(heap.earliest, Math.min(Infinity, ...model.values()));
      }
    },
  ));
});
