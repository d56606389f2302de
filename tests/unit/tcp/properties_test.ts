/** Whatever a peer sends and an application does, in any order and at any time: the connection keeps its books and comes to an end. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Connection } from "../../../engine/tcp/connection.ts";
import { seqAdd, seqAfter, seqSpan } from "../../../engine/tcp/seq.ts";
import type { Seq } from "../../../engine/base/units.ts";
import {
  Peer,
  type PeerOptions,
  REACHABLE,
  type Sent,
} from "../../tools/sim_peer.ts";

/** Fixed, so that a run in CI means the same as one at home; change it to look elsewhere. */
const RUNS = { seed: 9293, numRuns: 200 };
const SECOND = 1_000_000;

/** Something that happens to a connection. */
type Step = (peer: Peer) => void;

/** Distances that matter: near, a segment, a window, half the circle. */
const offset = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 0, 0, 1, -1, 10, -10) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1460, -1460, 2920, 5840, 65_535, -65_535),
  },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
);
const length = fc.constantFrom(0, 0, 1, 10, 100, 1460, 4000);
const flags = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(".", "P.", ".", "F.", "U.", "E.") },
  { weight: 2, arbitrary: fc.constantFrom("R", "R.", "S", "S.", "F", "") },
  { weight: 1, arbitrary: fc.subarray([..."FSRP.UEW"]).map((f) => f.join("")) },
);

const segment: fc.Arbitrary<Step> = fc.record({
  flags,
  seq: offset,
  ack: offset,
  fromUna: fc.boolean(),
  window: fc.constantFrom(0, 1, 500, 1460, 20_000, 65_535),
  data: length,
  sack: fc.array(fc.tuple(offset, length), { maxLength: 3 }),
  ts: fc.option(fc.tuple(offset, offset), { nil: null, freq: 4 }),
  urgent: fc.constantFrom(0, 0, 0, 1, 65_535),
  ecn: fc.constantFrom(0, 0, 2, 3),
}).map((s) => (peer: Peer) => {
  const t = peer.connection?.tcb ?? null;
  const base = t === null || !s.fromUna ? peer.ack : spanFrom(peer, t.sndUna);
  const sent: Sent = {
    flags: s.flags,
    seq: peer.seq + s.seq,
    ack: base + s.ack,
    window: s.window,
    data: s.data,
    urgent: s.urgent,
    ecn: s.ecn,
    sack: s.sack.map(([at, size]) => [base + at, base + at + size] as const),
    ...s.ts === null ? {} : {
      ts: [
        (t?.tsRecent ?? 0) + s.ts[0] | 0,
        (t?.tsOffset ?? 0) + Math.floor(peer.sim.now / 1000) + s.ts[1] | 0,
      ] as const,
    },
  };
  peer.send(sent);
});

const act = (verb: (c: Connection, now: number) => void): Step => (peer) => {
  if (peer.connection !== null) peer.do(verb);
};

const verb: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(1, 100, 1460, 20_000, 300_000).map((n): Step => (peer) => {
    if (peer.connection !== null) peer.write(n);
  }),
  fc.constantFrom(1, 1000, 65_536).map((n): Step => (peer) => {
    if (peer.connection !== null) peer.read(n);
  }),
  fc.constantFrom<Step>(
    act((c, now) => void c.shutdownSend(now)),
    act((c, now) => c.setKeepAlive("on", now, SECOND, SECOND, 3)),
    act((c, now) => c.setKeepAlive("off", now)),
    act((c) => c.setCoalescing("cork")),
    act((c) => c.setCoalescing("nodelay")),
    act((c) => c.setCoalescing("nagle")),
    act((c, now) => c.setUserTimeout(3 * SECOND, now)),
    act((c, now) => void c.writeUrgent(new Uint8Array(5), 0, 5, now)),
    act((c) => c.setPathMtu(600)),
    act((c) => c.setPathMtu(1500)),
  ),
);

const ending: fc.Arbitrary<Step> = fc.constantFrom<Step>(
  act((c, now) => c.close(now)),
  act((c, now) => c.abort(now)),
);

