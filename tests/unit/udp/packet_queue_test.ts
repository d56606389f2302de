import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Arena } from "../../../engine/base/arena.ts";
import { PayloadRef } from "../../../engine/base/frame.ts";
import {
  PacketQueue,
  QUEUE_FULL,
  QUEUE_NO_MEMORY,
} from "../../../engine/udp/packet_queue.ts";

function bytesOf(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

function takeOldest(queue: PacketQueue): number[] {
  const out = new Uint8Array(queue.words[queue.head]);
  queue.peek(out, 0, out.length);
  queue.shift();
  return [...out];
}

Deno.test("push() keeps datagrams apart, empty ones too", () => {
  const queue = new PacketQueue(new Arena(65_536), 2, 1000, 8);
  assertEquals(queue.head, -1);
  for (const length of [3, 0, 0, 5]) queue.push(bytesOf(9, length), 1, length);
  assertEquals([queue.count, queue.length], [4, 8]);
  assertEquals(takeOldest(queue), [4, 5, 6]);
  assertEquals(takeOldest(queue), []);
  assertEquals(takeOldest(queue), []);
  assertEquals(takeOldest(queue), [6, 7, 8, 9, 10]);
  assertEquals([queue.count, queue.length, queue.head], [0, 0, -1]);
});

Deno.test("push() is bounded in bytes and in datagrams", () => {
  const queue = new PacketQueue(new Arena(65_536), 1, 10, 3);
  assertEquals(queue.push(bytesOf(11, 0), 0, 11), QUEUE_FULL);
  assert(queue.push(bytesOf(10, 0), 0, 10) >= 0);
  assertEquals(queue.push(bytesOf(1, 0), 0, 1), QUEUE_FULL);
  assert(queue.push(bytesOf(1, 0), 0, 0) >= 0);
  assert(queue.push(bytesOf(1, 0), 0, 0) >= 0);
  assertEquals(queue.push(bytesOf(1, 0), 0, 0), QUEUE_FULL);
  queue.shift();
  assertEquals(queue.hasRoom, false); // two of three datagrams
  queue.shift();
  assertEquals(queue.hasRoom, true);
  queue.push(bytesOf(5, 0), 0, 5);
  assertEquals(queue.hasRoom, false);
  const even = new PacketQueue(new Arena(65_536), 1, 10, 4);
  even.push(bytesOf(4, 0), 0, 4);
  even.push(bytesOf(1, 0), 0, 1);
  assertEquals(even.hasRoom, true); // half of both
  even.limit = 9;
  assertEquals(even.hasRoom, false);
});

Deno.test("push() takes all of a datagram or nothing when memory runs out", () => {
  const arena = new Arena(1024);
  const queue = new PacketQueue(arena, 1, 4096, 64);
  assert(queue.push(bytesOf(200, 0), 0, 200) >= 0);
  const taken = arena.allocate(512);
  assert(taken >= 0);
  assertEquals(queue.push(bytesOf(200, 7), 0, 200), QUEUE_NO_MEMORY);
  assertEquals([queue.count, queue.length], [1, 200]);
  arena.free(taken, 512);
  assert(queue.push(bytesOf(200, 9), 0, 200) >= 0);
  assertEquals(takeOldest(queue), [...bytesOf(200, 0)]);
  assertEquals(takeOldest(queue), [...bytesOf(200, 9)]);
});

Deno.test("pushPayload() joins the two pieces of a ring", () => {
  const queue = new PacketQueue(new Arena(65_536), 1, 100, 4);
  const payload = new PayloadRef(bytesOf(20, 0));
  payload.offset = 15;
  payload.length = 5;
  payload.wrapLength = 3;
  queue.pushPayload(payload);
  assertEquals(takeOldest(queue), [15, 16, 17, 18, 19, 0, 1, 2]);
});

Deno.test("the records grow in order wherever the oldest lies", () => {
  for (const taken of [0, 1, 7, 15]) {
    const queue = new PacketQueue(new Arena(65_536), 2, 1000, 64);
    const push = (tag: number) => {
      const at = queue.push(bytesOf(1, tag), 0, 1);
      queue.words[at + 1] = tag;
    };
    for (let tag = 0; tag < 16; tag++) push(tag);
    for (let i = 0; i < taken; i++) queue.shift();
    for (let tag = 16; tag < 60; tag++) push(tag);
    for (let tag = taken; tag < 60; tag++) {
      assertEquals(queue.words[queue.head + 1], tag);
      assertEquals(takeOldest(queue), [tag]);
    }
  }
});

Deno.test("refer() aims at the oldest datagram, around the end of the ring", () => {
  const arena = new Arena(65_536);
  const queue = new PacketQueue(arena, 1, 256, 8);
  queue.push(bytesOf(200, 0), 0, 200);
  queue.push(bytesOf(50, 1), 0, 50);
  queue.shift();
  queue.push(bytesOf(100, 2), 0, 100);
  queue.shift();
  const payload = new PayloadRef(arena.bytes);
  queue.refer(payload);
  assertEquals(payload.length + payload.wrapLength, 100);
  assert(payload.wrapLength > 0);
  assertEquals(arena.bytes[payload.wrapOffset], 2 + payload.length);
});

Deno.test("a queue that ran empty or is cleared gives its memory back", () => {
  const arena = new Arena(1024 * 1024);
  const queue = new PacketQueue(arena, 1, 400_000, 8);
  queue.push(new Uint8Array(60_000), 0, 60_000);
  assert(arena.used >= 60_000);
  queue.shift();
  assertEquals(arena.used, 0);
  queue.push(new Uint8Array(100), 0, 100);
  queue.shift();
  assert(arena.used <= 16_384);
  queue.push(new Uint8Array(100), 0, 100);
  queue.clear();
  assertEquals([arena.used, queue.count, queue.head], [0, 0, -1]);
});

Deno.test("PacketQueue behaves as a list of arrays, records included", () => {
  const lengths = fc.array(fc.integer({ min: -1, max: 90 }), {
    maxLength: 300,
  });
  fc.assert(fc.property(lengths, (steps) => {
    const queue = new PacketQueue(new Arena(1 << 20), 3, 2000, 40);
    const model: { tag: number; bytes: number[] }[] = [];
    steps.forEach((length, tag) => {
      if (length < 0) {
        if (model.length === 0) return;
        const expected = model.shift()!;
        assertEquals(queue.words[queue.head + 2], expected.tag);
        assertEquals(takeOldest(queue), expected.bytes);
        return;
      }
      const bytes = bytesOf(length, tag & 0x7f);
      const held = model.reduce((sum, entry) => sum + entry.bytes.length, 0);
      const fits = model.length < 40 && held + length <= 2000;
      const at = queue.push(bytes, 0, length);
      assertEquals(at >= 0, fits);
      if (!fits) return;
      queue.words[at + 2] = tag;
      model.push({ tag, bytes: [...bytes] });
    });
    assertEquals(queue.count, model.length);
  }));
});
