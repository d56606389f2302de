/** Whatever a wire does to packets, what was written is what is read, and nothing is left behind. */
import { assertEquals } from "@std/assert";
import { Pair } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";
import { drawOrdeal } from "../tools/sim_wires.ts";

/** Cases a run draws; a longer run found nothing more. */
const CASES = 150;
const DAY = 86_400e6;

Deno.test("every transfer over every drawn wire is whole, its books right, its memory given back", () => {
  for (let seed = 1; seed <= CASES; seed++) {
    const { pair: wires, talk } = drawOrdeal(seed);
    const pair = new Pair(wires);
    const atStart = [pair.client.memoryUsed, pair.server.memoryUsed];
    const talking = converse(pair, talk);
    finish(talking, DAY);
    pair.tell(() => {
      pair.sim.pass(1_000e6);
      const left = [pair.client.connectionCount, pair.server.connectionCount];
      assertEquals(left, [0, 0]);
      const now = [pair.client.memoryUsed, pair.server.memoryUsed];
      assertEquals(now, atStart);
    });
  }
});

Deno.test("two runs of one seed send the same packets at the same times", () => {
  for (const seed of [3, 5, 17, 28]) {
    const run = (): Uint8Array => {
      const { pair: wires, talk } = drawOrdeal(seed);
      const pair = new Pair(wires);
      finish(converse(pair, talk), DAY);
      return pair.pcap;
    };
    const first = run();
    assertEquals(first.length > 1_000, true);
    assertEquals(sameBytes(first, run()), true, `seed ${seed}`);
  }
});

Deno.test("two seeds send other packets", () => {
  const run = (seed: number): Uint8Array => {
    const pair = new Pair({ seed, faults: { drop: 0.1, delay: 1_000 } });
    finish(converse(pair, { client: { send: 100_000 } }));
    return pair.pcap;
  };
  assertEquals(sameBytes(run(1), run(2)), false);
});

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
