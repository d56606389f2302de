// @hot
/**
 * Where JavaScript's bytes lie in memory, asked once per buffer.
 *
 * The kernel wants an address; `Deno.UnsafePointer.of` gives one, and an
 * object and a BigInt with it. The memory of an ArrayBuffer does not move, so
 * the address is asked for once and kept. A stack uses one arena and a test a
 * handful of frames: two remembered entries answer nearly every question
 * without a lookup, the WeakMap the rest.
 *
 * An address has 47 bits. As one number it would be a double, and a double
 * handed from one function to another is a heap number: measured 48 bytes of
 * garbage per frame. It is kept as two int32 words, which is also how an iovec
 * wants it.
 *
 * An address is of use only while its buffer is reachable and not transferred.
 * Who looks one up holds the buffer for the length of the system call.
 *
 * @module
 */

const WORD = 0x1_0000_0000;

/** Addresses of buffers. */
export class AddressBook {
  /** Low word of the address last looked up, int32. */
  low = 0;
  /** High word of it. */
  high = 0;
  readonly #known: WeakMap<Uint8Array, number> = new WeakMap();
  #bytes: Uint8Array | null = null;
  #otherBytes: Uint8Array | null = null;
  #otherLow = 0;
  #otherHigh = 0;

  /** Looks up the address of `bytes[0]`, into {@linkcode AddressBook.low} and {@linkcode AddressBook.high}. */
  find(bytes: Uint8Array): void {
    if (bytes === this.#bytes) return;
    if (bytes === this.#otherBytes) this.#exchange();
    else this.#lookUp(bytes);
  }

  /** The address of `bytes[0]` as a number. */
  addressOf(bytes: Uint8Array): number {
    this.find(bytes);
    return this.high * WORD + (this.low >>> 0);
  }

  #exchange(): void {
    const bytes = this.#bytes;
    const low = this.low;
    const high = this.high;
    this.#bytes = this.#otherBytes;
    this.low = this.#otherLow;
    this.high = this.#otherHigh;
    this.#otherBytes = bytes;
    this.#otherLow = low;
    this.#otherHigh = high;
  }

  #lookUp(bytes: Uint8Array): void {
    let address = this.#known.get(bytes);
    if (address === undefined) {
      address = addressOf(bytes);
      this.#known.set(bytes, address);
    }
    this.#exchange();
    this.#bytes = bytes;
    this.low = address | 0; // the low 32 bits: `| 0` is modular
    this.high = address / WORD | 0;
  }
}

/**
 * The address of `bytes[0]` as a plain number, asked for anew.
 *
 * The buffer is materialised first: V8 keeps arrays of up to 64 bytes inside
 * the collected heap, where they move, until someone asks for their buffer.
 */
export function addressOf(bytes: Uint8Array): number {
  void bytes.buffer;
  return Number(
    Deno.UnsafePointer.value(
      Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>),
    ),
  );
}
