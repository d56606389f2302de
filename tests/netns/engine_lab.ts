/**
 * The engine and the kernel on one wire, and what goes wrong on it.
 *
 *     test process                                namespace
 *     Network -- FaultInjector -- TapDevice ==== tap0 -- kernel TCP -- programs
 *
 * The engine runs in the test's own process, where its connections, counters
 * and memory can be looked at; the kernel's programs run in the namespace.
 *
 * @module
 */
import {
  FaultInjector,
  type Faults,
  type LinkDevice,
  type Network,
  SeededRandom,
  type StackOptions,
  type TcpConn,
} from "../../engine/mod.ts";
import {
  Netns,
  openStack,
  TapDevice,
  type TapOptions,
  withNetns,
} from "../../ffi/mod.ts";
import { Namespace } from "./harness.ts";
import type { Program } from "./harness_program.ts";

/** The two ends of the wire, by family. */
export const ADDRESSES = {
  4: { kernel: "10.9.0.1", engine: "10.9.0.2", prefixLength: 24 },
  6: { kernel: "fd09::1", engine: "fd09::2", prefixLength: 64 },
} as const;

/** Both families, for loops over tests. */
export const FAMILIES: readonly (4 | 6)[] = [4, 6];

/** Who opens the connection: the engine is the `client` or the `server`. */
export type Role = "client" | "server";

/** Both roles. */
export const ROLES: readonly Role[] = ["client", "server"];

/** Where the peer of {@linkcode EngineLab.pair} is: a port for which tshark knows no protocol to complain about. */
export const PEER_PORT = 61_000;

/** How a {@linkcode EngineLab} is to be. */
export interface LabOptions {
  /** Programs the machine must have beside `ip` and `sysctl`. */
  readonly tools?: readonly string[];
  /** What goes wrong in each direction; nothing, and no injector, when absent. */
  readonly faults?: Faults;
  /** Faults of what the engine sends; `faults`. */
  readonly tx?: Faults;
  /** Faults of what it receives; `faults`. */
  readonly rx?: Faults;
  /** Seed of the faults; 1. */
  readonly seed?: number;
  /** Settings of the engine's TCP that differ. */
  readonly tcp?: StackOptions["tcp"];
  /** MTU of the TAP; 1500. */
  readonly mtu?: number;
  /** As in `TapOptions`; `full`. */
  readonly offload?: "full" | "none";
  /** Routers of the engine. */
  readonly gateways?: readonly string[];
  /** A second TAP, `tap1`, with an address for either end in CIDR form. */
  readonly second?: { readonly kernel: string; readonly engine: string };
  /** Puts something between the engine and the rest, a capture for one. */
  readonly wrap?: (device: LinkDevice) => LinkDevice;
}

/** The program of the peers; see there for its steps. */
export const PEER_PROGRAM: URL = new URL("./programs/peer.ts", import.meta.url);

/** A namespace with a TAP, and an engine on that. */
export class EngineLab implements AsyncDisposable {
  /** Where the kernel's programs run. */
  readonly namespace: Namespace;
  /** The engine's sockets. */
  readonly net: Network;
  /** The TAP. */
  readonly tap: TapDevice;
  /** The faulty link; null without faults. */
  readonly link: FaultInjector | null;

  private constructor(
    namespace: Namespace,
    net: Network,
    tap: TapDevice,
    link: FaultInjector | null,
  ) {
    this.namespace = namespace;
    this.net = net;
    this.tap = tap;
    this.link = link;
  }

  /** Makes all of it. */
  static async create(options: LabOptions = {}): Promise<EngineLab> {
    const namespace = await Namespace.create(options.tools);
    await using onFailure = new AsyncDisposableStack();
    onFailure.use(namespace);
    const tap = openTapIn(namespace, {
      hostAddresses: cidrs("kernel"),
      ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
      ...(options.offload === undefined ? {} : { offload: options.offload }),
    });
    const link = createLink(tap, options);
    const device = link ?? tap;
    const net = await openStack({
      device: options.wrap?.(device) ?? device,
      addresses: cidrs("engine"),
      gateways: options.gateways ?? [],
      ...(options.tcp === undefined ? {} : { tcp: options.tcp }),
      moreDevices: options.second === undefined ? [] : [{
        device: openTapIn(namespace, {
          name: "tap1",
          hostAddresses: [options.second.kernel],
        }),
        addresses: [options.second.engine],
      }],
    });
    onFailure.move();
    return new EngineLab(namespace, net, tap, link);
  }

