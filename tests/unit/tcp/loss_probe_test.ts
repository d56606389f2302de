/** Tail loss probes, RFC 8985 §7: when they go and what their answers mean. */
import { assertEquals } from "@std/assert";
import { Peer, shorthand } from "../../tools/sim_peer.ts";

const PROBE_RECOVERY = "TcpExtTCPLossProbeRecovery";

/** A connection with a measured RTT of 10 ms that has just sent two segments. */
function twoInFlight(): Peer {
  const peer = new Peer({ rtt: 10_000 }).openPassive();
  peer.write(2 * 1460);
  peer.take();
  return peer;
}

Deno.test("lossProbeExpired() sends the last segment again after two round trips", () => {
  const peer = twoInFlight();
  const before = peer.elapsed;
  peer.pass(100_000);
  const probe = peer.only();
  assertEquals(shorthand([probe]), ["P. 1461:2921 ack 1"]);
  // 2 SRTT + 2 ms.
  assertEquals(probe.at - before, 22_000);
});

Deno.test("lossProbeExpired() waits for a delayed acknowledgement when one segment is out", () => {
  const tcp = { rtoMin: 1_000_000 };
  const peer = new Peer({ rtt: 10_000, tcp }).openPassive();
  peer.write(100);
  const before = peer.only().at;
  peer.pass(500_000);
  // 2 SRTT + 200 ms.
  assertEquals(peer.only().at - before, 220_000);
});

Deno.test("scheduleLossProbe() leaves the field to a retransmission timer that comes first", () => {
  const peer = new Peer({ rtt: 10_000 }).openPassive();
  peer.write(100);
  const before = peer.only().at;
  peer.pass(215_000);
  assertEquals(peer.only().at - before, 210_000);
  assertEquals(peer.stack.tcpCounters.get("TcpExtTCPTimeouts"), 1);
});

Deno.test("judgeLossProbe() sees no loss when the probe's end is acknowledged and then a duplicate comes", () => {
  const peer = twoInFlight();
  const cwnd = peer.live.tcb.cwnd;
  peer.pass(25_000);
  peer.only();
  peer.send();
  peer.send();
  peer.write(1460);
  peer.take();
  peer.send();
  assertEquals(peer.stack.tcpCounters.get(PROBE_RECOVERY), 0);
  assertEquals(peer.live.tcb.cwnd >= cwnd, true);
});

Deno.test("judgeLossProbe() sees no loss when a DSACK tells that the probe was a second copy", () => {
  const peer = twoInFlight();
  peer.pass(25_000);
  peer.only();
  peer.send({ sack: [[1461, 2921]] });
  peer.write(1460);
  peer.take();
  peer.send();
  assertEquals(peer.stack.tcpCounters.get(PROBE_RECOVERY), 0);
});

Deno.test("judgeLossProbe() sees a repaired loss when what follows the probe is acknowledged without a duplicate", () => {
  const peer = twoInFlight();
  peer.pass(25_000);
  peer.only();
  peer.send();
  peer.write(1460);
  peer.take();
  peer.send();
  assertEquals(peer.stack.tcpCounters.get(PROBE_RECOVERY), 1);
  assertEquals(
    peer.live.tcb.ssthresh,
    Math.floor(peer.live.tcb.priorCwnd * 0.7),
  );
});

Deno.test("lossProbeExpired() prefers new data when the window has room for it", () => {
  const peer = new Peer({ rtt: 10_000 }).openPassive();
  peer.do((c) => c.setCoalescing("cork"));
  peer.write(2 * 1460 + 100);
  assertEquals(peer.take().length, 2);
  peer.pass(25_000);
  assertEquals(shorthand(peer.take()), ["P. 2921:3021 ack 1"]);
});
