import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createFrame } from "../../../engine/base/frame.ts";
import { createCable } from "../../../engine/link/cable.ts";
import { MEDIUM_IP } from "../../../engine/link/device.ts";
import {
  POLL_BLOCKED,
  POLL_IDLE,
  POLL_MORE,
} from "../../../engine/stack/stack.ts";
import {
  ERR_ADDRESS_IN_USE,
  ERR_ADDRESS_NOT_AVAILABLE,
  ERR_NO_MEMORY,
  ERR_NO_ROUTE,
  EV_CLOSED,
  EV_READABLE,
  EV_WRITABLE,
} from "../../../engine/tcp/codes.ts";
import {
  ERR_CLOSED,
  ERR_NO_DESTINATION,
  ERR_NOT_PERMITTED,
  ERR_TOO_BIG,
  ERR_WOULD_BLOCK,
  EV_ERROR,
} from "../../../engine/udp/codes.ts";
import { DatagramInfo } from "../../../engine/udp/received.ts";
import { parseCidr, parseIpAddress } from "../../../engine/wire/ip_address.ts";
import {
  DESTINATION4,
  DESTINATION6,
  hex,
  icmpv4,
  ipv4,
  ipv6,
  SOURCE4,
  SOURCE6,
} from "../../tools/packet_builder.ts";
import { datagram, openBox, to, UdpBench } from "../../tools/udp_bench.ts";

const A = parseIpAddress;
const HELLO = new TextEncoder().encode("hello");

function fromPeer(localPort: number, payload = HELLO): Uint8Array {
  return ipv4(17, datagram(SOURCE4, DESTINATION4, 40_000, localPort, payload));
}

Deno.test("send() puts a datagram on the wire in the next poll, with both checksums", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack, { port: 1000 });
  assertEquals(socket.send(HELLO, 1, 3, to("10.0.0.2", 9)), 3);
  assertEquals(socket.send(HELLO, 0, 0, to("fd00::2", 9)), 0);
  assertEquals(bench.frames().filter((f) => f[9] === 17).length, 0);
  bench.poll();
  const [first, second] = bench.frames().filter((f) =>
    f[9] === 17 || f[0] >> 4 === 6 && f[6] === 17
  );
  const expected = datagram(
    DESTINATION4,
    SOURCE4,
    1000,
    9,
    HELLO.slice(1, 4),
  );
  assertEquals(first.slice(20), expected);
  const empty = datagram(DESTINATION6, SOURCE6, 1000, 9, new Uint8Array(0));
  assertEquals(second.slice(40), empty);
  assertEquals(bench.stack.udpCounters.get("UdpOutDatagrams"), 1);
  assertEquals(bench.stack.udpCounters.get("Udp6OutDatagrams"), 1);
});

Deno.test("send() puts hop limit and traffic class of its time on each datagram", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack);
  socket.send(HELLO, 0, 5, to("10.0.0.2", 9));
  socket.hopLimit = 3;
  socket.trafficClass = 0xb8;
  socket.send(HELLO, 0, 5, to("10.0.0.2", 9));
  socket.hopLimit = 0;
  socket.send(HELLO, 0, 5, to("239.1.2.3", 9));
  socket.multicastHopLimit = 9;
  socket.send(HELLO, 0, 5, to("239.1.2.3", 9));
  bench.poll();
  const headers = bench.frames().filter((f) => f[9] === 17).map((
    f,
  ) => [f[8], f[1]]);
  assertEquals(headers, [[64, 0], [3, 0xb8], [1, 0xb8], [9, 0xb8]]);
});

