import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { DatagramAddress } from "../../../engine/socket/datagram_conn.ts";
import { MEDIUM_ETHERNET } from "../../../engine/link/device.ts";
import { Network } from "../../../engine/socket/network.ts";
import { SocketError } from "../../../engine/socket/errors.ts";
import { Pair } from "../../tools/sim.ts";
import { patternBytes } from "../../tools/packets.ts";

/** Two networks on a wire, and what makes time pass on it. */
function bench(): { near: Network; far: Network; pair: Pair } {
  const pair = new Pair({ delay: 100 });
  const clock = { now: () => pair.sim.now };
  return {
    near: new Network({ stack: pair.client, clock }),
    far: new Network({ stack: pair.server, clock }),
    pair,
  };
}

/** Runs the wire for ten milliseconds and lets what waits for it go on. */
async function pass(pair: Pair): Promise<void> {
  for (let i = 0; i < 10; i++) {
    pair.sim.pass(1000);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

function to(hostname: string, port: number): DatagramAddress {
  return { transport: "udp", hostname, port };
}

Deno.test("receive() and send() carry datagrams, and what was received is an address", async () => {
  const { near, far, pair } = bench();
  using server = far.openDatagram({ port: 7 });
  using client = near.openDatagram();
  for (const hostname of ["10.0.0.2", "fd00::2"]) {
    for (const size of [0, 3, 3000]) {
      const bytes = patternBytes(size);
      assertEquals(await client.send(bytes, to(hostname, 7)), size);
      const asked = server.receive();
      await pass(pair);
      const [got, from] = await asked;
      assertEquals([got, from.port], [bytes, client.addr.port]);
      assertEquals([from.localAddress, from.interfaceIndex], [hostname, 1]);
      await server.send(got, from);
      const answered = client.receive();
      await pass(pair);
      assertEquals((await answered)[1].hostname, hostname);
    }
  }
});

Deno.test("receive() fills the buffer it is given and loses the rest", async () => {
  const { near, far, pair } = bench();
  using server = far.openDatagram({ port: 7 });
  using client = near.openDatagram();
  await client.send(patternBytes(9), to("10.0.0.2", 7));
  const buffer = new Uint8Array(4);
  const asked = server.receive(buffer);
  await pass(pair);
  const [got] = await asked;
  assertEquals(got, patternBytes(9).slice(0, 4));
  assertEquals(got.buffer, buffer.buffer);
});

Deno.test("the iterator gives datagrams until the endpoint or the stack is closed", async () => {
  for (const end of ["conn", "network"]) {
    const { near, far, pair } = bench();
    const server = far.openDatagram({ port: 7 });
    using client = near.openDatagram();
    const got: number[] = [];
    const loop = (async () => {
      for await (const [bytes] of server) got.push(bytes.length);
    })();
    for (const size of [1, 2]) {
      await client.send(patternBytes(size), to("10.0.0.2", 7));
    }
    await pass(pair);
    if (end === "conn") server.close();
    else await far.close();
    await loop;
    assertEquals(got, [1, 2]);
  }
});

Deno.test("a receive() under way rejects when the endpoint is closed", async () => {
  const { near, far } = bench();
  const conn = near.openDatagram();
  const rejection = assertRejects(() => conn.receive(), SocketError, "closed");
  conn.close();
  await rejection;
  await assertRejects(
    () => conn.send(new Uint8Array(1), to("10.0.0.2", 7)),
    SocketError,
    "closed",
  );
  const other = far.openDatagram();
  const second = assertRejects(() => other.receive(), SocketError, "closed");
  await far.close();
  await second;
});

Deno.test("a send() that waits for room rejects when the endpoint is closed", async () => {
  const { near } = bench();
  const conn = near.openDatagram();
  conn.socket.sendLimit = 10;
  await conn.send(patternBytes(10), to("10.0.0.2", 7));
  const rejection = assertRejects(
    () => conn.send(patternBytes(10), to("10.0.0.2", 7)),
    SocketError,
    "closed",
  );
  conn.close();
  await rejection;
});

Deno.test("send() waits for room and goes on when there is", async () => {
  const { near, pair } = bench();
  using client = near.openDatagram();
  client.socket.sendLimit = 1000;
  let sent = 0;
  const sending = (async () => {
    for (let i = 0; i < 5; i++) {
      await client.send(patternBytes(600), to("10.0.0.2", 7));
      sent++;
    }
  })();
  await Promise.resolve();
  assertEquals(sent, 1);
  await pass(pair);
  await sending;
  assertEquals(sent, 5);
});

Deno.test("a peer that refuses rejects the next call, once", async () => {
  const { near, pair } = bench();
  using conn = near.openDatagram({ peer: { hostname: "10.0.0.2", port: 9 } });
  assertEquals(conn.addr.hostname, "10.0.0.1");
  await conn.send(patternBytes(3));
  await pass(pair);
  const error = await assertRejects(
    () => conn.send(patternBytes(3)),
    SocketError,
  );
  assertEquals(error.name, "ConnectionRefused");
  await conn.send(patternBytes(3));
});

Deno.test("a refusal ends the loop over an endpoint with a peer", async () => {
  const { near, pair } = bench();
  using conn = near.openDatagram({ peer: { hostname: "fd00::2", port: 9 } });
  const loop = (async () => {
    for await (const _ of conn) throw new Error("nobody sent that");
  })();
  const rejection = assertRejects(() => loop, SocketError, "did not arrive");
  await conn.send(patternBytes(3));
  await pass(pair);
  assertEquals((await rejection).name, "ConnectionRefused");
});

Deno.test("a peer that cannot be reached is NetworkUnreachable", async () => {
  const { near, pair } = bench();
  using conn = near.openDatagram({ peer: { hostname: "10.0.0.2", port: 9 } });
  await conn.send(patternBytes(3));
  near.stack.removeDevice(1);
  await pass(pair);
  const error = await assertRejects(() => conn.receive(), SocketError);
  assertEquals(error.name, "NetworkUnreachable");
});

Deno.test("an address is shared only by those that all ask for it", () => {
  const { near } = bench();
  const options = { port: 53, reuseAddress: true };
  using _first = near.openDatagram(options);
  using _second = near.openDatagram(options);
  const taken = "address already in use";
  assertThrows(() => near.openDatagram({ port: 53 }), SocketError, taken);
  const exclusive = { port: 54, reuseAddress: false };
  using _third = near.openDatagram(exclusive);
  assertThrows(() => near.openDatagram(exclusive), SocketError, taken);
});

Deno.test("a network drains until the last datagram has left, also to a new neighbour", async () => {
  const pair = new Pair({ medium: MEDIUM_ETHERNET, delay: 100 });
  const clock = { now: () => pair.sim.now };
  const net = new Network({ stack: pair.client, clock });
  pair.sim.pass(1000);
  assertEquals(net.isDraining, false);
  const conn = net.openDatagram();
  await conn.send(patternBytes(3), to("10.0.0.2", 9));
  conn.close();
  assertEquals(net.isDraining, true);
  pair.client.poll(pair.sim.now, 64); // asks for the hardware address
  assertEquals(net.isDraining, true);
  pair.sim.pass(1000);
  assertEquals(net.isDraining, false);
  assertEquals(pair.server.udpCounters.get("UdpNoPorts"), 1);
});

Deno.test("errors say what was wrong and with what", async () => {
  const { near } = bench();
  using taken = near.openDatagram({ port: 7 });
  assertEquals(taken.addr, to("::", 7));
  assertThrows(
    () => near.openDatagram({ port: 7 }),
    SocketError,
    "address already in use",
  );
  assertThrows(
    () => near.openDatagram({ port: 70_000 }),
    TypeError,
    "got 70000",
  );
  assertThrows(
    () => near.openDatagram({ hostname: "localhost" }),
    TypeError,
    "localhost",
  );
  assertThrows(
    () => near.openDatagram({ hostname: "10.0.0.9" }),
    SocketError,
    "not one of",
  );
  using shared = near.openDatagram({ hostname: "0.0.0.0", reuseAddress: true });
  assertEquals(shared.addr.hostname, "0.0.0.0");
  const send = (hostname: string, size = 1) =>
    taken.send(new Uint8Array(size), to(hostname, 7));
  await assertRejects(() => send("192.0.2.1"), SocketError, "no route");
  await assertRejects(() => send("10.0.0.255"), SocketError, "broadcast: true");
  await assertRejects(
    () => send("10.0.0.2", 65_508),
    SocketError,
    "larger than",
  );
  await assertRejects(
    () => taken.send(new Uint8Array(1)),
    SocketError,
    "without an address",
  );
});

Deno.test("endpoints meet in groups and leave them", async () => {
  const { near, far, pair } = bench();
  using speaker = near.openDatagram({ broadcast: true });
  using member = far.openDatagram({ port: 5353 });
  const four = await member.joinMulticastV4("239.1.1.1", "10.0.0.2");
  const six = await member.joinMulticastV6("ff02::5", 0);
  const groups = ["239.1.1.1", "ff02::5", "255.255.255.255"];
  for (const group of groups) {
    await speaker.send(patternBytes(2), to(group, 5353));
  }
  await pass(pair);
  for (const group of groups) {
    assertEquals((await member.receive())[1].localAddress, group);
  }
  await four.leave();
  await six.leave();
  for (const group of groups.slice(0, 2)) {
    await speaker.send(patternBytes(2), to(group, 5353));
  }
  await pass(pair);
  assertEquals(member.socket.receiveCount, 0);
  await assertRejects(
    () => member.joinMulticastV4("10.0.0.9", "10.0.0.2"),
    SocketError,
  );
  await assertRejects(
    () => member.joinMulticastV4("239.1.1.1", "10.0.0.9"),
    SocketError,
  );
  const own = await speaker.joinMulticastV4("239.1.1.1", "0.0.0.0");
  await own.setTTL(0);
  await own.setLoopback("off");
  assert(speaker.socket.multicastLoop === "off");
  assertEquals(speaker.socket.multicastHopLimit, 0);
});
