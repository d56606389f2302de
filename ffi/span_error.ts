/**
 * The exception for memory that must not reach the kernel, kept out of the files of the packet path.
 *
 * @module
 */

/** Throws a RangeError that names the span and the buffer it does not fit. */
export function refuseSpan(
  capacity: number,
  offset: number,
  length: number,
): never {
  throw new RangeError(
    `Cannot hand memory to the kernel: bytes [${offset}, ${
      offset + length
    }) lie outside a buffer of ${capacity}; keep a frame's offsets within its slot, with headroom before its start`,
  );
}
