import { assert, assertEquals } from "@std/assert";
import { SECOND } from "../../../engine/base/units.ts";
import { IP_DELIVER, IP_DROPPED } from "../../../engine/ip/packet.ts";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { createIpBench, RecordingDevice } from "../../tools/ip_bench.ts";
import { concat, ether, hex, ipv4, udp } from "../../tools/packet_builder.ts";

const GROUP = parseIpAddress("224.0.0.251");
const TO_GROUP = concat(
  hex("01005e0000fb"),
  ether(0x0800, ipv4(17, udp(hex("")), { destination: hex("e00000fb") }))
    .slice(6),
);

Deno.test("joinGroup() lets a group in until as many have left as joined", () => {
  const b = createIpBench(["10.0.0.1/24"]);
  assertEquals(b.put(TO_GROUP), IP_DROPPED);
  assert(b.layer.joinGroup(0, GROUP));
  assert(b.layer.joinGroup(0, GROUP));
  assert(b.layer.leaveGroup(0, GROUP));
  assertEquals(b.put(TO_GROUP), IP_DELIVER);
  assert(b.packet.isMulticast);
  assert(b.layer.leaveGroup(0, GROUP));
  assert(!b.layer.leaveGroup(0, GROUP));
  assertEquals(b.put(TO_GROUP), IP_DROPPED);
});

Deno.test("joinGroup() is of one interface and of groups only", () => {
  const b = createIpBench(["10.0.0.1/24"]);
  const other = b.layer.addInterface(new RecordingDevice());
  assert(b.layer.joinGroup(other, GROUP));
  assertEquals(b.put(TO_GROUP), IP_DROPPED);
  assert(!b.layer.joinGroup(7, GROUP));
  assert(!b.layer.joinGroup(0, parseIpAddress("10.0.0.9")));
});

Deno.test("removeInterface() leaves the interface's groups", () => {
  const b = createIpBench(["10.0.0.1/24"]);
  b.layer.joinGroup(0, GROUP);
  b.layer.removeInterface(0);
  assertEquals(b.layer.addInterface(b.device), 0);
  assertEquals(b.put(TO_GROUP), IP_DROPPED);
});

Deno.test("isDue() says what deadline says", () => {
  const b = createIpBench(["fd00::1/64"], { autoconfigure: true });
  const route = b.layer.routeTo(parseIpAddress("fd00::2"), null)!;
  b.layer.nextHop(route, 0);
  b.layer.reducePathMtu(route, 1280, 0);
  let now = 0;
  for (let steps = 0; b.layer.deadline !== Infinity; steps++) {
    assert(steps < 50);
    now = b.layer.deadline;
    assert(!b.layer.isDue(now - 1));
    assert(b.layer.isDue(now));
    b.layer.handleTimers(now);
  }
  assertEquals(now, 600 * SECOND);
  assert(!b.layer.isDue(1e12));
});
