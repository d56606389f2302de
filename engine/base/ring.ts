// @hot
/**
 * A byte queue in an arena: TCP's send and receive buffers.
 *
 * Three counts from the head say what the ring holds. Bytes up to `length` are
 * readable. Beyond them a receiver may place bytes that came early; `reach` is
 * the end of the farthest of those. What lies in the holes between is known to
 * the caller (a set of ranges), not to the ring:
 *
 *     head            length                      reach      capacity
 *     | readable      | hole | placed | hole | placed |  unused  |
 *
 * The block is a power of two and positions wrap within it. An idle ring holds
 * no memory: the first byte takes a block, and a fuller one takes a block of
 * twice the size and moves in, so that a connection costs what it buffers and
 * not what its limit would allow. An exhausted arena is no error: fewer bytes
 * are taken, and flow control does the rest.
 *
 * Invariants: length <= reach <= capacity; an empty ring starts at position 0,
 * so that short exchanges do not wrap.
 *
 * It does not know sequence numbers, and it is either written (sender) or
 * placed into and extended (receiver), never both.
 *
 * @module
 */
import type { Arena } from "./arena.ts";
import type { PayloadRef } from "./frame.ts";
import { ARENA_GRANULE } from "./arena.ts";
import { copyBytes } from "./frame.ts";
import { powerOfTwoAtLeast } from "./grow.ts";
import { failBeyond, failRange, requireInteger } from "./misuse.ts";

/** The largest limit of a {@linkcode ByteRing}, bytes; no TCP window is larger (RFC 7323 §2.3). */
export const MAX_RING_LIMIT: number = 2 ** 30;

/** A growing queue of bytes in an arena. Offsets and counts are bytes; `src` and `dst` may be the arena itself. */
export class ByteRing {
  /** The most bytes the ring may hold, 0..{@linkcode MAX_RING_LIMIT}. May be set below `length`: nothing is lost, and nothing more is taken until enough has been read. */
  limit: number;
  readonly #arena: Arena;
  #base = 0;
  #capacity = 0;
  #head = 0;
  #length = 0;
  #reach = 0;

  /** Makes an empty ring that holds no memory yet. Throws RangeError when `limit` is out of range. */
  constructor(arena: Arena, limit: number) {
    requireInteger("create ring", "limit", limit, 0, MAX_RING_LIMIT);
    this.#arena = arena;
    this.limit = limit;
  }

