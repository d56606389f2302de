/**
 * The network of an example: our stack, watched and damaged as the flags say,
 * on a TAP whose other end is the kernel.
 *
 *     Network -- Tracer -- Capture -- FaultInjector -- TapDevice ==== kernel
 *
 * Trace and capture stand at the stack's side of the faults: they show what
 * the stack sent, also what was then lost, and what reached it, damaged or not.
 *
 * @module
 */
import {
  Capture,
  type CaptureSink,
  CryptoRandom,
  FaultInjector,
  type Faults,
  type LinkDevice,
  MonotonicClock,
  type Network,
  openStack,
  type Random,
  SeededRandom,
  TapDevice,
  Tracer,
} from "../../mod.ts";
import { type LinkSettings, UsageError } from "./flags.ts";

const MICROS_PER_MS = 1_000;

/** Opens a TAP and a stack on it as `settings` say. Closing the network closes all. Throws UsageError and SystemError. */
export async function openNetwork(settings: LinkSettings): Promise<Network> {
  requireFfi();
  const sink = settings.pcap === null ? null : openCaptureFile(settings.pcap);
  try {
    const device = watch(openTap(settings), settings, sink);
    return await openStack({
      device,
      addresses: settings.addresses,
      gateways: settings.gateways,
    });
  } catch (error) {
    // What an option's value is not fit for is the user's to mend.
    if (error instanceof TypeError || error instanceof RangeError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

/** Puts around `device` what the settings ask for; the stack uses what is returned. */
export function watch(
  device: LinkDevice,
  settings: Pick<LinkSettings, "faults" | "seed" | "trace">,
  sink: CaptureSink | null,
): LinkDevice {
  let outermost = device;
  if (Object.values(settings.faults).some((value) => value !== 0)) {
    outermost = new FaultInjector(outermost, {
      random: createRandom(settings.seed),
      faults: settings.faults satisfies Faults,
    });
  }
  if (sink !== null) {
    const clock = new MonotonicClock();
    const epochOffset = Date.now() * MICROS_PER_MS - clock.now();
    outermost = new Capture(outermost, { sink, epochOffset });
  }
  return settings.trace
    ? new Tracer(outermost, (line) => console.log(line))
    : outermost;
}

/** A file that takes a capture, record by record, so that it is whole whenever the program ends. */
export function openCaptureFile(path: string): CaptureSink {
  requirePermission(
    { name: "write", path },
    `--allow-ffi --allow-write=${path}`,
  );
  const file = openFile(path);
  return {
    write(bytes: Uint8Array): void {
      for (let at = 0; at < bytes.length;) {
        at += file.writeSync(bytes.subarray(at));
      }
    },
  };
}

/** Fails where Deno would otherwise stop and ask. */
export function requirePermission(
  permission: Deno.PermissionDescriptor,
  flag: string,
): void {
  if (Deno.permissions.querySync(permission).state === "granted") return;
  throw new UsageError(
    `Cannot run without permission: start it with \`deno run ${flag} …\``,
  );
}

/** What calls the C library needs. */
export function requireFfi(): void {
  requirePermission({ name: "ffi" }, "--allow-ffi");
}

function openTap(settings: LinkSettings): TapDevice {
  return TapDevice.open({
    name: settings.tap,
    hostAddresses: settings.hostAddresses,
    mtu: settings.mtu,
  });
}

function openFile(path: string): Deno.FsFile {
  const options = { write: true, create: true, truncate: true };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot write ${path}: ${reason}`);
  }
}

function createRandom(seed: number | null): Random {
  return seed === null ? new CryptoRandom() : new SeededRandom(seed);
}
