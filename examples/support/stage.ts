/**
 * Where the demo plays: who the other end is, and how it is reached.
 *
 *     with root        a network namespace of this process: TAP, kernel listener
 *     without          the same, in `unshare --user --map-root-user --net`
 *     neither works    a second engine at the other end of a cable in memory
 *
 * The kernel's side answers Fast Open because `net.ipv4.tcp_fastopen` is set in
 * that namespace; nothing outside of it is touched.
 *
 * @module
 */
import {
  type Clock,
  createCable,
  FaultInjector,
  type LinkDevice,
  openStack,
  SeededRandom,
  SystemError,
  TapDevice,
  unshareNetns,
  writeSysctl,
} from "../../mod.ts";

/** Where the server is. */
export const SERVER = { hostname: "10.0.0.1", port: 80 } as const;
/** Our address. */
export const CLIENT_ADDRESS = "10.0.0.2/24";

const SERVER_ADDRESS = `${SERVER.hostname}/24`;
const TAP_NAME = "tap0";
/** Client and server (3), and listeners that did not ask for it (0x400): Linux ip-sysctl. */
const FAST_OPEN_FOR_ALL = 0x403;
const MICROS_PER_MS = 1_000;

/** One connection as the server needs it; Deno's and ours both are. */
export interface Peer {
  /** Reads up to `target.length` bytes; null at the end. */
  read(target: Uint8Array): Promise<number | null>;
  /** Writes some of `source` and says how much. */
  write(source: Uint8Array): Promise<number>;
  /** Closes after what was written. */
  close(): void;
}

/** A place to play. */
export interface Stage {
  /** What it is, a sentence. */
  readonly description: string;
  /** The client's end of the link. */
  readonly device: LinkDevice;
  /** What connects to the server. */
  readonly visitors: AsyncIterable<Peer>;
  /** Ends the server; the device is its user's to close. */
  close(): Promise<void>;
}

/** Makes a namespace around this process, a TAP and a listening kernel. Throws SystemError when the machine does not let us. */
export function openKernelStage(delayMs: number): Stage {
  unshareNetns();
  return openTapStage(delayMs);
}

/** The same in the namespace this process was started in. */
export function openTapStage(delayMs: number): Stage {
  writeSysctl("net.ipv4.tcp_fastopen", FAST_OPEN_FOR_ALL);
  quietIpv6();
  const tap = TapDevice.open({
    name: TAP_NAME,
    hostAddresses: [SERVER_ADDRESS],
  });
  const delay = delayMs * MICROS_PER_MS;
  const listener = Deno.listen(SERVER);
  return {
    description:
      `The other end is this machine's Linux kernel, behind ${tap.name} in a network namespace of its own.`,
    device: new FaultInjector(tap, {
      random: new SeededRandom(1),
      faults: { delay },
    }),
    visitors: listener,
    close(): Promise<void> {
      listener.close();
      return Promise.resolve();
    },
  };
}

/** Two engines in this process, which needs no rights at all; both go by `clock`. `reason` says why it had to be this. */
export async function openCableStage(
  clock: Clock,
  delayMs: number,
  reason: string,
): Promise<Stage> {
  const delay = delayMs * MICROS_PER_MS;
  const [device, far] = createCable({ delay });
  const server = await openStack({
    device: far,
    addresses: [SERVER_ADDRESS],
    clock,
    tcp: { fastOpen: FAST_OPEN_FOR_ALL },
  });
  return {
    description: `The kernel is out of reach (${reason}).\n` +
      "The other end is a second engine in this process, at the end of a cable in memory.",
    device,
    visitors: server.listen({ port: SERVER.port }),
    close: () => server.close(),
  };
}

/** The kernel's own neighbour discovery and multicast reports would only be in the way of what is to be seen. */
function quietIpv6(): void {
  try {
    writeSysctl("net.ipv6.conf.default.disable_ipv6", 1);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error; // a kernel without IPv6 is quiet already
  }
}
