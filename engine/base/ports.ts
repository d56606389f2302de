/**
 * What the engine needs of the world, as interfaces the host supplies.
 *
 * Nothing under engine/ reads a clock, draws a random number or waits. It is
 * handed these ports, so a test hands it virtual time and a seeded generator
 * and the same run comes out byte for byte.
 *
 * @module
 */
import type { Micros } from "./units.ts";

/** A monotonic clock. */
export interface Clock {
  /** The present instant, in µs since an arbitrary origin; never decreases. */
  now(): Micros;
}

/**
 * A source of random numbers.
 *
 * The host's must be cryptographically strong: initial sequence numbers
 * (RFC 6528), Fast Open keys (RFC 7413 §4.1.2) and ports (RFC 6056) are drawn
 * from it. A test's is seeded.
 */
export interface Random {
  /** Thirty-two random bits, as an int32. */
  int32(): number;
}

/** How the host's loop sleeps. */
export interface Waiter {
  /**
   * Resolves when something may be ready, when {@linkcode Waiter.wake} is
   * called, or after `timeout` µs (`Infinity` waits without bound).
   */
  wait(timeout: Micros): Promise<void>;
  /** Ends the present wait, or the next one if none is under way. Any number of calls before it count once. */
  wake(): void;
  /** Frees what the waiter holds. A wait under way resolves. */
  close(): void;
}
