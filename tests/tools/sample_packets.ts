/**
 * A table of packets of every kind the wire layer knows, well-formed and not.
 *
 * @module
 */
import {
  arp,
  be,
  concat,
  DESTINATION4,
  DESTINATION_MAC,
  ether,
  hex,
  icmpv4,
  icmpv6,
  ipv4,
  ipv6,
  SOURCE4,
  SOURCE6,
  tcp,
  udp,
} from "./packet_builder.ts";

const NO_MAC = hex("000000000000");
const DATA = hex("6865 6c6c 6f");
const FD00_9 = hex("fd00 0000 0000 0000 0000 0000 0000 0009");
const MSS = hex("020405b4");
const TIMESTAMPS = hex("0101080a 00000001 00000002");
const COOKIE = hex("00abaaabe8e954c2");

/** A packet quoted by an ICMP error for IPv4: header and the first `count` bytes of its payload. */
function quoted4(protocol: number, count: number): Uint8Array {
  const inner = protocol === 6
    ? tcp({ flags: 2 })
    : concat(be(40000, 2), be(9, 2), be(28, 2), be(0, 2), new Uint8Array(20));
  return ipv4(protocol, inner).slice(0, 20 + count);
}

function quoted6(protocol: number): Uint8Array {
  return ipv6(protocol, protocol === 6 ? tcp({ flags: 2 }) : udp(DATA));
}

function tcp4(o: Parameters<typeof tcp>[0]): Uint8Array {
  return ether(0x0800, ipv4(6, tcp(o)));
}

function icmp4(
  type: number,
  code: number,
  rest: number,
  body: Uint8Array,
): Uint8Array {
  return ether(0x0800, ipv4(1, icmpv4(type, code, rest, body)));
}

function icmp6(
  type: number,
  code: number,
  rest: number,
  body: Uint8Array,
): Uint8Array {
  return ether(0x86dd, ipv6(58, icmpv6(type, code, rest, body)));
}

function syn(options: string): Uint8Array {
  return tcp4({ flags: 2, options: hex(options) });
}

/** TCP segments over IPv4, in Ethernet frames. */
export const TCP_PACKETS: Readonly<Record<string, Uint8Array>> = {
  "bare SYN": tcp4({ flags: 2 }),
  "SYN with Linux's options": syn(
    "020405b4 0402080a 00000001 00000000 01030307",
  ),
  "SYN without timestamps": syn("020405b4 01010402 01030307"),
  "Fast Open cookie request": syn("020405b4 01010402 01030308 22020101"),
  "Fast Open SYN with cookie and data": tcp4({
    flags: 2,
    options: concat(MSS, hex("01010402 220a"), COOKIE, hex("0101")),
    payload: DATA,
  }),
  "Fast Open, experimental, request": syn("020405b4 fe04f989"),
  "Fast Open, experimental, cookie": tcp4({
    flags: 2,
    options: concat(MSS, hex("fe0cf989"), COOKIE),
  }),
  "Fast Open, odd cookie": syn("020405b4 2205 010203 010101"),
  "Fast Open, cookie of two bytes": syn("220401020204 05b4 0101".slice(0, 24)),
  "SYN-ACK": tcp4({ flags: 0x12, ack: 124, options: MSS }),
  "pure ACK": tcp4({ ack: 7 }),
  "ACK with timestamps": tcp4({ ack: 7, options: TIMESTAMPS }),
  "data": tcp4({ flags: 0x18, ack: 7, payload: DATA }),
  "data across the wrap": tcp4({
    flags: 0x18,
    seq: 0xfffffffe,
    ack: 7,
    payload: DATA,
  }),
  "FIN": tcp4({ flags: 0x11, ack: 7 }),
  "RST": tcp4({ flags: 0x04 }),
  "RST-ACK": tcp4({ flags: 0x14, ack: 9 }),
  "RST with data": tcp4({ flags: 0x04, payload: DATA }),
  "urgent": tcp4({ flags: 0x38, ack: 1, urgent: 3, payload: DATA }),
  "ECN SYN": tcp4({ flags: 0xc2 }),
  "no flags": tcp4({ flags: 0 }),
  "all flags": tcp4({ flags: 0xff, ack: 3 }),
  "one SACK block": tcp4({
    ack: 7,
    options: hex("0101050a 00000064 000000c8"),
  }),
  "three SACK blocks beside timestamps": tcp4({
    ack: 7,
    options: concat(
      TIMESTAMPS,
      hex("0101051a 00000001 00000002 00000003 00000004 00000005 00000006"),
    ),
  }),
  "SACK of a broken length": tcp4({
    ack: 7,
    options: hex("0509 00000001 000000 01 0101"),
  }),
  "SACK without blocks": tcp4({ ack: 7, options: hex("05020101") }),
  "MD5": tcp4({
    ack: 7,
    options: hex("0101 1312 000102030405060708090a0b0c0d0e0f"),
  }),
  "TCP-AO": tcp4({
    ack: 7,
    options: hex("1d10 0102 0102030405060708090a0b0c"),
  }),
  "unknown option": tcp4({ ack: 7, options: hex("c8 06 01020304 0101") }),
  "experiment of another": tcp4({
    ack: 7,
    options: hex("fe06 1234 5678 0101"),
  }),
  "experiment 253": tcp4({ ack: 7, options: hex("fd06 f989 5678 0101") }),
  "end of options": tcp4({ ack: 7, options: hex("00010203") }),
  "option of length 0": tcp4({ ack: 7, options: hex("01020001") }),
  "option beyond the header": tcp4({ ack: 7, options: hex("0101080a") }),
  "option kind without length": tcp4({ ack: 7, options: hex("01010102") }),
  "MSS of length 3": syn("020305 01"),
  "data offset 4": tcp4({ dataOffset: 4 }),
  "data offset 15": tcp4({ dataOffset: 15 }),
};

