import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { RangeSet } from "../../../engine/base/range_set.ts";
import type { Seq } from "../../../engine/base/units.ts";

// A bug in circular arithmetic hides at 0, 2^31 and 2^32.
const BASES = [0, 0x7fffff00, 0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff];

function at(base: number, offset: number): Seq {
  return (base + offset | 0) as unknown as Seq;
}

/** The ranges as offsets from `base`. */
function ranges(set: RangeSet, base: number): [number, number][] {
  return Array.from({ length: set.count }, (_, i) => [
    (set.start(i) as unknown as number) - base | 0,
    (set.end(i) as unknown as number) - base | 0,
  ]);
}

Deno.test("RangeSet rejects a capacity out of range", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assertThrows(() => new RangeSet(capacity), RangeError);
  }
});

Deno.test("add() joins ranges that overlap or touch and counts only new bytes", () => {
  for (const base of BASES) {
    const set = new RangeSet(8);
    const add = (a: number, b: number): number =>
      set.add(at(base, a), at(base, b));
    assertEquals(add(10, 20), 10);
    assertEquals(add(30, 40), 10);
    assertEquals(ranges(set, base), [[10, 20], [30, 40]]);
    assertEquals(add(20, 25), 5);
    assertEquals(add(28, 30), 2);
    assertEquals(ranges(set, base), [[10, 25], [28, 40]]);
    assertEquals(add(12, 18), 0);
    assertEquals(add(10, 25), 0);
    assertEquals(add(0, 50), 23);
    assertEquals(ranges(set, base), [[0, 50]]);
    assertEquals(set.bytes, 50);
  }
});

Deno.test("add() ignores empty and inverted ranges", () => {
  const set = new RangeSet(2);
  assertEquals(set.add(at(5, 0), at(5, 0)), 0);
  assertEquals(set.add(at(5, 0), at(4, 0)), 0);
  assertEquals([set.count, set.bytes], [0, 0]);
});

Deno.test("add() refuses a range too many but still joins", () => {
  const set = new RangeSet(2);
  set.add(at(0, 0), at(0, 10));
  set.add(at(0, 20), at(0, 30));
  assertEquals(set.add(at(0, 40), at(0, 50)), -1);
  assertEquals(set.bytes, 20);
  assertEquals(set.add(at(0, 30), at(0, 50)), 20);
  assertEquals(set.add(at(0, 5), at(0, 25)), 10);
  assertEquals(ranges(set, 0), [[0, 50]]);
});

Deno.test("removeBefore() drops and cuts", () => {
  for (const base of BASES) {
    const set = new RangeSet(4);
    set.add(at(base, 0), at(base, 10));
    set.add(at(base, 20), at(base, 30));
    set.removeBefore(at(base, -5));
    assertEquals(set.bytes, 20);
    set.removeBefore(at(base, 10));
    assertEquals(ranges(set, base), [[20, 30]]);
    set.removeBefore(at(base, 25));
    assertEquals(ranges(set, base), [[25, 30]]);
    assertEquals(set.bytes, 5);
    set.removeBefore(at(base, 30));
    assertEquals([set.count, set.bytes], [0, 0]);
    set.removeBefore(at(base, 99));
  }
});

Deno.test("covers() and overlaps() answer for empty ranges, edges and holes", () => {
  for (const base of BASES) {
    const set = new RangeSet(4);
    set.add(at(base, 10), at(base, 20));
    set.add(at(base, 30), at(base, 40));
    const covers = (a: number, b: number): boolean =>
      set.covers(at(base, a), at(base, b));
    const overlaps = (a: number, b: number): boolean =>
      set.overlaps(at(base, a), at(base, b));
    assertEquals([covers(10, 20), covers(15, 20), covers(9, 20)], [
      true,
      true,
      false,
    ]);
    assertEquals([covers(15, 35), covers(20, 30), covers(5, 5)], [
      false,
      false,
      true,
    ]);
    assertEquals([overlaps(0, 10), overlaps(0, 11), overlaps(20, 30)], [
      false,
      true,
      false,
    ]);
    assertEquals([overlaps(19, 20), overlaps(15, 15), overlaps(39, 99)], [
      true,
      false,
      true,
    ]);
  }
});

Deno.test("start() and end() throw for a range that is not there", () => {
  const set = new RangeSet(4);
  for (const i of [-1, 0, 1, NaN]) {
    assertThrows(() => set.start(i), RangeError, "Cannot read range");
    assertThrows(() => set.end(i), RangeError);
  }
});

Deno.test("RangeSet spans nearly half the circle", () => {
  const set = new RangeSet(4);
  assertEquals(
    set.add(at(0x90000000, 0), at(0x90000000, 0x7fffffff)),
    2147483647,
  );
  assertEquals(set.bytes, 0x7fffffff);
});

Deno.test("RangeSet agrees with a set of integers under any operations", () => {
  const operation = fc.tuple(
    fc.constantFrom("add", "removeBefore", "covers", "overlaps", "clear"),
    fc.nat(120),
    fc.nat(40),
  );
  fc.assert(fc.property(
    fc.constantFrom(...BASES),
    fc.integer({ min: 1, max: 12 }),
    fc.array(operation, { maxLength: 80 }),
    (base, capacity, operations) => {
      const set = new RangeSet(capacity);
      let model = new Set<number>();
      for (const [what, a, length] of operations) {
        const members = Array.from({ length }, (_, i) => a + i);
        const start = at(base, a), end = at(base, a + length);
        if (what === "add") {
          const grown = new Set([...model, ...members]);
          const added = set.add(start, end);
          if (islands(grown).length > capacity) assertEquals(added, -1);
          else {
            assertEquals(added, grown.size - model.size);
            model = grown;
          }
        } else if (what === "removeBefore") {
          set.removeBefore(start);
          model = new Set([...model].filter((n) => n >= a));
        } else if (what === "covers") {
          assertEquals(
            set.covers(start, end),
            members.every((n) => model.has(n)),
          );
        } else if (what === "overlaps") {
          assertEquals(
            set.overlaps(start, end),
            members.some((n) => model.has(n)),
          );
        } else {
          set.clear();
          model = new Set();
        }
        assertEquals(set.bytes, model.size);
        assertEquals(ranges(set, base), islands(model));
      }
    },
  ));
});

function islands(model: Set<number>): [number, number][] {
  const out: [number, number][] = [];
  for (const n of [...model].sort((x, y) => x - y)) {
    const last = out.at(-1);
    if (last !== undefined && last[1] === n) last[1] = n + 1;
    else out.push([n, n + 1]);
  }
  return out;
}
