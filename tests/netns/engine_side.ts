/**
 * The engine's side of a namespace: a TAP opened in it, a stack in this process.
 *
 *     kernel 10.9.0.1, fd09::1  tap0 ===== 10.9.0.2, fd09::2  Network
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  FaultInjector,
  type Faults,
  Netns,
  type Network,
  openStack,
  SeededRandom,
  TapDevice,
  type TcpConfig,
  type TcpConn,
  withNetns,
} from "../../mod.ts";
import type { Namespace } from "./harness.ts";
import { makePattern, patternChunk } from "./programs/pattern.ts";

/** The kernel's addresses by family. */
export const KERNEL = { 4: "10.9.0.1", 6: "fd09::1" } as const;
/** The engine's. */
export const ENGINE = { 4: "10.9.0.2", 6: "fd09::2" } as const;

/** How the engine's side is to be. */
export interface EngineOptions {
  /** What happens on the link, in each direction. */
  readonly faults?: Faults;
  /** Seed of that; 1. */
  readonly seed?: number;
  /** Settings of TCP. */
  readonly tcp?: Partial<TcpConfig>;
}

/** Opens `tap0` in the namespace and a stack on it. */
export async function openEngine(
  namespace: Namespace,
  options: EngineOptions = {},
): Promise<Network> {
  using inside = Netns.openPath(namespace.path);
  const tap = withNetns(inside, () =>
    TapDevice.open({
      name: "tap0",
      hostAddresses: [`${KERNEL[4]}/24`, `${KERNEL[6]}/64`],
    }));
  const { faults, seed = 1, tcp } = options;
  return await openStack({
    device: faults === undefined
      ? tap
      : new FaultInjector(tap, { random: new SeededRandom(seed), faults }),
    addresses: [`${ENGINE[4]}/24`, `${ENGINE[6]}/64`],
    ...(tcp === undefined ? {} : { tcp }),
  });
}

/** Sends the first `length` bytes of the pattern with this seed and closes our direction. */
export async function sendPattern(
  conn: TcpConn,
  seed: number,
  length: number,
): Promise<void> {
  const pattern = makePattern(seed);
  for (let position = 0; position < length;) {
    const chunk = patternChunk(pattern, position, length - position);
    await conn.writeAll(chunk);
    position += chunk.length;
  }
  await conn.closeWrite();
}

/** What came until the end of the stream. */
export async function receiveHash(
  conn: TcpConn,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(65_536);
  for (let bytes = 0;;) {
    const length = await conn.read(buffer);
    if (length === null) return { bytes, sha256: hash.digest("hex") };
    hash.update(buffer.subarray(0, length));
    bytes += length;
  }
}
