/** What must not be taken for loss, reordering or congestion. */
import { assertEquals } from "@std/assert";
import { Pair } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";

Deno.test("a wire that loses but never reorders is not taken for one that reorders", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const pair = new Pair({ seed, faults: { drop: 0.01, delay: 10_000 } });
    finish(converse(pair, { client: { send: 1_000_000 } }));
    const counters = pair.client.tcpCounters;
    assertEquals(counters.get("TcpExtTCPSACKReorder"), 0, pair.story());
  }
});

Deno.test("a wire that reorders by less than a round trip costs few retransmissions", () => {
  const pair = new Pair({
    seed: 3,
    faults: { reorder: 0.05, reorderDelay: 2_000, delay: 20_000 },
  });
  finish(converse(pair, { client: { send: 3_000_000 } }));
  const counters = pair.client.tcpCounters;
  const sent = counters.get("TcpExtTCPOrigDataSent");
  const again = counters.get("TcpRetransSegs");
  assertEquals(again < sent / 100, true, `${again} of ${sent} sent again`);
});
