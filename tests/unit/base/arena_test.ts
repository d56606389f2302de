import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { Arena, ARENA_GRANULE } from "../../../engine/base/arena.ts";
import { FRAME_CAPACITY, FRAME_HEADROOM } from "../../../engine/base/frame.ts";

const KIB = 1024;

Deno.test("Arena rejects a capacity that is not a multiple of a granule in range", () => {
  for (const capacity of [0, -256, 255, 300, 256.5, NaN, 2 ** 30 + 256]) {
    assertThrows(() => new Arena(capacity), RangeError, "Cannot create arena");
  }
  assertEquals(new Arena(256).capacity, 256);
});

Deno.test("allocate() rounds up to a power of two of at least a granule", () => {
  const table = [[1, 256], [256, 256], [257, 512], [512, 512], [513, 1024], [
    65_792,
    131_072,
  ]];
  for (const [size, block] of table) {
    const arena = new Arena(256 * KIB);
    const offset = arena.allocate(size);
    assertEquals(offset % block, 0, `size ${size}`);
    assertEquals(arena.used, block, `size ${size}`);
    arena.free(offset, size);
    assertEquals(arena.used, 0, `size ${size}`);
  }
});

Deno.test("allocate() returns -1 when exhausted and serves again after free()", () => {
  const arena = new Arena(1024);
  assertEquals(arena.allocate(1025), -1);
  const whole = arena.allocate(1024);
  assertEquals(whole, 0);
  assertEquals(arena.allocate(1), -1);
  arena.free(whole, 1024);
  assertEquals(arena.allocate(600), 0);
});

Deno.test("allocate() throws for a size that is no positive integer", () => {
  const arena = new Arena(1024);
  for (const size of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => arena.allocate(size), RangeError, "Cannot allocate");
  }
});

Deno.test("free() joins what was split, in any order", () => {
  fc.assert(fc.property(
    fc.shuffledSubarray([...Array(16).keys()], { minLength: 16 }),
    (order) => {
      const arena = new Arena(16 * ARENA_GRANULE);
      const blocks = order.map(() => arena.allocate(1));
      assertEquals(arena.allocate(1), -1);
      for (const i of order) arena.free(blocks[i], 1);
      assertEquals(arena.allocate(16 * ARENA_GRANULE), 0);
    },
  ));
});

Deno.test("free() throws for a block that is not taken", () => {
  const arena = new Arena(4096);
  const offset = arena.allocate(512);
  assertThrows(() => arena.free(offset, 256), RangeError, "Cannot free block");
  assertThrows(() => arena.free(offset + 256, 256), RangeError);
  assertThrows(() => arena.free(offset + 1, 512), RangeError);
  assertThrows(() => arena.free(-1, 512), RangeError);
  assertThrows(() => arena.free(4096, 512), RangeError);
  arena.free(offset, 512);
  assertThrows(() => arena.free(offset, 512), RangeError);
  assertEquals(arena.used, 0);
});

Deno.test("Arena uses all of a capacity that is no power of two", () => {
  const arena = new Arena(7 * ARENA_GRANULE);
  const blocks = [4, 2, 1].map((n) => arena.allocate(n * ARENA_GRANULE));
  assert(blocks.every((offset) => offset >= 0));
  assertEquals(new Set(blocks).size, 3);
  assertEquals(arena.used, arena.capacity);
});

Deno.test("Arena fails only when no aligned place is free, never overlaps blocks, and all of it is free again at the end", () => {
  const operation = fc.record({
    take: fc.boolean(),
    size: fc.oneof(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 9000 }),
    ),
    pick: fc.nat(),
  });
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 100 }),
    fc.array(operation, { maxLength: 200, size: "max" }),
    (granules, operations) => {
      const arena = new Arena(granules * ARENA_GRANULE);
      const live: { offset: number; size: number; block: number }[] = [];
      for (const { take, size, pick } of operations) {
        if (take) {
          let block = 256;
          while (block < size) block *= 2;
          const offset = arena.allocate(size);
          assertEquals(offset < 0, !fits(arena.capacity, block, live));
          if (offset < 0) continue;
          assert(offset + block <= arena.capacity);
          for (const other of live) {
            assert(
              offset + block <= other.offset ||
                other.offset + other.block <= offset,
            );
          }
          live.push({ offset, size, block });
        } else if (live.length > 0) {
          const [gone] = live.splice(pick % live.length, 1);
          arena.free(gone.offset, gone.size);
        }
        assertEquals(arena.used, live.reduce((sum, l) => sum + l.block, 0));
      }
      for (const { offset, size } of live) arena.free(offset, size);
      let largest = 256;
      while (2 * largest <= arena.capacity) largest *= 2;
      assert(arena.allocate(largest) >= 0, "the largest block is whole again");
    },
  ));
});

/** Whether some aligned place for a block is clear of all live ones. */
function fits(
  capacity: number,
  block: number,
  live: readonly { offset: number; block: number }[],
): boolean {
  for (let at = 0; at + block <= capacity; at += block) {
    const clear = live.every((l) =>
      at + block <= l.offset || l.offset + l.block <= at
    );
    if (clear) return true;
  }
  return false;
}

Deno.test("createFrame() makes a frame of arena memory", () => {
  const arena = new Arena(256 * KIB);
  const first = arena.createFrame();
  const second = arena.createFrame();
  assert(first.bytes === arena.bytes && first.view === arena.view);
  assertEquals(first.limit - first.base, FRAME_CAPACITY);
  assertEquals(first.start, first.base + FRAME_HEADROOM);
  assert(first.limit <= second.base || second.limit <= first.base);
  assertThrows(() => arena.createFrame(), RangeError, "larger arena");
});
