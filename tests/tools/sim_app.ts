/**
 * Applications for simulations: they send a pattern, check the one they get,
 * and close as programs do.
 *
 * The byte at position `p` of a stream is `pattern[p % 65521]`: a prime, so
 * that neither segments nor rings line up with it and a byte in the wrong
 * place is noticed wherever it goes.
 *
 * @module
 */
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Micros } from "../../engine/base/units.ts";
import {
  ERR_END_OF_STREAM,
  EV_ABORTED,
  EV_CLOSED,
  EV_CONNECTED,
} from "../../engine/tcp/codes.ts";
import type { Connection, EventSink } from "../../engine/tcp/connection.ts";
import type { Listener } from "../../engine/tcp/listener.ts";
import type { ConnectOptions } from "../../engine/stack/tcp_layer.ts";
import { Pair, serverAddress } from "./sim.ts";

const PERIOD = 65_521;
const patterns = new Map<number, Uint8Array>();

/** Two periods of the pattern of `seed`. */
export function pattern(seed: number): Uint8Array {
  let bytes = patterns.get(seed);
  if (bytes === undefined) {
    const random = new SeededRandom(seed);
    bytes = new Uint8Array(2 * PERIOD);
    for (let i = 0; i < PERIOD; i++) bytes[i] = random.int32();
    bytes.copyWithin(PERIOD, 0, PERIOD);
    patterns.set(seed, bytes);
  }
  return bytes;
}

/** What an application does; what is left out is as said. */
export interface AppOptions {
  /** Bytes to send; 0. */
  readonly send?: number;
  /** Seed of what it sends; 1. */
  readonly sendSeed?: number;
  /** Seed of what it expects; 2. */
  readonly expectSeed?: number;
  /** Most bytes a write; all. */
  readonly writeSize?: number;
  /** `"yes"`: reads what comes; `"no"`: leaves it in the buffer until `reading` is set. */
  readonly read?: "yes" | "no";
  /** When it closes: once all is sent and the end was read, or never. */
  readonly close?: "when done" | "never";
  /** When it closes its direction: once all is sent; once all is sent and the end was read; never. */
  readonly shutdown?: "when sent" | "after peer" | "never";
}

/** One end of a connection, as a program. */
export class App implements EventSink {
  /** The connection, once there is one. */
  connection: Connection | null = null;
  /** Bytes written. */
  sent = 0;
  /** Bytes read. */
  received = 0;
  /** Position of the first wrong byte; -1: none. */
  wrongAt = -1;
  /** The end of the stream was read. */
  ended = false;
  /** Bits of all events so far. */
  events = 0;
  /** When the end of the stream was read. */
  endedAt: Micros = -1;
  /** When the handshake was complete. */
  connectedAt: Micros = -1;
  /** When the connection died or closed. */
  closedAt: Micros = -1;
  /** Whether it reads. */
  reading: boolean;
  /** Bytes it means to send; may grow. */
  toSend: number;
  readonly #options: AppOptions;
  readonly #buffer = new Uint8Array(PERIOD);

  /** A program that does as `options` say. */
  constructor(options: AppOptions = {}) {
    this.#options = options;
    this.reading = options.read !== "no";
    this.toSend = options.send ?? 0;
  }

  /** `ABORT_*` of the connection. */
  get abortReason(): number {
    return this.connection?.abortReason ?? 0;
  }

  /** Takes over `connection` and begins. */
  attach(connection: Connection, now: Micros): void {
    this.connection = connection;
    connection.sink = this;
    this.work(now);
  }

  /** Looks at everything, whatever the bits say, as they ask. */
  handleEvents(connection: Connection, events: number, now: Micros): void {
    this.connection = connection;
    this.events |= events;
    if (events & EV_CONNECTED && this.connectedAt < 0) this.connectedAt = now;
    if (events & (EV_CLOSED | EV_ABORTED) && this.closedAt < 0) {
      this.closedAt = now;
    }
    this.work(now);
  }

  /** Reads and writes as much as goes. */
  work(now: Micros): void {
    if (this.connection === null) return;
    this.#read(now);
    this.#write(now);
    this.#finish(now);
  }

