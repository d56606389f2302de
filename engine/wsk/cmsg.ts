/**
 * Control messages: what travels beside a datagram.
 *
 *     0            8          12         16
 *     | cmsg_len   | level    | type     | data, padded to 8
 *
 * `cmsg_len` counts the header and the data without padding. The layout is
 * that of a 64-bit Windows; control buffers are plain bytes.
 *
 * @module
 */
import { readUlong, writeUlong } from "./c_types.ts";

/** Bytes of a CMSGHDR. */
export const CMSGHDR_SIZE = 16;

/** One control message. */
export interface CMSGHDR {
  /** `IPPROTO_*`. */
  readonly cmsg_level: number;
  /** The option it belongs to. */
  readonly cmsg_type: number;
  /** Its data. */
  readonly data: Uint8Array;
}

/** WSA_CMSG_SPACE: the room a message with `dataLength` bytes of data takes. */
export function WSA_CMSG_SPACE(dataLength: number): number {
  return CMSGHDR_SIZE + (dataLength + 7 & ~7);
}

/** WSA_CMSG_LEN: what its `cmsg_len` is. */
export function WSA_CMSG_LEN(dataLength: number): number {
  return CMSGHDR_SIZE + dataLength;
}

/** The messages laid out one behind another. */
export function encodeCmsgs(messages: readonly CMSGHDR[]): Uint8Array {
  let length = 0;
  for (const { data } of messages) length += WSA_CMSG_SPACE(data.length);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { cmsg_level, cmsg_type, data } of messages) {
    writeUlong(bytes.subarray(at), WSA_CMSG_LEN(data.length), 8);
    writeUlong(bytes.subarray(at + 8), cmsg_level, 4);
    writeUlong(bytes.subarray(at + 12), cmsg_type, 4);
    bytes.set(data, at + CMSGHDR_SIZE);
    at += WSA_CMSG_SPACE(data.length);
  }
  return bytes;
}

/** The messages in the first `length` bytes, or `null` when they are malformed. */
export function decodeCmsgs(
  bytes: Uint8Array,
  length: number,
): CMSGHDR[] | null {
  if (length > bytes.length) return null;
  const messages: CMSGHDR[] = [];
  for (let at = 0; at + CMSGHDR_SIZE <= length;) {
    const size = readUlong(bytes.subarray(at), 8);
    if (size < CMSGHDR_SIZE || at + size > length) return null;
    messages.push({
      cmsg_level: readUlong(bytes.subarray(at + 8), 4),
      cmsg_type: readUlong(bytes.subarray(at + 12), 4),
      data: bytes.slice(at + CMSGHDR_SIZE, at + size),
    });
    at += WSA_CMSG_SPACE(size - CMSGHDR_SIZE);
  }
  return messages;
}
