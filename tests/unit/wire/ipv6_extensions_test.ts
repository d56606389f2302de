import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  WIRE_BAD_FIELD,
  WIRE_INCOMPLETE_CHAIN,
  WIRE_OK,
  WIRE_TRUNCATED,
  WIRE_UNKNOWN_NEXT_HEADER,
  WIRE_UNKNOWN_OPTION,
} from "../../../engine/wire/codes.ts";
import {
  Ipv6Chain,
  OPTION_DISCARD,
  OPTION_REPORT,
  OPTION_REPORT_UNICAST,
  walkIpv6,
} from "../../../engine/wire/ipv6_extensions.ts";
import { concat, hex, ipv6, tcp, udp } from "../../tools/packet_builder.ts";

const HELLO = udp(hex("68656c6c6f"));

/** Walks a packet with these bytes behind its fixed header; starts at 3 so that an offset taken from 0 shows. */
function walk(
  nextHeader: number,
  ...parts: Uint8Array[]
): { code: number; chain: Ipv6Chain } {
  const packet = concat(hex("ffffff"), ipv6(nextHeader, concat(...parts)));
  const chain = new Ipv6Chain();
  const view = new DataView(packet.buffer);
  return { code: walkIpv6(view, 3, packet.length, chain), chain };
}

Deno.test("walkIpv6() finds the upper layer directly behind the fixed header", () => {
  const { code, chain } = walk(17, HELLO);
  assertEquals(code, WIRE_OK);
  assertEquals(
    [chain.protocol, chain.offset, chain.nextHeaderOffset, chain.fragmentAt],
    [17, 43, 9, -1],
  );
});

Deno.test("walkIpv6() passes every extension header in the order RFC 8200 §4.1 recommends", () => {
  const { code, chain } = walk(
    0,
    hex("3c00 0502 0000 0100"), // hop-by-hop: router alert, PadN
    hex("2b01 010c 00000000 00000000 00000000"), // destination options, 16 bytes
    hex("2c00 0400 0000 0000"), // routing, none left
    hex("3c00 0000 0000abcd"), // atomic fragment
    hex("0600 0104 0000 0000"), // destination options
    tcp(),
  );
  assertEquals(code, WIRE_OK);
  assertEquals([chain.protocol, chain.offset], [6, 43 + 48]);
  assertEquals(chain.nextHeaderOffset, 43 + 40);
  assertEquals(chain.fragmentAt, 43 + 32);
  assertEquals(chain.fragmentNamedAt, 43 + 24);
  assertEquals([chain.fragmentOffset, chain.moreFragments], [0, false]);
  assertEquals(chain.fragmentId, 0xabcd);
});

Deno.test("walkIpv6() stops at what it does not follow", () => {
  for (const protocol of [50, 51, 59, 135, 253]) {
    const { code, chain } = walk(
      60,
      Uint8Array.of(protocol, 0, 1, 4, 0, 0, 0, 0),
    );
    assertEquals([code, chain.protocol], [WIRE_OK, protocol]);
  }
});

Deno.test("walkIpv6() stops at a later fragment's data", () => {
  const { code, chain } = walk(
    44,
    hex("0000 05a9 89abcdef"), // names hop-by-hop, which is not looked at
    new Uint8Array(16),
  );
  assertEquals(code, WIRE_OK);
  assertEquals([chain.protocol, chain.offset], [0, 51]);
  assertEquals([chain.fragmentOffset, chain.moreFragments], [1448, true]);
  assertEquals(chain.fragmentId, 0x89abcdef | 0);
});

Deno.test("walkIpv6() wants the whole header chain in a first fragment, RFC 7112", () => {
  const fragment = hex("0600 0001 00000001");
  assertEquals(walk(44, fragment, tcp()).code, WIRE_OK);
  assertEquals(
    walk(44, fragment, tcp().slice(0, 16)).code,
    WIRE_INCOMPLETE_CHAIN,
  );
  const options = hex("3c00 0001 00000001 0601");
  const { code, chain } = walk(44, options);
  assertEquals(code, WIRE_INCOMPLETE_CHAIN);
  assertEquals(chain.problemOffset, 43);
});