/** Everything else, in Ethernet frames. */
export const OTHER_PACKETS: Readonly<Record<string, Uint8Array>> = {
  "TCP over IPv6": ether(0x86dd, ipv6(6, tcp({ flags: 2, payload: DATA }))),
  "UDP": ether(0x0800, ipv4(17, udp(DATA))),
  "empty UDP": ether(0x0800, ipv4(17, udp(hex("")))),
  "UDP over IPv6": ether(0x86dd, ipv6(17, udp(DATA))),
  "UDP shorter than its header": ether(0x0800, ipv4(17, udp(DATA, 4))),
  "UDP longer than the packet": ether(0x0800, ipv4(17, udp(DATA, 100))),
  "UDP padded": ether(0x0800, ipv4(17, udp(DATA, 10))),
  "IPv4 options": ether(
    0x0800,
    ipv4(17, udp(DATA), { options: hex("94040000") }),
  ),
  "IPv4 with Ethernet padding": concat(
    ether(0x0800, ipv4(6, tcp({ ack: 5 }))),
    new Uint8Array(6),
  ),
  "IPv4 cut short": ether(0x0800, ipv4(17, udp(DATA))).slice(0, 40),
  "TCP cut short": ether(0x0800, ipv4(6, tcp({ flags: 2 }))).slice(0, 44),
  "IPv4 header length 16": ether(
    0x0800,
    ipv4(17, udp(DATA), { versionIhl: 0x44 }),
  ),
  "IPv4 total length 10": ether(
    0x0800,
    ipv4(17, udp(DATA), { totalLength: 10 }),
  ),
  "IPv4 header of 10 bytes": ether(0x0800, ipv4(17, udp(DATA)).slice(0, 10)),
  "version 5": ether(0x0800, ipv4(17, udp(DATA), { versionIhl: 0x55 })),
  "first IPv4 fragment": ether(
    0x0800,
    ipv4(17, udp(DATA, 2000), { fragment: 0x2000 }),
  ),
  "later IPv4 fragment": ether(
    0x0800,
    ipv4(17, new Uint8Array(40), { fragment: 0x2005 }),
  ),
  "last IPv4 fragment of TCP": ether(
    0x0800,
    ipv4(6, new Uint8Array(40), { fragment: 0x0005 }),
  ),
  "unknown IPv4 protocol": ether(0x0800, ipv4(253, new Uint8Array(12))),
  "who-has": ether(0x0806, arp(1, SOURCE4, NO_MAC, DESTINATION4)),
  "who-has, padded": ether(
    0x0806,
    concat(arp(1, SOURCE4, NO_MAC, DESTINATION4), new Uint8Array(18)),
  ),
  "who-has, known target": ether(
    0x0806,
    arp(1, SOURCE4, DESTINATION_MAC, DESTINATION4),
  ),
  "is-at": ether(0x0806, arp(2, SOURCE4, DESTINATION_MAC, DESTINATION4)),
  "ARP announcement": ether(0x0806, arp(1, SOURCE4, NO_MAC, SOURCE4)),
  "ARP probe": ether(0x0806, arp(1, hex("00000000"), NO_MAC, DESTINATION4)),
  "ARP cut short": ether(
    0x0806,
    arp(1, SOURCE4, NO_MAC, DESTINATION4).slice(0, 20),
  ),
  "echo request": icmp4(8, 0, 0x00010002, new Uint8Array(56)),
  "echo reply": icmp4(0, 0, 0x00010002, new Uint8Array(56)),
  "net unreachable": icmp4(3, 0, 0, quoted4(17, 8)),
  "host unreachable": icmp4(3, 1, 0, quoted4(17, 8)),
  "protocol unreachable": icmp4(3, 2, 0, quoted4(17, 8)),
  "UDP port unreachable": icmp4(3, 3, 0, quoted4(17, 8)),
  "TCP port unreachable": icmp4(3, 3, 0, quoted4(6, 8)),
  "fragmentation needed": icmp4(3, 4, 1400, quoted4(6, 8)),
  "fragmentation needed, no MTU": icmp4(3, 4, 0, quoted4(6, 8)),
  "admin prohibited": icmp4(3, 13, 0, quoted4(6, 8)),
  "source quench": icmp4(4, 0, 0, quoted4(6, 8)),
  "time exceeded": icmp4(11, 0, 0, quoted4(17, 8)),
  "reassembly time exceeded": icmp4(11, 1, 0, quoted4(17, 8)),
  "parameter problem": icmp4(12, 0, 0x14000000, quoted4(17, 8)),
  "redirect to host": icmp4(5, 1, 0x0a000003, quoted4(17, 8)),
  "unknown ICMP type": icmp4(200, 3, 0, new Uint8Array(12)),
  "ICMP cut short": ether(
    0x0800,
    ipv4(1, icmpv4(8, 0, 0, hex("")).slice(0, 4)),
  ),
  "echo request 6": icmp6(128, 0, 0x00010002, new Uint8Array(56)),
  "echo reply 6": icmp6(129, 0, 0x00010002, new Uint8Array(56)),
  "no route 6": icmp6(1, 0, 0, quoted6(17)),
  "prohibited 6": icmp6(1, 1, 0, quoted6(17)),
  "address unreachable 6": icmp6(1, 3, 0, quoted6(17)),
  "UDP port unreachable 6": icmp6(1, 4, 0, quoted6(17)),
  "TCP port unreachable 6": icmp6(1, 4, 0, quoted6(6)),
  "packet too big": icmp6(2, 0, 1280, quoted6(6)),
  "time exceeded 6": icmp6(3, 0, 0, quoted6(17)),
  "reassembly time exceeded 6": icmp6(3, 1, 0, quoted6(17)),
  "parameter problem field": icmp6(4, 0, 4, quoted6(17)),
  "parameter problem next header": icmp6(4, 1, 6, quoted6(17)),
  "parameter problem option": icmp6(4, 2, 42, quoted6(17)),
  "neighbour solicitation": icmp6(
    135,
    0,
    0,
    concat(FD00_9, hex("0101 020000000002")),
  ),
  "neighbour advertisement": icmp6(
    136,
    0,
    0x60000000,
    concat(FD00_9, hex("0201 020000000002")),
  ),
  "router solicitation": icmp6(133, 0, 0, hex("0101 020000000002")),
  "router advertisement": icmp6(
    134,
    0,
    0x40000708,
    concat(
      hex("00007530 000003e8"),
      hex("0101 020000000002 0501 0000 000005dc"),
      hex("0304 40c0 00015180 00003840 00000000"),
      hex("fd00 0000 0000 0000 0000 0000 0000 0000"),
    ),
  ),
  "redirect 6": icmp6(137, 0, 0, concat(SOURCE6, FD00_9)),
  "listener report": icmp6(143, 0, 1, concat(hex("04000000"), FD00_9)),
  "unknown ICMPv6 type": icmp6(250, 0, 0, new Uint8Array(12)),
  "first IPv6 fragment": ether(
    0x86dd,
    ipv6(44, concat(hex("1100 0001 00000abc"), udp(DATA, 2000))),
  ),
  "later IPv6 fragment": ether(
    0x86dd,
    ipv6(44, concat(hex("1100 05a8 00000abc"), new Uint8Array(40))),
  ),
  "hop-by-hop": ether(
    0x86dd,
    ipv6(0, concat(hex("1100 0502 0000 0100"), udp(DATA))),
  ),
  "destination options": ether(
    0x86dd,
    ipv6(60, concat(hex("1100 0104 0000 0000"), udp(DATA))),
  ),
  "routing, used up": ether(
    0x86dd,
    ipv6(43, concat(hex("1100 0400 0000 0000"), udp(DATA))),
  ),
  "no next header": ether(0x86dd, ipv6(59, hex(""))),
  "IPv6 cut short": ether(0x86dd, ipv6(17, udp(DATA))).slice(0, 60),
  "IPv6 header of 30 bytes": ether(
    0x86dd,
    ipv6(17, udp(DATA)).slice(0, 30),
  ),
  "unknown ether type": ether(0x88b5, new Uint8Array(46)),
};
