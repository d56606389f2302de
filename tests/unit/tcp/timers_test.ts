import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import * as T from "../../../engine/tcp/timers.ts";

Deno.test("Timers has nothing to do when new", () => {
  const timers = new T.Timers();
  assertEquals([timers.earliest, timers.takeDue(1e18)], [Infinity, -1]);
});

Deno.test("set() and clear() move the earliest", () => {
  const timers = new T.Timers();
  timers.set(T.TIMER_RETRANSMIT, 100);
  timers.set(T.TIMER_DELAYED_ACK, 50);
  assertEquals(timers.earliest, 50);
  timers.set(T.TIMER_DELAYED_ACK, 200);
  assertEquals(timers.earliest, 100);
  timers.clear(T.TIMER_RETRANSMIT);
  assertEquals(timers.earliest, 200);
  timers.clearAll();
  assertEquals(timers.earliest, Infinity);
});

Deno.test("takeDue() gives each due timer once, the lowest number first", () => {
  const timers = new T.Timers();
  timers.set(T.TIMER_KEEP_ALIVE, 10);
  timers.set(T.TIMER_RETRANSMIT, 20);
  timers.set(T.TIMER_TIME_WAIT, 30);
  assertEquals(timers.takeDue(9), -1);
  assertEquals(timers.takeDue(20), T.TIMER_RETRANSMIT);
  assertEquals(timers.isSet(T.TIMER_RETRANSMIT), false);
  assertEquals(timers.takeDue(20), T.TIMER_KEEP_ALIVE);
  assertEquals(timers.takeDue(20), -1);
  assertEquals(timers.at(T.TIMER_TIME_WAIT), 30);
});

Deno.test("earliest is the minimum after any history", () => {
  const random = new SeededRandom(7);
  const timers = new T.Timers();
  const model = new Array<number>(T.TIMER_NAMES.length).fill(Infinity);
  for (let i = 0; i < 5_000; i++) {
    const timer = random.below(model.length);
    if (random.below(3) === 0) {
      timers.clear(timer);
      model[timer] = Infinity;
    } else {
      const at = random.below(50);
      timers.set(timer, at);
      model[timer] = at;
    }
    assertEquals(timers.earliest, Math.min(...model));
  }
});

Deno.test("TIMER_NAMES names every timer", () => {
  for (const [name, number] of Object.entries(T)) {
    if (!/^TIMER_[A-Z0-9_]+$/.test(name) || name === "TIMER_NAMES") continue;
    assertEquals(`TIMER_${T.TIMER_NAMES[number as number]}`, name);
  }
});
