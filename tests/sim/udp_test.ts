import { assert, assertEquals } from "@std/assert";
import { SECOND } from "../../engine/base/units.ts";
import { createCable } from "../../engine/link/cable.ts";
import { MEDIUM_ETHERNET } from "../../engine/link/device.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import { Stack } from "../../engine/stack/stack.ts";
import { parseCidr, parseIpAddress } from "../../engine/wire/ip_address.ts";
import { Pair, Sim } from "../tools/sim.ts";
import { openBox, to } from "../tools/udp_bench.ts";
import { patternBytes } from "../tools/packets.ts";

/** A server that echoes on port 7 of the pair's second stack. */
function echoOn(pair: Pair): void {
  const { socket, box } = openBox(pair.server, { port: 7 });
  box.onLetter = (_, { bytes }) => {
    assertEquals(socket.send(bytes, 0, bytes.length, box.info), bytes.length);
  };
}

Deno.test("datagrams of every size are echoed over both families", () => {
  for (const medium of [1, 2]) {
    const pair = new Pair({ medium, delay: 1000 });
    echoOn(pair);
    const { socket, box } = openBox(pair.client);
    const sizes = [0, 1, 1452, 1453, 1472, 1473, 9000, 65_507];
    for (const size of sizes) {
      const bytes = patternBytes(size, size);
      for (const host of ["10.0.0.2", "fd00::2"]) {
        assertEquals(socket.send(bytes, 0, size, to(host, 7)), size);
        pair.sim.run(pair.sim.now + SECOND);
        pair.tell(() => {
          assertEquals(box.letters.length, 1);
          const { bytes: back, from, port } = box.letters.pop()!;
          assertEquals([from, port, back.length], [host, 7, size]);
          assertEquals(back, bytes);
        });
      }
    }
  }
});

Deno.test("what the wire loses is lost, what it doubles comes twice, nothing comes broken", () => {
  const faults = { drop: 0.1, duplicate: 0.1, reorder: 0.2, corrupt: 0.05 };
  const pair = new Pair({ seed: 7, faults, delay: 5000 });
  const { box } = openBox(pair.server, { port: 7 });
  const { socket } = openBox(pair.client);
  const sent: Uint8Array[] = [];
  for (let i = 0; i < 400; i++) {
    const bytes = patternBytes(20 + i * 13 % 4000, i + 1);
    sent.push(bytes);
    socket.send(bytes, 0, bytes.length, to(i % 2 ? "10.0.0.2" : "fd00::2", 7));
    pair.sim.pass(1000);
  }
  pair.sim.pass(60 * SECOND);
  const known = new Set(sent.map((bytes) => bytes.join()));
  const got = box.letters.map(({ bytes }) => bytes.join());
  pair.tell(() => {
    for (const text of got) assert(known.has(text), "a datagram nobody sent");
    assert(new Set(got).size > 200, `${new Set(got).size} of 400 came`);
    assert(new Set(got).size < 400);
    assert(got.length > new Set(got).size);
  });
});

Deno.test("the same seed gives the same capture, byte for byte", () => {
  const run = () => {
    const pair = new Pair({ seed: 3, faults: { drop: 0.2 }, delay: 1000 });
    echoOn(pair);
    const { socket } = openBox(pair.client);
    for (let i = 0; i < 50; i++) {
      socket.send(patternBytes(3000, i), 0, 3000, to("10.0.0.2", 7));
      pair.sim.pass(2000);
    }
    return pair.pcap;
  };
  assertEquals(run(), run());
});

Deno.test("sockets take turns: a flood does not hold up its neighbour", () => {
  const [near, far] = createCable({ medium: 2, bitsPerSecond: 10e6 });
  const sim = new Sim();
  const [one, other] = [near, far].map((device, i) => {
    const stack = new Stack({ random: new SeededRandom(i) });
    stack.addDevice(device, {
      addresses: [parseCidr(`10.0.0.${i + 1}/24`)],
    }, 0);
    sim.stacks.push(stack);
    return stack;
  });
  const { box } = openBox(other, { port: 7 });
  const { socket: flood } = openBox(one);
  const { socket: quiet } = openBox(one);
  const bytes = new Uint8Array(1000);
  while (flood.send(bytes, 0, 1000, to("10.0.0.2", 7)) > 0);
  quiet.send(bytes, 0, 10, to("10.0.0.2", 7));
  sim.run(SECOND);
  const turn = box.letters.findIndex(({ port }) => port === quiet.localPort);
  assertEquals(turn, 1);
  assertEquals(box.letters.length, 213); // 212,992 bytes of send queue, and one
});

