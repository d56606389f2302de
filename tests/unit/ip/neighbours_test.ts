import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Arena } from "../../../engine/base/arena.ts";
import { createFrame } from "../../../engine/base/frame.ts";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import { SECOND } from "../../../engine/base/units.ts";
import {
  type Neighbour,
  NEIGHBOUR_CAPACITY,
  NEIGHBOUR_DELAY,
  NEIGHBOUR_FAILED,
  NEIGHBOUR_INCOMPLETE,
  NEIGHBOUR_NONE,
  NEIGHBOUR_PROBE,
  NEIGHBOUR_QUEUE_CAPACITY,
  NEIGHBOUR_REACHABLE,
  NEIGHBOUR_STALE,
  NeighbourTable,
} from "../../../engine/ip/neighbours.ts";
import { PacketStore } from "../../../engine/ip/packet_store.ts";

function setUp(): { table: NeighbourTable; store: PacketStore } {
  const store = new PacketStore(new Arena(1024 * 1024), 512 * 1024);
  return { table: new NeighbourTable(store, new SeededRandom(7)), store };
}

function begun(table: NeighbourTable, now: number, word = 9): Neighbour {
  const neighbour = table.obtain(0, 0, 0, 0xffff, word);
  table.begin(neighbour, now);
  return neighbour;
}

function reachable(table: NeighbourTable, now: number): Neighbour {
  const neighbour = begun(table, now);
  assert(table.answer(neighbour, 0x0200, 5, now));
  return neighbour;
}

Deno.test("step() asks three times, a second apart, then fails", () => {
  const { table } = setUp();
  const neighbour = begun(table, 0); // the first question
  const generation = table.generation;
  assertEquals(table.deadline, SECOND);
  assertEquals(table.step(SECOND - 1), null);
  assertEquals(table.step(SECOND), neighbour);
  assertEquals(table.step(2 * SECOND), neighbour);
  assertEquals(neighbour.state, NEIGHBOUR_INCOMPLETE);
  assertEquals(table.generation, generation);
  assertEquals(table.step(3 * SECOND), neighbour);
  assertEquals(neighbour.state, NEIGHBOUR_FAILED);
  assertNotEquals(table.generation, generation);
  assertEquals(table.deadline, Infinity);
});

Deno.test("needsSearch() lets a failure rest for a second", () => {
  const { table } = setUp();
  const neighbour = table.obtain(0, 0, 0, 0xffff, 9);
  assert(table.needsSearch(neighbour, 0));
  table.begin(neighbour, 0);
  assert(!table.needsSearch(neighbour, 0));
  for (let i = 1; i <= 3; i++) table.step(i * SECOND);
  assert(!table.needsSearch(neighbour, 4 * SECOND - 1));
  assert(table.needsSearch(neighbour, 4 * SECOND));
});

Deno.test("use() ages a neighbour from REACHABLE by way of STALE to PROBE", () => {
  const { table } = setUp();
  const neighbour = reachable(table, 0);
  assertEquals(neighbour.state, NEIGHBOUR_REACHABLE);
  assert(neighbour.until >= 15 * SECOND && neighbour.until <= 45 * SECOND);
  table.use(neighbour, 14 * SECOND);
  assertEquals(neighbour.state, NEIGHBOUR_REACHABLE);
  table.use(neighbour, 46 * SECOND);
  assertEquals(neighbour.state, NEIGHBOUR_DELAY);
  assertEquals(table.deadline, 51 * SECOND);
  assertEquals(table.step(51 * SECOND), neighbour);
  assertEquals(neighbour.state, NEIGHBOUR_PROBE);
  assert(neighbour.isKnown, "it is still sent to while it is asked");
});

Deno.test("confirm() spares a neighbour the question", () => {
  const { table } = setUp();
  const neighbour = reachable(table, 0);
  table.use(neighbour, 46 * SECOND);
  table.confirm(neighbour, 47 * SECOND);
  assertEquals(neighbour.state, NEIGHBOUR_REACHABLE);
  assertEquals(table.deadline, Infinity);
});

