import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  appendPayload,
  createFrame,
  Frame,
  FRAME_HEADROOM,
} from "../../../engine/base/frame.ts";
import type { Seq } from "../../../engine/base/units.ts";
import { foldSum, pseudoHeaderSum } from "../../../engine/wire/checksum.ts";
import {
  WIRE_BAD_HEADER_LENGTH,
  WIRE_BAD_OPTION,
  WIRE_OK,
  WIRE_TRUNCATED,
} from "../../../engine/wire/codes.ts";
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_PARTIAL,
  emitTcp,
  parseTcp,
  TCP_HEADER_LENGTH,
  tcpOptionsLength,
  verifyTcpChecksum,
} from "../../../engine/wire/tcp.ts";
import { tcpSackRoom } from "../../../engine/wire/tcp_options.ts";
import {
  ABSENT,
  SegmentIn,
  SegmentOut,
  TCP_ACK,
  TCP_SYN,
} from "../../../engine/wire/tcp_segment.ts";
import {
  hex,
  naiveChecksum,
  naivePseudoSum,
  tcp,
} from "../../tools/packet_builder.ts";

/** 10.0.0.2 and 10.0.0.1 as eight words. */
type Words = [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const WORDS4: Words = [0, 0, 0xffff, 0x0a000002, 0, 0, 0xffff, 0x0a000001];

function frameOf(bytes: Uint8Array, offset = 40): Frame {
  const frame = createFrame(offset + bytes.length);
  frame.bytes.set(bytes, offset);
  frame.start = offset;
  frame.end = offset + bytes.length;
  return frame;
}

function parse(bytes: Uint8Array): { code: number; segment: SegmentIn } {
  const frame = frameOf(bytes);
  const segment = new SegmentIn(frame);
  return { code: parseTcp(frame, 40, bytes.length, segment), segment };
}

Deno.test("parseTcp() flattens every field of a header", () => {
  const { code, segment: s } = parse(tcp({
    flags: 0x38,
    seq: 0xfffffffe,
    ack: 0x80000001,
    window: 65535,
    urgent: 3,
    payload: hex("68656c6c6f"),
  }));
  assertEquals(code, WIRE_OK);
  assertEquals([s.localPort, s.remotePort], [7, 40000]);
  assertEquals([s.seq, s.ack] as unknown, [-2, 0x80000001 | 0]);
  assertEquals([s.flags, s.wnd, s.urgentPointer], [0x38, 65535, 3]);
  assertEquals([s.dataOffset, s.dataLength], [60, 5]);
});

Deno.test("parseTcp() borrows the frame it was given and takes its gsoSize", () => {
  const frame = frameOf(tcp());
  frame.gsoSize = 1448;
  const segment = new SegmentIn(createFrame(64));
  assertEquals(parseTcp(frame, 40, 20, segment), WIRE_OK);
  assert(segment.frame === frame);
  assertEquals(segment.gsoSize, 1448);
});

Deno.test("parseTcp() refuses a header that is cut short or says nonsense of its length", () => {
  const bytes = tcp({ options: hex("020405b4") });
  for (let length = 0; length < TCP_HEADER_LENGTH; length++) {
    assertEquals(parse(bytes.slice(0, length)).code, WIRE_TRUNCATED);
  }
  for (let length = 20; length < 24; length++) {
    assertEquals(parse(bytes.slice(0, length)).code, WIRE_BAD_HEADER_LENGTH);
  }
  assertEquals(parse(bytes).code, WIRE_OK);
  for (const dataOffset of [0, 1, 4, 7, 15]) {
    const bad = tcp({ options: hex("020405b4"), dataOffset });
    assertEquals(parse(bad).code, WIRE_BAD_HEADER_LENGTH, `${dataOffset}`);
  }
});

Deno.test("verifyTcpChecksum() sees every flipped bit and believes a partial frame", () => {
  const bytes = tcp({ options: hex("020405b4"), payload: hex("68656c6c6f") });
  const frame = frameOf(bytes);
  const verify = (): boolean =>
    verifyTcpChecksum(frame, 40, bytes.length, ...WORDS4, 4);
  assert(verify());
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    frame.bytes[40 + (bit >> 3)] ^= 0x80 >> (bit & 7);
    assert(!verify(), `bit ${bit}`);
    frame.bytes[40 + (bit >> 3)] ^= 0x80 >> (bit & 7);
  }
  const elsewhere = WORDS4.with(7, 0x0a000003) as Words;
  assert(!verifyTcpChecksum(frame, 40, bytes.length, ...elsewhere, 4));
  assert(!verifyTcpChecksum(frame, 40, bytes.length - 1, ...WORDS4, 4));
  frame.bytes[40] ^= 1;
  frame.checksumPartial = true;
  assert(verify());
});

