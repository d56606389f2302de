// @hot
/**
 * Whose segment is this: from the two endpoints to a connection's handle.
 *
 * Open addressing with linear probing over two arrays. `tags` has the hash of
 * each slot's key, 0 where the slot is empty, so that probing reads a few
 * neighbouring words; `entries` has the key and its handle and is read, but
 * for one chance in 2^32, only where it matches:
 *
 *     tags      hash | 0 | hash | hash | 0 ..
 *     entries   local 0..3, remote 4..7, ports 8, handle 9 | ..
 *
 * There are no tombstones: a removal moves back the entries behind it that the
 * hole would cut off from their home slot (Knuth, TAOCP vol. 3, 6.4, algorithm
 * R), so a table that churns for weeks stays as quick as a new one. The table
 * doubles when two thirds are taken.
 *
 * Peers choose half of the key and would like many keys to meet in one slot.
 * So the hash is drawn from a universal family by secret random multipliers:
 * pair-multiply-shift on 16-bit halves (Thorup, "High speed hashing for
 * integers and strings"). For any two different keys, chosen without knowledge
 * of the multipliers, the sums differ by one of at least 2^17 equally likely
 * values; a finaliser spreads them over the index bits, so that consecutive
 * ports do not become a run of neighbours. A SipHash of the key would cost
 * ten times what the whole look-up does.
 *
 * Of the local address only the last word is hashed, which saves a third of a
 * look-up: peers cannot choose it, and of two addresses of a stack that differ
 * only before it there are no more than the stack has networks.
 *
 * Measured per look-up: 13 ns for any of 64 entries, 15 for any of 1,000, 29
 * for any of 20,000, most of that waiting for memory.
 *
 * Every argument is an int32 in the form the table compares: address words as
 * in an IpAddress, `ports` as `local << 16 | remote`.
 *
 * @module
 */
import { zeroedInt32 } from "./grow.ts";
import { failRange } from "./misuse.ts";
import { SipHash } from "./siphash.ts";

const STRIDE = 10;
const HANDLE = 9;
const FIRST_CAPACITY = 16;
const MULTIPLIER_COUNT = 12; // two for each of six words

/** A hash table from 4-tuples to handles. */
export class TupleTable {
  readonly #multipliers: Int32Array;
  #tags: Int32Array = new Int32Array(FIRST_CAPACITY);
  #entries: Int32Array = new Int32Array(FIRST_CAPACITY * STRIDE);
  #mask = FIRST_CAPACITY - 1;
  #size = 0;

  /** Makes an empty table whose hash depends on two random words, to be drawn anew for each table and kept secret. */
  constructor(seed0: number, seed1: number) {
    this.#multipliers = multipliersFrom(seed0, seed1);
  }

  /** Entries in the table. */
  get size(): number {
    return this.#size;
  }

  /** The handle under a key, or -1. */
  find(
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    r0: number,
    r1: number,
    r2: number,
    r3: number,
    ports: number,
  ): number {
    const hash = this.#hash(l3, r0, r1, r2, r3, ports);
    const found = this.#locate(hash, l0, l1, l2, l3, r0, r1, r2, r3, ports);
    return found < 0 ? -1 : this.#entries[found * STRIDE + HANDLE];
  }