const time: fc.Arbitrary<Step> = fc
  .constantFrom(0.7, 1_000, 40_000.1, 250_000, SECOND, 1e7 + 0.3, 1e8)
  .map((span): Step => (peer) => peer.pass(span));

const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: segment },
    { weight: 5, arbitrary: verb },
    { weight: 3, arbitrary: time },
    { weight: 1, arbitrary: ending },
  ),
  { minLength: 1, maxLength: 60 },
);

const settings: fc.Arbitrary<PeerOptions> = fc.record({
  isn: fc.constantFrom(0, 10_000, 0x7fff_fff0, 0xffff_fff0),
  family: fc.constantFrom<4 | 6>(4, 6),
  gsoMaxSize: fc.constantFrom(0, 65_535),
  rtt: fc.constantFrom(0, 100, 20_000),
  // Instants of a real clock are no whole numbers, and their sums round.
  startAt: fc.constantFrom(0, 8_823_586.597374178, 2 ** 34 - 5 * SECOND + 0.3),
  syn: fc.record({
    mss: fc.constantFrom(100, 536, 1460, 9000),
    sackOk: fc.boolean(),
    window: fc.constantFrom(0, 1000, 65_535),
  }),
  tcp: fc.record({
    sack: fc.boolean(),
    rack: fc.boolean(),
    timestamps: fc.boolean(),
    frto: fc.boolean(),
    ecn: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    tailLossProbe: fc.boolean(),
  }),
});

function spanFrom(peer: Peer, seq: Seq): number {
  return seqSpan(seqAdd(0 as unknown as Seq, peer.stackIsn), seq);
}

/** Checks that nothing lies beyond the farthest edge the peer ever offered. */
function windowWatch(peer: Peer): () => void {
  let edge: Seq | null = null;
  return () => {
    const t = peer.connection?.tcb;
    if (t === undefined || t.state === 7 || t.maxSndWnd === 0) return;
    const now = seqAdd(t.sndUna, t.sndWnd);
    if (edge === null || seqAfter(now, edge)) edge = now;
    // A FIN, and the SYN before any window was told, take no room.
    const beyond = seqSpan(edge, t.sndNxt);
    assertEquals(beyond <= 1, true, `${beyond} bytes beyond the window`);
  };
}

function live(peer: Peer, run: readonly Step[]): void {
  const watch = windowWatch(peer);
  watch();
  for (const step of run) {
    step(peer);
    watch();
    peer.take();
  }
  // However it stands: an application that lets go and a peer that is silent end it.
  for (const connection of peer.sim.watched) connection.close(peer.sim.now);
  peer.pass(4_000 * SECOND);
  peer.take();
  const { stack } = peer;
  assertEquals(stack.connectionCount, 0);
  assertEquals(stack.tcp.orphanCount, 0);
  assertEquals(stack.tcp.timeWaitCount, 0);
}

Deno.test("a connection in any state survives any steps, keeps its books and ends", () => {
  fc.assert(
    fc.property(
      settings,
      fc.constantFrom(...REACHABLE),
      steps,
      (options, state, run) => {
        const peer = new Peer(options);
        const before = peer.stack.memoryUsed;
        try {
          peer.reach(state);
          live(peer, run);
          assertEquals(peer.stack.memoryUsed, before);
        } catch (error) {
          throw new Error(
            `${error instanceof Error ? error.message : error}\n${
              peer.story.slice(-40).join("\n")
            }`,
            { cause: error },
          );
        }
      },
    ),
    RUNS,
  );
});

Deno.test("a listener survives any segments", () => {
  fc.assert(
    fc.property(settings, steps, (options, run) => {
      const peer = new Peer(options);
      const before = peer.stack.memoryUsed;
      peer.listen();
      live(peer, run);
      peer.stack.closeListener(peer.listener!, peer.sim.now);
      peer.pass(300 * SECOND);
      assertEquals(peer.stack.connectionCount, 0);
      assertEquals(peer.stack.memoryUsed, before);
    }),
    RUNS,
  );
});
