/**
 * The one loop: it turns time and readable descriptors into calls of `poll`.
 *
 * The engine never acts. Someone has to call it when a frame has arrived, when
 * a deadline has come and when the application has written; that is all this
 * file does. It is always in one of three states:
 *
 *                  wake(), frame, deadline
 *           +------------------------------------+
 *           v                                    |
 *        RUNNING -- nothing to do --> SPINNING --+--> PARKED
 *           ^  \                        |    spinTimeout over
 *           +---- more to do            |
 *                 (setImmediate)  any progress: RUNNING
 *
 * - Running and spinning, it polls once per turn of the event loop
 *   (`setImmediate`, 1.9 µs), so promises and timers of the application run
 *   between two polls and the socket API never waits for the loop.
 * - After the last progress it spins for `spinTimeout`: the answer on a local
 *   wire takes some 20 µs, a park and its wake 35.
 * - Parked, it costs nothing until the waiter ends.
 *
 * A wake from this thread does not go through the waiter: the wait is left
 * outstanding and the next turn is scheduled directly, which saves the 35 µs
 * and a system call for every write of the application to an idle stack. The
 * outstanding wait serves the next park if it ends in time for it, and is
 * ended early only if a deadline has come nearer.
 *
 * The devices stay the caller's: they are closed after {@linkcode Host.closed}.
 *
 * @module
 */
import type { Clock, LinkDevice, Micros, Waiter } from "../engine/mod.ts";
import { POLL_BLOCKED, POLL_MORE } from "../engine/mod.ts";
import { MonotonicClock } from "./clock.ts";
import { PollWaiter } from "./poller.ts";
import { TimerWaiter } from "./timer_waiter.ts";

/** What the host needs of a stack. */
export interface HostedStack {
  /** When to call {@linkcode HostedStack.poll} at the latest, µs; `Infinity` when nothing is pending. */
  readonly deadline: Micros;
  /**
   * Does what is due, taking at most `budget` frames.
   *
   * @returns `POLL_MORE` when something was done or is left to do, which begins the spin anew; `POLL_BLOCKED` when a device had no room; else `POLL_IDLE`
   */
  poll(now: Micros, budget: number): number;
}

/** How a {@linkcode Host} runs. */
export interface HostOptions {
  /** The clock; `performance.now()` when absent. */
  readonly clock?: Clock;
  /** How long to go on polling after the last progress before parking, µs; 100 when absent. */
  readonly spinTimeout?: Micros;
  /** Frames per poll at most; 64 when absent. */
  readonly budget?: number;
}

const DEFAULT_SPIN_TIMEOUT: Micros = 100;
const DEFAULT_BUDGET = 64;
/** No descriptor says when a busy device has room again. */
const BLOCKED_TIMEOUT: Micros = 1_000;

const NEW = 0;
const ACTIVE = 1;
const PARKED = 2;
const CLOSING = 3;
const CLOSED = 4;

/** Runs a stack over its devices until closed. Keeps the process alive while it runs. */
export class Host {
  /** Resolves when the loop has ended; rejects with what the stack threw. */
  readonly closed: Promise<void>;
  readonly #stack: HostedStack;
  readonly #devices: readonly LinkDevice[];
  readonly #clock: Clock;
  readonly #waiter: Waiter;
  readonly #spinTimeout: Micros;
  readonly #budget: number;
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #onTurn: () => void = () => this.#turn();
  #state = NEW;
  #spinUntil: Micros = -Infinity;
  /** When the wait under way ends at the latest; -Infinity when there is none. */
  #waitUntil: Micros = -Infinity;
  #hasFailed = false;
  #failure: unknown;

  /**
   * Prepares the loop of `stack` over all the devices it uses; nothing runs before {@linkcode Host.start}.
   *
   * @throws {SystemError} when a device has a descriptor and no eventfd can be had
   */
  constructor(
    stack: HostedStack,
    devices: readonly LinkDevice[],
    options: HostOptions = {},
  ) {
    this.#stack = stack;
    this.#devices = [...devices];
    this.#clock = options.clock ?? new MonotonicClock();
    this.#spinTimeout = options.spinTimeout ?? DEFAULT_SPIN_TIMEOUT;
    this.#budget = options.budget ?? DEFAULT_BUDGET;
    this.#waiter = createWaiter(devices);
    this.closed = this.#end.promise;
    for (const { readiness } of devices) {
      if ("subscribe" in readiness) readiness.subscribe(() => this.wake());
    }
  }

