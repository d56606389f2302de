// @hot
/**
 * SipHash-2-4: a keyed hash that peers cannot predict, for short inputs.
 *
 * It makes Fast Open cookies (RFC 7413 §4.1.2), initial sequence numbers
 * (RFC 6528 §3) and SYN cookies. Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012: four 64-bit words of state, two rounds for each
 * eight bytes of input, four at the end, 64 bits out.
 *
 * JavaScript has no 64-bit integer that is not an allocation, so every word is
 * a pair of int32, named `lo` and `hi`; the carry of an addition is found by
 * comparing the sum with an operand, both as unsigned. The state is in fields
 * and a step's rounds run on locals.
 *
 * The input is read as little-endian, whatever the machine. The last word
 * holds what is left of the input and, in its top byte, the length.
 *
 * @module
 */

const COMPRESSION_ROUNDS = 2;
const FINAL_ROUNDS = 4;

/** A SipHash-2-4 function with one key. Holds the result of the last call: read it before the next. */
export class SipHash {
  /** Bits 0..31 of the last hash, int32. */
  lo = 0;
  /** Bits 32..63 of the last hash, int32. */
  hi = 0;
  readonly #k0: number;
  readonly #k1: number;
  readonly #k2: number;
  readonly #k3: number;
  #v0lo = 0;
  #v0hi = 0;
  #v1lo = 0;
  #v1hi = 0;
  #v2lo = 0;
  #v2hi = 0;
  #v3lo = 0;
  #v3hi = 0;

  /** Takes the 128-bit key as four 32-bit words, the first four bytes in `k0`, each little-endian. */
  constructor(k0: number, k1: number, k2: number, k3: number) {
    this.#k0 = k0 | 0;
    this.#k1 = k1 | 0;
    this.#k2 = k2 | 0;
    this.#k3 = k3 | 0;
  }

  /** Hashes `bytes[offset, offset + length)` into `lo` and `hi`. */
  hash(bytes: Uint8Array, offset: number, length: number): void {
    this.#begin();
    const tail = (offset + (length & ~7)) | 0;
    for (let at = offset; at < tail; at += 8) {
      this.#absorb(word(bytes, at), word(bytes, at + 4));
    }
    const end = (offset + length) | 0;
    this.#finish(
      partialWord(bytes, tail, end),
      partialWord(bytes, tail + 4, end) | length << 24,
    );
  }

  /** Hashes the first `count` of `words`, each as four little-endian bytes, into `lo` and `hi`. */
  hashWords(words: Int32Array, count: number): void {
    this.#begin();
    const pairs = count & ~1;
    for (let i = 0; i < pairs; i += 2) this.#absorb(words[i], words[i + 1]);
    // The length byte is in bytes: count * 4, modulo 256.
    this.#finish(pairs < count ? words[pairs] : 0, count << 26);
  }

  #begin(): void {
    // "somepseudorandomlygeneratedbytes", as the algorithm's authors chose.
    this.#v0lo = this.#k0 ^ 0x70736575;
    this.#v0hi = this.#k1 ^ 0x736f6d65;
    this.#v1lo = this.#k2 ^ 0x6e646f6d;
    this.#v1hi = this.#k3 ^ 0x646f7261;
    this.#v2lo = this.#k0 ^ 0x6e657261;
    this.#v2hi = this.#k1 ^ 0x6c796765;
    this.#v3lo = this.#k2 ^ 0x79746573;
    this.#v3hi = this.#k3 ^ 0x74656462;
  }

  #absorb(lo: number, hi: number): void {
    this.#v3lo ^= lo;
    this.#v3hi ^= hi;
    this.#rounds(COMPRESSION_ROUNDS);
    this.#v0lo ^= lo;
    this.#v0hi ^= hi;
  }

  #finish(lastLo: number, lastHi: number): void {
    this.#absorb(lastLo, lastHi);
    this.#v2lo ^= 0xff;
    this.#rounds(FINAL_ROUNDS);
    this.lo = this.#v0lo ^ this.#v1lo ^ this.#v2lo ^ this.#v3lo;
    this.hi = this.#v0hi ^ this.#v1hi ^ this.#v2hi ^ this.#v3hi;
  }

  /** One line per operation of the published round; longer than a function should be because JavaScript returns one value. */
  #rounds(count: number): void {
    let al = this.#v0lo, ah = this.#v0hi, bl = this.#v1lo, bh = this.#v1hi;
    let cl = this.#v2lo, ch = this.#v2hi, dl = this.#v3lo, dh = this.#v3hi;
    let t = 0;
    for (let i = 0; i < count; i++) {
      // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
      al = (al + bl) | 0, ah = (ah + bh + carry(al, bl)) | 0;
      t = bl << 13 | bh >>> 19, bh = (bh << 13 | bl >>> 19) ^ ah, bl = t ^ al;
      t = al, al = ah, ah = t;
      // v2 += v3; v3 = rotl(v3, 16) ^ v2
      cl = (cl + dl) | 0, ch = (ch + dh + carry(cl, dl)) | 0;
      t = dl << 16 | dh >>> 16, dh = (dh << 16 | dl >>> 16) ^ ch, dl = t ^ cl;
      // v0 += v3; v3 = rotl(v3, 21) ^ v0
      al = (al + dl) | 0, ah = (ah + dh + carry(al, dl)) | 0;
      t = dl << 21 | dh >>> 11, dh = (dh << 21 | dl >>> 11) ^ ah, dl = t ^ al;
      // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
      cl = (cl + bl) | 0, ch = (ch + bh + carry(cl, bl)) | 0;
      t = bl << 17 | bh >>> 15, bh = (bh << 17 | bl >>> 15) ^ ch, bl = t ^ cl;
      t = cl, cl = ch, ch = t;
    }
    this.#v0lo = al, this.#v0hi = ah, this.#v1lo = bl, this.#v1hi = bh;
    this.#v2lo = cl, this.#v2hi = ch, this.#v3lo = dl, this.#v3hi = dh;
  }
}

/** What an addition of low halves carries: 1 when the sum is below an operand. */
function carry(sum: number, operand: number): number {
  return sum >>> 0 < operand >>> 0 ? 1 : 0;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
    bytes[at + 3] << 24;
}

/** As `word`, the bytes from `end` on taken as 0. */
function partialWord(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end && i < at + 4; i++) {
    value |= bytes[i] << 8 * (i - at);
  }
  return value;
}
