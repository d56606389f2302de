// @hot
/**
 * The UDP header, RFC 768.
 *
 *      0             2                  4        6          8
 *      ├ source port ┤ destination port ┤ length ┤ checksum ┤ payload …
 *
 * A checksum of 0 says that there is none: allowed over IPv4, a reason to drop
 * over IPv6 (RFC 8200 §8.1). One that computes to 0 is sent as 0xffff.
 *
 * @module
 */
import type { Frame, PayloadRef } from "../base/frame.ts";
import { pseudoHeaderSum, sumBytes } from "./checksum.ts";
import { WIRE_BAD_LENGTH, WIRE_OK, WIRE_TRUNCATED } from "./codes.ts";
import { PROTOCOL_UDP } from "./ipv4.ts";
import { CHECKSUM_PARTIAL, sumPayload } from "./transport_checksum.ts";

/** Bytes of the header. */
export const UDP_HEADER_LENGTH = 8;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;

/**
 * Whether `[at, end)` holds a datagram; bytes beyond its length are padding.
 *
 * @returns {@linkcode WIRE_OK}, {@linkcode WIRE_TRUNCATED} or {@linkcode WIRE_BAD_LENGTH}
 */
export function checkUdp(view: DataView, at: number, end: number): number {
  if (end - at < UDP_HEADER_LENGTH) return WIRE_TRUNCATED;
  const length = udpLength(view, at);
  return length < UDP_HEADER_LENGTH || length > end - at
    ? WIRE_BAD_LENGTH
    : WIRE_OK;
}

/** Port the datagram came from; 0 when no answer is expected. */
export function udpSourcePort(view: DataView, at: number): number {
  return view.getUint16(at + SOURCE_PORT);
}

/** Port the datagram goes to. */
export function udpDestinationPort(view: DataView, at: number): number {
  return view.getUint16(at + DESTINATION_PORT);
}

/** Bytes of header and payload. */
export function udpLength(view: DataView, at: number): number {
  return view.getUint16(at + LENGTH);
}

/** The checksum field; 0 when the sender computed none. */
export function udpChecksum(view: DataView, at: number): number {
  return view.getUint16(at + CHECKSUM);
}

/**
 * Whether a checked datagram's checksum is right, absent over IPv4, or the frame says there is none to verify.
 *
 * The eight words are the packet's two addresses in either order.
 */
export function verifyUdpChecksum(
  frame: Frame,
  l4: number,
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
  // RFC 8200 §8.1: over IPv6 a datagram without checksum is discarded.
  if (udpChecksum(frame.view, l4) === 0) return family === 4;
  const length = udpLength(frame.view, l4);
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
    PROTOCOL_UDP,
    length,
  );
  return sumBytes(frame.view, l4, length, pseudo) === 0xffff;
}

/**
 * Empties `frame` and writes a UDP header before `payload` as its only live bytes.
 *
 * @param payload at most 65,527 bytes, left where it lies
 * @param partial {@linkcode CHECKSUM_PARTIAL} or complete
 */
export function emitUdp(
  frame: Frame,
  localPort: number,
  remotePort: number,
  payload: PayloadRef,
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
): void {
  frame.reset();
  const view = frame.view;
  const l4 = frame.start;
  const dataLength = payload.length + payload.wrapLength | 0;
  const length = UDP_HEADER_LENGTH + dataLength | 0;
  frame.l4 = l4;
  frame.end = l4 + UDP_HEADER_LENGTH | 0;
  view.setInt16(l4 + SOURCE_PORT, localPort);
  view.setInt16(l4 + DESTINATION_PORT, remotePort);
  view.setInt16(l4 + LENGTH, length);
  view.setInt16(l4 + CHECKSUM, 0);
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
    PROTOCOL_UDP,
    length,
  );
  if (partial === CHECKSUM_PARTIAL) {
    view.setInt16(l4 + CHECKSUM, pseudo);
    frame.checksumPartial = true;
  } else {
    const header = sumBytes(view, l4, UDP_HEADER_LENGTH, pseudo);
    const field = ~sumPayload(frame, payload, dataLength, header) & 0xffff;
    // RFC 768: 0 means "no checksum", so its other form stands for it.
    view.setInt16(l4 + CHECKSUM, field === 0 ? 0xffff : field);
  }
}
