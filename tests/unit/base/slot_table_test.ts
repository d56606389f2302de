import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as fc from "fast-check";
import { SLOT_INDEX_MASK, SlotTable } from "../../../engine/base/slot_table.ts";

Deno.test("add() gives dense slots from 0 and non-negative handles", () => {
  const table = new SlotTable<string>();
  assertEquals([table.add("a"), table.add("b"), table.add("c")], [0, 1, 2]);
  assertEquals(table.get(1), "b");
  assertEquals(table.size, 3);
});

Deno.test("get() finds nothing under handles never given", () => {
  const table = new SlotTable<string>();
  for (const handle of [0, 1, -1, 1 << 20, 0x7fffffff, -0x80000000]) {
    assertEquals(table.get(handle), undefined);
    assertEquals(table.remove(handle), undefined);
  }
  table.add("a");
  for (const handle of [1, -1, 1 << 20, 0x7fffffff, -0x80000000]) {
    assertEquals(table.get(handle), undefined);
    assertEquals(table.remove(handle), undefined);
  }
});

Deno.test("a stale handle finds nothing when its slot is used again", () => {
  const table = new SlotTable<number>();
  const stale = table.add(0);
  table.remove(stale);
  assertEquals(table.get(stale), undefined);
  let reused = -1;
  for (let i = 1; reused < 0; i++) {
    const handle = table.add(i);
    assert(i < 5000, "the slot must come round");
    if ((handle & SLOT_INDEX_MASK) === stale) reused = handle;
    else table.remove(handle);
  }
  assertNotEquals(reused, stale);
  assertEquals(table.get(stale), undefined);
  assertEquals(table.remove(stale), undefined);
  assertNotEquals(table.get(reused), undefined);
});

Deno.test("no handle repeats within a million lives of a table of one", () => {
  const table = new SlotTable<number>();
  const seen = new Uint8Array(2 ** 31 / 8); // a bit per handle; committed only where touched
  for (let i = 0; i < 1_000_000; i++) {
    const handle = table.add(i);
    assert(handle >= 0);
    const bit = 1 << (handle & 7);
    assert((seen[handle >> 3] & bit) === 0, `handle ${handle} at ${i}`);
    seen[handle >> 3] |= bit;
    table.remove(handle);
  }
});

Deno.test("add() returns -1 when every slot is taken, and works again after remove()", () => {
  const table = new SlotTable<number>();
  for (let i = 0; i < 1 << 20; i++) assertEquals(table.add(i), i);
  assertEquals(table.add(0), -1);
  assertEquals(table.remove(12345), 12345);
  assertEquals(table.add(7) & SLOT_INDEX_MASK, 12345);
  assertEquals(table.add(0), -1);
});

Deno.test("forEach() visits all objects in the order of slots and permits removal", () => {
  const table = new SlotTable<string>();
  const handles = ["a", "b", "c", "d"].map((item) => table.add(item));
  table.remove(handles[1]);
  const visited: [string, number][] = [];
  table.forEach((item, handle) => {
    visited.push([item, handle]);
    table.remove(handles[2]);
  });
  assertEquals(visited, [["a", 0], ["d", 3]]);
});

Deno.test("SlotTable agrees with a Map under any operations", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 300 }),
    (operations) => {
      const table = new SlotTable<number>();
      const model = new Map<number, number>();
      const gone: number[] = [];
      operations.forEach(([add, pick], i) => {
        if (add) {
          const handle = table.add(i);
          assert(!model.has(handle) && !gone.includes(handle));
          model.set(handle, i);
        } else if (model.size > 0) {
          const handle = [...model.keys()][pick % model.size];
          assertEquals(table.remove(handle), model.get(handle));
          model.delete(handle);
          gone.push(handle);
        }
      });
      assertEquals(table.size, model.size);
      for (const [handle, item] of model) assertEquals(table.get(handle), item);
      for (const handle of gone) assertEquals(table.get(handle), undefined);
    },
  ));
});