Deno.test("send() refuses what cannot be sent and says why", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack, { local: A("10.0.0.1") });
  const big = new Uint8Array(70_000);
  assertEquals(socket.send(HELLO, 0, 5), ERR_NO_DESTINATION);
  assertEquals(socket.send(HELLO, 0, 5, to("10.0.0.2", 0)), ERR_NO_DESTINATION);
  assertEquals(socket.send(HELLO, 0, 5, to("192.0.2.1", 9)), ERR_NO_ROUTE);
  assertEquals(
    socket.send(HELLO, 0, 5, to("fd00::2", 9)),
    ERR_ADDRESS_NOT_AVAILABLE,
  );
  assertEquals(socket.send(big, 0, 65_508, to("10.0.0.2", 9)), ERR_TOO_BIG);
  assertEquals(socket.send(big, 0, 65_507, to("10.0.0.2", 9)), 65_507);
  assertEquals(
    socket.send(HELLO, 0, 5, to("10.0.0.255", 9)),
    ERR_NOT_PERMITTED,
  );
  assertEquals(
    socket.send(HELLO, 0, 5, to("255.255.255.255", 9)),
    ERR_NOT_PERMITTED,
  );
  socket.broadcast = "allowed";
  assertEquals(socket.send(HELLO, 0, 5, to("10.0.0.255", 9)), 5);
  assertEquals(socket.send(HELLO, 0, 5, to("255.255.255.255", 9)), 5);
  socket.close();
  assertEquals(socket.send(HELLO, 0, 5, to("10.0.0.2", 9)), ERR_CLOSED);
});

Deno.test("send() fragments, or refuses when told never to", () => {
  const bench = new UdpBench({ medium: MEDIUM_IP, ipMtu: 1280 });
  const { socket } = openBox(bench.stack);
  const big = new Uint8Array(3000);
  socket.fragmentation = "never";
  for (const [host, most] of [["10.0.0.2", 1252], ["fd00::2", 1232]] as const) {
    assertEquals(socket.send(big, 0, most + 1, to(host, 9)), ERR_TOO_BIG);
    assertEquals(socket.send(big, 0, most, to(host, 9)), most);
  }
  socket.fragmentation = "path";
  socket.send(big, 0, 3000, to("10.0.0.2", 9));
  bench.poll();
  const lengths = bench.frames().filter((f) => f[9] === 17).map((f) =>
    f.length
  );
  assertEquals(lengths, [1280, 1276, 1276, 516]);
});

Deno.test("a full send queue says so, and EV_WRITABLE when half of it is free", () => {
  const bench = new UdpBench({ frameCount: 2 });
  bench.poll();
  bench.frames();
  const { socket, box } = openBox(bench.stack);
  socket.sendLimit = 5000;
  for (let i = 0; i < 5; i++) {
    assertEquals(
      socket.send(new Uint8Array(1000), 0, 1000, to("10.0.0.2", 9)),
      1000,
    );
  }
  assertEquals(
    socket.send(HELLO, 0, 5, to("10.0.0.2", 9)),
    ERR_WOULD_BLOCK,
  );
  assertEquals(
    socket.send(new Uint8Array(5001), 0, 5001, to("10.0.0.2", 9)),
    ERR_TOO_BIG,
  );
  bench.poll(); // the cable takes two
  assertEquals([socket.sendQueue.count, box.events], [3, []]);
  assertEquals(bench.frames().length, 2);
  bench.poll();
  assertEquals([socket.sendQueue.count, box.events], [1, [EV_WRITABLE]]);
  bench.frames();
  bench.poll();
  assertEquals([socket.sendQueue.count, box.events], [0, [EV_WRITABLE]]);
});

Deno.test("receive() tells whence a datagram came and loses what does not fit", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack, { port: 7 });
  socket.sink = null;
  const info = new DatagramInfo();
  const buffer = new Uint8Array(8);
  assertEquals(socket.receive(buffer, 0, 8), ERR_WOULD_BLOCK);
  assertEquals(socket.nextLength, ERR_WOULD_BLOCK);
  bench.put(fromPeer(7));
  bench.put(fromPeer(7, new Uint8Array(0)));
  bench.poll();
  assertEquals([socket.receiveCount, socket.nextLength], [2, 5]);
  assertEquals(socket.receive(buffer, 2, 3, info), 3);
  assertEquals(buffer, hex("0000 68656c 000000"));
  assertEquals([info.length, info.remotePort, info.hopLimit], [5, 40_000, 64]);
  assertEquals([`${info.remote}`, `${info.local}`], ["10.0.0.2", "10.0.0.1"]);
  assertEquals([info.interfaceIndex, info.flags], [bench.index, 0]);
  assertEquals(socket.receive(buffer, 0, 8), 0);
  assertEquals(socket.receive(buffer, 0, 8), ERR_WOULD_BLOCK);
});

