/** Selective acknowledgement, both ways: RFC 2018 and RFC 2883. */
import { assert, assertEquals } from "@std/assert";
import { Peer } from "../../tools/sim_peer.ts";

const MSS = 1460;
const at = (n: number): number => 1 + n * MSS;

/** What the stack reports after the last segment. */
function reported(peer: Peer): (readonly [number, number])[] {
  return [...peer.take().at(-1)!.sack];
}

Deno.test("fillSackBlocks() reports the latest range first, then those before it, RFC 2018 §4", () => {
  const peer = new Peer().openPassive();
  peer.send({ seq: 101, data: 100 });
  assertEquals(reported(peer), [[101, 201]]);
  peer.send({ seq: 301, data: 100 });
  assertEquals(reported(peer), [[301, 401], [101, 201]]);
  peer.send({ seq: 501, data: 100 });
  assertEquals(reported(peer), [[501, 601], [301, 401], [101, 201]]);
  // The gap between the first two closes: one range, and the latest.
  peer.send({ seq: 201, data: 100 });
  assertEquals(reported(peer), [[101, 401], [501, 601]]);
  peer.send({ seq: 1, data: 100 });
  assertEquals(reported(peer), [[501, 601]]);
  peer.send({ seq: 401, data: 100 });
  assertEquals(reported(peer), []);
  assertEquals(peer.read().length, 600);
});

Deno.test("fillSackBlocks() has room for four blocks, three beside timestamps", () => {
  for (const [ts, room] of [[undefined, 4], [[1, 0], 3]] as const) {
    const peer = new Peer({ syn: { ts } }).openPassive();
    for (let i = 0; i < 6; i++) {
      peer.send({
        seq: 101 + 200 * i,
        data: 100,
        ts: ts === undefined ? undefined : [2 + i, 0],
      });
    }
    assertEquals(reported(peer).length, room);
  }
});

Deno.test("noteDuplicate() reports what came twice once and first, RFC 2883 §4", () => {
  const peer = new Peer().openPassive();
  peer.send({ seq: 1, data: 100 });
  peer.read();
  peer.take();
  // Below the cumulative acknowledgement.
  peer.send({ seq: 1, data: 100 });
  assertEquals(reported(peer), [[1, 101]]);
  peer.send({ seq: 201, data: 100 });
  assertEquals(reported(peer), [[201, 301]]);
  // Inside a range: the duplicate, then the range it lies in.
  peer.send({ seq: 221, data: 50 });
  assertEquals(reported(peer), [[221, 271], [201, 301]]);
  // Partly new: only the old part is a duplicate.
  peer.send({ seq: 51, data: 100 });
  assertEquals(reported(peer)[0], [51, 101]);
});

Deno.test("without SACK in both SYNs no block is sent and none is believed", () => {
  const peer = new Peer({ syn: { sackOk: false } }).openPassive();
  peer.send({ seq: 101, data: 100 });
  assertEquals(reported(peer), []);
  peer.write(5 * MSS);
  peer.take();
  peer.send({ ack: at(0), sack: [[at(1), at(4)]] });
  // One duplicate acknowledgement, not three segments.
  assertEquals(peer.live.tcb.sackedOut, 1);
});

Deno.test("processSack() believes no block outside what is in flight, nor one turned round", () => {
  const peer = new Peer().openPassive();
  peer.write(5 * MSS);
  peer.take();
  const bad: [number, number][] = [
    [at(4), at(9)],
    [at(3), at(1)],
    [at(2), at(2)],
    [-5_000, at(0)],
    [at(5), at(6)],
  ];
  for (const block of bad) peer.send({ ack: at(0), sack: [block] });
  assertEquals(peer.live.tcb.sackedOut, 0);
  assert(peer.stack.tcpCounters.get("TcpExtTCPSACKDiscard") >= 2);
});

Deno.test("markAllLost() sends again what the peer gave back, RFC 2018 §8", () => {
  const peer = new Peer({ rtt: 10_000, tcp: { tailLossProbe: false } });
  peer.openPassive();
  peer.write(4 * MSS);
  peer.take();
  peer.send({ ack: at(0), sack: [[at(1), at(3)]] });
  peer.send({ ack: at(1), sack: [[at(2), at(3)]] });
  peer.take();
  // It acknowledges up to a block it had reported, and says no more of it: it is gone.
  peer.pass(5_000_000);
  const again = new Set(peer.take().map((s) => s.seq));
  assert(again.has(at(1)));
  peer.send({ ack: at(2) });
  peer.pass(2_000_000);
  assertEquals(peer.take().some((s) => s.seq === at(2)), true);
  assertEquals(peer.state, "ESTABLISHED");
});
