// @hot
/**
 * A connection's deadlines: named slots that coexist.
 *
 * Each reason to come back later has a slot of its own, so that arming one
 * never disarms another. `earliest` is their minimum and the only answer to
 * "when?"; the code that sets a slot is the code that knows why.
 *
 * @module
 */
import { NEVER } from "../base/units.ts";
import type { Micros } from "../base/units.ts";

/** Retransmit the oldest unacknowledged segment, RFC 6298. */
export const TIMER_RETRANSMIT = 0;
/** Send a tail loss probe, RFC 8985 §7. */
export const TIMER_LOSS_PROBE = 1;
/** The reordering window ends, RFC 8985 §6.3. */
export const TIMER_REORDER = 2;
/** Probe a closed window, RFC 9293 §3.8.6.1. */
export const TIMER_PERSIST = 3;
/** Acknowledge what has been withheld, RFC 9293 §3.8.6.3. */
export const TIMER_DELAYED_ACK = 4;
/** Probe an idle peer, RFC 9293 §3.8.4. */
export const TIMER_KEEP_ALIVE = 5;
/** Give up waiting for the peer's FIN. */
export const TIMER_FIN_WAIT_2 = 6;
/** 2 MSL are over, RFC 9293 §3.4.2. */
export const TIMER_TIME_WAIT = 7;
/** The user timeout ends, RFC 5482. */
export const TIMER_USER_TIMEOUT = 8;
/** The pacer allows the next segment. */
export const TIMER_PACING = 9;
/** A small segment that Nagle or the cork holds back must go now (Linux's 200 ms cork limit). */
export const TIMER_CORK = 10;

/** The server has not shown that it has the SYN data it acknowledged (fast_open_confirm.ts). */
export const TIMER_SYN_DATA = 11;

/** What the application wrote and let go of must be delivered by now (SO_LINGER). */
export const TIMER_LINGER = 12;

/** Empty buffers give their memory back. */
export const TIMER_TRIM = 13;

const TIMER_COUNT = 14;

/** Names by number. */
export const TIMER_NAMES: readonly string[] = [
  "RETRANSMIT",
  "LOSS_PROBE",
  "REORDER",
  "PERSIST",
  "DELAYED_ACK",
  "KEEP_ALIVE",
  "FIN_WAIT_2",
  "TIME_WAIT",
  "USER_TIMEOUT",
  "PACING",
  "CORK",
  "SYN_DATA",
  "LINGER",
  "TRIM",
];

/** The slots of one connection. */
export class Timers {
  readonly #at: Float64Array = new Float64Array(TIMER_COUNT).fill(NEVER);
  #earliest: Micros = NEVER;

  /** The earliest deadline, µs; `Infinity` when none is set. */
  get earliest(): Micros {
    return this.#earliest;
  }

  /** When `timer` falls due; `Infinity` when it is not set. */
  at(timer: number): Micros {
    return this.#at[timer];
  }

  /** Whether `timer` is set. */
  isSet(timer: number): boolean {
    return this.#at[timer] !== NEVER;
  }

  /** Sets `timer` to fall due `at`, replacing what it was. */
  set(timer: number, at: Micros): void {
    const before = this.#at[timer];
    this.#at[timer] = at;
    if (at <= this.#earliest) this.#earliest = at;
    else if (before === this.#earliest) this.#refresh();
  }

  /** Clears `timer`. */
  clear(timer: number): void {
    const before = this.#at[timer];
    if (before === NEVER) return;
    this.#at[timer] = NEVER;
    if (before === this.#earliest) this.#refresh();
  }

  /** Clears every slot. */
  clearAll(): void {
    this.#at.fill(NEVER);
    this.#earliest = NEVER;
  }

  /** Clears and returns the lowest-numbered timer due at `now`, or -1. */
  takeDue(now: Micros): number {
    if (this.#earliest > now) return -1;
    for (let i = 0; i < TIMER_COUNT; i++) {
      if (this.#at[i] <= now) {
        this.clear(i);
        return i;
      }
    }
    return -1;
  }

  #refresh(): void {
    let earliest = NEVER;
    for (let i = 0; i < TIMER_COUNT; i++) {
      if (this.#at[i] < earliest) earliest = this.#at[i];
    }
    this.#earliest = earliest;
  }
}
