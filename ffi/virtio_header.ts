// @hot
/**
 * The ten bytes before each frame of a TAP: what is left for the device to do.
 *
 *     0      1         2        4         6           8            10
 *     flags  gso_type  hdr_len  gso_size  csum_start  csum_offset  | frame
 *
 * `struct virtio_net_hdr` of linux/virtio_net.h, in little-endian as every
 * machine Deno runs on has it. Outgoing, it asks the kernel to finish the
 * checksum and to cut a super-segment; incoming, it says what the sender's
 * kernel left undone. `hdr_len` is all bytes up to the payload, `csum_start`
 * counts from the frame's first byte, `csum_offset` from there.
 *
 * The transport is found from the bytes themselves and not from `frame.l4`, so
 * that a frame which middleware made or moved goes out all the same.
 *
 * @module
 */
import type { Frame } from "../engine/mod.ts";

/** Bytes of the header. */
export const VIRTIO_HEADER_LENGTH = 10;

const FLAG_NEEDS_CSUM = 1;
const FLAG_DATA_VALID = 2;
const GSO_TCP4 = 1;
const GSO_TCP6 = 4;
const GSO_UDP_L4 = 5;
const GSO_ECN = 0x80;

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const TCP_CHECKSUM_OFFSET = 16;
const UDP_CHECKSUM_OFFSET = 6;
const UDP_HEADER_LENGTH = 8;
const IPV6_HEADER_LENGTH = 40;
const TCP_FLAG_CWR = 0x80;

/** Sets the frame's offload fields from the header at `offset` of `view`. */
export function readVirtioHeader(
  view: DataView,
  offset: number,
  frame: Frame,
): void {
  // Both flags mean the same to a receiver: the payload did not cross a wire
  // where it could have been damaged, or someone has verified it already.
  frame.checksumPartial =
    (view.getUint8(offset) & (FLAG_NEEDS_CSUM | FLAG_DATA_VALID)) !== 0;
  frame.gsoSize = view.getUint8(offset + 1) === 0
    ? 0
    : view.getUint16(offset + 4, true);
}

/**
 * Writes at `offset` of `view` what the device is to do for `frame`, whose network header lies at `l3`.
 *
 * A frame that asks for offload but is neither TCP nor UDP goes out with an
 * empty header, as it is.
 */
export function writeVirtioHeader(
  view: DataView,
  offset: number,
  frame: Frame,
  l3: number,
): void {
  clearVirtioHeader(view, offset);
  if (!frame.checksumPartial) return;
  const packet = frame.view;
  const isV4 = packet.getUint8(l3) >>> 4 === 4;
  const protocol = packet.getUint8(l3 + (isV4 ? 9 : 6));
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return;
  const isTcp = protocol === PROTOCOL_TCP;
  const l4 = l3 +
      (isV4 ? (packet.getUint8(l3) & 0x0f) << 2 : IPV6_HEADER_LENGTH) | 0;
  const start = l4 - frame.start | 0;
  view.setUint8(offset, FLAG_NEEDS_CSUM);
  view.setUint16(offset + 6, start, true);
  view.setUint16(
    offset + 8,
    isTcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET,
    true,
  );
  if (frame.gsoSize === 0) return;
  const headerLength = isTcp
    ? packet.getUint8(l4 + 12) >>> 4 << 2
    : UDP_HEADER_LENGTH;
  // CWR belongs on the first wire segment only (RFC 3168 §6.1.2); the ECN bit makes the kernel cut so.
  const hasCwr = isTcp && (packet.getUint8(l4 + 13) & TCP_FLAG_CWR) !== 0;
  const type = isTcp ? (isV4 ? GSO_TCP4 : GSO_TCP6) : GSO_UDP_L4;
  view.setUint8(offset + 1, hasCwr ? type | GSO_ECN : type);
  view.setUint16(offset + 2, start + headerLength, true);
  view.setUint16(offset + 4, frame.gsoSize, true);
}

function clearVirtioHeader(view: DataView, offset: number): void {
  view.setInt32(offset, 0);
  view.setInt32(offset + 4, 0);
  view.setInt16(offset + 8, 0);
}
