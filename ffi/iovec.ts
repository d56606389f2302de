// @hot
/**
 * `struct iovec`: the list of pieces a gather write takes.
 *
 *     entry i:   16 i        16 i + 8     16 i + 16
 *                | address   | length     |          two uint64, little-endian
 *
 * Addresses are plain numbers below 2^48 and are stored as two words: storing
 * them as one would need a BigInt per entry.
 *
 * @module
 */
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

  /** Aims entry `index` at `length` bytes at `address`. */
  set(index: number, address: number, length: number): void {
    const at = index * ENTRY_WORDS | 0;
    // Not `| 0`: an address has more than 32 bits, and the typed array keeps the low ones.
    this.#words[at] = address;
    this.#words[at + 1] = address / WORD;
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
