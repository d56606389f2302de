/**
 * Repeated measurements of several things, taken in turns.
 *
 * A shared machine gets slower and faster by the minute. Measuring A five
 * times and then B five times measures the minutes; A B A B A B measures the
 * things, and the median forgets the round in which a neighbour woke up.
 *
 * @module
 */

/** One thing that can be measured again and again. */
export interface Variant {
  /** What it is called in the report. */
  readonly name: string;
  /** Of what the figures are: `Gbit/s`, `ns/segment`. */
  readonly unit: string;
  /** The name of the variant that this one is divided by; null: none. */
  readonly baseline: string | null;
  /** Measures once. */
  readonly measure: () => Promise<number>;
}

/** All measurements of one variant. */
export interface Series {
  /** {@linkcode Variant.name}. */
  readonly name: string;
  /** {@linkcode Variant.unit}. */
  readonly unit: string;
  /** {@linkcode Variant.baseline}. */
  readonly baseline: string | null;
  /** In the order they were taken. */
  readonly values: readonly number[];
  /** The middle value, or the mean of the middle two. */
  readonly median: number;
  /** Median of the ratios to the baseline within each round; null without a baseline in this run. */
  readonly ratio: number | null;
}

/** Measures every variant once a round, for as many rounds as asked. `seen` is told each figure as it comes. */
export async function measureInTurns(
  variants: readonly Variant[],
  roundCount: number,
  seen: (variant: Variant, value: number) => void,
): Promise<Series[]> {
  const values = new Map<string, number[]>(variants.map((v) => [v.name, []]));
  for (let round = 0; round < roundCount; round++) {
    for (const variant of variants) {
      const value = await variant.measure();
      values.get(variant.name)!.push(value);
      seen(variant, value);
    }
  }
  return variants.map(({ name, unit, baseline }) => {
    const own = values.get(name)!;
    const base = baseline === null ? undefined : values.get(baseline);
    const ratio = base === undefined
      ? null
      : median(own.map((value, round) => value / base[round]));
    return { name, unit, baseline, values: own, median: median(own), ratio };
  });
}

/** The middle of the values, the mean of the middle two of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}
