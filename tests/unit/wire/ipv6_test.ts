import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  WIRE_BAD_LENGTH,
  WIRE_BAD_VERSION,
  WIRE_OK,
  WIRE_TRUNCATED,
} from "../../../engine/wire/codes.ts";
import {
  checkIpv6,
  IPV6_HEADER_LENGTH,
  ipv6DestinationWord,
  ipv6FlowLabel,
  ipv6HopLimit,
  ipv6NextHeader,
  ipv6PayloadLength,
  ipv6SourceWord,
  ipv6TrafficClass,
  writeIpv6Header,
} from "../../../engine/wire/ipv6.ts";
import { hex, ipv6, udp } from "../../tools/packet_builder.ts";

function check(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return checkIpv6(view, 0, bytes.length);
}

Deno.test("writeIpv6Header() lays out RFC 8200 §3's header", () => {
  const bytes = new Uint8Array(IPV6_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  const fd00 = 0xfd000000 | 0;
  writeIpv6Header(view, 0, 0, 0, 13, 17, 64, fd00, 0, 0, 2, fd00, 0, 0, 1);
  assertEquals(bytes, ipv6(17, udp(hex("68656c6c6f"))).slice(0, 40));
});

Deno.test("ipv6 accessors read back what writeIpv6Header() wrote", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const words = fc.tuple(word, word, word, word, word, word, word, word);
  fc.assert(
    fc.property(
      octet,
      fc.integer({ min: 0, max: 0xfffff }),
      fc.integer({ min: 0, max: 0xffff }),
      octet,
      octet,
      words,
      (trafficClass, flow, length, next, hops, w) => {
        const view = new DataView(new ArrayBuffer(45));
        writeIpv6Header(view, 5, trafficClass, flow, length, next, hops, ...w);
        assertEquals(view.getUint8(5) >> 4, 6);
        assertEquals(ipv6TrafficClass(view, 5), trafficClass);
        assertEquals(ipv6FlowLabel(view, 5), flow);
        assertEquals(ipv6PayloadLength(view, 5), length);
        assertEquals(ipv6NextHeader(view, 5), next);
        assertEquals(ipv6HopLimit(view, 5), hops);
        for (let i = 0; i < 4; i++) {
          assertEquals(ipv6SourceWord(view, 5, i), w[i]);
          assertEquals(ipv6DestinationWord(view, 5, i), w[4 + i]);
        }
      },
    ),
  );
});

Deno.test("checkIpv6() names what is wrong", () => {
  const good = ipv6(17, udp(hex("00")));
  assertEquals(check(good), WIRE_OK);
  assertEquals(check(good.slice(0, 39)), WIRE_TRUNCATED);
  assertEquals(
    check(ipv6(17, hex("00"), { payloadLength: 2 })),
    WIRE_BAD_LENGTH,
  );
  assertEquals(check(ipv6(17, hex("00"), { payloadLength: 0 })), WIRE_OK);
  good[0] = 0x45;
  assertEquals(check(good), WIRE_BAD_VERSION);
});
