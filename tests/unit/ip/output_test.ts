import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Arena } from "../../../engine/base/arena.ts";
import { createFrame, PayloadRef } from "../../../engine/base/frame.ts";
import { SECOND } from "../../../engine/base/units.ts";
import { TX_TOO_BIG, TX_UNREACHABLE } from "../../../engine/ip/datagram.ts";
import { EGRESS_CAPACITY, EgressQueue } from "../../../engine/ip/egress.ts";
import { NEIGHBOUR_QUEUE_CAPACITY } from "../../../engine/ip/neighbours.ts";
import { PacketStore } from "../../../engine/ip/packet_store.ts";
import type { Route } from "../../../engine/ip/route.ts";
import {
  MEDIUM_IP,
  TX_BUSY,
  TX_DOWN,
  TX_OK,
} from "../../../engine/link/device.ts";
import { parseCidr, parseIpAddress } from "../../../engine/wire/ip_address.ts";
import {
  createIpBench,
  type IpBench,
  RecordingDevice,
} from "../../tools/ip_bench.ts";
import {
  arp,
  concat,
  DESTINATION4,
  DESTINATION6,
  ether,
  hex,
  icmpv6,
  ipv4,
  ipv6,
  naiveChecksum,
  naivePseudoSum,
  SOURCE4,
  SOURCE6,
  tcp,
} from "../../tools/packet_builder.ts";

const A = parseIpAddress;
const REPLY = ether(0x0806, arp(2, SOURCE4, hex("020000000001"), DESTINATION4));
const ADVERTISEMENT = ether(
  0x86dd,
  ipv6(
    58,
    icmpv6(
      136,
      0,
      0x60000000,
      concat(SOURCE6, hex("0201 020000000002")),
    ),
    { hopLimit: 255 },
  ),
);

/** A bench whose neighbours 10.0.0.2 and fd00::2 are known, and the routes to them. */
function ready(): { bench: IpBench; v4: Route; v6: Route } {
  const bench = createIpBench(["10.0.0.1/24", "fd00::1/64"]);
  const v4 = bench.layer.routeTo(A("10.0.0.2"), null)!;
  const v6 = bench.layer.routeTo(A("fd00::2"), null)!;
  bench.layer.nextHop(v4, 0);
  bench.layer.nextHop(v6, 0);
  bench.put(REPLY);
  bench.put(ADVERTISEMENT);
  bench.frames();
  assertEquals([bench.layer.nextHop(v4, 0), bench.layer.nextHop(v6, 0)], [
    0,
    0,
  ]);
  return { bench, v4, v6 };
}

/** A frame whose live bytes are `bytes`, where a transport header would be. */
function frameWith(bytes: Uint8Array) {
  const frame = createFrame();
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  return frame;
}

/** A payload in two pieces, as a ring that wraps has it. */
function wrapped(bytes: Uint8Array, first: number): PayloadRef {
  const memory = new Uint8Array(bytes.length + 10);
  memory.set(bytes.slice(first), 0);
  memory.set(bytes.slice(0, first), bytes.length + 10 - first);
  const payload = new PayloadRef(memory);
  payload.offset = bytes.length + 10 - first;
  payload.length = first;
  payload.wrapOffset = 0;
  payload.wrapLength = bytes.length - first;
  return payload;
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
}

Deno.test("transmit() prepends IPv4 and Ethernet headers", () => {
  const { bench, v4 } = ready();
  const segment = tcp();
  const payload = wrapped(pattern(100), 33);
  const frame = frameWith(segment);
  const id = v4.nextId;
  assertEquals(
    bench.layer.transmit(frame, payload, v4, 6, 0x02, 64, 0),
    TX_OK,
  );
  const [sent] = bench.device.take();
  const header = sent.slice(14, 34);
  assertEquals(sent.slice(0, 14), hex("020000000002 020000000001 0800"));
  assertEquals(naiveChecksum(header), 0);
  const view = new DataView(header.buffer);
  assertEquals(
    [
      header[0],
      header[1],
      view.getUint16(2),
      view.getUint16(4),
      view.getUint16(6),
    ],
    [0x45, 0x02, 140, id, 0x4000],
  );
  assertEquals([header[8], header[9]], [64, 6]);
  assertEquals(header.slice(12), concat(DESTINATION4, SOURCE4));
  assertEquals(sent.slice(34), concat(segment, pattern(100)));
  assertEquals(v4.nextId, id + 1 & 0xffff);
  assertEquals(bench.layer.counters.get("IpOutRequests"), 1);
});

