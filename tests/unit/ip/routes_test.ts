import { assert, assertEquals } from "@std/assert";
import { SECOND } from "../../../engine/base/units.ts";
import {
  IPV4_MIN_PATH_MTU,
  IPV6_MIN_MTU,
  PathMtuTable,
} from "../../../engine/ip/path_mtu.ts";
import { ROUTE_CACHE_CAPACITY } from "../../../engine/ip/route_cache.ts";
import { Loopback } from "../../../engine/link/loopback.ts";
import {
  IpAddress,
  parseCidr,
  parseIpAddress,
} from "../../../engine/wire/ip_address.ts";
import { createIpBench, RecordingDevice } from "../../tools/ip_bench.ts";

const A = parseIpAddress;

Deno.test("routeTo() takes the longest prefix and chooses the source", () => {
  const { layer } = createIpBench(["10.0.0.2/24", "fd00::2/64"]);
  const gateway = A("10.0.0.1");
  const inner = A("10.0.0.9");
  layer.addRoute({
    destination: parseCidr("0.0.0.0/0"),
    gateway,
    interfaceIndex: 0,
  });
  layer.addRoute({
    destination: parseCidr("192.0.2.0/24"),
    gateway: inner,
    interfaceIndex: 0,
  });
  const cases: readonly (readonly [string, string])[] = [
    ["10.0.0.7", "10.0.0.7"],
    ["198.51.100.1", "10.0.0.1"],
    ["192.0.2.1", "10.0.0.9"],
  ];
  for (const [remote, hop] of cases) {
    const route = layer.routeTo(A(remote), null)!;
    assertEquals(String(route.nextHop), hop, remote);
    assertEquals(String(route.local), "10.0.0.2");
    assertEquals(route.pathMtu, 1500);
  }
  assertEquals(layer.routeTo(A("2001:db8::1"), null), null);
});

Deno.test("routeTo() shares one record between the same two addresses", () => {
  const { layer } = createIpBench(["10.0.0.2/24", "10.0.0.3/24"]);
  const route = layer.routeTo(A("10.0.0.7"), null);
  assert(route === layer.routeTo(A("10.0.0.7"), A("10.0.0.2")));
  assert(route !== layer.routeTo(A("10.0.0.7"), A("10.0.0.3")));
  assertEquals(layer.routeTo(A("10.0.0.7"), A("10.0.0.4")), null);
  assertEquals(layer.routeTo(A("10.0.0.7"), A("fd00::1")), null);
});

Deno.test("a route held is resolved anew when the table changes", () => {
  const { layer } = createIpBench(["10.0.0.2/24"]);
  const entry = {
    destination: parseCidr("0.0.0.0/0"),
    gateway: A("10.0.0.1"),
    interfaceIndex: 0,
  };
  layer.addRoute(entry);
  const route = layer.routeTo(A("192.0.2.1"), null)!;
  layer.addRoute({ ...entry, gateway: A("10.0.0.9") });
  assert(layer.removeRoute(entry));
  assert(!layer.removeRoute(entry));
  layer.nextHop(route, 0);
  assertEquals(String(route.nextHop), "10.0.0.9");
  assert(layer.removeAddress(0, A("10.0.0.2")));
  assertEquals(layer.nextHop(route, 0), 2);
  assertEquals(route.interface, null);
});

Deno.test("a route held follows a change of the device's MTU", () => {
  const { layer, device } = createIpBench(["10.0.0.2/24"]);
  const route = layer.routeTo(A("10.0.0.7"), null)!;
  device.caps = { ...device.caps, ipMtu: 1280 };
  layer.handleTimers(0);
  layer.nextHop(route, 0);
  assertEquals(route.pathMtu, 1280);
});

Deno.test("routeTo() sends our own and loopback addresses by the loopback interface", () => {
  const { layer } = createIpBench(["10.0.0.2/24", "fd00::2/64"]);
  assertEquals(layer.routeTo(A("10.0.0.2"), null), null);
  const loopback = layer.addInterface(new Loopback(), {
    loopback: true,
    addresses: [parseCidr("127.0.0.1/8"), parseCidr("::1/128")],
  });
  for (const remote of ["10.0.0.2", "fd00::2", "::1", "127.0.0.1"]) {
    const route = layer.routeTo(A(remote), null)!;
    assertEquals(route.interfaceIndex, loopback, remote);
    assertEquals(String(route.local), remote);
    assert(route.loopback);
    assertEquals(layer.nextHop(route, 0), 0);
  }
  assertEquals(
    String(layer.routeTo(A("127.8.8.8"), null)!.local),
    "127.0.0.1",
  );
  assertEquals(layer.routeTo(A("10.0.0.9"), A("127.0.0.1")), null);
});

