import { assertEquals } from "@std/assert";
import { SECOND } from "../../../engine/base/units.ts";
import { ABORT_TIMED_OUT } from "../../../engine/tcp/codes.ts";
import { Lab, REQUEST } from "../../tools/fast_open_lab.ts";

/** `TCP_SYNCNT`, when Linux 6.18 sends SYNs, and when it gives up, seconds. */
const LINUX: readonly (readonly [number, readonly number[], number])[] = [
  [1, [0, 1, 2], 3],
  [2, [0, 1, 2, 3, 4, 5], 7],
];

for (const [synRetries, expected, end] of LINUX) {
  Deno.test(`an open with ${synRetries} retries sends SYNs and gives up when Linux does`, () => {
    const lab = new Lab({
      clientTcp: { synRetries },
      rules: { toServer: () => [] },
    });
    const { connection } = lab.open(REQUEST, "plain");
    lab.pass(end * SECOND - 1);
    assertEquals(lab.syns().map((entry) => entry.at / SECOND), expected);
    assertEquals(connection.abortReason, 0);
    lab.pass(1);
    assertEquals(connection.abortReason, ABORT_TIMED_OUT);
  });
}
