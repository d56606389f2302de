import { assert, assertEquals } from "@std/assert";
import { createFrame } from "../../engine/base/frame.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import { SECOND } from "../../engine/base/units.ts";
import { type CableEnd, createCable } from "../../engine/link/cable.ts";
import { MEDIUM_ETHERNET, MEDIUM_IP } from "../../engine/link/device.ts";
import type { InterfaceOptions } from "../../engine/ip/layer.ts";
import { Stack } from "../../engine/stack/stack.ts";
import {
  ABORT_HOST_UNREACHABLE,
  ERR_NO_ROUTE,
} from "../../engine/tcp/codes.ts";
import { parseCidr, parseIpAddress } from "../../engine/wire/ip_address.ts";
import { prettyPacket } from "../../engine/wire/pretty.ts";
import {
  be,
  concat,
  hex,
  icmpv4,
  icmpv6,
  ipv4,
  ipv6,
  naiveChecksum,
  naivePseudoSum,
} from "../tools/packet_builder.ts";
import { patternBytes } from "../tools/packets.ts";
import { Sim } from "../tools/sim.ts";
import { openBox, to, UdpBench } from "../tools/udp_bench.ts";

const A = parseIpAddress;

function newStack(sim: Sim, seed: number): Stack {
  const stack = new Stack({ random: new SeededRandom(seed) });
  sim.stacks.push(stack);
  return stack;
}

function addresses(...cidrs: readonly string[]): InterfaceOptions {
  return { addresses: cidrs.map(parseCidr) };
}

function echoOn(stack: Stack): void {
  const { socket, box } = openBox(stack, { port: 7 });
  box.onLetter = (_, { bytes }) => {
    socket.send(bytes, 0, bytes.length, box.info);
  };
}

/** A router by hand: whatever comes in at one end goes out at the end its destination's second byte names. */
function forward(sim: Sim, ends: readonly CableEnd[]): () => void {
  const frame = createFrame();
  return () => {
    for (const end of ends) {
      while (end.receive(frame, sim.now) > 0) {
        const to = frame.view.getUint8(frame.start + 17);
        ends[to - 1]?.transmit(frame, null, sim.now);
      }
    }
  };
}

Deno.test("a stack with two devices speaks on each link from that link's address", () => {
  const sim = new Sim();
  const middle = newStack(sim, 1);
  const hosts = [1, 2].map((net) => {
    const [near, far] = createCable({ medium: MEDIUM_ETHERNET });
    middle.addDevice(near, addresses(`10.${net}.0.1/24`, `fd0${net}::1/64`), 0);
    const host = newStack(sim, 10 + net);
    host.addDevice(far, addresses(`10.${net}.0.2/24`, `fd0${net}::2/64`), 0);
    echoOn(host);
    return host;
  });
  echoOn(middle);
  const { socket, box } = openBox(middle);
  const peers = ["10.1.0.2", "10.2.0.2", "fd01::2", "fd02::2"];
  for (const host of peers) socket.send(patternBytes(9), 0, 9, to(host, 7));
  sim.run(SECOND);
  assertEquals(box.letters.map(({ from }) => from).sort(), peers);
  // It does not forward: one host is no way to the other.
  const { socket: lost } = openBox(hosts[0]);
  assertEquals(
    lost.send(patternBytes(9), 0, 9, to("10.2.0.2", 7)),
    ERR_NO_ROUTE,
  );
  hosts[0].addRoute({
    destination: parseCidr("0.0.0.0/0"),
    gateway: A("10.1.0.1"),
    interfaceIndex: 1,
  });
  lost.send(patternBytes(9), 0, 9, to("10.2.0.2", 7));
  sim.run(2 * SECOND);
  assertEquals(hosts[1].udpCounters.get("UdpInDatagrams"), 1);
  assertEquals(middle.ip.counters.get("IpInAddrErrors"), 1);
});

