import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SECOND } from "../../../engine/base/units.ts";
import { IP_CONSUMED, IP_DELIVER } from "../../../engine/ip/packet.ts";
import { REASSEMBLY_LIMIT } from "../../../engine/ip/reassembly.ts";
import { createIpBench, type IpBench } from "../../tools/ip_bench.ts";
import {
  be,
  concat,
  ether,
  hex,
  ipv4,
  ipv6,
  naiveChecksum,
} from "../../tools/packet_builder.ts";

function bench(): IpBench {
  return createIpBench(["10.0.0.1/24", "fd00::1/64"]);
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
}

/** One fragment of `data`: bytes [start, end). */
function piece(
  family: number,
  data: Uint8Array,
  start: number,
  end: number,
  more: number = end < data.length ? 1 : 0,
  id = 7,
): Uint8Array {
  const part = data.slice(start, end);
  if (family === 4) {
    const packet = ipv4(17, part, { fragment: more << 13 | start >> 3 });
    packet.set(be(id, 2), 4);
    packet.set([0, 0], 10);
    packet.set(be(naiveChecksum(packet.slice(0, 20)), 2), 10);
    return ether(0x0800, packet);
  }
  const header = concat(hex("1100"), be(start | more, 2), be(id, 4));
  return ether(0x86dd, ipv6(44, concat(header, part)));
}

function delivered(b: IpBench): Uint8Array {
  const p = b.packet;
  return p.frame.bytes.slice(p.l4, p.l4 + p.l4Length);
}

Deno.test("receive() reassembles fragments in any order, whatever their cuts", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(4, 6),
      fc.uniqueArray(fc.integer({ min: 1, max: 600 }), { maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      (family, cuts, order) => {
        const b = bench();
        const data = pattern(4901);
        const edges = [0, ...cuts.map((cut) => cut * 8).sort((x, y) => x - y)]
          .filter((edge) => edge < data.length);
        const pieces = edges.map((start, i) =>
          piece(family, data, start, edges[i + 1] ?? data.length)
        );
        if (pieces.length === 1) return;
        let results: number[] = [];
        while (pieces.length > 0) {
          const at = order.next().value % pieces.length;
          const [next] = pieces.splice(at, 1);
          results.push(b.put(next));
        }
        assertEquals(results.pop(), IP_DELIVER);
        assert(results.every((result) => result === IP_CONSUMED));
        results = [];
        assertEquals(delivered(b), data);
        assertEquals([b.packet.protocol, b.packet.remote3 & 255], [17, 2]);
        assertEquals(b.layer.deadline, Infinity);
      },
    ),
    { numRuns: 200, seed: 5 },
  );
});

Deno.test("a reassembled packet has the header it would have had", () => {
  for (const family of [4, 6]) {
    const b = bench();
    const data = pattern(2000);
    b.put(piece(family, data, 1400, 2000));
    b.put(piece(family, data, 0, 1400));
    const { frame, l4 } = b.packet;
    const header = frame.bytes.slice(frame.l3, l4);
    if (family === 4) {
      assertEquals(header.slice(0, 8), hex("4500 07e4 0007 0000"));
      assertEquals(naiveChecksum(header), 0);
    } else {
      assertEquals(header, ipv6(17, data).slice(0, 40));
    }
    assertEquals(frame.l4, l4);
    // The error that quotes it does not quote a fragment.
    b.layer.sendPortUnreachable(b.packet, 0);
  }
});

Deno.test("receive() forgets a packet whose fragments overlap, and what still comes of it", () => {
  for (const family of [4, 6]) {
    const b = bench();
    const data = pattern(3000);
    b.put(piece(family, data, 0, 1400));
    assertEquals(b.put(piece(family, data, 1392, 2000)), IP_CONSUMED);
    assertEquals(b.put(piece(family, data, 1400, 3000)), IP_CONSUMED);
    assertEquals(b.put(piece(family, data, 0, 1400)), IP_CONSUMED);
    const name = family === 4 ? "IpReasmOKs" : "Ip6ReasmOKs";
    assertEquals(b.layer.counters.get(name), 0);
    // Another packet of the same hosts is not concerned.
    b.put(piece(family, data, 0, 1400, 1, 8));
    assertEquals(b.put(piece(family, data, 1400, 3000, 0, 8)), IP_DELIVER);
  }
});

Deno.test("receive() ignores a fragment that comes twice", () => {
  const b = bench();
  const data = pattern(2000);
  b.put(piece(4, data, 0, 1400));
  b.put(piece(4, data, 0, 1400));
  assertEquals(b.put(piece(4, data, 1400, 2000)), IP_DELIVER);
  assertEquals(delivered(b), data);
});

