/**
 * Which event callbacks of a socket are enabled, and which are running.
 *
 * An event is enabled by SO_WSK_EVENT_CALLBACK, and stays so until disabled,
 * or statically for all sockets of a client, and then for ever. Disabling an
 * event from inside its own callback takes effect at once for later events,
 * but is complete only when the callback has returned: with an IRP the IRP
 * completes then, without one the answer is STATUS_EVENT_PENDING.
 *
 * @module
 */

/** The enabled events of one socket. */
export class EventGate {
  /** Enabled for ever, `WSK_EVENT_*` bits. */
  readonly staticMask: number;
  #enabled = 0;
  #running = 0;
  #returned: Array<() => void> = [];

  /** Makes a gate with some events enabled for ever. */
  constructor(staticMask: number) {
    this.staticMask = staticMask;
  }

  /** All enabled events. */
  get mask(): number {
    return this.staticMask | this.#enabled;
  }

  /** Whether an event is enabled. */
  isEnabled(event: number): boolean {
    return (this.mask & event) !== 0;
  }

  /** Whether an event's callback is running. */
  isRunning(event: number): boolean {
    return (this.#running & event) !== 0;
  }

  /** Enables events. */
  enable(mask: number): void {
    this.#enabled |= mask;
  }

  /** Disables events, but for static ones. */
  disable(mask: number): void {
    this.#enabled &= ~mask;
  }

  /** Calls `then` when no callback is running any more. */
  whenReturned(then: () => void): void {
    if (this.#running === 0) then();
    else this.#returned.push(then);
  }

  /** Runs an event's callback. */
  run<T>(event: number, callback: () => T): T {
    const before = this.#running;
    this.#running |= event;
    try {
      return callback();
    } finally {
      this.#running = before;
      if (before === 0) { for (const then of this.#returned.splice(0)) then(); }
    }
  }
}
