/**
 * Netlink messages as bytes: a header, a fixed part, nested attributes.
 *
 *     0        4      6       8     12    16
 *     length   type   flags   seq   pid   | fixed part | attribute | attribute ...
 *                                                        length type value, padded to 4
 *
 * All numbers in the machine's order, which is little-endian on everything
 * Deno runs on. Builder and reader in one file, because they know the same
 * layout; neither knows what the numbers mean (linux/netlink.h).
 *
 * @module
 */

/** Bytes of a message's header. */
export const NETLINK_HEADER_LENGTH = 16;
/** The message asks for something. */
export const NLM_F_REQUEST = 0x01;
/** An answer is wanted even if all goes well. */
export const NLM_F_ACK = 0x04;
/** Fail if it exists. */
export const NLM_F_EXCL = 0x200;
/** Create what does not exist. */
export const NLM_F_CREATE = 0x400;

const ATTRIBUTE_HEADER_LENGTH = 4;
/** Attribute types carry two flag bits on top. */
const ATTRIBUTE_TYPE_MASK = 0x3fff;

/** A message under construction. Methods return it, so that a message reads as one expression. */
export class NetlinkMessage {
  /** The message's type, `RTM_*`. */
  readonly type: number;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(512);
  #view: DataView = new DataView(this.#bytes.buffer);
  #end = NETLINK_HEADER_LENGTH;

  /** Begins a message; `flags` are `NLM_F_*`. */
  constructor(type: number, flags: number) {
    this.type = type;
    this.#view.setUint16(4, type, true);
    this.#view.setUint16(6, flags, true);
  }

  /** Appends one byte. */
  u8(value: number): this {
    this.#reserve(1);
    this.#view.setUint8(this.#end++, value);
    return this;
  }

  /** Appends 16 bits. */
  u16(value: number): this {
    this.#reserve(2);
    this.#view.setUint16(this.#end, value, true);
    this.#end += 2;
    return this;
  }

  /** Appends 32 bits. */
  u32(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#end, value, true);
    this.#end += 4;
    return this;
  }

  /** Appends an attribute that holds bytes. */
  attribute(type: number, value: Uint8Array): this {
    return this.nested(type, () => {
      this.#reserve(value.length);
      this.#bytes.set(value, this.#end);
      this.#end += value.length;
    });
  }

  /** Appends an attribute that holds 32 bits. */
  attributeU32(type: number, value: number): this {
    return this.nested(type, () => this.u32(value));
  }

  /** Appends an attribute that holds a NUL-terminated string. */
  attributeString(type: number, value: string): this {
    return this.attribute(type, new TextEncoder().encode(value + "\0"));
  }

  /** Appends an attribute that holds what `fill` appends. */
  nested(type: number, fill: () => void): this {
    this.#reserve(ATTRIBUTE_HEADER_LENGTH);
    const at = this.#end;
    this.#end += ATTRIBUTE_HEADER_LENGTH;
    fill();
    this.#view.setUint16(at, this.#end - at, true);
    this.#view.setUint16(at + 2, type, true);
    // The length says where the value ends; the padding up to 4 is not counted.
    this.#end = this.#end + 3 & ~3;
    this.#reserve(0);
    return this;
  }

  /** The finished message, numbered `sequence`. */
  finish(sequence: number): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, this.#end, true);
    this.#view.setUint32(8, sequence, true);
    return this.#bytes.slice(0, this.#end);
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * this.#bytes.length + count);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** The value of the first attribute of `type` in `[start, end)` of `bytes`, a view of it; null when there is none. */
export function findAttribute(
  bytes: Uint8Array,
  start: number,
  end: number,
  type: number,
): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  while (at + ATTRIBUTE_HEADER_LENGTH <= end) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER_LENGTH || at + length > end) return null;
    if ((view.getUint16(at + 2, true) & ATTRIBUTE_TYPE_MASK) === type) {
      return bytes.subarray(at + ATTRIBUTE_HEADER_LENGTH, at + length);
    }
    at += length + 3 & ~3;
  }
  return null;
}
