/** Connections from open to gone: every way to begin and to end, and nothing left afterwards. */
import { assertEquals } from "@std/assert";
import {
  ABORT_REFUSED,
  ABORT_RESET,
  ABORT_STACK_CLOSED,
  ABORT_TIMED_OUT,
  ERR_NO_ROUTE,
} from "../../engine/tcp/codes.ts";
import { parseIpAddress } from "../../engine/wire/ip_address.ts";
import { clientAddress, Pair, serverAddress } from "../tools/sim.ts";
import { App, converse, finish } from "../tools/sim_app.ts";

const SECOND = 1_000_000;

/** Asserts that both stacks are as empty as new ones. */
function assertEmpty(pair: Pair, memory: readonly number[]): void {
  for (const stack of [pair.client, pair.server]) {
    assertEquals(stack.connectionCount, 0, pair.story(20));
    assertEquals(stack.tcp.orphanCount, 0);
    assertEquals(stack.tcp.timeWaitCount, 0);
  }
  assertEquals([pair.client.memoryUsed, pair.server.memoryUsed], memory);
}

function memoryOf(pair: Pair): number[] {
  return [pair.client.memoryUsed, pair.server.memoryUsed];
}

for (const family of [4, 6] as const) {
  Deno.test(`half-close lets the other side go on, IPv${family}`, () => {
    for (const [send, back] of [[0, 200_000], [200_000, 0], [1, 1]]) {
      const pair = new Pair({ delay: 5_000 });
      const memory = memoryOf(pair);
      // The server begins to send only when the client has said all it had to say.
      const c = converse(pair, {
        family,
        client: { send },
        server: { shutdown: "never", close: "never" },
      });
      pair.sim.run(60 * SECOND, () => c.server.ended);
      pair.sim.pass(SECOND);
      assertEquals(c.client.connection!.stateName, "FIN-WAIT-2");
      const connection = c.server.connection!;
      assertEquals(connection.stateName, "CLOSE-WAIT");
      c.server.toSend = back;
      c.server.work(pair.sim.now);
      pair.sim.pass(SECOND);
      connection.close(pair.sim.now);
      finish(c);
      pair.sim.pass(100 * SECOND);
      assertEmpty(pair, memory);
    }
  });
}

Deno.test("both sides may open at once: one connection, data both ways", () => {
  const pair = new Pair({ delay: 10_000 });
  const memory = memoryOf(pair);
  const near = new App({ send: 50_000, sendSeed: 1, expectSeed: 2 });
  const far = new App({ send: 70_000, sendSeed: 2, expectSeed: 1 });
  const a = pair.client.connect({
    remote: serverAddress(),
    remotePort: 2000,
    localPort: 1000,
    sink: near,
  }, 0);
  const b = pair.server.connect({
    remote: clientAddress(),
    remotePort: 1000,
    localPort: 2000,
    sink: far,
  }, 0);
  if (typeof a === "number" || typeof b === "number") throw new Error();
  pair.sim.watched.push(a, b);
  pair.sim.run(60 * SECOND, () => near.ended && far.ended);
  assertEquals([near.received, far.received], [70_000, 50_000], pair.story(30));
  assertEquals([near.wrongAt, far.wrongAt], [-1, -1]);
  assertEquals(pair.client.tcp.rules.get("R_SYN_SENT_SIMULTANEOUS"), 1);
  pair.sim.pass(100 * SECOND);
  assertEmpty(pair, memory);
});