  /** Starts the loop. A second call, or one after {@linkcode Host.close}, does nothing. */
  start(): void {
    if (this.#state !== NEW) return;
    this.#state = ACTIVE;
    this.#spinUntil = Infinity; // the first turn begins the spin
    setImmediate(this.#onTurn);
  }

  /** Has the stack polled soon: the application gave it something to do. Cheap, callable from anywhere on this thread. */
  wake(): void {
    this.#spinUntil = Infinity;
    if (this.#state !== PARKED) return;
    this.#state = ACTIVE;
    setImmediate(this.#onTurn);
  }

  /** Ends the loop; resolves, or rejects, as {@linkcode Host.closed}. The devices stay open. */
  close(): Promise<void> {
    if (this.#state === NEW || this.#state === PARKED) {
      this.#state = CLOSING;
      this.#finish();
    } else if (this.#state === ACTIVE) this.#state = CLOSING;
    return this.closed;
  }

  /** As {@linkcode Host.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One turn: poll, then decide when the next is. Runs only while a turn is scheduled and none else is. */
  #turn(): void {
    if (this.#state === CLOSED) return; // the wait failed since this turn was scheduled
    if (this.#state === CLOSING) return this.#finish();
    try {
      // A wake asked for this very poll; one during it asks for another.
      const wasWoken = this.#spinUntil === Infinity;
      const before = this.#clock.now();
      if (wasWoken) this.#keepSpinning(before);
      const outcome = this.#stack.poll(before, this.#budget);
      if (this.#state !== ACTIVE) return this.#finish();
      this.#continue(outcome);
    } catch (error) {
      this.#fail(error);
    }
  }

  #continue(outcome: number): void {
    const now = this.#clock.now();
    const deadline = this.#deadline();
    if (outcome === POLL_MORE) this.#keepSpinning(now);
    const isDue = outcome === POLL_MORE || deadline <= now;
    if (isDue || now < this.#spinUntil) {
      setImmediate(this.#onTurn);
      return;
    }
    this.#park(
      outcome === POLL_BLOCKED
        ? Math.min(deadline, now + BLOCKED_TIMEOUT)
        : deadline,
      now,
    );
  }

  #park(until: Micros, now: Micros): void {
    this.#state = PARKED;
    if (this.#waitUntil === -Infinity) this.#wait(until, now);
    else if (until < this.#waitUntil) {
      // The wait under way would sleep too long. Ending it leads to a turn, which parks again.
      this.#waitUntil = until;
      this.#waiter.wake();
    }
  }

  #wait(until: Micros, now: Micros): void {
    this.#waitUntil = until;
    this.#waiter.wait(until - now).then(
      () => this.#waitEnded(),
      (error) => {
        this.#waitUntil = -Infinity;
        this.#fail(error);
      },
    );
  }

  #waitEnded(): void {
    this.#waitUntil = -Infinity;
    if (this.#state === CLOSED) return this.#settle();
    if (this.#state !== PARKED) return;
    this.#state = ACTIVE;
    this.#keepSpinning(this.#clock.now());
    this.#turn();
  }

  #keepSpinning(now: Micros): void {
    this.#spinUntil = now + this.#spinTimeout;
  }

  #deadline(): Micros {
    let earliest = this.#stack.deadline;
    for (const device of this.#devices) {
      earliest = Math.min(earliest, device.deadline);
    }
    return earliest;
  }

  #fail(error: unknown): void {
    if (!this.#hasFailed) this.#failure = error;
    this.#hasFailed = true;
    if (this.#state !== CLOSED) this.#finish();
    else this.#settle();
  }

  /** The loop is over; only a wait may still be outstanding, and its end settles. */
  #finish(): void {
    const isWaiting = this.#waitUntil !== -Infinity;
    this.#state = CLOSED;
    this.#waiter.close();
    if (!isWaiting) this.#settle();
  }

  #settle(): void {
    if (this.#hasFailed) this.#end.reject(this.#failure);
    else this.#end.resolve();
  }
}

function createWaiter(devices: readonly LinkDevice[]): Waiter {
  const fds: number[] = [];
  for (const { readiness } of devices) {
    if ("fd" in readiness) fds.push(readiness.fd);
  }
  return fds.length === 0 ? new TimerWaiter() : new PollWaiter(fds);
}
