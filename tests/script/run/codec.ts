/**
 * Packets into bytes and back, checksums verified.
 *
 * The tool's own implementation of IPv4, IPv6, TCP, UDP and ICMP: see
 * option_codec.ts for why it is not the engine's. Slow and plain.
 *
 * @module
 */
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { formatIpWords } from "../../../engine/wire/ip_text.ts";
import { decodeOptions, encodeOptions } from "./option_codec.ts";
import type { IcmpBody, Packet, TcpBody, UdpBody } from "./packet.ts";

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;

/** The packet's bytes, all lengths and checksums filled in. Options are padded with end-of-list bytes. */
export function encodePacket(packet: Packet): Uint8Array {
  const body = encodeBody(packet);
  const protocol = protocolOf(packet);
  const header = packet.version === 4
    ? ipv4Header(packet, protocol, body.length)
    : ipv6Header(packet, protocol, body.length);
  const bytes = new Uint8Array(header.length + body.length);
  bytes.set(header);
  bytes.set(body, header.length);
  fillChecksum(bytes, header.length, protocol);
  return bytes;
}

/** The IP header and the start of the transport that an ICMP error about `packet` quotes. */
export function encodeQuote(
  packet: Packet,
  transportLength: number,
): Uint8Array {
  const bytes = encodePacket(packet);
  return bytes.slice(0, (packet.version === 4 ? 20 : 40) + transportLength);
}

/** Reads a packet, or says what is wrong with it. */
export function decodePacket(bytes: Uint8Array): Packet | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes.length > 0 ? bytes[0] >> 4 : 0;
  if (version === 4) return decodeIpv4(bytes, view);
  if (version === 6) return decodeIpv6(bytes, view);
  return `not an IP packet: version ${version}`;
}

function protocolOf(packet: Packet): number {
  switch (packet.body.kind) {
    case "tcp":
      return TCP;
    case "udp":
      return UDP;
    case "icmp":
      return packet.version === 4 ? ICMP : ICMPV6;
    case "other":
      return packet.body.protocol;
  }
}

function encodeBody(packet: Packet): Uint8Array {
  switch (packet.body.kind) {
    case "tcp":
      return encodeTcp(packet.body);
    case "udp":
      return encodeUdp(packet.body);
    case "icmp":
      return encodeIcmp(packet.body);
    case "other":
      return new Uint8Array(0);
  }
}

function encodeTcp(tcp: TcpBody): Uint8Array {
  const options = encodeOptions(tcp.options);
  while (options.length % 4 !== 0) options.push(0);
  const bytes = new Uint8Array(20 + options.length + tcp.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, tcp.sourcePort);
  view.setUint16(2, tcp.destinationPort);
  view.setUint32(4, tcp.seq);
  view.setUint32(8, tcp.ack);
  view.setUint16(
    12,
    5 + options.length / 4 << 12 | tcp.reserved << 9 | tcp.flags,
  );
  view.setUint16(14, tcp.window);
  view.setUint16(18, tcp.urgent);
  bytes.set(options, 20);
  bytes.set(tcp.payload, 20 + options.length);
  return bytes;
}

function encodeUdp(udp: UdpBody): Uint8Array {
  const bytes = new Uint8Array(8 + udp.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, udp.sourcePort);
  view.setUint16(2, udp.destinationPort);
  view.setUint16(4, bytes.length);
  bytes.set(udp.payload, 8);
  return bytes;
}

function encodeIcmp(icmp: IcmpBody): Uint8Array {
  const bytes = new Uint8Array(8 + icmp.payload.length);
  bytes[0] = icmp.type;
  bytes[1] = icmp.code;
  new DataView(bytes.buffer).setUint32(4, icmp.rest);
  bytes.set(icmp.payload, 8);
  return bytes;
}

function ipv4Header(
  packet: Packet,
  protocol: number,
  bodyLength: number,
): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  bytes[1] = packet.trafficClass;
  view.setUint16(2, 20 + bodyLength);
  bytes[8] = packet.hopLimit;
  bytes[9] = protocol;
  view.setInt32(12, parseIpAddress(packet.source).w3);
  view.setInt32(16, parseIpAddress(packet.destination).w3);
  view.setUint16(10, ~sum16(bytes, 0, 20, 0) & 0xffff);
  return bytes;
}

function ipv6Header(
  packet: Packet,
  protocol: number,
  bodyLength: number,
): Uint8Array {
  const bytes = new Uint8Array(40);
  const view = new DataView(bytes.buffer);
  view.setUint32(
    0,
    6 * 2 ** 28 + packet.trafficClass * 2 ** 20 + packet.flowLabel,
  );
  view.setUint16(4, bodyLength);
  bytes[6] = protocol;
  bytes[7] = packet.hopLimit;
  for (
    const [at, text] of [[8, packet.source], [24, packet.destination]] as const
  ) {
    const address = parseIpAddress(text);
    view.setInt32(at, address.w0);
    view.setInt32(at + 4, address.w1);
    view.setInt32(at + 8, address.w2);
    view.setInt32(at + 12, address.w3);
  }
  return bytes;
}