Deno.test("emitTcp() gives the bytes of a hand-made segment", () => {
  const out = new SegmentOut();
  out.localPort = 40000;
  out.remotePort = 7;
  out.seq = 123 as unknown as Seq;
  out.ack = 9 as unknown as Seq;
  out.flags = TCP_SYN;
  out.wnd = 64240;
  out.mss = 1460;
  const frame = createFrame(512);
  assertEquals(emitTcp(frame, out, ...WORDS4, 4, CHECKSUM_COMPLETE), WIRE_OK);
  assertEquals([frame.start, frame.l4], [FRAME_HEADROOM, FRAME_HEADROOM]);
  // The acknowledgment number is not sent without its flag.
  assertEquals(
    frame.bytes.slice(frame.start, frame.end),
    tcp({ flags: 2, options: hex("020405b4") }),
  );
});

Deno.test("emitTcp() leaves a frame empty when the options exceed forty bytes", () => {
  const out = new SegmentOut();
  out.hasTimestamps = true;
  out.sackCount = 4;
  const frame = createFrame(512);
  frame.end = 300;
  assertEquals(
    emitTcp(frame, out, ...WORDS4, 4, CHECKSUM_COMPLETE),
    WIRE_BAD_OPTION,
  );
  assertEquals(frame.end - frame.start, 0);
});

Deno.test("emitTcp() leaves the sum of the pseudo header to a device that completes it", () => {
  const out = new SegmentOut();
  out.dataLength = 65000;
  out.payload.length = 65000;
  out.gsoSize = 1448;
  const frame = createFrame(512);
  emitTcp(frame, out, ...WORDS4, 4, CHECKSUM_PARTIAL);
  assert(frame.checksumPartial);
  assertEquals(frame.gsoSize, 1448);
  assertEquals(
    frame.view.getUint16(frame.l4 + 16),
    naivePseudoSum(hex("0a000002"), hex("0a000001"), 6, 65020),
  );
  emitTcp(frame, out, ...WORDS4, 4, CHECKSUM_COMPLETE);
  assertEquals([frame.checksumPartial, frame.gsoSize], [false, 0]);
});

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const absentOr = (a: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(ABSENT), a);
const cookieLength = fc.constantFrom(0, 4, 6, 8, 10, 12, 14, 16);

/** Any segment the emitter may be asked for, with its payload in two pieces. */
const segmentOut = fc.record({
  ports: fc.tuple(u16, u16),
  seq: int32,
  ack: int32,
  flags: u8,
  wnd: u16,
  urgentPointer: u16,
  mss: absentOr(u16),
  windowScale: absentOr(u8),
  sackPermitted: fc.boolean(),
  timestamps: fc.option(fc.tuple(int32, int32)),
  sackEdges: fc.array(fc.tuple(int32, int32), { maxLength: 4 }),
  cookie: fc.option(
    cookieLength.chain((n) => fc.uint8Array({ minLength: n, maxLength: n })),
  ),
  experimental: fc.boolean(),
  payload: fc.uint8Array({ maxLength: 80 }),
  split: fc.double({ min: 0, max: 1, noNaN: true }),
}).map((r) => {
  const out = new SegmentOut();
  [out.localPort, out.remotePort] = r.ports;
  out.seq = r.seq as unknown as Seq;
  out.ack = r.ack as unknown as Seq;
  out.flags = r.flags;
  out.wnd = r.wnd;
  out.urgentPointer = r.urgentPointer;
  out.mss = r.mss;
  out.windowScale = r.windowScale;
  out.sackPermitted = r.sackPermitted;
  if (r.timestamps !== null) {
    out.hasTimestamps = true;
    [out.tsVal, out.tsEcr] = r.timestamps;
  }
  if (r.cookie !== null) {
    out.fastOpenLength = r.cookie.length;
    out.fastOpenCookie.set(r.cookie);
    out.fastOpenExperimental = r.experimental;
  }
  out.sackCount = Math.min(r.sackEdges.length, tcpSackRoom(out));
  out.sackEdges.set(r.sackEdges.slice(0, 4).flat());
  out.dataLength = r.payload.length;
  const cut = Math.round(r.split * r.payload.length);
  // The second piece lies before the first, as it does where a ring wraps.
  out.payload.length = cut;
  out.payload.wrapLength = r.payload.length - cut;
  out.payload.offset = r.payload.length - cut + 3;
  return { out, payload: r.payload, cut };
});