Deno.test("walkIpv6() reports a hop-by-hop header that is not the first", () => {
  const { code, chain } = walk(
    60,
    hex("0000 0104 00000000"),
    hex("1100 0104 00000000"),
    HELLO,
  );
  assertEquals(code, WIRE_UNKNOWN_NEXT_HEADER);
  assertEquals(chain.problemOffset, 43);
});

Deno.test("walkIpv6() refuses a second fragment header and an endless chain", () => {
  const fragment = hex("2c00 0000 00000001");
  assertEquals(walk(44, fragment, fragment, HELLO).code, WIRE_BAD_FIELD);
  const options = hex("3c00 0104 00000000");
  const many = new Array<Uint8Array>(9).fill(options);
  assertEquals(walk(60, ...many).code, WIRE_UNKNOWN_NEXT_HEADER);
  many[7] = hex("1100 0104 00000000");
  assertEquals(walk(60, ...many.slice(0, 8), HELLO).code, WIRE_OK);
});

Deno.test("walkIpv6() points at the type of a routing header with segments left", () => {
  for (const type of [0, 2, 4, 99]) {
    const header = Uint8Array.of(17, 0, type, 1, 0, 0, 0, 0);
    const { code, chain } = walk(43, header, HELLO);
    assertEquals([code, chain.problemOffset], [WIRE_BAD_FIELD, 45]);
  }
});

Deno.test("walkIpv6() tells what an unknown option asks for, RFC 8200 §4.2", () => {
  const actions: Readonly<Record<number, number>> = {
    0x40: OPTION_DISCARD,
    0x80: OPTION_REPORT,
    0xc2: OPTION_REPORT_UNICAST,
  };
  for (const [type, action] of Object.entries(actions)) {
    const header = Uint8Array.of(17, 0, 0, 0, Number(type), 2, 0, 0);
    const { code, chain } = walk(60, header, HELLO);
    assertEquals(code, WIRE_UNKNOWN_OPTION);
    assertEquals([chain.optionAction, chain.problemOffset], [action, 47]);
  }
  const skipped = Uint8Array.of(17, 0, 0, 0, 0x3e, 2, 0, 0);
  assertEquals(walk(60, skipped, HELLO).code, WIRE_OK);
});

Deno.test("walkIpv6() points at an option that runs past its header", () => {
  const { code, chain } = walk(60, hex("1100 0000 0103 0000"), HELLO);
  assertEquals([code, chain.problemOffset], [WIRE_BAD_FIELD, 47]);
  assertEquals(
    walk(60, hex("1100 0000 0000 0001"), HELLO).code,
    WIRE_BAD_FIELD,
  );
});

Deno.test("walkIpv6() reads no length behind the last octet of a packet", () => {
  assertEquals(walk(60, hex("1100 0000 0000 0001")).code, WIRE_BAD_FIELD);
});

Deno.test("walkIpv6() says truncated when a header runs past the packet", () => {
  assertEquals(walk(60).code, WIRE_TRUNCATED);
  assertEquals(walk(60, hex("1100 0104 0000 00")).code, WIRE_TRUNCATED);
  assertEquals(walk(60, hex("1101 0104 0000 0000")).code, WIRE_TRUNCATED);
});

Deno.test("walkIpv6() stays inside any bytes whatever", () => {
  const header = fc.constantFrom(0, 43, 44, 60, 6, 17, 59);
  fc.assert(
    fc.property(
      header,
      fc.array(
        fc.tuple(
          header,
          fc.constantFrom(0, 0, 1, 255),
          fc.uint8Array({ minLength: 6, maxLength: 6 }),
        ),
        { maxLength: 10 },
      ),
      fc.nat(90),
      (first, headers, cut) => {
        const parts = headers.map(([next, length, rest]) =>
          concat(Uint8Array.of(next, length), rest)
        );
        const packet = ipv6(first, concat(...parts));
        const end = Math.max(40, packet.length - cut);
        const view = new DataView(packet.buffer, 0, end);
        const chain = new Ipv6Chain();
        if (walkIpv6(view, 0, end, chain) === WIRE_OK) {
          assert(chain.offset >= 40 && chain.offset <= end);
        } else assert(chain.problemOffset < end);
      },
    ),
    { numRuns: 500 },
  );
});
