import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DATAGRAM_MULTICAST } from "../../../engine/udp/received.ts";
import type { DatagramSocket } from "../../../engine/udp/socket.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
  writeIpv6,
} from "../../../engine/wire/ip_address.ts";
import type { DatagramOptions } from "../../../engine/stack/udp_layer.ts";
import { ipv4, ipv6 } from "../../tools/packet_builder.ts";
import {
  datagram,
  type Mailbox,
  openBox,
  to,
  UdpBench,
} from "../../tools/udp_bench.ts";

const A = parseIpAddress;

/** A packet of one byte from 10.0.0.2 or fd00::2, port `remotePort`, to port 7 of `destination`. */
function packetTo(destination: string, remotePort = 5000): Uint8Array {
  const isV4 = A(destination).family === 4;
  const source = bytesOf(A(isV4 ? "10.0.0.2" : "fd00::2"));
  const target = bytesOf(A(destination));
  const udp = datagram(source, target, remotePort, 7, Uint8Array.of(1));
  return isV4
    ? ipv4(17, udp, { destination: target })
    : ipv6(17, udp, { destination: target });
}

function bytesOf(address: IpAddress): Uint8Array {
  const bytes = new Uint8Array(16);
  writeIpv6(new DataView(bytes.buffer), 0, address);
  return address.family === 4 ? bytes.slice(12) : bytes;
}

/** Opens sockets on port 7, puts the packets in, and says how many each socket got. */
function counts(
  options: readonly DatagramOptions[],
  packets: readonly Uint8Array[],
  prepare: (socket: DatagramSocket, index: number, bench: UdpBench) => void =
    () => {},
): number[] {
  const bench = new UdpBench();
  const boxes: Mailbox[] = options.map((option, index) => {
    const { socket, box } = openBox(bench.stack, {
      port: 7,
      shared: "reuse",
      ...option,
    });
    prepare(socket, index, bench);
    return box;
  });
  for (const packet of packets) bench.put(packet);
  bench.poll();
  return boxes.map(({ letters }) => letters.length);
}

Deno.test("a packet goes to the socket that asks for most", () => {
  const any = {};
  const bound = { local: A("10.0.0.1") };
  const connected = { peer: to("10.0.0.2", 5000) };
  const both = { ...bound, ...connected };
  const packet = packetTo("10.0.0.1");
  assertEquals(counts([any], [packet]), [1]);
  assertEquals(counts([bound, any], [packet]), [1, 0]);
  assertEquals(counts([any, bound], [packet]), [0, 1]);
  assertEquals(counts([connected, any], [packet]), [1, 0]);
  assertEquals(counts([both, bound, connected, any], [packet]), [0, 0, 1, 0]);
  assertEquals(counts([connected, both], [packet]), [0, 1]);
  assertEquals(
    counts([any, connected], [packetTo("10.0.0.1", 5001)]),
    [1, 0],
  );
  assertEquals(counts([{ local: A("127.0.0.1") }, any], [packet]), [0, 1]);
});

Deno.test("between equals the one bound last gets it", () => {
  const packet = packetTo("10.0.0.1");
  assertEquals(counts([{}, {}, {}], [packet, packet]), [0, 0, 2]);
});

Deno.test("a socket takes the families it was opened for", () => {
  const packets = [packetTo("10.0.0.1"), packetTo("fd00::1")];
  assertEquals(counts([{}], packets), [2]);
  assertEquals(counts([{ local: A("::") }], packets), [2]);
  assertEquals(
    counts([{ local: A("0.0.0.0") }, {
      local: A("::"),
      families: "v6-only",
    }], packets),
    [1, 1],
  );
  assertEquals(counts([{ local: A("::"), families: "v6-only" }], packets), [1]);
  assertEquals(counts([{ local: A("0.0.0.0") }], packets), [1]);
});

