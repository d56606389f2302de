import { assert, assertEquals } from "@std/assert";
import { createFrame, PayloadRef } from "../../../engine/base/frame.ts";
import { createCable } from "../../../engine/link/cable.ts";
import { Capture } from "../../../engine/link/capture.ts";
import type { CaptureFormat } from "../../../engine/link/capture_format.ts";
import {
  MEDIUM_ETHERNET,
  MEDIUM_IP,
  TX_BUSY,
  TX_OK,
} from "../../../engine/link/device.ts";
import { CaptureBuffer, readCapture } from "../../tools/capture_file.ts";
import {
  frameOf,
  liveBytes,
  patternBytes,
  readTcpPacket,
  tcpFrame,
} from "../../tools/packets.ts";

const FORMATS: readonly CaptureFormat[] = ["pcap", "pcapng"];

/** 2026-01-01T00:00:00Z in µs. */
const EPOCH = 1_767_225_600e6;

Deno.test("Capture writes a header that names the link type, even when nothing passes", () => {
  for (const format of FORMATS) {
    for (const [medium, linkType] of [[MEDIUM_ETHERNET, 1], [MEDIUM_IP, 101]]) {
      const sink = new CaptureBuffer();
      new Capture(createCable({ medium })[0], { sink, format });
      const file = readCapture(sink.toBytes());
      assertEquals(file, { linkType, snapLength: 262_144, frames: [] });
    }
  }
});

Deno.test("Capture writes both directions, whole, with their instants", () => {
  for (const format of FORMATS) {
    const sink = new CaptureBuffer();
    const [near, far] = createCable();
    const capture = new Capture(near, { sink, format, epochOffset: EPOCH });
    const out = createFrame();
    for (const length of [60, 61, 62, 63]) {
      capture.transmit(frameOf(patternBytes(length)), null, 1.5e6 + length);
    }
    far.transmit(frameOf(patternBytes(99)), null, 2e6);
    assertEquals(capture.receive(out, 2e6 + 7.5), 99);
    assertEquals(capture.receive(out, 2e6 + 8), 0);
    const said = format === "pcap" ? [0, 0] : [1, 2];
    const frames = [60, 61, 62, 63].map((length) => ({
      at: EPOCH + 1.5e6 + length,
      bytes: patternBytes(length),
      originalLength: length,
      direction: said[1],
    }));
    frames.push({
      at: EPOCH + 2e6 + 7,
      bytes: patternBytes(99),
      originalLength: 99,
      direction: said[0],
    });
    assertEquals(readCapture(sink.toBytes()).frames, frames);
  }
});

Deno.test("Capture gathers the payload and completes the checksum, in the file only", () => {
  const sink = new CaptureBuffer();
  const [near, far] = createCable({ gsoMaxSize: 65_535 });
  const capture = new Capture(near, { sink });
  const whole = tcpFrame({ payload: patternBytes(3001), partial: true });
  const frame = createFrame();
  frame.bytes.set(liveBytes(whole).slice(0, 54), frame.start);
  frame.end = frame.start + 54;
  frame.gsoSize = 1000;
  frame.checksumPartial = true;
  const payload = new PayloadRef(patternBytes(3001));
  payload.length = 3001;
  assertEquals(capture.transmit(frame, payload, 0), TX_OK);
  const [captured] = readCapture(sink.toBytes()).frames;
  const reading = readTcpPacket(captured.bytes, MEDIUM_ETHERNET);
  assert(reading.tcpChecksumOk && reading.ipChecksumOk && reading.lengthOk);
  assertEquals(reading.payload, patternBytes(3001));
  const out = createFrame();
  far.receive(out, 0);
  assertEquals(liveBytes(out), liveBytes(whole));
  assertEquals([out.gsoSize, out.checksumPartial], [1000, true]);
});

Deno.test("Capture holds the largest super-segment", () => {
  for (const format of FORMATS) {
    const sink = new CaptureBuffer();
    const [near] = createCable({ gsoMaxSize: 65_535 });
    const payload = patternBytes(65_535 - 40);
    const frame = tcpFrame({ payload, gsoSize: 1460, partial: true });
    new Capture(near, { sink, format }).transmit(frame, null, 0);
    const [captured] = readCapture(sink.toBytes()).frames;
    assertEquals(captured.bytes.length, 65_535 + 14);
  }
});

Deno.test("Capture leaves out what the device did not take", () => {
  const sink = new CaptureBuffer();
  const [near] = createCable({ frameCount: 1 });
  const capture = new Capture(near, { sink });
  const frame = frameOf(patternBytes(60));
  assertEquals(capture.transmit(frame, null, 0), TX_OK);
  assertEquals(capture.transmit(frame, null, 0), TX_BUSY);
  assertEquals(readCapture(sink.toBytes()).frames.length, 1);
});
