import { assert, assertEquals } from "@std/assert";
import { SECOND } from "../../../engine/base/units.ts";
import { IP_CONSUMED } from "../../../engine/ip/packet.ts";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { createIpBench } from "../../tools/ip_bench.ts";
import {
  arp,
  concat,
  DESTINATION4,
  ether,
  hex,
  SOURCE4,
} from "../../tools/packet_builder.ts";

// The bench is 10.0.0.1 at 02:00:00:00:00:01, the other host 10.0.0.2 at …:02.
const NO_MAC = hex("000000000000");
const REQUEST = ether(0x0806, arp(1, SOURCE4, NO_MAC, DESTINATION4));
const REPLY = ether(0x0806, arp(2, SOURCE4, hex("020000000001"), DESTINATION4));
const OTHER = parseIpAddress("10.0.0.2");

Deno.test("addInterface() announces its IPv4 addresses", () => {
  const bench = createIpBench([]);
  bench.layer.addAddress(0, { address: OTHER, prefixLength: 24 });
  assertEquals(bench.sent(), [
    "ARP, Request who-has 10.0.0.2 tell 10.0.0.2, length 28",
  ]);
});

Deno.test("receive() answers an ARP request for our address and knows the asker", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  assertEquals(bench.put(REQUEST), IP_CONSUMED);
  assertEquals(bench.sent(), [
    "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28",
  ]);
  assertEquals(bench.layer.nextHop(bench.layer.routeTo(OTHER, null)!, 0), 0);
  assertEquals(bench.layer.counters.get("ArpInRequests"), 1);
  assertEquals(bench.layer.counters.get("ArpOutReplies"), 1);
});

Deno.test("receive() is silent about an ARP request for another address", () => {
  const bench = createIpBench(["10.0.0.9/24"]);
  bench.put(REQUEST);
  assertEquals(bench.sent(), []);
  assertEquals(bench.layer.nextHop(bench.layer.routeTo(OTHER, null)!, 0), 1);
});

Deno.test("receive() answers an RFC 5227 probe without learning 0.0.0.0", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  bench.put(ether(0x0806, arp(1, hex("00000000"), NO_MAC, DESTINATION4)));
  assertEquals(bench.sent(), [
    "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28",
  ]);
});

Deno.test("receive() makes no entry of an ARP reply nobody asked for", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  bench.put(REPLY);
  assertEquals(bench.layer.nextHop(bench.layer.routeTo(OTHER, null)!, 0), 1);
});

Deno.test("receive() makes no entry of an asker that is not on the link", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  bench.put(ether(0x0806, arp(1, hex("c0000201"), NO_MAC, DESTINATION4)));
  assertEquals(bench.sent().length, 1);
  const { neighbourGeneration } = bench.layer;
  bench.put(REQUEST);
  assert(bench.layer.neighbourGeneration > neighbourGeneration);
});

Deno.test("nextHop() asks, a reply makes it ready", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  const route = bench.layer.routeTo(OTHER, null)!;
  assertEquals(bench.layer.nextHop(route, 0), 1);
  assertEquals(bench.layer.nextHop(route, 1), 1);
  const request = "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28";
  assertEquals(bench.sent(), [request]);
  const before = bench.layer.neighbourGeneration;
  bench.put(REPLY, 1);
  assert(bench.layer.neighbourGeneration > before);
  assertEquals(bench.layer.nextHop(route, 2), 0);
  assertEquals(bench.layer.deadline, Infinity);
});

Deno.test("nextHop() fails after three silent requests and tries again later", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  const route = bench.layer.routeTo(OTHER, null)!;
  bench.layer.nextHop(route, 0);
  let asked = bench.sent().length;
  for (let i = 1; i <= 3; i++) {
    assertEquals(bench.layer.deadline, i * SECOND);
    bench.layer.handleTimers(i * SECOND);
    asked += bench.sent().length;
  }
  assertEquals(asked, 3);
  assertEquals(bench.layer.nextHop(route, 3 * SECOND), 2);
  assertEquals(bench.layer.counters.get("NeighResFailed"), 1);
  assertEquals(bench.layer.nextHop(route, 4 * SECOND), 1);
  assertEquals(bench.sent().length, 1);
});

Deno.test("a stale neighbour is asked directly, a confirmed one is not", () => {
  for (const isConfirmed of [false, true]) {
    const bench = createIpBench(["10.0.0.1/24"]);
    const route = bench.layer.routeTo(OTHER, null)!;
    bench.layer.nextHop(route, 0);
    bench.put(REPLY, 0);
    bench.frames();
    const now = 46 * SECOND;
    assertEquals(bench.layer.nextHop(route, now), 0);
    if (isConfirmed) bench.layer.confirmReachable(route, now);
    bench.layer.handleTimers(now + 5 * SECOND);
    const frames = bench.frames();
    assertEquals(frames.length, isConfirmed ? 0 : 1);
    if (!isConfirmed) {
      assertEquals(frames[0].slice(0, 6), hex("020000000002"));
    }
  }
});

Deno.test("receive() defends our address once in ten seconds", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  const claim = ether(0x0806, arp(1, DESTINATION4, NO_MAC, DESTINATION4));
  bench.put(claim, 0);
  bench.put(claim, 9 * SECOND);
  assertEquals(bench.sent(), [
    "ARP, Request who-has 10.0.0.1 tell 10.0.0.1, length 28",
  ]);
  bench.put(claim, 10 * SECOND);
  assertEquals(bench.sent().length, 1);
  assertEquals(bench.layer.counters.get("ArpConflicts"), 3);
});

Deno.test("receive() counts malformed ARP and answers none of it", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  const good = arp(1, SOURCE4, NO_MAC, DESTINATION4);
  const broadcastSender = good.slice();
  broadcastSender.set(hex("ffffffffffff"), 8);
  const bad = [
    good.slice(0, 27),
    arp(3, SOURCE4, NO_MAC, DESTINATION4),
    arp(1, hex("7f000001"), NO_MAC, DESTINATION4),
    arp(1, hex("ffffffff"), NO_MAC, DESTINATION4),
    broadcastSender,
    concat(hex("0006"), good.slice(2)),
  ];
  for (const packet of bad) {
    assertEquals(bench.put(ether(0x0806, packet)), IP_CONSUMED);
  }
  assertEquals(bench.sent(), []);
  assertEquals(bench.layer.counters.get("ArpInErrors"), bad.length);
});