Deno.test("EV_READABLE comes once for what arrived, in the step of events", () => {
  const bench = new UdpBench();
  const { socket, box } = openBox(bench.stack, { port: 7 });
  for (let i = 0; i < 3; i++) bench.put(fromPeer(7));
  bench.poll();
  assertEquals([box.events, box.letters.length], [[EV_READABLE], 3]);
  bench.poll();
  assertEquals(box.events, [EV_READABLE]);
  assertEquals(socket.receiveCount, 0);
});

Deno.test("a full receive queue drops and counts", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack, { port: 7 });
  socket.sink = null;
  socket.receiveLimit = 12;
  for (let i = 0; i < 4; i++) bench.put(fromPeer(7));
  bench.poll();
  const { udpCounters: counters } = bench.stack;
  assertEquals(socket.receiveCount, 2);
  assertEquals(counters.get("UdpInDatagrams"), 2);
  assertEquals(counters.get("UdpRcvbufErrors"), 2);
  assertEquals(counters.get("UdpInErrors"), 2);
  bench.put(ipv6(17, datagram(SOURCE6, DESTINATION6, 40_000, 7, HELLO)));
  bench.poll();
  assertEquals(counters.get("Udp6RcvbufErrors"), 1);
  assertEquals(counters.get("Udp6InErrors"), 1);
});

Deno.test("a checksum of 0 is taken over IPv4 and refused over IPv6, RFC 8200 §8.1", () => {
  const bench = new UdpBench();
  const { box } = openBox(bench.stack, { port: 7 });
  const four = datagram(SOURCE4, DESTINATION4, 40_000, 7, HELLO);
  const six = datagram(SOURCE6, DESTINATION6, 40_000, 7, HELLO);
  for (const field of [[0, 0], [1, 1]]) {
    four.set(field, 6);
    six.set(field, 6);
    bench.put(ipv4(17, four));
    bench.put(ipv6(17, six));
  }
  bench.poll();
  const { udpCounters: counters } = bench.stack;
  assertEquals(box.letters.map(({ from }) => from), ["10.0.0.2"]);
  assertEquals(counters.get("UdpInCsumErrors"), 1);
  assertEquals(counters.get("Udp6InCsumErrors"), 2);
});

Deno.test("a length field beyond the packet or below the header is an error", () => {
  const bench = new UdpBench();
  const { box } = openBox(bench.stack, { port: 7 });
  for (const length of [7, 14]) {
    const bytes = datagram(SOURCE4, DESTINATION4, 40_000, 7, HELLO);
    bytes[5] = length;
    bytes.set([0, 0], 6);
    bench.put(ipv4(17, bytes));
  }
  bench.put(ipv4(17, hex("9c40 0007 00")));
  bench.poll();
  assertEquals(box.letters.length, 0);
  assertEquals(bench.stack.udpCounters.get("UdpInErrors"), 3);
});

Deno.test("a datagram shorter than its packet leaves the rest out", () => {
  const bench = new UdpBench();
  const { box } = openBox(bench.stack, { port: 7 });
  const bytes = datagram(SOURCE4, DESTINATION4, 40_000, 7, HELLO);
  bench.put(ipv4(17, new Uint8Array([...bytes, 1, 2, 3])));
  bench.poll();
  assertEquals(box.letters.map(({ bytes }) => bytes), [HELLO]);
});

