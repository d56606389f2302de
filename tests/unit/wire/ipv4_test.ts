import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  WIRE_BAD_HEADER_LENGTH,
  WIRE_BAD_LENGTH,
  WIRE_BAD_VERSION,
  WIRE_OK,
  WIRE_TRUNCATED,
} from "../../../engine/wire/codes.ts";
import {
  checkIpv4,
  fillIpv4Checksum,
  findIpv4Option,
  IPV4_DONT_FRAGMENT,
  IPV4_MORE_FRAGMENTS,
  IPV4_OPTION_LSRR,
  IPV4_OPTION_ROUTER_ALERT,
  ipv4Checksum,
  ipv4ChecksumValid,
  ipv4Destination,
  ipv4DontFragment,
  ipv4FragmentOffset,
  ipv4HeaderLength,
  ipv4Id,
  ipv4IsFragment,
  ipv4MoreFragments,
  ipv4Protocol,
  ipv4Source,
  ipv4TotalLength,
  ipv4TrafficClass,
  ipv4Ttl,
  writeIpv4Header,
} from "../../../engine/wire/ipv4.ts";
import { hex, ipv4, udp } from "../../tools/packet_builder.ts";

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function check(bytes: Uint8Array): number {
  return checkIpv4(viewOf(bytes), 0, bytes.length);
}

Deno.test("writeIpv4Header() gives a real header byte for byte", () => {
  // A textbook header: 172.16.10.99 > 172.16.10.12, TCP, 60 bytes, DF, TTL 64.
  const expected = hex("4500003c 1c464000 4006b1e6 ac100a63 ac100a0c");
  const view = viewOf(new Uint8Array(20));
  writeIpv4Header(
    view,
    0,
    0,
    60,
    0x1c46,
    IPV4_DONT_FRAGMENT,
    64,
    6,
    0xac100a63 | 0,
    0xac100a0c | 0,
  );
  assertEquals(new Uint8Array(view.buffer), expected);
  assertEquals(ipv4Checksum(view, 0), 0xb1e6);
});

Deno.test("ipv4 accessors read back what writeIpv4Header() wrote", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const short = fc.integer({ min: 0, max: 0xffff });
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(
      octet,
      short,
      short,
      short,
      octet,
      octet,
      word,
      word,
      (tos, total, id, fragment, ttl, protocol, source, destination) => {
        const view = viewOf(new Uint8Array(27));
        writeIpv4Header(
          view,
          7,
          tos,
          total,
          id,
          fragment,
          ttl,
          protocol,
          source,
          destination,
        );
        assertEquals(ipv4HeaderLength(view, 7), 20);
        assertEquals(ipv4TrafficClass(view, 7), tos);
        assertEquals(ipv4TotalLength(view, 7), total);
        assertEquals(ipv4Id(view, 7), id);
        assertEquals(ipv4DontFragment(view, 7), (fragment & 0x4000) !== 0);
        assertEquals(ipv4MoreFragments(view, 7), (fragment & 0x2000) !== 0);
        assertEquals(ipv4FragmentOffset(view, 7), (fragment & 0x1fff) * 8);
        assertEquals(ipv4IsFragment(view, 7), (fragment & 0x3fff) !== 0);
        assertEquals(ipv4Ttl(view, 7), ttl);
        assertEquals(ipv4Protocol(view, 7), protocol);
        assertEquals(ipv4Source(view, 7), source);
        assertEquals(ipv4Destination(view, 7), destination);
        assert(ipv4ChecksumValid(view, 7));
      },
    ),
  );
});

Deno.test("checkIpv4() takes a packet with padding behind and with options", () => {
  assertEquals(check(ipv4(17, udp(hex("00")))), WIRE_OK);
  const padded = new Uint8Array(46);
  padded.set(ipv4(17, udp(hex("00"))));
  assertEquals(check(padded), WIRE_OK);
  const options = ipv4(17, udp(hex("00")), { options: hex("94040000") });
  assertEquals(check(options), WIRE_OK);
  assertEquals(ipv4HeaderLength(viewOf(options), 0), 24);
  assert(ipv4ChecksumValid(viewOf(options), 0));
});

Deno.test("checkIpv4() names what is wrong", () => {
  const good = ipv4(17, udp(hex("00")));
  assertEquals(check(good.slice(0, 19)), WIRE_TRUNCATED);
  assertEquals(check(hex("")), WIRE_TRUNCATED);
  const bad = (o: Parameters<typeof ipv4>[2]): number =>
    check(ipv4(17, udp(hex("00")), o));
  assertEquals(bad({ versionIhl: 0x65 }), WIRE_BAD_VERSION);
  assertEquals(bad({ versionIhl: 0x44 }), WIRE_BAD_HEADER_LENGTH);
  assertEquals(bad({ versionIhl: 0x4f }), WIRE_BAD_HEADER_LENGTH);
  assertEquals(bad({ totalLength: 19 }), WIRE_BAD_LENGTH);
  assertEquals(bad({ totalLength: 30 }), WIRE_BAD_LENGTH);
  assertEquals(bad({ totalLength: 20 }), WIRE_OK);
});

Deno.test("ipv4ChecksumValid() sees every flipped bit of the header", () => {
  for (let bit = 0; bit < 160; bit++) {
    const bytes = ipv4(17, udp(hex("00")));
    // The length of the header decides what is summed: not these four bits.
    if (bit >= 4 && bit < 8) continue;
    bytes[bit >> 3] ^= 0x80 >> (bit & 7);
    assert(!ipv4ChecksumValid(viewOf(bytes), 0), `bit ${bit}`);
  }
});

Deno.test("fillIpv4Checksum() covers options", () => {
  const bytes = ipv4(17, udp(hex("00")), { options: hex("94040000") });
  const view = viewOf(bytes);
  bytes[8] = 3;
  assert(!ipv4ChecksumValid(view, 0));
  fillIpv4Checksum(view, 0);
  assert(ipv4ChecksumValid(view, 0));
});

Deno.test("findIpv4Option() walks NOPs and options and stops at the end or at nonsense", () => {
  const find = (options: string, kind: number): number =>
    findIpv4Option(
      viewOf(ipv4(17, udp(hex("00")), { options: hex(options) })),
      0,
      kind,
    );
  assertEquals(find("01940400 00000000", IPV4_OPTION_ROUTER_ALERT), 21);
  assertEquals(find("83030494 04000000", IPV4_OPTION_ROUTER_ALERT), 23);
  assertEquals(find("83030494 04000000", IPV4_OPTION_LSRR), 20);
  assertEquals(find("00940400 00000000", IPV4_OPTION_ROUTER_ALERT), -1);
  assertEquals(find("07010000 94040000", IPV4_OPTION_ROUTER_ALERT), -1);
  assertEquals(find("07ff0000 94040000", IPV4_OPTION_ROUTER_ALERT), -1);
  assertEquals(find("94050000", IPV4_OPTION_ROUTER_ALERT), -1);
  assertEquals(find("01010194", IPV4_OPTION_ROUTER_ALERT), -1);
  assertEquals(find("", IPV4_OPTION_ROUTER_ALERT), -1);
  assertEquals(IPV4_MORE_FRAGMENTS, 0x2000);
});
