/**
 * What gets through a link that loses one packet in a hundred.
 *
 *     deno run --allow-all tests/bench/goodput.ts [--seconds N] [--rounds N] [--flows N]
 *         [--loss P] [--rtt MS] [--rate MBIT] [--buffer BYTES] [--only TEXT]
 *
 * Kernel to kernel, engine to kernel and kernel to engine, all through the same
 * fault-injecting link, CUBIC at every sender. The engine is to reach at least
 * what the kernel does.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  engineToKernel,
  type GoodputOptions,
  kernelToEngine,
  kernelToKernel,
} from "./goodput_link.ts";
import { formatTable } from "./report.ts";
import { measureInTurns, type Variant } from "./series.ts";

const BASELINE = "kernel to kernel";

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string", default: "10" },
    warmup: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    flows: { type: "string", default: "8" },
    loss: { type: "string", default: "0.01" },
    rtt: { type: "string", default: "20" },
    rate: { type: "string", default: "Infinity" },
    buffer: { type: "string", default: "262144" },
    only: { type: "string", default: "" },
  },
});
const options: GoodputOptions = {
  flowCount: Number(flags.flows),
  window: {
    warmupSeconds: Number(flags.warmup),
    seconds: Number(flags.seconds),
  },
  faults: {
    drop: Number(flags.loss),
    delay: Number(flags.rtt) * 1_000 / 2,
    bitsPerSecond: Number(flags.rate) * 1e6,
    bufferSize: Number(flags.buffer),
  },
};
/** Every measurement has dice of its own. */
let seed = 1;

const variants: Variant[] = [
  { name: BASELINE, baseline: null, run: kernelToKernel },
  { name: "engine to kernel", baseline: BASELINE, run: engineToKernel },
  { name: "kernel to engine", baseline: BASELINE, run: kernelToEngine },
].filter(({ name }) => name.includes(flags.only)).map(
  ({ name, baseline, run }) => ({
    name,
    baseline,
    unit: "Mbit/s",
    measure: () => run(options, seed++),
  }),
);
const series = await measureInTurns(
  variants,
  Number(flags.rounds),
  ({ name, unit }, value) => {
    console.error(`${name}: ${value.toFixed(2)} ${unit}`);
  },
);
console.log(formatTable(series));