/** Puts the payload's pieces where the segment says they are. */
function place(bytes: Uint8Array, payload: Uint8Array, out: SegmentOut): void {
  out.payload.bytes = bytes;
  bytes.set(payload.subarray(0, out.payload.length), out.payload.offset);
  bytes.set(payload.subarray(out.payload.length), out.payload.wrapOffset);
}

Deno.test("emitTcp() then parseTcp() gives back any segment, its checksum right wherever the payload lies", () => {
  fc.assert(
    fc.property(
      segmentOut,
      fc.constantFrom<4 | 6>(4, 6),
      fc.boolean(),
      fc.tuple(int32, int32, int32, int32, int32, int32, int32, int32),
      ({ out, payload }, family, inArena, words) => {
        fc.pre(tcpOptionsLength(out) <= 40);
        const frame = createFrame(1024);
        const memory = inArena ? frame.bytes : new Uint8Array(256);
        if (inArena) {
          out.payload.offset += 600;
          out.payload.wrapOffset = 600;
        }
        place(memory, payload, out);
        const code = emitTcp(frame, out, ...words, family, CHECKSUM_COMPLETE);
        assertEquals(code, WIRE_OK);
        const headerLength = TCP_HEADER_LENGTH + tcpOptionsLength(out);
        assertEquals(frame.end - frame.start, headerLength);
        appendPayload(frame, out.payload);
        const length = frame.end - frame.start;
        const pseudo = pseudoHeaderSum(...words, family, 6, length);
        assertEquals(
          naiveChecksum(frame.bytes.slice(frame.start, frame.end), pseudo),
          0,
        );
        assert(verifyTcpChecksum(frame, frame.l4, length, ...words, family));
        const back = new SegmentIn(frame);
        assertEquals(parseTcp(frame, frame.l4, length, back), WIRE_OK);
        compare(back, out, payload);
      },
    ),
    { numRuns: 1000 },
  );
});

function compare(back: SegmentIn, out: SegmentOut, payload: Uint8Array): void {
  const isSyn = (out.flags & TCP_SYN) !== 0;
  const hasAck = (out.flags & TCP_ACK) !== 0;
  assertEquals([back.localPort, back.remotePort], [
    out.remotePort,
    out.localPort,
  ]);
  assertEquals(back.seq, out.seq);
  assertEquals(back.ack as unknown, hasAck ? out.ack : 0);
  assertEquals(
    [back.flags, back.wnd, back.urgentPointer],
    [out.flags, out.wnd, out.urgentPointer],
  );
  assertEquals(back.mss, isSyn ? out.mss : ABSENT);
  assertEquals(back.windowScale, isSyn ? out.windowScale : ABSENT);
  assertEquals(back.sackPermitted, isSyn && out.sackPermitted);
  assertEquals(back.hasTimestamps, out.hasTimestamps);
  if (out.hasTimestamps) {
    assertEquals([back.tsVal, back.tsEcr], [out.tsVal, out.tsEcr]);
  }
  assertEquals(back.sackCount, out.sackCount);
  const edges = 2 * out.sackCount;
  assertEquals(back.sackEdges.slice(0, edges), out.sackEdges.slice(0, edges));
  assertEquals(back.fastOpenLength, isSyn ? out.fastOpenLength : ABSENT);
  if (isSyn && out.fastOpenLength !== ABSENT) {
    const at = back.fastOpenOffset;
    assertEquals(
      back.frame.bytes.slice(at, at + back.fastOpenLength),
      out.fastOpenCookie.slice(0, out.fastOpenLength),
    );
    assertEquals(back.fastOpenExperimental, out.fastOpenExperimental);
  }
  assertEquals(
    back.frame.bytes.slice(back.dataOffset, back.dataOffset + back.dataLength),
    payload,
  );
}

Deno.test("emitTcp() partial completes to what complete gives", () => {
  fc.assert(
    fc.property(segmentOut, ({ out, payload }) => {
      fc.pre(tcpOptionsLength(out) <= 40);
      place(new Uint8Array(256), payload, out);
      const complete = createFrame(1024), partial = createFrame(1024);
      emitTcp(complete, out, ...WORDS4, 4, CHECKSUM_COMPLETE);
      emitTcp(partial, out, ...WORDS4, 4, CHECKSUM_PARTIAL);
      appendPayload(complete, out.payload);
      appendPayload(partial, out.payload);
      // What the device does: sum everything, the field with it.
      const field = naiveChecksum(
        partial.bytes.slice(partial.start, partial.end),
      );
      const expected = complete.view.getUint16(complete.l4 + 16);
      assertEquals(foldSum(field) % 0xffff, expected % 0xffff);
    }),
  );
});
