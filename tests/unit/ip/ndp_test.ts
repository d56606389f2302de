import { assert, assertEquals } from "@std/assert";
import { SECOND } from "../../../engine/base/units.ts";
import {
  ADDRESS_DEPRECATED,
  ADDRESS_PREFERRED,
  ADDRESS_TENTATIVE,
} from "../../../engine/ip/addresses.ts";
import { IP_CONSUMED, IP_DROPPED } from "../../../engine/ip/packet.ts";
import { parseCidr, parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { createIpBench, type IpBench } from "../../tools/ip_bench.ts";
import {
  be,
  concat,
  DESTINATION6,
  ether,
  hex,
  ipv6,
  naiveChecksum,
  naivePseudoSum,
  SOURCE6,
} from "../../tools/packet_builder.ts";

// The bench is fd00::1 at 02:00:00:00:00:01, the other host fd00::2 at …:02.
const A = parseIpAddress;
const ANY6 = new Uint8Array(16);
const SOLICITED1 = hex("ff0200000000000000000001ff000001");
const ALL_NODES = hex("ff020000000000000000000000000001");
const ROUTER = hex("fe8000000000000000000000000000fe");
const SOURCE_LINK = hex("0101 020000000002");
const TARGET_LINK = hex("0201 020000000002");

interface MessageOptions {
  source?: Uint8Array;
  destination?: Uint8Array;
  hopLimit?: number;
  code?: number;
}

/** A discovery message in its frame, checksum right. */
function message(
  type: number,
  rest: Uint8Array,
  o: MessageOptions = {},
): Uint8Array {
  const source = o.source ?? SOURCE6;
  const destination = o.destination ?? DESTINATION6;
  const body = concat(be(type, 1), be(o.code ?? 0, 1), be(0, 2), rest);
  const pseudo = naivePseudoSum(source, destination, 58, body.length);
  body.set(be(naiveChecksum(body, pseudo), 2), 2);
  const hopLimit = o.hopLimit ?? 255;
  const frame = ether(
    0x86dd,
    ipv6(58, body, { source, destination, hopLimit }),
  );
  if (destination[0] === 0xff) frame.set(hex("333300000001"));
  return frame;
}

function solicitation(
  target: Uint8Array,
  options: Uint8Array = SOURCE_LINK,
  o: MessageOptions = {},
): Uint8Array {
  const destination = o.destination ?? SOLICITED1;
  return message(135, concat(be(0, 4), target, options), {
    ...o,
    destination,
  });
}

function advertisement(
  target: Uint8Array,
  flags: number,
  options: Uint8Array = TARGET_LINK,
  o: MessageOptions = {},
): Uint8Array {
  return message(136, concat(be(flags, 4), target, options), o);
}

function errors(b: IpBench): number {
  return b.layer.counters.get("Icmp6InNeighborErrors");
}

Deno.test("addInterface() forms a link-local address and announces what it has", () => {
  const b = createIpBench(["fd00::1/64"]);
  assertEquals(b.layer.addresses(0).map((entry) => String(entry.address)), [
    "fd00::1",
    "fe80::ff:fe00:1",
  ]);
  b.layer.addAddress(0, parseCidr("fd00::5/64"));
  assertEquals(b.sent(), [
    "IP6 fd00::5 > ff02::1: ICMP6, neighbor advertisement, tgt is fd00::5, length 32",
  ]);
});

Deno.test("receive() answers a solicitation and knows the asker", () => {
  const b = createIpBench(["fd00::1/64"]);
  assertEquals(b.put(solicitation(DESTINATION6)), IP_CONSUMED);
  const [frame] = b.frames();
  assertEquals(frame.slice(0, 12), hex("020000000002 020000000001"));
  const pseudo = naivePseudoSum(DESTINATION6, SOURCE6, 58, frame.length - 54);
  assertEquals(naiveChecksum(frame.slice(54), pseudo), 0);
  assertEquals(
    frame.slice(58),
    concat(hex("60000000"), DESTINATION6, hex("0201 020000000001")),
  );
  assertEquals(frame[21], 255);
  const route = b.layer.routeTo(A("fd00::2"), null)!;
  assertEquals(b.layer.nextHop(route, 0), 0);
});

Deno.test("receive() answers a solicitation without a link option at the frame's source", () => {
  const b = createIpBench(["fd00::1/64"]);
  b.put(solicitation(DESTINATION6, hex(""), { destination: DESTINATION6 }));
  assertEquals(b.frames()[0].slice(0, 6), hex("020000000002"));
  const route = b.layer.routeTo(A("fd00::2"), null)!;
  assertEquals(b.layer.nextHop(route, 0), 1, "nothing was learned");
});

Deno.test("receive() tells all nodes when a probe for our address comes", () => {
  const b = createIpBench(["fd00::1/64"]);
  b.put(solicitation(DESTINATION6, hex(""), { source: ANY6 }));
  const [frame] = b.frames();
  assertEquals(frame.slice(0, 6), hex("333300000001"));
  assertEquals(frame.slice(58, 62), hex("20000000")); // not solicited
});

Deno.test("nextHop() solicits, an advertisement makes it ready", () => {
  const b = createIpBench(["fd00::1/64"]);
  const route = b.layer.routeTo(A("fd00::2"), null)!;
  assertEquals(b.layer.nextHop(route, 0), 1);
  const [frame] = b.frames();
  assertEquals(frame.slice(0, 6), hex("3333ff000002"));
  assertEquals(frame.slice(78), hex("0101 020000000001"));
  const before = b.layer.neighbourGeneration;
  b.put(advertisement(SOURCE6, 0x60000000), 1);
  assert(b.layer.neighbourGeneration > before);
  assertEquals(b.layer.nextHop(route, 2), 0);
  assertEquals(b.layer.deadline, Infinity);
});

Deno.test("receive() of an unsolicited override asks the known holder first", () => {
  const b = createIpBench(["fd00::1/64"]);
  const route = b.layer.routeTo(A("fd00::2"), null)!;
  b.layer.nextHop(route, 0);
  b.put(advertisement(SOURCE6, 0x60000000), 0);
  b.frames();
  b.put(advertisement(SOURCE6, 0x20000000, hex("0201 020000000666")), 1);
  b.layer.handleTimers(1);
  const [frame] = b.frames();
  assertEquals(frame.slice(0, 6), hex("020000000002"));
  assertEquals(b.layer.nextHop(route, 1), 0);
  assertEquals(route.neighbour!.linkLo, 2);
  assertEquals(b.layer.counters.get("NeighContested"), 1);
});

Deno.test("receive() refuses discovery messages that break a rule of RFC 4861 §7.1", () => {
  const multicast = hex("ff020000000000000000000000000009");
  const bad = [
    solicitation(DESTINATION6, SOURCE_LINK, { hopLimit: 254 }),
    solicitation(DESTINATION6, SOURCE_LINK, { code: 1 }),
    solicitation(DESTINATION6, hex("0100 020000000002")), // option of length 0
    solicitation(multicast),
    solicitation(DESTINATION6, SOURCE_LINK, { source: ANY6 }),
    solicitation(DESTINATION6, hex(""), {
      source: ANY6,
      destination: DESTINATION6,
    }),
    advertisement(multicast, 0x60000000),
    advertisement(SOURCE6, 0x60000000, TARGET_LINK, {
      destination: ALL_NODES,
    }),
    message(134, new Uint8Array(12)), // a router that is not link-local
  ];
  const b = createIpBench(["fd00::1/64"]);
  for (const [i, frame] of bad.entries()) {
    assertEquals(b.put(frame), IP_CONSUMED);
    assertEquals(errors(b), i + 1);
  }
  assertEquals(b.sent(), []);
  const wrongSum = solicitation(DESTINATION6);
  wrongSum[70] ^= 1;
  assertEquals(b.put(wrongSum), IP_DROPPED);
});

Deno.test("duplicate detection probes, then uses the address", () => {
  const b = createIpBench(["fd00::1/64"], { detectDuplicates: true });
  const states = () => b.layer.addresses(0).map((entry) => entry.state);
  assertEquals(states(), [ADDRESS_TENTATIVE, ADDRESS_TENTATIVE]);
  assertEquals(b.layer.routeTo(A("fd00::2"), null), null);
  b.layer.handleTimers(SECOND);
  assertEquals(b.sent(), [
    "IP6 :: > ff02::1:ff00:1: ICMP6, neighbor solicitation, who has fd00::1, length 24",
    "IP6 :: > ff02::1:ff00:1: ICMP6, neighbor solicitation, who has fe80::ff:fe00:1, length 24",
  ]);
  // A tentative address neither answers nor receives.
  b.put(solicitation(DESTINATION6));
  assertEquals(b.sent(), []);
  b.layer.handleTimers(2 * SECOND);
  assertEquals(states(), [ADDRESS_PREFERRED, ADDRESS_PREFERRED]);
  assertEquals(b.sent().length, 2);
  assertEquals(b.layer.deadline, Infinity);
  assert(b.layer.routeTo(A("fd00::2"), null) !== null);
});

Deno.test("duplicate detection gives up what another has or wants", () => {
  const claims = [
    advertisement(DESTINATION6, 0x20000000, TARGET_LINK, {
      destination: ALL_NODES,
    }),
    solicitation(DESTINATION6, hex(""), { source: ANY6 }),
  ];
  for (const claim of claims) {
    const b = createIpBench(["fd00::1/64"], { detectDuplicates: true });
    b.layer.handleTimers(SECOND);
    b.put(claim, SECOND);
    b.layer.handleTimers(2 * SECOND);
    assertEquals(b.layer.addresses(0).map((entry) => String(entry.address)), [
      "fe80::ff:fe00:1",
    ]);
    assertEquals(b.layer.counters.get("Icmp6Duplicates"), 1);
  }
});

/** A router advertisement with one /64 prefix, its lifetimes in seconds. */
function routerAdvertisement(o: {
  lifetime?: number;
  valid?: number;
  preferred?: number;
  flags?: number;
  prefix?: string;
  options?: Uint8Array;
} = {}): Uint8Array {
  const prefix = concat(
    hex("0304"),
    be(64, 1),
    be(o.flags ?? 0xc0, 1),
    be(o.valid ?? 86_400, 4),
    be(o.preferred ?? 14_400, 4),
    be(0, 4),
    hex(o.prefix ?? "20010db8000000010000000000000000"),
  );
  const body = concat(
    hex("20 00"),
    be(o.lifetime ?? 1800, 2),
    be(0, 8),
    hex("0101 0200000000fe"),
    prefix,
    o.options ?? hex(""),
  );
  return message(134, body, { source: ROUTER, destination: ALL_NODES });
}

function autoBench(): IpBench {
  const b = createIpBench([], { autoconfigure: true });
  b.layer.handleTimers(SECOND);
  return b;
}

Deno.test("autoconfiguration asks routers three times", () => {
  const b = autoBench();
  assertEquals(b.sent(), [
    "IP6 fe80::ff:fe00:1 > ff02::2: ICMP6, router solicitation, length 16",
  ]);
  for (let i = 2; i < 30; i++) b.layer.handleTimers(i * SECOND);
  assertEquals(b.sent().length, 2);
  assertEquals(b.layer.deadline, Infinity);
});

Deno.test("autoconfiguration obeys an advertisement", () => {
  const b = autoBench();
  const mtu = hex("0501 0000 000005b4"); // 1460
  b.put(routerAdvertisement({ options: mtu }), SECOND);
  for (let i = 2; i < 5; i++) b.layer.handleTimers(i * SECOND);
  const own = b.layer.addresses(0).at(-1)!;
  assertEquals(String(own.address), "2001:db8:0:1:0:ff:fe00:1");
  assertEquals(own.state, ADDRESS_PREFERRED);
  const outside = b.layer.routeTo(A("2001:db8:ffff::1"), null)!;
  assertEquals(String(outside.nextHop), "fe80::fe");
  assertEquals(String(outside.local), "2001:db8:0:1:0:ff:fe00:1");
  assertEquals(outside.pathMtu, 1460);
  assertEquals(b.layer.nextHop(outside, 5 * SECOND), 0);
  assertEquals(outside.hopLimit, 32);
  const onLink = b.layer.routeTo(A("2001:db8:0:1::9"), null)!;
  assertEquals(String(onLink.nextHop), "2001:db8:0:1::9");
});

Deno.test("what a router offered ends with its lifetimes", () => {
  const b = autoBench();
  b.put(
    routerAdvertisement({ lifetime: 10, valid: 60, preferred: 30 }),
    SECOND,
  );
  for (let i = 2; i < 5; i++) b.layer.handleTimers(i * SECOND);
  const own = b.layer.addresses(0).at(-1)!;
  assertEquals(b.layer.deadline, 11 * SECOND);
  b.layer.handleTimers(11 * SECOND);
  assertEquals(b.layer.routeTo(A("2001:db8:ffff::1"), null), null);
  b.layer.handleTimers(31 * SECOND);
  assertEquals(own.state, ADDRESS_DEPRECATED);
  b.layer.handleTimers(61 * SECOND);
  assert(!b.layer.isLocal(own.address));
  assertEquals(b.layer.deadline, Infinity);
});

Deno.test("an advertisement cannot cut a lifetime below two hours, RFC 4862 §5.5.3(e)", () => {
  const b = autoBench();
  b.put(routerAdvertisement(), SECOND);
  const own = b.layer.addresses(0).at(-1)!;
  assertEquals(own.validUntil, 86_401 * SECOND);
  b.put(routerAdvertisement({ valid: 1, preferred: 1 }), 2 * SECOND);
  assertEquals(own.validUntil, 7202 * SECOND);
  b.put(routerAdvertisement({ valid: 1, preferred: 1 }), 3 * SECOND);
  assertEquals(own.validUntil, 7202 * SECOND);
  b.put(routerAdvertisement({ valid: 0xffffffff }), 4 * SECOND);
  assertEquals(own.validUntil, Infinity);
});

Deno.test("a router can withdraw itself and cannot fill the table", () => {
  const b = autoBench();
  b.put(routerAdvertisement(), SECOND);
  b.put(routerAdvertisement({ lifetime: 0 }), 2 * SECOND);
  b.layer.handleTimers(4 * SECOND);
  assertEquals(b.layer.routeTo(A("2001:db8:ffff::1"), null), null);
  for (let i = 0; i < 100; i++) {
    const prefix = `20010db8000${(0x100 + i).toString(16)}${"0".repeat(18)}`;
    b.put(routerAdvertisement({ prefix }), 4 * SECOND);
  }
  assertEquals(b.layer.addresses(0).length, 1 + 16);
});

Deno.test("receive() ignores prefixes and MTUs that are none, and all of it where not asked", () => {
  const cases = [
    { preferred: 2, valid: 1 },
    { flags: 0 },
    { valid: 0, preferred: 0 },
    { prefix: "fe800000000000000000000000000000" },
    { prefix: "ff020000000000000000000000000000" },
    { options: hex("0501 0000 000004ff") }, // MTU 1279
    { options: hex("0501 0000 000005dd") }, // MTU 1501
  ];
  for (const [i, o] of cases.entries()) {
    const b = autoBench();
    b.put(routerAdvertisement(o), SECOND);
    assertEquals(b.layer.addresses(0).length, i < 5 ? 1 : 2, String(i));
    assertEquals(b.layer.interfaceAt(0)!.mtu, 1500);
    assertEquals(errors(b), 0);
  }
  const quiet = createIpBench(["fd00::1/64"]);
  quiet.put(routerAdvertisement(), SECOND);
  assertEquals(quiet.layer.addresses(0).length, 2);
  assertEquals(quiet.layer.routeTo(A("2001:db8:ffff::1"), null), null);
});
