/** Corners of RFC 9293: half-open connections, urgent data, odd FINs and RSTs, full queues, limits of patience. */
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import { ABORT_RESET, ABORT_TIMED_OUT } from "../../engine/tcp/codes.ts";
import { Pair, serverAddress } from "../tools/sim.ts";
import { App, converse, finish } from "../tools/sim_app.ts";
import { Peer, shorthand } from "../tools/sim_peer.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

Deno.test("a half-open connection is found when the crashed side opens anew (§3.5.1, figure 9)", () => {
  const pair = new Pair({ delay: 2_000 });
  const never = { shutdown: "never", close: "never" } as const;
  const c = converse(pair, {
    client: never,
    server: never,
    connect: { localPort: 5_000 },
  });
  pair.sim.pass(SECOND);
  const server = c.server.connection!;
  // The client forgets everything, as after a crash, and opens again.
  c.client.connection!.vanish(pair.sim.now);
  pair.sim.settle();
  const app = new App({ send: 10_000, ...never });
  const again = pair.client.connect({
    remote: serverAddress(),
    remotePort: 80,
    localPort: 5_000,
    sink: app,
  }, pair.sim.now);
  assert(typeof again !== "number");
  pair.sim.pass(5 * SECOND);
  pair.tell(() => {
    assertEquals(server.abortReason, ABORT_RESET);
    assertEquals(again.stateName, "ESTABLISHED");
    assert(pair.server.counters().TcpExtTCPSYNChallenge > 0);
  });
});

Deno.test("a half-open connection is found when the other side sends (§3.5.1, figure 10)", () => {
  const pair = new Pair({ delay: 2_000 });
  const never = { shutdown: "never", close: "never" } as const;
  const c = converse(pair, { client: never, server: never });
  pair.sim.pass(SECOND);
  c.client.connection!.vanish(pair.sim.now);
  pair.sim.settle();
  c.server.toSend = 100;
  c.server.work(pair.sim.now);
  pair.sim.pass(SECOND);
  assertEquals(c.server.connection!.abortReason, ABORT_RESET);
});

Deno.test("data in a SYN without Fast Open is not acknowledged, and taken when it comes again", () => {
  const peer = new Peer();
  peer.listen();
  peer.send({ flags: "S", seq: 0, ack: 0, mss: 1_460, data: 100 });
  const synAck = peer.only();
  assertEquals([synAck.flags, synAck.ack], ["S.", 1]);
  peer.send({ seq: 1 });
  assertEquals(peer.live.readable, 0);
  peer.send({ seq: 1, data: 100 });
  peer.send({ seq: 101, data: 50 });
  assertEquals(peer.read().length, 150);
});

Deno.test("data in the segment that ends the handshake is taken at once (§3.10.7.4 fifth)", () => {
  const peer = new Peer();
  peer.listen();
  peer.send({ flags: "S", seq: 0, ack: 0, mss: 1_460 });
  peer.take();
  peer.send({ flags: "FP.", seq: 1, data: 30 });
  assertEquals(peer.state, "CLOSE-WAIT");
  assertEquals(peer.read().length, 30);
});

Deno.test("data in a SYN-ACK is taken (§3.10.7.3 fourth)", () => {
  const peer = new Peer();
  peer.connect();
  peer.only();
  peer.send({ flags: "S.", seq: 0, mss: 1_460, data: 25 });
  assertEquals([peer.state, peer.read().length], ["ESTABLISHED", 25]);
  assertEquals(peer.take().at(-1)!.ack, 26);
});

Deno.test("urgent data is announced, stays in line, and the pointer only moves forward (§3.8.5, RFC 6093)", () => {
  const peer = new Peer().openPassive();
  const t = peer.live.tcb;
  peer.send({ flags: "U.", seq: 1, data: 10, urgent: 5 });
  assertEquals([t.rcvUrgent, t.urgentBytes], [true, 5]);
  // Back, and where it was: no news.
  peer.send({ flags: "U.", seq: 11, data: 10, urgent: 1 });
  assertEquals(t.urgentBytes, 11);
  peer.send({ flags: "U.", seq: 1, data: 10, urgent: 5 });
  assertEquals(t.urgentBytes, 11);
  assertEquals(peer.read(11).length, 11);
  assertEquals(t.rcvUrgent, false);
  // A pointer far ahead of the data is believed: the sender may announce before it sends.
  peer.send({ flags: "U.", seq: 21, data: 1, urgent: 65_535 });
  assertEquals(t.rcvUrgent, true);
  assertEquals(peer.read(100).length, 10);
  assertEquals(t.rcvUrgent, true);
});

