import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createFrame } from "../../../engine/base/frame.ts";
import {
  IP_CONSUMED,
  IP_DELIVER,
  IP_DROPPED,
} from "../../../engine/ip/packet.ts";
import { MEDIUM_IP } from "../../../engine/link/device.ts";
import { Loopback } from "../../../engine/link/loopback.ts";
import { parseCidr, parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { createIpBench, RecordingDevice } from "../../tools/ip_bench.ts";
import {
  be,
  concat,
  DESTINATION4,
  DESTINATION6,
  ether,
  hex,
  icmpv4,
  icmpv6,
  ipv4,
  ipv6,
  naiveChecksum,
  SOURCE6,
  tcp,
  udp,
} from "../../tools/packet_builder.ts";

function bench() {
  return createIpBench(["10.0.0.1/24", "fd00::1/64"]);
}

/** The frame with another Ethernet destination. */
function sentTo(mac: string, frame: Uint8Array): Uint8Array {
  return concat(hex(mac), frame.slice(6));
}

Deno.test("receive() delivers an IPv4 packet as integers", () => {
  const b = bench();
  const segment = tcp({ payload: hex("010203") });
  assertEquals(b.put(ether(0x0800, ipv4(6, segment))), IP_DELIVER);
  const p = b.packet;
  assertEquals([p.local2, p.local3, p.remote2, p.remote3], [
    0xffff,
    0x0a000001,
    0xffff,
    0x0a000002,
  ]);
  assertEquals([p.protocol, p.hopLimit, p.l4Length, p.icmpKind], [
    6,
    64,
    segment.length,
    0,
  ]);
  assertEquals(p.frame.view.getUint16(p.l4), 40000);
  assertEquals([p.frame.l4, p.isMulticast], [p.l4, false]);
});

Deno.test("receive() delivers an IPv6 packet behind extension headers", () => {
  const b = bench();
  const segment = tcp();
  const options = concat(
    hex("2b 00 01 04 00000000"),
    hex("06 00 00 00 00000000"),
  );
  const packet = ipv6(60, concat(options, segment));
  assertEquals(b.put(ether(0x86dd, packet)), IP_DELIVER);
  assertEquals([b.packet.protocol, b.packet.l4Length], [6, segment.length]);
  assertEquals(b.packet.remote3, 2);
});

Deno.test("receive() trims Ethernet padding", () => {
  const b = bench();
  const frame = concat(
    ether(0x0800, ipv4(17, udp(hex("aa")))),
    hex("00".repeat(17)),
  );
  assertEquals(b.put(frame), IP_DELIVER);
  assertEquals(b.packet.l4Length, 9);
  assertEquals(b.packet.frame.end, b.packet.l4 + 9);
  const six = concat(ether(0x86dd, ipv6(17, udp(hex("aa")))), hex("0000"));
  assertEquals(b.put(six), IP_DELIVER);
  assertEquals(b.packet.l4Length, 9);
});

Deno.test("receive() delivers on a medium without link headers", () => {
  const device = new RecordingDevice(MEDIUM_IP);
  const b = createIpBench(["10.0.0.1/24", "fd00::1/64"], {}, device);
  assertEquals(b.put(ipv4(6, tcp())), IP_DELIVER);
  assertEquals(b.put(ipv6(6, tcp())), IP_DELIVER);
  assertEquals(b.put(hex("00")), IP_DROPPED);
  assertEquals(b.put(hex("")), IP_DROPPED);
  assertEquals(
    b.layer.nextHop(b.layer.routeTo(parseIpAddress("10.0.0.9"), null)!, 0),
    0,
  );
});

Deno.test("receive() drops and counts what is not whole or not sane", () => {
  const payload = tcp();
  const badSum = ipv4(6, payload);
  badSum[10] ^= 1;
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["no link header", hex("0200"), "LinkInAddrErrors"],
    [
      "another station",
      sentTo("020000000009", ether(0x0800, ipv4(6, payload))),
      "LinkInAddrErrors",
    ],
    ["802.1Q", ether(0x8100, hex("00010800")), "LinkInUnknownProtos"],
    [
      "short",
      ether(0x0800, ipv4(6, payload).slice(0, 19)),
      "IpExtInTruncatedPkts",
    ],
    [
      "version",
      ether(0x0800, ipv4(6, payload, { versionIhl: 0x65 })),
      "IpInHdrErrors",
    ],
    [
      "IHL",
      ether(0x0800, ipv4(6, payload, { versionIhl: 0x44 })),
      "IpInHdrErrors",
    ],
    [
      "length",
      ether(0x0800, ipv4(6, payload, { totalLength: 41 })),
      "IpInHdrErrors",
    ],
    ["checksum", ether(0x0800, badSum), "IpInHdrErrors"],
    [
      "source route",
      ether(0x0800, ipv4(6, payload, { options: hex("83070408080808 00") })),
      "IpInHdrErrors",
    ],
    [
      "v6 short",
      ether(0x86dd, ipv6(6, payload).slice(0, 39)),
      "Ip6InTruncatedPkts",
    ],
    [
      "v6 length",
      ether(0x86dd, ipv6(6, payload, { payloadLength: 21 })),
      "Ip6InHdrErrors",
    ],
  ];
  for (const [name, frame, counter] of cases) {
    const b = bench();
    assertEquals(b.put(frame), IP_DROPPED, name);
    assertEquals(b.layer.counters.get(counter), 1, name);
    assertEquals(b.sent(), [], name);
  }
});

