/**
 * Streams through one lossy link, from kernel to kernel and with the engine at
 * either end.
 *
 *     kernel A -- tap0 -- Bridge -- FaultInjector -- tap0 -- kernel B
 *                         Engine -- FaultInjector -- tap0 -- kernel B
 *
 * CUBIC at every sender, so that what differs is loss recovery, not policy.
 *
 * @module
 */
import type { FaultInjector, Faults, Network } from "../../engine/mod.ts";
import { Bridge } from "../netns/bridge.ts";
import { ADDRESSES, EngineLab, setCongestion } from "../netns/engine_lab.ts";
import { Namespace } from "../netns/harness.ts";
import {
  type FlowConn,
  type FlowWindow,
  receiveFlows,
  sendFlows,
} from "./flows.ts";

const PROGRAM = new URL("./programs/kernel_flows.ts", import.meta.url);
const PORT = 5_001;
const BITS_PER_MBIT = 1e6;
const { kernel: KERNEL, engine: ENGINE, prefixLength } = ADDRESSES[4];

/** What is measured. */
export interface GoodputOptions {
  /** What goes wrong in each direction. */
  readonly faults: Faults;
  /** Streams at once. */
  readonly flowCount: number;
  /** What of them is counted. */
  readonly window: FlowWindow;
}

/** Told of the engine and its link before they are closed. */
export type Inspect = (net: Network, link: FaultInjector) => void;

/** Mbit/s from kernel to kernel. */
export async function kernelToKernel(
  options: GoodputOptions,
  seed: number,
): Promise<number> {
  await using a = await Namespace.create();
  await using b = await Namespace.create();
  await using _ = new Bridge(
    { namespace: a, addresses: [`${KERNEL}/${prefixLength}`] },
    { namespace: b, addresses: [`${ENGINE}/${prefixLength}`] },
    options.faults,
    seed,
  );
  await setCongestion(a, "cubic");
  const args = ["send", ENGINE, `${PORT}`, `${options.flowCount}`];
  return await kernelReceives(b, options, () => void a.deno(PROGRAM, ...args));
}

/** Mbit/s from the engine to the kernel. */
export async function engineToKernel(
  options: GoodputOptions,
  seed: number,
  inspect: Inspect = () => {},
): Promise<number> {
  const { faults, flowCount } = options;
  await using lab = await EngineLab.create({ faults, seed });
  const rate = await kernelReceives(lab.namespace, options, async () => {
    const conns: FlowConn[] = [];
    const to = { hostname: KERNEL, port: PORT };
    while (conns.length < flowCount) conns.push(await lab.net.connect(to));
    void sendFlows(conns);
  });
  inspect(lab.net, lab.link!);
  return rate;
}

/** Mbit/s from the kernel to the engine. */
export async function kernelToEngine(
  options: GoodputOptions,
  seed: number,
): Promise<number> {
  const { faults, flowCount, window } = options;
  await using lab = await EngineLab.create({ faults, seed });
  await lab.setKernelCongestion("cubic");
  const listener = lab.net.listen({ port: PORT });
  lab.namespace.deno(PROGRAM, "send", ENGINE, `${PORT}`, `${flowCount}`);
  const bits = await receiveFlows(() => listener.accept(), flowCount, window);
  return bits / BITS_PER_MBIT;
}

/** Starts the kernel's receiver, then who sends to it. */
async function kernelReceives(
  namespace: Namespace,
  { flowCount, window }: GoodputOptions,
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