  /** Readable bytes. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of arena held now: 0 or a power of two. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes that may be added before `limit` is met, bytes placed ahead not counted; never negative. */
  get free(): number {
    const free = (this.limit - this.#length) | 0;
    return free > 0 ? free : 0;
  }

  /** Appends bytes. Returns how many were taken: fewer, or 0, at the limit or when the arena is exhausted. */
  write(src: Uint8Array, offset: number, length: number): number {
    const free = this.free;
    const taken = this.#store(
      this.#length,
      src,
      offset,
      length < free ? length : free,
    );
    this.#length = (this.#length + taken) | 0;
    if (this.#reach < this.#length) this.#reach = this.#length;
    return taken;
  }

  /**
   * Puts bytes behind the readable ones without making them readable.
   *
   * @param at where the first goes, in bytes beyond the last readable one; 0 is directly behind it
   * @returns how many were placed, from the first on: fewer, or 0, beyond the limit or when the arena is exhausted
   */
  place(at: number, src: Uint8Array, offset: number, length: number): number {
    if (at < 0) {
      failRange("place bytes", "they must lie behind the readable ones", at);
    }
    const from = (this.#length + at) | 0;
    const room = (this.limit - from) | 0;
    const placed = this.#store(
      from,
      src,
      offset,
      length < room ? length : room,
    );
    const end = (from + placed) | 0;
    if (placed > 0 && this.#reach < end) this.#reach = end;
    return placed;
  }

  /** Makes the next `count` placed bytes readable. Throws RangeError when that many were never placed. */
  extend(count: number): void {
    const length = (this.#length + count) | 0;
    if (count < 0 || length > this.#reach) {
      failBeyond(
        "extend ring",
        "bytes placed ahead",
        this.#reach - this.#length,
        count,
      );
    }
    this.#length = length;
  }

  /** Moves up to `length` bytes out, into `dst` at `offset`. Returns how many; 0 when the ring is empty. */
  read(dst: Uint8Array, offset: number, length: number): number {
    const count = this.peek(0, dst, offset, length);
    this.discard(count);
    return count;
  }

  /** Copies up to `length` bytes, from the one `from` bytes after the head on, and keeps them. Returns how many; 0 when none are readable there. */
  peek(from: number, dst: Uint8Array, offset: number, length: number): number {
    const readable = (this.#length - from) | 0;
    const count = length < readable ? length : readable;
    if (count <= 0 || from < 0) return 0;
    this.#load(from, dst, offset, count);
    return count;
  }

  /** Drops `count` bytes from the head. Throws RangeError when fewer are readable. */
  discard(count: number): void {
    if (count < 0 || count > this.#length) {
      failBeyond("discard bytes", "readable bytes", this.#length, count);
    }
    this.#length = (this.#length - count) | 0;
    this.#reach = (this.#reach - count) | 0;
    this.#head = this.#reach === 0
      ? 0
      : (this.#head + count) & (this.#capacity - 1);
  }

  /**
   * Aims `ref` at readable bytes where they lie, `[from, from + length)` after the head.
   *
   * The reference is good until the next call that adds bytes, trims or
   * releases: growing moves them. Throws RangeError when not all are readable.
   */
  refer(from: number, length: number, ref: PayloadRef): void {
    if (from < 0 || length < 0 || from + length > this.#length) {
      failBeyond(
        "refer to bytes",
        "readable bytes",
        this.#length,
        from + length,
      );
    }
    const position = (this.#head + from) & (this.#capacity - 1);
    const straight = (this.#capacity - position) | 0;
    const first = length < straight ? length : straight;
    ref.bytes = this.#arena.bytes;
    ref.offset = (this.#base + position) | 0;
    ref.length = first;
    ref.wrapOffset = this.#base;
    ref.wrapLength = (length - first) | 0;
  }

  /** Gives the memory back if the ring holds nothing, neither readable nor placed ahead. */
  trim(): void {
    if (this.#reach === 0) this.release();
  }

  /** Drops whatever the ring holds and gives the memory back. The ring may be used again. */
  release(): void {
    if (this.#capacity !== 0) this.#arena.free(this.#base, this.#capacity);
    this.#base = 0;
    this.#capacity = 0;
    this.#head = 0;
    this.#length = 0;
    this.#reach = 0;
  }

  /** Copies bytes in at `from` after the head, growing first where needed. Returns how many fitted. */
  #store(
    from: number,
    src: Uint8Array,
    offset: number,
    length: number,
  ): number {
    let count = length;
    if (
      count > 0 && from + count > this.#capacity && !this.#grow(from + count)
    ) {
      count = (this.#capacity - from) | 0;
    }
    if (count <= 0) return 0;
    const position = (this.#head + from) & (this.#capacity - 1);
    const straight = (this.#capacity - position) | 0;
    const first = count < straight ? count : straight;
    const bytes = this.#arena.bytes;
    copyBytes(src, offset, bytes, this.#base + position, first);
    if (first < count) {
      copyBytes(src, offset + first, bytes, this.#base, count - first);
    }
    return count;
  }

  /** Copies bytes out from `from` after the head; they must exist. */
  #load(from: number, dst: Uint8Array, offset: number, count: number): void {
    const position = (this.#head + from) & (this.#capacity - 1);
    const straight = (this.#capacity - position) | 0;
    const first = count < straight ? count : straight;
    const bytes = this.#arena.bytes;
    copyBytes(bytes, this.#base + position, dst, offset, first);
    if (first < count) {
      copyBytes(bytes, this.#base, dst, offset + first, count - first);
    }
  }

  /** Moves into a block of at least `need` bytes; false when the arena has none. */
  #grow(need: number): boolean {
    const capacity = need <= ARENA_GRANULE
      ? ARENA_GRANULE
      : powerOfTwoAtLeast(need);
    const base = this.#arena.allocate(capacity);
    if (base < 0) return false;
    if (this.#reach > 0) this.#load(0, this.#arena.bytes, base, this.#reach);
    if (this.#capacity !== 0) this.#arena.free(this.#base, this.#capacity);
    this.#base = base;
    this.#capacity = capacity;
    this.#head = 0;
    return true;
  }
}