Deno.test("a gateway carries TCP and UDP to another network, the longest prefix first", () => {
  const sim = new Sim();
  const ends: CableEnd[] = [];
  const hosts = [1, 2, 3].map((net) => {
    const [near, far] = createCable({ medium: MEDIUM_IP, delay: 100 });
    ends.push(far);
    const host = newStack(sim, net);
    const index = host.addDevice(near, addresses(`10.${net}.0.2/24`), 0);
    host.addRoute({
      destination: parseCidr("0.0.0.0/0"),
      gateway: A(`10.${net}.0.1`),
      interfaceIndex: index,
    });
    echoOn(host);
    return host;
  });
  const carry = forward(sim, ends);
  const { socket, box } = openBox(hosts[0]);
  socket.send(patternBytes(9), 0, 9, to("10.2.0.2", 7));
  socket.send(patternBytes(9), 0, 9, to("10.3.0.2", 7));
  const listener = hosts[2].listen({ port: 80 });
  assert(typeof listener !== "number");
  const made = hosts[0].connect({ remote: A("10.3.0.2"), remotePort: 80 }, 0);
  assert(typeof made !== "number");
  for (let i = 0; i < 40; i++) {
    sim.run(sim.now + 100);
    carry();
  }
  assertEquals(box.letters.map(({ from }) => from), ["10.2.0.2", "10.3.0.2"]);
  assertEquals(made.stateName, "ESTABLISHED");
  assertEquals(listener.readyCount, 1);
});

Deno.test("a removed device takes its routes along; another can take its place", () => {
  const sim = new Sim();
  const stack = newStack(sim, 1);
  const peer = newStack(sim, 2);
  const [near, far] = createCable({ medium: MEDIUM_ETHERNET });
  const index = stack.addDevice(near, addresses("10.1.0.1/24"), 0);
  peer.addDevice(far, addresses("10.1.0.2/24"), 0);
  echoOn(peer);
  const { socket, box } = openBox(stack);
  const listener = peer.listen({ port: 80 });
  assert(typeof listener !== "number");
  const lost = stack.connect({ remote: A("10.1.0.2"), remotePort: 80 }, 0);
  assert(typeof lost !== "number");
  sim.run(SECOND);
  assertEquals(lost.stateName, "ESTABLISHED");

  assertEquals(stack.removeDevice(index), near);
  assertEquals(stack.removeDevice(index), null);
  assertEquals(stack.removeDevice(99), null);
  assertEquals(
    socket.send(patternBytes(4), 0, 4, to("10.1.0.2", 7)),
    ERR_NO_ROUTE,
  );
  lost.write(patternBytes(4), 0, 4, sim.now);
  sim.run(sim.now + 5 * SECOND);
  assertEquals(lost.stateName, "ESTABLISHED"); // it still tries

  const [again, farAgain] = createCable({ medium: MEDIUM_ETHERNET });
  assertEquals(
    stack.addDevice(again, addresses("10.1.0.1/24"), sim.now),
    index,
  );
  peer.removeDevice(1);
  peer.addDevice(farAgain, addresses("10.1.0.2/24"), sim.now);
  socket.send(patternBytes(4), 0, 4, to("10.1.0.2", 7));
  sim.run(sim.now + 60 * SECOND);
  assertEquals(box.letters.length, 1);
  const accepted = listener.accept();
  assert(accepted !== null);
  assertEquals(accepted.read(new Uint8Array(9), 0, 9, sim.now), 4);
  near.close();
});

Deno.test("a connection whose device never comes back ends by its timeout", () => {
  const sim = new Sim();
  const stack = newStack(sim, 1);
  const peer = newStack(sim, 2);
  const [near, far] = createCable({ medium: MEDIUM_IP });
  const index = stack.addDevice(near, addresses("10.1.0.1/24"), 0);
  peer.addDevice(far, addresses("10.1.0.2/24"), 0);
  assert(typeof peer.listen({ port: 80 }) !== "number");
  const made = stack.connect({ remote: A("10.1.0.2"), remotePort: 80 }, 0);
  assert(typeof made !== "number");
  sim.run(SECOND);
  stack.removeDevice(index);
  made.write(patternBytes(4), 0, 4, sim.now);
  sim.run(sim.now + 3600 * SECOND);
  assertEquals([made.stateName, made.abortReason], [
    "CLOSED",
    ABORT_HOST_UNREACHABLE,
  ]);
});

Deno.test("a connection whose neighbour vanished ends by its timeout, and costs little until then", () => {
  const sim = new Sim();
  const stack = newStack(sim, 1);
  const peer = newStack(sim, 2);
  const [near, far] = createCable({ medium: MEDIUM_ETHERNET });
  stack.addDevice(near, addresses("10.1.0.1/24"), 0);
  peer.addDevice(far, addresses("10.1.0.2/24"), 0);
  assert(typeof peer.listen({ port: 80 }) !== "number");
  const made = stack.connect({ remote: A("10.1.0.2"), remotePort: 80 }, 0);
  assert(typeof made !== "number");
  sim.run(SECOND);
  peer.removeDevice(1);
  const frame = createFrame();
  let sent = 0;
  made.write(patternBytes(4), 0, 4, sim.now);
  for (let i = 0; i < 3600; i++) {
    sim.run(sim.now + SECOND);
    while (far.receive(frame, sim.now) > 0) sent++;
  }
  assertEquals([made.stateName, made.abortReason], [
    "CLOSED",
    ABORT_HOST_UNREACHABLE,
  ]);
  assert(sent < 1000, `${sent} frames`);
});

