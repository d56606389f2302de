/**
 * A client, a box in the path and a server, for everything about Fast Open.
 *
 *     client 10.0.0.1, fd00::1 ── Middlebox ── 50 ms ── server 10.0.0.2, fd00::2
 *
 * The server answers a request as soon as it has read all of it, with
 * {@linkcode ANSWER}, and both ends note when. Everything is virtual time.
 *
 * @module
 */
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Micros } from "../../engine/base/units.ts";
import { createCable } from "../../engine/link/cable.ts";
import { MEDIUM_IP } from "../../engine/link/device.ts";
import { Stack } from "../../engine/stack/stack.ts";
import { ERR_END_OF_STREAM, EV_CONNECTED } from "../../engine/tcp/codes.ts";
import type { TcpConfig } from "../../engine/tcp/config.ts";
import type { Connection, EventSink } from "../../engine/tcp/connection.ts";
import type { FastOpenAttempt } from "../../engine/tcp/fast_open_attempt.ts";
import type { FastOpenListenOptions } from "../../engine/tcp/fast_open_queue.ts";
import type { Listener } from "../../engine/tcp/listener.ts";
import type { TcpCounter } from "../../engine/tcp/counters.ts";
import {
  IpAddress,
  parseCidr,
  parseIpAddress,
} from "../../engine/wire/ip_address.ts";
import { Middlebox } from "./middlebox.ts";
import type { BoxRules, LogEntry } from "./middlebox.ts";
import { Sim } from "./sim.ts";

/** One-way delay between the hosts, µs. */
export const DELAY: Micros = 50_000;
/** A round trip, µs. */
export const RTT: Micros = 2 * DELAY;
/** What the server answers to any whole request. */
export const ANSWER: Uint8Array = new TextEncoder().encode("answer");
/** What the client asks; whole when its last byte has come. */
export const REQUEST: Uint8Array = new TextEncoder().encode("request!");
const PORT = 80;

/** How a lab is made. */
export interface LabOptions {
  /** What the box does. */
  readonly rules?: BoxRules;
  /** The server's Fast Open; null: off. Default a queue of 16. */
  readonly fastOpen?: FastOpenListenOptions | null;
  /** Settings of the client. */
  readonly clientTcp?: Partial<TcpConfig>;
  /** Settings of the server. */
  readonly serverTcp?: Partial<TcpConfig>;
  /** Family of the connections; 4. */
  readonly family?: 4 | 6;
  /** The server waits this long before it answers, µs; 0. */
  readonly think?: Micros;
  /** Whether the server closes after its answer. Default "no". */
  readonly closes?: "yes" | "no";
}

/** What happened on one connection. */
export class Visit implements EventSink {
  /** The client's connection. */
  readonly connection: Connection;
  /** Bytes of answers the client has read. */
  readonly answer: number[] = [];
  /** When the client asked. */
  readonly startedAt: Micros;
  /** When the first byte of the answer was read; -1: never. */
  answeredAt: Micros = -1;
  /** EV_CONNECTED was told so many times. */
  connectedCount = 0;
  /** The end of the stream was read. */
  ended = false;

  /** Notes of `connection`, opened now. */
  constructor(connection: Connection, now: Micros) {
    this.connection = connection;
    this.startedAt = now;
    connection.sink = this;
  }

  /** From asking to the first byte of the answer, µs; -1: none came. */
  get wait(): Micros {
    return this.answeredAt < 0 ? -1 : this.answeredAt - this.startedAt;
  }

  /** The outcome of Fast Open. Throws when it was not tried. */
  get attempt(): FastOpenAttempt {
    const attempt = this.connection.tcb.fastOpen;
    if (attempt === null) throw new Error("Fast Open was not tried");
    return attempt;
  }

  /** Reads what came. */
  handleEvents(connection: Connection, events: number, now: Micros): void {
    if (events & EV_CONNECTED) this.connectedCount++;
    const buffer = new Uint8Array(4_096);
    for (;;) {
      const n = connection.read(buffer, 0, buffer.length, now);
      if (n === ERR_END_OF_STREAM) this.ended = true;
      if (n <= 0) return;
      if (this.answeredAt < 0) this.answeredAt = now;
      this.answer.push(...buffer.subarray(0, n));
    }
  }
}

/** One connection as the server's application sees it. */
export class Served implements EventSink {
  /** The server's connection. */
  readonly connection: Connection;
  /** Bytes read. */
  readonly request: number[] = [];
  /** When it was accepted. */
  readonly acceptedAt: Micros;
  /** State in which it was accepted. */
  readonly stateWhenAccepted: number;
  /** When the first byte was read; -1: none. */
  readAt: Micros = -1;
  /** EV_CONNECTED was told after the acceptance so many times. */
  connectedCount = 0;
  readonly #lab: Lab;

  /** Serves `connection`. */
  constructor(connection: Connection, lab: Lab, now: Micros) {
    this.connection = connection;
    this.#lab = lab;
    this.acceptedAt = now;
    this.stateWhenAccepted = connection.state;
    connection.sink = this;
    this.handleEvents(connection, 0, now);
  }

  /** Reads, and answers when the request is whole. */
  handleEvents(connection: Connection, events: number, now: Micros): void {
    if (events & EV_CONNECTED) this.connectedCount++;
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const n = connection.read(buffer, 0, buffer.length, now);
      if (n <= 0) break;
      if (this.readAt < 0) this.readAt = now;
      const whole = buffer[n - 1] === REQUEST[REQUEST.length - 1];
      this.request.push(...buffer.subarray(0, n));
      if (whole) this.#lab.answerLater(this, now);
    }
  }
}

