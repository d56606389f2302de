/**
 * When Fast Open rests everywhere: Linux's black-hole detection.
 *
 * Some boxes let a SYN with data pass and then swallow the connection, during
 * the handshake or after it. No answer says so; what gives them away is
 *
 *   - a FIN or a RST that arrives ahead of data that never came,
 *   - a third timeout in a row on a connection opened with Fast Open.
 *
 * Then no connection of this stack uses Fast Open for a time, which doubles
 * with each further find up to 64 times, and is forgotten when a later
 * connection succeeds over a real network. The first time is
 * `TcpConfig.fastOpenBlackholeTimeout`; 0, as in Linux today, leaves the matter
 * to the rest that each path takes for itself (fast_open_cache.ts).
 *
 * @module
 */
import type { Micros } from "../base/units.ts";

/** Most doublings, as in Linux. */
const MAX_DOUBLINGS = 6;

/** What one stack knows of black holes. */
export class FastOpenBlackhole {
  #count = 0;
  #foundAt: Micros = -Infinity;

  /** Finds since the last success. */
  get count(): number {
    return this.#count;
  }

  /** Until when Fast Open rests when the first rest is `timeout`, µs; `-Infinity`: it does not. */
  restsUntil(timeout: Micros): Micros {
    if (this.#count === 0 || timeout === 0) return -Infinity;
    const doublings = Math.min(this.#count - 1, MAX_DOUBLINGS);
    return this.#foundAt + timeout * 2 ** doublings;
  }

  /** A black hole was found. */
  noteFound(now: Micros): void {
    this.#count++;
    this.#foundAt = now;
  }

  /** Fast Open worked over a network that may have holes. */
  noteSuccess(): void {
    this.#count = 0;
  }
}
