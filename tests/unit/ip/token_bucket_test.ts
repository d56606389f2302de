import { assertEquals } from "@std/assert";
import { MILLISECOND, SECOND } from "../../../engine/base/units.ts";
import { TokenBucket } from "../../../engine/ip/token_bucket.ts";

function takeMany(bucket: TokenBucket, tries: number, now: number): number {
  let taken = 0;
  for (let i = 0; i < tries; i++) if (bucket.take(now)) taken++;
  return taken;
}

Deno.test("take() allows a burst, then the rate", () => {
  const bucket = new TokenBucket(1000, 50);
  assertEquals(takeMany(bucket, 100, 0), 50);
  assertEquals(takeMany(bucket, 100, 999), 0);
  assertEquals(takeMany(bucket, 100, 3 * MILLISECOND), 3);
});

Deno.test("take() never saves more than a burst, nor loses by a clock that stands", () => {
  const bucket = new TokenBucket(1000, 50);
  assertEquals(takeMany(bucket, 100, 0), 50);
  assertEquals(takeMany(bucket, 100, 3600 * SECOND), 50);
  assertEquals(takeMany(bucket, 100, 3600 * SECOND), 0);
});
