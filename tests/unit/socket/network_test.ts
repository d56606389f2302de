import { assertEquals, assertRejects } from "@std/assert";
import { createCable } from "../../../engine/link/cable.ts";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import { Network } from "../../../engine/socket/network.ts";
import type { TcpConn } from "../../../engine/socket/tcp_conn.ts";
import { Stack } from "../../../engine/stack/stack.ts";
import { parseCidr } from "../../../engine/wire/ip_address.ts";

/** A network on an end of a cable whose other end is silent. */
function loneNetwork(): Network {
  const [near] = createCable();
  const stack = new Stack({ random: new SeededRandom(1) });
  stack.addDevice(near, { addresses: [parseCidr("10.0.0.2/24")] }, 0);
  return new Network({ stack, clock: { now: () => 0 } });
}

Deno.test("Network.close() ends the loops over its listeners", async () => {
  const network = loneNetwork();
  const listener = network.listen({ port: 80 });
  const seen: TcpConn[] = [];
  const loop = (async () => {
    for await (const conn of listener) seen.push(conn);
  })();
  await network.close();
  await loop;
  assertEquals(seen, []);
  assertEquals(listener.isClosed, true);
});

Deno.test("Network.close() rejects a pending accept()", async () => {
  const network = loneNetwork();
  const accepting = network.listen({ port: 80 }).accept();
  const rejection = assertRejects(() => accepting, Error, "Cannot accept");
  await network.close();
  await rejection;
});

Deno.test("Network.connect() shows the attempt before its first packet, and it can be read after it failed", async () => {
  const network = loneNetwork();
  const attempts: TcpConn[] = [];
  const connecting = network.connect({
    hostname: "10.0.0.1",
    port: 7,
    fastOpen: new Uint8Array(5),
    onAttempt: (conn) => attempts.push(conn),
  });
  assertEquals(attempts[0].info().fastOpen?.cookie, "requested");
  const rejection = assertRejects(() => connecting, Error, "Cannot connect");
  network.stack.close(0);
  await rejection;
  assertEquals(attempts[0].info().fastOpen?.cookie, "requested");
});