Deno.test("receive() refuses contradictions about the length", () => {
  const cases: readonly (readonly Uint8Array[])[] = [
    // The last fragment ends before data that is there.
    [
      piece(4, pattern(2000), 800, 1600, 1),
      piece(4, pattern(2000), 400, 800, 0),
      piece(4, pattern(2000), 0, 400, 1),
    ],
    // Two last fragments.
    [
      piece(4, pattern(2000), 1600, 2000, 0),
      piece(4, pattern(2000), 1600, 1800, 0),
      piece(4, pattern(2000), 0, 1600, 1),
    ],
    // Data beyond the last.
    [
      piece(4, pattern(2000), 800, 1600, 0),
      piece(4, pattern(2000), 1600, 2000, 1),
      piece(4, pattern(2000), 0, 800, 1),
    ],
  ];
  for (const frames of cases) {
    const b = bench();
    for (const frame of frames) assertEquals(b.put(frame), IP_CONSUMED);
    assert(b.layer.counters.get("IpReasmFails") >= 1);
  }
});

Deno.test("receive() drops fragments no host sends", () => {
  const b = bench();
  const data = pattern(2000);
  const bad = [
    piece(4, data, 0, 1401, 1), // not a multiple of eight
    piece(4, data, 0, 0, 1), // empty
    ether(0x0800, ipv4(17, pattern(800), { fragment: 0x1fff })), // beyond 65,535
    ether(0x0800, ipv4(6, pattern(16), { fragment: 0x2000 })), // a TCP header cut
  ];
  for (const frame of bad) assertEquals(b.put(frame), IP_CONSUMED);
  assertEquals(b.layer.counters.get("IpReasmFails"), bad.length);
  assertEquals(b.layer.deadline, Infinity);
});

Deno.test("receive() reports IPv6 fragments no host sends, RFC 8200 §4.5", () => {
  const b = bench();
  const data = pattern(2000);
  b.put(piece(6, data, 0, 1401, 1));
  b.put(piece(6, concat(new Uint8Array(65_528), data), 65_528, 65_600, 0));
  assertEquals(b.layer.counters.get("Icmp6OutParmProblems"), 2);
  assertEquals(b.layer.counters.get("Ip6ReasmFails"), 2);
});

Deno.test("receive() takes a fragment that is the whole packet, RFC 6946", () => {
  const b = bench();
  const data = pattern(100);
  b.put(piece(6, pattern(200), 0, 96, 1)); // another packet of the same name
  assertEquals(b.put(piece(6, data, 0, 100, 0)), IP_DELIVER);
  assertEquals(delivered(b), data);
});

Deno.test("handleTimers() gives a packet up and tells the sender of the first fragment", () => {
  const data = pattern(2000);
  for (const [family, timeout] of [[4, 30], [6, 60]]) {
    for (const hasFirst of [true, false]) {
      const b = bench();
      b.put(
        hasFirst
          ? piece(family, data, 0, 1400)
          : piece(family, data, 1400, 2000),
        SECOND,
      );
      assertEquals(b.layer.deadline, (1 + timeout) * SECOND);
      b.layer.handleTimers((1 + timeout) * SECOND);
      const prefix = family === 4 ? "Icmp" : "Icmp6";
      const ip = family === 4 ? "Ip" : "Ip6";
      assertEquals(b.layer.counters.get(`${ip}ReasmTimeout`), 1);
      assertEquals(
        b.layer.counters.get(`${prefix}OutTimeExcds`),
        hasFirst ? 1 : 0,
      );
      // What comes later begins anew.
      b.put(piece(family, data, 1400, 2000), 100 * SECOND);
      assertEquals(
        b.put(piece(family, data, 0, 1400), 100 * SECOND),
        IP_DELIVER,
      );
    }
  }
});

Deno.test("reassembly is bounded in memory and gives all of it back", () => {
  const b = bench();
  const before = b.arena.used;
  const data = pattern(60_000);
  for (let id = 0; id < 400; id++) {
    for (let at = 0; at < 59_000; at += 1480) {
      b.put(piece(4, data, at, at + 1480, 1, id));
    }
  }
  assert(b.layer.counters.get("IpReasmFails") > 300);
  assert(b.arena.used - before <= REASSEMBLY_LIMIT);
  assert(b.arena.used - before > REASSEMBLY_LIMIT / 2);
  // The errors about it wait for a neighbour that never answers.
  for (let i = 31; i <= 34; i++) b.layer.handleTimers(i * SECOND);
  b.frames();
  while (b.layer.takeUnreachable(b.packet));
  assertEquals(b.arena.used, before);
});

Deno.test("reassembly marks the whole packet when a piece was marked, RFC 3168 §5.3", () => {
  const cases: readonly (readonly [number, number, number | null])[] = [
    [2, 3, 3],
    [2, 1, 2],
    [0, 0, 0],
    [0, 3, null],
  ];
  for (const [first, second, expected] of cases) {
    const b = bench();
    const data = pattern(2000);
    const mark = (frame: Uint8Array, ecn: number) => {
      frame[15] = ecn << 4; // in the version, class and flow word
      return frame;
    };
    b.put(mark(piece(6, data, 0, 1400), first));
    const result = b.put(mark(piece(6, data, 1400, 2000), second));
    assertEquals(result, expected === null ? IP_CONSUMED : IP_DELIVER);
    if (expected !== null) assertEquals(b.packet.trafficClass, expected);
  }
});
