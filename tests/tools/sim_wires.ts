/**
 * Bad wires and odd settings, drawn at random from a seed.
 *
 * @module
 */
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Faults } from "../../engine/link/faults.ts";
import type { TcpConfig } from "../../engine/tcp/config.ts";
import type { AppOptions, ConversationOptions } from "./sim_app.ts";
import type { PairOptions } from "./sim.ts";

/** One drawn case: the wire and the stacks, and what the programs do over them. */
export interface Ordeal {
  /** Wire and stacks. */
  readonly pair: PairOptions;
  /** Programs. */
  readonly talk: ConversationOptions;
}

/** The 2^32 ticks of 4 µs after which the clock of initial sequence numbers wraps. */
const ISN_PERIOD = 2 ** 34;

/** Draws the case of `seed`: the same every time. */
export function drawOrdeal(seed: number): Ordeal {
  const random = new SeededRandom(seed);
  const pick = <T>(...choices: readonly T[]): T =>
    choices[random.below(choices.length)];
  const rttInMs = pick(0.1, 1, 5, 20, 100, 300);
  const faults = (): Faults => ({
    drop: pick(0, 0.001, 0.01, 0.03, 0.1, 0.2),
    delay: rttInMs * 500,
    jitter: pick(0, 0, rttInMs * 100),
    reorder: pick(0, 0, 0.01, 0.2),
    reorderDelay: pick(500, 5_000, 50_000),
    duplicate: pick(0, 0, 0.02, 0.3),
    corrupt: pick(0, 0, 0.01),
    bitsPerSecond: pick(Infinity, Infinity, 1e6, 1e7, 1e8),
    bufferSize: pick(20_000, 100_000),
  });
  const program = (): AppOptions => ({
    send: pick(0, 1, 1_000, 50_000, 300_000),
    writeSize: pick(65_521, 100, 1_460, 3_000),
  });
  const coalescing = pick("nagle", "nodelay") as "nagle" | "nodelay";
  return {
    pair: {
      seed,
      toServer: faults(),
      toClient: faults(),
      tcp: drawSettings(pick),
      gsoMaxSize: pick(0, 0, 65_535),
      startAt: pick(0, 1e9, ISN_PERIOD - 1e6),
    },
    talk: {
      family: pick(4, 6) as 4 | 6,
      client: program(),
      server: program(),
      prepare: (connection) => connection.setCoalescing(coalescing),
    },
  };
}

type Pick = <T>(...choices: readonly T[]) => T;

function drawSettings(pick: Pick): Partial<TcpConfig> {
  return {
    // A fifth of all packets lost must not make anybody give up.
    orphanRetries: 15,
    synRetries: 15,
    synAckRetries: 15,
    sack: pick(true, true, true, false),
    timestamps: pick(true, true, false),
    windowScaling: pick(true, true, false),
    rack: pick(true, true, true, false),
    tailLossProbe: pick(true, true, false),
    frto: pick(true, false),
    ecn: pick<0 | 1 | 2>(0, 1, 2),
    receiveBuffer: pick(
      { min: 4_096, initial: 131_072, max: 6_291_456 },
      { min: 4_096, initial: 8_192, max: 8_192 },
      { min: 4_096, initial: 40_000, max: 100_000 },
    ),
    sendBuffer: pick(
      { min: 4_096, initial: 262_144, max: 4_194_304 },
      { min: 4_096, initial: 5_000, max: 5_000 },
    ),
  };
}
