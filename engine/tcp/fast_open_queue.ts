/**
 * How many Fast Open requests a listener has pending: RFC 7413 §4.2, §5.1.
 *
 *     SYN with data --> pending --final ACK--> established    (no longer counts)
 *                          `----RST----> counts for another minute
 *
 * A request is pending from the SYN whose data was taken until the final ACK
 * proves that the client is where it says it is. Over the limit Fast Open is
 * off (PendingFastOpenRequests, §4.2): SYNs get the ordinary handshake. An
 * attacker with a stolen cookie and a forged address would have the real owner
 * of that address reset each request and so free its place at once; therefore
 * a request that was reset keeps its place for a time (§5.1; Linux 60 s).
 *
 * @module
 */
import { requireInteger } from "../base/misuse.ts";
import { SECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import type { FastOpenKeys } from "./fast_open_cookie.ts";

/** How long a request that was reset counts as pending. Linux: 60 s. */
export const RESET_HOLD: Micros = 60 * SECOND;

/** How a listener does Fast Open. */
export interface FastOpenListenOptions {
  /** Most requests whose data was taken and whose final ACK has not come; 0 turns Fast Open off. Linux's value of TCP_FASTOPEN. */
  readonly queueLimit: number;
  /**
   * `"required"` (default): data is taken only with a valid cookie.
   * `"ignored"`: from anybody, RFC 7413 §7.3, for applications that protect
   * themselves. Linux's TCP_FASTOPEN_NO_COOKIE.
   */
  readonly cookies?: "required" | "ignored";
  /** Keys of this listener's cookies; those of the stack when absent. Linux's TCP_FASTOPEN_KEY. */
  readonly keys?: FastOpenKeys;
}

/** One listener's Fast Open: its settings and its pending requests. */
export class FastOpenQueue {
  /** Most pending requests; 0: off. May be changed at any time. */
  limit: number;
  /** Whether data needs a valid cookie. */
  cookies: "required" | "ignored";
  /** Keys of this listener; null: the stack's. */
  keys: FastOpenKeys | null;
  /** Requests without their final ACK that are alive. */
  #alive = 0;
  /** When those that were reset stop counting, in order. */
  readonly #heldUntil: Micros[] = [];

  /** An empty queue. Throws RangeError for a limit that is none. */
  constructor(options: FastOpenListenOptions) {
    const { queueLimit, cookies = "required", keys = null } = options;
    requireInteger("do Fast Open", "queueLimit", queueLimit, 0, 1_000_000);
    this.limit = queueLimit;
    this.cookies = cookies;
    this.keys = keys;
  }

  /** Requests that count against the limit, those reset within the last minute included. */
  get pendingCount(): number {
    return this.#alive + this.#heldUntil.length;
  }

  /** Whether one more request may be taken. Forgets resets that are old enough. */
  hasRoom(now: Micros): boolean {
    while (this.#heldUntil.length > 0 && this.#heldUntil[0] <= now) {
      this.#heldUntil.shift();
    }
    return this.pendingCount < this.limit;
  }

  /** A request was taken. */
  enter(): void {
    this.#alive++;
  }

  /** Its final ACK came, or it died without a RST. */
  leave(): void {
    this.#alive--;
  }

  /** It was reset: it counts on for a minute. */
  leaveReset(now: Micros): void {
    this.#alive--;
    this.#heldUntil.push(now + RESET_HOLD);
  }
}
