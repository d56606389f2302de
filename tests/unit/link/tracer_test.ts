import { assert, assertEquals, assertMatch } from "@std/assert";
import { createFrame, PayloadRef } from "../../../engine/base/frame.ts";
import { createCable } from "../../../engine/link/cable.ts";
import { Tracer } from "../../../engine/link/tracer.ts";
import {
  frameOf,
  liveBytes,
  patternBytes,
  tcpFrame,
  tcpPacketBytes,
} from "../../tools/packets.ts";

Deno.test("Tracer tells each frame's instant and direction", () => {
  const lines: string[] = [];
  const [near, far] = createCable();
  const tracer = new Tracer(near, (line) => lines.push(line));
  tracer.transmit(tcpFrame({ flags: 2, seq: 77 }), null, 123);
  far.transmit(tcpFrame({}), null, 2.5e6);
  tracer.receive(createFrame(), 2.5e6);
  tracer.receive(createFrame(), 2.5e6);
  assertEquals(lines.length, 2);
  assertMatch(
    lines[0],
    /^0\.000123 > IP 10\.0\.0\.2\.40000 > 10\.0\.0\.1\.7: Flags \[S\], seq 77/,
  );
  assertMatch(lines[1], /^2\.500000 < IP /);
});

Deno.test("Tracer counts the gathered payload and leaves the frame alone", () => {
  const lines: string[] = [];
  const [near, far] = createCable();
  const tracer = new Tracer(near, (line) => lines.push(line));
  const whole = tcpPacketBytes({ payload: patternBytes(700) });
  const payload = new PayloadRef(whole);
  payload.offset = 54;
  payload.length = 700;
  const out = createFrame();
  tracer.transmit(frameOf(whole.slice(0, 54)), payload, 0);
  assertMatch(lines[0], /length 700/);
  far.receive(out, 0);
  assertEquals(liveBytes(out), whole);
});

Deno.test("Tracer says what was not sent", () => {
  const lines: string[] = [];
  const [near] = createCable({ frameCount: 1 });
  const tracer = new Tracer(near, (line) => lines.push(line));
  for (let i = 0; i < 2; i++) tracer.transmit(tcpFrame({}), null, 0);
  tracer.close();
  tracer.transmit(tcpFrame({}), null, 0);
  assert(!lines[0].includes("device"));
  assert(lines[1].endsWith(" (device busy)"));
  assert(lines[2].endsWith(" (device down)"));
});
