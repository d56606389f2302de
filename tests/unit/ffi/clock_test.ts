import { assert } from "@std/assert";
import { MonotonicClock } from "../../../ffi/clock.ts";

Deno.test("now() never decreases and counts microseconds", async () => {
  const clock = new MonotonicClock();
  const start = clock.now();
  let last = start;
  for (let i = 0; i < 10_000; i++) {
    const now = clock.now();
    assert(now >= last);
    last = now;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  // A timer of 20 ms may be late by any amount, but not early by half.
  assert(clock.now() - start >= 10_000);
});
