/** Loss recovery seen from the wire: what is sent again, when, and what the window does. */
import { assertEquals } from "@std/assert";
import { CA_LOSS, CA_OPEN, CA_RECOVERY } from "../../../engine/tcp/codes.ts";
import { Peer, shorthand } from "../../tools/sim_peer.ts";

const MSS = 1460;
/** Sequence number of the `n`-th full segment, from 0. */
const at = (n: number): number => 1 + n * MSS;

/** A connection with a measured RTT of 100 ms and `count` full segments in flight. */
function inFlight(count: number, options = {}): Peer {
  const peer = new Peer({ rtt: 100_000, ...options }).openPassive();
  peer.write(count * MSS);
  assertEquals(peer.take().length, count);
  peer.pass(100_000);
  return peer;
}

Deno.test("rackDetectLoss() sends a segment again when three above it were SACKed", () => {
  const peer = inFlight(6);
  peer.send({ ack: at(0), sack: [[at(1), at(2)]] });
  peer.silence();
  peer.send({ ack: at(0), sack: [[at(1), at(3)]] });
  peer.silence();
  peer.send({ ack: at(0), sack: [[at(1), at(4)]] });
  assertEquals(shorthand(peer.take()), [`. ${at(0)}:${at(1)} ack 1`]);
  assertEquals(peer.live.tcb.caState, CA_RECOVERY);
  assertEquals(peer.live.tcb.ssthresh, 7);
});

Deno.test("rackDetectLoss() sends a segment again a quarter of the RTT after one later was SACKed", () => {
  const peer = inFlight(3);
  const before = peer.elapsed;
  peer.send({ ack: at(0), sack: [[at(1), at(2)]] });
  peer.silence();
  peer.pass(200_000);
  const [first] = peer.take();
  assertEquals(first.seq, at(0));
  assertEquals(first.at - before, 25_000);
});

Deno.test("lost retransmissions are found by what is delivered after them", () => {
  const peer = inFlight(10);
  peer.send({ ack: at(0), sack: [[at(1), at(5)]] });
  assertEquals(peer.only().seq, at(0));
  peer.write(6 * MSS);
  peer.pass(100_000);
  // The peer got everything that was sent after the retransmission, but not that.
  peer.send({ ack: at(0), sack: [[at(1), at(10)]] });
  const more = peer.take();
  assertEquals(more.length > 0, true, "no new data in recovery");
  peer.pass(101_000);
  peer.send({ ack: at(0), sack: [[at(1), at(10) + MSS]] });
  peer.pass(30_000);
  assertEquals(peer.take().some((s) => s.seq === at(0)), true);
  assertEquals(peer.live.tcb.timeouts, 0);
});

Deno.test("recovery ends at what was sent when it began, with the window at ssthresh", () => {
  const peer = inFlight(10);
  peer.send({ ack: at(0), sack: [[at(1), at(4)]] });
  peer.take();
  peer.pass(100_000);
  peer.send({ ack: at(10) });
  assertEquals(peer.live.tcb.caState, CA_OPEN);
  assertEquals(peer.live.tcb.cwnd, 7);
});

Deno.test("proportionalRate() keeps the clock running: about beta segments leave per segment delivered", () => {
  const peer = inFlight(10);
  peer.write(40 * MSS);
  peer.take();
  let sent = 0;
  for (let n = 2; n <= 10; n++) {
    peer.send({ ack: at(0), sack: [[at(1), at(n)]] });
    sent += peer.take().length;
  }
  // RFC 6937: 9 delivered of 10, times 0.7, the fast retransmission included.
  assertEquals(sent >= 6 && sent <= 7, true, `${sent} left`);
});

Deno.test("countDuplicates() leaves one segment out, whatever the wire repeats", () => {
  const peer = inFlight(3, { syn: { sackOk: false } });
  for (let i = 0; i < 20; i++) peer.send({ ack: at(0) });
  const { tcb } = peer.live;
  assertEquals(tcb.sackedOut, 2);
  assertEquals(tcb.packetsInFlight >= 0 && tcb.cwnd >= 1, true);
});

