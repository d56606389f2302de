/**
 * The surface's own time-outs: capturing a provider, waiting on an event.
 *
 * Few exist at a time, so a list will do. The earliest is handed to the
 * transport, whose delivery step fires what is due.
 *
 * @module
 */
import { type Micros, NEVER } from "../base/units.ts";

interface Timer {
  readonly at: Micros;
  readonly run: () => void;
}

/** Functions to be called at instants. */
export class Timers {
  #timers: Timer[] = [];

  /** When the first is due; `Infinity` when there is none. */
  get deadline(): Micros {
    let earliest = NEVER;
    for (const { at } of this.#timers) if (at < earliest) earliest = at;
    return earliest;
  }

  /** Has `run` called once at `at`; the result withdraws it. */
  set(at: Micros, run: () => void): () => void {
    const timer = { at, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Calls what is due, earliest first. */
  fire(now: Micros): void {
    if (now < this.deadline) return;
    const due = this.#timers.filter(({ at }) => at <= now);
    this.#timers = this.#timers.filter(({ at }) => at > now);
    due.sort((a, b) => a.at - b.at);
    for (const { run } of due) run();
  }
}
