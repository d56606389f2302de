import { assert, assertEquals } from "@std/assert";
import { CryptoRandom } from "../../../ffi/random.ts";

Deno.test("int32() draws int32s without repeating across batches", () => {
  const random = new CryptoRandom();
  const seen = new Set<number>();
  for (let i = 0; i < 5_000; i++) {
    const value = random.int32();
    assertEquals(value, value | 0);
    seen.add(value);
  }
  // 5,000 of 2^32: three collisions or more happen once in 10^9 runs; a repeated batch would give thousands.
  assert(seen.size > 4_990, `${seen.size} distinct values`);
});

Deno.test("int32() sets every bit about half the time", () => {
  const random = new CryptoRandom();
  const counts = new Array<number>(32).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const value = random.int32();
    for (let bit = 0; bit < 32; bit++) counts[bit] += value >>> bit & 1;
  }
  // Ten standard deviations of 50 around 5,000.
  for (const count of counts) {
    assert(Math.abs(count - 5_000) < 500, `${counts}`);
  }
});
