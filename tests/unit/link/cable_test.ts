import { assert, assertEquals, assertThrows } from "@std/assert";
import { createFrame, PayloadRef } from "../../../engine/base/frame.ts";
import { type CableOptions, createCable } from "../../../engine/link/cable.ts";
import {
  MEDIUM_ETHERNET,
  MEDIUM_IP,
  TX_BUSY,
  TX_DOWN,
  TX_OK,
} from "../../../engine/link/device.ts";
import { frameOf, liveBytes, patternBytes } from "../../tools/packets.ts";

const small = frameOf(patternBytes(100));

Deno.test("a cable carries frames both ways, in order and unchanged", () => {
  const [a, b] = createCable();
  const out = createFrame();
  for (let i = 1; i <= 3; i++) {
    assertEquals(a.transmit(frameOf(patternBytes(60 + i, i)), null, i), TX_OK);
  }
  for (let i = 1; i <= 3; i++) {
    assertEquals(b.receive(out, 5), 60 + i);
    assertEquals(liveBytes(out), patternBytes(60 + i, i));
    assertEquals(out.at, 5);
  }
  assertEquals(b.receive(out, 5), 0);
  assertEquals(a.receive(out, 5), 0, "nothing comes back to its sender");
  b.transmit(small, null, 6);
  assertEquals(a.receive(out, 6), 100);
});

Deno.test("a cable gathers the payload behind the frame", () => {
  const [a, b] = createCable();
  const payload = new PayloadRef(Uint8Array.of(9, 8, 7));
  payload.length = 3;
  a.transmit(frameOf(Uint8Array.of(1, 2)), payload, 0);
  const out = createFrame();
  b.receive(out, 0);
  assertEquals([...liveBytes(out)], [1, 2, 9, 8, 7]);
});

Deno.test("a cable delivers after its delay, and says when", () => {
  const [a, b] = createCable({ delay: 250 });
  const out = createFrame();
  assertEquals(b.deadline, Infinity);
  a.transmit(small, null, 1000);
  assertEquals(b.deadline, 1250);
  assertEquals(b.receive(out, 1249), 0);
  assertEquals(b.receive(out, 1250), 100);
  assertEquals(b.deadline, Infinity);
});

Deno.test("a cable's rate spaces frames by their length", () => {
  // 100 bytes at 8 Mbit/s take 100 µs.
  const [a, b] = createCable({ bitsPerSecond: 8e6, delay: 10 });
  const out = createFrame();
  a.transmit(small, null, 0);
  a.transmit(small, null, 0);
  assertEquals(b.deadline, 110);
  b.receive(out, 110);
  assertEquals(b.deadline, 210);
  b.receive(out, 210);
  a.transmit(small, null, 5000);
  assertEquals(b.deadline, 5110, "an idle line starts at once");
});

Deno.test("a full cable is busy, and wakes its sender when there is room", () => {
  const [a, b] = createCable({ frameCount: 2 });
  let wakes = 0;
  assert("subscribe" in a.readiness);
  a.readiness.subscribe(() => wakes++);
  const out = createFrame();
  assertEquals(a.transmit(small, null, 0), TX_OK);
  assertEquals(a.transmit(small, null, 0), TX_OK);
  assertEquals(a.transmit(small, null, 0), TX_BUSY);
  assertEquals(wakes, 0);
  b.receive(out, 0);
  assertEquals(wakes, 1);
  b.receive(out, 0);
  assertEquals(wakes, 1, "room is told of once");
  assertEquals(a.transmit(small, null, 0), TX_OK);
});

Deno.test("a cable wakes the receiver for each frame", () => {
  const [a, b] = createCable({ delay: 100 });
  let wakes = 0;
  assert("subscribe" in b.readiness);
  b.readiness.subscribe(() => wakes++);
  a.transmit(small, null, 0);
  assertEquals(wakes, 1, "also of one still under way: the deadline changed");
});

Deno.test("a cable loses frames longer than its medium carries", () => {
  const lengths: [CableOptions, number, number][] = [
    [{}, 1500 + 14, 1500 + 14 + 5],
    [{ medium: MEDIUM_IP, ipMtu: 1280 }, 1280, 1285],
  ];
  for (const [options, good, bad] of lengths) {
    const [a, b] = createCable(options);
    const out = createFrame();
    assertEquals(a.transmit(frameOf(patternBytes(bad)), null, 0), TX_OK);
    assertEquals([b.receive(out, 0), a.oversizedCount], [0, 1]);
    assertEquals(a.transmit(frameOf(patternBytes(good)), null, 0), TX_OK);
    assertEquals([b.receive(out, 0), a.oversizedCount], [good, 1]);
  }
});

Deno.test("a cable with offloads carries super-segments with their flags", () => {
  const [a, b] = createCable({ gsoMaxSize: 65_535 });
  assertEquals(a.caps, {
    medium: MEDIUM_ETHERNET,
    ipMtu: 1500,
    gsoMaxSize: 65_535,
    checksumOffload: true,
  });
  const frame = frameOf(patternBytes(65_535 + 14));
  frame.gsoSize = 1448;
  frame.checksumPartial = true;
  a.transmit(frame, null, 0);
  const out = createFrame();
  assertEquals(b.receive(out, 0), 65_535 + 14);
  assertEquals([out.gsoSize, out.checksumPartial], [1448, true]);
});

Deno.test("a cable without offloads loses a super-segment", () => {
  const [a, b] = createCable();
  const frame = frameOf(patternBytes(4000));
  frame.gsoSize = 1448;
  assertEquals(a.transmit(frame, null, 0), TX_OK);
  assertEquals([b.receive(createFrame(), 0), a.oversizedCount], [0, 1]);
});

Deno.test("a closed end is down, the other talks to nobody", () => {
  const [a, b] = createCable();
  const out = createFrame();
  a.transmit(small, null, 0);
  b.close();
  b.close();
  assert(b.receive(out, 0) < 0);
  assertEquals(b.transmit(small, null, 0), TX_DOWN);
  assertEquals(b.deadline, Infinity);
  assertEquals(a.transmit(small, null, 0), TX_OK);
  assertEquals(a.receive(out, 0), 0);
});

Deno.test("createCable() refuses options out of range", () => {
  for (
    const options of [
      { ipMtu: 67 },
      { ipMtu: 65_536 },
      { gsoMaxSize: -1 },
      { frameCount: 0 },
      { delay: -1 },
      { delay: Infinity },
      { bitsPerSecond: 0 },
    ]
  ) {
    assertThrows(() => createCable(options), RangeError, "Cannot create");
  }
});
