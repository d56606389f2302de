import { assertEquals } from "@std/assert";
import { FastOpenBlackhole } from "../../../engine/tcp/fast_open_blackhole.ts";

Deno.test("restsUntil() doubles with each find, up to 64 times, and ends with a success", () => {
  const hole = new FastOpenBlackhole();
  assertEquals(hole.restsUntil(100), -Infinity);
  for (let found = 0; found < 10; found++) {
    hole.noteFound(1_000);
    assertEquals(hole.restsUntil(100), 1_000 + 100 * 2 ** Math.min(found, 6));
  }
  hole.noteSuccess();
  assertEquals(hole.restsUntil(100), -Infinity);
});

Deno.test("restsUntil() is never when the first rest is 0", () => {
  const hole = new FastOpenBlackhole();
  hole.noteFound(5);
  assertEquals(hole.restsUntil(0), -Infinity);
  assertEquals(hole.count, 1);
});
