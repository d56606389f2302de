/** Limits: what happens when memory, orphans or TIME-WAIT run out, and that all of it passes. */
import { assert, assertEquals } from "@std/assert";
import { Pair, serverAddress } from "../tools/sim.ts";
import { App, converse } from "../tools/sim_app.ts";
import type { Conversation } from "../tools/sim_app.ts";
import { Peer } from "../tools/sim_peer.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** Conversations on ports of their own. */
function many(pair: Pair, count: number, send: number): Conversation[] {
  return Array.from({ length: count }, (_, i) =>
    converse(pair, {
      port: 1_000 + i,
      client: { send },
      server: { read: "no", shutdown: "never", close: "never" },
    }));
}

/** What a stack needs for its frames, and 3 MiB for buffers. */
function scarce(): number {
  return new Pair().server.memoryUsed + 3 * 1024 * 1024;
}

function read(app: App, now: number): void {
  app.reading = true;
  app.work(now);
}

Deno.test("a receiver without memory shuts windows; all connections survive half an hour and go on when it has some", () => {
  const pair = new Pair({ delay: 2_000 });
  // Far less than the windows promise.
  const poor = new Pair({ delay: 2_000, serverMemory: scarce() });
  const talks = many(poor, 100, 150_000);
  poor.sim.pass(30 * MINUTE);
  const stuck = talks.filter((c) => c.server.connection!.readable < 65_536);
  poor.tell(() => {
    assert(stuck.length > 0, "memory never ran out");
    const counters = poor.server.counters();
    assert(counters.TcpExtTCPRcvQDrop > 0);
    assert(counters.TcpExtTCPToZeroWindowAdv > 0);
    assert(poor.server.memoryUsed <= scarce());
    for (const c of talks) {
      assertEquals([c.client.abortReason, c.server.abortReason], [0, 0]);
    }
    for (const c of talks) read(c.server, poor.sim.now);
    poor.sim.pass(MINUTE);
    for (const c of talks) {
      assertEquals([c.server.received, c.server.wrongAt], [150_000, -1]);
    }
  });
  // With enough memory none of this is seen.
  const rich = many(pair, 100, 150_000);
  pair.sim.pass(MINUTE);
  assertEquals(pair.server.counters().TcpExtTCPRcvQDrop, 0);
  for (const c of rich) assert(c.server.connection!.readable >= 65_536);
});

Deno.test("others may hold nearly all memory for ever: who reads still gets everything", () => {
  const pair = new Pair({ delay: 2_000, serverMemory: scarce() });
  many(pair, 46, 65_536);
  pair.sim.pass(MINUTE);
  assertEquals(pair.server.tcp.isMemoryShort, true);
  const c = converse(pair, { port: 80, client: { send: 300_000 } });
  pair.tell(() => {
    pair.sim.pass(5 * MINUTE);
    assertEquals([c.server.received, c.server.wrongAt], [300_000, -1]);
    assertEquals(pair.server.tcp.isMemoryShort, true);
  });
});

Deno.test("a sender without memory takes less, waits, and tells when there is room", () => {
  const pair = new Pair({ delay: 2_000, memory: scarce() });
  const talks = many(pair, 60, 400_000);
  pair.sim.pass(MINUTE);
  pair.tell(() => {
    assert(pair.client.counters().SynloadOutOfMemory > 0);
    assert(talks.some((c) => c.client.sent < 200_000), "all could write");
    for (const c of talks) read(c.server, pair.sim.now);
    pair.sim.pass(10 * MINUTE);
    for (const c of talks) {
      assertEquals([c.server.received, c.server.wrongAt], [400_000, -1]);
    }
  });
});

Deno.test("an idle connection gives its memory back, and is as good as before", () => {
  const pair = new Pair({ delay: 2_000 });
  const before = [pair.client.memoryUsed, pair.server.memoryUsed];
  const c = converse(pair, {
    client: { send: 1_000_000, shutdown: "never", close: "never" },
    server: { send: 1_000_000, shutdown: "never", close: "never" },
  });
  pair.sim.pass(SECOND / 2);
  assertEquals(c.server.received, 1_000_000);
  assert(pair.server.memoryUsed > before[1]);
  pair.sim.pass(2 * SECOND);
  assertEquals([pair.client.memoryUsed, pair.server.memoryUsed], before);
  c.client.toSend += 500_000;
  c.client.work(pair.sim.now);
  pair.sim.pass(10 * SECOND);
  assertEquals([c.server.received, c.server.wrongAt], [1_500_000, -1]);
  assertEquals([pair.client.memoryUsed, pair.server.memoryUsed], before);
  // Nothing is left that would wake it.
  assertEquals(pair.sim.run(), "idle");
});