Deno.test("an echo request is answered, whatever its size, by the address it was sent to", () => {
  const bench = new UdpBench({ ipMtu: 1500 });
  bench.poll();
  bench.frames();
  const body = patternBytes(1000);
  bench.put(ipv4(1, icmpv4(8, 0, 0x1234_0001, body)));
  bench.put(ipv6(58, icmpv6(128, 0, 0x1234_0002, body)));
  bench.poll();
  const [four, six] = bench.frames();
  assertEquals(four.slice(20), icmpv4(0, 0, 0x1234_0001, body));
  assertEquals(four.slice(12, 20), hex("0a000001 0a000002"));
  assertEquals([six[40], six[41]], [129, 0]);
  assertEquals(six.slice(44, 48), hex("12340002"));
  assertEquals(six.slice(48), body);
});

Deno.test("a host without an address gets one from a router, and its route, MTU and hop limit", () => {
  const sim = new Sim();
  const stack = newStack(sim, 1);
  const [near, far] = createCable({ medium: MEDIUM_ETHERNET });
  stack.addDevice(near, {
    autoconfigure: true,
    linkAddress: { hi: 0x0200, lo: 1 },
  }, 0);
  const frame = createFrame();
  const heard: string[] = [];
  const listen = () => {
    while (far.receive(frame, sim.now) > 0) {
      const { bytes, start, end } = frame;
      heard.push(prettyPacket(bytes, start, end - start, MEDIUM_ETHERNET));
    }
  };
  sim.run(3 * SECOND);
  listen();
  assert(
    heard.some((text) => text.includes("router solicitation")),
    `${heard}`,
  );

  const routerMac = hex("020000000099");
  const router = hex("fe80000000000000 00000000000000fe");
  const allNodes = hex("ff020000000000000000000000000001");
  const advertisement = concat(
    be(0, 8), // reachable time, retransmission timer
    hex("01 01"),
    routerMac,
    hex("05 01 0000"),
    be(1400, 4),
    hex("03 04 40 c0"),
    be(3600, 4),
    be(1800, 4),
    be(0, 4),
    hex("20010db8000000010000000000000000"),
  );
  const packet = ipv6(
    58,
    // Hop limit 33, no flags, lifetime 1800 s.
    checkedIcmpv6(router, allNodes, 134, hex("21 00 0708"), advertisement),
    { source: router, destination: allNodes, hopLimit: 255 },
  );
  frame.reset();
  const bytes = concat(hex("333300000001"), routerMac, hex("86dd"), packet);
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  far.transmit(frame, null, sim.now);
  sim.run(sim.now + 5 * SECOND);
  const own = stack.ip.addresses(1).map(({ address }) => `${address}`);
  assertEquals(own.sort(), ["2001:db8:0:1:0:ff:fe00:1", "fe80::ff:fe00:1"]);
  const route = stack.ip.routeTo(A("2001:db8:ffff::1"), null);
  assert(route !== null);
  assertEquals(
    [`${route.local}`, `${route.nextHop}`, route.pathMtu, route.hopLimit],
    ["2001:db8:0:1:0:ff:fe00:1", "fe80::fe", 1400, 33],
  );
  const { socket } = openBox(stack);
  heard.length = 0;
  listen();
  socket.send(patternBytes(9), 0, 9, to("2001:db8:ffff::1", 53));
  sim.run(sim.now + SECOND);
  heard.length = 0;
  listen();
  assert(heard.some((t) => t.includes("2001:db8:ffff::1.53")), `${heard}`);
  // When the lifetimes are over, so is all that came of them.
  sim.run(sim.now + 3700 * SECOND);
  assertEquals(stack.ip.addresses(1).map(({ address }) => `${address}`), [
    "fe80::ff:fe00:1",
  ]);
  assertEquals(stack.ip.routeTo(A("2001:db8:ffff::1"), null), null);
});

/** An ICMPv6 message with the checksum for those addresses; `head` is what follows the checksum. */
function checkedIcmpv6(
  source: Uint8Array,
  destination: Uint8Array,
  type: number,
  head: Uint8Array,
  body: Uint8Array,
): Uint8Array {
  const message = concat(be(type, 1), be(0, 3), head, body);
  const pseudo = naivePseudoSum(source, destination, 58, message.length);
  message.set(be(naiveChecksum(message, pseudo), 2), 2);
  return message;
}
