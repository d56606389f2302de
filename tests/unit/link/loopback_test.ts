import { assert, assertEquals } from "@std/assert";
import { createFrame } from "../../../engine/base/frame.ts";
import { TX_BUSY, TX_DOWN, TX_OK } from "../../../engine/link/device.ts";
import { Loopback } from "../../../engine/link/loopback.ts";
import { frameOf, liveBytes, patternBytes } from "../../tools/packets.ts";

Deno.test("Loopback receives what it transmits, at the same instant and in order", () => {
  const loopback = new Loopback();
  const out = createFrame();
  assertEquals(loopback.deadline, Infinity);
  loopback.transmit(frameOf(patternBytes(40, 1)), null, 7);
  loopback.transmit(frameOf(patternBytes(41, 2)), null, 7);
  assertEquals(loopback.deadline, 7);
  assertEquals(loopback.receive(out, 7), 40);
  assertEquals(liveBytes(out), patternBytes(40, 1));
  assertEquals(loopback.receive(out, 7), 41);
  assertEquals(loopback.receive(out, 7), 0);
});

Deno.test("Loopback carries the largest packet and loses a larger one", () => {
  const loopback = new Loopback();
  const out = createFrame();
  assertEquals(
    loopback.transmit(frameOf(patternBytes(65_536)), null, 0),
    TX_OK,
  );
  assertEquals(loopback.receive(out, 0), 0);
  loopback.transmit(frameOf(patternBytes(65_535)), null, 0);
  assertEquals(loopback.receive(out, 0), 65_535);
});

Deno.test("Loopback is busy when full and wakes when there is room", () => {
  const loopback = new Loopback(1);
  let wakes = 0;
  assert("subscribe" in loopback.readiness);
  loopback.readiness.subscribe(() => wakes++);
  const frame = frameOf(patternBytes(40));
  assertEquals(loopback.transmit(frame, null, 0), TX_OK);
  assertEquals(wakes, 1);
  assertEquals(loopback.transmit(frame, null, 0), TX_BUSY);
  assertEquals(wakes, 1);
  loopback.receive(createFrame(), 0);
  assertEquals(wakes, 2);
});

Deno.test("Loopback is down once closed", () => {
  const loopback = new Loopback();
  const frame = frameOf(patternBytes(40));
  loopback.transmit(frame, null, 0);
  loopback.close();
  loopback.close();
  assertEquals(loopback.transmit(frame, null, 0), TX_DOWN);
  assert(loopback.receive(createFrame(), 0) < 0);
  assertEquals(loopback.deadline, Infinity);
});
