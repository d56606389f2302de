import { assert, assertEquals, assertRejects } from "@std/assert";
import { openStack } from "../../ffi/mod.ts";
import {
  ADDRESSES,
  EngineLab,
  FAMILIES,
  openTapIn,
  until,
} from "./engine_lab.ts";
import { Namespace } from "./harness.ts";
import type { Program } from "./harness_program.ts";
import { patternBytes } from "../tools/packets.ts";

const PROGRAM = new URL("./programs/udp.py", import.meta.url).pathname;
/** Around the MTU of 1,500 for either family, in two fragments, in many. */
const SIZES = [0, 1, 1452, 1453, 1472, 1473, 4000, 65_507];
const GROUPS = { 4: "239.7.7.7", 6: "ff02::7777" } as const;

function udp(namespace: Namespace, ...args: readonly string[]): Program {
  return namespace.spawn(["python3", PROGRAM, ...args]);
}

/** Starts an echo on port 7 of the engine. */
function startEcho(lab: EngineLab): Disposable {
  const conn = lab.net.openDatagram({ port: 7 });
  void (async () => {
    for await (const [bytes, from] of conn) await conn.send(bytes, from);
  })();
  return conn;
}

/** What the kernel found wrong with what the engine sent it. */
async function expectCleanKernel(lab: EngineLab): Promise<void> {
  const counters = await lab.namespace.counters();
  for (const name of ["InErrors", "InCsumErrors", "NoPorts"]) {
    assertEquals(counters[`Udp${name}`], 0, name);
    assertEquals(counters[`Udp6${name}`], 0, name);
  }
  assertEquals([counters.IpInHdrErrors, counters.IpReasmFails], [0, 0]);
  assertEquals([counters.Ip6InHdrErrors, counters.Ip6ReasmFails], [0, 0]);
}

Deno.test("ping and ping -6 reach the engine, fragmented too", async () => {
  await using lab = await EngineLab.create({ tools: ["ping"] });
  for (const family of FAMILIES) {
    const { engine } = ADDRESSES[family];
    for (const size of ["16", "1452", "4000", "60000"]) {
      const ping = ["ping", "-c", "3", "-i", "0.01", "-W", "5", "-s", size];
      const out = await lab.namespace.run(...ping, engine);
      assert(out.includes("3 received, 0% packet loss"), out);
    }
  }
});

Deno.test("the kernel's datagrams of every size are echoed by the engine", async () => {
  for (const offload of ["full", "none"] as const) {
    await using lab = await EngineLab.create({ tools: ["python3"], offload });
    using _ = startEcho(lab);
    for (const family of FAMILIES) {
      const { engine } = ADDRESSES[family];
      const sizes = SIZES.map(String);
      await udp(lab.namespace, "ask", engine, "7", ...sizes).succeeded();
    }
    await expectCleanKernel(lab);
  }
});

Deno.test("the engine's datagrams of every size are echoed by the kernel", async () => {
  for (const offload of ["full", "none"] as const) {
    await using lab = await EngineLab.create({ tools: ["python3"], offload });
    await udp(lab.namespace, "echo", "7").waitFor(/listening/);
    for (const family of FAMILIES) {
      const { kernel } = ADDRESSES[family];
      using conn = lab.net.openDatagram();
      for (const size of SIZES) {
        const bytes = patternBytes(size, size);
        const to = { transport: "udp", hostname: kernel, port: 7 } as const;
        assertEquals(await conn.send(bytes, to), size);
        const [back, from] = await conn.receive();
        assertEquals([from.hostname, from.port], [kernel, 7]);
        assertEquals(back, bytes);
      }
    }
    await expectCleanKernel(lab);
  }
});

Deno.test("a closed port of the kernel rejects the endpoint that has it as its peer", async () => {
  await using lab = await EngineLab.create();
  for (const family of FAMILIES) {
    const { kernel } = ADDRESSES[family];
    using conn = lab.net.openDatagram({ peer: { hostname: kernel, port: 9 } });
    await conn.send(patternBytes(5));
    await assertRejects(
      () => conn.receive(),
      Deno.errors.ConnectionRefused,
      "did not arrive",
    );
    using other = lab.net.openDatagram();
    await other.send(patternBytes(5), {
      transport: "udp",
      hostname: kernel,
      port: 9,
    });
    await until("the error", () => other.socket.takeError() !== null);
  }
});

