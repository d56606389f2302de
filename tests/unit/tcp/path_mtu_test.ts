/** Path MTU: what ICMP says and what silence suggests. */
import { assertEquals } from "@std/assert";
import { be, concat, icmpv4, ipv4 } from "../../tools/packet_builder.ts";
import { Pair } from "../../tools/sim.ts";
import { converse, finish } from "../../tools/sim_app.ts";
import { Peer } from "../../tools/sim_peer.ts";

/** "Fragmentation needed" from a router, about the stack's segment at `seq`. */
function tooBig(peer: Peer, seq: number, mtu: number): Uint8Array {
  const segment = concat(
    be(peer.stackPort, 2),
    be(peer.peerPort, 2),
    be(peer.stackIsn + seq >>> 0, 4),
    be(0, 12),
  );
  const quoted = ipv4(6, segment, {
    source: Uint8Array.of(10, 0, 0, 1),
    destination: Uint8Array.of(10, 0, 0, 2),
  });
  return ipv4(1, icmpv4(3, 4, mtu, quoted), {
    source: Uint8Array.of(10, 0, 0, 254),
    destination: Uint8Array.of(10, 0, 0, 1),
  });
}

Deno.test("applyPathMtu() sends again at once what a router found too big", () => {
  const peer = new Peer({ rtt: 10_000 }).openPassive();
  peer.write(4 * 1460);
  assertEquals(peer.take().length, 4);
  const { cwnd } = peer.live.tcb;
  peer.injectBytes(tooBig(peer, 1, 1_000));
  peer.pass(0);
  const again = peer.take();
  assertEquals(again.map((s) => s.length <= 960), again.map(() => true));
  assertEquals(again[0].seq, 1);
  assertEquals(peer.live.tcb.mss, 960);
  // RFC 1191 §6.5: size was to blame, not congestion.
  assertEquals(peer.live.tcb.ssthresh >= cwnd, true);
  assertEquals(peer.live.tcb.timeouts, 0);
});

Deno.test("isCredible() keeps a forged report about bytes not in flight from shrinking segments", () => {
  const peer = new Peer().openPassive();
  peer.write(1460);
  peer.take();
  peer.injectBytes(tooBig(peer, 1_000_000, 576));
  peer.injectBytes(tooBig(peer, -1_000_000, 576));
  peer.pass(0);
  assertEquals(peer.live.tcb.mss, 1460);
  assertEquals(peer.stack.tcpCounters.get("TcpExtOutOfWindowIcmps"), 2);
});

Deno.test("mtuTimeoutExpired() gets a transfer through a hole that swallows large packets silently", () => {
  for (const family of [4, 6] as const) {
    const pair = new Pair({
      delay: 5_000,
      faults: { maxSize: 1_300, delay: 1_000 },
    });
    const c = converse(pair, { family, client: { send: 200_000 } });
    finish(c, 120e6);
    assertEquals(c.client.connection!.tcb.mss <= 1_250, true);
  }
});
