// @hot
/**
 * The Internet checksum: what is the one's complement sum of these bytes?
 *
 * A *sum* here is a number 0..0xffff, the folded one's complement sum of some
 * bytes; it is chained through the `initial` argument. A *checksum* is its
 * complement, as it stands in a header. Bytes that already hold their own
 * correct checksum sum to 0xffff.
 *
 *     pseudo header ──► header ──► payload ──► wrapped payload ──► ~ ──► field
 *
 * Each piece is summed as though it began at an even position. Where it does
 * not, because the piece before had an odd length, the running sum changes
 * sides with {@linkcode swapSum} before and after (RFC 1071 §2(B): the sum of
 * swapped bytes is the swapped sum).
 *
 * The same property lets the loop read words little-endian, which is what the
 * machine does without a byte swap, and swap once at the end. It adds whole
 * words into one int32 that may overflow and their upper halves into another;
 * the sum of the lower halves is what is left when the second is taken from
 * the first. Measured for 1,460 bytes: 5.7–8.7 GB/s, against 3.2–4.0 when both
 * halves are cut out of each big-endian word.
 *
 * RFC 1071, RFC 1624 (incremental update), RFC 9293 §3.1 and RFC 8200 §8.1
 * (pseudo headers). Pieces are at most 65,536 bytes.
 *
 * @module
 */

/**
 * Adds `length` bytes at `offset` to the sum `initial`.
 *
 * @param length 0..65536; an odd last byte counts as though a zero followed
 * @param initial any non-negative int32, 0 to begin
 */
export function sumBytes(
  view: DataView,
  offset: number,
  length: number,
  initial: number,
): number {
  let words = 0;
  let upper = 0;
  let at = offset | 0;
  const end = offset + length | 0;
  const blockEnd = end - 15 | 0;
  for (; at < blockEnd; at = at + 16 | 0) {
    const w0 = view.getInt32(at, true);
    const w1 = view.getInt32(at + 4 | 0, true);
    const w2 = view.getInt32(at + 8 | 0, true);
    const w3 = view.getInt32(at + 12 | 0, true);
    upper = upper + (w0 >>> 16) + (w1 >>> 16) + (w2 >>> 16) + (w3 >>> 16) | 0;
    words = words + w0 + w1 + w2 + w3 | 0;
  }
  // Below 2^30 for 64 KiB, so the difference is exact although `words` has overflowed.
  let lower = words - (upper << 16) | 0;
  for (; at < end - 1; at = at + 2 | 0) {
    lower = lower + view.getUint16(at, true) | 0;
  }
  if (at < end) lower = lower + view.getUint8(at) | 0;
  const sum = (upper & 0xffff) + (upper >>> 16) + (lower & 0xffff) +
      (lower >>> 16) | 0;
  return foldSum(swapSum(foldSum(sum)) + foldSum(initial) | 0);
}

/** Adds bytes to a sum as {@linkcode sumBytes} does, for memory without a DataView. Measured 2.2 GB/s. */
export function sumArray(
  bytes: Uint8Array,
  offset: number,
  length: number,
  initial: number,
): number {
  let sum = 0;
  const end = offset + length | 0;
  let at = offset | 0;
  // 32,768 pairs of at most 0xffff stay below 2^31.
  for (; at < end - 1; at = at + 2 | 0) {
    sum = sum + (bytes[at] << 8) + bytes[at + 1] | 0;
  }
  if (at < end) sum = foldSum(sum) + (bytes[at] << 8) | 0;
  return foldSum(foldSum(sum) + foldSum(initial) | 0);
}

/** The 16-bit one's complement value of a wider sum, not inverted. `sum` is read as a uint32. */
export function foldSum(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16) | 0;
  return (once & 0xffff) + (once >>> 16) | 0;
}

/** The sum of the same bytes had they begun at the other parity. `sum` is 0..0xffff. */
export function swapSum(sum: number): number {
  return (sum & 0xff) << 8 | sum >>> 8;
}

/** Adds a piece's sum to that of the bytes before it, which number `before`. */
export function joinSums(sum: number, piece: number, before: number): number {
  return foldSum(sum + ((before & 1) === 0 ? piece : swapSum(piece)) | 0);
}

/**
 * The checksum of `length` bytes at `offset`, as it is written into a header.
 *
 * @returns 0..0xffff; over bytes that hold their own correct checksum it is 0
 */
export function checksum(
  view: DataView,
  offset: number,
  length: number,
  initial: number,
): number {
  return ~sumBytes(view, offset, length, initial) & 0xffff;
}

/**
 * The sum of the pseudo header that TCP, UDP and ICMPv6 cover.
 *
 * @param family 4 (only the fourth words count) or 6
 * @param length bytes of transport header and payload, 0..0xffffff
 */
export function pseudoHeaderSum(
  l0: number,
  l1: number,
  l2: number,
  l3: number,
  r0: number,
  r1: number,
  r2: number,
  r3: number,
  family: number,
  protocol: number,
  length: number,
): number {
  let sum = halves(l3) + halves(r3) + protocol + halves(length) | 0;
  if (family === 6) {
    sum = sum + halves(l0) + halves(l1) + halves(l2) +
        halves(r0) + halves(r1) + halves(r2) | 0;
  }
  return foldSum(sum);
}

/**
 * The checksum after one 16-bit word under it changed, without summing again.
 *
 * RFC 1624 §3 [Eqn. 3]: HC' = ~(~HC + ~m + m'); unlike RFC 1141's form it never
 * turns a correct checksum into the other zero.
 */
export function updateChecksum(
  checksum: number,
  oldWord: number,
  newWord: number,
): number {
  const sum = (~checksum & 0xffff) + (~oldWord & 0xffff) + (newWord & 0xffff);
  return ~foldSum(sum | 0) & 0xffff;
}

/** {@linkcode updateChecksum} for a 32-bit word at an even offset. */
export function updateChecksum32(
  checksum: number,
  oldWord: number,
  newWord: number,
): number {
  return updateChecksum(
    updateChecksum(checksum, oldWord >>> 16, newWord >>> 16),
    oldWord & 0xffff,
    newWord & 0xffff,
  );
}

function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff) | 0;
}