Deno.test("a closed port of the engine refuses the kernel", async () => {
  await using lab = await EngineLab.create({ tools: ["python3"] });
  for (const family of FAMILIES) {
    const { engine } = ADDRESSES[family];
    const client = udp(lab.namespace, "refused", engine, "9");
    assertEquals((await client.nextJson()).code, "ECONNREFUSED");
    assertEquals(
      lab.net.stack.udpCounters.get(
        family === 4 ? "UdpNoPorts" : "Udp6NoPorts",
      ),
      1,
    );
  }
});

Deno.test("what was sent right before the network is closed arrives", async () => {
  await using lab = await EngineLab.create();
  const conn = lab.net.openDatagram();
  for (const family of FAMILIES) {
    const { kernel } = ADDRESSES[family];
    const to = { transport: "udp", hostname: kernel, port: 9999 } as const;
    await conn.send(new TextEncoder().encode("last words"), to);
  }
  conn.close();
  await lab.net.close();
  const counters = await lab.namespace.counters();
  assertEquals([counters.UdpNoPorts, counters.Udp6NoPorts], [1, 1]);
});

Deno.test("groups are heard and spoken to, both families", async () => {
  await using lab = await EngineLab.create({ tools: ["python3"] });
  for (const family of FAMILIES) {
    const { engine, kernel } = ADDRESSES[family];
    const group = GROUPS[family];
    const via = family === 4 ? kernel : "tap0";
    using conn = lab.net.openDatagram({ port: 7777 });
    if (family === 4) await conn.joinMulticastV4(group, engine);
    else await conn.joinMulticastV6(group, 0);
    await udp(lab.namespace, "shout", group, "7777", via).succeeded();
    const [bytes, from] = await conn.receive();
    assertEquals(new TextDecoder().decode(bytes), "hello");
    assertEquals(from.localAddress, group);
    if (family === 4) assertEquals(from.hostname, kernel);
    const member = udp(lab.namespace, "join", group, "7778", via);
    await member.waitFor(/joined/);
    await conn.send(new TextEncoder().encode("hello back"), {
      transport: "udp",
      hostname: group,
      port: 7778,
    });
    const heard = await member.waitFor(/"heard".*"hello back", "host": "(.*)"/);
    if (family === 4) assertEquals(heard[1], engine);
  }
});

Deno.test("two devices and a router: a narrower network is found out about", async () => {
  await using namespace = await Namespace.create(["python3", "ping"]);
  await namespace.setSysctls({
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
  });
  const near = openTapIn(namespace, {
    hostAddresses: ["10.1.0.1/24", "fd01::1/64"],
  });
  const far = openTapIn(namespace, {
    name: "tap1",
    hostAddresses: ["10.2.0.1/24", "fd02::1/64"],
    mtu: 1300,
  });
  await using one = await openStack({
    device: near,
    addresses: ["10.1.0.2/24", "fd01::2/64"],
    gateways: ["10.1.0.1", "fd01::1"],
  });
  await using other = await openStack({
    device: far,
    addresses: ["10.2.0.2/24", "fd02::2/64"],
    gateways: ["10.2.0.1", "fd02::1"],
  });
  using server = other.openDatagram({ port: 7 });
  void (async () => {
    for await (const [bytes, from] of server) await server.send(bytes, from);
  })();
  for (const hostname of ["10.2.0.2", "fd02::2"]) {
    const to = { transport: "udp", hostname, port: 7 } as const;
    using conn = one.openDatagram();
    const bytes = patternBytes(1400);
    // The first is too big for the router, which says so; the second is fragmented.
    await conn.send(bytes, to);
    await until("word of the router", () => {
      const error = conn.socket.takeError();
      if (error === null) return false;
      assertEquals([error.kind, error.mtu], [5, 1300]);
      return true;
    });
    await conn.send(bytes, to);
    const [back] = await conn.receive();
    assertEquals(back, bytes);
  }
  for (const hostname of ["10.2.0.2", "fd02::2"]) {
    using listener = other.listen({ port: 9 });
    await using conn = await one.connect({ hostname, port: 9 });
    using accepted = await listener.accept();
    const bytes = patternBytes(100_000);
    const sending = conn.writeAll(bytes);
    const got = new Uint8Array(100_000);
    for (let at = 0; at < got.length;) {
      const n = await accepted.read(got.subarray(at));
      assert(n !== null);
      at += n;
    }
    await sending;
    assertEquals(got, bytes);
  }
});
