import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  commonPrefixLength,
  formatCidr,
  formatIpAddress,
  formatIpWords,
  IpAddress,
  IPV4_ANY,
  IPV4_BROADCAST,
  IPV6_ANY,
  isBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isPrivate,
  isUnspecified,
  parseCidr,
  parseIpAddress,
  prefixBroadcast,
  prefixContains,
  prefixNetwork,
  readIpv4,
  readIpv6,
  tryParseIpAddress,
  writeIpv4,
  writeIpv6,
} from "../../../engine/wire/ip_address.ts";
import {
  isBadSourceWords,
  isReservedWords,
} from "../../../engine/wire/ip_class.ts";

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const address = fc.oneof(
  fc.tuple(fc.constant(0), fc.constant(0), fc.constant(0xffff), word),
  fc.tuple(
    fc.oneof(word, fc.constant(0)),
    fc.oneof(word, fc.constant(0)),
    fc.oneof(word, fc.constant(0)),
    fc.oneof(word, fc.constant(0), fc.constant(1)),
  ),
).map(([w0, w1, w2, w3]) => new IpAddress(w0, w1, w2, w3));

const CANONICAL: Readonly<Record<string, string>> = {
  "0.0.0.0": "0.0.0.0",
  "255.255.255.255": "255.255.255.255",
  "192.0.2.1": "192.0.2.1",
  "::": "::",
  "::1": "::1",
  "1::": "1::",
  "0:0:0:0:0:0:0:0": "::",
  "2001:DB8:0:0:8:800:200C:417A": "2001:db8::8:800:200c:417a",
  "2001:0db8:0000:0000:0000:0000:0000:0001": "2001:db8::1",
  "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
  "2001:0:0:1:0:0:0:1": "2001:0:0:1::1",
  "2001:db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
  "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
  "::2:3:4:5:6:7:8": "0:2:3:4:5:6:7:8",
  "::ffff:192.0.2.1": "192.0.2.1",
  "::ffff:c000:201": "192.0.2.1",
  "::192.0.2.1": "::c000:201",
  "64:ff9b::192.0.2.33": "64:ff9b::c000:221",
  "1:2:3:4:5:6:192.0.2.1": "1:2:3:4:5:6:c000:201",
};

Deno.test("parseIpAddress() reads both families and formatIpAddress() writes RFC 5952", () => {
  for (const [text, canonical] of Object.entries(CANONICAL)) {
    assertEquals(formatIpAddress(parseIpAddress(text)), canonical, text);
  }
});

Deno.test("tryParseIpAddress() refuses what some readers take and some do not", () => {
  const refused = [
    "",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.00",
    "0x1.2.3.4",
    "1.2.3.-4",
    "1.2.3.+4",
    "1.2..4",
    "16909060",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1::2::3",
    ":1::",
    "1::2:",
    "12345::",
    "g::",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::01.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "[::1]",
    "::1/128",
    "fe80::1%eth0",
    "1.2.3.4\n",
    "١.2.3.4",
  ];
  for (const text of refused) {
    assertEquals(tryParseIpAddress(text), null, JSON.stringify(text));
  }
});

Deno.test("parseIpAddress() says which value it refuses and why", () => {
  assertThrows(
    () => parseIpAddress("10.0.0.256"),
    TypeError,
    'Cannot parse IP address "10.0.0.256": expected an IPv4 or IPv6 address like 192.0.2.1 or 2001:db8::1',
  );
  assertThrows(
    () => parseIpAddress("fe80::1%eth0"),
    TypeError,
    "zone identifiers (%…) are not supported",
  );
});

Deno.test("parseIpAddress() undoes formatIpAddress() for every address", () => {
  fc.assert(
    fc.property(address, (a) => {
      assert(parseIpAddress(formatIpAddress(a)).equals(a));
      assertEquals(formatIpWords(a.w0, a.w1, a.w2, a.w3), String(a));
    }),
  );
});

