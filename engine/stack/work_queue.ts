// @hot
/**
 * A queue of connections that allocates nothing in the steady state.
 *
 * @module
 */
import type { Connection } from "../tcp/connection.ts";

const INITIAL_CAPACITY = 64;

/** First in, first out; grows by doubling. */
export class WorkQueue {
  #items: (Connection | null)[] = createSlots(INITIAL_CAPACITY);
  #head = 0;
  #count = 0;

  /** Connections in the queue. */
  get count(): number {
    return this.#count;
  }

  /** Appends `connection`. */
  push(connection: Connection): void {
    if (this.#count === this.#items.length) this.#grow();
    const mask = this.#items.length - 1;
    this.#items[this.#head + this.#count & mask] = connection;
    this.#count++;
  }

  /** Removes and returns the oldest; the queue must not be empty. */
  shift(): Connection {
    const connection = this.#items[this.#head]!;
    this.#items[this.#head] = null;
    this.#head = this.#head + 1 & this.#items.length - 1;
    this.#count--;
    return connection;
  }

  #grow(): void {
    const items = createSlots(2 * this.#items.length);
    const mask = this.#items.length - 1;
    for (let i = 0; i < this.#count; i++) {
      items[i] = this.#items[this.#head + i & mask];
    }
    this.#items = items;
    this.#head = 0;
  }
}

function createSlots(capacity: number): (Connection | null)[] {
  return new Array<Connection | null>(capacity).fill(null);
}