  #read(now: Micros): void {
    const connection = this.connection!;
    const expected = pattern(this.#options.expectSeed ?? 2);
    while (this.reading && !this.ended) {
      const n = connection.read(this.#buffer, 0, PERIOD, now);
      if (n === ERR_END_OF_STREAM) {
        this.ended = connection.abortReason === 0;
        this.endedAt = now;
      }
      if (n <= 0) return;
      const from = this.received % PERIOD;
      for (let i = 0; i < n && this.wrongAt < 0; i++) {
        if (this.#buffer[i] !== expected[from + i]) {
          this.wrongAt = this.received + i;
        }
      }
      this.received += n;
    }
  }

  #write(now: Micros): void {
    const bytes = pattern(this.#options.sendSeed ?? 1);
    const most = Math.min(this.#options.writeSize ?? PERIOD, PERIOD);
    while (this.sent < this.toSend) {
      const size = Math.min(most, this.toSend - this.sent);
      const n = this.connection!.write(bytes, this.sent % PERIOD, size, now);
      if (n <= 0) return;
      this.sent += n;
    }
  }

  #finish(now: Micros): void {
    const { shutdown = "when sent", close = "when done" } = this.#options;
    const connection = this.connection!;
    if (this.sent < this.toSend) return;
    if (
      shutdown === "when sent" && this.events & EV_CONNECTED ||
      shutdown === "after peer" && this.ended
    ) connection.shutdownSend(now);
    if (this.ended && close === "when done") connection.close(now);
  }
}

/** A connection between two programs. */
export interface Conversation {
  /** The stacks and the wire. */
  readonly pair: Pair;
  /** The program that connects. */
  readonly client: App;
  /** The program that was connected to. */
  readonly server: App;
  /** The listener. */
  readonly listener: Listener;
}

/** What {@linkcode converse} may be told. */
export interface ConversationOptions {
  /** The client program. */
  readonly client?: AppOptions;
  /** The server program; it sends seed 2 and expects 1 unless told otherwise. */
  readonly server?: AppOptions;
  /** Family of addresses; 4. */
  readonly family?: 4 | 6;
  /** How the client connects, beyond the address. */
  readonly connect?: Partial<ConnectOptions>;
  /** Called with each connection before anything else. */
  readonly prepare?: (connection: Connection) => void;
  /** Port; 80. */
  readonly port?: number;
  /** Whether the books of both ends are audited at every step; yes. */
  readonly audit?: "yes" | "no";
}

/** Connects two programs over `pair`; nothing has run yet. */
export function converse(
  pair: Pair,
  options: ConversationOptions = {},
): Conversation {
  const { sim } = pair;
  const port = options.port ?? 80;
  const client = new App(options.client);
  const server = new App({ sendSeed: 2, expectSeed: 1, ...options.server });
  const listener = pair.server.listen({ port });
  if (typeof listener === "number") throw new Error(`listen: ${listener}`);
  listener.sink = {
    handleAcceptable: (ready, now) => {
      const connection = ready.accept()!;
      options.prepare?.(connection);
      if (options.audit !== "no") sim.watched.push(connection);
      server.attach(connection, now);
    },
  };
  const connection = pair.client.connect({
    remote: serverAddress(options.family),
    remotePort: port,
    sink: client,
    setup: options.prepare,
    ...options.connect,
  }, sim.now);
  if (typeof connection === "number") throw new Error(`connect: ${connection}`);
  if (options.audit !== "no") sim.watched.push(connection);
  client.connection = connection;
  return { pair, client, server, listener };
}

/** Runs until both programs have read the end, a connection died, or `limit` µs passed; throws with the story when something is amiss. */
export function finish(c: Conversation, limit: Micros = 3_600e6): void {
  const { pair, client, server } = c;
  pair.tell(() => {
    pair.sim.run(
      pair.sim.now + limit,
      () =>
        client.ended && server.ended || client.abortReason !== 0 ||
        server.abortReason !== 0,
    );
    expectWhole("server", server, client);
    expectWhole("client", client, server);
  });
}

function expectWhole(name: string, reader: App, writer: App): void {
  if (reader.wrongAt >= 0) {
    throw new Error(`${name}: byte ${reader.wrongAt} is wrong`);
  }
  if (!reader.ended || reader.received !== writer.toSend) {
    throw new Error(
      `${name}: read ${reader.received} of ${writer.toSend} bytes, ${
        reader.ended ? "ended" : "no end"
      }, ${reader.connection?.stateName}, abort ${reader.abortReason}`,
    );
  }
}
