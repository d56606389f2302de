/**
 * Sleeping without descriptors and without FFI.
 *
 * For devices that live in this process (cables, tunnels over a WebSocket),
 * which say themselves when a frame has arrived. Resolution is the event
 * loop's: a timeout is rounded up to a whole millisecond.
 *
 * @module
 */
import type { Micros, Waiter } from "../engine/mod.ts";

/** The longest `setTimeout` takes, ms; a longer wait ends early, which every caller must expect of any wait. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** A waiter on a timer. Keeps the process alive while it waits. */
export class TimerWaiter implements Waiter {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve: (() => void) | null = null;
  #isWoken = false;
  #isClosed = false;

  /** As {@linkcode Waiter.wait}; the timeout is rounded up to a whole ms. */
  wait(timeout: Micros): Promise<void> {
    if (this.#resolve !== null) {
      throw new TypeError("Cannot wait: this waiter is already waiting");
    }
    if (this.#isWoken || this.#isClosed) {
      this.#isWoken = false;
      return Promise.resolve();
    }
    const milliseconds = Math.min(
      MAX_TIMEOUT,
      Math.max(1, Math.ceil(timeout / 1_000)),
    );
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#end(), milliseconds);
    });
  }

  /** As {@linkcode Waiter.wake}. */
  wake(): void {
    if (this.#resolve === null) this.#isWoken = true;
    else this.#end();
  }

  /** As {@linkcode Waiter.close}. */
  close(): void {
    this.#isClosed = true;
    if (this.#resolve !== null) this.#end();
  }

  #end(): void {
    clearTimeout(this.#timer);
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.();
  }
}
