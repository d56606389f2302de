import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";

Deno.test("int32() follows the published sequence of xoshiro128** from state 0, 1, 2, 3", () => {
  const random = new SeededRandom(0);
  random.restart(0, 1, 2, 3);
  const expected = [
    5760,
    17280,
    2966400,
    32451840,
    2604340873,
    3891234569,
    1254043636,
    216095511,
  ];
  assertEquals(expected.map(() => random.int32() >>> 0), expected);
});

Deno.test("restart() never leaves a generator that gives only zeros", () => {
  const random = new SeededRandom(0);
  random.restart(0, 0, 0, 0);
  assert(Array.from({ length: 8 }, () => random.int32()).some((n) => n !== 0));
});

Deno.test("SeededRandom repeats itself for a seed and differs between neighbours", () => {
  const draw = (seed: number): number[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 16 }, () => random.int32());
  };
  assertEquals(draw(42), draw(42));
  assertNotEquals(draw(42), draw(43));
  assertNotEquals(draw(0), draw(1));
});

Deno.test("uniform() stays in [0, 1) and fills it evenly", () => {
  const random = new SeededRandom(7);
  const buckets = new Float64Array(16);
  for (let i = 0; i < 160_000; i++) {
    const u = random.uniform();
    assert(u >= 0 && u < 1);
    buckets[Math.floor(u * 16)]++;
  }
  // 10,000 expected, standard deviation 97; the seed is fixed, so this cannot flicker.
  for (const count of buckets) assert(Math.abs(count - 10_000) < 500);
});

Deno.test("below() covers exactly [0, n)", () => {
  const random = new SeededRandom(7);
  const seen = new Set(Array.from({ length: 1000 }, () => random.below(5)));
  assertEquals([...seen].toSorted(), [0, 1, 2, 3, 4]);
  assertEquals(random.below(1), 0);
  for (const n of [0, -1, 1.5, NaN, 2 ** 33]) {
    assertThrows(() => random.below(n), RangeError, "Cannot draw");
  }
});
