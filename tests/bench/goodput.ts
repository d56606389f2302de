/**
 * What gets through a link that loses one packet in a hundred.
 *
 *     deno run --allow-all tests/bench/goodput.ts [--seconds N] [--rounds N] [--flows N]
 *         [--loss P] [--rtt MS] [--only TEXT]
 *
 * Kernel to kernel, engine to kernel and kernel to engine, all through the same
 * fault-injecting link, CUBIC at every sender. The engine is to reach at least
 * what the kernel does.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { Faults } from "../../engine/mod.ts";
import { Bridge } from "../netns/bridge.ts";
import { ADDRESSES, EngineLab, setCongestion } from "../netns/engine_lab.ts";
import { Namespace } from "../netns/harness.ts";
import { type FlowConn, receiveFlows, sendFlows } from "./flows.ts";
import { formatTable } from "./report.ts";
import { measureInTurns, type Variant } from "./series.ts";

const PROGRAM = new URL("./programs/kernel_flows.ts", import.meta.url);
const BASELINE = "kernel to kernel";
const PORT = 5001;
const BITS_PER_MBIT = 1e6;

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string", default: "10" },
    warmup: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    flows: { type: "string", default: "8" },
    loss: { type: "string", default: "0.01" },
    rtt: { type: "string", default: "20" },
    only: { type: "string", default: "" },
  },
});
const flowCount = Number(flags.flows);
const window = {
  warmupSeconds: Number(flags.warmup),
  seconds: Number(flags.seconds),
};
const faults: Faults = {
  drop: Number(flags.loss),
  delay: Number(flags.rtt) * 1_000 / 2,
};
/** Every measurement has dice of its own. */
let seed = 1;

async function kernelToKernel(): Promise<number> {
  await using a = await Namespace.create();
  await using b = await Namespace.create();
  const { kernel, engine, prefixLength } = ADDRESSES[4];
  await using _ = new Bridge(
    { namespace: a, addresses: [`${kernel}/${prefixLength}`] },
    { namespace: b, addresses: [`${engine}/${prefixLength}`] },
    faults,
    seed++,
  );
  await setCongestion(a, "cubic");
  return await kernelReceives(
    b,
    () => void a.deno(PROGRAM, "send", engine, `${PORT}`, `${flowCount}`),
  );
}

async function engineToKernel(): Promise<number> {
  await using lab = await EngineLab.create({ faults, seed: seed++ });
  return await kernelReceives(lab.namespace, async () => {
    const conns: FlowConn[] = [];
    const to = { hostname: ADDRESSES[4].kernel, port: PORT };
    while (conns.length < flowCount) conns.push(await lab.net.connect(to));
    void sendFlows(conns);
  });
}

async function kernelToEngine(): Promise<number> {
  await using lab = await EngineLab.create({ faults, seed: seed++ });
  await lab.setKernelCongestion("cubic");
  const listener = lab.net.listen({ port: PORT });
  const { engine } = ADDRESSES[4];
  lab.namespace.deno(PROGRAM, "send", engine, `${PORT}`, `${flowCount}`);
  const bits = await receiveFlows(() => listener.accept(), flowCount, window);
  return bits / BITS_PER_MBIT;
}

/** Starts the kernel's receiver, then who sends to it. */
async function kernelReceives(
  namespace: Namespace,
  startSender: () => void | Promise<void>,
): Promise<number> {
  const { warmupSeconds, seconds } = window;
  const numbers = [PORT, flowCount, warmupSeconds, seconds].map(String);
  await using receiver = namespace.deno(PROGRAM, "receive", ...numbers);
  await receiver.nextJson();
  await startSender();
  const { bitsPerSecond } = await receiver.nextJson();
  return Number(bitsPerSecond) / BITS_PER_MBIT;
}

const variants: Variant[] = [
  { name: BASELINE, baseline: null, measure: kernelToKernel },
  { name: "engine to kernel", baseline: BASELINE, measure: engineToKernel },
  { name: "kernel to engine", baseline: BASELINE, measure: kernelToEngine },
].filter(({ name }) => name.includes(flags.only)).map((variant) => ({
  ...variant,
  unit: "Mbit/s",
}));
const series = await measureInTurns(
  variants,
  Number(flags.rounds),
  ({ name, unit }, value) => {
    console.error(`${name}: ${value.toFixed(2)} ${unit}`);
  },
);
console.log(formatTable(series));
