/**
 * Packets made by hand for tests: bytes from numbers, independent of engine/wire.
 *
 * Everything returns a fresh Uint8Array; headers go around payloads by
 * nesting: `ether(0x0800, ipv4(6, tcp({ flags: 2 })))`. Checksums are computed
 * by a 16-bit loop of their own, so that a fault in the engine's cannot hide.
 *
 * @module
 */

/** Bytes of hexadecimal digits; white space is ignored. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) {
    throw new TypeError(
      `Cannot read hex: expected pairs of digits, got ${JSON.stringify(text)}`,
    );
  }
  return Uint8Array.from(
    digits.match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}

/** Big-endian bytes of `value`, `size` of them. */
export function be(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value < 0 ? value + 2 ** (8 * size) : value;
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** All parts, one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The Internet checksum in the plainest way, RFC 1071 §4.1. */
export function naiveChecksum(bytes: Uint8Array, initial = 0): number {
  let sum = initial;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i] << 8) + (i + 1 < bytes.length ? bytes[i + 1] : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65536);
  }
  return ~sum & 0xffff;
}

/** The sum of a pseudo header, uninverted: pass it as `initial`. Addresses are 4 or 16 bytes each. */
export function naivePseudoSum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number {
  return ~naiveChecksum(
    concat(source, destination, be(length, 4), be(protocol, 4)),
  ) & 0xffff;
}

/** 10.0.0.2, from where the packets made here come. */
export const SOURCE4: Uint8Array = hex("0a000002");
/** 10.0.0.1, to where they go. */
export const DESTINATION4: Uint8Array = hex("0a000001");
/** fd00::2. */
export const SOURCE6: Uint8Array = hex("fd000000000000000000000000000002");
/** fd00::1. */
export const DESTINATION6: Uint8Array = hex("fd000000000000000000000000000001");
/** Hardware address of the sender. */
export const SOURCE_MAC: Uint8Array = hex("020000000002");
/** Hardware address of the receiver. */
export const DESTINATION_MAC: Uint8Array = hex("020000000001");

/** An Ethernet frame. */
export function ether(type: number, payload: Uint8Array): Uint8Array {
  return concat(DESTINATION_MAC, SOURCE_MAC, be(type, 2), payload);
}

/** What {@linkcode ipv4} may be told. */
export interface Ipv4Options {
  /** Header options, a multiple of four bytes. */
  options?: Uint8Array;
  /** Flags and fragment offset as on the wire; DF when left out. */
  fragment?: number;
  /** Total length field; the truth when left out. */
  totalLength?: number;
  /** Source address. */
  source?: Uint8Array;
  /** Destination address. */
  destination?: Uint8Array;
  /** First octet. */
  versionIhl?: number;
}

/** An IPv4 packet with a correct header checksum. */
export function ipv4(
  protocol: number,
  payload: Uint8Array,
  o: Ipv4Options = {},
): Uint8Array {
  const options = o.options ?? hex("");
  const headerLength = 20 + options.length;
  const header = concat(
    be(o.versionIhl ?? 0x40 | headerLength / 4, 1),
    be(0, 1),
    be(o.totalLength ?? headerLength + payload.length, 2),
    be(0x1234, 2),
    be(o.fragment ?? 0x4000, 2),
    be(64, 1),
    be(protocol, 1),
    be(0, 2),
    o.source ?? SOURCE4,
    o.destination ?? DESTINATION4,
    options,
  );
  header.set(be(naiveChecksum(header), 2), 10);
  return concat(header, payload);
}

/** What {@linkcode ipv6} may be told. */
export interface Ipv6Options {
  /** Payload length field; the truth when left out. */
  payloadLength?: number;
  /** Source address. */
  source?: Uint8Array;
  /** Destination address. */
  destination?: Uint8Array;
  /** Hop limit, 64 when left out. */
  hopLimit?: number;
}