Deno.test("without SACK the third duplicate sends the first segment again, a partial acknowledgement the next hole", () => {
  const peer = inFlight(8, { syn: { sackOk: false } });
  for (let i = 0; i < 2; i++) peer.send({ ack: at(0) });
  peer.silence();
  peer.send({ ack: at(0) });
  assertEquals(peer.take().map((s) => s.seq), [at(0)]);
  peer.pass(100_000);
  peer.send({ ack: at(4) });
  assertEquals(peer.take().map((s) => s.seq).includes(at(4)), true);
});

Deno.test("enterLoss() sends one segment, then doubles, and gives up no data", () => {
  const peer = inFlight(4, { tcp: { frto: false, tailLossProbe: false } });
  peer.pass(1_000_000);
  const again = peer.take();
  assertEquals(again[0].seq, at(0));
  assertEquals(peer.live.tcb.caState, CA_LOSS);
  assertEquals(peer.live.tcb.cwnd, 1);
  peer.send({ ack: at(1) });
  assertEquals(peer.take().map((s) => s.seq), [at(1), at(2)]);
});

Deno.test("F-RTO restores the window when the timeout was spurious", () => {
  const peer = inFlight(10, { tcp: { tailLossProbe: false } });
  peer.write(10 * MSS);
  const { cwnd } = peer.live.tcb;
  // RTO 300 ms: the path stood still, nothing was lost.
  peer.pass(300_000);
  assertEquals(peer.take()[0].seq, at(0));
  assertEquals(peer.live.tcb.cwnd, 1);
  peer.send({ ack: at(1) });
  peer.send({ ack: at(2) });
  assertEquals(peer.stack.tcpCounters.get("TcpExtTCPSpuriousRTOs"), 1);
  assertEquals(peer.live.tcb.cwnd >= cwnd, true, `${peer.live.tcb.cwnd}`);
});

Deno.test("a DSACK for every retransmission takes the reduction back", () => {
  const peer = inFlight(10);
  const { cwnd } = peer.live.tcb;
  peer.send({ ack: at(0), sack: [[at(1), at(4)]] });
  assertEquals(peer.only().seq, at(0));
  // The original arrived late; then the second copy.
  peer.send({ ack: at(4) });
  peer.send({ ack: at(4), sack: [[at(0), at(1)]] });
  assertEquals(peer.stack.tcpCounters.get("TcpExtTCPDSACKUndo"), 1);
  assertEquals(peer.live.tcb.cwnd, cwnd);
  assertEquals(peer.live.tcb.caState, CA_OPEN);
});

Deno.test("echoIsFresh() keeps an old echo beside a lost acknowledgement out of the timeout", () => {
  const peer = new Peer({
    rtt: 100_000,
    syn: { ts: [1, 0], sackOk: false },
    tcp: { tailLossProbe: false },
  });
  peer.openPassive();
  peer.write(100);
  const [first] = peer.take();
  const echo = first.ts![0];
  // Delivered, but every acknowledgement is lost: the stack repeats itself for seconds.
  peer.pass(6_000_000);
  peer.take();
  const { rto } = peer.live.tcb.rttEstimator;
  peer.pass(100_000);
  // The receiver echoes the first copy: later ones were outside its window.
  peer.send({ ack: 101, ts: [200, echo] });
  assertEquals(peer.live.tcb.packetsOut, 0);
  assertEquals(peer.live.tcb.rttEstimator.rto <= rto, true);
});

Deno.test("splitAt() cuts a super-segment where its wire segments end, whatever the MSS is now", () => {
  const peer = new Peer({ rtt: 10_000, gsoMaxSize: 65_535 }).openPassive();
  // A gap on our side: SACK blocks take from what a segment carries.
  peer.send({ seq: 100, data: 50 });
  peer.take();
  peer.write(6 * MSS);
  const sent = peer.take();
  const size = MSS - 12;
  peer.pass(10_000);
  assertEquals(sent[0].length % size, 0, `${sent[0].length}`);
  peer.send({ ack: 1, seq: 1, sack: [[1 + 2 * size, 1 + 3 * size]] });
  assertEquals(peer.live.tcb.sackedOut, 1);
  peer.send({ ack: 1 + size, seq: 1 });
  const { tcb } = peer.live;
  assertEquals([tcb.sackedOut, tcb.sent.head!.segments], [1, 1]);
});