Deno.test("formatIpAddress() never spells an address in two ways", () => {
  fc.assert(
    fc.property(address, (a) => {
      const text = formatIpAddress(a);
      assert(!/(^|:)0[0-9a-f]/.test(text), text);
      assert(!/::.*::/.test(text), text);
      assert(!/(^|:)0:0(:|$)/.test(text) || text.includes("::"), text);
      assertEquals(text, text.toLowerCase());
    }),
  );
});

Deno.test("parseCidr() keeps the host bits and formatCidr() undoes it", () => {
  const prefix = parseCidr("10.1.2.3/20");
  assertEquals(formatCidr(prefix), "10.1.2.3/20");
  assertEquals(String(prefixNetwork(prefix)), "10.1.0.0");
  assertEquals(String(prefixBroadcast(prefix)), "10.1.15.255");
  assertEquals(String(prefixNetwork(parseCidr("fd00:1:2::9/33"))), "fd00:1::");
});

Deno.test("parseCidr() says what is wrong", () => {
  const wrong: Readonly<Record<string, string>> = {
    "10.0.0.1/33": "prefix length must be 0..32",
    "10.0.0.1/": "prefix length must be 0..32",
    "10.0.0.1/08": "prefix length must be 0..32",
    "10.0.0.1/-1": "prefix length must be 0..32",
    "10.0.0.1/1e1": "prefix length must be 0..32",
    "::/129": "prefix length must be 0..128",
    "10.0.0.1": "expected address/prefix length, like 10.0.0.1/24",
    "10.0.0/24": '"10.0.0" is not an IP address',
    "10.0.0.1/24/24": '"10.0.0.1/24" is not an IP address',
    "": "expected address/prefix length, like 10.0.0.1/24",
  };
  for (const [text, why] of Object.entries(wrong)) {
    const message = `Cannot parse CIDR ${JSON.stringify(text)}: ${why}`;
    assertThrows(() => parseCidr(text), TypeError, message);
  }
});

Deno.test("prefixContains() holds at both ends of a network and not beyond", () => {
  const holds = (cidr: string, text: string): boolean =>
    prefixContains(parseCidr(cidr), parseIpAddress(text));
  assert(
    holds("10.1.2.3/20", "10.1.0.0") && holds("10.1.2.3/20", "10.1.15.255"),
  );
  assert(!holds("10.1.2.3/20", "10.0.255.255"));
  assert(!holds("10.1.2.3/20", "10.1.16.0"));
  assert(holds("192.0.2.1/32", "192.0.2.1"));
  assert(!holds("192.0.2.1/32", "192.0.2.0"));
  assert(holds("0.0.0.0/0", "255.255.255.255"));
  assert(holds("::/0", "ffff::") && !holds("::/0", "1.2.3.4"));
  assert(!holds("0.0.0.0/0", "::"));
  assert(holds("fd00::/33", "fd00:0:7fff::"));
  assert(!holds("fd00::/33", "fd00:0:8000::"));
});

Deno.test("prefixContains() agrees with comparing networks", () => {
  fc.assert(
    fc.property(
      address,
      fc.integer({ min: 0, max: 128 }),
      fc.integer({ min: 0, max: 127 }),
      (a, bits, flipped) => {
        const most = a.family === 4 ? 32 : 128;
        const prefix = { address: a, prefixLength: Math.min(bits, most) };
        const words = [a.w0, a.w1, a.w2, a.w3];
        const bit = 128 - most + flipped % most;
        words[bit >> 5] ^= 1 << 31 - (bit & 31);
        const other = new IpAddress(words[0], words[1], words[2], words[3]);
        const expected = other.family === a.family &&
          flipped % most >= prefix.prefixLength;
        assertEquals(prefixContains(prefix, other), expected);
        assertEquals(
          expected,
          other.family === a.family &&
            prefixNetwork(prefix).equals(
              prefixNetwork({ ...prefix, address: other }),
            ),
        );
      },
    ),
  );
});

