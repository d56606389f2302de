import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Arena } from "../../../engine/base/arena.ts";
import { createFrame } from "../../../engine/base/frame.ts";
import { FrameQueue, NO_SLOT } from "../../../engine/link/frame_queue.ts";
import { frameOf, liveBytes } from "../../tools/packets.ts";

Deno.test("FrameQueue refuses what its slots cannot hold", () => {
  const queue = new FrameQueue(1, 60);
  assertEquals(queue.push(frameOf(new Uint8Array(61)), null, 0), false);
  assertEquals(queue.push(frameOf(new Uint8Array(60)), null, 0), true);
  assertEquals(queue.push(frameOf(new Uint8Array(1)), null, 0), false);
  assertEquals([queue.count, queue.freeCount], [1, 0]);
  assertEquals(queue.claim(), NO_SLOT);
});

Deno.test("FrameQueue() refuses sizes out of range", () => {
  assertThrows(() => new FrameQueue(0, 1500), RangeError, "slotCount");
  assertThrows(() => new FrameQueue(1, 59), RangeError, "frameCapacity");
});

Deno.test("FrameQueue keeps its slots in an arena it is given, and says when that is too small", () => {
  const arena = new Arena(4096);
  const queue = new FrameQueue(2, 100, arena);
  assert(arena.used >= 2 * 100);
  const [a, b] = [queue.claim(), queue.claim()].map((s) => queue.frameAt(s));
  assert(a.bytes === arena.bytes && b.bytes === arena.bytes);
  assert(a.limit <= b.base || b.limit <= a.base, "slots overlap");
  assertThrows(() => new FrameQueue(2, 1500, arena), RangeError, "arena");
});

Deno.test("FrameQueue.pop() hands nothing out before it is due", () => {
  const queue = new FrameQueue(2, 100);
  const frame = createFrame();
  assertEquals(queue.dueAt, Infinity);
  queue.push(frameOf(Uint8Array.of(7)), null, 10);
  assertEquals(queue.dueAt, 10);
  assertEquals(queue.pop(frame, 9.999), 0);
  assertEquals(queue.pop(frame, 10), 1);
  assertEquals([...liveBytes(frame)], [7]);
  assertEquals(frame.at, 10);
  assertEquals(queue.pop(frame, 11), 0);
});

Deno.test("FrameQueue keeps offload flags with their frame and clears them from others", () => {
  const queue = new FrameQueue(2, 100);
  const frame = frameOf(Uint8Array.of(1));
  frame.gsoSize = 9;
  frame.checksumPartial = true;
  queue.push(frame, null, 0);
  queue.push(frameOf(Uint8Array.of(2)), null, 0);
  const out = createFrame();
  queue.pop(out, 0);
  assertEquals([out.gsoSize, out.checksumPartial], [9, true]);
  queue.pop(out, 0);
  assertEquals([out.gsoSize, out.checksumPartial], [0, false]);
});

Deno.test("FrameQueue behaves as a stable sort by due time, whatever is pushed and popped", () => {
  const operation = fc.record({
    push: fc.boolean(),
    at: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const queue = new FrameQueue(8, 60);
      const model: { id: number; at: number }[] = [];
      const out = createFrame();
      let id = 0;
      for (const { push, at } of operations) {
        if (push) {
          id += 1;
          const taken = queue.push(frameOf(Uint8Array.of(id)), null, at);
          assertEquals(taken, model.length < 8);
          if (taken) model.push({ id, at });
          model.sort((a, b) => a.at - b.at);
        } else {
          const due = model.length > 0 && model[0].at <= at;
          assertEquals(queue.pop(out, at), due ? 1 : 0);
          if (due) assertEquals(liveBytes(out)[0], model.shift()?.id);
        }
        assertEquals(queue.count, model.length);
        assertEquals(queue.freeCount, 8 - model.length);
        assert(queue.dueAt === (model[0]?.at ?? Infinity));
      }
    }),
  );
});
