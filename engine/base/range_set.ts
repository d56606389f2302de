// @hot
/**
 * A set of sequence numbers kept as few ranges: which bytes have come early,
 * which have been acknowledged out of order.
 *
 * Ranges are half-open, in order, and neither overlap nor touch: what touches
 * is joined. Two int32 per range in one array, nothing until the first:
 *
 *     edges    start0  end0  start1  end1  ..         end0 < start1
 *
 * "Before" is circular, as for all sequence numbers (RFC 9293 §3.4): a set
 * must at all times lie within half the circle, 2^31 bytes, as every window
 * does. The number of ranges is bounded, because a peer chooses where the
 * holes are.
 *
 * The arithmetic is tcp/seq.ts's; it is repeated here privately because this
 * layer lies below.
 *
 * @module
 */
import type { Seq } from "./units.ts";
import { growInt32 } from "./grow.ts";
import { failBeyond, requireInteger } from "./misuse.ts";

const FIRST_CAPACITY = 4;

/** A bounded set of half-open ranges of sequence numbers. */
export class RangeSet {
  readonly #capacity: number;
  #edges: Int32Array = new Int32Array(0);
  #count = 0;
  #bytes = 0;

  /** Makes an empty set of at most `capacity` ranges, 1..2^20. */
  constructor(capacity: number) {
    requireInteger("create range set", "capacity", capacity, 1, 2 ** 20);
    this.#capacity = capacity;
  }

  /** Ranges in the set. */
  get count(): number {
    return this.#count;
  }

  /** Sequence numbers in the set. */
  get bytes(): number {
    return this.#bytes;
  }

  /** First sequence number of range `i`, `0 <= i < count`, in circular order. Throws RangeError for another `i`. */
  start(i: number): Seq {
    if (!(i >= 0 && i < this.#count)) {
      failBeyond("read range", "ranges of the set", this.#count, i);
    }
    return seq(this.#edges[2 * i]);
  }

  /** The sequence number just past range `i`, `0 <= i < count`. Throws RangeError for another `i`. */
  end(i: number): Seq {
    if (!(i >= 0 && i < this.#count)) {
      failBeyond("read range", "ranges of the set", this.#count, i);
    }
    return seq(this.#edges[2 * i + 1]);
  }

  /**
   * Adds `[start, end)`.
   *
   * @returns how many of its bytes were not in the set before (0 for an empty
   *   range), or -1 and no change when it would make a range too many
   */
  add(start: Seq, end: Seq): number {
    let from = bits(start);
    let to = bits(end);
    if (span(from, to) <= 0) return 0;
    const first = this.#firstEndingAtOrAfter(from);
    let last = first; // one past the last range that touches
    let held = 0;
    while (last < this.#count && span(this.#edges[2 * last], to) >= 0) {
      held = (held + span(this.#edges[2 * last], this.#edges[2 * last + 1])) |
        0;
      last++;
    }
    if (first === last) {
      if (this.#count === this.#capacity) return -1;
      this.#open(first);
    } else {
      if (span(this.#edges[2 * first], from) > 0) from = this.#edges[2 * first];
      if (span(to, this.#edges[2 * last - 1]) > 0) {
        to = this.#edges[2 * last - 1];
      }
      this.#close(first + 1, last);
    }
    this.#edges[2 * first] = from;
    this.#edges[2 * first + 1] = to;
    const added = (span(from, to) - held) | 0;
    this.#bytes = (this.#bytes + added) | 0;
    return added;
  }

  /** Takes out every sequence number before `limit`; a range that holds `limit` is cut there. */
  removeBefore(limit: Seq): void {
    const edge = bits(limit);
    let gone = 0;
    while (gone < this.#count && span(this.#edges[2 * gone + 1], edge) >= 0) {
      this.#bytes =
        (this.#bytes - span(this.#edges[2 * gone], this.#edges[2 * gone + 1])) |
        0;
      gone++;
    }
    this.#close(0, gone);
    if (this.#count === 0) return;
    const cut = span(this.#edges[0], edge);
    if (cut <= 0) return;
    this.#edges[0] = edge;
    this.#bytes = (this.#bytes - cut) | 0;
  }

  /** Whether every sequence number of `[start, end)` is in the set; true of an empty range. */
  covers(start: Seq, end: Seq): boolean {
    const from = bits(start);
    const to = bits(end);
    if (span(from, to) <= 0) return true;
    const i = this.#firstEndingAtOrAfter(to);
    return i < this.#count && span(this.#edges[2 * i], from) >= 0;
  }

  /** Whether any sequence number of `[start, end)` is in the set; false of an empty range. */
  overlaps(start: Seq, end: Seq): boolean {
    const from = bits(start);
    const to = bits(end);
    if (span(from, to) <= 0) return false;
    const i = this.#firstEndingAtOrAfter((from + 1) | 0);
    return i < this.#count && span(this.#edges[2 * i], to) > 0;
  }

  /** Takes everything out. The array stays for the next time. */
  clear(): void {
    this.#count = 0;
    this.#bytes = 0;
  }

  /** Index of the first range whose end is `edge` or after it; `count` when none is. */
  #firstEndingAtOrAfter(edge: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (span(edge, this.#edges[2 * middle + 1]) >= 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Makes room for one range at index `i`. */
  #open(i: number): void {
    if (2 * this.#count === this.#edges.length) this.#grow();
    this.#edges.copyWithin(2 * i + 2, 2 * i, 2 * this.#count);
    this.#count = (this.#count + 1) | 0;
  }

  /** Takes the ranges `[from, to)` out of the array. */
  #close(from: number, to: number): void {
    if (from === to) return;
    this.#edges.copyWithin(2 * from, 2 * to, 2 * this.#count);
    this.#count = (this.#count - (to - from)) | 0;
  }

  #grow(): void {
    const wanted = Math.max(FIRST_CAPACITY, 2 * this.#count);
    this.#edges = growInt32(this.#edges, 2 * Math.min(wanted, this.#capacity));
  }
}

/** Bytes from `a` to `b` on the circle, negative when `b` is before `a`. */
function span(a: number, b: number): number {
  return (b - a) | 0;
}

function bits(value: Seq): number {
  return value as unknown as number;
}

function seq(value: number): Seq {
  return value as unknown as Seq;
}