Deno.test("step() forgets a silent neighbour and asks everyone, then fails", () => {
  const { table } = setUp();
  const neighbour = reachable(table, 0);
  table.use(neighbour, 46 * SECOND);
  const states: number[] = [];
  for (let now = 51; now <= 58; now++) {
    if (table.step(now * SECOND) !== null) states.push(neighbour.state);
  }
  assertEquals(states, [
    NEIGHBOUR_PROBE,
    NEIGHBOUR_PROBE,
    NEIGHBOUR_PROBE,
    NEIGHBOUR_INCOMPLETE,
    NEIGHBOUR_INCOMPLETE,
    NEIGHBOUR_INCOMPLETE,
    NEIGHBOUR_FAILED,
  ]);
});

Deno.test("claim() of another address asks the known holder and believes nothing", () => {
  const { table } = setUp();
  const neighbour = reachable(table, 0);
  assert(!table.claim(neighbour, 0x0666, 666, 1));
  assertEquals([neighbour.linkHi, neighbour.linkLo], [0x0200, 5]);
  assertEquals(table.step(1), neighbour);
  assertEquals(neighbour.state, NEIGHBOUR_PROBE);
  assertEquals(table.contestedCount, 1);
  assert(!table.answer(neighbour, 0x0666, 666, 2));
  assertEquals(neighbour.linkLo, 5);
  table.answer(neighbour, 0x0200, 5, 3); // the holder speaks
  assertEquals(neighbour.state, NEIGHBOUR_REACHABLE);
});

Deno.test("answer() that nobody asked for changes nothing", () => {
  const { table } = setUp();
  const neighbour = reachable(table, 0);
  const { until } = neighbour;
  assert(!table.answer(neighbour, 0x0200, 5, 10 * SECOND));
  assertEquals(neighbour.until, until);
});

Deno.test("claim() makes an unknown neighbour usable but STALE", () => {
  const { table } = setUp();
  const neighbour = begun(table, 0);
  assert(table.claim(neighbour, 0x0200, 5, 1));
  assertEquals(neighbour.state, NEIGHBOUR_STALE);
  assertEquals(table.deadline, Infinity);
});

Deno.test("enqueue() keeps the last packets", () => {
  const { table, store } = setUp();
  const neighbour = begun(table, 0);
  const frame = createFrame();
  frame.end = frame.start + 40;
  let dropped = 0;
  for (let i = 0; i < NEIGHBOUR_QUEUE_CAPACITY + 2; i++) {
    frame.bytes[frame.start] = i;
    dropped += table.enqueue(neighbour, store.put(frame, null)!);
  }
  assertEquals(dropped, 2);
  const first = neighbour.pending.map((packet) => {
    const loaded = store.load(packet);
    return loaded.bytes[loaded.start];
  });
  assertEquals([first[0], first.at(-1)], [2, NEIGHBOUR_QUEUE_CAPACITY + 1]);
});

Deno.test("obtain() is bounded and evicts the unused first", () => {
  const { table, store } = setUp();
  const kept = reachable(table, 0);
  const frame = createFrame();
  frame.end = frame.start + 40;
  for (let word = 100; word < 100 + 3 * NEIGHBOUR_CAPACITY; word++) {
    table.use(kept, 1);
    const other = table.obtain(0, 0, 0, 0xffff, word);
    table.enqueue(other, store.put(frame, null)!);
    other.used = false;
  }
  assertEquals(kept.state, NEIGHBOUR_REACHABLE);
  assertEquals(table.find(0, 0, 0, 0xffff, 100), null);
  assert(table.evictedCount >= 2 * NEIGHBOUR_CAPACITY);
  table.removeInterface(0);
  assertEquals(kept.state, NEIGHBOUR_NONE);
  assertEquals(store.used, 0);
});