  /** Starts a connection of the kernel to the engine's `port` that performs `steps`; see programs/peer.ts. */
  peerConnects(
    family: 4 | 6,
    port: number,
    ...steps: readonly string[]
  ): Program {
    const { engine } = ADDRESSES[family];
    const to = ["--connect", engine, "--port", `${port}`];
    return this.namespace.deno(PEER_PROGRAM, ...to, ...steps);
  }

  /** The same of one that the engine connects to; resolves once it listens. */
  async peerListens(
    port: number,
    ...steps: readonly string[]
  ): Promise<Program> {
    const args = ["--listen", "--port", `${port}`, ...steps];
    const peer = this.namespace.deno(PEER_PROGRAM, ...args);
    await eventOf(peer, "listening");
    return peer;
  }

  /** Connects the engine to the kernel's `port`. */
  connect(family: 4 | 6, port: number): Promise<TcpConn> {
    return this.net.connect({ hostname: ADDRESSES[family].kernel, port });
  }

  /**
   * A connection whose other end performs `steps`, and that end, in either role of the engine.
   *
   * The peer has said `connected` by then.
   */
  async pair(
    role: Role,
    family: 4 | 6,
    ...steps: readonly string[]
  ): Promise<[TcpConn, Program]> {
    if (role === "client") {
      const peer = await this.peerListens(PEER_PORT, ...steps);
      const conn = await this.connect(family, PEER_PORT);
      await eventOf(peer, "connected");
      return [conn, peer];
    }
    using listener = this.net.listen({ port: PEER_PORT });
    const peer = this.peerConnects(family, PEER_PORT, ...steps);
    const conn = await listener.accept();
    await eventOf(peer, "connected");
    return [conn, peer];
  }

  /** Has the kernel use `name` for what it sends to the engine. */
  async setKernelCongestion(name: string): Promise<void> {
    await setCongestion(this.namespace, name);
  }

  /** Closes the engine, then the namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.net.close();
    await this.namespace[Symbol.asyncDispose]();
  }
}

/** Opens a TAP inside a namespace, called tap0 unless told otherwise. */
export function openTapIn(
  namespace: Namespace,
  options: TapOptions,
): TapDevice {
  using inside = Netns.openPath(namespace.path);
  return withNetns(
    inside,
    () => TapDevice.open({ name: "tap0", ...options }),
  );
}

/** Has the kernel of a namespace use the congestion control `name` on tap0: routes may say, namespaces may not. */
export async function setCongestion(
  namespace: Namespace,
  name: string,
): Promise<void> {
  const dev = ["dev", "tap0", "congctl", name];
  await namespace.ip("-4", "route", "replace", "10.9.0.0/24", ...dev);
  // The kernel's own IPv6 route has a metric that a second one must undercut.
  await namespace.ip(
    ...["-6", "route", "replace", "fd09::/64", ...dev, "metric", "1"],
  );
}

/** The next line of JSON of a program, which must tell of `event`. */
export async function eventOf(
  program: Program,
  event: string,
): Promise<Record<string, unknown>> {
  const line = await program.nextJson();
  if (line.event === event) return line;
  throw new Error(`Expected ${event}, got ${JSON.stringify(line)}`);
}

/** Resolves once `holds` does; throws after ten seconds that `what` did not happen. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!await holds()) {
    if (performance.now() > limit) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function cidrs(end: "kernel" | "engine"): string[] {
  return FAMILIES.map((family) => {
    const side = ADDRESSES[family];
    return `${side[end]}/${side.prefixLength}`;
  });
}

function createLink(
  tap: TapDevice,
  options: LabOptions,
): FaultInjector | null {
  const { faults, tx, rx, seed = 1 } = options;
  if (faults === undefined && tx === undefined && rx === undefined) return null;
  return new FaultInjector(tap, {
    random: new SeededRandom(seed),
    ...(faults === undefined ? {} : { faults }),
    ...(tx === undefined ? {} : { tx }),
    ...(rx === undefined ? {} : { rx }),
    frameCount: 16_384,
  });
}