Deno.test("a port nobody has is answered with port unreachable, a group is not", () => {
  const bench = new UdpBench();
  bench.poll();
  bench.frames();
  bench.put(fromPeer(7));
  const group = hex("e0000001");
  bench.put(
    ipv4(17, datagram(SOURCE4, group, 40_000, 7, HELLO), {
      destination: group,
    }),
  );
  bench.poll();
  const frames = bench.frames();
  assertEquals(frames.map((f) => [f[9], f[20], f[21]]), [[1, 3, 3]]);
  assertEquals(bench.stack.udpCounters.get("UdpNoPorts"), 1);
  assertEquals(bench.stack.udpCounters.get("UdpIgnoredMulti"), 1);
});

Deno.test("connect() fixes the peer both ways, disconnect() undoes it", () => {
  const bench = new UdpBench();
  const { socket, box } = openBox(bench.stack, { port: 7 });
  assertEquals(socket.connect(to("192.0.2.1", 9)), ERR_NO_ROUTE);
  assertEquals([socket.peer, socket.local], [null, null]);
  assertEquals(socket.connect(to("10.0.0.2", 40_001)), 0);
  assertEquals(`${socket.local}`, "10.0.0.1");
  assertEquals(socket.send(HELLO, 0, 5), 5);
  bench.put(fromPeer(7));
  bench.poll();
  assertEquals(box.letters.length, 0);
  assertEquals(bench.stack.udpCounters.get("UdpNoPorts"), 1);
  socket.connect(to("10.0.0.2", 40_000));
  bench.put(fromPeer(7));
  bench.poll();
  assertEquals(box.letters.length, 1);
  socket.disconnect();
  assertEquals(socket.send(HELLO, 0, 5), ERR_NO_DESTINATION);
  assertEquals([socket.peer, socket.peerPort, socket.local], [null, 0, null]);
});

Deno.test("ports are exclusive unless all share, families and addresses apart", () => {
  const { stack } = new UdpBench();
  const open = (local: string | null, families?: "v6-only") =>
    stack.openDatagram({
      port: 53,
      ...(local === null ? {} : { local: A(local) }),
      ...(families === undefined ? {} : { families }),
    });
  const close = (socket: ReturnType<typeof open>) => {
    assert(typeof socket !== "number");
    socket.close();
  };
  const any = open(null);
  assertEquals(open("10.0.0.1"), ERR_ADDRESS_IN_USE);
  assertEquals(open("0.0.0.0"), ERR_ADDRESS_IN_USE);
  assertEquals(open("::", "v6-only"), ERR_ADDRESS_IN_USE);
  close(any);
  const v4 = open("0.0.0.0");
  assertEquals(open("10.0.0.1"), ERR_ADDRESS_IN_USE);
  assertEquals(open("::"), ERR_ADDRESS_IN_USE);
  const v6 = open("::", "v6-only");
  assertEquals(open("fd00::1"), ERR_ADDRESS_IN_USE);
  close(v4);
  close(v6);
  const one = open("10.0.0.1");
  const other = open("127.0.0.1");
  close(one);
  close(other);
  assertEquals(open("10.0.0.7"), ERR_ADDRESS_NOT_AVAILABLE);
  const first = openBox(stack, { port: 53, shared: "reuse" }).socket;
  const second = openBox(stack, { port: 53, shared: "reuse" }).socket;
  assertEquals(open(null), ERR_ADDRESS_IN_USE);
  first.close();
  second.close();
  close(open(null));
});

Deno.test("openDatagram() finds free ephemeral ports and says when none is left", () => {
  const bench = new UdpBench();
  const { ephemeralFirst, ephemeralLast } = bench.stack.tcp.config;
  const ports = new Set<number>();
  for (let i = 0; i < 100; i++) {
    ports.add(openBox(bench.stack).socket.localPort);
  }
  assertEquals(ports.size, 100);
  for (const port of ports) {
    assert(port >= ephemeralFirst && port <= ephemeralLast);
  }
  const { stack } = new UdpBench({ ephemeral: [600, 602] });
  const sockets = [1, 2, 3].map(() => openBox(stack).socket);
  const taken = sockets.map(({ localPort }) => localPort);
  assertEquals(taken.sort(), [600, 601, 602]);
  assertEquals(stack.openDatagram(), ERR_ADDRESS_NOT_AVAILABLE);
  sockets[1].close();
  assertEquals(openBox(stack).socket.localPort, sockets[1].localPort);
  assertEquals(stack.datagramSocketCount, 3);
});