Deno.test("both sides may close at once", () => {
  const pair = new Pair({ delay: 10_000 });
  const memory = memoryOf(pair);
  const quiet = { shutdown: "never", close: "never" } as const;
  const c = converse(pair, { client: quiet, server: quiet });
  pair.sim.pass(SECOND);
  c.client.connection!.close(pair.sim.now);
  c.server.connection!.close(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEquals(c.client.connection!.stateName, "TIME-WAIT");
  assertEquals(c.server.connection!.stateName, "TIME-WAIT");
  pair.sim.pass(61 * SECOND);
  assertEmpty(pair, memory);
});

Deno.test("ten thousand connections come and go and leave nothing", () => {
  const pair = new Pair({
    delay: 500,
    tcp: { timeWaitTimeout: SECOND, ephemeralFirst: 1_024 },
    memory: 128 * 1024 * 1024,
  });
  const memory = memoryOf(pair);
  const listener = pair.server.listen({ port: 80, backlog: 10_000 });
  if (typeof listener === "number") throw new Error(`${listener}`);
  let served = 0;
  listener.sink = {
    handleAcceptable: (ready, now) => {
      for (let next = ready.accept(); next !== null; next = ready.accept()) {
        new App({ send: 10, sendSeed: 2, expectSeed: 1 }).attach(next, now);
        served++;
      }
    },
  };
  const apps: App[] = [];
  for (let i = 0; i < 10_000; i++) {
    const app = new App({ send: 10 });
    apps.push(app);
    const connection = pair.client.connect({
      remote: serverAddress(i % 2 === 0 ? 4 : 6),
      remotePort: 80,
      sink: app,
    }, pair.sim.now);
    if (typeof connection === "number") throw new Error(`${connection}`);
    if (i % 500 === 499) pair.sim.pass(10_000);
  }
  pair.sim.pass(20 * SECOND);
  assertEquals(served, 10_000);
  assertEquals(apps.every((a) => a.ended && a.received === 10), true);
  pair.server.closeListener(listener, pair.sim.now);
  pair.sim.pass(SECOND);
  assertEmpty(pair, memory);
});

Deno.test("connect() to a closed port is refused within a round trip", () => {
  for (const family of [4, 6] as const) {
    const pair = new Pair({ delay: 5_000 });
    const app = new App();
    const connection = pair.client.connect({
      remote: serverAddress(family),
      remotePort: 9,
      sink: app,
    }, 0);
    if (typeof connection === "number") throw new Error(`${connection}`);
    pair.sim.pass(SECOND);
    assertEquals([app.abortReason, app.closedAt], [ABORT_REFUSED, 10_000]);
  }
});

Deno.test("connect() without a route says so at once", () => {
  const pair = new Pair();
  const remote = parseIpAddress("192.0.2.1");
  const result = pair.client.connect({ remote, remotePort: 80 }, 0);
  assertEquals(result, ERR_NO_ROUTE);
});

Deno.test("connect() into silence gives up after its SYNs: linear, then doubling", () => {
  const pair = new Pair({ faults: { drop: 1 } });
  const app = new App();
  const connection = pair.client.connect({
    remote: serverAddress(),
    remotePort: 80,
    sink: app,
  }, 0);
  if (typeof connection === "number") throw new Error(`${connection}`);
  pair.sim.pass(1_000 * SECOND);
  assertEquals(app.abortReason, ABORT_TIMED_OUT);
  // Linux, tcp_syn_retries 6 and tcp_syn_linear_timeouts 4: 1+1+1+1+1+2+4+..+64.
  assertEquals(app.closedAt, 131 * SECOND);
  assertEquals(pair.client.tcpCounters.get("TcpExtTCPSynRetrans"), 10);
});

Deno.test("a transfer into silence gives up after tcp_retries2 doublings", () => {
  const pair = new Pair({ delay: 5_000, tcp: { tailLossProbe: false } });
  const c = converse(pair, {
    client: { send: 100, close: "never", shutdown: "never" },
    server: { shutdown: "never", close: "never" },
  });
  pair.sim.pass(SECOND);
  pair.wire.setFaults({ drop: 1 });
  const from = pair.sim.now;
  c.client.toSend += 100;
  c.client.work(pair.sim.now);
  pair.sim.pass(3_000 * SECOND);
  assertEquals(c.client.abortReason, ABORT_TIMED_OUT);
  // Linux: at least the 924.6 s that 15 doublings from 200 ms, at most 120 s each, amount to.
  const took = (c.client.closedAt - from) / SECOND;
  assertEquals(took >= 924.6 && took < 1_060, true, `${took}`);
});

Deno.test("setUserTimeout() ends a transfer into silence when the user said", () => {
  const pair = new Pair({ delay: 5_000 });
  const c = converse(pair, {
    client: { send: 100, close: "never", shutdown: "never" },
    server: { shutdown: "never", close: "never" },
  });
  pair.sim.pass(SECOND);
  c.client.connection!.setUserTimeout(5 * SECOND, pair.sim.now);
  pair.wire.setFaults({ drop: 1 });
  const from = pair.sim.now;
  c.client.toSend += 100;
  c.client.work(pair.sim.now);
  pair.sim.pass(100 * SECOND);
  assertEquals(c.client.abortReason, ABORT_TIMED_OUT);
  const took = (c.client.closedAt - from) / SECOND;
  assertEquals(took >= 5 && took <= 7, true, `${took}`);
});

Deno.test("setKeepAlive() finds a peer that went away, and spares one that answers", () => {
  const pair = new Pair({ delay: 5_000 });
  const quiet = { shutdown: "never", close: "never" } as const;
  const c = converse(pair, { client: quiet, server: quiet });
  pair.sim.pass(SECOND);
  c.client.connection!.setKeepAlive(
    "on",
    pair.sim.now,
    10 * SECOND,
    SECOND,
    5,
  );
  pair.sim.pass(1_000 * SECOND);
  assertEquals(c.client.connection!.stateName, "ESTABLISHED");
  const probes = pair.client.tcpCounters.get("TcpExtTCPKeepAlive");
  assertEquals(probes >= 95 && probes <= 100, true, `${probes}`);
  pair.wire.setFaults({ drop: 1 });
  const from = pair.sim.now;
  pair.sim.pass(100 * SECOND);
  assertEquals(c.client.abortReason, ABORT_TIMED_OUT);
  const took = (c.client.closedAt - from) / SECOND;
  assertEquals(took > 5 && took <= 16, true, `${took}`);
});

Deno.test("a window shut for ten minutes is probed, reopened and filled", () => {
  const pair = new Pair({ delay: 5_000 });
  const c = converse(pair, {
    client: { send: 2_000_000 },
    server: { read: "no" },
  });
  pair.sim.pass(600 * SECOND);
  assertEquals(c.server.received, 0);
  assertEquals(c.client.connection!.stateName, "CLOSE-WAIT");
  const probes = pair.client.tcpCounters.get("TcpExtTCPWinProbe");
  assertEquals(probes >= 9 && probes <= 15, true, `${probes}`);
  c.server.reading = true;
  c.server.work(pair.sim.now);
  const from = pair.sim.now;
  finish(c);
  assertEquals(pair.sim.now - from < 5 * SECOND, true);
});

Deno.test("a lost window update does not stop a transfer", () => {
  const pair = new Pair({ delay: 5_000 });
  const c = converse(pair, {
    client: { send: 2_000_000 },
    server: { read: "no" },
  });
  pair.sim.pass(10 * SECOND);
  pair.wire.setFaults({ drop: 1 });
  c.server.reading = true;
  c.server.work(pair.sim.now);
  pair.sim.pass(SECOND);
  pair.wire.setFaults({});
  finish(c);
});

Deno.test("a FIN may be lost any number of times at either end", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const pair = new Pair({ seed, delay: 5_000, tcp: { orphanRetries: 15 } });
    const memory = memoryOf(pair);
    const quiet = { shutdown: "never", close: "never" } as const;
    const c = converse(pair, { client: quiet, server: quiet });
    pair.sim.pass(SECOND);
    pair.wire.setFaults({ drop: 0.4 });
    c.client.connection!.close(pair.sim.now);
    pair.sim.pass(seed * 10_000);
    c.server.connection!.close(pair.sim.now);
    pair.sim.pass(2_000 * SECOND);
    assertEmpty(pair, memory);
  }
});