Deno.test("transmit() prepends IPv6 headers with one flow label per connection", () => {
  const { bench, v6 } = ready();
  const labels = [40000, 40000, 40001].map((port) => {
    const frame = frameWith(tcp());
    frame.view.setUint16(frame.start, port);
    assertEquals(bench.layer.transmit(frame, null, v6, 6, 0xb8, 63, 0), TX_OK);
    const [sent] = bench.device.take();
    const view = new DataView(sent.buffer, 14);
    assertEquals(view.getUint32(0) >>> 20, 0x6b8);
    assertEquals(
      [view.getUint16(4), view.getUint8(6), view.getUint8(7)],
      [20, 6, 63],
    );
    assertEquals(sent.slice(22, 54), concat(DESTINATION6, SOURCE6));
    return view.getUint32(0) & 0xfffff;
  });
  assertEquals(labels[0], labels[1]);
  assertNotEquals(labels[0], labels[2]);
});

Deno.test("transmit() of a super-segment advances the identification by its packets", () => {
  const { bench, v4 } = ready();
  const id = v4.nextId;
  const frame = frameWith(tcp());
  frame.gsoSize = 1460;
  const payload = wrapped(pattern(14_601), 5000);
  bench.layer.transmit(frame, payload, v4, 6, 0, 64, 0);
  const [sent] = bench.device.take();
  assertEquals(new DataView(sent.buffer).getUint16(16), 40 + 14_601);
  assertEquals(v4.nextId - id & 0xffff, 11);
});

Deno.test("transmit() can be repeated when the device was busy", () => {
  const { bench, v4 } = ready();
  const frame = frameWith(tcp());
  const { start, end } = frame;
  const id = v4.nextId;
  bench.device.answer = TX_BUSY;
  assertEquals(bench.layer.transmit(frame, null, v4, 6, 0, 64, 0), TX_BUSY);
  assertEquals([frame.start, frame.end, v4.nextId], [start, end, id]);
  bench.device.answer = TX_OK;
  assertEquals(bench.layer.transmit(frame, null, v4, 6, 0, 64, 0), TX_OK);
  assertEquals(bench.sent(), [
    "IP 10.0.0.1.40000 > 10.0.0.2.7: Flags [.], ack 0, win 64240, length 0",
  ]);
  bench.device.answer = TX_DOWN;
  assertEquals(
    bench.layer.transmit(frameWith(tcp()), null, v4, 6, 0, 64, 0),
    TX_DOWN,
  );
});

Deno.test("transmit() waits for an unknown next hop and drops without a route", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  const route = bench.layer.routeTo(A("10.0.0.2"), null)!;
  assertEquals(
    bench.layer.transmit(frameWith(tcp()), null, route, 6, 0, 64, 0),
    TX_BUSY,
  );
  bench.layer.removeAddress(0, A("10.0.0.1"));
  assertEquals(
    bench.layer.transmit(frameWith(tcp()), null, route, 6, 0, 64, 0),
    TX_OK,
  );
  assertEquals(bench.layer.counters.get("IpOutNoRoutes"), 1);
});

Deno.test("transmit() addresses groups and broadcasts by their hardware addresses", () => {
  const bench = createIpBench(["10.0.0.1/24", "fd00::1/64"]);
  const cases: readonly (readonly [string, string])[] = [
    ["255.255.255.255", "ffffffffffff"],
    ["10.0.0.255", "ffffffffffff"],
    ["239.129.2.3", "01005e010203"],
    ["ff02::fb", "3333000000fb"],
  ];
  for (const [remote, mac] of cases) {
    const route = bench.layer.routeTo(A(remote), null)!;
    bench.layer.transmit(frameWith(tcp()), null, route, 17, 0, 1, 0);
    assertEquals(bench.device.take()[0].slice(0, 6), hex(mac), remote);
  }
});

Deno.test("transmit() clears DF on a path below the least MTU", () => {
  const { bench, v4 } = ready();
  bench.layer.reducePathMtu(v4, 68, 0);
  bench.layer.transmit(frameWith(tcp()), null, v4, 6, 0, 64, 0);
  assertEquals(new DataView(bench.device.take()[0].buffer).getUint16(20), 0);
});

