import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createFrame, PayloadRef } from "../../../engine/base/frame.ts";
import { MEDIUM_ETHERNET, MEDIUM_IP } from "../../../engine/link/device.ts";
import {
  gatheredLength,
  gatherFrame,
  Segmenter,
} from "../../../engine/link/segmentation.ts";
import {
  frameOf,
  liveBytes,
  patternBytes,
  readTcpPacket,
  tcpFrame,
  tcpPacketBytes,
} from "../../tools/packets.ts";
import type { TcpPacket, TcpReading } from "../../tools/packets.ts";

const FIN = 0x01, PSH = 0x08, ACK = 0x10, CWR = 0x80;
const TIMESTAMPS = Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2);

/** All the wire segments a packet is cut into, read and found whole. */
function cutAll(packet: TcpPacket): TcpReading[] {
  const medium = packet.medium ?? MEDIUM_ETHERNET;
  const frame = tcpFrame(packet);
  const before = liveBytes(frame);
  const segmenter = new Segmenter(medium);
  const to = createFrame();
  const readings = Array.from({ length: segmenter.count(frame) }, (_, i) => {
    segmenter.cut(frame, i, to);
    assert(to.end - to.start <= segmenter.longest(frame));
    assertEquals([to.gsoSize, to.checksumPartial], [0, false]);
    return readTcpPacket(liveBytes(to), medium);
  });
  for (const r of readings) {
    assert(r.ipChecksumOk && r.tcpChecksumOk && r.lengthOk, JSON.stringify(r));
  }
  assertEquals(liveBytes(frame), before, "the super-segment was changed");
  return readings;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("Segmenter.cut() gives FIN and PSH to the last, CWR to the first segment only", () => {
  const readings = cutAll({
    payload: patternBytes(2500),
    gsoSize: 1000,
    flags: FIN | PSH | ACK | CWR,
    partial: true,
  });
  assertEquals(readings.map((r) => r.flags), [
    ACK | CWR,
    ACK,
    FIN | PSH | ACK,
  ]);
  assertEquals(readings.map((r) => r.payload.length), [1000, 1000, 500]);
});

Deno.test("Segmenter.cut() advances seq across 2^32 and the IPv4 id across 2^16", () => {
  const readings = cutAll({
    payload: patternBytes(3000),
    gsoSize: 1000,
    seq: 0xffff_fc00,
    ipId: 0xfffe,
    partial: true,
  });
  assertEquals(readings.map((r) => r.seq), [0xffff_fc00, 0xffff_ffe8, 0x3d0]);
  assertEquals(readings.map((r) => r.ipId), [0xfffe, 0xffff, 0]);
});

Deno.test("Segmenter.cut() loses and changes no byte, whatever the sizes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8000 }),
      fc.integer({ min: 100, max: 1460 }),
      fc.constantFrom<4 | 6>(4, 6),
      fc.constantFrom(MEDIUM_ETHERNET, MEDIUM_IP),
      fc.boolean(),
      fc.boolean(),
      (length, gsoSize, family, medium, partial, withOptions) => {
        const payload = patternBytes(length, gsoSize);
        const options = withOptions ? TIMESTAMPS : new Uint8Array(0);
        const readings = cutAll(
          { payload, gsoSize, family, medium, partial, options },
        );
        assertEquals(readings.length, Math.ceil(length / gsoSize));
        assertEquals(concat(readings.map((r) => r.payload)), payload);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("Segmenter.cut() cuts the largest packet there is", () => {
  const payload = patternBytes(65_535 - 40);
  const readings = cutAll({ payload, gsoSize: 1460, partial: true });
  assertEquals(readings.length, 45);
  assertEquals(concat(readings.map((r) => r.payload)), payload);
});

Deno.test("Segmenter.count() is 1 for what is no super-segment of TCP", () => {
  const segmenter = new Segmenter(MEDIUM_ETHERNET);
  const payload = patternBytes(3000);
  assertEquals(segmenter.count(tcpFrame({ payload })), 1);
  assertEquals(segmenter.count(tcpFrame({ payload, gsoSize: 3000 })), 1);
  assertEquals(segmenter.count(tcpFrame({ gsoSize: 1000 })), 1);
  const arp = frameOf(patternBytes(2000));
  arp.gsoSize = 500;
  assertEquals(segmenter.count(arp), 1);
});

Deno.test("Segmenter.complete() finishes TCP checksums of both families", () => {
  for (const family of [4, 6] as const) {
    for (const length of [0, 1, 2, 1447, 1448]) {
      const frame = tcpFrame(
        { family, payload: patternBytes(length), partial: true },
      );
      new Segmenter(MEDIUM_ETHERNET).complete(frame);
      const reading = readTcpPacket(liveBytes(frame), MEDIUM_ETHERNET);
      assert(reading.tcpChecksumOk, `IPv${family}, ${length} bytes`);
      assertEquals(frame.checksumPartial, false);
    }
  }
});

Deno.test("Segmenter.complete() looks for the TCP header behind IPv6 extension headers", () => {
  const plain = tcpPacketBytes({ family: 6, medium: MEDIUM_IP });
  const extended = Uint8Array.from([
    ...plain.slice(0, 40),
    ...[6, 0, 1, 4, 0, 0, 0, 0],
    ...plain.slice(40),
  ]);
  extended[5] += 8;
  extended[6] = 60;
  const frame = frameOf(extended);
  frame.bytes.fill(0, frame.start + 48 + 16, frame.start + 48 + 18);
  frame.checksumPartial = true;
  new Segmenter(MEDIUM_IP).complete(frame);
  assertEquals(liveBytes(frame), extended);
});

Deno.test("Segmenter.complete() leaves a frame that is not marked as it is", () => {
  const frame = tcpFrame({ payload: patternBytes(10) });
  frame.bytes[frame.end - 1] ^= 1;
  const before = liveBytes(frame);
  new Segmenter(MEDIUM_ETHERNET).complete(frame);
  assertEquals(liveBytes(frame), before);
});

Deno.test("Segmenter does not throw on any bytes", () => {
  const to = createFrame();
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(0x45, 0x4f, 0x60),
    fc.constantFrom(MEDIUM_ETHERNET, MEDIUM_IP),
    fc.integer({ min: 0, max: 50 }),
    (bytes, first, medium, gsoSize) => {
      const at = medium === MEDIUM_IP ? 0 : 14;
      if (bytes.length > at) bytes[at] = first;
      if (bytes.length > 14 && at === 14) {
        bytes.set(first === 0x60 ? [0x86, 0xdd] : [8, 0], 12);
      }
      const frame = frameOf(bytes);
      frame.gsoSize = gsoSize;
      frame.checksumPartial = true;
      const segmenter = new Segmenter(medium);
      const count = segmenter.count(frame);
      for (let i = 0; i < count; i++) segmenter.cut(frame, i, to);
      segmenter.complete(frame);
    },
  ));
});

Deno.test("gatherFrame() puts a wrapped payload behind the frame's bytes", () => {
  const frame = frameOf(Uint8Array.of(1, 2, 3));
  const payload = new PayloadRef(Uint8Array.of(6, 0, 0, 4, 5));
  payload.offset = 3;
  payload.length = 2;
  payload.wrapLength = 1;
  const to = createFrame();
  gatherFrame(frame, payload, to);
  assertEquals(liveBytes(to), Uint8Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(gatheredLength(frame, payload), 6);
});
