// @hot
/**
 * What a network card does to outgoing frames, in software.
 *
 * A super-segment is one TCP header over up to 64 KiB of payload. A device
 * that cannot be trusted with it, or must not be because faults are to hit
 * single packets, cuts it into the segments that would be on the wire:
 *
 *     | headers | gsoSize | gsoSize | rest |
 *       seq          └ seq + gsoSize   └ seq + 2 gsoSize
 *       CWR on the first only           PSH, FIN on the last only
 *
 * Each gets its own IPv4 identification (counted up) and header checksum, IP
 * length and complete TCP checksum. Checksums are computed from the addresses
 * and never from what the checksum field held, so a frame whose checksum is
 * already complete stays right.
 *
 * RFC 9293 §3.1 (PSH, FIN), RFC 3168 §6.1.2 (CWR once), RFC 6864 (id).
 * The urgent pointer is copied as it is, as Linux does.
 *
 * @module
 */
import { appendPayload, copyBytes } from "../base/frame.ts";
import type { Frame, PayloadRef } from "../base/frame.ts";
import { checksum } from "../wire/checksum.ts";
import {
  fillIpv4Checksum,
  ipv4Id,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "../wire/ipv4.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6.ts";
import { TCP_HEADER_LENGTH, tcpHeaderLength } from "../wire/tcp.ts";
import { TCP_CWR, TCP_FIN, TCP_PSH } from "../wire/tcp_segment.ts";
import {
  locateTransport,
  pseudoSumAt,
  TransportPlace,
} from "./transport_place.ts";

const IPV4_TOTAL_LENGTH = 2;
const IPV4_ID = 4;
const IPV6_PAYLOAD_LENGTH = 4;
const TCP_SEQ = 4;
const TCP_FLAGS = 13;
const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;
const UDP_HEADER_LENGTH = 8;

/** Makes `to` a whole copy of a frame and the payload that follows it, flags included. `to` must have room. */
export function gatherFrame(
  frame: Frame,
  payload: PayloadRef | null,
  to: Frame,
): void {
  to.reset();
  const length = frame.end - frame.start | 0;
  copyBytes(frame.bytes, frame.start, to.bytes, to.start, length);
  to.end = to.start + length | 0;
  if (payload !== null) appendPayload(to, payload);
  to.l3 = to.start + (frame.l3 - frame.start) | 0;
  to.l4 = to.start + (frame.l4 - frame.start) | 0;
  to.at = frame.at;
  to.gsoSize = frame.gsoSize;
  to.checksumPartial = frame.checksumPartial;
}

/** Bytes of a frame with the payload that follows it. */
export function gatheredLength(
  frame: Frame,
  payload: PayloadRef | null,
): number {
  const length = frame.end - frame.start | 0;
  if (payload === null) return length;
  return length + payload.length + payload.wrapLength | 0;
}

/** Cuts super-segments and completes checksums of whole frames: their payload must lie in the frame itself. */
export class Segmenter {
  readonly #medium: number;
  readonly #place: TransportPlace = new TransportPlace();

  /** Makes one for frames of the medium (`MEDIUM_*`). */
  constructor(medium: number) {
    this.#medium = medium;
  }

  /** Fills in the TCP or UDP checksum of a frame marked partial and unmarks it; other frames are left alone. */
  complete(frame: Frame): void {
    if (!frame.checksumPartial) return;
    frame.checksumPartial = false;
    if (this.#locate(frame)) fillTransportChecksum(frame.view, this.#place);
  }

  /** How many wire segments the frame makes: 1 unless it is a super-segment of TCP over IP. */
  count(frame: Frame): number {
    if (frame.gsoSize <= 0 || !this.#locate(frame)) return 1;
    const dataLength = this.#dataLength(frame);
    if (dataLength <= frame.gsoSize) return 1;
    return Math.ceil(dataLength / frame.gsoSize) | 0;
  }

  /** Bytes of the longest wire segment the frame makes, link header included. */
  longest(frame: Frame): number {
    const length = frame.end - frame.start | 0;
    if (this.count(frame) === 1) return length;
    return length - this.#dataLength(frame) + frame.gsoSize | 0;
  }

  /**
   * Makes `to` the wire segment `index`, below {@linkcode Segmenter.count}, with its checksums complete.
   *
   * `to` must have room for {@linkcode Segmenter.longest} bytes and be another frame.
   */
  cut(frame: Frame, index: number, to: Frame): void {
    if (this.count(frame) === 1) {
      gatherFrame(frame, null, to);
      to.gsoSize = 0;
      this.complete(to);
      return;
    }
    const dataLength = this.#dataLength(frame);
    const dataOffset = this.#place.l4 +
        tcpHeaderLength(frame.view, this.#place.l4) | 0;
    const headerLength = dataOffset - frame.start | 0;
    const offset = index * frame.gsoSize | 0;
    const length = Math.min(frame.gsoSize, dataLength - offset) | 0;
    to.reset();
    copyBytes(frame.bytes, frame.start, to.bytes, to.start, headerLength);
    copyBytes(
      frame.bytes,
      dataOffset + offset | 0,
      to.bytes,
      to.start + headerLength | 0,
      length,
    );
    to.end = to.start + headerLength + length | 0;
    to.at = frame.at;
    this.#rewrite(to, to.start - frame.start | 0, index, offset, dataLength);
  }

  #locate(frame: Frame): boolean {
    return locateTransport(
      frame.view,
      frame.start,
      frame.end,
      this.#medium,
      this.#place,
    );
  }

  /** TCP payload bytes of the frame last located, 0 when it is not a readable TCP segment. */
  #dataLength(frame: Frame): number {
    const place = this.#place;
    if (place.protocol !== PROTOCOL_TCP) return 0;
    if (place.l4Length < TCP_HEADER_LENGTH) return 0;
    const headerLength = tcpHeaderLength(frame.view, place.l4);
    if (headerLength < TCP_HEADER_LENGTH) return 0;
    return place.l4Length - headerLength | 0;
  }

  /** Makes the copied headers those of one piece. `shift` leads from the super-segment's offsets to those of `to`. */
  #rewrite(
    to: Frame,
    shift: number,
    index: number,
    offset: number,
    dataLength: number,
  ): void {
    const place = this.#place;
    place.l3 = place.l3 + shift | 0;
    place.l4 = place.l4 + shift | 0;
    place.l4Length = to.end - place.l4 | 0;
    to.l3 = place.l3;
    to.l4 = place.l4;
    rewriteIp(to, place, index);
    rewriteTcp(to, place, index, offset, dataLength);
    fillTransportChecksum(to.view, place);
  }
}

function rewriteIp(to: Frame, place: TransportPlace, index: number): void {
  const view = to.view;
  const length = to.end - place.l3 | 0;
  if (place.family === 4) {
    view.setInt16(place.l3 + IPV4_TOTAL_LENGTH, length);
    view.setInt16(place.l3 + IPV4_ID, ipv4Id(view, place.l3) + index);
    fillIpv4Checksum(view, place.l3);
  } else {
    view.setInt16(place.l3 + IPV6_PAYLOAD_LENGTH, length - IPV6_HEADER_LENGTH);
  }
}

function rewriteTcp(
  to: Frame,
  place: TransportPlace,
  index: number,
  offset: number,
  dataLength: number,
): void {
  const view = to.view;
  const l4 = place.l4;
  const length = place.l4Length - tcpHeaderLength(view, l4) | 0;
  view.setInt32(l4 + TCP_SEQ, view.getInt32(l4 + TCP_SEQ) + offset);
  let flags = view.getUint8(l4 + TCP_FLAGS);
  if (index > 0) flags &= ~TCP_CWR;
  if (offset + length < dataLength) flags &= ~(TCP_FIN | TCP_PSH);
  view.setUint8(l4 + TCP_FLAGS, flags);
}

/** Computes the checksum of the TCP or UDP segment at the place; any other protocol is left alone. */
function fillTransportChecksum(view: DataView, place: TransportPlace): void {
  const { l4, l4Length, protocol } = place;
  const isTcp = protocol === PROTOCOL_TCP && l4Length >= TCP_HEADER_LENGTH;
  const isUdp = protocol === PROTOCOL_UDP && l4Length >= UDP_HEADER_LENGTH;
  if (!isTcp && !isUdp) return;
  const field = l4 + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM) | 0;
  view.setInt16(field, 0);
  const value = checksum(
    view,
    l4,
    l4Length,
    pseudoSumAt(view, place, l4Length),
  );
  // RFC 768: a computed zero is sent as all ones, for zero means no checksum.
  view.setInt16(field, isUdp && value === 0 ? 0xffff : value);
}
