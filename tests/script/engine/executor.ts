/**
 * The engine as the system under test, whatever wire it hangs on.
 *
 * The stack is driven by hand: poll it dry, try the call that is under way,
 * let time pass to the next deadline. What time is and where packets go is the
 * wire's affair ({@linkcode Wire}): virtual in memory, real behind a TUN. The
 * stack is made at the first packet or call, after the settings of the
 * script's first command.
 *
 * @module
 */
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import {
  defaultTcpConfig,
  type TcpConfig,
} from "../../../engine/tcp/config.ts";
import { FastOpenKeys } from "../../../engine/tcp/fast_open_cookie.ts";
import { POLL_IDLE, Stack } from "../../../engine/stack/stack.ts";
import { parseCidr, parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { decodePacket } from "../run/codec.ts";
import type { RunConfig } from "../run/config.ts";
import type {
  CallOutcome,
  CallRequest,
  CodeValues,
  Executor,
  ExecutorName,
} from "../run/executor.ts";
import { NotApplicable, ScriptFailure } from "../run/executor.ts";
import type { CapturedPacket } from "../run/packet.ts";
import { interpretShell, type ShellOperation } from "../run/shell.ts";
import { SYMBOLS as S } from "../run/symbols.ts";
import { callDeadline, prepareCall } from "./calls.ts";
import type { EpollInstance } from "./epoll.ts";
import { tcpInfo } from "./info.ts";
import { type Attempt, BLOCKED } from "./results.ts";
import { Nstat } from "./nstat.ts";
import { applySysctl } from "./settings.ts";
import type { MemorySocket } from "./socket.ts";
import { toInt } from "./socket_options.ts";
import type { Wire } from "./wire.ts";
import type { World } from "./world.ts";

const SEED = 0x5eed;
const POLL_BUDGET = 256;
/** Rounds in which a stack that keeps saying "more" is believed. */
const MAX_ROUNDS = 100_000;
const FIRST_FD = 3;

function payloadLength(bytes: Uint8Array): number {
  const packet = decodePacket(bytes);
  return typeof packet === "string" || packet.body.kind !== "tcp"
    ? 0
    : packet.body.payload.length;
}

/** The engine's settings where scripts expect Linux's and the engine has its own. */
function linuxConfig(): TcpConfig {
  return {
    ...defaultTcpConfig(),
    mtuProbing: 0,
    rfc1337: false,
    fastOpenFallback: false,
    fastOpenRest: 0,
    fastOpenUnknownMss: "path",
    challengeAckLimit: 0x3fff_ffff,
  };
}

/** The engine on a wire. */
export class EngineExecutor implements Executor {
  /** Which executor the wire makes it. */
  readonly name: ExecutorName;
  /** Whether the wire's time is the world's. */
  readonly isRealTime: boolean;
  readonly #config: RunConfig;
  readonly #readSibling: (path: string) => string | null;
  readonly #tcp: TcpConfig = linuxConfig();
  readonly #wire: Wire;
  #fastOpenKey: string | null = null;
  #world: World | null = null;
  readonly #nstat = new Nstat(() => this.#open().stack.tcpCounters.toObject());
  #attempt: (() => Attempt) | null = null;
  #outcome: CallOutcome | null = null;
  #callDeadline = Infinity;

  /** Prepares a run; `readSibling` reads files that commands name. */
  constructor(
    config: RunConfig,
    readSibling: (path: string) => string | null,
    wire: Wire,
  ) {
    this.name = wire.name;
    this.isRealTime = wire.isRealTime;
    this.#config = config;
    this.#readSibling = readSibling;
    this.#wire = wire;
  }

  now(): number {
    return this.#wire.now();
  }

  advance(until: number, isDone: () => boolean): void {
    const { stack } = this.#open();
    for (let still = 0;; still++) {
      if (still > MAX_ROUNDS) {
        throw new Error(
          `The stack's deadline ${stack.deadline} stays behind ${this.now()} µs`,
        );
      }
      this.#settle();
      if (isDone()) return;
      if (until <= this.now()) return;
      const before = this.now();
      this.#wire.passTime(Math.min(stack.deadline, this.#callDeadline, until));
      if (this.now() > before) still = 0;
    }
  }

  inject(bytes: Uint8Array): void {
    this.#open();
    const { injectedMss } = this.#config;
    this.#releaseMore();
    const isMerged = injectedMss > 0 && payloadLength(bytes) > injectedMss;
    this.#wire.inject(bytes, isMerged ? injectedMss : 0);
    this.#settle();
  }

  hasCapture(): boolean {
    return this.#wire.hasCapture();
  }

  capture(): CapturedPacket | null {
    return this.#wire.capture();
  }

  begin(request: CallRequest): void {
    this.#callDeadline = callDeadline(this.#open(), request);
    this.#attempt = prepareCall(this.#open(), request);
    this.#settle();
  }

  takeOutcome(): CallOutcome | null {
    const outcome = this.#outcome;
    this.#outcome = null;
    return outcome;
  }

  command(text: string): void {
    // What stands beside a question to the counters is done too.
    const rest = /\bnstat\b/.test(text) ? this.#askCounters(text) : text;
    for (const operation of interpretShell(rest, this.#readSibling)) {
      this.#perform(operation);
    }
  }

  codeValues(fd: number): CodeValues {
    const connection = this.#open().sockets.get(fd)?.connection;
    if (connection === undefined || connection === null) {
      throw new NotApplicable("code about a socket without connection");
    }
    return tcpInfo(connection.tcb);
  }

  close(): void {
    this.#wire.close();
  }

  /** Runs the pipelines of nstat in `text`; returns the other commands. @throws ScriptFailure when one fails */
  #askCounters(text: string): string {
    const others: string[] = [];
    for (const line of text.split(/\n|;|&&/)) {
      const status = this.#nstat.run(line.trim());
      if (status === null) others.push(line);
      else if (!status) {
        throw new ScriptFailure(0, `command failed: ${line.trim()}`);
      }
    }
    return others.join("\n");
  }

  /** MSG_MORE corks one call only: whatever arrives next sends what waits, as on Linux. */
  #releaseMore(): void {
    for (const socket of this.#open().sockets.values()) {
      if (!socket.isHoldingMore || socket.connection === null) continue;
      socket.isHoldingMore = false;
      const { options, connection } = socket;
      if (options.int(S.SOL_TCP, S.TCP_CORK, 0) !== 0) continue;
      const isNoDelay = options.int(S.SOL_TCP, S.TCP_NODELAY, 0) !== 0;
      connection.setCoalescing(isNoDelay ? "nodelay" : "nagle");
    }
  }

  /** Polls the stack dry and tries the call under way, until neither has anything to do. */
  #settle(): void {
    const { stack } = this.#open();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const isIdle = stack.poll(this.now(), POLL_BUDGET) === POLL_IDLE;
      const hasFinished = this.#tryCall();
      if (isIdle && !hasFinished) return;
    }
    throw new Error(
      `The stack is not idle after ${MAX_ROUNDS} rounds at ${this.now()} µs`,
    );
  }

  #tryCall(): boolean {
    if (this.#attempt === null) return false;
    const result = this.#attempt();
    if (result === BLOCKED) return false;
    this.#attempt = null;
    this.#callDeadline = Infinity;
    this.#outcome = { ...result, endedAt: this.now() };
    return true;
  }

  #perform(operation: ShellOperation): void {
    switch (operation.kind) {
      case "sysctl":
        applySysctl(
          this.#settings(),
          operation.name,
          operation.value,
          (key) => this.#setFastOpenKey(key),
        );
        return;
      case "route":
        this.#applyRoute(operation.attributes);
        return;
      case "mtu":
        this.#wire.setMtu(operation.value);
        return;
      case "sleep":
        this.advance(this.now() + operation.usecs, () => false);
        return;
      case "flushMetrics":
      case "none":
        return;
      case "foreign":
        throw new NotApplicable(
          `the command "${operation.text.split(" ")[0]}"`,
        );
    }
  }

  #setFastOpenKey(key: string): void {
    this.#fastOpenKey = key;
    if (this.#world !== null) {
      this.#world.stack.tcp.fastOpenKeys = new FastOpenKeys(key);
    }
  }

  /** The settings to change: those the stack will be made with, or those it has. */
  #settings(): TcpConfig {
    return this.#world?.stack.tcp.config ?? this.#tcp;
  }

  #applyRoute(attributes: ReadonlyMap<string, string>): void {
    const config = this.#settings();
    for (const [name, value] of attributes) {
      if (name === "initcwnd") config.initialCwnd = Number(value);
      else if (name === "rto_min") {
        config.rtoMin = parseFloat(value) * (value.endsWith("ms") ? 1e3 : 1e6);
      } else if (name === "mtu" && this.#world === null) {
        this.#wire.setMtu(Number(value));
      } else throw new NotApplicable(`the route attribute ${name}`);
    }
  }

  #open(): World {
    if (this.#world !== null) return this.#world;
    const stack = new Stack({ random: new SeededRandom(SEED), tcp: this.#tcp });
    if (this.#fastOpenKey !== null) {
      stack.tcp.fastOpenKeys = new FastOpenKeys(this.#fastOpenKey);
    }
    const prefix = parseCidr(
      `${this.#config.localIp}/${this.#config.localPrefixLength}`,
    );
    const index = stack.addDevice(this.#wire.device, {
      name: "tun0",
      addresses: [prefix],
    }, this.now());
    const everywhere = parseCidr(
      this.#config.wireVersion === 4 ? "0.0.0.0/0" : "::/0",
    );
    stack.addRoute({
      destination: everywhere,
      gateway: null,
      interfaceIndex: index,
    });
    this.#world = this.#makeWorld(stack);
    return this.#world;
  }

  #makeWorld(stack: Stack): World {
    const sockets = new Map<number, MemorySocket>();
    const epolls = new Map<number, EpollInstance>();
    return {
      stack,
      localIp: parseIpAddress(this.#config.localIp),
      sockets,
      epolls,
      owners: new Map(),
      now: () => this.now(),
      nextFd: () => {
        let fd = FIRST_FD;
        while (sockets.has(fd) || epolls.has(fd)) fd++;
        return fd;
      },
      setListenOption: (level, name, value) =>
        this.#setStackOption(level, name, value),
    };
  }

  /** Options of a socket without connection that its SYN or its children's SYN-ACKs depend on: the stack's settings serve, for a run has one listener. */
  #setStackOption(level: number, name: number, value: Uint8Array): void {
    const config = this.#settings();
    const number = toInt(value);
    if (level === S.SOL_SOCKET && name === S.SO_RCVBUF) {
      config.receiveBuffer = {
        min: 2 * number,
        initial: 2 * number,
        max: 2 * number,
      };
      config.moderateReceiveBuffer = false;
    } else if (level === S.SOL_TCP && name === S.TCP_SYNCNT) {
      config.synRetries = number;
    }
  }
}
