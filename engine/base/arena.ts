/**
 * One piece of memory for everything a stack buffers, and its allocator.
 *
 * Frames and byte rings live in the same ArrayBuffer, so that bytes move
 * between them with `copyWithin`: no view is made and nothing is collected.
 * The arena's capacity is therefore the bound on what peers can make the stack
 * hold: when it is exhausted `allocate` says so and a window stays shut.
 *
 * The allocator is a buddy system. Blocks are powers of two, aligned to their
 * size, of 256 bytes (a granule) and more. Taking a block halves a larger free
 * one as often as needed; giving it back joins it with its buddy (the other
 * half, found by flipping one bit of its address) for as long as that is free,
 * so a long life of small buffers does not use up the room for large ones:
 *
 *     granule   0        1        2        3        4 ..
 *     state     TAKEN|0  FREE|0   TAKEN|1  .        FREE|2 ..
 *
 * One byte of state per granule tells a block's first granule from the rest,
 * which is how a double free is noticed; free blocks of one order form a
 * doubly linked list. State and links are outside the arena, so a stray write
 * into a freed buffer cannot lead the allocator astray. All of it is untouched
 * zeros at first, which the operating system commits only when it is used.
 *
 * It does not clear memory: whoever takes a block writes before it reads.
 *
 * @module
 */
import { Frame, FRAME_CAPACITY } from "./frame.ts";
import { failRange, requireInteger } from "./misuse.ts";

/** Bytes in the smallest block of an {@linkcode Arena}; every block is this times a power of two. */
export const ARENA_GRANULE = 256;

const GRANULE_BITS = 8;
const MAX_CAPACITY = 2 ** 30;
const ORDER_COUNT = 23; // 2^30 / 256 = 2^22 granules: orders 0..22
const FREE = 0x40;
const TAKEN = 0x80;

/** Memory of a fixed capacity, handed out in blocks of a power of two. */
export class Arena {
  /** All of the memory. Offsets that {@linkcode Arena.allocate} returns are into it. */
  readonly bytes: Uint8Array;
  /** The same memory as a DataView. */
  readonly view: DataView;
  /** Bytes there are in all. */
  readonly capacity: number;
  #used = 0;
  #freedCount = 0;
  /** Of a block's first granule: FREE or TAKEN with the block's order; else 0. */
  readonly #state: Uint8Array;
  // Links are granule + 1, so that the zeros of a new array mean "none".
  readonly #heads: Int32Array = new Int32Array(ORDER_COUNT);
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** Reserves `capacity` bytes: a multiple of {@linkcode ARENA_GRANULE}, at most 2^30. Throws RangeError otherwise. */
  constructor(capacity: number) {
    requireInteger(
      "create arena",
      "capacity",
      capacity,
      ARENA_GRANULE,
      MAX_CAPACITY,
    );
    if (capacity % ARENA_GRANULE !== 0) {
      failRange(
        "create arena",
        `capacity must be a multiple of ${ARENA_GRANULE}`,
        capacity,
      );
    }
    const granules = capacity >>> GRANULE_BITS;
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
    this.capacity = capacity;
    this.#state = new Uint8Array(granules);
    this.#next = new Int32Array(granules);
    this.#previous = new Int32Array(granules);
    for (let granule = 0; granule < granules;) {
      // Largest first: each power of two in the capacity is one block, and so aligned.
      const order = 31 - Math.clz32(granules - granule);
      this.#link(granule, order);
      granule += 1 << order;
    }
  }

  /** Bytes in blocks now taken, what rounding adds included. */
  get used(): number {
    return this.#used;
  }

  /** Blocks given back so far: whoever found no room tries again when it has changed. */
  get freedCount(): number {
    return this.#freedCount;
  }

  /**
   * Takes a block of at least `size` bytes; its content is undefined.
   *
   * @param size bytes, at least 1; rounded up to {@linkcode ARENA_GRANULE} times a power of two
   * @returns the block's offset in `bytes`, or -1 when no free block is large enough
   */
  allocate(size: number): number {
    requireInteger("allocate", "size", size, 1, MAX_CAPACITY);
    const order = orderOf(size);
    let from = order;
    while (from < ORDER_COUNT && this.#heads[from] === 0) from++;
    if (from === ORDER_COUNT) return -1;
    const granule = this.#heads[from] - 1;
    this.#unlink(granule, from);
    while (from > order) {
      from--;
      this.#link(granule + (1 << from), from);
    }
    this.#state[granule] = TAKEN | order;
    this.#used += ARENA_GRANULE << order;
    return granule << GRANULE_BITS;
  }

  /** Gives back the block at `offset` that was allocated with this `size`. Throws RangeError when there is no such block, or no longer. */
  free(offset: number, size: number): void {
    requireInteger("free block", "size", size, 1, MAX_CAPACITY);
    let granule = offset >>> GRANULE_BITS;
    let order = orderOf(size);
    if (
      granule << GRANULE_BITS !== offset ||
      this.#state[granule] !== (TAKEN | order)
    ) {
      failRange(
        "free block",
        `no block of ${size} bytes is taken at that offset`,
        offset,
      );
    }
    this.#used -= ARENA_GRANULE << order;
    this.#freedCount++;
    this.#state[granule] = 0;
    for (;;) {
      const buddy = granule ^ (1 << order);
      // Past the end, inside another block, taken, or split: nothing to join.
      if (this.#state[buddy] !== (FREE | order)) break;
      this.#unlink(buddy, order);
      this.#state[buddy] = 0;
      granule &= buddy;
      order++;
    }
    this.#link(granule, order);
  }

  /** A frame of `capacity` bytes in this arena. Throws RangeError when the arena has no room for it. */
  createFrame(capacity: number = FRAME_CAPACITY): Frame {
    const base = this.allocate(capacity);
    if (base < 0) {
      failRange(
        "create frame",
        `the arena of ${this.capacity} bytes has no room for its size; make a larger arena`,
        capacity,
      );
    }
    return new Frame(this.bytes, this.view, base, capacity);
  }

  #link(granule: number, order: number): void {
    const head = this.#heads[order];
    this.#state[granule] = FREE | order;
    this.#next[granule] = head;
    this.#previous[granule] = 0;
    if (head !== 0) this.#previous[head - 1] = granule + 1;
    this.#heads[order] = granule + 1;
  }

  #unlink(granule: number, order: number): void {
    const next = this.#next[granule];
    const previous = this.#previous[granule];
    if (next !== 0) this.#previous[next - 1] = previous;
    if (previous !== 0) this.#next[previous - 1] = next;
    else this.#heads[order] = next;
  }
}

/** The least n for which a block of 2^n granules holds `size` bytes. */
function orderOf(size: number): number {
  return 32 - Math.clz32((size - 1) >>> GRANULE_BITS);
}
