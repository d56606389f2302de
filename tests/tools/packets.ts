/**
 * Packets built and judged by hand, for tests of the code that builds and judges packets.
 *
 * Nothing here uses the engine's wire layer, so that an error there cannot
 * hide. Sums are made byte pair by byte pair, as RFC 1071 states them.
 *
 * @module
 */
import { createFrame, type Frame } from "../../engine/base/frame.ts";
import { MEDIUM_ETHERNET } from "../../engine/link/device.ts";

/** A TCP packet to build; what is left out is a plain ACK over IPv4 on Ethernet. */
export interface TcpPacket {
  readonly medium?: number;
  readonly family?: 4 | 6;
  readonly payload?: Uint8Array;
  readonly seq?: number;
  readonly flags?: number;
  /** Option bytes, a multiple of 4. */
  readonly options?: Uint8Array;
  readonly ipId?: number;
  readonly gsoSize?: number;
  /** Leave the checksum unfinished. */
  readonly partial?: boolean;
}

/** `length` bytes that do not repeat soon. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, x = seed | 1; i < length; i++) {
    x = Math.imul(x, 1664525) + 1013904223 | 0;
    bytes[i] = x >>> 24;
  }
  return bytes;
}

/** The one's complement sum of the bytes, folded, not inverted. */
export function naiveSum(bytes: Uint8Array, initial = 0): number {
  let sum = initial;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i] << 8) + (bytes[i + 1] ?? 0);
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return sum;
}

/** The bytes of a TCP packet with its checksums, or with the pseudo header's sum when `partial`. */
export function tcpPacketBytes(packet: TcpPacket): Uint8Array {
  const family = packet.family ?? 4;
  const payload = packet.payload ?? new Uint8Array(0);
  const options = packet.options ?? new Uint8Array(0);
  const tcp = new Uint8Array(20 + options.length + payload.length);
  const view = new DataView(tcp.buffer);
  view.setUint16(0, 40_000);
  view.setUint16(2, 7);
  view.setUint32(4, packet.seq ?? 1000);
  view.setUint32(8, 2000);
  view.setUint8(12, (20 + options.length) << 2);
  view.setUint8(13, packet.flags ?? 0x10);
  view.setUint16(14, 64_240);
  tcp.set(options, 20);
  tcp.set(payload, 20 + options.length);
  const ip = family === 4
    ? ipv4Header(tcp.length, packet.ipId ?? 1)
    : ipv6Header(tcp.length);
  const pseudo = pseudoSum(ip, tcp.length);
  view.setUint16(16, packet.partial ? pseudo : 0xffff ^ naiveSum(tcp, pseudo));
  const link = (packet.medium ?? MEDIUM_ETHERNET) === MEDIUM_ETHERNET
    ? ethernetHeader(family)
    : new Uint8Array(0);
  return Uint8Array.from([...link, ...ip, ...tcp]);
}

/** The packet in a frame of its own, flags set. */
export function tcpFrame(packet: TcpPacket): Frame {
  const frame = frameOf(tcpPacketBytes(packet));
  frame.gsoSize = packet.gsoSize ?? 0;
  frame.checksumPartial = packet.partial ?? false;
  return frame;
}

/** A frame of its own with the given bytes. */
export function frameOf(bytes: Uint8Array): Frame {
  const frame = createFrame();
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  return frame;
}

/** A copy of a frame's live bytes. */
export function liveBytes(frame: Frame): Uint8Array {
  return frame.bytes.slice(frame.start, frame.end);
}

/** What {@linkcode readTcpPacket} read. */
export interface TcpReading {
  readonly ipId: number;
  readonly seq: number;
  readonly flags: number;
  readonly payload: Uint8Array;
  /** The IPv4 header checksum is right; true for IPv6, which has none. */
  readonly ipChecksumOk: boolean;
  readonly tcpChecksumOk: boolean;
  /** The IP length field counts exactly the bytes there are. */
  readonly lengthOk: boolean;
}

/** Reads a whole TCP packet and judges its checksums and lengths. */
export function readTcpPacket(bytes: Uint8Array, medium: number): TcpReading {
  const packet = bytes.slice(medium === MEDIUM_ETHERNET ? 14 : 0);
  const view = new DataView(packet.buffer);
  const isV4 = packet[0] >> 4 === 4;
  const headerLength = isV4 ? (packet[0] & 15) * 4 : 40;
  const ip = packet.slice(0, headerLength);
  const tcp = packet.slice(headerLength);
  const length = isV4 ? view.getUint16(2) : 40 + view.getUint16(4);
  return {
    ipId: isV4 ? view.getUint16(4) : 0,
    seq: view.getUint32(headerLength + 4),
    flags: tcp[13],
    payload: tcp.slice((tcp[12] >> 4) * 4),
    ipChecksumOk: !isV4 || naiveSum(ip) === 0xffff,
    tcpChecksumOk: naiveSum(tcp, pseudoSum(ip, tcp.length)) === 0xffff,
    lengthOk: length === packet.length,
  };
}

/** The sum of the pseudo header for a TCP segment of `length` bytes under an IP header. */
function pseudoSum(ip: Uint8Array, length: number): number {
  const addresses = ip[0] >> 4 === 4 ? ip.slice(12, 20) : ip.slice(8, 40);
  return naiveSum(
    addresses,
    naiveSum(Uint8Array.of(length >> 8, length, 0, 6)),
  );
}

function ethernetHeader(family: number): Uint8Array {
  const type = family === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  return Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...type);
}

function ipv4Header(payloadLength: number, id: number): Uint8Array {
  const ip = new Uint8Array(20);
  const view = new DataView(ip.buffer);
  view.setUint16(0, 0x4500);
  view.setUint16(2, 20 + payloadLength);
  view.setUint16(4, id);
  view.setUint16(6, 0x4000);
  view.setUint16(8, 0x4006);
  ip.set([10, 0, 0, 2, 10, 0, 0, 1], 12);
  view.setUint16(10, 0xffff ^ naiveSum(ip));
  return ip;
}

function ipv6Header(payloadLength: number): Uint8Array {
  const ip = new Uint8Array(40);
  const view = new DataView(ip.buffer);
  view.setUint32(0, 0x60012345);
  view.setUint16(4, payloadLength);
  view.setUint16(6, 0x0640);
  ip.set([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 8);
  ip.set([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 24);
  return ip;
}
