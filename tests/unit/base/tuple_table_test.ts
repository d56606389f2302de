import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import { TupleTable } from "../../../engine/base/tuple_table.ts";

type Key = [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** An IPv4 connection to 10.0.0.1 from a remote address and port. */
function key(remote: number, port: number): Key {
  return [0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, remote | 0, 80 << 16 | port];
}

Deno.test("TupleTable finds nothing when empty", () => {
  const table = new TupleTable(1, 2);
  assertEquals(table.find(...key(1, 1)), -1);
  assertEquals(table.find(0, 0, 0, 0, 0, 0, 0, 0, 0), -1);
  assertEquals(table.remove(...key(1, 1)), -1);
  assertEquals(table.size, 0);
});

Deno.test("insert() refuses a key that is present and keeps its handle", () => {
  const table = new TupleTable(1, 2);
  assert(table.insert(...key(1, 1), 7));
  assert(!table.insert(...key(1, 1), 8));
  assertEquals(table.find(...key(1, 1)), 7);
  assertEquals(table.size, 1);
});

Deno.test("insert() keeps every handle from 0 to 2^31 - 1 and throws for a negative one", () => {
  for (const handle of [0, 1, 0x7ffffffe, 0x7fffffff]) {
    const table = new TupleTable(1, 2);
    table.insert(...key(1, 1), handle);
    assertEquals(table.find(...key(1, 1)), handle);
    assertEquals(table.remove(...key(1, 1)), handle);
    assertEquals(table.find(...key(1, 1)), -1);
  }
  assertThrows(
    () => new TupleTable(1, 2).insert(...key(1, 1), -1),
    RangeError,
    "Cannot insert tuple",
  );
});

Deno.test("find() tells keys apart that differ in one bit of any word", () => {
  const table = new TupleTable(3, 4);
  const base: Key = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  table.insert(...base, 1000);
  for (let word = 0; word < 9; word++) {
    for (let bit = 0; bit < 32; bit++) {
      const other = base.slice() as Key;
      other[word] ^= 1 << bit;
      assertEquals(table.find(...other), -1);
      assert(table.insert(...other, word * 32 + bit));
    }
  }
  assertEquals(table.size, 289);
  assertEquals(table.find(...base), 1000);
});

Deno.test("remove() leaves every other entry findable through churn", () => {
  const table = new TupleTable(5, 6);
  const random = new SeededRandom(1);
  const model = new Map<number, number>();
  for (let i = 0; i < 60_000; i++) {
    const port = random.below(3000);
    if (random.below(2) === 0) {
      assertEquals(table.insert(...key(9, port), i), !model.has(port));
      if (!model.has(port)) model.set(port, i);
    } else {
      assertEquals(table.remove(...key(9, port)), model.get(port) ?? -1);
      model.delete(port);
    }
  }
  assertEquals(table.size, model.size);
  for (let port = 0; port < 3000; port++) {
    assertEquals(table.find(...key(9, port)), model.get(port) ?? -1);
  }
});

Deno.test("TupleTable agrees with a Map under any operations, whatever the seeds", () => {
  const operation = fc.tuple(
    fc.constantFrom("insert", "remove", "find"),
    fc.nat(40),
  );
  fc.assert(fc.property(
    fc.integer(),
    fc.integer(),
    fc.array(operation, { maxLength: 200 }),
    (seed0, seed1, operations) => {
      const table = new TupleTable(seed0, seed1);
      const model = new Map<number, number>();
      operations.forEach(([what, port], i) => {
        const held = model.get(port) ?? -1;
        if (what === "insert") {
          assertEquals(table.insert(...key(-1, port), i), held < 0);
          if (held < 0) model.set(port, i);
        } else if (what === "remove") {
          assertEquals(table.remove(...key(-1, port)), held);
          model.delete(port);
        } else {
          assertEquals(table.find(...key(-1, port)), held);
        }
        assertEquals(table.size, model.size);
      });
    },
  ));
});