Deno.test("a full backlog makes clients wait, not fail", () => {
  const pair = new Pair({ delay: 5_000 });
  const listener = pair.server.listen({ port: 80, backlog: 2 });
  if (typeof listener === "number") throw new Error(`${listener}`);
  const apps = Array.from({ length: 5 }, () => new App({ send: 10 }));
  for (const app of apps) {
    pair.client.connect({
      remote: serverAddress(),
      remotePort: 80,
      sink: app,
    }, 0);
  }
  pair.sim.pass(SECOND / 2);
  assertEquals(listener.readyCount, 2);
  assertEquals(pair.server.tcpCounters.get("TcpExtListenOverflows") > 0, true);
  for (let i = 0; i < 60; i++) {
    for (
      let next = listener.accept();
      next !== null;
      next = listener.accept()
    ) {
      new App({ sendSeed: 2, expectSeed: 1 }).attach(next, pair.sim.now);
    }
    pair.sim.pass(SECOND);
  }
  assertEquals(apps.every((app) => app.ended), true, pair.story(20));
});

Deno.test("closeListener() resets those who wait, and their ports refuse", () => {
  const pair = new Pair({ delay: 5_000 });
  const memory = memoryOf(pair);
  const listener = pair.server.listen({ port: 80 });
  if (typeof listener === "number") throw new Error(`${listener}`);
  const app = new App({ shutdown: "never" });
  pair.client.connect(
    { remote: serverAddress(), remotePort: 80, sink: app },
    0,
  );
  pair.sim.pass(SECOND);
  assertEquals(listener.readyCount, 1);
  pair.server.closeListener(listener, pair.sim.now);
  pair.sim.pass(SECOND);
  assertEquals(app.abortReason, ABORT_RESET);
  app.connection!.close(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEmpty(pair, memory);
});

Deno.test("close() with unread data resets; the peer learns of it", () => {
  const pair = new Pair({ delay: 5_000 });
  const memory = memoryOf(pair);
  const c = converse(pair, {
    client: { send: 1_000, shutdown: "never" },
    server: { read: "no", shutdown: "never" },
  });
  pair.sim.pass(SECOND);
  c.server.connection!.close(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEquals(c.client.abortReason, ABORT_RESET);
  c.client.connection!.close(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEmpty(pair, memory);
});

Deno.test("data for an application that is gone resets the sender", () => {
  const pair = new Pair({ delay: 5_000 });
  const c = converse(pair, {
    client: { send: 10, shutdown: "never" },
    server: { shutdown: "never", close: "never" },
  });
  pair.sim.pass(SECOND);
  c.server.connection!.close(pair.sim.now);
  c.client.toSend += 10;
  c.client.work(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEquals(c.client.abortReason, ABORT_RESET);
  assertEquals(pair.server.connectionCount, 0);
});

Deno.test("an orphan waits for the peer's FIN only so long", () => {
  const pair = new Pair({ delay: 5_000 });
  const c = converse(pair, {
    client: { shutdown: "never", close: "never" },
    server: { shutdown: "never", close: "never" },
  });
  pair.sim.pass(SECOND);
  c.client.connection!.close(pair.sim.now);
  pair.sim.pass(59 * SECOND);
  assertEquals(c.client.connection!.stateName, "FIN-WAIT-2");
  pair.sim.pass(3 * SECOND);
  assertEquals(pair.client.connectionCount, 0);
});

Deno.test("Stack.close() ends every connection and tells its owner", () => {
  const pair = new Pair({ delay: 5_000 });
  const c = converse(pair, {
    client: { send: 100, shutdown: "never" },
    server: { shutdown: "never" },
  });
  pair.sim.pass(SECOND);
  pair.client.close(pair.sim.now);
  assertEquals(c.client.abortReason, ABORT_STACK_CLOSED);
  pair.sim.pass(SECOND);
  assertEquals(c.server.abortReason, ABORT_RESET);
});

Deno.test("too many orphans make close() reset", () => {
  const pair = new Pair({ delay: 5_000, clientTcp: { maxOrphans: 0 } });
  const quiet = { shutdown: "never", close: "never" } as const;
  const c = converse(pair, { client: quiet, server: quiet });
  pair.sim.pass(SECOND);
  c.client.connection!.close(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEquals(c.server.abortReason, ABORT_RESET);
  assertEquals(pair.client.connectionCount, 0);
});
