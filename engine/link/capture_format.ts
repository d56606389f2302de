/**
 * Capture files: how a frame becomes a record that tcpdump and Wireshark read.
 *
 * Two formats, both little-endian with timestamps in µs. The classic one
 * (draft-ietf-opsawg-pcap) is read by everything; pcapng
 * (draft-ietf-opsawg-pcapng) also says which way a frame went:
 *
 *     pcap     magic, version, snaplen, link type
 *              { seconds, µs, captured, original, bytes }…
 *     pcapng   section header, interface description
 *              { enhanced packet: interface, time, captured, original,
 *                bytes, padding, direction }…
 *
 * A record is written around a frame in the frame's own slot, header before
 * and trailer behind, so that a file is written in one piece per packet.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { MEDIUM_ETHERNET } from "./device.ts";

/** Which kind of file. */
export type CaptureFormat = "pcap" | "pcapng";

/** The frame was received; as in the direction bits of pcapng's epb_flags. */
export const CAPTURE_INBOUND = 1;
/** The frame was transmitted. */
export const CAPTURE_OUTBOUND = 2;

/** Longest frame a file promises, bytes: tcpdump's own default. */
const SNAP_LENGTH = 262_144;
const LINKTYPE_ETHERNET = 1;
const LINKTYPE_RAW = 101;

const PCAP_MAGIC_MICROS = 0xa1b2c3d4;
const PCAP_HEADER_LENGTH = 24;
const PCAP_RECORD_HEADER_LENGTH = 16;

const PCAPNG_SECTION = 0x0a0d0d0a;
const PCAPNG_BYTE_ORDER = 0x1a2b3c4d;
const PCAPNG_INTERFACE = 1;
const PCAPNG_PACKET = 6;
const PCAPNG_FLAGS = 2;
const SECTION_LENGTH = 28;
const INTERFACE_LENGTH = 20;
const PACKET_HEADER_LENGTH = 28;
/** The flags option, the end of options and the block's length again. */
const PACKET_TRAILER_LENGTH = 16;

/** The bytes a file begins with, for frames of a medium (`MEDIUM_*`). */
export function createFileHeader(
  format: CaptureFormat,
  medium: number,
): Uint8Array {
  const linkType = medium === MEDIUM_ETHERNET
    ? LINKTYPE_ETHERNET
    : LINKTYPE_RAW;
  return format === "pcap"
    ? createPcapHeader(linkType)
    : createPcapngHeader(linkType);
}

/**
 * Turns a frame into a record of the file: afterwards its live bytes are the record.
 *
 * Needs 28 bytes of headroom and 19 behind the frame.
 *
 * @param at when, in µs since 1970
 * @param direction {@linkcode CAPTURE_INBOUND} or {@linkcode CAPTURE_OUTBOUND}; pcap cannot say
 */
export function wrapInRecord(
  format: CaptureFormat,
  frame: Frame,
  at: Micros,
  direction: number,
): void {
  if (format === "pcap") wrapInPcap(frame, at);
  else wrapInPcapng(frame, at, direction);
}

function createPcapHeader(linkType: number): Uint8Array {
  const bytes = new Uint8Array(PCAP_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PCAP_MAGIC_MICROS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, linkType, true);
  return bytes;
}

function createPcapngHeader(linkType: number): Uint8Array {
  const bytes = new Uint8Array(SECTION_LENGTH + INTERFACE_LENGTH);
  const view = new DataView(bytes.buffer);
  writeBlockEnds(view, 0, PCAPNG_SECTION, SECTION_LENGTH);
  view.setUint32(8, PCAPNG_BYTE_ORDER, true);
  view.setUint16(12, 1, true);
  // The section's length, which is not known yet: -1.
  view.setInt32(16, -1, true);
  view.setInt32(20, -1, true);
  writeBlockEnds(view, SECTION_LENGTH, PCAPNG_INTERFACE, INTERFACE_LENGTH);
  view.setUint16(SECTION_LENGTH + 8, linkType, true);
  view.setUint32(SECTION_LENGTH + 12, SNAP_LENGTH, true);
  return bytes;
}

function wrapInPcap(frame: Frame, at: Micros): void {
  const { view } = frame;
  const length = frame.end - frame.start;
  const seconds = Math.floor(at / 1e6);
  frame.start -= PCAP_RECORD_HEADER_LENGTH;
  view.setUint32(frame.start, seconds, true);
  view.setUint32(frame.start + 4, Math.floor(at - seconds * 1e6), true);
  view.setUint32(frame.start + 8, length, true);
  view.setUint32(frame.start + 12, length, true);
}

function wrapInPcapng(frame: Frame, at: Micros, direction: number): void {
  const { view } = frame;
  const length = frame.end - frame.start;
  const micros = Math.floor(at);
  frame.start -= PACKET_HEADER_LENGTH;
  const start = frame.start;
  view.setUint32(start + 8, 0, true);
  view.setUint32(start + 12, Math.floor(micros / 2 ** 32), true);
  view.setUint32(start + 16, micros % 2 ** 32, true);
  view.setUint32(start + 20, length, true);
  view.setUint32(start + 24, length, true);
  while ((frame.end - start & 3) !== 0) view.setUint8(frame.end++, 0);
  view.setUint16(frame.end, PCAPNG_FLAGS, true);
  view.setUint16(frame.end + 2, 4, true);
  view.setUint32(frame.end + 4, direction, true);
  view.setUint32(frame.end + 8, 0, true);
  frame.end += PACKET_TRAILER_LENGTH;
  writeBlockEnds(view, start, PCAPNG_PACKET, frame.end - start);
}

/** Writes a block's type and its length at both ends. */
function writeBlockEnds(
  view: DataView,
  at: number,
  type: number,
  length: number,
): void {
  view.setUint32(at, type, true);
  view.setUint32(at + 4, length, true);
  view.setUint32(at + length - 4, length, true);
}
