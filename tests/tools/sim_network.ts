/**
 * Deno-shaped sockets in virtual time: promises over a {@linkcode Pair}.
 *
 * `during` lets promises run and stacks act by turns until the promise it is
 * given settles, and moves the clock only when neither has anything to do.
 *
 * @module
 */
import type { Micros } from "../../engine/base/units.ts";
import { Network } from "../../engine/socket/network.ts";
import type {
  TcpConnectOptions,
  TcpListenOptions,
} from "../../engine/socket/network.ts";
import type { TcpConn } from "../../engine/socket/tcp_conn.ts";
import { Pair } from "./sim.ts";
import type { PairOptions } from "./sim.ts";

/** Microtasks given to promises between two looks at the stacks. */
const TURNS = 20;

/** Two networks on one wire, and their clock. */
export class NetworkPair {
  /** The stacks below. */
  readonly pair: Pair;
  /** The network at 10.0.0.1. */
  readonly client: Network;
  /** The network at 10.0.0.2. */
  readonly server: Network;

  /** Makes both. */
  constructor(options: PairOptions = {}) {
    this.pair = new Pair(options);
    const clock = { now: (): Micros => this.pair.sim.now };
    this.client = new Network({ stack: this.pair.client, clock });
    this.server = new Network({ stack: this.pair.server, clock });
  }

  /** The outcome of `promise`, which must settle within `limit` µs of virtual time. */
  async during<T>(promise: Promise<T>, limit: Micros = 3_600e6): Promise<T> {
    const { sim } = this.pair;
    const until = sim.now + limit;
    let settled = false;
    const done = (): void => void (settled = true);
    promise.then(done, done);
    for (;;) {
      sim.settle();
      for (let i = 0; i < TURNS; i++) await Promise.resolve();
      if (settled) return promise;
      const next = Math.min(...sim.stacks.map((stack) => stack.deadline));
      if (next > until) {
        throw new Error(`Nothing happens at ${sim.now}\n${this.pair.story()}`);
      }
      sim.now = Math.max(sim.now, next);
    }
  }

  /** Lets `span` µs pass. */
  pass(span: Micros): Promise<void> {
    const { sim } = this.pair;
    const until = sim.now + span;
    const passed = async (): Promise<void> => {
      while (sim.now < until) {
        sim.run(until, () => false);
        await Promise.resolve();
      }
    };
    return passed();
  }

  /** A connection from client to server, port 80: both its ends. */
  async open(
    connect: Partial<TcpConnectOptions> = {},
    listen: Partial<TcpListenOptions> = {},
  ): Promise<[client: TcpConn, server: TcpConn]> {
    const listener = this.server.listen({ port: 80, ...listen });
    const accepting = listener.accept();
    const connecting = this.client.connect({
      hostname: "10.0.0.2",
      port: 80,
      ...connect,
    });
    const ends = await this.during(Promise.all([connecting, accepting]));
    for (const { connection } of ends) this.pair.sim.watched.push(connection);
    listener.close();
    return ends;
  }
}
