// @hot
/**
 * Where JavaScript's bytes lie in memory, asked once per buffer.
 *
 * The kernel wants an address; `Deno.UnsafePointer.of` gives one, and an
 * object and a BigInt with it. The memory of an ArrayBuffer does not move, so
 * the number is asked for once and kept. A stack uses one arena and a test a
 * handful of frames: two remembered entries answer nearly every question
 * without a lookup, the WeakMap the rest.
 *
 * An address is of use only while its buffer is reachable and not transferred.
 * Who looks one up holds the buffer for the length of the system call.
 *
 * @module
 */

/** Addresses of buffers, as plain numbers. */
export class AddressBook {
  readonly #known: WeakMap<Uint8Array, number> = new WeakMap();
  #bytes: Uint8Array | null = null;
  #address = 0;
  #previousBytes: Uint8Array | null = null;
  #previousAddress = 0;

  /** The address of `bytes[0]`. */
  addressOf(bytes: Uint8Array): number {
    if (bytes === this.#bytes) return this.#address;
    if (bytes === this.#previousBytes) {
      this.#previousBytes = this.#bytes;
      const address = this.#previousAddress;
      this.#previousAddress = this.#address;
      this.#bytes = bytes;
      this.#address = address;
      return address;
    }
    return this.#lookUp(bytes);
  }

  #lookUp(bytes: Uint8Array): number {
    let address = this.#known.get(bytes);
    if (address === undefined) {
      address = addressOf(bytes);
      this.#known.set(bytes, address);
    }
    this.#previousBytes = this.#bytes;
    this.#previousAddress = this.#address;
    this.#bytes = bytes;
    this.#address = address;
    return address;
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
