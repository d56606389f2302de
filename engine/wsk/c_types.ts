/**
 * C's words that ported signatures need: pointers to results, sizes, byte order.
 *
 * A pointer through which a function returns a number is an object with a
 * `value`. Integers that C keeps in network order (ports, IPv4 addresses) are
 * kept so here too, as a little-endian machine would hold them, so that
 * `htons(80)` belongs into `sin_port` exactly where it does in C.
 *
 * @module
 */

/** C's BOOLEAN. */
export type BOOLEAN = boolean;

/** Something unspecified: C's `void *`. */
export type PVOID = unknown;

/** A pointer to a variable that a function reads or fills. */
export interface POINTER<T> {
  /** The variable. */
  value: T;
}

/** A variable of C whose address is passed, with its first value. */
export function variable<T>(value: T): POINTER<T> {
  return { value };
}

/** Says that a parameter is not used, as C code does to quiet its compiler. */
export function UNREFERENCED_PARAMETER(_parameter: unknown): void {}

/** A counted UTF-16 string. Lengths are bytes. */
export class UNICODE_STRING {
  /** The text. */
  Buffer: string;
  /** Bytes of text that the string may hold, a terminating NUL included. */
  MaximumLength: number;

  /** Makes a string that holds `text`, in a buffer just large enough or of `maximumLength` bytes. */
  constructor(text: string, maximumLength: number = 2 * text.length + 2) {
    this.Buffer = text;
    this.MaximumLength = maximumLength;
  }

  /** Bytes of the text. */
  get Length(): number {
    return 2 * this.Buffer.length;
  }
}

/** A structure that knows its size in C. */
export interface Sized {
  /** Its size in C on a 64-bit machine, bytes. */
  readonly cSize: number;
}

/** The size in C of a structure, or the length of a byte buffer. */
export function sizeof(thing: Sized | Uint8Array): number {
  return thing instanceof Uint8Array ? thing.length : thing.cSize;
}

/** A 16-bit integer with its bytes swapped: host to network order. */
export function htons(hostshort: number): number {
  return (hostshort & 0xff) << 8 | hostshort >>> 8 & 0xff;
}

/** A 16-bit integer with its bytes swapped: network to host order. */
export function ntohs(netshort: number): number {
  return htons(netshort);
}

/** A 32-bit integer with its bytes swapped: host to network order. Unsigned. */
export function htonl(hostlong: number): number {
  return ((hostlong & 0xff) << 24 | (hostlong & 0xff00) << 8 |
    hostlong >>> 8 & 0xff00 | hostlong >>> 24) >>> 0;
}

/** A 32-bit integer with its bytes swapped: network to host order. Unsigned. */
export function ntohl(netlong: number): number {
  return htonl(netlong);
}

/** The bytes of a ULONG, for an option's InputBuffer. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The little-endian integer in the first `length` bytes, 1 to 8; what an option's OutputBuffer holds. */
export function readUlong(
  bytes: Uint8Array,
  length: number = Math.min(4, bytes.length),
): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[i];
  return value;
}

/** Writes a little-endian integer into the first `length` bytes, 1 to 8. */
export function writeUlong(
  bytes: Uint8Array,
  value: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    bytes[i] = value % 256;
    value = Math.floor(value / 256);
  }
}
