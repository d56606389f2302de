/**
 * Stacks in virtual time: several engines, the wires between them, one clock.
 *
 *     App ── Stack ── Capture ── FaultInjector ── cable ── Stack ── App
 *
 * Nothing waits. `run` polls every stack until none has anything to do, then
 * moves the clock to the earliest deadline. The same seed gives the same run,
 * byte for byte; the capture of the client's side tells it afterwards.
 *
 * @module
 */
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Random } from "../../engine/base/ports.ts";
import type { Micros } from "../../engine/base/units.ts";
import { createCable } from "../../engine/link/cable.ts";
import type { CableEnd } from "../../engine/link/cable.ts";
import { Capture } from "../../engine/link/capture.ts";
import { MEDIUM_IP } from "../../engine/link/device.ts";
import type { LinkDevice } from "../../engine/link/device.ts";
import { FaultInjector } from "../../engine/link/fault_injector.ts";
import type { Faults } from "../../engine/link/faults.ts";
import { POLL_MORE, Stack } from "../../engine/stack/stack.ts";
import type { TcpConfig } from "../../engine/tcp/config.ts";
import type { Connection } from "../../engine/tcp/connection.ts";
import { checkTcb } from "./sim_check.ts";
import { prettyPacket } from "../../engine/wire/pretty.ts";
import {
  type IpAddress,
  parseCidr,
  parseIpAddress,
} from "../../engine/wire/ip_address.ts";

/** Frames a stack takes in one poll. */
const BUDGET = 64;
/** Polls at one instant after which a run is taken for an endless loop. */
const MAX_ROUNDS = 100_000;
/** Packets of the capture shown when a test fails. */
const SHOWN_PACKETS = 60;
const PCAP_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;

/** Stacks that share a clock. */
export class Sim {
  /** Virtual time, µs. */
  now: Micros;
  /** The stacks, polled in this order. */
  readonly stacks: Stack[] = [];
  /** Connections whose books are checked after every step. */
  readonly watched: Connection[] = [];

  /** Starts the clock. */
  constructor(now: Micros = 0) {
    this.now = now;
  }

  /** Runs until nothing is left to do, `until` is reached, or `stop` says so; which of them is returned. */
  run(
    until: Micros = Infinity,
    stop: () => boolean = never,
  ): "idle" | "time" | "stopped" {
    for (let rounds = 0;; rounds++) {
      this.settle();
      if (stop()) return "stopped";
      const next = Math.min(...this.stacks.map((stack) => stack.deadline));
      if (next > until || next === Infinity) {
        if (until < Infinity) this.now = Math.max(this.now, until);
        return next === Infinity ? "idle" : "time";
      }
      if (next > this.now) {
        this.now = next;
        rounds = 0;
      } else if (rounds > MAX_ROUNDS) {
        throw new Error(`The simulation makes no progress at ${this.now} µs`);
      }
    }
  }

  /** Runs for `span` µs. */
  pass(span: Micros): void {
    this.run(this.now + span);
  }

  /** Polls all stacks at this instant until none has more to do. */
  settle(): void {
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
      let more = false;
      for (const stack of this.stacks) {
        if (stack.poll(this.now, BUDGET) === POLL_MORE) more = true;
      }
      for (const connection of this.watched) checkTcb(connection.tcb);
      if (!more) return;
    }
    throw new Error(`A stack never comes to rest at ${this.now} µs`);
  }
}

function never(): boolean {
  return false;
}

/** How a pair of stacks is made; what is left out is as said. */
export interface PairOptions {
  /** Seed of all chance; 1. */
  readonly seed?: number;
  /** Settings of both stacks. */
  readonly tcp?: Partial<TcpConfig>;
  /** Settings of the client's, over those of both. */
  readonly clientTcp?: Partial<TcpConfig>;
  /** Settings of the server's, over those of both. */
  readonly serverTcp?: Partial<TcpConfig>;
  /** What goes wrong in both directions. */
  readonly faults?: Faults;
  /** What goes wrong from client to server; `faults`. */
  readonly toServer?: Faults;
  /** What goes wrong from server to client; `faults`. */
  readonly toClient?: Faults;
  /** One-way delay of the cable, µs; 0. */
  readonly delay?: Micros;
  /** `MEDIUM_*`; bare IP, which needs no neighbour discovery. */
  readonly medium?: number;
  /** Largest IP packet; 1500. */
  readonly ipMtu?: number;
  /** Largest super-segment; 0. */
  readonly gsoMaxSize?: number;
  /** When the clock starts. */
  readonly startAt?: Micros;
  /** Bytes of buffer memory of each stack; 64 MiB. */
  readonly memory?: number;
  /** The same of the server's; `memory`. */
  readonly serverMemory?: number;
  /** Randomness of the client's stack; seeded. */
  readonly random?: Random;
}

