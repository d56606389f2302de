/** Finding the path MTU by trying: upward, out of black holes, and again when the path has changed. */
import { assert, assertEquals } from "@std/assert";
import type { Frame } from "../../engine/base/frame.ts";
import { Pair } from "../tools/sim.ts";
import type { PairOptions } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";
import type { Conversation } from "../tools/sim_app.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** A transfer that goes on for as long as it is given more to send. */
function stream(options: PairOptions, family: 4 | 6 = 4): Conversation {
  const pair = new Pair({ delay: 5_000, ...options });
  return converse(pair, {
    family,
    client: { send: 300_000, shutdown: "never", close: "never" },
    server: { shutdown: "never", close: "never" },
  });
}

/** Sends `length` bytes more and waits `span`. */
function more(c: Conversation, length: number, span = 10 * SECOND): void {
  c.client.toSend += length;
  c.client.work(c.pair.sim.now);
  c.pair.sim.pass(span);
}

for (const family of [4, 6] as const) {
  for (const limit of [1_500, 1_400, 1_281]) {
    Deno.test(`probing finds that the path carries ${limit} bytes of IPv${family}, and counts no loss as congestion`, () => {
      const c = stream({
        clientTcp: { mtuProbing: 2 },
        toServer: { maxSize: limit },
      }, family);
      more(c, 2_000_000);
      const t = c.client.connection!.tcb;
      c.pair.tell(() => {
        assertEquals(c.server.received, 2_300_000);
        assertEquals(c.server.wrongAt, -1);
        assert(
          t.pathMtu <= limit && t.pathMtu > limit - 8,
          `path MTU ${t.pathMtu}`,
        );
        const counters = c.pair.client.counters();
        assertEquals(counters.TcpExtTCPTimeouts, 0);
        assertEquals(counters.TcpExtTCPSackRecovery, 0);
        assert(counters.TcpExtTCPMTUPSuccess > 0);
        assertEquals(counters.TcpExtTCPMTUPFail > 0, limit < 1_500);
      });
    });
  }
}

Deno.test("probing starts at the base and goes to the top in one step when the path carries it", () => {
  const c = stream({ clientTcp: { mtuProbing: 2 } });
  c.pair.sim.pass(10_000);
  assertEquals(c.client.connection!.tcb.pathMtu, 1_064);
  // What the peer may send is announced in full all the same.
  assertEquals(c.client.connection!.tcb.advMss, 1_460);
  c.pair.sim.pass(10 * SECOND);
  assertEquals(c.client.connection!.tcb.pathMtu, 1_500);
  assertEquals(c.pair.client.counters().TcpExtTCPMTUPSuccess, 1);
});

Deno.test("a hole that opens in mid-stream is found by timeouts, then searched upward", () => {
  let limit = Infinity;
  const c = stream({
    toServer: { dropIf: (frame: Frame) => frame.end - frame.start > limit },
  });
  c.pair.sim.pass(SECOND);
  const t = c.client.connection!.tcb;
  assertEquals([c.server.received, t.pathMtu], [300_000, 1_500]);
  limit = 1_300;
  more(c, 1_000_000, MINUTE);
  c.pair.tell(() => {
    assertEquals(c.server.received, 1_300_000);
    assert(t.pathMtu > limit - 8 && t.pathMtu <= limit, `${t.pathMtu}`);
  });
  // Ten minutes later the path is tried again; it has been mended.
  limit = Infinity;
  more(c, 300_000);
  assert(t.pathMtu <= 1_300, "not yet");
  c.pair.sim.pass(10 * MINUTE);
  more(c, 300_000);
  assertEquals(t.pathMtu, 1_500);
  assertEquals(c.server.received, 1_900_000);
});

Deno.test("a hole smaller than the base is found by halving", () => {
  const c = stream({ toServer: { maxSize: 620 } });
  c.pair.sim.pass(2 * MINUTE);
  const t = c.client.connection!.tcb;
  c.pair.tell(() => {
    assertEquals(c.server.received, 300_000);
    assert(t.pathMtu <= 620 && t.pathMtu > 500, `${t.pathMtu}`);
  });
});

Deno.test("without probing a hole ends the connection, and small segments that vanish shrink nothing", () => {
  const off = stream({ tcp: { mtuProbing: 0 }, toServer: { maxSize: 1_300 } });
  off.pair.sim.pass(5 * MINUTE);
  assertEquals(off.server.received, 0);
  assertEquals(off.client.connection!.tcb.pathMtu, 1_500);

  let cut = false;
  const small = stream({ toServer: { dropIf: () => cut } });
  small.pair.sim.pass(SECOND);
  cut = true;
  more(small, 40, 20 * SECOND);
  assert(small.client.connection!.tcb.timeouts > 3);
  assertEquals(small.client.connection!.tcb.pathMtu, 1_500);
});

Deno.test("probes leave super-segments alone", () => {
  const c = stream({
    clientTcp: { mtuProbing: 2 },
    gsoMaxSize: 65_535,
    toServer: { maxSize: 1_400 },
  });
  more(c, 2_000_000);
  c.pair.tell(() => {
    assertEquals(c.server.received, 2_300_000);
    const { pathMtu } = c.client.connection!.tcb;
    assert(pathMtu > 1_392 && pathMtu <= 1_400, `${pathMtu}`);
  });
});

Deno.test("a whole conversation survives any limit of the path that IP allows", () => {
  for (const maxSize of [576, 700, 1_006, 1_100, 1_280, 1_492]) {
    const pair = new Pair({ delay: 5_000, faults: { maxSize } });
    finish(
      converse(pair, { client: { send: 100_000 }, server: { send: 100_000 } }),
      10 * MINUTE,
    );
  }
});