Deno.test("routeTo() marks groups and broadcasts, and finds a link for them", () => {
  const { layer } = createIpBench(["10.0.0.2/24", "fd00::2/64"]);
  for (const remote of ["10.0.0.255", "255.255.255.255", "224.0.0.251"]) {
    assert(layer.routeTo(A(remote), null)!.multicast, remote);
  }
  assert(layer.routeTo(A("ff02::fb"), null)!.multicast);
  assert(!layer.routeTo(A("10.0.0.254"), null)!.multicast);
});

Deno.test("routeTo() keeps link-local addresses to the link asked for", () => {
  const { layer } = createIpBench(["fe80::2/64"]);
  const other = layer.addInterface(new RecordingDevice(), {
    addresses: [parseCidr("fe80::3/64")],
  });
  assertEquals(layer.routeTo(A("fe80::9"), null, 0)!.interfaceIndex, 0);
  assertEquals(layer.routeTo(A("fe80::9"), null, other)!.interfaceIndex, other);
  assertEquals(
    layer.routeTo(A("fe80::9"), A("fe80::3"))!.interfaceIndex,
    other,
  );
});

Deno.test("routeTo() bounds its cache and leaves what is held valid", () => {
  const { layer } = createIpBench(["10.0.0.2/8"]);
  const held = layer.routeTo(A("10.0.0.7"), null)!;
  for (let i = 1; i <= ROUTE_CACHE_CAPACITY; i++) {
    layer.routeTo(new IpAddress(0, 0, 0xffff, 0x0a100000 + i), null);
  }
  const fresh = layer.routeTo(A("10.0.0.7"), null)!;
  assert(fresh !== held);
  layer.reducePathMtu(fresh, 600, 0);
  assertEquals(layer.nextHop(held, 0), 1);
  assertEquals([held.pathMtu, fresh.pathMtu], [1500, 600]);
});

Deno.test("removeInterface() takes addresses, routes and the index with it", () => {
  const { layer } = createIpBench(["10.0.0.2/24"]);
  const route = layer.routeTo(A("10.0.0.7"), null)!;
  layer.removeInterface(0);
  assertEquals(layer.nextHop(route, 0), 2);
  assertEquals(layer.routeTo(A("10.0.0.7"), null), null);
  assertEquals(layer.interfaceAt(0), null);
  assertEquals(layer.addInterface(new RecordingDevice(), {}), 0);
});

Deno.test("reducePathMtu() obeys floors, plateaus and time", () => {
  const { layer } = createIpBench(["10.0.0.2/24", "fd00::2/64"]);
  const v4 = layer.routeTo(A("10.0.0.7"), null)!;
  const v6 = layer.routeTo(A("fd00::7"), null)!;
  assert(!layer.reducePathMtu(v4, 1500, 0));
  assert(!layer.reducePathMtu(v4, 9000, 0));
  assert(layer.reducePathMtu(v4, 0, 0)); // RFC 1191 §7.1
  assertEquals(v4.pathMtu, 1492);
  assert(layer.reducePathMtu(v4, 100, SECOND));
  assertEquals(v4.pathMtu, IPV4_MIN_PATH_MTU);
  assert(!v4.dontFragment);
  assert(!layer.reducePathMtu(v6, IPV6_MIN_MTU - 1, 0));
  assert(layer.reducePathMtu(v6, IPV6_MIN_MTU, 0));
  assertEquals(layer.deadline, 600 * SECOND);
  layer.handleTimers(600 * SECOND);
  assertEquals([v6.pathMtu, v4.pathMtu], [1500, IPV4_MIN_PATH_MTU]);
  assertEquals(layer.deadline, 601 * SECOND);
  layer.handleTimers(601 * SECOND);
  assertEquals([v4.pathMtu, v4.dontFragment], [1500, true]);
  assertEquals(layer.deadline, Infinity);
});

Deno.test("PathMtuTable.expire() does nothing before its time", () => {
  assertEquals(new PathMtuTable().expire(1e12), false);
});