Deno.test("receive() drops nonsense addresses, RFC 1122 §3.2.1.3", () => {
  const sources4 = [
    "00000000", // this host
    "00000007",
    "7f000001", // loopback
    "e0000001", // group
    "f0000001", // class E
    "ffffffff", // broadcast
    "0a0000ff", // broadcast of the subnet
    "0a000001", // ourselves
  ];
  for (const source of sources4) {
    const b = bench();
    const packet = ipv4(6, tcp(), { source: hex(source) });
    assertEquals(b.put(ether(0x0800, packet)), IP_DROPPED, source);
    assertEquals(b.layer.counters.get("IpInAddrErrors"), 1, source);
  }
  const mapped = "00000000000000000000ffff0a000002";
  const sources6 = [
    "00000000000000000000000000000000",
    "00000000000000000000000000000001",
    "ff020000000000000000000000000001",
    "fd000000000000000000000000000001",
    mapped,
  ];
  for (const source of sources6) {
    const b = bench();
    const packet = ipv6(6, tcp(), { source: hex(source) });
    assertEquals(b.put(ether(0x86dd, packet)), IP_DROPPED, source);
    assertEquals(b.layer.counters.get("Ip6InAddrErrors"), 1, source);
  }
  for (const destination of ["0a000009", "7f000001", "0a000100", "e00000fb"]) {
    const b = bench();
    const packet = ipv4(6, tcp(), { destination: hex(destination) });
    assertEquals(b.put(ether(0x0800, packet)), IP_DROPPED, destination);
  }
  const b = bench();
  const toMapped = ipv6(6, tcp(), {
    destination: hex("00000000000000000000ffff0a000001"),
  });
  assertEquals(b.put(ether(0x86dd, toMapped)), IP_DROPPED);
});

Deno.test("receive() marks broadcasts and drops unicast packets in link broadcasts", () => {
  const b = bench();
  const all = "ffffffffffff";
  const inBroadcast = sentTo(all, ether(0x0800, ipv4(17, udp(hex("")))));
  assertEquals(b.put(inBroadcast), IP_DROPPED); // RFC 1122 §3.3.6
  for (const destination of ["ffffffff", "0a0000ff", "e0000001"]) {
    const packet = ipv4(17, udp(hex("")), { destination: hex(destination) });
    assertEquals(b.put(sentTo(all, ether(0x0800, packet))), IP_DELIVER);
    assert(b.packet.isMulticast, destination);
  }
});

Deno.test("receive() takes loopback addresses from the loopback interface alone", () => {
  const b = bench();
  const loopback = b.layer.addInterface(new Loopback(), {
    loopback: true,
    addresses: [parseCidr("127.0.0.1/8")],
  });
  const bytes = ipv4(6, tcp(), {
    source: hex("7f000001"),
    destination: hex("7f000005"),
  });
  assertEquals(b.put(ether(0x0800, bytes)), IP_DROPPED);
  const frame = b.packet.frame;
  frame.reset();
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  assertEquals(b.layer.receive(frame, loopback, b.packet, 0), IP_DELIVER);
  assertEquals(b.layer.receive(frame, 7, b.packet, 0), IP_DROPPED);
});