/** The data of the fragments of one IPv4 datagram, checked for form and put together. */
function joinV4(frames: readonly Uint8Array[], mtu: number): Uint8Array {
  const ids = new Set<number>();
  let at = 0;
  const parts = frames.map((frame, i) => {
    const view = new DataView(frame.buffer, 14);
    assert(frame.length - 14 <= mtu);
    assertEquals(view.getUint16(2), frame.length - 14);
    assertEquals(naiveChecksum(frame.slice(14, 34)), 0);
    const field = view.getUint16(6);
    assertEquals(field >> 13, i < frames.length - 1 ? 1 : 0); // M, no DF
    assertEquals((field & 0x1fff) * 8, at);
    ids.add(view.getUint16(4));
    at += frame.length - 34;
    return frame.slice(34);
  });
  assertEquals(ids.size, 1);
  return concat(...parts);
}

Deno.test("sendDatagram() fragments what does not fit, checksum completed", () => {
  const { bench, v4, v6 } = ready();
  const data = pattern(3001);
  const head = hex("9c40 0009 0bc1 0000");
  const whole = concat(head, data);
  for (const route of [v4, v6]) {
    const frame = frameWith(head);
    const [from, to] = route === v4
      ? [DESTINATION4, SOURCE4]
      : [DESTINATION6, SOURCE6];
    const pseudo = naivePseudoSum(from, to, 17, whole.length);
    frame.view.setUint16(frame.start + 6, pseudo);
    frame.checksumPartial = true;
    const payload = wrapped(data, 1001);
    const send = () =>
      bench.layer.sendDatagram(frame, payload, route, 17, 0, 64, 0);
    assertEquals(send(), TX_OK);
    const frames = bench.frames();
    assertEquals(frames.length, 3);
    const joined = route === v4 ? joinV4(frames, 1500) : joinV6(frames, 1500);
    assertEquals(joined.slice(8), data);
    assertEquals(naiveChecksum(joined, pseudo), 0);
  }
  assertEquals(bench.layer.counters.get("IpFragCreates"), 3);
  assertEquals(bench.layer.counters.get("Ip6FragOKs"), 1);
});

function joinV6(frames: readonly Uint8Array[], mtu: number): Uint8Array {
  const ids = new Set<number>();
  let at = 0;
  const parts = frames.map((frame, i) => {
    const view = new DataView(frame.buffer, 14);
    assert(frame.length - 14 <= mtu);
    assertEquals(view.getUint16(4), frame.length - 54);
    assertEquals([view.getUint8(6), view.getUint8(40)], [44, 17]);
    const field = view.getUint16(42);
    assertEquals(field & 7, i < frames.length - 1 ? 1 : 0);
    assertEquals(field & 0xfff8, at);
    ids.add(view.getUint32(44));
    at += frame.length - 62;
    return frame.slice(62);
  });
  assertEquals(ids.size, 1);
  return concat(...parts);
}

Deno.test("sendDatagram() sets DF on what fits and says what cannot be sent", () => {
  const { bench, v4, v6 } = ready();
  const send = (length: number, route: Route) => {
    const frame = frameWith(new Uint8Array(8));
    const payload = wrapped(new Uint8Array(length), 1);
    return bench.layer.sendDatagram(frame, payload, route, 17, 0, 64, 0);
  };
  assertEquals(send(1472, v4), TX_OK);
  assertEquals(
    new DataView(bench.frames()[0].buffer).getUint16(20),
    0x4000,
  );
  assertEquals(send(65_507, v4), TX_OK);
  assertEquals(bench.frames().length, 45);
  assertEquals(send(65_508, v4), TX_TOO_BIG);
  assertEquals(send(65_527, v6), TX_OK);
  assertEquals(send(65_528, v6), TX_TOO_BIG);
});

Deno.test("sendDatagram() refuses what makes more fragments than a queue holds", () => {
  const device = new RecordingDevice(MEDIUM_IP, 280);
  const bench = createIpBench(["10.0.0.1/24"], {}, device);
  const route = bench.layer.routeTo(A("10.0.0.2"), null)!;
  const send = (length: number): number =>
    bench.layer.sendDatagram(
      frameWith(new Uint8Array(length)),
      null,
      route,
      17,
      0,
      64,
      0,
    );
  assertEquals(send(EGRESS_CAPACITY * 256 - 100), TX_OK);
  assertEquals(bench.frames().length, EGRESS_CAPACITY);
  device.caps = { ...device.caps, ipMtu: 68 };
  bench.layer.handleTimers(0);
  assertEquals(send(EGRESS_CAPACITY * 48 + 1), TX_TOO_BIG);
  assertEquals(send(EGRESS_CAPACITY * 48), TX_OK);
});

