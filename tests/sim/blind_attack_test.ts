/**
 * A spoofing peer that knows addresses and ports but no sequence number:
 * RFC 5961. In a million tries it neither ends a connection nor gets a byte
 * in, and hardly an answer out.
 */
import { assertEquals } from "@std/assert";
import { createFrame } from "../../engine/base/frame.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Connection } from "../../engine/tcp/connection.ts";
import { toSeq } from "../../engine/tcp/seq.ts";
import { SegmentIn } from "../../engine/wire/tcp_segment.ts";
import { Pair } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";
import { Peer } from "../tools/sim_peer.ts";

const TRIES = 1_000_000;

/** Feeds forged segments to `connection`: `TRIES` of them, over a minute of virtual time. */
function attack(connection: Connection, from: number, seed: number): void {
  const random = new SeededRandom(seed);
  const frame = createFrame(2_048);
  const s = new SegmentIn(frame);
  s.dataOffset = frame.start;
  for (let i = 0; i < TRIES; i++) {
    s.seq = toSeq(random.int32());
    s.ack = toSeq(random.int32());
    // Every combination of flags comes; RST, SYN and FIN more often than in life.
    s.flags = random.int32() & 0x3f;
    s.wnd = random.int32() & 0xffff;
    s.dataLength = i & 1 ? 100 : 0;
    s.urgentPointer = i & 0xff;
    s.hasTimestamps = connection.tcb.tsEnabled;
    s.tsVal = random.int32();
    s.tsEcr = random.int32();
    connection.handleSegment(s, from + i * 60);
    connection.takeEvents(from + i * 60);
  }
}

for (const timestamps of [true, false]) {
  const how = timestamps ? "with" : "without";
  Deno.test(`a blind attacker moves nothing on an established connection, ${how} timestamps`, () => {
    const pair = new Pair({ delay: 5_000, tcp: { timestamps } });
    const c = converse(pair, {
      client: { send: 100_000, shutdown: "never", close: "never" },
      server: { send: 100_000, shutdown: "never", close: "never" },
    });
    pair.sim.pass(1e6);
    const { connection } = c.client;
    const before = standOf(connection!);
    attack(connection!, pair.sim.now, 5961);
    assertEquals(standOf(connection!), before);
    pair.sim.now += 60e6;
    // And the two who belong to it go on as if nothing had been.
    c.client.toSend += 100_000;
    c.server.toSend += 100_000;
    c.client.work(pair.sim.now);
    c.server.work(pair.sim.now);
    pair.sim.pass(1e6);
    c.client.connection!.shutdownSend(pair.sim.now);
    c.server.connection!.shutdownSend(pair.sim.now);
    finish(c);
  });
}

Deno.test("a flood of forgeries gets few answers", () => {
  const peer = new Peer().openPassive();
  const random = new SeededRandom(1);
  for (let i = 0; i < 20_000; i++) {
    peer.inject({
      flags: i & 1 ? "R" : "S",
      seq: 2 + random.below(65_000),
      ack: 0,
    });
    if (i % 100 === 99) peer.pass(1_000);
  }
  // 200 ms: at most one answer a connection every half second, RFC 5961 §7.
  assertEquals(peer.take().length <= 2, true);
  assertEquals(peer.state, "ESTABLISHED");
});

/** What an attacker would move. */
function standOf(connection: Connection): unknown {
  const t = connection.tcb;
  return [
    connection.stateName,
    t.sndUna,
    t.sndNxt,
    t.sndWnd,
    t.rcvNxt,
    t.rcvBuf.length,
    t.outOfOrder.count,
    t.finPending,
    t.tsRecent,
    t.abortReason,
  ];
}
