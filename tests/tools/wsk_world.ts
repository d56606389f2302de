/**
 * Winsock Kernel clients over real stacks, in virtual time.
 *
 * A world is one or two stacks; each that has a subsystem has a registered
 * client. `run` polls whoever has something to do and lets time jump to the
 * next deadline.
 *
 * @module
 */
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Micros } from "../../engine/base/units.ts";
import { createCable } from "../../engine/link/cable.ts";
import type { LinkDevice } from "../../engine/link/device.ts";
import { POLL_IDLE, Stack } from "../../engine/stack/stack.ts";
import { parseCidr } from "../../engine/wire/ip_address.ts";
import * as W from "../../engine/wsk/mod.ts";
import type { TcpConfig } from "../../engine/tcp/config.ts";

/** How a world is made. */
export interface WorldOptions {
  readonly seed?: number;
  readonly tcp?: Partial<TcpConfig>;
  /** Puts something between a stack and its end of the cable. */
  readonly wrap?: (device: LinkDevice, seed: number) => LinkDevice;
  readonly subsystem?: W.WskSubsystemOptions;
}

/** A stack with a client of the surface on it. */
export interface Node {
  readonly stack: Stack;
  readonly subsystem: W.WskSubsystem;
  readonly registration: W.WSK_REGISTRATION;
  readonly npi: W.WSK_PROVIDER_NPI;
}

/** Two nodes on a cable: 10.0.0.1, fd00::1 and 10.0.0.2, fd00::2. */
export class World {
  now: Micros = 0;
  readonly nodes: readonly [Node, Node];
  readonly clock = { now: (): Micros => this.now };

  private constructor(nodes: (world: World) => [Node, Node]) {
    this.nodes = nodes(this);
  }

  /** Makes the world and captures both providers. */
  static async open(options: WorldOptions = {}): Promise<World> {
    const { seed = 1, wrap = (device) => device } = options;
    const world = new World((made) => {
      const ends = createCable({ delay: 1000, frameCount: 4096 });
      return [0, 1].map((i) => {
        const device = wrap(ends[i], seed * 2 + i);
        return made.#node(device, i + 1, seed * 2 + i, options);
      }) as [Node, Node];
    });
    for (const { subsystem, registration, npi } of world.nodes) {
      const Dispatch = { Version: 0x100, Reserved: 0, WskClientEvent: null };
      subsystem.WskRegister({ ClientContext: null, Dispatch }, registration);
      await subsystem.WskCaptureProviderNPI(registration, W.WSK_NO_WAIT, npi);
    }
    return world;
  }

  /** Runs until nothing is left to do, or for `limit` of virtual time. */
  run(limit: Micros = 1_000_000): void {
    const end = this.now + limit;
    for (let rounds = 0; rounds < 2_000_000; rounds++) {
      let busy = false;
      for (const { stack } of this.nodes) {
        busy = stack.poll(this.now, 64) !== POLL_IDLE || busy;
      }
      if (busy) continue;
      const next = Math.min(...this.nodes.map(({ stack }) => stack.deadline));
      if (next === Infinity || next > end) break;
      this.now = Math.max(this.now, next);
    }
    this.now = Math.max(this.now, Math.min(end, this.now));
  }

  /** Runs, letting virtual time pass, until `done` holds or `limit` is over. */
  runUntil(done: () => boolean, limit: Micros = 600_000_000): void {
    const end = this.now + limit;
    while (!done() && this.now < end) {
      let busy = false;
      for (const { stack } of this.nodes) {
        busy = stack.poll(this.now, 64) !== POLL_IDLE || busy;
      }
      if (busy) continue;
      const next = Math.min(...this.nodes.map(({ stack }) => stack.deadline));
      if (next === Infinity) return;
      this.now = Math.max(this.now, next);
    }
  }

  #node(
    device: LinkDevice,
    host: number,
    seed: number,
    options: WorldOptions,
  ): Node {
    const stack = new Stack({
      random: new SeededRandom(seed),
      ...(options.tcp === undefined ? {} : { tcp: options.tcp }),
    });
    stack.addDevice(device, {
      addresses: [
        parseCidr(`10.0.0.${host}/24`),
        parseCidr(`fd00::${host}/64`),
      ],
    }, 0);
    return {
      stack,
      subsystem: new W.WskSubsystem(
        new W.StackTransport(stack, this.clock),
        options.subsystem ?? {},
      ),
      registration: new W.WSK_REGISTRATION(),
      npi: new W.WSK_PROVIDER_NPI(),
    };
  }
}

/** What became of one call. */
export interface Outcome {
  readonly irp: W.IRP;
  readonly returned: W.NTSTATUS;
  completions: number;
  status: W.NTSTATUS;
  information: number | W.WSK_SOCKET;
}

/** Makes a call with an IRP of its own. */
export function call(submit: (irp: W.IRP) => W.NTSTATUS): Outcome {
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  const outcome = {
    irp,
    returned: 0,
    completions: 0,
    status: 0xffff_ffff,
    information: -1 as number | W.WSK_SOCKET,
  };
  W.IoSetCompletionRoutine(
    irp,
    () => {
      outcome.completions++;
      outcome.status = irp.IoStatus.Status;
      outcome.information = irp.IoStatus.Information;
      return W.STATUS_MORE_PROCESSING_REQUIRED;
    },
    null,
    true,
    true,
    true,
  );
  outcome.returned = submit(irp);
  return outcome;
}

/** Makes a socket call. */
export function openSocket(
  node: Node,
  flags: number,
  dispatch: W.WSK_CLIENT_SOCKET_DISPATCH | null = null,
  family: number = W.AF_INET,
): Outcome {
  const isDatagram = flags === W.WSK_FLAG_DATAGRAM_SOCKET;
  return call((irp) =>
    node.npi.Dispatch.WskSocket(
      node.npi.Client,
      family,
      isDatagram ? W.SOCK_DGRAM : W.SOCK_STREAM,
      isDatagram ? W.IPPROTO_UDP : W.IPPROTO_TCP,
      flags,
      null,
      dispatch,
      null,
      null,
      null,
      irp,
    )
  );
}
