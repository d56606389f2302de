/**
 * What the connections of one stack share: settings, memory, randomness,
 * counters and the two rate limits that must be global to mean anything.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Counters } from "../base/counters.ts";
import type { Random } from "../base/ports.ts";
import type { TraceSink } from "../base/trace.ts";
import { SECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import type { TcpConfig } from "./config.ts";
import { createTcpCounters } from "./counters.ts";
import { FastOpenBlackhole } from "./fast_open_blackhole.ts";
import { FastOpenCache } from "./fast_open_cache.ts";
import { createFastOpenKeys } from "./fast_open_cookie.ts";
import type { FastOpenKeys } from "./fast_open_cookie.ts";
import { IsnGenerator } from "./isn.ts";
import { MemoryQueue } from "./memory.ts";
import { createRuleCounters } from "./rules.ts";
import { SentRecordPool } from "./sent_queue.ts";
import { SynCookies } from "./syn_cookie.ts";
import type { Tcb } from "./tcb.ts";

/** One stack's shared TCP state. */
export class TcpContext {
  /** Settings; changes apply to connections made later unless a field says otherwise. */
  readonly config: TcpConfig;
  /** Memory of all rings. */
  readonly arena: Arena;
  /** Randomness. */
  readonly random: Random;
  /** Counters as `nstat` names them. */
  readonly counters: Counters = createTcpCounters();
  /** How often each rule of the state machine ended a segment's processing. */
  readonly rules: Counters = createRuleCounters();
  /** Where events go; null: nowhere, at no cost. */
  trace: TraceSink | null = null;
  /** Unused retransmission records. */
  readonly records: SentRecordPool = new SentRecordPool();
  /** Initial sequence numbers and timestamp offsets. */
  readonly isn: IsnGenerator;
  /** SYN cookies of listeners whose queues are full. */
  readonly synCookies: SynCookies;
  /** Fast Open cookies learned from servers. */
  readonly fastOpenCache: FastOpenCache = new FastOpenCache();
  /** Black holes found by Fast Open connections. */
  readonly fastOpenBlackhole: FastOpenBlackhole = new FastOpenBlackhole();
  /** Connections in TIME-WAIT. */
  timeWaitCount = 0;
  /** Connections that wait for memory. */
  readonly memoryQueue: MemoryQueue;
  /** Connections the application has closed that still have something to do but wait out TIME-WAIT. */
  orphanCount = 0;
  #fastOpenKeys: FastOpenKeys | null = null;
  #challengeWindowAt: Micros = -Infinity;
  #challengesLeft = 0;

  /** A context with `config`, its rings in `arena`, secrets drawn from `random`. */
  constructor(config: TcpConfig, arena: Arena, random: Random) {
    this.config = config;
    this.arena = arena;
    this.memoryQueue = new MemoryQueue(arena);
    this.random = random;
    this.isn = new IsnGenerator(random);
    this.synCookies = new SynCookies(random);
  }

  /** Whether less than an eighth of the memory is left: windows do not grow beyond what buffers hold already. */
  get isMemoryShort(): boolean {
    return this.arena.used > this.arena.capacity * 7 / 8;
  }

  /** Keys of the cookies our listeners hand out: drawn when first needed, or set to share them with other servers (RFC 7413 §6.3.4). */
  get fastOpenKeys(): FastOpenKeys {
    this.#fastOpenKeys ??= createFastOpenKeys(this.random);
    return this.#fastOpenKeys;
  }

  set fastOpenKeys(keys: FastOpenKeys) {
    this.#fastOpenKeys = keys;
  }

  /** Asked when a passive handshake is about to complete: whether its listener has room. The stack sets it. */
  mayEstablish: (t: Tcb) => boolean = () => true;

  /**
   * Whether one more challenge ACK may be sent this second.
   *
   * The budget of each second is drawn at random from the upper half of the
   * limit, so that an attacker cannot count what is left of it to learn about
   * other connections (RFC 5961 §7; the attack is CVE-2016-5696).
   */
  takeChallenge(now: Micros): boolean {
    if (now - this.#challengeWindowAt >= SECOND) {
      this.#challengeWindowAt = now;
      const half = Math.ceil(this.config.challengeAckLimit / 2);
      this.#challengesLeft = half + (this.random.int32() >>> 1) % (half + 1);
    }
    if (this.#challengesLeft <= 0) return false;
    this.#challengesLeft--;
    return true;
  }
}