Deno.test("sendDatagram() lets copies wait for the next hop, then sends them", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  const route = bench.layer.routeTo(A("10.0.0.2"), null)!;
  const fillers = new Array<number>(NEIGHBOUR_QUEUE_CAPACITY - 3).fill(8);
  for (const length of [9, ...fillers, 10, 2000, 12]) {
    const frame = frameWith(concat(hex("9c400009"), pattern(length - 4)));
    assertEquals(
      bench.layer.sendDatagram(frame, null, route, 17, 0, 64, 0),
      TX_OK,
    );
    frame.bytes.fill(0);
  }
  assertEquals(bench.frames().length, 1); // the ARP request
  bench.put(REPLY);
  const frames = bench.frames().slice(fillers.length);
  assertEquals(frames.map((frame) => frame.length - 34), [10, 1480, 520, 12]);
  assertEquals(frames[3].slice(38), pattern(8));
  assertEquals(bench.layer.counters.get("NeighUnresolvedDiscards"), 1);
});

Deno.test("takeUnreachable() tells of datagrams whose next hop is silent", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  const route = bench.layer.routeTo(A("10.0.0.2"), null)!;
  const frame = frameWith(hex("9c40000900080000"));
  bench.layer.sendDatagram(frame, null, route, 17, 0, 64, 0);
  assert(!bench.layer.takeUnreachable(bench.packet));
  for (let i = 1; i <= 3; i++) bench.layer.handleTimers(i * SECOND);
  assert(bench.layer.takeUnreachable(bench.packet));
  const p = bench.packet;
  assertEquals([p.icmpKind, p.protocol, p.l4Length], [2, 17, 8]);
  assertEquals([p.local3, p.remote3], [0x0a000001, 0x0a000002]);
  assertEquals(p.frame.view.getUint16(p.l4), 40000);
  assert(!bench.layer.takeUnreachable(bench.packet));
  assertEquals(
    bench.layer.sendDatagram(frame, null, route, 17, 0, 64, 3 * SECOND),
    TX_UNREACHABLE,
  );
});

Deno.test("flush() keeps packets of a busy device, in order, and drops those of a dead one", () => {
  const bench = createIpBench(["10.0.0.1/24"]);
  bench.device.answer = TX_BUSY;
  bench.layer.addAddress(0, parseCidr("10.0.0.5/24"));
  bench.layer.addAddress(0, parseCidr("10.0.0.6/24"));
  assertEquals(bench.layer.flush(0), TX_BUSY);
  bench.device.answer = TX_OK;
  assertEquals(bench.sent().map((line) => line.slice(-19, -11)), [
    "10.0.0.5",
    "10.0.0.6",
  ]);
  bench.device.answer = TX_DOWN;
  bench.layer.addAddress(0, parseCidr("10.0.0.7/24"));
  assertEquals(bench.layer.flush(0), TX_DOWN);
  bench.device.answer = TX_OK;
  assertEquals(bench.layer.flush(0), TX_OK);
  assertEquals(bench.device.take(), []);
});

Deno.test("EgressQueue is bounded and gives memory back", () => {
  const arena = new Arena(1024 * 1024);
  const store = new PacketStore(arena, 512 * 1024);
  const queue = new EgressQueue(store);
  const frame = frameWith(pattern(64));
  for (let i = 0; i < EGRESS_CAPACITY; i++) {
    assert(queue.push(store.put(frame, null)!));
  }
  assertEquals(queue.free, 0);
  assert(!queue.push(store.put(frame, null)!));
  const device = new RecordingDevice();
  assertEquals(queue.flush(device, 0), TX_OK);
  assertEquals(device.sent.length, EGRESS_CAPACITY);
  assertEquals([store.used, arena.used], [0, 0]);
});

