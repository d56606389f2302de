/** Local ports that applications name: who else may have them, and until when. */
import { assert, assertEquals } from "@std/assert";
import {
  ERR_ADDRESS_IN_USE,
  ERR_ADDRESS_NOT_AVAILABLE,
} from "../../engine/tcp/codes.ts";
import type { ConnectOptions } from "../../engine/stack/tcp_layer.ts";
import type { Connection } from "../../engine/tcp/connection.ts";
import { parseIpAddress } from "../../engine/wire/ip_address.ts";
import { Pair, serverAddress } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";

const SECOND = 1_000_000;

/** Connects from port 5000 to `remotePort` of the server. */
function connectFrom5000(
  pair: Pair,
  remotePort: number,
  more: Partial<ConnectOptions> = {},
): Connection | number {
  return pair.client.connect({
    remote: serverAddress(),
    remotePort,
    localPort: 5_000,
    ...more,
  }, pair.sim.now);
}

Deno.test("a named local port is taken: for other connections, listeners and ephemeral choice", () => {
  const pair = new Pair({
    tcp: { ephemeralFirst: 5_000, ephemeralLast: 5_001 },
  });
  assert(typeof connectFrom5000(pair, 80) !== "number");
  assertEquals(connectFrom5000(pair, 80), ERR_ADDRESS_IN_USE);
  assertEquals(connectFrom5000(pair, 81), ERR_ADDRESS_IN_USE);
  assertEquals(pair.client.listen({ port: 5_000 }), ERR_ADDRESS_IN_USE);
  assertEquals(pair.client.isPortTaken("tcp", 5_000), true);
  const other = pair.client.connect(
    { remote: serverAddress(), remotePort: 80 },
    0,
  );
  assert(typeof other !== "number");
  assertEquals(other.tcb.localPort, 5_001);
});

Deno.test("a port shared by both serves two destinations, but never the same 4-tuple twice", () => {
  const pair = new Pair();
  const reuse = { shared: "reuse" } as const;
  assert(typeof connectFrom5000(pair, 80, reuse) !== "number");
  assert(typeof connectFrom5000(pair, 81, reuse) !== "number");
  assertEquals(connectFrom5000(pair, 81, reuse), ERR_ADDRESS_IN_USE);
  assertEquals(connectFrom5000(pair, 82), ERR_ADDRESS_IN_USE);
  const listener = pair.client.listen({ port: 5_000, shared: "reuse" });
  assert(typeof listener !== "number");
});

Deno.test("a listener holds its port against connections of the same address", () => {
  const pair = new Pair();
  const local = parseIpAddress("10.0.0.1");
  assert(typeof pair.client.listen({ port: 5_000, local }) !== "number");
  assertEquals(connectFrom5000(pair, 80), ERR_ADDRESS_IN_USE);
  const elsewhere = parseIpAddress("10.0.0.9");
  assertEquals(
    connectFrom5000(pair, 80, { local: elsewhere }),
    ERR_ADDRESS_NOT_AVAILABLE,
  );
});

Deno.test("a port is free again when its connection is refused, aborted or over", () => {
  const pair = new Pair({ clientTcp: { timeWaitTimeout: 60 * SECOND } });
  const refused = connectFrom5000(pair, 9);
  assert(typeof refused !== "number");
  pair.sim.run(SECOND);
  assertEquals(pair.client.isPortTaken("tcp", 5_000), false);

  const aborted = connectFrom5000(pair, 9);
  assert(typeof aborted !== "number");
  aborted.abort(pair.sim.now);
  pair.sim.settle();
  assertEquals(pair.client.isPortTaken("tcp", 5_000), false);

  const talk = converse(pair, { connect: { localPort: 5_000 } });
  finish(talk);
  pair.sim.pass(SECOND);
  // The client closed first: TIME-WAIT keeps the port.
  assertEquals(pair.client.isPortTaken("tcp", 5_000), true);
  assertEquals(connectFrom5000(pair, 81), ERR_ADDRESS_IN_USE);
  pair.sim.pass(61 * SECOND);
  assertEquals(pair.client.isPortTaken("tcp", 5_000), false);
});

Deno.test("TIME-WAIT gives its 4-tuple to a new connection once timestamps tell them apart", () => {
  const pair = new Pair();
  const first = converse(pair, { connect: { localPort: 5_000 } });
  finish(first);
  pair.sim.pass(SECOND / 2);
  assertEquals(connectFrom5000(pair, 80), ERR_ADDRESS_IN_USE);
  pair.sim.pass(SECOND);
  const again = connectFrom5000(pair, 80);
  assert(typeof again !== "number");
  pair.sim.pass(SECOND);
  assert(again.tcb.establishedAt > 0, again.stateName);
  assertEquals(pair.client.tcp.timeWaitCount, 0);
});
