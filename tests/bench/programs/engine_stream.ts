/**
 * One stream between the engine and a kernel program over a TAP, for the benchmark.
 *
 *     deno run --allow-all engine_stream.ts send|receive --port 5001 [--seconds N] [--warmup N]
 *
 * `send` connects to the sink on the kernel's side, `receive` connects to a
 * source there. Both report as the kernel-side programs do.
 *
 * @module
 */
import { openStack, TapDevice } from "../../../mod.ts";
import {
  parseFlags,
  type ProgramFlags,
  report,
} from "../../netns/programs/flags.ts";
import { makePattern, patternChunk } from "../../netns/programs/pattern.ts";
import { RateMeter } from "../../netns/programs/rate.ts";

const KERNEL_ADDRESS = "10.8.0.1";
const ENGINE_ADDRESS = "10.8.0.2";

const [direction, ...rest] = Deno.args;
const flags = parseFlags(rest);
const device = TapDevice.open({
  name: "tap0",
  hostAddresses: [`${KERNEL_ADDRESS}/24`],
});
await using net = await openStack({
  device,
  addresses: [`${ENGINE_ADDRESS}/24`],
});
const conn = await net.connect({ hostname: KERNEL_ADDRESS, port: flags.port });
const meter = direction === "send" ? await send(flags) : await receive(flags);
conn.close();
report({
  event: direction === "send" ? "sent" : "received",
  bytes: meter.byteCount,
  seconds: meter.seconds,
  bitsPerSecond: meter.bitsPerSecond,
});

async function send(flags: ProgramFlags): Promise<RateMeter> {
  const meter = new RateMeter(flags.warmupSeconds);
  const pattern = makePattern(flags.seed);
  const stopAt = performance.now() + flags.secondLimit * 1_000;
  while (performance.now() < stopAt) {
    meter.add(
      await conn.write(
        patternChunk(pattern, meter.byteCount, flags.chunkLength),
      ),
    );
  }
  await conn.closeWrite();
  while (await conn.read(new Uint8Array(1_024)) !== null);
  return meter;
}

async function receive(flags: ProgramFlags): Promise<RateMeter> {
  const meter = new RateMeter(flags.warmupSeconds);
  const buffer = new Uint8Array(flags.chunkLength);
  while (true) {
    const n = await conn.read(buffer);
    if (n === null) return meter;
    meter.add(n);
  }
}
