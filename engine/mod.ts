/**
 * The engine: a TCP/IP stack that is told and asked, and never acts.
 *
 * A {@linkcode Stack} takes devices, time and randomness as arguments and runs
 * wherever TypeScript runs. Drive it by hand:
 *
 * ```ts
 * import { createCable, parseCidr, parseIpAddress, SeededRandom, Stack } from "@synload/engine/engine";
 *
 * const [left, right] = createCable();
 * const a = new Stack({ random: new SeededRandom(1) });
 * const b = new Stack({ random: new SeededRandom(2) });
 * a.addDevice(left, { addresses: [parseCidr("10.0.0.1/24")] }, 0);
 * b.addDevice(right, { addresses: [parseCidr("10.0.0.2/24")] }, 0);
 * b.listen({ port: 80 });
 * a.connect({ remote: parseIpAddress("10.0.0.2"), remotePort: 80 }, 0);
 * for (let now = 0; now < 1_000_000; now += 100) a.poll(now, 64), b.poll(now, 64);
 * ```
 *
 * @module
 */
export type { Clock, Random, Waiter } from "./base/ports.ts";
export type { Micros, SEQ, Seq } from "./base/units.ts";
export { MILLISECOND, NEVER, SECOND } from "./base/units.ts";
export { Arena } from "./base/arena.ts";
export { ByteRing } from "./base/ring.ts";
export { RangeSet } from "./base/range_set.ts";
export { SipHash } from "./base/siphash.ts";
export { Counters } from "./base/counters.ts";
export { SeededRandom } from "./base/seeded_random.ts";
export type { TraceSink, TraceText } from "./base/trace.ts";
export * from "./base/trace.ts";
export {
  appendPayload,
  copyBytes,
  createFrame,
  Frame,
  FRAME_CAPACITY,
  FRAME_HEADROOM,
  PayloadRef,
} from "./base/frame.ts";
export * from "./wire/ip_address.ts";
export * from "./wire/mac_address.ts";
export * from "./wire/tcp_segment.ts";
export { prettyPacket } from "./wire/pretty.ts";
export type { LinkCaps, LinkDevice, Readiness } from "./link/device.ts";
export {
  MEDIUM_ETHERNET,
  MEDIUM_IP,
  TX_BUSY,
  TX_DOWN,
  TX_OK,
} from "./link/device.ts";
export type { CableOptions } from "./link/cable.ts";
export { CableEnd, createCable } from "./link/cable.ts";
export * from "./link/faults.ts";
export * from "./link/fault_injector.ts";
export { FAULT_COUNTERS } from "./link/fault_path.ts";
export * from "./link/capture.ts";
export type { CaptureFormat } from "./link/capture_format.ts";
export * from "./link/tracer.ts";
export { Loopback } from "./link/loopback.ts";
export * from "./stack/mod.ts";
export * from "./socket/mod.ts";
export * as wsk from "./wsk/mod.ts";