Deno.test("writeUrgent() points past its last byte until the peer has it, through a closed window too (MUST-31)", () => {
  const peer = new Peer().openPassive();
  peer.do((c, now) => void c.writeUrgent(new Uint8Array(2_000), 0, 2_000, now));
  const first = peer.take();
  assertEquals(first.map((s) => [s.flags.includes("U"), s.urgent]), [
    [true, 2_000],
    [true, 540],
  ]);
  peer.send({ ack: 2_001, window: 0 });
  peer.write(10);
  peer.take();
  peer.send({ ack: 2_001 });
  assertEquals(peer.take()[0].flags.includes("U"), false);
});

Deno.test("a RST in LAST-ACK, CLOSING and FIN-WAIT-1 ends the connection as reset", () => {
  for (const state of ["LAST-ACK", "CLOSING", "FIN-WAIT-1"] as const) {
    const peer = new Peer().reach(state);
    peer.send({ flags: "R" });
    assertEquals([state, peer.state], [state, "CLOSED"]);
    assertEquals(peer.live.abortReason, ABORT_RESET);
    peer.silence();
  }
});

Deno.test("a FIN that comes again is acknowledged in every state that has seen it", () => {
  for (
    const state of ["CLOSE-WAIT", "LAST-ACK", "CLOSING", "TIME-WAIT"] as const
  ) {
    const peer = new Peer().reach(state);
    const ack = state === "LAST-ACK" || state === "CLOSING" ? 1 : peer.ack;
    peer.send({ flags: "F.", seq: 1, ack });
    assertEquals([state, peer.only().ack], [state, 2]);
    assertEquals(peer.state, state);
  }
});

Deno.test("backlog 0 takes no connection; a place that becomes free is used by the next SYN", () => {
  const pair = new Pair();
  const listener = pair.server.listen({ port: 80, backlog: 0 });
  assert(typeof listener !== "number");
  const made = pair.client.connect(
    { remote: serverAddress(), remotePort: 80 },
    0,
  );
  assert(typeof made !== "number");
  pair.sim.pass(3 * SECOND);
  assertEquals(made.stateName, "SYN-SENT");
  assert(pair.server.counters().TcpExtListenDrops > 0);
  listener.backlog = 1;
  pair.sim.pass(MINUTE);
  assertEquals([made.stateName, listener.readyCount], ["ESTABLISHED", 1]);
});

Deno.test("with abortOnOverflow a handshake that finds the queue full is reset", () => {
  const pair = new Pair({ serverTcp: { abortOnOverflow: true }, delay: 1_000 });
  const listener = pair.server.listen({ port: 80, backlog: 1 });
  assert(typeof listener !== "number");
  const connect = () => {
    const made = pair.client.connect(
      { remote: serverAddress(), remotePort: 80 },
      pair.sim.now,
    );
    assert(typeof made !== "number");
    return made;
  };
  // Both SYNs arrive before either handshake is complete.
  const both = [connect(), connect()];
  pair.sim.pass(SECOND);
  assertEquals(both.map((c) => c.abortReason), [0, ABORT_RESET]);
});

Deno.test("a zero window is probed for ever while the peer answers, and given up when it does not (§3.8.6.1)", () => {
  let cut = false;
  const pair = new Pair({ delay: 1_000, toClient: { dropIf: () => cut } });
  const c = converse(pair, {
    client: { send: 500_000 },
    server: { read: "no", shutdown: "never", close: "never" },
  });
  pair.sim.pass(24 * 60 * MINUTE);
  const t = c.client.connection!.tcb;
  assertEquals([c.client.abortReason, t.sndWnd], [0, 0]);
  cut = true;
  pair.sim.pass(60 * MINUTE);
  assertEquals(c.client.abortReason, ABORT_TIMED_OUT);
});

