/**
 * Goodput at 1 % loss and 20 ms, beside the kernel's through the same link.
 *
 * The rates are printed; what decides is counted: a sender that is as good as
 * it can be sends again what was lost and little else, and hardly ever waits
 * for its retransmission timer.
 *
 * @module
 */
import { assert } from "@std/assert";
import {
  engineToKernel,
  type GoodputOptions,
  kernelToEngine,
  kernelToKernel,
} from "../bench/goodput_link.ts";

const OPTIONS: GoodputOptions = {
  faults: { drop: 0.01, delay: 10_000 },
  flowCount: 8,
  window: { warmupSeconds: 1, seconds: 5 },
};

Deno.test("the engine recovers from loss as the kernel does", async () => {
  const kernel = await kernelToKernel(OPTIONS, 1);
  let lost = 0;
  let retransmitted = 0;
  let timeouts = 0;
  const sending = await engineToKernel(OPTIONS, 2, ({ stack }, link) => {
    lost = link.txCounters.get("dropped");
    retransmitted = stack.tcpCounters.get("TcpRetransSegs");
    timeouts = stack.tcpCounters.get("TcpExtTCPTimeouts");
  });
  const receiving = await kernelToEngine(OPTIONS, 3);
  const beside = (rate: number): string =>
    `${rate.toFixed(1)} (${(rate / kernel).toFixed(2)} x)`;
  console.log(
    `Mbit/s: kernel to kernel ${kernel.toFixed(1)}, ` +
      `engine to kernel ${beside(sending)}, ` +
      `kernel to engine ${beside(receiving)}; ` +
      `${lost} lost, ${retransmitted} sent again, ${timeouts} timeouts`,
  );
  assert(lost > 50, `${lost} lost`);
  // What was lost at the very end may not have been sent again yet.
  assert(retransmitted > lost * 0.8 - OPTIONS.flowCount);
  assert(retransmitted < lost * 1.25 + 10, `${retransmitted} for ${lost}`);
  assert(timeouts < lost * 0.1 + OPTIONS.flowCount, `${timeouts} for ${lost}`);
});