Deno.test("receive() judges a pair of addresses again when ours change", () => {
  const b = bench();
  const frame = ether(0x0800, ipv4(6, tcp()));
  assertEquals(b.put(frame), IP_DELIVER);
  assertEquals(b.put(frame), IP_DELIVER);
  // Not for another link address, interface, source or destination.
  assertEquals(b.put(sentTo("ffffffffffff", frame)), IP_DROPPED);
  const foreign = ipv4(6, tcp(), { destination: hex("0a000009") });
  assertEquals(b.put(ether(0x0800, foreign)), IP_DROPPED);
  assertEquals(b.put(frame), IP_DELIVER);
  b.layer.removeAddress(0, parseIpAddress("10.0.0.1"));
  assertEquals(b.put(frame), IP_DROPPED);
  b.layer.addAddress(0, parseCidr("10.0.0.1/24"));
  assertEquals(b.put(frame), IP_DELIVER);
  b.layer.addAddress(0, parseCidr("10.0.0.2/24")); // now the source is ours
  assertEquals(b.put(frame), IP_DROPPED);
});

Deno.test("receive() takes a super-segment longer than the MTU", () => {
  const b = bench();
  const segment = tcp({ payload: new Uint8Array(60_000) });
  assertEquals(b.put(ether(0x0800, ipv4(6, segment))), IP_DELIVER);
  assertEquals(b.packet.l4Length, 60_020);
});

Deno.test("receive() answers echo requests of both families", () => {
  const b = bench();
  b.layer.nextHop(b.layer.routeTo(parseIpAddress("10.0.0.2"), null)!, 0);
  b.frames();
  const body = hex("00112233");
  const v4 = ipv4(1, icmpv4(8, 0, 0x00010002, body));
  assertEquals(b.put(ether(0x0800, v4)), IP_CONSUMED);
  // The reply waits for the asker's hardware address.
  assertEquals(b.sent(), []);
  b.put(
    ether(
      0x0806,
      concat(
        hex("0001080006040002"),
        hex("020000000002 0a000002 020000000001 0a000001"),
      ),
    ),
  );
  assertEquals(b.sent(), [
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 1, seq 2, length 12",
  ]);
  const v6 = ipv6(58, icmpv6(128, 0, 0x00010002, body));
  assertEquals(b.put(ether(0x86dd, v6)), IP_CONSUMED);
  assertEquals(b.sent(), [
    "IP6 fd00::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00::2, length 32",
  ]);
  assertEquals(b.layer.counters.get("IcmpOutEchoReps"), 1);
  assertEquals(b.layer.counters.get("Icmp6InEchos"), 1);
});

Deno.test("receive() ignores echoes to groups and with wrong checksums", () => {
  const b = bench();
  const echo = icmpv4(8, 0, 1, hex(""));
  const group = ipv4(1, echo, { destination: hex("0a0000ff") });
  assertEquals(b.put(ether(0x0800, group)), IP_DROPPED);
  const bad = icmpv4(8, 0, 1, hex("aa"));
  bad[8] ^= 1;
  assertEquals(b.put(ether(0x0800, ipv4(1, bad))), IP_DROPPED);
  assertEquals(b.put(ether(0x0800, ipv4(1, hex("0800")))), IP_DROPPED);
  const bad6 = icmpv6(128, 0, 1, hex("aa"));
  bad6[8] ^= 1;
  assertEquals(b.put(ether(0x86dd, ipv6(58, bad6))), IP_DROPPED);
  assertEquals(b.layer.counters.get("IcmpInCsumErrors"), 1);
  assertEquals(b.layer.counters.get("Icmp6InCsumErrors"), 1);
  assertEquals(b.layer.counters.get("IcmpInErrors"), 1);
});

Deno.test("receive() hands over errors that quote a transport's packet of ours", () => {
  const b = bench();
  const quoted = ipv4(6, tcp({ seq: 77 }).slice(0, 8), {
    source: DESTINATION4,
    destination: hex("c0000201"),
    totalLength: 40,
  });
  const tooBig = icmpv4(3, 4, 1400, quoted);
  const packet = ipv4(1, tooBig, { source: hex("0a0000fe") });
  assertEquals(b.put(ether(0x0800, packet)), IP_DELIVER);
  const p = b.packet;
  assertEquals(
    [p.icmpKind, p.icmpMtu, p.icmpType, p.icmpCode, p.protocol, p.l4Length],
    [5, 1400, 3, 4, 6, 8],
  );
  assertEquals([p.local3, p.remote3], [0x0a000001, 0xc0000201 | 0]);
  assertEquals(p.frame.view.getUint32(p.l4 + 4), 77);
  const quoted6 = ipv6(6, tcp(), {
    source: DESTINATION6,
    destination: SOURCE6,
  });
  const six = ipv6(58, icmpv6(2, 0, 1280, quoted6));
  assertEquals(b.put(ether(0x86dd, six)), IP_DELIVER);
  assertEquals([p.icmpKind, p.icmpMtu, p.protocol, p.l4Length], [
    5,
    1280,
    6,
    20,
  ]);
  assertEquals([p.local3, p.remote3], [1, 2]);
});

