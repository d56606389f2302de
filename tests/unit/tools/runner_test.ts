import { assertEquals } from "@std/assert";
import { formatTally, parseTally } from "../../tools/runner.ts";

Deno.test("parseTally() reads the closing line of deno test", () => {
  assertEquals(
    parseTally("running\n\nok | 11 passed | 0 failed (27ms)\n", 0),
    { passed: 11, failed: 0, skipped: 0 },
  );
  assertEquals(
    parseTally(
      "FAILED | 10 passed (3 steps) | 2 failed (1 step) | 4 ignored (5s)\n",
      1,
    ),
    { passed: 10, failed: 2, skipped: 4 },
  );
});

Deno.test("parseTally() counts a run without a closing line as a failure", () => {
  const failure = { passed: 0, failed: 1, skipped: 0 };
  assertEquals(parseTally("", 0), failure);
  assertEquals(parseTally("Segmentation fault", 139), failure);
  assertEquals(parseTally("printed: ok | 1 passed | 0 failed", 1), failure);
});

Deno.test("parseTally() does not believe a closing line that the exit status denies", () => {
  assertEquals(
    parseTally("ok | 3 passed | 0 failed (1ms)\n", 1),
    { passed: 3, failed: 1, skipped: 0 },
  );
});

Deno.test("parseTally() believes the last closing line of several", () => {
  assertEquals(
    parseTally(
      "ok | 9 passed | 0 failed (1ms)\nFAILED | 1 passed | 1 failed (1ms)\n",
      1,
    ),
    { passed: 1, failed: 1, skipped: 0 },
  );
});

Deno.test("formatTally() names skipped tests only when there are some", () => {
  assertEquals(
    formatTally({ passed: 3, failed: 0, skipped: 0 }),
    "3 passed, 0 failed",
  );
  assertEquals(
    formatTally({ passed: 3, failed: 1, skipped: 2 }),
    "3 passed, 1 failed, 2 skipped",
  );
});
