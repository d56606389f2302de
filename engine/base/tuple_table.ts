// @hot
/**
 * Whose segment is this: from the two endpoints to a connection's handle.
 *
 * Open addressing with linear probing in one Int32Array, so that a look-up is
 * a hash and, nearly always, one cache line. A slot is sixteen words:
 *
 *     word   0..3    4..7     8       9      10           11..15
 *            local   remote   ports   hash   handle + 1   unused
 *
 * A slot with 0 in word 10 is empty. There are no tombstones: a removal moves
 * back the entries behind it that the hole would cut off from their home slot
 * (Knuth, TAOCP vol. 3, 6.4, algorithm R), so a table that churns for weeks
 * stays as quick as a new one. The table doubles when two thirds are taken.
 *
 * Peers choose half of the key and would like many keys to meet in one slot.
 * So the hash is drawn from a universal family by secret random multipliers:
 * pair-multiply-shift on 16-bit halves (Thorup, "High speed hashing for
 * integers and strings", §3.6). For any two different keys, chosen without
 * knowledge of the multipliers, the sums differ by one of at least 2^17
 * equally likely values; a finaliser spreads them over the index bits, so that
 * consecutive ports do not become a run of neighbours. A full SipHash of the
 * key would cost several times what the whole look-up does.
 *
 * Every argument is an int32 in the form the table compares: address words as
 * in an IpAddress, `ports` as `local << 16 | remote`.
 *
 * @module
 */
import { failRange } from "./misuse.ts";
import { SipHash } from "./siphash.ts";

const STRIDE = 16;
const HASH = 9;
const HANDLE = 10;
const FIRST_CAPACITY = 16;
const MULTIPLIER_COUNT = 18; // two for each of nine words

/** A hash table from 4-tuples to handles. */
export class TupleTable {
  readonly #multipliers: Int32Array;
  #slots: Int32Array = new Int32Array(FIRST_CAPACITY * STRIDE);
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
    const hash = this.#hash(l0, l1, l2, l3, r0, r1, r2, r3, ports);
    const at = this.#locate(hash, l0, l1, l2, l3, r0, r1, r2, r3, ports);
    return (this.#slots[at + HANDLE] - 1) | 0;
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
    const hash = this.#hash(l0, l1, l2, l3, r0, r1, r2, r3, ports);
    const at = this.#locate(hash, l0, l1, l2, l3, r0, r1, r2, r3, ports);
    const slots = this.#slots;
    if (slots[at + HANDLE] !== 0) return false;
    slots[at] = l0;
    slots[at + 1] = l1;
    slots[at + 2] = l2;
    slots[at + 3] = l3;
    slots[at + 4] = r0;
    slots[at + 5] = r1;
    slots[at + 6] = r2;
    slots[at + 7] = r3;
    slots[at + 8] = ports;
    slots[at + HASH] = hash;
    slots[at + HANDLE] = (handle + 1) | 0;
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
    const hash = this.#hash(l0, l1, l2, l3, r0, r1, r2, r3, ports);
    const at = this.#locate(hash, l0, l1, l2, l3, r0, r1, r2, r3, ports);
    const held = this.#slots[at + HANDLE];
    if (held === 0) return -1;
    this.#close(at / STRIDE);
    this.#size = (this.#size - 1) | 0;
    return (held - 1) | 0;
  }

  /** Offset of the slot that holds the key, or of the empty slot where it would go. */
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
    const slots = this.#slots;
    const mask = this.#mask;
    for (let i = hash & mask;; i = (i + 1) & mask) {
      const at = i * STRIDE;
      if (slots[at + HANDLE] === 0) return at;
      if (
        slots[at + HASH] === hash && slots[at + 8] === ports &&
        slots[at + 7] === r3 && slots[at + 6] === r2 &&
        slots[at + 5] === r1 && slots[at + 4] === r0 &&
        slots[at + 3] === l3 && slots[at + 2] === l2 &&
        slots[at + 1] === l1 && slots[at] === l0
      ) return at;
    }
  }

  /** Empties slot `hole` and moves back whatever it would cut off from its home. */
  #close(hole: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let open = hole;
    for (
      let i = (hole + 1) & mask;
      slots[i * STRIDE + HANDLE] !== 0;
      i = (i + 1) & mask
    ) {
      const fromHome = (i - slots[i * STRIDE + HASH]) & mask;
      if (fromHome < ((i - open) & mask)) continue; // its home lies behind the hole
      slots.copyWithin(open * STRIDE, i * STRIDE, (i + 1) * STRIDE);
      open = i;
    }
    slots[open * STRIDE + HANDLE] = 0;
  }

  #grow(): void {
    this.#slots = rehash(this.#slots);
    this.#mask = (2 * this.#mask + 1) | 0;
  }

  #hash(
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
    const m = this.#multipliers;
    let sum = Math.imul(m[0] + (l0 >>> 16), m[1] + (l0 & 0xffff));
    sum = (sum + Math.imul(m[2] + (l1 >>> 16), m[3] + (l1 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[4] + (l2 >>> 16), m[5] + (l2 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[6] + (l3 >>> 16), m[7] + (l3 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[8] + (r0 >>> 16), m[9] + (r0 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[10] + (r1 >>> 16), m[11] + (r1 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[12] + (r2 >>> 16), m[13] + (r2 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[14] + (r3 >>> 16), m[15] + (r3 & 0xffff))) | 0;
    sum = (sum + Math.imul(m[16] + (ports >>> 16), m[17] + (ports & 0xffff))) |
      0;
    // Only the upper 17 bits of the sum are universal: bring them down, twice.
    sum = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d);
    sum = Math.imul(sum ^ (sum >>> 12), 0x297a2d39);
    return sum ^ (sum >>> 15);
  }
}

/** The same entries in an array of twice the slots. */
function rehash(from: Int32Array): Int32Array {
  // deno-lint-ignore synload/no-alloc-in-hot-file -- growing, which happens once per doubling
  const to = new Int32Array(2 * from.length);
  const mask = to.length / STRIDE - 1;
  for (let at = 0; at < from.length; at += STRIDE) {
    if (from[at + HANDLE] === 0) continue;
    let i = from[at + HASH] & mask;
    while (to[i * STRIDE + HANDLE] !== 0) i = (i + 1) & mask;
    for (let word = 0; word < STRIDE; word++) {
      to[i * STRIDE + word] = from[at + word];
    }
  }
  return to;
}

/** Stretches 64 secret bits to as many words as the hash needs: SipHash in counter mode. */
function multipliersFrom(seed0: number, seed1: number): Int32Array {
  // deno-lint-ignore synload/no-alloc-in-hot-file -- construction
  const multipliers = new Int32Array(MULTIPLIER_COUNT);
  // deno-lint-ignore synload/no-alloc-in-hot-file -- construction
  const prf = new SipHash(seed0, seed1, 0, 0);
  // deno-lint-ignore synload/no-alloc-in-hot-file -- construction
  const counter = new Int32Array(1);
  for (let i = 0; i < MULTIPLIER_COUNT; i += 2) {
    counter[0] = i;
    prf.hashWords(counter, 1);
    multipliers[i] = prf.lo;
    multipliers[i + 1] = prf.hi;
  }
  return multipliers;
}