Deno.test("events are told once each, whether or not somebody reads", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack, { port: 1000 });
  const events: number[] = [];
  socket.sink = { handleDatagramEvents: (_, bits) => void events.push(bits) };
  bench.put(fromPeer(1000));
  bench.poll();
  bench.put(ipv4(
    1,
    icmpv4(
      3,
      1,
      0,
      ipv4(17, datagram(DESTINATION4, SOURCE4, 1000, 9, HELLO), {
        source: DESTINATION4,
        destination: SOURCE4,
      }),
    ),
  ));
  bench.poll();
  socket.send(HELLO, 0, 5, to("10.0.0.2", 9));
  bench.poll();
  bench.put(fromPeer(1000));
  bench.poll();
  assertEquals(events, [EV_READABLE, EV_ERROR, EV_READABLE]);
});

Deno.test("poll() says blocked while a device is busy, and idle when all is sent", () => {
  const bench = new UdpBench({ frameCount: 1 });
  bench.poll();
  bench.frames();
  const { socket } = openBox(bench.stack);
  bench.poll();
  assertEquals(bench.stack.poll(0, 64), POLL_IDLE);
  for (let i = 0; i < 2; i++) socket.send(HELLO, 0, 5, to("10.0.0.2", 65_535));
  assertEquals(bench.stack.poll(0, 64), POLL_MORE);
  assertEquals(bench.stack.poll(0, 64), POLL_BLOCKED);
  assertEquals(bench.stack.poll(0, 64), POLL_BLOCKED);
  bench.frames();
  assertEquals(bench.stack.poll(0, 64), POLL_MORE);
  assertEquals(bench.stack.poll(0, 64), POLL_IDLE);
});

Deno.test("a budget smaller than what waits forgets nobody", () => {
  const bench = new UdpBench();
  bench.poll();
  bench.frames();
  const sockets = [1, 2, 3, 4, 5].map(() => openBox(bench.stack).socket);
  for (const socket of sockets) {
    for (let i = 0; i < 3; i++) socket.send(HELLO, 0, 5, to("10.0.0.2", 9));
  }
  const rounds: number[] = [];
  const ports: number[] = [];
  while (rounds.length < 20 && bench.stack.poll(0, 2) === POLL_MORE) {
    const frames = bench.frames();
    rounds.push(frames.length);
    ports.push(...frames.map((f) => f[20] << 8 | f[21]));
  }
  assertEquals(rounds, [2, 2, 2, 2, 2, 2, 2, 1]);
  const own = sockets.map(({ localPort }) => localPort);
  assertEquals(ports.sort(), [...own, ...own, ...own].sort());
});

Deno.test("a datagram the path turns out not to carry is an error of the socket", () => {
  const bench = new UdpBench({ ipMtu: 100 });
  const { socket, box } = openBox(bench.stack);
  const big = new Uint8Array(30_000); // 375 fragments, more than a queue holds
  assertEquals(socket.send(big, 0, 30_000, to("10.0.0.2", 9)), 30_000);
  bench.poll();
  const [error] = box.errors;
  assertEquals([error.kind, error.icmpType, error.mtu], [5, 0, 100]);
  assertEquals([`${error.remote}`, error.remotePort], ["10.0.0.2", 9]);
  assertEquals(bench.stack.udpCounters.get("UdpSndbufErrors"), 1);
  assertEquals(bench.stack.udpCounters.get("UdpOutDatagrams"), 0);
});

