/** A next hop that does not answer: what connections learn of it. */
import { assertEquals } from "@std/assert";
import { MEDIUM_ETHERNET } from "../../engine/link/device.ts";
import { ABORT_HOST_UNREACHABLE } from "../../engine/tcp/codes.ts";
import { Pair } from "../tools/sim.ts";
import { App, converse, finish } from "../tools/sim_app.ts";
import { parseIpAddress } from "../../engine/wire/ip_address.ts";

Deno.test("a connection over Ethernet finds its neighbour, in both families", () => {
  for (const family of [4, 6] as const) {
    const pair = new Pair({ medium: MEDIUM_ETHERNET, delay: 1_000 });
    finish(converse(pair, { family, client: { send: 100_000 } }));
  }
});

Deno.test("connect() to an address nobody has fails as unreachable and leaves nothing", () => {
  for (const text of ["10.0.0.9", "fd00::9"]) {
    const pair = new Pair({ medium: MEDIUM_ETHERNET });
    const app = new App();
    const connection = pair.client.connect({
      remote: parseIpAddress(text),
      remotePort: 80,
      sink: app,
    }, 0);
    if (typeof connection === "number") throw new Error(`${connection}`);
    pair.sim.run(30e6, () => connection.abortReason !== 0);
    assertEquals(connection.abortReason, ABORT_HOST_UNREACHABLE, pair.story());
    assertEquals(pair.sim.now < 10e6, true);
    connection.close(pair.sim.now);
    pair.sim.pass(1e6);
    assertEquals(pair.client.connectionCount, 0);
  }
});

Deno.test("a RST that its neighbour will never hear does not keep the connection", () => {
  const pair = new Pair({ medium: MEDIUM_ETHERNET, delay: 1_000 });
  const c = converse(pair, {
    client: { send: 1_000, shutdown: "never" },
    server: { shutdown: "never" },
  });
  pair.sim.pass(1e6);
  // The wire breaks; the neighbour's entry grows stale; then the application gives up.
  pair.wire.setFaults({ drop: 1 });
  pair.sim.pass(120e6);
  c.client.connection!.abort(pair.sim.now);
  c.client.connection!.close(pair.sim.now);
  pair.sim.pass(120e6);
  assertEquals(pair.client.connectionCount, 0, pair.story(20));
});
