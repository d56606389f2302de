/**
 * What a run of the benchmark leaves behind: a table to read, JSON to keep.
 *
 * @module
 */
import type { SegmentCost } from "./segment_cost.ts";
import type { Series } from "./series.ts";

/** The file that `--json` writes. */
export interface BenchReport {
  /** When the run ended, ISO 8601. */
  readonly finishedAt: string;
  /** Where it ran. */
  readonly machine: Machine;
  /** Seconds of each measurement. */
  readonly seconds: number;
  /** One entry for each thing measured. */
  readonly series: readonly Series[];
  /** Cost per segment in memory. */
  readonly segmentCosts: readonly SegmentCost[];
}

/** What a figure depends on besides the code. */
export interface Machine {
  /** The processor's own name. */
  readonly processor: string;
  /** Processors that the run could use. */
  readonly processorCount: number;
  /** The kernel's release. */
  readonly kernel: string;
  /** Deno's version. */
  readonly deno: string;
  /** V8's version. */
  readonly v8: string;
}

/** Says where this runs. */
export function describeMachine(): Machine {
  const cpuinfo = Deno.readTextFileSync("/proc/cpuinfo");
  return {
    processor: /model name\s*:\s*(.*)/.exec(cpuinfo)?.[1] ?? "unknown",
    processorCount: navigator.hardwareConcurrency,
    kernel: Deno.osRelease(),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
}

/** The table, one line for each series: median, range, and the ratio to the baseline. */
export function formatTable(series: readonly Series[]): string {
  const width = Math.max(...series.map(({ name }) => name.length));
  return series.map((s) => {
    const low = formatFigure(Math.min(...s.values));
    const high = formatFigure(Math.max(...s.values));
    const line =
      `${s.name.padEnd(width)}  ${formatFigure(s.median)} ${s.unit}` +
      `  (${low}..${high}, ${s.values.length} rounds)`;
    if (s.ratio === null) return line;
    return `${line}  ${s.ratio.toFixed(2)} x ${s.baseline}`;
  }).join("\n");
}

/** Three significant digits. */
export function formatFigure(value: number): string {
  if (Math.abs(value) >= 1_000) return String(Math.round(value));
  return value.toPrecision(3);
}
