/**
 * IP addresses as four 32-bit words.
 *
 * One form for both families: an IPv4 address is held as its IPv4-mapped IPv6
 * address (`::ffff:a.b.c.d`, RFC 4291 §2.5.5.2), so that every table is keyed
 * by the same eight words and no hot path asks which family it serves.
 *
 *     word     w0         w1         w2         w3
 *     IPv6     2001:db8   0:0        0:0        0:1
 *     IPv4     0          0          0x0000ffff a.b.c.d
 *
 * @module
 */

/** The third word of every IPv4-mapped address. */
export const V4_MAPPED_WORD = 0x0000ffff;

/** An immutable IP address of either family. Words are int32 in network order. */
export class IpAddress {
  /** The words, most significant first. */
  readonly w0: number;
  /** Second word. */
  readonly w1: number;
  /** Third word; {@linkcode V4_MAPPED_WORD} in an IPv4 address. */
  readonly w2: number;
  /** Fourth word; the whole address of an IPv4 address. */
  readonly w3: number;

  /** Makes an address from four words in network order. */
  constructor(w0: number, w1: number, w2: number, w3: number) {
    this.w0 = w0 | 0;
    this.w1 = w1 | 0;
    this.w2 = w2 | 0;
    this.w3 = w3 | 0;
  }

  /** 4 for an IPv4(-mapped) address, else 6. */
  get family(): 4 | 6 {
    return this.w0 === 0 && this.w1 === 0 && this.w2 === V4_MAPPED_WORD ? 4 : 6;
  }

  /** Whether both are the same address. */
  equals(other: IpAddress): boolean {
    return this.w0 === other.w0 && this.w1 === other.w1 &&
      this.w2 === other.w2 && this.w3 === other.w3;
  }
}