/** Two stacks on one wire: 10.0.0.1/fd00::1, the client, and 10.0.0.2/fd00::2, the server. */
export class Pair {
  /** The clock. */
  readonly sim: Sim;
  /** The stack at 10.0.0.1 and fd00::1. */
  readonly client: Stack;
  /** The stack at 10.0.0.2 and fd00::2. */
  readonly server: Stack;
  /** The faulty wire. */
  readonly wire: FaultInjector;
  /** The server's end of the cable. */
  readonly serverEnd: CableEnd;
  /** The seed of all chance. */
  readonly seed: number;
  readonly #capture: Uint8Array[] = [];
  readonly #medium: number;

  /** Makes two stacks that see each other. */
  constructor(options: PairOptions = {}) {
    const { seed = 1, medium = MEDIUM_IP, memory = 64 * 1024 * 1024 } = options;
    this.seed = seed;
    this.#medium = medium;
    this.sim = new Sim(options.startAt ?? 0);
    const [near, far] = createCable({
      medium,
      ipMtu: options.ipMtu ?? 1500,
      gsoMaxSize: options.gsoMaxSize ?? 0,
      delay: options.delay ?? 0,
      frameCount: 1024,
    });
    this.wire = new FaultInjector(near, {
      random: new SeededRandom(seed),
      tx: options.toServer ?? options.faults ?? {},
      rx: options.toClient ?? options.faults ?? {},
      frameCount: 4096,
    });
    this.serverEnd = far;
    const sink = {
      write: (b: Uint8Array) => void this.#capture.push(b.slice()),
    };
    this.client = this.#addStack(
      new Capture(this.wire, { sink }),
      "1",
      { ...options.tcp, ...options.clientTcp },
      options.random ?? new SeededRandom(seed + 1000),
      memory,
    );
    this.server = this.#addStack(
      far,
      "2",
      { ...options.tcp, ...options.serverTcp },
      new SeededRandom(seed + 2000),
      options.serverMemory ?? memory,
    );
  }

  /** The capture file of the client's side so far. */
  get pcap(): Uint8Array {
    const length = this.#capture.reduce((sum, part) => sum + part.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of this.#capture) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** Packets in the capture. */
  get packetCount(): number {
    return this.#capture.length - 1;
  }

  /** The last packets as text, with the seed: for the message of a failed test. */
  story(count: number = SHOWN_PACKETS): string {
    const lines = this.#capture.slice(1).slice(-count).map((record) => {
      const view = new DataView(record.buffer);
      const at = view.getUint32(0, true) + view.getUint32(4, true) / 1e6;
      const length = record.length - RECORD_HEADER_LENGTH;
      const text = prettyPacket(
        record,
        RECORD_HEADER_LENGTH,
        length,
        this.#medium,
      );
      return `${at.toFixed(6)} ${text}`;
    });
    return `seed ${this.seed}, now ${this.sim.now}\n${lines.join("\n")}`;
  }

  /** Runs `body`; when it throws, adds the story to the message and keeps the capture where writing is allowed. */
  tell(body: () => void): void {
    try {
      body();
    } catch (error) {
      const message = error instanceof Error ? error.stack : String(error);
      throw new Error(`${message}\n${this.story()}\n${this.#keep()}`, {
        cause: error,
      });
    }
  }

  #keep(): string {
    if (Deno.permissions.querySync({ name: "write" }).state !== "granted") {
      return `capture of ${this.pcap.length} bytes not kept: no permission`;
    }
    const path = Deno.makeTempFileSync({ suffix: `.seed${this.seed}.pcap` });
    Deno.writeFileSync(path, this.pcap);
    return `capture kept in ${path}`;
  }

  #addStack(
    device: LinkDevice,
    host: string,
    tcp: Partial<TcpConfig>,
    random: Random,
    memory: number,
  ): Stack {
    const stack = new Stack({ random, tcp, memory });
    const addresses = [
      parseCidr(`10.0.0.${host}/24`),
      parseCidr(`fd00::${host}/64`),
    ];
    stack.addDevice(device, { addresses }, this.sim.now);
    this.sim.stacks.push(stack);
    return stack;
  }
}

/** Bytes of a capture before its first record. */
export const CAPTURE_HEADER_LENGTH: number = PCAP_HEADER_LENGTH;

/** The server's address of a family. */
export function serverAddress(family: 4 | 6 = 4): IpAddress {
  return parseIpAddress(family === 4 ? "10.0.0.2" : "fd00::2");
}

/** The client's address of a family. */
export function clientAddress(family: 4 | 6 = 4): IpAddress {
  return parseIpAddress(family === 4 ? "10.0.0.1" : "fd00::1");
}
