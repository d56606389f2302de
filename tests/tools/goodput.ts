/**
 * How fast transfers are over wires of every kind, in virtual time.
 *
 *     deno run --allow-write tests/tools/goodput.ts      writes tests/sim/goodput.json anew
 *
 * Each figure is the mean of several seeds, in megabits per second of payload
 * from the SYN to the end of the stream. The same code gives the same figures
 * on any machine; a change that moves them is either meant or a mistake.
 *
 * @module
 */
import type { Faults } from "../../engine/link/faults.ts";
import type { TcpConfig } from "../../engine/tcp/config.ts";
import { Pair } from "./sim.ts";
import { converse, finish } from "./sim_app.ts";

/** Transfers of which each figure is the mean. */
const SEEDS = 4;
/** A day: a slow transfer is no failure. */
const LIMIT = 86_400e6;

interface Wire {
  readonly name: string;
  readonly rttInMs: number;
  readonly bytes: number;
  readonly faults: Faults;
  readonly tcp?: Partial<TcpConfig>;
}

/** Every wire that is measured. */
export function wires(): Wire[] {
  const all: Wire[] = [];
  for (const rttInMs of [1, 20, 100, 300]) {
    for (const drop of [0, 0.001, 0.01, 0.05, 0.1]) {
      // Enough for the steady state, not more than the slow ones need.
      const bytes = drop < 0.05 ? 5e6 : 1e6;
      const name = `${rttInMs} ms, ${drop * 100} % lost`;
      all.push({ name, rttInMs, bytes, faults: { drop } });
    }
  }
  return [...all, ...disorder(), ...bottlenecks()];
}

/** Goodput of one wire, Mbit/s, three digits. */
export function measure(wire: Wire): number {
  let sum = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const delay = wire.rttInMs * 500;
    const faults = { ...wire.faults, delay };
    const pair = new Pair({ seed, faults, tcp: wire.tcp });
    const c = converse(pair, { client: { send: wire.bytes }, audit: "no" });
    finish(c, LIMIT);
    sum += wire.bytes * 8 / c.server.endedAt;
  }
  return Number((sum / SEEDS).toPrecision(3));
}

function disorder(): Wire[] {
  const at = (name: string, faults: Faults): Wire => ({
    name: `20 ms, ${name}`,
    rttInMs: 20,
    bytes: 3e6,
    faults,
  });
  return [
    at("5 % late by 1 ms", { reorder: 0.05, reorderDelay: 1_000 }),
    at("5 % late by 10 ms", { reorder: 0.05, reorderDelay: 10_000 }),
    at("5 % late by 40 ms", { reorder: 0.05, reorderDelay: 40_000 }),
    at("10 % twice", { duplicate: 0.1 }),
    at("1 % damaged", { corrupt: 0.01 }),
    at("5 ms of jitter", { jitter: 5_000 }),
  ];
}

function bottlenecks(): Wire[] {
  const all: Wire[] = [];
  for (const [megabits, rttInMs] of [[10, 20], [100, 20], [10, 100]]) {
    const path = megabits * 1e6 / 8 * rttInMs / 1e3;
    for (const share of [0.25, 1, 4]) {
      all.push({
        name: `${megabits} Mbit/s, ${rttInMs} ms, buffer of ${share} BDP`,
        rttInMs,
        bytes: 5e6,
        faults: { bitsPerSecond: megabits * 1e6, bufferSize: path * share },
      });
    }
  }
  return all;
}

if (import.meta.main) {
  const figures = wires().map((wire) => [wire.name, measure(wire)]);
  const text = JSON.stringify(Object.fromEntries(figures), null, 2);
  const path = new URL("../sim/goodput.json", import.meta.url);
  Deno.writeTextFileSync(path, `${text}\n`);
  console.log(text);
}