Deno.test("receive() drops errors that quote nothing of ours", () => {
  const ours = { source: DESTINATION4, destination: hex("c0000201") };
  const quotes = [
    ipv4(6, tcp()), // from another host
    ipv4(6, tcp().slice(0, 7), ours), // too short
    ipv4(6, tcp(), { ...ours, fragment: 1 }), // a later fragment
    hex("45"),
    hex(""),
  ];
  for (const quote of quotes) {
    const b = bench();
    const packet = ipv4(1, icmpv4(3, 1, 0, quote));
    assertEquals(b.put(ether(0x0800, packet)), IP_DROPPED);
    assertEquals(b.layer.counters.get("IcmpInErrors"), 1);
  }
  const b = bench();
  const aboutPing = icmpv4(3, 1, 0, ipv4(1, icmpv4(8, 0, 1, hex("")), ours));
  assertEquals(b.put(ether(0x0800, ipv4(1, aboutPing))), IP_CONSUMED);
});

/** Makes an IPv4 header's checksum right again, so that what was changed behind it is looked at. */
function mendChecksum(frame: Uint8Array): void {
  if (frame[12] !== 8 || frame[13] !== 0 || frame.length < 34) return;
  const end = Math.min(frame.length, 14 + 4 * (frame[14] & 15));
  frame.set([0, 0], 24);
  frame.set(be(naiveChecksum(frame.slice(14, end)), 2), 24);
}

Deno.test("receive() never throws and never answers more than once, whatever the bytes", () => {
  const b = bench();
  const seeds = [
    ether(0x0800, ipv4(6, tcp())),
    ether(0x0800, ipv4(6, tcp(), { options: hex("8304040a 01010100") })),
    ether(0x0800, ipv4(1, icmpv4(3, 4, 0, ipv4(6, tcp())))),
    ether(0x0800, ipv4(17, udp(new Uint8Array(64)), { fragment: 0x2000 })),
    ether(0x0800, ipv4(17, new Uint8Array(64), { fragment: 9 })),
    ether(
      0x86dd,
      ipv6(44, concat(hex("1100000100000007"), new Uint8Array(64))),
    ),
    ether(
      0x86dd,
      ipv6(0, concat(hex("3c00010400000000 1100c20400000000"), udp(hex("")))),
    ),
    ether(
      0x86dd,
      ipv6(58, icmpv6(135, 0, 0, new Uint8Array(24)), { hopLimit: 255 }),
    ),
    ether(
      0x86dd,
      ipv6(58, icmpv6(134, 0, 0, new Uint8Array(48)), { hopLimit: 255 }),
    ),
    ether(0x86dd, ipv6(58, icmpv6(1, 0, 0, ipv6(6, tcp())))),
    ether(0x0806, new Uint8Array(28)),
  ];
  const edits = fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 });
  const frame = createFrame();
  const results = [0, 0, 0];
  let now = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      edits,
      fc.nat(400),
      (seed, list, cut) => {
        const bytes = seed.slice(0, cut);
        for (const [at, value] of list) {
          if (at >= 12 && at < bytes.length) bytes[at] = value;
        }
        mendChecksum(bytes);
        frame.reset();
        frame.bytes.set(bytes, frame.start);
        frame.end = frame.start + bytes.length;
        frame.checksumPartial = true; // ICMP checksums are taken for good
        now += 1000;
        const result = b.layer.receive(frame, 0, b.packet, now);
        results[result]++;
        if (result === IP_DELIVER) {
          const p = b.packet;
          assert(p.l4 + p.l4Length <= p.frame.end);
          assert(p.l4Length >= 0);
        }
        assert(b.frames(now).length <= 1);
      },
    ),
    { numRuns: 5000, seed: 11 },
  );
  for (const count of results) assert(count > 100, String(results));
});
