/**
 * Two kernels on one faulty link.
 *
 *     kernel A -- tap0 ==== bridge ==== FaultInjector ==== tap0 -- kernel B
 *
 * The bridge takes the place of the engine's stack in {@linkcode Host}: what
 * comes in on one side goes out on the other. The same injector around the
 * same kind of TAP is what the engine sends through, so that both have the
 * same link.
 *
 * @module
 */
import {
  createFrame,
  FaultInjector,
  type Faults,
  type Frame,
  type LinkDevice,
  type Micros,
  POLL_BLOCKED,
  POLL_IDLE,
  POLL_MORE,
  SeededRandom,
  TX_BUSY,
} from "../../engine/mod.ts";
import { Host, type HostedStack } from "../../ffi/mod.ts";
import { openTapIn } from "./engine_lab.ts";
import type { Namespace } from "./harness.ts";

/** One side of the bridge. */
export interface BridgeEnd {
  /** Where its TAP goes. */
  readonly namespace: Namespace;
  /** The kernel's addresses on it in CIDR form. */
  readonly addresses: readonly string[];
}

/** A link between two namespaces on which things go wrong. */
export class Bridge implements AsyncDisposable {
  /** What goes wrong, and what did. */
  readonly link: FaultInjector;
  readonly #host: Host;
  readonly #devices: readonly LinkDevice[];

  /** Opens a TAP in either namespace and passes frames between them; `faults` strike in each direction. */
  constructor(one: BridgeEnd, other: BridgeEnd, faults: Faults, seed: number) {
    const left = openTapIn(one.namespace, { hostAddresses: one.addresses });
    const right = openTapIn(other.namespace, {
      hostAddresses: other.addresses,
    });
    this.link = new FaultInjector(right, {
      random: new SeededRandom(seed),
      faults,
      frameCount: 16_384,
    });
    this.#devices = [left, this.link];
    this.#host = new Host(new Pump(left, this.link), this.#devices);
    this.#host.start();
  }

  /** Stops and removes both interfaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.close();
    for (const device of this.#devices) device.close();
  }
}

class Pump implements HostedStack {
  readonly deadline: Micros = Infinity;
  readonly #pipes: readonly Pipe[];

  constructor(left: LinkDevice, right: LinkDevice) {
    this.#pipes = [new Pipe(left, right), new Pipe(right, left)];
  }

  poll(now: Micros, budget: number): number {
    let outcome = POLL_IDLE;
    for (const pipe of this.#pipes) {
      const own = pipe.pass(now, budget);
      if (own === POLL_MORE || outcome === POLL_IDLE) outcome = own;
    }
    return outcome;
  }
}

/** One direction; holds on to a frame that the far side had no room for. */
class Pipe {
  readonly #from: LinkDevice;
  readonly #to: LinkDevice;
  readonly #frame: Frame = createFrame();
  #isHeld = false;

  constructor(from: LinkDevice, to: LinkDevice) {
    this.#from = from;
    this.#to = to;
  }

  pass(now: Micros, budget: number): number {
    for (let i = 0; i < budget; i++) {
      if (!this.#isHeld && this.#from.receive(this.#frame, now) <= 0) {
        return i > 0 ? POLL_MORE : POLL_IDLE;
      }
      this.#isHeld = this.#to.transmit(this.#frame, null, now) === TX_BUSY;
      if (this.#isHeld) return i > 0 ? POLL_MORE : POLL_BLOCKED;
    }
    return POLL_MORE;
  }
}
