import { assertEquals, assertThrows } from "@std/assert";
import { Counters } from "../../../engine/base/counters.ts";

Deno.test("Counters count by id and report by name", () => {
  const counters = new Counters(["segments", "bytes"]);
  counters.increment(0);
  counters.increment(0);
  counters.add(1, 1448);
  assertEquals(counters.get("segments"), 2);
  assertEquals(counters.toObject(), { segments: 2, bytes: 1448 });
});

Deno.test("add() stays exact past 2^32", () => {
  const counters = new Counters(["bytes"]);
  counters.add(0, 2 ** 32);
  counters.increment(0);
  assertEquals(counters.get("bytes"), 2 ** 32 + 1);
});

Deno.test("get() throws for a name that is not in the list", () => {
  assertThrows(
    () => new Counters(["a"]).get("b"),
    RangeError,
    "Cannot read counter",
  );
});
