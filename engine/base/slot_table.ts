// @hot
/**
 * Objects behind integer handles that outlive them safely.
 *
 * The application, the demultiplexer and the timers name a connection by an
 * integer, never by reference. A handle is a slot's index and the slot's
 * generation; taking an object out raises the generation, so the old handle
 * finds nothing instead of a stranger:
 *
 *     bit   30         20 19                 0
 *           generation   | index              |     never negative
 *
 * Eleven bits of generation alone would come round after 2,048 connections
 * through one slot. Slots are therefore reused oldest first and only while
 * more than 1,024 are free, so a stale handle stays harmless for two million
 * connections.
 *
 * @module
 */
import { growInt32 } from "./grow.ts";

/** Bits of a handle that are its slot's index, the lowest. */
export const SLOT_INDEX_BITS = 20;
/** `handle & SLOT_INDEX_MASK` is a handle's slot: dense, from 0 up, of one object at a time. */
export const SLOT_INDEX_MASK: number = (1 << SLOT_INDEX_BITS) - 1;

const MAX_SLOTS = 1 << SLOT_INDEX_BITS;
const GENERATION_MASK = 0x7ff;
const LEAST_FREE = 1024;
const FIRST_CAPACITY = 16;

/** A table of objects, each under a handle of its own. */
export class SlotTable<T> {
  readonly #items: (T | undefined)[] = [];
  #generations: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Of a free slot: the slot that was freed next, as index + 1; 0 at the newest. */
  #nextFree: Int32Array = new Int32Array(FIRST_CAPACITY);
  #oldestFree = 0;
  #newestFree = 0;
  #size = 0;

  /** Objects in the table. */
  get size(): number {
    return this.#size;
  }

  /** Puts an object in. Returns its handle, a non-negative int32, or -1 when all 2^20 slots are taken. */
  add(item: T): number {
    const index = this.#takeSlot();
    if (index < 0) return -1;
    this.#items[index] = item;
    this.#size = (this.#size + 1) | 0;
    return this.#generations[index] << SLOT_INDEX_BITS | index;
  }

  /** The object under `handle`; undefined when it was taken out, or there never was one. */
  get(handle: number): T | undefined {
    const index = handle & SLOT_INDEX_MASK;
    if (index >= this.#items.length) return undefined;
    if (this.#generations[index] !== handle >> SLOT_INDEX_BITS) {
      return undefined;
    }
    return this.#items[index];
  }

  /** Takes the object under `handle` out and returns it; undefined when there is none. */
  remove(handle: number): T | undefined {
    const item = this.get(handle);
    if (item === undefined) return undefined;
    const index = handle & SLOT_INDEX_MASK;
    this.#items[index] = undefined;
    this.#generations[index] = (this.#generations[index] + 1) & GENERATION_MASK;
    this.#size = (this.#size - 1) | 0;
    this.#freeSlot(index);
    return item;
  }

  /** Calls `visit` with every object, in the order of slots. It may remove any object; one it adds may or may not be visited. */
  forEach(visit: (item: T, handle: number) => void): void {
    for (let index = 0; index < this.#items.length; index++) {
      const item = this.#items[index];
      if (item !== undefined) {
        visit(item, this.#generations[index] << SLOT_INDEX_BITS | index);
      }
    }
  }

  #takeSlot(): number {
    const count = this.#items.length;
    const free = (count - this.#size) | 0;
    if (free > LEAST_FREE || (free > 0 && count === MAX_SLOTS)) {
      const index = this.#oldestFree - 1;
      this.#oldestFree = this.#nextFree[index];
      if (this.#oldestFree === 0) this.#newestFree = 0;
      return index;
    }
    if (count === MAX_SLOTS) return -1;
    if (count === this.#generations.length) {
      this.#generations = growInt32(this.#generations, 2 * count);
      this.#nextFree = growInt32(this.#nextFree, 2 * count);
    }
    return count;
  }

  #freeSlot(index: number): void {
    this.#nextFree[index] = 0;
    if (this.#newestFree !== 0) {
      this.#nextFree[this.#newestFree - 1] = index + 1;
    } else this.#oldestFree = index + 1;
    this.#newestFree = index + 1;
  }
}
