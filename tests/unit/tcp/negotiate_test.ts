/** What two SYNs agree on: every option in use only when both carried it. */
import { assertEquals } from "@std/assert";
import { Peer } from "../../tools/sim_peer.ts";

const KINDS = [
  { sackOk: false, scale: undefined, ts: undefined },
  { sackOk: true, scale: undefined, ts: undefined },
  { sackOk: false, scale: 5, ts: undefined },
  { sackOk: false, scale: undefined, ts: [7, 0] as const },
  { sackOk: true, scale: 5, ts: [7, 0] as const },
];

for (const wanted of [true, false]) {
  Deno.test(`acceptOffer() takes what both sides offer, ours ${wanted ? "all" : "none"}, as either end`, () => {
    const tcp = { sack: wanted, timestamps: wanted, windowScaling: wanted };
    for (const kind of KINDS) {
      const expected = [
        wanted && kind.sackOk,
        wanted && kind.scale !== undefined,
        wanted && kind.ts !== undefined,
      ];
      const passive = new Peer({ tcp });
      passive.listen();
      passive.send({ ...kind, flags: "S", seq: 0, ack: 0, mss: 1460 });
      const synAck = passive.only();
      // A SYN-ACK offers only what the SYN offered.
      assertEquals(
        [synAck.sackOk, synAck.scale >= 0, synAck.ts !== null],
        expected,
      );
      const active = new Peer({ tcp });
      active.connect();
      const syn = active.only();
      assertEquals(
        [syn.sackOk, syn.scale >= 0, syn.ts !== null],
        [wanted, wanted, wanted],
      );
      const ts = kind.ts === undefined
        ? undefined
        : [7, syn.ts?.[0] ?? 0] as const;
      active.send({ ...kind, ts, flags: "S.", seq: 0, mss: 1460 });
      const t = active.live.tcb;
      assertEquals([t.sackEnabled, t.wscaleEnabled, t.tsEnabled], expected);
      assertEquals(active.only().ts !== null, expected[2]);
    }
  });
}

Deno.test("a window scale above 14 counts as 14, RFC 7323 §2.3", () => {
  const peer = new Peer({ syn: { scale: 200 } }).openActive();
  assertEquals(peer.live.tcb.sndWscale, 14);
});

Deno.test("an MSS of nothing is taken for the least that makes progress", () => {
  const peer = new Peer({ syn: { mss: 0 } }).openActive();
  peer.write(1_000);
  const lengths = peer.take().map((s) => s.length);
  assertEquals(lengths.every((n) => n === 48), true, `${lengths}`);
});

Deno.test("without scaling no window above 65,535 is told or believed", () => {
  const peer = new Peer({ tcp: { windowScaling: false } }).openActive();
  peer.send({ window: 65_535 });
  assertEquals(peer.live.tcb.sndWnd, 65_535);
  for (let i = 0; i < 200; i++) {
    peer.send({ data: 1_460 });
    peer.read();
    for (const seen of peer.take()) assertEquals(seen.window <= 65_535, true);
  }
});
