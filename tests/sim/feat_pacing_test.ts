/** Pacing: how the segments of a window are spaced, with and without super-segments. */
import { assert, assertEquals } from "@std/assert";
import type { Micros } from "../../engine/base/units.ts";
import { applyOptions } from "../../engine/tcp/options.ts";
import type { ConnectionOptions } from "../../engine/tcp/options.ts";
import { Pair } from "../tools/sim.ts";
import type { PairOptions } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";

const SECOND = 1_000_000;
const RTT = 100_000;

/** A packet the client sent. */
interface Departure {
  readonly at: Micros;
  readonly size: number;
}

/** What leaves the client during a transfer of `length` bytes over 100 ms. */
function departures(
  options: ConnectionOptions,
  length: number,
  more: PairOptions = {},
  drop = 0,
): Departure[] {
  const left: Departure[] = [];
  const pair: Pair = new Pair({
    delay: RTT / 2,
    toServer: {
      drop,
      dropIf: (frame) => {
        const size = frame.end - frame.start;
        if (size > 100) left.push({ at: pair.sim.now, size });
        return false;
      },
    },
    ...more,
  });
  finish(converse(pair, {
    client: { send: length },
    prepare: (c) => applyOptions(c, options, pair.sim.now),
  }));
  return left;
}

/** Most wire packets that left at one instant, of those after `from`. */
function largestBurst(left: readonly Departure[], from: Micros): number {
  const bursts = new Map<Micros, number>();
  for (const { at } of left) {
    if (at > from) bursts.set(at, (bursts.get(at) ?? 0) + 1);
  }
  return Math.max(...bursts.values());
}

Deno.test("pacing spreads a window over the round trip; without it the window leaves in bursts", () => {
  // The first window leaves before any round trip is known.
  const from = 2.5 * RTT;
  const plain = departures({}, 400_000);
  const paced = departures({ pacing: true }, 400_000);
  assert(largestBurst(plain, 0) >= 10, `${largestBurst(plain, 0)}`);
  assertEquals(largestBurst(paced, from), 1);
  const steady = paced.filter(({ at }) => at > from);
  const gaps = steady.slice(1).map(({ at }, i) => at - steady[i].at);
  assert(Math.max(...gaps) < RTT / 2, `gap of ${Math.max(...gaps)} µs`);
});

Deno.test("maxPacingRate bounds the rate over any tenth of a second", () => {
  const rate = 200_000;
  const left = departures({ maxPacingRate: rate }, 600_000);
  const took = left.at(-1)!.at - left[0].at;
  assert(took >= 600_000 / rate * SECOND * 0.95, `${took} µs`);
  assert(took <= 600_000 / rate * SECOND * 1.3, `${took} µs`);
  for (let i = 0, j = 0, sum = 0; j < left.length; j++) {
    sum += left[j].size;
    while (left[j].at - left[i].at > SECOND / 10) sum -= left[i++].size;
    assert(sum <= rate / 10 * 1.1 + 1_500, `${sum} bytes at ${left[j].at}`);
  }
});

Deno.test("super-segments under pacing hold about a millisecond of the rate, two segments at least", () => {
  const from = 2.5 * RTT;
  const left = departures(
    { pacing: true, maxPacingRate: 2_000_000 },
    2_000_000,
    {
      gsoMaxSize: 65_535,
    },
  );
  // 2 MB/s are two kilobytes a millisecond: two segments, cut by the device.
  assertEquals(largestBurst(left, from), 2);
  const took = left.at(-1)!.at - left[0].at;
  assert(took >= SECOND * 0.95, `${took} µs`);
});

Deno.test("retransmissions are paced too, and lossy paced transfers complete", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const left = departures({ pacing: true }, 400_000, { seed }, 0.02);
    assert(left.length > 277, `${left.length} packets`);
    // A tail loss probe goes when it is due, beside the pacer.
    assert(largestBurst(left, 2.5 * RTT) <= 2, `seed ${seed}`);
  }
});

Deno.test("the stack's own setting turns pacing on for all", () => {
  const left = departures({}, 400_000, { tcp: { pacing: true } });
  assertEquals(largestBurst(left, 2.5 * RTT), 1);
});
