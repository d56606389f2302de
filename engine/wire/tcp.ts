// @hot
/**
 * The TCP header, RFC 9293 §3.1: from bytes to a segment and back.
 *
 *      0             2                  4
 *      ├ source port ┤ destination port ┤
 *      ├ sequence number                ┤ 8
 *      ├ acknowledgment number          ┤ 12
 *      ├ offset, flags ┤ window         ┤ 16
 *      ├ checksum      ┤ urgent pointer ┤ 20
 *      ├ options, 0..40 bytes …         ┤ 4 × offset
 *
 * {@linkcode parseTcp} refuses what cannot be read as a header and nothing
 * else: flags that contradict each other and values that make no sense are
 * tcp/'s to judge. The checksum is verified apart, because it needs the
 * addresses and because some devices have done it. {@linkcode emitTcp} writes
 * a header at the place of the frame's transport header and leaves the payload
 * where it lies, reading it only to sum it.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import type { Seq } from "../base/units.ts";
import { pseudoHeaderSum, sumBytes } from "./checksum.ts";
import {
  WIRE_BAD_HEADER_LENGTH,
  WIRE_BAD_OPTION,
  WIRE_OK,
  WIRE_TRUNCATED,
} from "./codes.ts";
import { PROTOCOL_TCP } from "./ipv4.ts";
import {
  parseTcpOptions,
  TCP_MAX_OPTIONS_LENGTH,
  tcpOptionsLength,
  writeTcpOptions,
} from "./tcp_options.ts";
import { type SegmentIn, type SegmentOut, TCP_ACK } from "./tcp_segment.ts";

import { CHECKSUM_PARTIAL, sumPayload } from "./transport_checksum.ts";

export { tcpOptionsLength } from "./tcp_options.ts";
export { CHECKSUM_COMPLETE, CHECKSUM_PARTIAL } from "./transport_checksum.ts";

/** Bytes of a header without options. */
export const TCP_HEADER_LENGTH = 20;
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQ = 4;
const ACK = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT = 18;

/**
 * Flattens the segment in `[l4, l4 + l4Length)` into `out`, all but `out.ecn`, which the IP header knows.
 *
 * @returns {@linkcode WIRE_OK}; {@linkcode WIRE_TRUNCATED} below 20 bytes; {@linkcode WIRE_BAD_HEADER_LENGTH} when the data offset is below 5 or beyond the segment. `out` is then to be ignored.
 */
export function parseTcp(
  frame: Frame,
  l4: number,
  l4Length: number,
  out: SegmentIn,
): number {
  if (l4Length < TCP_HEADER_LENGTH) return WIRE_TRUNCATED;
  const view = frame.view;
  const headerLength = tcpHeaderLength(view, l4);
  if (headerLength < TCP_HEADER_LENGTH || headerLength > l4Length) {
    return WIRE_BAD_HEADER_LENGTH;
  }
  out.frame = frame;
  out.remotePort = view.getUint16(l4 + SOURCE_PORT);
  out.localPort = view.getUint16(l4 + DESTINATION_PORT);
  out.seq = view.getInt32(l4 + SEQ) as unknown as Seq;
  out.ack = view.getInt32(l4 + ACK) as unknown as Seq;
  out.flags = view.getUint8(l4 + FLAGS);
  out.wnd = view.getUint16(l4 + WINDOW);
  out.urgentPointer = view.getUint16(l4 + URGENT);
  out.dataOffset = l4 + headerLength | 0;
  out.dataLength = l4Length - headerLength | 0;
  out.gsoSize = frame.gsoSize;
  parseTcpOptions(frame, l4 + TCP_HEADER_LENGTH | 0, out.dataOffset, out);
  return WIRE_OK;
}

/** Bytes of the header at `l4` with its options, 0..60 as its data offset says. */
export function tcpHeaderLength(view: DataView, l4: number): number {
  return view.getUint8(l4 + DATA_OFFSET) >> 4 << 2;
}

/**
 * Whether the checksum of the segment in `[l4, l4 + l4Length)` is right, or the frame says there is none to verify.
 *
 * The eight words are the packet's two addresses in either order. RFC 9293
 * §3.1 MUST-3.
 */
export function verifyTcpChecksum(
  frame: Frame,
  l4: number,
  l4Length: number,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
  r0: number,
  r1: number,
  r2: number,
  r3: number,
  family: number,
): boolean {
  if (frame.checksumPartial) return true;
  const pseudo = pseudoHeaderSum(
    l0,
    l1,
    l2,
    l3,
    r0,
    r1,
    r2,
    r3,
    family,
    PROTOCOL_TCP,
    l4Length,
  );
  return sumBytes(frame.view, l4, l4Length, pseudo) === 0xffff;
}

/**
 * Empties `frame` and writes the header of `out` as its only live bytes.
 *
 * The payload stays in `out.payload`, whose two lengths must add up to
 * `out.dataLength`. With {@linkcode CHECKSUM_PARTIAL} the frame becomes a
 * super-segment of `out.gsoSize` and its checksum field holds the sum of the
 * pseudo header.
 *
 * @returns {@linkcode WIRE_OK}, or {@linkcode WIRE_BAD_OPTION} and an empty frame when the options exceed 40 bytes
 */
export function emitTcp(
  frame: Frame,
  out: SegmentOut,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
  r0: number,
  r1: number,
  r2: number,
  r3: number,
  family: number,
  partial: number,
): number {
  frame.reset();
  const optionsLength = tcpOptionsLength(out);
  if (optionsLength > TCP_MAX_OPTIONS_LENGTH) return WIRE_BAD_OPTION;
  const l4 = frame.start;
  const headerLength = TCP_HEADER_LENGTH + optionsLength | 0;
  frame.l4 = l4;
  frame.end = l4 + headerLength | 0;
  writeFixedHeader(frame.view, l4, headerLength, out);
  if (optionsLength > 0) {
    writeTcpOptions(frame, l4 + TCP_HEADER_LENGTH | 0, out);
  }
  const pseudo = pseudoHeaderSum(
    l0,
    l1,
    l2,
    l3,
    r0,
    r1,
    r2,
    r3,
    family,
    PROTOCOL_TCP,
    headerLength + out.dataLength | 0,
  );
  if (partial === CHECKSUM_PARTIAL) {
    frame.view.setInt16(l4 + CHECKSUM, pseudo);
    frame.checksumPartial = true;
    frame.gsoSize = out.gsoSize;
  } else {
    const header = sumBytes(frame.view, l4, headerLength, pseudo);
    const sum = sumPayload(frame, out.payload, out.dataLength, header);
    frame.view.setInt16(l4 + CHECKSUM, ~sum);
  }
  return WIRE_OK;
}

function writeFixedHeader(
  view: DataView,
  l4: number,
  headerLength: number,
  out: SegmentOut,
): void {
  const hasAck = (out.flags & TCP_ACK) !== 0;
  view.setInt16(l4 + SOURCE_PORT, out.localPort);
  view.setInt16(l4 + DESTINATION_PORT, out.remotePort);
  view.setInt32(l4 + SEQ, out.seq as unknown as number);
  view.setInt32(l4 + ACK, hasAck ? out.ack as unknown as number : 0);
  view.setInt16(l4 + DATA_OFFSET, headerLength << 10 | out.flags & 0xff);
  view.setInt16(l4 + WINDOW, out.wnd);
  view.setInt16(l4 + CHECKSUM, 0);
  view.setInt16(l4 + URGENT, out.urgentPointer);
}
