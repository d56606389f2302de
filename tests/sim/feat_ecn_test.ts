/** ECN between two engines with a router that marks: RFC 3168. */
import { assert, assertEquals } from "@std/assert";
import type { Frame } from "../../engine/base/frame.ts";
import { ECN_CE, ECN_ECT0 } from "../../engine/wire/tcp_segment.ts";
import { Pair } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";
import { Peer } from "../tools/sim_peer.ts";

/** The two ECN bits of the IP packet in `frame`. */
function ecnOf(frame: Frame): number {
  const { view, start } = frame;
  const isV4 = view.getUint8(start) >> 4 === 4;
  return isV4
    ? view.getUint8(start + 1) & 3
    : view.getUint8(start + 1) >> 4 & 3;
}

/** Marks the packet in `frame` as a congested router does, its IPv4 checksum with it. */
function mark(frame: Frame): void {
  const { view, start } = frame;
  if (view.getUint8(start) >> 4 === 6) {
    view.setUint8(start + 1, view.getUint8(start + 1) | ECN_CE << 4);
    return;
  }
  view.setUint8(start + 1, view.getUint8(start + 1) | ECN_CE);
  view.setUint16(start + 10, 0);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += view.getUint16(start + i);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  view.setUint16(start + 10, ~sum & 0xffff);
}

for (const family of [4, 6] as const) {
  Deno.test(`a marked IPv${family} packet halves the window once, loses nothing and is answered with CWR`, () => {
    let seen = 0;
    let marked = 0;
    const pair = new Pair({
      delay: 10_000,
      clientTcp: { ecn: 1 },
      toServer: {
        dropIf: (frame) => {
          if (ecnOf(frame) !== ECN_ECT0) return false;
          // A burst of marks in one window: packets 40 to 44 of those that allow it.
          if (seen++ >= 40 && seen <= 45) {
            mark(frame);
            marked++;
          }
          return false;
        },
      },
    });
    const c = converse(pair, { family, client: { send: 200_000 } });
    let before = 0, reductions = 0;
    const t = c.client.connection!.tcb;
    pair.sim.run(2e6, () => {
      if (t.ssthresh !== before) reductions++;
      before = t.ssthresh;
      return false;
    });
    pair.tell(() => {
      assertEquals(marked, 5);
      assertEquals([c.server.received, c.server.wrongAt], [200_000, -1]);
      assert(t.ecnEnabled && !t.ecnEcho);
      assert(c.server.connection!.tcb.ecnSeen);
      // Infinity at first, then the one reduction.
      assertEquals(reductions, 2);
      const counters = pair.client.counters();
      assertEquals(counters.TcpRetransSegs, 0);
      assert(t.deliveredCe > 0, "no delivery was counted as marked");
      assertEquals(counters.TcpExtTCPDeliveredCE, t.deliveredCe);
      assert(counters.TcpExtTCPDelivered >= 138);
      // The receiver stopped echoing once told.
      assertEquals(c.server.connection!.tcb.ecnEcho, false);
    });
  });
}

Deno.test("marks in every window keep reducing; loss and marks together still deliver all", () => {
  let n = 0;
  const pair = new Pair({
    delay: 10_000,
    tcp: { ecn: 1 },
    faults: {
      drop: 0.01,
      dropIf: (frame) => {
        if (ecnOf(frame) === ECN_ECT0 && ++n % 20 === 0) mark(frame);
        return false;
      },
    },
  });
  const c = converse(pair, {
    client: { send: 500_000 },
    server: { send: 500_000 },
  });
  finish(c);
  assert(c.client.connection!.tcb.cwnd < 50);
  assert(c.client.connection!.tcb.deliveredCe > 20);
});

Deno.test("without agreement nothing is sent as ECN-capable and marks are not echoed", () => {
  let capable = 0;
  const pair = new Pair({
    serverTcp: { ecn: 0 },
    clientTcp: { ecn: 1 },
    toServer: {
      dropIf: (frame) => {
        capable += ecnOf(frame) === 0 ? 0 : 1;
        mark(frame);
        return false;
      },
    },
  });
  finish(converse(pair, { client: { send: 50_000 } }));
  assertEquals(capable, 0);
  assertEquals(pair.client.counters().TcpExtTCPDeliveredCE, 0);
});

Deno.test("retransmissions, probes and bare acknowledgements are not ECN-capable", () => {
  const peer = new Peer({ tcp: { ecn: 2 }, syn: { flags: "SEW" } });
  peer.listen();
  peer.send({ flags: "SEW", seq: 0, ack: 0, mss: 1460, sackOk: true });
  assertEquals(peer.only().flags, "SE.");
  peer.send();
  peer.take();
  peer.write(1_000);
  assertEquals(peer.only().ecn, ECN_ECT0);
  peer.pass(3e6);
  const again = peer.take();
  assert(again.length > 0);
  assertEquals(again.map((s) => s.ecn), again.map(() => 0));
  peer.send({ data: 100, ecn: ECN_CE });
  const echo = peer.take().at(-1)!;
  assertEquals([echo.flags.includes("E"), echo.ecn], [true, 0]);
  // It goes on until CWR, which ends it at once.
  peer.send({ data: 100 });
  assert(peer.take().at(-1)!.flags.includes("E"));
  peer.send({ flags: "W.", data: 100 });
  peer.pass(300_000);
  assertEquals(peer.take().at(-1)!.flags.includes("E"), false);
});
