/** Goodput beside the figures kept in goodput.json, and beside what theory and the kernel reach. */
import { assert, assertEquals } from "@std/assert";
import { measure, wires } from "../tools/goodput.ts";
import kept from "./goodput.json" with { type: "json" };

/** A figure may drift by this share before it must be looked at. */
const TOLERANCE = 0.1;
const measured = new Map<string, number>();

Deno.test("goodput is what it was on every wire", () => {
  const expected: Record<string, number> = kept;
  const drifted: string[] = [];
  for (const wire of wires()) {
    const now = measure(wire);
    measured.set(wire.name, now);
    const before = expected[wire.name];
    if (Math.abs(now - before) <= TOLERANCE * before) continue;
    drifted.push(`${wire.name}: ${before} before, ${now} now (Mbit/s)`);
  }
  const remedy =
    "If it was meant: deno run --allow-write tests/tools/goodput.ts";
  assertEquals(drifted, [], remedy);
  assertEquals(Object.keys(expected), wires().map((wire) => wire.name));
});

Deno.test("goodput without loss is what slow start allows", () => {
  // 5 MB from ten segments, doubling each round trip: nine round trips and the handshake's.
  const rounds = 5e6 * 8 / measured.get("100 ms, 0 % lost")! / 100_000;
  assert(rounds < 12, `${rounds} round trips`);
});

Deno.test("goodput under loss is at least the kernel's CUBIC", () => {
  // Linux 6.18 over the same fault injector between two TAPs, 8 MB each: 6.0 at
  // 1 % and 20 ms, 1.8 at 5 %; without disorder, timers of 1 ms, no offloads.
  assert(measured.get("20 ms, 1 % lost")! > 6);
  assert(measured.get("20 ms, 5 % lost")! > 1.8);
});

Deno.test("goodput through a bottleneck fills it, however shallow its buffer", () => {
  for (const share of [0.25, 1, 4]) {
    const name = `100 Mbit/s, 20 ms, buffer of ${share} BDP`;
    // 5 MB take 0.4 s at the rate; slow start takes its share of so little.
    assert(measured.get(name)! > 55, name);
  }
});