function fillChecksum(bytes: Uint8Array, l4: number, protocol: number): void {
  const offset = checksumOffset(protocol);
  if (offset === 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const checksum = ~transportSum(bytes, l4, protocol) & 0xffff;
  view.setUint16(
    l4 + offset,
    protocol === UDP && checksum === 0 ? 0xffff : checksum,
  );
}

function checksumOffset(protocol: number): number {
  return protocol === TCP
    ? 16
    : protocol === UDP
    ? 6
    : protocol === ICMP || protocol === ICMPV6
    ? 2
    : 0;
}

/** Sum over pseudo header and transport; 0xffff when a filled checksum is right. */
function transportSum(bytes: Uint8Array, l4: number, protocol: number): number {
  const length = bytes.length - l4;
  if (protocol === ICMP) return sum16(bytes, l4, bytes.length, 0);
  const addressesAt = bytes[0] >> 4 === 4 ? 12 : 8;
  const addresses = sum16(
    bytes,
    addressesAt,
    bytes[0] >> 4 === 4 ? 20 : 40,
    protocol + length,
  );
  return sum16(bytes, l4, bytes.length, addresses);
}

function sum16(
  bytes: Uint8Array,
  start: number,
  end: number,
  initial: number,
): number {
  let sum = initial;
  for (let i = start; i < end; i += 2) {
    sum += bytes[i] << 8 | (i + 1 < end ? bytes[i + 1] : 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

function decodeIpv4(bytes: Uint8Array, view: DataView): Packet | string {
  const headerLength = (bytes[0] & 15) * 4;
  if (bytes.length < 20 || headerLength < 20 || bytes.length < headerLength) {
    return "IPv4 header is cut short";
  }
  const totalLength = view.getUint16(2);
  if (totalLength < headerLength || totalLength > bytes.length) {
    return `IPv4 total length ${totalLength} is wrong`;
  }
  if (sum16(bytes, 0, headerLength, 0) !== 0xffff) {
    return "IPv4 header checksum is wrong";
  }
  if ((view.getUint16(6) & 0x3fff) !== 0) return "an IPv4 fragment";
  const fields = {
    version: 4 as const,
    source: formatIpWords(0, 0, 0xffff, view.getInt32(12)),
    destination: formatIpWords(0, 0, 0xffff, view.getInt32(16)),
    trafficClass: bytes[1],
    flowLabel: 0,
    hopLimit: bytes[8],
  };
  return decodeBody(
    bytes.subarray(0, totalLength),
    headerLength,
    bytes[9],
    fields,
  );
}

function decodeIpv6(bytes: Uint8Array, view: DataView): Packet | string {
  if (bytes.length < 40) return "IPv6 header is cut short";
  const end = 40 + view.getUint16(4);
  if (end > bytes.length) return `IPv6 payload length ${end - 40} is wrong`;
  const word = (at: number) => view.getInt32(at);
  const first = view.getUint32(0);
  const fields = {
    version: 6 as const,
    source: formatIpWords(word(8), word(12), word(16), word(20)),
    destination: formatIpWords(word(24), word(28), word(32), word(36)),
    trafficClass: first >>> 20 & 0xff,
    flowLabel: first & 0xfffff,
    hopLimit: bytes[7],
  };
  return decodeBody(bytes.subarray(0, end), 40, bytes[6], fields);
}

function decodeBody(
  bytes: Uint8Array,
  l4: number,
  protocol: number,
  fields: Omit<Packet, "body">,
): Packet | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length - l4;
  const needed = protocol === TCP
    ? 20
    : protocol === UDP || protocol === ICMP || protocol === ICMPV6
    ? 8
    : 0;
  if (length < needed) return "transport header is cut short";
  if (
    needed > 0 && transportSum(bytes, l4, protocol) !== 0xffff &&
    !(protocol === UDP && view.getUint16(l4 + 6) === 0)
  ) {
    return "transport checksum is wrong";
  }
  if (protocol === TCP) return decodeTcp(bytes, view, l4, fields);
  if (protocol === UDP) {
    const body: UdpBody = {
      kind: "udp",
      sourcePort: view.getUint16(l4),
      destinationPort: view.getUint16(l4 + 2),
      payload: bytes.slice(l4 + 8, l4 + view.getUint16(l4 + 4)),
    };
    return { ...fields, body };
  }
  if (protocol === ICMP || protocol === ICMPV6) {
    const payload = bytes.slice(l4 + 8);
    const [type, code] = bytes.subarray(l4, l4 + 2);
    return {
      ...fields,
      body: { kind: "icmp", type, code, rest: view.getUint32(l4 + 4), payload },
    };
  }
  return { ...fields, body: { kind: "other", protocol } };
}

function decodeTcp(
  bytes: Uint8Array,
  view: DataView,
  l4: number,
  fields: Omit<Packet, "body">,
): Packet | string {
  const word = view.getUint16(l4 + 12);
  const headerLength = (word >> 12) * 4;
  if (headerLength < 20 || l4 + headerLength > bytes.length) {
    return `TCP data offset ${word >> 12} is wrong`;
  }
  const body: TcpBody = {
    kind: "tcp",
    sourcePort: view.getUint16(l4),
    destinationPort: view.getUint16(l4 + 2),
    seq: view.getUint32(l4 + 4),
    ack: view.getUint32(l4 + 8),
    flags: word & 0x1ff,
    reserved: word >> 9 & 7,
    window: view.getUint16(l4 + 14),
    urgent: view.getUint16(l4 + 18),
    options: decodeOptions(bytes.subarray(l4 + 20, l4 + headerLength)),
    payload: bytes.slice(l4 + headerLength),
  };
  return { ...fields, body };
}