Deno.test("PacketStore.put() refuses beyond its limit and copies what lies elsewhere", () => {
  const arena = new Arena(64 * 1024);
  const store = new PacketStore(arena, 2000);
  const frame = frameWith(pattern(500));
  const payload = wrapped(pattern(700), 100);
  const packet = store.put(frame, payload)!;
  const copy = store.load(packet);
  assertEquals(
    copy.bytes.slice(copy.start, copy.end),
    concat(pattern(500), pattern(700)),
  );
  assertEquals(store.put(frame, payload), null);
  store.release(packet);
  assertEquals([store.used, arena.used], [0, 0]);
  const whole = new Arena(256);
  whole.allocate(256);
  assertEquals(new PacketStore(whole, 1e6).put(frame, null), null);
});

Deno.test("sendPortUnreachable() quotes the packet and is limited", () => {
  const { bench } = ready();
  const datagram = ipv4(17, concat(hex("9c400009 02580000"), pattern(592)));
  bench.put(ether(0x0800, datagram));
  bench.layer.sendPortUnreachable(bench.packet, 0);
  const [error] = bench.frames();
  assertEquals(error.length, 14 + 576); // RFC 1812 §4.3.2.3
  assertEquals(error.slice(34, 36), hex("0303"));
  assertEquals(naiveChecksum(error.slice(34)), 0);
  assertEquals(error.slice(42), datagram.slice(0, 548));
  for (let i = 0; i < 99; i++) bench.layer.sendPortUnreachable(bench.packet, 0);
  assertEquals(bench.frames().length, 49);
  assertEquals(bench.layer.counters.get("IcmpOutRateLimitGlobal"), 50);
  assertEquals(bench.layer.counters.get("IcmpOutDestUnreachs"), 50);
});

Deno.test("sendProtocolUnreachable() points at the next header in IPv6", () => {
  const { bench } = ready();
  bench.put(ether(0x0800, ipv4(132, pattern(12))));
  bench.layer.sendProtocolUnreachable(bench.packet, 0);
  const packet = ipv6(60, concat(hex("84 00 01 04 00000000"), pattern(12)));
  bench.put(ether(0x86dd, packet));
  bench.layer.sendProtocolUnreachable(bench.packet, 0);
  const [v4, v6] = bench.frames();
  assertEquals(v4.slice(34, 36), hex("0302"));
  assertEquals(v6.slice(54, 56), hex("0401"));
  assertEquals(v6.slice(58, 62), hex("00000028")); // RFC 4443 §3.4
  assertEquals(v6.slice(62), packet);
  const pseudo = naivePseudoSum(DESTINATION6, SOURCE6, 58, v6.length - 54);
  assertEquals(naiveChecksum(v6.slice(54), pseudo), 0);
  assertEquals(bench.layer.counters.get("IpInUnknownProtos"), 1);
});

Deno.test("no error is sent about groups, errors, or from a group's sender", () => {
  const { bench } = ready();
  const toAll = ipv4(132, pattern(12), { destination: hex("0a0000ff") });
  bench.put(ether(0x0800, toAll));
  bench.layer.sendProtocolUnreachable(bench.packet, 0);
  // A parameter problem about an ICMPv6 error is none, RFC 4443 §2.4(e.1).
  const error = icmpv6(1, 0, 0, pattern(8));
  const nested = concat(hex("3a 00 c2 04 00000000"), error);
  bench.put(ether(0x86dd, ipv6(60, nested)));
  assertEquals(bench.sent(), []);
});

Deno.test("receive() reports IPv6 headers it refuses, RFC 8200 §4.2", () => {
  const group = hex("ff020000000000000000000000000001");
  const cases: readonly (readonly [string, Uint8Array | null, string])[] = [
    ["1100 4204 00000000", null, ""], // discard
    ["1100 8204 00000000", null, "040200000000002a"], // report
    ["1100 8204 00000000", group, "040200000000002a"],
    ["1100 c204 00000000", null, "040200000000002a"],
    ["1100 c204 00000000", group, ""], // report unless multicast
  ];
  for (const [options, destination, expected] of cases) {
    const { bench } = ready();
    const packet = ipv6(60, concat(hex(options), pattern(8)), {
      ...(destination === null ? {} : { destination }),
    });
    const frame = ether(0x86dd, packet);
    if (destination !== null) frame.set(hex("333300000001"));
    bench.put(frame);
    const sent = bench.frames().map((bytes) => {
      bytes.set([0, 0], 56);
      return bytes.slice(54, 62);
    });
    assertEquals(sent, expected === "" ? [] : [hex(expected)], options);
    assertEquals(bench.layer.counters.get("Ip6InHdrErrors"), 1);
  }
});