Deno.test("prefixBroadcast() is null where there is no broadcast address", () => {
  assertEquals(prefixBroadcast(parseCidr("10.0.0.0/31")), null);
  assertEquals(prefixBroadcast(parseCidr("10.0.0.1/32")), null);
  assertEquals(prefixBroadcast(parseCidr("fd00::/64")), null);
  assertEquals(String(prefixBroadcast(parseCidr("10.0.0.0/30"))), "10.0.0.3");
  assertEquals(
    String(prefixBroadcast(parseCidr("0.0.0.0/0"))),
    "255.255.255.255",
  );
});

Deno.test("commonPrefixLength() counts equal leading bits", () => {
  const common = (a: string, b: string): number =>
    commonPrefixLength(parseIpAddress(a), parseIpAddress(b));
  assertEquals(common("::", "8000::"), 0);
  assertEquals(common("fd00::1", "fd00::1"), 128);
  assertEquals(common("fd00::1", "fd00::"), 127);
  assertEquals(common("10.0.0.0", "10.128.0.0"), 96 + 8);
});

Deno.test("address classes hold at their edges", () => {
  const classes: Readonly<
    Record<string, readonly [(a: IpAddress) => boolean, string[], string[]]>
  > = {
    multicast: [
      isMulticast,
      ["224.0.0.0", "239.255.255.255", "ff00::", "ff02::1"],
      ["223.255.255.255", "240.0.0.0", "fe80::1", "::"],
    ],
    loopback: [
      isLoopback,
      ["127.0.0.0", "127.255.255.255", "::1"],
      ["126.255.255.255", "128.0.0.0", "::", "::2", "1::1"],
    ],
    linkLocal: [
      isLinkLocal,
      ["169.254.0.0", "169.254.255.255", "fe80::", "febf:ffff::"],
      ["169.253.255.255", "169.255.0.0", "fec0::", "fe7f:ffff::"],
    ],
    unspecified: [
      isUnspecified,
      ["0.0.0.0", "::"],
      ["0.0.0.1", "::1", "255.255.255.255"],
    ],
    broadcast: [
      isBroadcast,
      ["255.255.255.255"],
      ["255.255.255.254", "::ffff:ffff", "ffff:ffff:ffff:ffff::ffff:ffff"],
    ],
    private: [
      isPrivate,
      [
        "10.0.0.0",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.1",
        "fc00::",
        "fdff::",
      ],
      [
        "11.0.0.0",
        "172.15.0.0",
        "172.32.0.0",
        "192.169.0.0",
        "fe00::",
        "fbff::",
      ],
    ],
    badSource: [
      (a) => isBadSourceWords(a.w0, a.w1, a.w2, a.w3),
      ["224.0.0.1", "255.255.255.255", "ff02::1"],
      ["0.0.0.0", "10.0.0.1", "::"],
    ],
    reserved: [
      (a) => isReservedWords(a.w0, a.w1, a.w2, a.w3),
      ["240.0.0.0", "255.255.255.254"],
      ["239.255.255.255", "255.255.255.255", "ff02::1"],
    ],
  };
  for (const [name, [is, inside, outside]] of Object.entries(classes)) {
    for (const text of inside) {
      assert(is(parseIpAddress(text)), `${text} is ${name}`);
    }
    for (const text of outside) {
      assert(!is(parseIpAddress(text)), `${text} is not ${name}`);
    }
  }
  assert(isUnspecified(IPV4_ANY) && isUnspecified(IPV6_ANY));
  assert(isBroadcast(IPV4_BROADCAST));
});

Deno.test("readIpv4() and readIpv6() undo their write counterparts", () => {
  const view = new DataView(new ArrayBuffer(24));
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 8 }), (a, at) => {
      writeIpv6(view, at, a);
      assert(readIpv6(view, at).equals(a));
      if (a.family === 4) {
        writeIpv4(view, at, a);
        assert(readIpv4(view, at).equals(a));
      }
    }),
  );
});