Deno.test("a broadcast goes to every socket but those bound to another address", () => {
  const sockets: DatagramOptions[] = [
    {},
    { local: A("0.0.0.0") },
    { local: A("10.0.0.1") },
    { local: A("::"), families: "v6-only" },
    { peer: to("10.0.0.3", 5000) },
  ];
  for (const address of ["10.0.0.255", "255.255.255.255"]) {
    assertEquals(counts(sockets, [packetTo(address)]), [1, 1, 0, 0, 0]);
  }
});

Deno.test("a group's packet goes to the sockets that joined it, on that interface", () => {
  for (const group of ["239.1.2.3", "ff02::1234"]) {
    const got = counts(
      [{}, {}, { local: A(group) }, {}],
      [packetTo(group)],
      (socket, index, bench) => {
        if (index === 1 || index === 2) {
          assertEquals(socket.joinGroup(A(group), bench.index), 0);
        }
        if (index === 3) socket.joinGroup(A(group), 0);
      },
    );
    assertEquals(got, [0, 1, 1, 0]);
  }
});

Deno.test("all hosts are in 224.0.0.1 and ff02::1", () => {
  for (const group of ["224.0.0.1", "ff02::1"]) {
    assertEquals(counts([{}, {}], [packetTo(group)]), [1, 1]);
  }
});

Deno.test("a group is left socket by socket, and by closing", () => {
  const bench = new UdpBench();
  const group = A("239.1.2.3");
  const options = { port: 7, shared: "reuse" } as const;
  const one = openBox(bench.stack, options);
  const two = openBox(bench.stack, options);
  const received = () => {
    bench.put(packetTo("239.1.2.3"));
    bench.poll();
    return [one.box.letters.length, two.box.letters.length];
  };
  assertEquals(one.socket.joinGroup(group, 99) < 0, true);
  assertEquals(one.socket.joinGroup(A("10.0.0.9"), bench.index) < 0, true);
  for (const { socket } of [one, two]) {
    assertEquals(socket.joinGroup(group, bench.index), 0);
    assertEquals(socket.joinGroup(group, bench.index), 0);
  }
  assertEquals(received(), [1, 1]);
  assertEquals(one.socket.leaveGroup(group, bench.index), 0);
  assert(one.socket.leaveGroup(group, bench.index) < 0);
  assertEquals(received(), [1, 2]);
  two.socket.close();
  assertEquals(received(), [1, 2]);
  assertEquals(bench.stack.udpCounters.get("UdpIgnoredMulti"), 0);
  assertEquals(bench.stack.ip.counters.get("IpInAddrErrors"), 1);
});

Deno.test("what is sent to a group comes back to members here, unless told not to", () => {
  const bench = new UdpBench();
  const group = A("239.1.2.3");
  const { socket, box } = openBox(bench.stack, { port: 7 });
  const { socket: sender } = openBox(bench.stack);
  const bytes = new TextEncoder().encode("to all");
  socket.joinGroup(group, bench.index);
  sender.send(bytes, 0, 6, to("239.1.2.3", 7));
  sender.send(bytes, 0, 6, to("239.1.2.3", 8));
  bench.poll();
  assertEquals(box.letters, [{
    bytes,
    from: "10.0.0.1",
    port: sender.localPort,
    to: "239.1.2.3",
  }]);
  assertEquals([box.info.flags, box.info.hopLimit], [DATAGRAM_MULTICAST, 1]);
  sender.multicastLoop = "off";
  sender.send(bytes, 0, 6, to("239.1.2.3", 7));
  bench.poll();
  assertEquals(box.letters.length, 1);
  // On the wire it went every time, to the group's own hardware address or none.
  const sent = bench.frames().filter((f) => f[9] === 17 && f[16] === 239);
  assertEquals(sent.length, 3);
});

