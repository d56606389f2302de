import { assertEquals } from "@std/assert";
import { formatFigure, formatTable } from "./report.ts";
import { measureInTurns, median, type Variant } from "./series.ts";

Deno.test("median() takes the middle, or the mean of the middle two", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([10, 9]), 9.5);
  assertEquals(median([]), NaN);
});

Deno.test("measureInTurns() measures each variant once a round and divides within the round", async () => {
  const order: string[] = [];
  const make = (name: string, baseline: string | null, values: number[]) => ({
    name,
    unit: "u",
    baseline,
    measure: () => {
      order.push(name);
      return Promise.resolve(values.shift()!);
    },
  });
  const variants = [make("a", null, [2, 8]), make("b", "a", [1, 2])];
  const seen: number[] = [];
  const series = await measureInTurns(variants, 2, (_, v) => seen.push(v));
  assertEquals(order, ["a", "b", "a", "b"]);
  assertEquals(seen, [2, 1, 8, 2]);
  assertEquals(series[0].ratio, null);
  assertEquals(series[1].ratio, (1 / 2 + 2 / 8) / 2);
});

Deno.test("measureInTurns() has no ratio when the baseline is not in the run", async () => {
  const only: Variant = {
    name: "b",
    unit: "u",
    baseline: "a",
    measure: () => Promise.resolve(1),
  };
  const [series] = await measureInTurns([only], 1, () => {});
  assertEquals(series.ratio, null);
});

Deno.test("formatTable() shows median, range, rounds and ratio", () => {
  const line = formatTable([{
    name: "engine",
    unit: "Gbit/s",
    baseline: "kernel",
    values: [1, 2, 1_234.5],
    median: 2,
    ratio: 0.5,
  }]);
  assertEquals(
    line,
    "engine  2.00 Gbit/s  (1.00..1235, 3 rounds)  0.50 x kernel",
  );
  assertEquals(formatFigure(0.12345), "0.123");
});