/** An IPv6 packet. */
export function ipv6(
  nextHeader: number,
  payload: Uint8Array,
  o: Ipv6Options = {},
): Uint8Array {
  return concat(
    hex("60000000"),
    be(o.payloadLength ?? payload.length, 2),
    be(nextHeader, 1),
    be(o.hopLimit ?? 64, 1),
    o.source ?? SOURCE6,
    o.destination ?? DESTINATION6,
    payload,
  );
}

/** What {@linkcode tcp} may be told. */
export interface TcpOptions {
  /** Flag bits. */
  flags?: number;
  /** Sequence number. */
  seq?: number;
  /** Acknowledgment number. */
  ack?: number;
  /** Window. */
  window?: number;
  /** Urgent pointer. */
  urgent?: number;
  /** Header options, a multiple of four bytes. */
  options?: Uint8Array;
  /** Data offset in words; the truth when left out. */
  dataOffset?: number;
  /** Payload. */
  payload?: Uint8Array;
}

/** A segment from port 40000 to port 7 with a checksum right between the IPv4 addresses here. */
export function tcp(o: TcpOptions = {}): Uint8Array {
  const options = o.options ?? hex("");
  const segment = concat(
    be(40000, 2),
    be(7, 2),
    be(o.seq ?? 123, 4),
    be(o.ack ?? 0, 4),
    be((o.dataOffset ?? 5 + options.length / 4) << 4, 1),
    be(o.flags ?? 0x10, 1),
    be(o.window ?? 64240, 2),
    be(0, 2),
    be(o.urgent ?? 0, 2),
    options,
    o.payload ?? hex(""),
  );
  const pseudo = naivePseudoSum(SOURCE4, DESTINATION4, 6, segment.length);
  segment.set(be(naiveChecksum(segment, pseudo), 2), 16);
  return segment;
}

/** A datagram from port 40000 to port 9. */
export function udp(payload: Uint8Array, length?: number): Uint8Array {
  const datagram = concat(
    be(40000, 2),
    be(9, 2),
    be(length ?? 8 + payload.length, 2),
    be(0, 2),
    payload,
  );
  const pseudo = naivePseudoSum(SOURCE4, DESTINATION4, 17, datagram.length);
  datagram.set(be(naiveChecksum(datagram, pseudo), 2), 6);
  return datagram;
}

/** An ICMP message for IPv4. */
export function icmpv4(
  type: number,
  code: number,
  rest: number,
  body: Uint8Array,
): Uint8Array {
  const message = concat(
    be(type, 1),
    be(code, 1),
    be(0, 2),
    be(rest, 4),
    body,
  );
  message.set(be(naiveChecksum(message), 2), 2);
  return message;
}

/** An ICMPv6 message with a checksum right between the IPv6 addresses here. */
export function icmpv6(
  type: number,
  code: number,
  rest: number,
  body: Uint8Array,
): Uint8Array {
  const message = concat(
    be(type, 1),
    be(code, 1),
    be(0, 2),
    be(rest, 4),
    body,
  );
  const pseudo = naivePseudoSum(SOURCE6, DESTINATION6, 58, message.length);
  message.set(be(naiveChecksum(message, pseudo), 2), 2);
  return message;
}

/** An Ethernet/IPv4 ARP packet. */
export function arp(
  operation: number,
  senderIp: Uint8Array,
  targetMac: Uint8Array,
  targetIp: Uint8Array,
): Uint8Array {
  return concat(
    hex("0001 0800 06 04"),
    be(operation, 2),
    SOURCE_MAC,
    senderIp,
    targetMac,
    targetIp,
  );
}

/** A pcap file of packets of one link type (1 Ethernet, 101 bare IP), as tcpdump reads it. */
export function pcap(
  packets: readonly Uint8Array[],
  linkType: number,
): Uint8Array {
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, 0xa1b2c3d4);
  header.setUint16(4, 2);
  header.setUint16(6, 4);
  header.setUint32(16, 262144);
  header.setUint32(20, linkType);
  const records = packets.flatMap((packet) => [
    concat(be(0, 4), be(0, 4), be(packet.length, 4), be(packet.length, 4)),
    packet,
  ]);
  return concat(new Uint8Array(header.buffer), ...records);
}