Deno.test("an orphan is not held for ever by a peer that answers probes with a shut window", () => {
  const peer = new Peer().openPassive();
  peer.send({ window: 0 });
  peer.write(10);
  peer.do((c, now) => c.close(now));
  for (let second = 0; second < 3_600 && peer.state !== "CLOSED"; second++) {
    peer.pass(SECOND);
    for (const _ of peer.take()) peer.send({ window: 0 });
  }
  assertEquals(peer.state, "CLOSED");
  assertEquals(peer.stack.tcp.orphanCount, 0);
});

Deno.test("a peer that takes its window back while data is in flight but answers is not given up (SHLD-15)", () => {
  const peer = new Peer().openPassive();
  peer.write(1_000);
  peer.take();
  peer.send({ ack: 1, window: 0 });
  for (let minute = 0; minute < 60; minute++) {
    peer.pass(MINUTE);
    for (const _ of peer.take()) peer.send({ ack: 1, window: 0 });
  }
  assertEquals(peer.state, "ESTABLISHED");
  peer.send({ ack: 1, window: 10_000 });
  peer.pass(SECOND);
  // What waited goes soon after the window opens, not at the end of a long timeout.
  assertEquals(shorthand(peer.take())[0], "P. 1:1001 ack 1");
  peer.send({ ack: 1_001 });
  assertEquals(peer.state, "ESTABLISHED");
});

Deno.test("R2: an established connection gives up after its retries, an orphan sooner (§3.8.3)", () => {
  const limits: number[] = [];
  for (const verb of ["wait", "close"] as const) {
    const peer = new Peer().openPassive();
    peer.write(100);
    if (verb === "close") peer.do((c, now) => c.close(now));
    const began = peer.sim.now;
    let ended = 0;
    for (let s = 0; s < 3_600 && ended === 0; s++) {
      peer.pass(SECOND);
      peer.take();
      if (peer.state === "CLOSED") ended = peer.sim.now - began;
    }
    assertEquals(peer.live.abortReason, ABORT_TIMED_OUT);
    limits.push(ended / SECOND);
  }
  const [established, orphan] = limits;
  // RFC 1122 §4.2.3.5: R2 at least 100 s; Linux 924 s, and 102 s for orphans.
  assert(established >= 900 && established < 1_100, `${established} s`);
  assert(orphan >= 100 && orphan < 220, `${orphan} s`);
});

Deno.test("two sides that open at once with data lose none of it", () => {
  const peer = new Peer();
  peer.connect();
  peer.take();
  peer.live.write(new Uint8Array(50), 0, 50, peer.sim.now);
  peer.send({ flags: "S", seq: 0, ack: 0, mss: 1_460, sackOk: true });
  assertEquals(peer.only().flags, "S.");
  peer.send({ flags: "S.", seq: 0, ack: 1, mss: 1_460 });
  assertEquals(peer.state, "ESTABLISHED");
  const sent = peer.take();
  assertEquals(sent.some((s) => s.seq === 1 && s.length === 50), true);
});

Deno.test("an acceptable ACK with an old timestamp changes nothing; a connection idle for 25 days takes new ones", () => {
  const options = { syn: { ts: [1_000, 0] as const } };
  const peer = new Peer(options).openPassive();
  peer.send({ data: 10, ts: [2_000, 0] });
  peer.take();
  peer.send({ data: 10, ts: [500, 0] });
  assertEquals([peer.live.readable, peer.only().ack], [10, 11]);
  assertEquals(peer.stack.counters().TcpExtPAWSEstab, 1);
  peer.pass(25 * 24 * 60 * MINUTE);
  // Its clock has wrapped half the circle: RFC 7323 §5.5.
  peer.seq = 11;
  peer.send({ data: 10, ts: [500, 0] });
  assertEquals(peer.live.readable, 20);
});

Deno.test("random corks, urgent writes and half-closes over a bad wire still deliver every byte", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = new SeededRandom(seed);
    const pair = new Pair({
      seed,
      delay: 5_000,
      faults: { drop: 0.03, duplicate: 0.02, reorder: 0.03, delay: 1_000 },
    });
    const c = converse(pair, {
      client: { send: 60_000, writeSize: 777 },
      server: { send: 60_000, writeSize: 1_333 },
    });
    const modes = ["nagle", "nodelay", "cork"] as const;
    for (let i = 0; i < 40; i++) {
      pair.sim.pass(10_000);
      for (const app of [c.client, c.server]) {
        app.connection?.setCoalescing(modes[(random.int32() >>> 8) % 3]);
      }
    }
    finish(c);
  }
});
