/**
 * The engine beside the kernel, in the same run.
 *
 *     deno task bench [--json FILE] [--seconds N] [--rounds N] [--only TEXT]
 *
 * Every figure is measured once a round, in turns, and the median is reported;
 * `--only` keeps the variants whose name contains the text.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { EngineBench } from "./engine_stream.ts";
import { KernelBench } from "./kernel_stream.ts";
import { describeMachine, formatFigure, formatTable } from "./report.ts";
import type { BenchReport } from "./report.ts";
import { formatSegmentCosts, measureSegmentCosts } from "./segment_cost.ts";
import { measureInTurns, type Variant } from "./series.ts";
import { createWskBench } from "./wsk_stream.ts";

const KERNEL = "kernel to kernel, veth";
const SEND = "engine to kernel, TAP";
const RECEIVE = "kernel to engine, TAP";

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    json: { type: "string" },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
  },
});
const seconds = positive("seconds", flags.seconds);
const rounds = positive("rounds", flags.rounds);

await using kernel = await KernelBench.create();
await using engine = await EngineBench.create();
await using wsk = await createWskBench();
const variants: Variant[] = [
  {
    name: KERNEL,
    unit: "Gbit/s",
    baseline: null,
    measure: () => kernel.measure(seconds),
  },
  {
    name: "kernel to kernel, veth, iperf3",
    unit: "Gbit/s",
    baseline: KERNEL,
    measure: () => kernel.measureIperf(seconds),
  },
  {
    name: SEND,
    unit: "Gbit/s",
    baseline: KERNEL,
    measure: () => engine.measureSend(seconds),
  },
  {
    name: `${SEND}, WskSend`,
    unit: "Gbit/s",
    baseline: SEND,
    measure: () => wsk.measureSend(seconds),
  },
  {
    name: RECEIVE,
    unit: "Gbit/s",
    baseline: KERNEL,
    measure: () => engine.measureReceive(seconds),
  },
  {
    name: `${RECEIVE}, WskReceive`,
    unit: "Gbit/s",
    baseline: RECEIVE,
    measure: () => wsk.measureReceive(seconds),
  },
].filter(({ name }) => name.includes(flags.only));

const series = await measureInTurns(variants, rounds, (variant, value) => {
  console.error(`${variant.name}: ${formatFigure(value)} ${variant.unit}`);
});
console.log(formatTable(series));
const segmentCosts = await measureSegmentCosts();
console.log(formatSegmentCosts(segmentCosts));
if (flags.json !== undefined) {
  const report: BenchReport = {
    finishedAt: new Date().toISOString(),
    machine: describeMachine(),
    seconds,
    series,
    segmentCosts,
  };
  await Deno.writeTextFile(flags.json, JSON.stringify(report, null, 2) + "\n");
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new RangeError(`Cannot use --${name}: it must be above 0, got ${text}`);
}