Deno.test("a datagram whose interface is gone is an error of the socket, by family", () => {
  const bench = new UdpBench();
  const { socket, box } = openBox(bench.stack);
  for (const host of ["10.0.0.2", "fd00::2"]) {
    socket.send(HELLO, 0, 5, to(host, 9));
  }
  bench.stack.removeDevice(bench.index);
  bench.poll();
  assertEquals(box.errors.map(({ kind, remote }) => [kind, `${remote}`]), [
    [2, "10.0.0.2"],
    [2, "fd00::2"],
  ]);
  assertEquals(bench.stack.udpCounters.get("UdpSndbufErrors"), 1);
  assertEquals(bench.stack.udpCounters.get("Udp6SndbufErrors"), 1);
});

Deno.test("memory that runs out refuses what is sent and drops what comes, counted", () => {
  const bench = new UdpBench({ memory: 16 * 1024 * 1024 });
  const { socket } = openBox(bench.stack, { port: 7 });
  socket.sink = null;
  socket.sendLimit = 2 ** 30;
  socket.receiveLimit = 2 ** 30;
  const greedy = Array.from({ length: 200 }, () => openBox(bench.stack).socket);
  const big = new Uint8Array(60_000);
  let code = 0;
  for (const { sendQueue: queue } of greedy) queue.limit = 2 ** 30;
  for (const one of greedy) {
    for (let i = 0; i < 20 && code >= 0; i++) {
      code = one.send(big, 0, 60_000, to("10.0.0.2", 9));
    }
  }
  assertEquals(code, ERR_NO_MEMORY);
  // What is left is too small for sixty thousand bytes, not for these.
  for (const one of greedy) {
    while (one.send(big, 0, 250, to("fd00::2", 9)) >= 0);
  }
  const { udpCounters: counters } = bench.stack;
  assertEquals(counters.get("UdpSndbufErrors"), 1);
  assert(counters.get("Udp6SndbufErrors") > 0);
  bench.put(fromPeer(7));
  bench.put(ipv6(17, datagram(SOURCE6, DESTINATION6, 40_000, 7, HELLO)));
  bench.stack.poll(0, 64);
  for (const udp of ["Udp", "Udp6"]) {
    assertEquals(counters.get(`${udp}MemErrors`), 1);
    assertEquals(counters.get(`${udp}InErrors`), 1);
  }
  assertEquals(socket.receiveCount, 0);
});

Deno.test("link-local neighbours are sought on the link named, by target or socket", () => {
  const bench = new UdpBench();
  const [near, far] = createCable({ medium: MEDIUM_IP });
  const second = bench.stack.addDevice(near, {
    addresses: [parseCidr("fe80::1/64")],
  }, 0);
  bench.stack.ip.addAddress(bench.index, parseCidr("fe80::2/64"), 0);
  bench.poll();
  const frame = createFrame();
  const onSecond = () => {
    let count = 0;
    while (far.receive(frame, 0) > 0) count++;
    return count;
  };
  bench.frames();
  onSecond();
  const { socket } = openBox(bench.stack);
  const target = to("fe80::99", 9);
  for (
    const [named, own] of [[bench.index, second], [second, bench.index], [
      -1,
      bench.index,
    ], [-1, second]]
  ) {
    socket.interfaceIndex = own;
    socket.send(HELLO, 0, 5, { ...target, interfaceIndex: named });
    bench.poll();
    const wanted = named < 0 ? own : named;
    assertEquals(bench.frames().length, wanted === bench.index ? 1 : 0);
    assertEquals(onSecond(), wanted === second ? 1 : 0);
  }
});

Deno.test("openDatagram() with a peer that cannot be reached leaves nothing behind", () => {
  const { stack } = new UdpBench();
  const peer = to("192.0.2.1", 9);
  assertEquals(stack.openDatagram({ port: 53, peer }), ERR_NO_ROUTE);
  assertEquals(stack.datagramSocketCount, 0);
  assertNotEquals(typeof stack.openDatagram({ port: 53 }), "number");
});