Deno.test("unread bytes keep their memory until they are read, whatever became of the connection", () => {
  const pair = new Pair();
  const before = pair.server.memoryUsed;
  const c = converse(pair, {
    client: { send: 50_000 },
    server: { read: "no" },
  });
  pair.sim.pass(5 * MINUTE);
  assert(pair.server.memoryUsed > before);
  read(c.server, pair.sim.now);
  pair.sim.pass(5 * MINUTE);
  assertEquals([c.server.received, c.server.wrongAt], [50_000, -1]);
  assertEquals(pair.server.memoryUsed, before);
});

Deno.test("a listener nobody accepts from holds a buffer for each of its backlog, and refuses the rest", () => {
  const backlog = 4;
  const pair = new Pair({ delay: 2_000 });
  const before = pair.server.memoryUsed;
  const listener = pair.server.listen({ port: 80, backlog });
  assert(typeof listener !== "number");
  const apps = Array.from({ length: 20 }, () => {
    const app = new App({ send: 1_000_000 });
    const connection = pair.client.connect({
      remote: serverAddress(),
      remotePort: 80,
      sink: app,
    }, pair.sim.now);
    assert(typeof connection !== "number");
    app.connection = connection;
    pair.sim.pass(SECOND / 10);
    return app;
  });
  pair.sim.pass(3 * SECOND);
  const held = pair.server.memoryUsed - before;
  // The window is told in units of 128 bytes, the buffer a power of two.
  assert(held > 0 && held <= backlog * 2 * 65_536, `${held} bytes`);
  assertEquals(listener.readyCount, backlog);
  assert(pair.server.counters().TcpExtListenOverflows > 0);
  // Whoever gets his turn while the client still tries is served in full.
  const served: App[] = [];
  listener.sink = {
    handleAcceptable: (ready, now): void => {
      const app = new App({ expectSeed: 1 });
      served.push(app);
      app.attach(ready.accept()!, now);
    },
  };
  for (let c = listener.accept(); c !== null; c = listener.accept()) {
    const app = new App({ expectSeed: 1 });
    served.push(app);
    app.attach(c, pair.sim.now);
  }
  pair.sim.pass(3 * MINUTE);
  assertEquals(served.map((app) => app.received), apps.map(() => 1_000_000));
});

Deno.test("close() beyond maxOrphans resets; those in TIME-WAIT do not count", () => {
  const pair = new Pair({ delay: 2_000, clientTcp: { maxOrphans: 3 } });
  const apps = Array.from({ length: 5 }, (_, i) =>
    converse(pair, {
      port: 1_000 + i,
      client: { shutdown: "never", close: "never" },
      server: { shutdown: "never", close: "never" },
    }));
  pair.sim.pass(SECOND);
  // The servers stay silent: closed clients wait in FIN-WAIT-2.
  for (const c of apps) c.client.connection!.close(pair.sim.now);
  pair.sim.pass(SECOND);
  const states = apps.map((c) => c.client.connection!.stateName);
  assertEquals(states, [
    "FIN-WAIT-2",
    "FIN-WAIT-2",
    "FIN-WAIT-2",
    "CLOSED",
    "CLOSED",
  ]);
  assertEquals(pair.client.counters().TcpExtTCPAbortOnMemory, 2);
  assertEquals(pair.client.tcp.orphanCount, 3);
  for (const c of apps) c.server.connection!.close(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEquals(pair.client.tcp.timeWaitCount, 3);
  assertEquals(pair.client.tcp.orphanCount, 0);
  pair.sim.pass(2 * MINUTE);
  assertEquals([pair.client.connectionCount, pair.client.tcp.orphanCount], [
    0,
    0,
  ]);
});

Deno.test("beyond maxTimeWait a connection closes at once, its peer's FIN acknowledged", () => {
  const peer = new Peer({ tcp: { maxTimeWait: 0 } }).reach("FIN-WAIT-2");
  peer.send({ flags: "F." });
  assertEquals(peer.only().ack, 2);
  assertEquals(peer.state, "CLOSED");
  const counters = peer.stack.counters();
  assertEquals(counters.TcpExtTCPTimeWaitOverflow, 1);
  assertEquals(peer.stack.tcp.timeWaitCount, 0);
});

Deno.test("an orphan in FIN-WAIT-2 whose peer never closes is gone after finTimeout", () => {
  const peer = new Peer().reach("ESTABLISHED");
  peer.do((c, now) => c.close(now));
  peer.take();
  peer.send();
  assertEquals(peer.state, "FIN-WAIT-2");
  peer.pass(59 * SECOND);
  assertEquals(peer.state, "FIN-WAIT-2");
  peer.pass(2 * SECOND);
  assertEquals([peer.state, peer.stack.connectionCount], ["CLOSED", 0]);
  assertEquals(peer.stack.tcp.orphanCount, 0);
});

Deno.test("a half-closed connection whose application still reads has no such limit", () => {
  const peer = new Peer().reach("FIN-WAIT-2");
  peer.pass(60 * MINUTE);
  assertEquals(peer.state, "FIN-WAIT-2");
  peer.take();
  peer.send({ data: 100 });
  assertEquals(peer.read().length, 100);
});
