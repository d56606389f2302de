import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { RttEstimator } from "../../../engine/tcp/rtt.ts";
import { toSeq } from "../../../engine/tcp/seq.ts";

const MS = 1_000;
const SECOND = 1_000_000;

const create = (): RttEstimator =>
  new RttEstimator(SECOND, 200 * MS, 120 * SECOND);

/** Feeds samples, each of a round of its own. */
function feed(e: RttEstimator, samples: readonly number[]): void {
  samples.forEach((rtt, i) => {
    e.sample(rtt, toSeq(1 + i * 10), toSeq(i * 10 + 10), i * SECOND);
  });
}

Deno.test("RttEstimator begins with the RTO it was given and no estimate", () => {
  const e = create();
  assertEquals([e.rto, e.srtt, e.minRtt], [SECOND, 0, Infinity]);
});

Deno.test("sample() takes the first sample as RFC 6298 §2.2 says", () => {
  const e = create();
  feed(e, [300 * MS]);
  assertEquals(e.srtt, 300 * MS);
  assertEquals(e.rttvar, 150 * MS);
  // SRTT + 4 * RTTVAR; the kernel's estimator starts at 2 R for the deviation.
  assertEquals(e.rto, 900 * MS);
});

Deno.test("sample() smooths by 1/8 and 1/4, RFC 6298 §2.3", () => {
  const e = create();
  feed(e, [100 * MS, 180 * MS]);
  assertEquals(e.srtt, 110 * MS);
  // |180 - 100| = 80; 50 + (80 - 50) / 4.
  assertEquals(e.rttvar, 57.5 * MS);
});

Deno.test("sample() settles on a constant round trip with the floor above it", () => {
  const e = create();
  feed(e, new Array<number>(200).fill(50 * MS));
  assertAlmostEquals(e.srtt, 50 * MS, 1);
  assertAlmostEquals(e.rto, 250 * MS, 1);
});

Deno.test("sample() does not let a faster path raise the timeout", () => {
  const e = create();
  feed(e, new Array<number>(50).fill(400 * MS));
  const before = e.rto;
  e.sample(50 * MS, toSeq(10_000), toSeq(20_000), 60 * SECOND);
  assert(e.rto <= before, `${before} to ${e.rto}`);
});

Deno.test("sample() keeps the timeout within its ceiling and above the round trip", () => {
  const e = create();
  feed(e, [200 * SECOND]);
  assertEquals(e.rto, 120 * SECOND);
  for (const rtt of [1, 500, 10 * MS, SECOND, 30 * SECOND]) {
    const one = create();
    feed(one, [rtt, rtt, rtt]);
    assert(one.rto > rtt && one.rto >= 200 * MS, `${rtt}: ${one.rto}`);
  }
});

Deno.test("sample() of nothing counts as 1 µs", () => {
  const e = create();
  feed(e, [0]);
  assertEquals([e.srtt, e.minRtt], [1, 1]);
});

Deno.test("minRtt forgets after five minutes", () => {
  const e = create();
  e.sample(10 * MS, toSeq(1), toSeq(2), 0);
  e.sample(30 * MS, toSeq(3), toSeq(4), 299 * SECOND);
  assertEquals(e.minRtt, 10 * MS);
  e.sample(30 * MS, toSeq(5), toSeq(6), 301 * SECOND);
  assertEquals(e.minRtt, 30 * MS);
});

Deno.test("backedOff() doubles up to the ceiling, RFC 6298 §5.5", () => {
  const e = create();
  const all = [0, 1, 2, 6, 7, 30].map((n) => e.backedOff(n) / SECOND);
  assertEquals(all, [1, 2, 4, 64, 120, 120]);
});
