/** Deadlines at instants whose sums round: a timer that fires must be over, or lie ahead. */
import { assert } from "@std/assert";
import { Pair } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";

Deno.test("idle, keepalive and user timers come to rest at every fraction of a microsecond", () => {
  for (let i = 1; i <= 40; i++) {
    const pair = new Pair({
      startAt: i * 220_589.664934354,
      delay: 150_000 / 7,
    });
    const talk = converse(pair, {
      client: { send: 3_000, close: "never", shutdown: "never" },
      server: { send: 3_000, close: "never", shutdown: "never" },
      prepare: (connection) => {
        connection.setKeepAlive("on", pair.sim.now, 777_777.7, 333_333.3, 9);
        connection.setUserTimeout(1_234_567.8, pair.sim.now);
      },
    });
    pair.sim.pass(60e6 / 7);
    assert(talk.client.connection!.stateName === "ESTABLISHED");
    assert(talk.server.received === 3_000);
  }
});

Deno.test("a transfer over a reordering wire ends whatever the clock's fraction", () => {
  for (let i = 1; i <= 20; i++) {
    const pair = new Pair({
      seed: i,
      startAt: i / 3,
      faults: {
        drop: 0.05,
        reorder: 0.2,
        reorderDelay: 500 / 3,
        delay: 1_000 / 7,
      },
    });
    finish(converse(pair, { client: { send: 60_000 } }));
  }
});
