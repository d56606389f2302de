import { assertEquals, assertThrows } from "@std/assert";
import {
  FastOpenQueue,
  RESET_HOLD,
} from "../../../engine/tcp/fast_open_queue.ts";

Deno.test("hasRoom() says no when the limit is reached and yes when a request leaves", () => {
  const queue = new FastOpenQueue({ queueLimit: 2 });
  queue.enter();
  assertEquals(queue.hasRoom(0), true);
  queue.enter();
  assertEquals(queue.hasRoom(0), false);
  queue.leave();
  assertEquals(queue.hasRoom(0), true);
  assertEquals(queue.pendingCount, 1);
});

Deno.test("leaveReset() keeps the place for a minute", () => {
  const queue = new FastOpenQueue({ queueLimit: 2 });
  queue.enter();
  queue.enter();
  queue.leaveReset(5);
  queue.leaveReset(7);
  assertEquals(queue.hasRoom(RESET_HOLD + 4), false);
  assertEquals(queue.hasRoom(RESET_HOLD + 5), true);
  assertEquals(queue.pendingCount, 1);
  assertEquals(queue.hasRoom(RESET_HOLD + 7), true);
  assertEquals(queue.pendingCount, 0);
});

Deno.test("a limit of 0 has no room, and one that is none is refused", () => {
  assertEquals(new FastOpenQueue({ queueLimit: 0 }).hasRoom(0), false);
  for (const queueLimit of [-1, 0.5, NaN, 2e6]) {
    assertThrows(
      () => new FastOpenQueue({ queueLimit }),
      RangeError,
      "queueLimit",
    );
  }
});
