/**
 * A condition that many may wait for, woken from the stack's event step.
 *
 * @module
 */

/** Wakes everyone who waits; each looks again and may wait again. */
export class Signal {
  #waiters: (() => void)[] = [];

  /** Resolves at the next `wake`. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Wakes all who wait now. */
  wake(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
