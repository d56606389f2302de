/**
 * WSK_BUF: a range of bytes in a chain of MDLs, and the cursor that walks it.
 *
 *     Mdl ---------> [ . . . . . . ] -> [ . . . . ] -> [ . . . . . ]
 *     Offset              ^                                  ^
 *     Length              `----------------------------------'
 *
 * The range begins `Offset` bytes into the first MDL and may run over the
 * chain. A range that is longer than the chain stops a Windows machine; here
 * it throws. The structure itself is read during the call only; the MDLs
 * belong to the request until its IRP completes.
 *
 * @module
 */
import { copyBytes } from "../base/frame.ts";
import { PAGE_FAULT_IN_NONPAGED_AREA, requireKernel } from "./bug_check.ts";
import { type MDL, mdlOf, pinMdls, unpinMdls } from "./mdl.ts";

/** A range of bytes in a chain of MDLs. */
export interface WSK_BUF {
  /** The first MDL; may be `null` only when `Length` is 0. */
  Mdl: MDL | null;
  /** Where the range begins in the first MDL. */
  Offset: number;
  /** Bytes in the range. */
  Length: number;
}

/** A list of buffers, one datagram each. */
export interface WSK_BUF_LIST {
  /** The next datagram, or `null`. */
  Next: WSK_BUF_LIST | null;
  /** The datagram's bytes. */
  Buffer: WSK_BUF;
}

/** A buffer over all of `bytes`. */
export function bufOf(bytes: Uint8Array): WSK_BUF {
  return { Mdl: mdlOf(bytes), Offset: 0, Length: bytes.length };
}

/** The bytes of a buffer, copied out of its chain. */
export function bytesOfBuf(buf: WSK_BUF): Uint8Array {
  const cursor = new BufCursor(buf);
  const bytes = new Uint8Array(cursor.remaining);
  let at = 0;
  while (cursor.remaining > 0) {
    const length = cursor.pieceLength;
    copyBytes(cursor.bytes, cursor.offset, bytes, at, length);
    at += length;
    cursor.advance(length);
  }
  cursor.release();
  return bytes;
}

/**
 * A position in a WSK_BUF, which reads or fills it piece by piece.
 *
 * The cursor counts as a user of the MDLs from construction to
 * {@linkcode BufCursor.release}.
 */
export class BufCursor {
  /** Bytes from the position to the end of the range. */
  remaining: number;
  /** Offset of the position in {@linkcode BufCursor.bytes}. */
  offset: number;
  #mdl: MDL | null;
  #first: MDL | null;

  /** Begins at the start of `buf`; throws when `buf` is longer than its chain or starts outside its first MDL. */
  constructor(buf: WSK_BUF) {
    requireRange(buf);
    this.#first = buf.Mdl;
    this.#mdl = buf.Mdl;
    this.offset = buf.Offset;
    this.remaining = buf.Length;
    pinMdls(this.#first);
    this.#skipEmpty();
  }

  /** The memory the position lies in; meaningful while `remaining` is not 0. */
  get bytes(): Uint8Array {
    return (this.#mdl as MDL).MappedSystemVa;
  }

  /** Bytes that follow the position without a break. */
  get pieceLength(): number {
    if (this.#mdl === null) return 0;
    return Math.min(this.remaining, this.#mdl.ByteCount - this.offset);
  }

  /** Moves on by at most `pieceLength` bytes. */
  advance(length: number): void {
    this.offset += length;
    this.remaining -= length;
    this.#skipEmpty();
  }

  /** Gives the MDLs back. A second call does nothing. */
  release(): void {
    unpinMdls(this.#first);
    this.#first = null;
  }

  #skipEmpty(): void {
    while (
      this.remaining > 0 && this.#mdl !== null &&
      this.offset === this.#mdl.ByteCount
    ) {
      this.#mdl = this.#mdl.Next;
      this.offset = 0;
    }
  }
}

function requireRange(buf: WSK_BUF): void {
  let capacity = -buf.Offset;
  for (let mdl = buf.Mdl; mdl !== null; mdl = mdl.Next) {
    capacity += mdl.ByteCount;
  }
  const inFirst = buf.Offset >= 0 &&
    (buf.Length === 0 || (buf.Mdl !== null && buf.Offset < buf.Mdl.ByteCount));
  const fits = buf.Length >= 0 &&
    (buf.Length === 0 || buf.Length <= capacity);
  // Messages are put together only when they are thrown: requests are many.
  if (inFirst && fits) return;
  requireKernel(
    inFirst,
    PAGE_FAULT_IN_NONPAGED_AREA,
    `Cannot use WSK_BUF: Offset must lie in the first MDL, got ${buf.Offset}`,
  );
  requireKernel(
    fits,
    PAGE_FAULT_IN_NONPAGED_AREA,
    `Cannot use WSK_BUF: Length must be at most the ${capacity} bytes its MDLs describe behind Offset, got ${buf.Length}`,
  );
}
