// @hot
/**
 * `struct iovec`: the list of pieces a gather write takes.
 *
 *     entry i:   16 i        16 i + 8     16 i + 16
 *                | address   | length     |          two uint64, little-endian
 *
 * Addresses are stored as two words: as one they would need a BigInt each.
 * Every piece is checked against its buffer before the kernel is given its
 * address: a wrong offset there would not throw but corrupt memory.
 *
 * @module
 */
import type { AddressBook } from "./address_book.ts";
import { refuseSpan } from "./span_error.ts";

const ENTRY_WORDS = 4;
const WORD = 0x1_0000_0000;

/** A fixed number of pieces, made once and refilled for each call. */
export class IovecArray {
  /** Pointer to the first entry. Valid as long as this object is reachable. */
  readonly pointer: Deno.PointerValue;
  readonly #words: Int32Array<ArrayBuffer>;

  /** Makes room for `capacity` pieces. */
  constructor(capacity: number) {
    const buffer = new ArrayBuffer(capacity * ENTRY_WORDS * 4);
    this.#words = new Int32Array(buffer);
    this.pointer = Deno.UnsafePointer.of(this.#words);
  }

  /** Aims entry `index` at `length` bytes of `bytes` from `offset` on, whose address is looked up in `book`. */
  set(
    index: number,
    book: AddressBook,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void {
    checkSpan(bytes, offset, length);
    book.find(bytes);
    const at = index * ENTRY_WORDS | 0;
    const low = (book.low >>> 0) + offset;
    this.#words[at] = low | 0;
    this.#words[at + 1] = book.high + (low >= WORD ? 1 : 0) | 0;
    this.#words[at + 2] = length;
  }
}

/** Throws RangeError unless `[offset, offset + length)` lies within `bytes`: the last check before the kernel is given an address. */
export function checkSpan(
  bytes: Uint8Array,
  offset: number,
  length: number,
): void {
  if (offset < 0 || length < 0 || offset + length > bytes.length) {
    refuseSpan(bytes.length, offset, length);
  }
}
