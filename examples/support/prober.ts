/**
 * One connection to a target with a SYN made to order, and what came of it.
 *
 * The SYN is chosen by what the Fast Open cache is made to hold before the
 * connection: a cookie of any bytes and length, or none. The cache's memory of
 * what went wrong is wiped each time, so that every probe is tried.
 *
 * @module
 */
import { parseIpAddress } from "../../mod.ts";
import type { FastOpenInfo, Network, TcpConn } from "../../mod.ts";
import { outcomeOf } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { isExplained } from "./program.ts";

/** Whom to probe, and how patiently. */
export interface Target {
  /** A literal address. */
  readonly hostname: string;
  /** Its port. */
  readonly port: number;
  /** What is asked. */
  readonly data: Uint8Array;
  /** Least time between two connections. */
  readonly intervalMs: number;
  /** How long a connection may take. */
  readonly timeoutMs: number;
  /** How long an answer may take. */
  readonly waitMs: number;
}

/** The SYN of a probe. */
export interface ProbeSyn {
  /** What it carries. */
  readonly kind: "plain" | "request" | "cookie" | "cookieless";
  /** The cookie, of any length. */
  readonly cookie?: Uint8Array;
  /** Use option 254. */
  readonly experimental?: "yes";
  /** In place of the target's data. */
  readonly data?: Uint8Array;
}

/** What came of a probe. */
export interface ProbeResult {
  /** How the connection ended. */
  readonly outcome: Attempt["outcome"];
  /** What Fast Open says of it; null for a plain SYN, or when there was no connection. */
  readonly fastOpen: FastOpenInfo | null;
  /** From `connect` to the end of the handshake; null: it did not end. */
  readonly connectMs: number | null;
  /** From `connect` to the first byte of an answer; null: none came. */
  readonly firstByteMs: number | null;
  /** Smoothed round trip, ms. */
  readonly rttMs: number | null;
}

/** Probes one target, never faster than it may. */
export class Prober {
  readonly #net: Network;
  readonly #target: Target;
  #localHostname: string | null = null;
  #mss = 0;
  #nextAt = 0;

  /** A prober of `target`. */
  constructor(net: Network, target: Target) {
    this.#net = net;
    this.#target = target;
  }

  /** What is asked. */
  get data(): Uint8Array {
    return this.#target.data;
  }

  /** The cookie the last probe left in the cache; null: none. */
  knownCookie(): Uint8Array | null {
    const entry = this.#entry();
    return entry === null || entry.cookie.length === 0
      ? null
      : entry.cookie.slice();
  }

  /** Connects with this SYN, asks, waits for the first bytes of an answer and closes. */
  async run(syn: ProbeSyn): Promise<ProbeResult> {
    await this.#pause();
    this.#prepare(syn);
    const data = syn.data ?? this.#target.data;
    const startedAt = performance.now();
    let attempt: TcpConn | null = null;
    let outcome: Attempt["outcome"] = "ok";
    let connectMs: number | null = null;
    let firstByteMs: number | null = null;
    try {
      const conn = await this.#net.connect({
        hostname: this.#target.hostname,
        port: this.#target.port,
        ...(syn.kind === "plain" ? {} : { fastOpen: data }),
        fastOpenCookie: syn.kind === "cookieless" ? "none" : "required",
        signal: AbortSignal.timeout(this.#target.timeoutMs),
        onAttempt: (made) => attempt = made,
      });
      connectMs = performance.now() - startedAt;
      this.#localHostname = conn.localAddr.hostname;
      if (syn.kind === "plain") await conn.writeAll(data);
      if (await this.#answerComes(conn)) {
        firstByteMs = performance.now() - startedAt;
      }
    } catch (error) {
      if (!isExplained(error)) throw error;
      outcome = outcomeOf(error);
    }
    const made = attempt as TcpConn | null;
    const info = made?.info() ?? null;
    made?.close();
    this.#mss = this.#entry()?.mss ?? this.#mss;
    return {
      outcome,
      fastOpen: info?.fastOpen ?? null,
      connectMs: round(connectMs),
      firstByteMs: round(firstByteMs),
      rttMs: info === null || info.rtt === 0 ? null : round(info.rtt / 1_000),
    };
  }

  async #answerComes(conn: TcpConn): Promise<boolean> {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), this.#target.waitMs);
    const reading = conn.read(new Uint8Array(4_096));
    // Closing the connection under a read that came to nothing ends it.
    reading.catch(() => {});
    try {
      return await Promise.race([reading, late.promise]) !== null;
    } finally {
      clearTimeout(timer);
    }
  }

  async #pause(): Promise<void> {
    const wait = this.#nextAt - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    this.#nextAt = performance.now() + this.#target.intervalMs;
  }

  #prepare(syn: ProbeSyn): void {
    if (this.#localHostname === null) return;
    const local = parseIpAddress(this.#localHostname);
    const remote = parseIpAddress(this.#target.hostname);
    const cache = this.#net.stack.tcp.fastOpenCache;
    cache.noteSuccess(local, remote, this.#target.port);
    const kind = syn.experimental === "yes" ? "experimental" : "standard";
    const cookie = syn.cookie ?? new Uint8Array(0);
    cache.store(local, remote, cookie, this.#mss, kind);
  }

  #entry(): { cookie: Uint8Array; mss: number } | null {
    if (this.#localHostname === null) return null;
    return this.#net.stack.tcp.fastOpenCache.find(
      parseIpAddress(this.#localHostname),
      parseIpAddress(this.#target.hostname),
    );
  }
}

function round(milliseconds: number | null): number | null {
  return milliseconds === null
    ? null
    : Math.round(milliseconds * 1_000) / 1_000;
}