Deno.test("a burst to a neighbour nobody knows yet gets through", () => {
  for (const host of ["10.0.0.2", "fd00::2"]) {
    const pair = new Pair({ medium: MEDIUM_ETHERNET, delay: 1000 });
    const { box } = openBox(pair.server, { port: 7 });
    const { socket } = openBox(pair.client);
    for (let i = 0; i < 50; i++) {
      socket.send(patternBytes(9), 0, i % 9, to(host, 7));
    }
    pair.sim.pass(SECOND);
    pair.tell(() =>
      assertEquals(
        box.letters.map(({ bytes }) => bytes.length),
        Array.from({ length: 50 }, (_, i) => i % 9),
      )
    );
  }
});

Deno.test("a neighbour that does not answer is an error of the socket", () => {
  const pair = new Pair({ medium: MEDIUM_ETHERNET });
  for (const host of ["10.0.0.77", "fd00::77"]) {
    const { socket, box } = openBox(pair.client);
    const other = openBox(pair.client);
    socket.send(patternBytes(9), 0, 9, to(host, 7));
    pair.sim.pass(4 * SECOND);
    pair.tell(() => {
      assertEquals(
        box.errors.map((
          e,
        ) => [e.kind, e.icmpType, `${e.remote}`, e.remotePort]),
        [[2, 0, host, 7]],
      );
      assertEquals(other.box.events, []);
    });
  }
});

Deno.test("an answer leaves from the address that was asked", () => {
  const pair = new Pair({ delay: 100 });
  pair.server.ip.addAddress(1, parseCidr("10.0.0.3/24"), 0);
  echoOn(pair);
  const { socket, box } = openBox(pair.client);
  for (const host of ["10.0.0.3", "10.0.0.2"]) {
    socket.send(patternBytes(4), 0, 4, to(host, 7));
  }
  pair.sim.pass(SECOND);
  assertEquals(box.letters.map(({ from }) => from), ["10.0.0.3", "10.0.0.2"]);
});

Deno.test("a broadcast is answered from the address of the link", () => {
  const pair = new Pair({ delay: 100 });
  echoOn(pair);
  const { socket, box } = openBox(pair.client);
  socket.broadcast = "allowed";
  for (const host of ["10.0.0.255", "255.255.255.255"]) {
    assertEquals(socket.send(patternBytes(4), 0, 4, to(host, 7)), 4);
  }
  pair.sim.pass(SECOND);
  assertEquals(box.letters.map(({ from }) => from), ["10.0.0.2", "10.0.0.2"]);
});

Deno.test("two stacks meet in a group, by IPv4 and IPv6", () => {
  const pair = new Pair({ medium: MEDIUM_ETHERNET, delay: 100 });
  for (const group of ["239.9.8.7", "ff02::9"]) {
    const { socket, box } = openBox(pair.server, { port: 5353 });
    socket.joinGroup(parseIpAddress(group), 1);
    const { socket: sender } = openBox(pair.client);
    sender.send(patternBytes(4), 0, 4, {
      ...to(group, 5353),
      interfaceIndex: 1,
    });
    pair.sim.pass(SECOND);
    pair.tell(() => {
      assertEquals(box.letters.map(({ to }) => to), [group]);
      assertEquals(box.info.hopLimit, 1);
    });
    socket.close();
  }
});

Deno.test("link-local neighbours talk when the link is named", () => {
  const pair = new Pair({ medium: MEDIUM_ETHERNET, delay: 100 });
  echoOn(pair);
  const own = pair.server.ip.addresses(1).map(({ address }) => `${address}`)
    .find((text) => text.startsWith("fe80"));
  assert(own !== undefined);
  const { socket, box } = openBox(pair.client);
  socket.send(patternBytes(4), 0, 4, { ...to(own, 7), interfaceIndex: 1 });
  pair.sim.pass(SECOND);
  pair.tell(() => assertEquals(box.letters.map(({ from }) => from), [own]));
});

Deno.test("a stack talks to itself by loopback and by its own addresses", () => {
  const pair = new Pair();
  echoOn(pair);
  const { socket, box } = openBox(pair.server);
  for (const host of ["127.0.0.1", "::1", "10.0.0.2", "fd00::2"]) {
    assertEquals(
      socket.send(patternBytes(60_000), 0, 60_000, to(host, 7)),
      60_000,
    );
    pair.sim.pass(SECOND);
    pair.tell(() => {
      assertEquals(box.letters.length, 1, host);
      assertEquals(box.letters.pop()!.from, host);
    });
  }
  assertEquals(pair.packetCount, 0);
});
