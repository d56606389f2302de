// @hot
/**
 * Datagrams that wait, each with a few integers about it.
 *
 * The bytes of all lie one behind the other in a ring of the stack's arena;
 * beside it runs a ring of records of `stride` words, of which the first is
 * the datagram's length and the rest the owner's:
 *
 *     bytes     | datagram 0 | datagram 1    | 2 |
 *     records   | length . . | length . .    | length . . |
 *                 ^ head                       ^ what push returned last
 *
 * Both are bounded: bytes by `limit`, datagrams by `countLimit`, because empty
 * datagrams take no bytes. A queue that ran empty gives its memory back, but
 * for a small block that saves the next datagram from asking for one.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { PayloadRef } from "../base/frame.ts";
import { growInt32, powerOfTwoAtLeast, zeroedInt32 } from "../base/grow.ts";
import { ByteRing } from "../base/ring.ts";

/** {@linkcode PacketQueue.push}: a bound is met. */
export const QUEUE_FULL: number = -1;
/** {@linkcode PacketQueue.push}: the arena is exhausted. */
export const QUEUE_NO_MEMORY: number = -2;

/** Records there is room for at first. */
const FIRST_CAPACITY = 16;
/** Bytes of memory an empty queue keeps. */
const KEPT_CAPACITY = 16_384;

/** A queue of datagrams. */
export class PacketQueue {
  /** The records. Moved by {@linkcode PacketQueue.push}, so read it anew after one. */
  words: Int32Array;
  readonly #stride: number;
  readonly #countLimit: number;
  readonly #ring: ByteRing;
  #capacity: number;
  #first = 0;
  #count = 0;

  /** An empty queue that holds no memory of `arena` yet. */
  constructor(
    arena: Arena,
    stride: number,
    limit: number,
    countLimit: number,
  ) {
    this.#ring = new ByteRing(arena, limit);
    this.#stride = stride;
    this.#countLimit = countLimit;
    this.#capacity = Math.min(FIRST_CAPACITY, powerOfTwoAtLeast(countLimit));
    this.words = zeroedInt32(this.#capacity * stride);
  }

  /** Datagrams that wait. */
  get count(): number {
    return this.#count;
  }

  /** Their bytes together. */
  get length(): number {
    return this.#ring.length;
  }

  /** The most bytes it may hold; may be set below {@linkcode PacketQueue.length}. */
  get limit(): number {
    return this.#ring.limit;
  }

  /** Sets the bound on its bytes, 0..2^30. */
  set limit(bytes: number) {
    this.#ring.limit = bytes;
  }

  /** Whether at least half of both bounds is free. */
  get hasRoom(): boolean {
    return 2 * this.#ring.length <= this.#ring.limit &&
      2 * this.#count <= this.#countLimit;
  }

  /**
   * Appends a copy of `bytes[offset, offset + length)`.
   *
   * @returns where in {@linkcode PacketQueue.words} its record is, for the owner to fill from the second word on;
   * {@linkcode QUEUE_FULL}; {@linkcode QUEUE_NO_MEMORY}
   */
  push(bytes: Uint8Array, offset: number, length: number): number {
    return this.#append(bytes, offset, length, 0, 0);
  }

  /** Appends a copy of what `payload` refers to. Returns as {@linkcode PacketQueue.push}. */
  pushPayload(payload: PayloadRef): number {
    return this.#append(
      payload.bytes,
      payload.offset,
      payload.length,
      payload.wrapOffset,
      payload.wrapLength,
    );
  }

  /** Where in {@linkcode PacketQueue.words} the record of the oldest datagram is; -1: none waits. */
  get head(): number {
    return this.#count === 0 ? -1 : this.#first * this.#stride | 0;
  }

  /** Copies up to `length` bytes of the oldest datagram, which stays. Returns how many; 0 when none waits. */
  peek(dst: Uint8Array, offset: number, length: number): number {
    if (this.#count === 0) return 0;
    const whole = this.words[this.#first * this.#stride];
    return this.#ring.peek(0, dst, offset, length < whole ? length : whole);
  }

  /** Aims `payload` at the oldest datagram where it lies; good until the next `push` or `shift`. One must wait. */
  refer(payload: PayloadRef): void {
    this.#ring.refer(0, this.words[this.#first * this.#stride], payload);
  }

  /** Drops the oldest datagram. One must wait. */
  shift(): void {
    this.#ring.discard(this.words[this.#first * this.#stride]);
    this.#first = (this.#first + 1) & (this.#capacity - 1);
    this.#count = (this.#count - 1) | 0;
    if (this.#count === 0 && this.#ring.capacity > KEPT_CAPACITY) {
      this.#ring.release();
    }
  }

  /** Drops all and gives the memory back. */
  clear(): void {
    this.#ring.release();
    this.#first = 0;
    this.#count = 0;
  }

  #append(
    bytes: Uint8Array,
    offset: number,
    length: number,
    wrapOffset: number,
    wrapLength: number,
  ): number {
    const ring = this.#ring;
    const whole = (length + wrapLength) | 0;
    if (this.#count === this.#countLimit || whole > ring.free) {
      return QUEUE_FULL;
    }
    // Placed first and made readable when all is there, so that a short arena leaves no half.
    const placed = ring.place(0, bytes, offset, length);
    const rest = ring.place(placed, bytes, wrapOffset, wrapLength);
    if (placed + rest !== whole) return QUEUE_NO_MEMORY;
    ring.extend(whole);
    if (this.#count === this.#capacity) this.#grow();
    const record = (this.#first + this.#count) & (this.#capacity - 1);
    const at = record * this.#stride | 0;
    this.words[at] = whole;
    this.#count = (this.#count + 1) | 0;
    return at;
  }

  /** Doubles the ring of records, all of which are in use, and straightens it. */
  #grow(): void {
    const used = this.#capacity * this.#stride | 0;
    const start = this.#first * this.#stride | 0;
    const words = growInt32(this.words, 2 * used);
    // What lies before the head goes behind what follows it.
    words.copyWithin(used, 0, start);
    words.copyWithin(0, start, used + start);
    this.words = words;
    this.#first = 0;
    this.#capacity = 2 * this.#capacity;
  }
}