Deno.test("an ICMP error reaches the socket whose datagram it quotes, and no other", () => {
  const bench = new UdpBench();
  const one = openBox(bench.stack, { port: 1000 });
  const other = openBox(bench.stack, { port: 1001 });
  const quoted = (port: number) =>
    ipv4(17, datagram(DESTINATION4, SOURCE4, port, 9, HELLO), {
      source: DESTINATION4,
      destination: SOURCE4,
    });
  bench.put(ipv4(1, icmpv4(3, 3, 0, quoted(1000))));
  bench.put(ipv4(1, icmpv4(3, 3, 0, quoted(1002))));
  bench.poll();
  assertEquals(other.box.events, []);
  assertEquals(one.box.events, [EV_ERROR]);
  const [error] = one.box.errors;
  assertEquals(
    [error.kind, error.icmpType, error.icmpCode, error.remotePort],
    [4, 3, 3, 9],
  );
  assertEquals(`${error.remote}`, "10.0.0.2");
});

Deno.test("a connected socket hears errors of its peer only, and keeps few", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack, {
    port: 1000,
    peer: to("10.0.0.2", 9),
  });
  socket.sink = null;
  const error = (port: number) =>
    ipv4(
      1,
      icmpv4(
        3,
        3,
        0,
        ipv4(17, datagram(DESTINATION4, SOURCE4, 1000, port, HELLO), {
          source: DESTINATION4,
          destination: SOURCE4,
        }),
      ),
    );
  bench.put(error(10));
  bench.poll();
  assertEquals(socket.takeError(), null);
  for (let i = 0; i < 30; i++) bench.put(error(9));
  bench.poll();
  let kept = 0;
  while (socket.takeError() !== null) kept++;
  assertEquals(kept, 8);
});

Deno.test("a too-big error lowers the path MTU and later datagrams are cut to it", () => {
  const bench = new UdpBench();
  const { socket, box } = openBox(bench.stack, { port: 1000 });
  const quoted = ipv4(17, datagram(DESTINATION4, SOURCE4, 1000, 9, HELLO), {
    source: DESTINATION4,
    destination: SOURCE4,
  });
  bench.put(ipv4(1, icmpv4(3, 4, 600, quoted)));
  bench.poll();
  bench.frames();
  assertEquals([box.errors[0].kind, box.errors[0].mtu], [5, 600]);
  socket.send(new Uint8Array(1000), 0, 1000, to("10.0.0.2", 9));
  bench.poll();
  assertEquals(bench.frames().map((f) => f.length), [596, 452]);
});

Deno.test("close() drops what was received, sends what was sent, and ends", () => {
  const bench = new UdpBench({ frameCount: 1 });
  bench.poll();
  bench.frames();
  const before = bench.stack.memoryUsed;
  const { socket, box } = openBox(bench.stack, { port: 7 });
  socket.sink = null;
  bench.put(fromPeer(7));
  bench.poll();
  for (let i = 0; i < 3; i++) socket.send(HELLO, 0, 5, to("10.0.0.2", 9));
  socket.close();
  socket.close();
  assertEquals(bench.stack.datagramSocketCount, 0);
  assertEquals(socket.receive(new Uint8Array(9), 0, 9), ERR_CLOSED);
  let sent = 0;
  for (let i = 0; i < 4; i++) {
    bench.poll();
    sent += bench.frames().length;
  }
  assertEquals([sent, box.events], [3, []]);
  assertEquals(bench.stack.memoryUsed, before);
  bench.put(fromPeer(7));
  bench.poll();
  assertEquals(bench.stack.udpCounters.get("UdpNoPorts"), 1);
});

Deno.test("closing the stack closes its sockets and tells them", () => {
  const bench = new UdpBench();
  const { socket, box } = openBox(bench.stack, { port: 7 });
  socket.send(HELLO, 0, 5, to("10.0.0.2", 9));
  bench.stack.close(0);
  assert(socket.closed);
  assertEquals(box.events, [EV_CLOSED]);
  assertEquals(bench.frames().filter((f) => f[9] === 17).length, 1);
  assertEquals(socket.send(HELLO, 0, 5, to("10.0.0.2", 9)), ERR_CLOSED);
});
