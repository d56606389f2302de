import { assertEquals, assertThrows } from "@std/assert";
import {
  TRACE_EVENT,
  TRACE_KINDS,
  TRACE_STATE,
  TRACE_TRANSMIT,
  TraceLog,
  traceSeq,
} from "../../../engine/base/trace.ts";
import * as trace from "../../../engine/base/trace.ts";
import type { Seq } from "../../../engine/base/units.ts";

Deno.test("every TRACE_* kind has its line in TRACE_KINDS", () => {
  const kinds = Object.entries(trace)
    .filter(([name, value]) =>
      /^TRACE_/.test(name) && typeof value === "number"
    )
    .map(([, value]) => value as unknown as number);
  assertEquals(
    kinds.toSorted((a, b) => a - b),
    [...TRACE_KINDS.keys()],
  );
});

Deno.test("format() prints seconds, connection, kind and named values", () => {
  const log = new TraceLog(8);
  assertEquals(log.format(), "");
  log.record(TRACE_STATE, 3, 1, 2, 1_500_000);
  const seq = -1 as unknown as Seq;
  log.record(TRACE_TRANSMIT, 3, traceSeq(seq), 1448, 1_500_002);
  log.record(TRACE_EVENT, -1, 4, 0, 2_000_000);
  log.record(200, 0, 5, 6, 0);
  assertEquals(
    log.format(),
    [
      "1.500000 #3 state from=1 to=2",
      "1.500002 #3 transmit firstSeq=4294967295 bytes=1448",
      "2.000000 - event bits=4",
      "0.000000 #0 kind200 a=5 b=6",
    ].join("\n"),
  );
});

Deno.test("TraceLog keeps the last events only, and clear() forgets them", () => {
  const log = new TraceLog(3);
  for (let i = 0; i < 10; i++) log.record(TRACE_STATE, i, 0, 0, 0);
  assertEquals(log.recorded, 10);
  assertEquals(log.format().match(/#\d/g), ["#7", "#8", "#9"]);
  log.clear();
  assertEquals(log.format(), "");
});

Deno.test("TraceLog rejects a capacity out of range", () => {
  for (const capacity of [0, 1.5, 2 ** 24 + 1]) {
    assertThrows(() => new TraceLog(capacity), RangeError);
  }
});