  /** Puts `handle`, a non-negative int32, under a key. False, and no change, when the key is present. */
  insert(
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    r0: number,
    r1: number,
    r2: number,
    r3: number,
    ports: number,
    handle: number,
  ): boolean {
    if (handle < 0) {
      failRange("insert tuple", "its handle must not be negative", handle);
    }
    // Grown before the search, because growing moves the slot that is found.
    if (3 * this.#size >= 2 * this.#mask) this.#grow();
    const hash = this.#hash(l3, r0, r1, r2, r3, ports);
    const found = this.#locate(hash, l0, l1, l2, l3, r0, r1, r2, r3, ports);
    if (found >= 0) return false;
    const entries = this.#entries;
    const at = ~found * STRIDE;
    this.#tags[~found] = hash;
    entries[at] = l0;
    entries[at + 1] = l1;
    entries[at + 2] = l2;
    entries[at + 3] = l3;
    entries[at + 4] = r0;
    entries[at + 5] = r1;
    entries[at + 6] = r2;
    entries[at + 7] = r3;
    entries[at + 8] = ports;
    entries[at + HANDLE] = handle;
    this.#size = (this.#size + 1) | 0;
    return true;
  }

  /** Takes a key out. Returns the handle that was under it, or -1. */
  remove(
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    r0: number,
    r1: number,
    r2: number,
    r3: number,
    ports: number,
  ): number {
    const hash = this.#hash(l3, r0, r1, r2, r3, ports);
    const found = this.#locate(hash, l0, l1, l2, l3, r0, r1, r2, r3, ports);
    if (found < 0) return -1;
    const handle = this.#entries[found * STRIDE + HANDLE];
    this.#close(found);
    this.#size = (this.#size - 1) | 0;
    return handle;
  }

  /** The slot that holds the key, or the complement of the empty slot where it would go. */
  #locate(
    hash: number,
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    r0: number,
    r1: number,
    r2: number,
    r3: number,
    ports: number,
  ): number {
    const tags = this.#tags;
    const entries = this.#entries;
    const mask = this.#mask;
    for (let i = hash & mask;; i = (i + 1) & mask) {
      const tag = tags[i];
      if (tag === 0) return ~i;
      if (tag !== hash) continue;
      const at = i * STRIDE;
      if (
        entries[at + 8] === ports && entries[at + 7] === r3 &&
        entries[at + 6] === r2 && entries[at + 5] === r1 &&
        entries[at + 4] === r0 && entries[at + 3] === l3 &&
        entries[at + 2] === l2 && entries[at + 1] === l1 &&
        entries[at] === l0
      ) return i;
    }
  }

  /** Empties slot `hole` and moves back whatever it would cut off from its home. */
  #close(hole: number): void {
    const tags = this.#tags;
    const mask = this.#mask;
    let open = hole;
    for (let i = (hole + 1) & mask; tags[i] !== 0; i = (i + 1) & mask) {
      const fromHome = (i - tags[i]) & mask;
      if (fromHome < ((i - open) & mask)) continue; // its home lies behind the hole
      tags[open] = tags[i];
      this.#entries.copyWithin(open * STRIDE, i * STRIDE, (i + 1) * STRIDE);
      open = i;
    }
    tags[open] = 0;
  }

  /** Moves all entries into arrays of twice the size. */
  #grow(): void {
    const from = this.#tags;
    const held = this.#entries;
    const mask = (2 * from.length - 1) | 0;
    const tags = zeroedInt32(mask + 1);
    const entries = zeroedInt32((mask + 1) * STRIDE);
    for (let slot = 0; slot < from.length; slot++) {
      if (from[slot] === 0) continue;
      let i = from[slot] & mask;
      while (tags[i] !== 0) i = (i + 1) & mask;
      tags[i] = from[slot];
      for (let word = 0; word < STRIDE; word++) {
        entries[i * STRIDE + word] = held[slot * STRIDE + word];
      }
    }
    this.#tags = tags;
    this.#entries = entries;
    this.#mask = mask;
  }

  /** The hash of a key; never 0, which marks an empty slot. */
  #hash(
    l3: number,
    r0: number,
    r1: number,
    r2: number,
    r3: number,
    ports: number,
  ): number {
    const m = this.#multipliers;
    let sum = Math.imul(m[0] + (l3 >>> 16), m[1] + (l3 & 0xffff));
    sum = (sum + Math.imul(m[2] + (r0 >>> 16), m[3] + (r0 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[4] + (r1 >>> 16), m[5] + (r1 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[6] + (r2 >>> 16), m[7] + (r2 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[8] + (r3 >>> 16), m[9] + (r3 & 0xffff))) | 0;
    const lowest = ports & 0xffff;
    sum = (sum + Math.imul(m[10] + (ports >>> 16), m[11] + lowest)) | 0;
    // Only the upper 17 bits of the sum are universal: bring them down, twice.
    sum = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d);
    sum = Math.imul(sum ^ (sum >>> 12), 0x297a2d39);
    sum ^= sum >>> 15;
    return sum === 0 ? 1 : sum;
  }
}

/** Stretches 64 secret bits to as many words as the hash needs: SipHash in counter mode. */
function multipliersFrom(seed0: number, seed1: number): Int32Array {
  const multipliers = zeroedInt32(MULTIPLIER_COUNT);
  // deno-lint-ignore synload/no-alloc-in-hot-file -- construction
  const prf = new SipHash(seed0, seed1, 0, 0);
  const counter = zeroedInt32(1);
  for (let i = 0; i < MULTIPLIER_COUNT; i += 2) {
    counter[0] = i;
    prf.hashWords(counter, 1);
    multipliers[i] = prf.lo;
    multipliers[i + 1] = prf.hi;
  }
  return multipliers;
}