Deno.test("the copies of an IPv6 group's datagram are like those from the wire", () => {
  const bench = new UdpBench();
  const { socket, box } = openBox(bench.stack, { port: 7 });
  const { socket: sender } = openBox(bench.stack);
  socket.joinGroup(A("ff05::5"), bench.index);
  sender.trafficClass = 0x28;
  sender.multicastHopLimit = 4;
  sender.send(Uint8Array.of(9), 0, 1, to("ff05::5", 7));
  bench.poll();
  assertEquals(box.letters.map(({ from, to }) => [from, to]), [
    ["fd00::1", "ff05::5"],
  ]);
  const { info } = box;
  assertEquals(
    [info.flags, info.hopLimit, info.trafficClass, info.interfaceIndex],
    [DATAGRAM_MULTICAST, 4, 0x28, bench.index],
  );
  assertEquals(bench.stack.udpCounters.get("Udp6InDatagrams"), 1);
  // A group of its own is no copy for others.
  sender.send(Uint8Array.of(9), 0, 1, to("ff05::6", 7));
  bench.poll();
  assertEquals(box.letters.length, 1);
});

Deno.test("a group nobody joined is counted as ignored, by family", () => {
  const bench = new UdpBench();
  const { socket } = openBox(bench.stack, { port: 8 });
  for (const group of ["239.1.2.3", "ff02::1234"]) {
    socket.joinGroup(A(group), bench.index);
    bench.put(packetTo(group));
  }
  bench.poll();
  assertEquals(bench.stack.udpCounters.get("UdpIgnoredMulti"), 1);
  assertEquals(bench.stack.udpCounters.get("Udp6IgnoredMulti"), 1);
});

Deno.test("a packet is delivered as a scan of all sockets would say", () => {
  const locals = [undefined, "10.0.0.1", "fd00::1", "0.0.0.0", "::"] as const;
  const socket = fc.record({
    local: fc.constantFrom(...locals),
    peerPort: fc.constantFrom(0, 5000, 5001),
  });
  const packet = fc.record({
    destination: fc.constantFrom("10.0.0.1", "fd00::1"),
    remotePort: fc.constantFrom(5000, 5001, 5002),
  });
  const sockets = fc.array(socket, { maxLength: 6 });
  const packets = fc.array(packet, { maxLength: 6 });
  fc.assert(
    fc.property(sockets, packets, (wanted, sent) => {
      const options = wanted.map(({ local, peerPort }) => ({
        ...(local === undefined ? {} : { local: A(local) }),
        ...(peerPort === 0 ? {} : { peer: to(peerOf(local), peerPort) }),
      }));
      const expected = options.map(() => 0);
      for (const { destination, remotePort } of sent) {
        const scores = wanted.map((w) => score(w, destination, remotePort));
        const best = Math.max(-1, ...scores);
        if (best >= 0) expected[scores.lastIndexOf(best)]++;
      }
      const put = sent.map((p) => packetTo(p.destination, p.remotePort));
      assertEquals(counts(options, put), expected);
    }),
    { numRuns: 60 },
  );
});

/** A peer of the family the socket speaks. */
function peerOf(local: string | undefined): string {
  return local === "fd00::1" || local === "::" ? "fd00::2" : "10.0.0.2";
}

function score(
  { local, peerPort }: { local: string | undefined; peerPort: number },
  destination: string,
  remotePort: number,
): number {
  const isV4 = A(destination).family === 4;
  if (local === "0.0.0.0" && !isV4) return -1;
  const isBound = local === "10.0.0.1" || local === "fd00::1";
  if (isBound && local !== destination) return -1;
  if (peerPort === 0) return isBound ? 1 : 0;
  // A peer narrows the address to the one that is spoken from.
  const peer = peerOf(local);
  const isFrom = peerPort === remotePort && A(peer).family === (isV4 ? 4 : 6);
  return isFrom ? 3 : -1;
}

Deno.test("formatting of what was received names the family it came in", () => {
  const bench = new UdpBench();
  const { box } = openBox(bench.stack, { port: 7 });
  bench.put(packetTo("10.0.0.1"));
  bench.put(packetTo("fd00::1"));
  bench.poll();
  assertEquals(box.letters.map(({ from, to }) => [from, to]), [
    ["10.0.0.2", "10.0.0.1"],
    ["fd00::2", "fd00::1"],
  ]);
  assertEquals(formatIpAddress(box.info.remote), "fd00::2");
});