/** Two stacks with a box between them. */
export class Lab {
  /** The clock. */
  readonly sim: Sim = new Sim();
  /** The client's stack. */
  readonly client: Stack;
  /** The server's stack. */
  readonly server: Stack;
  /** The box. */
  readonly box: Middlebox;
  /** The listener on the server. */
  readonly listener: Listener;
  /** Connections the server accepted, in order. */
  readonly served: Served[] = [];
  readonly #options: LabOptions;
  readonly #due: { at: Micros; served: Served }[] = [];

  /** Makes a lab whose server listens. */
  constructor(options: LabOptions = {}) {
    this.#options = options;
    const [near, far] = createCable({ medium: MEDIUM_IP, delay: DELAY });
    this.box = new Middlebox(near, options.rules);
    this.client = this.#host(1, this.box, options.clientTcp);
    this.server = this.#host(2, far, options.serverTcp);
    this.listener = this.listen(PORT, options.fastOpen);
  }

  /** Opens another listener on the server. */
  listen(port: number, fastOpen?: FastOpenListenOptions | null): Listener {
    const made = this.server.listen({
      port,
      ...(fastOpen === null
        ? {}
        : { fastOpen: fastOpen ?? { queueLimit: 16 } }),
    });
    if (typeof made === "number") throw new Error(`listen: ${made}`);
    made.sink = {
      handleAcceptable: (listener, now) => {
        for (;;) {
          const connection = listener.accept();
          if (connection === null) return;
          this.sim.watched.push(connection);
          this.served.push(new Served(connection, this, now));
        }
      },
    };
    return made;
  }

  /** Connects with `data` in hand; nothing has moved yet. */
  open(
    data: Uint8Array = REQUEST,
    mode: "plain" | "fast" | "cookieless" = "fast",
    port: number = PORT,
  ): Visit {
    const remote = this.address(2);
    const made = this.client.connect({
      remote,
      remotePort: port,
      mode,
      setup: (connection) => void connection.preload(data),
    }, this.sim.now);
    if (typeof made === "number") throw new Error(`connect: ${made}`);
    this.sim.watched.push(made);
    return new Visit(made, this.sim.now);
  }

  /** Connects, lets the conversation run for `span`, and closes the client's end. */
  visit(
    data: Uint8Array = REQUEST,
    mode: "plain" | "fast" | "cookieless" = "fast",
    span: Micros = 5_000_000,
  ): Visit {
    const visit = this.open(data, mode);
    this.pass(span);
    visit.connection.close(this.sim.now);
    for (const served of this.served) {
      if (!served.connection.tcb.orphaned) {
        served.connection.close(this.sim.now);
      }
    }
    this.pass(RTT * 4);
    return visit;
  }

  /** Lets time pass, answers included that the server has yet to think about. */
  pass(span: Micros): void {
    const until = this.sim.now + span;
    for (;;) {
      const due = this.#due[0];
      const target = Math.min(until, due?.at ?? until);
      const outcome = this.sim.run(target, () => this.#due[0] !== due);
      if (due !== undefined && this.sim.now >= due.at) {
        this.#due.shift();
        this.answer(due.served, this.sim.now);
      } else if (outcome !== "stopped") return;
    }
  }

  /** The server will answer after its time to think. */
  answerLater(served: Served, now: Micros): void {
    const think = this.#options.think ?? 0;
    if (think === 0) this.answer(served, now);
    else this.#due.push({ at: now + think, served });
  }

  /** The server answers. */
  answer(served: Served, now: Micros): void {
    served.connection.write(ANSWER, 0, ANSWER.length, now);
    if (this.#options.closes === "yes") served.connection.close(now);
  }

  /** Host 1 is the client, host 2 the server. */
  address(host: number): IpAddress {
    const family = this.#options.family ?? 4;
    return parseIpAddress(family === 4 ? `10.0.0.${host}` : `fd00::${host}`);
  }

  /** One of the server's counters. */
  serverCount(name: TcpCounter): number {
    return this.server.tcpCounters.get(name);
  }

  /** One of the client's counters. */
  clientCount(name: TcpCounter): number {
    return this.client.tcpCounters.get(name);
  }

  /** SYNs the client sent since entry `from` of the log. */
  syns(from = 0): LogEntry[] {
    return this.box.log.slice(from).filter((entry) =>
      entry.direction === "out" && entry.packet.isSyn
    );
  }

  /** SYN-ACKs that reached the client since entry `from` of the log. */
  synAcks(from = 0): LogEntry[] {
    return this.box.log.slice(from).filter((entry) =>
      entry.direction === "in" && entry.packet.isSynAck
    );
  }

  #host(
    host: number,
    device: Parameters<Stack["addDevice"]>[0],
    tcp: Partial<TcpConfig> = {},
  ): Stack {
    const stack = new Stack({
      random: new SeededRandom(host),
      tcp,
      memory: 16 * 1024 * 1024,
    });
    const addresses = [
      parseCidr(`10.0.0.${host}/24`),
      parseCidr(`fd00::${host}/64`),
    ];
    stack.addDevice(device, { addresses }, this.sim.now);
    this.sim.stacks.push(stack);
    return stack;
  }
}
