import { assert, assertEquals } from "@std/assert";
import { createFrame, Frame, PayloadRef } from "../../../engine/base/frame.ts";
import {
  WIRE_BAD_LENGTH,
  WIRE_OK,
  WIRE_TRUNCATED,
} from "../../../engine/wire/codes.ts";
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_PARTIAL,
} from "../../../engine/wire/transport_checksum.ts";
import {
  checkUdp,
  emitUdp,
  udpChecksum,
  udpDestinationPort,
  udpLength,
  udpSourcePort,
  verifyUdpChecksum,
} from "../../../engine/wire/udp.ts";
import { hex, naivePseudoSum, udp } from "../../tools/packet_builder.ts";

const HELLO = hex("68656c6c6f");
type Words = [number, number, number, number, number, number, number, number];
const WORDS4: Words = [0, 0, 0xffff, 0x0a000002, 0, 0, 0xffff, 0x0a000001];

function frameOf(bytes: Uint8Array): Frame {
  const frame = createFrame(8 + bytes.length);
  frame.bytes.set(bytes, 8);
  return frame;
}

function check(bytes: Uint8Array): number {
  return checkUdp(frameOf(bytes).view, 8, 8 + bytes.length);
}

function emit(payload: Uint8Array, cut: number, partial: number): Frame {
  const ref = new PayloadRef(payload);
  ref.length = cut;
  ref.wrapOffset = cut;
  ref.wrapLength = payload.length - cut;
  const frame = createFrame(512);
  emitUdp(frame, 40000, 9, ref, ...WORDS4, 4, partial);
  frame.bytes.set(payload, frame.end);
  return frame;
}

Deno.test("checkUdp() takes a datagram with padding behind and names what is wrong", () => {
  assertEquals(check(udp(HELLO)), WIRE_OK);
  assertEquals(check(udp(HELLO, 8)), WIRE_OK);
  assertEquals(check(udp(HELLO, 7)), WIRE_BAD_LENGTH);
  assertEquals(check(udp(HELLO, 14)), WIRE_BAD_LENGTH);
  assertEquals(check(udp(HELLO, 0)), WIRE_BAD_LENGTH);
  assertEquals(check(udp(HELLO).slice(0, 7)), WIRE_TRUNCATED);
});

Deno.test("udp accessors read the header", () => {
  const { view } = frameOf(udp(HELLO));
  assertEquals([udpSourcePort(view, 8), udpDestinationPort(view, 8)], [
    40000,
    9,
  ]);
  assertEquals(udpLength(view, 8), 13);
});

Deno.test("emitUdp() gives the bytes of a hand-made datagram, however the payload is cut", () => {
  for (let cut = 0; cut <= HELLO.length; cut++) {
    const frame = emit(HELLO, cut, CHECKSUM_COMPLETE);
    assertEquals(frame.end - frame.start, 8);
    assertEquals(frame.l4, frame.start);
    assertEquals(frame.bytes.slice(frame.start, frame.start + 13), udp(HELLO));
  }
});

Deno.test("emitUdp() leaves the sum of the pseudo header to a device that completes it", () => {
  const frame = emit(HELLO, 5, CHECKSUM_PARTIAL);
  assert(frame.checksumPartial);
  assertEquals(
    udpChecksum(frame.view, frame.l4),
    naivePseudoSum(hex("0a000002"), hex("0a000001"), 17, 13),
  );
});

Deno.test("emitUdp() sends a checksum that computes to 0 as 0xffff", () => {
  const empty = emit(hex("0000"), 2, CHECKSUM_COMPLETE);
  const payload = new Uint8Array(2);
  new DataView(payload.buffer).setUint16(0, udpChecksum(empty.view, empty.l4));
  const frame = emit(payload, 2, CHECKSUM_COMPLETE);
  assertEquals(udpChecksum(frame.view, frame.l4), 0xffff);
  assert(verifyUdpChecksum(frame, frame.l4, ...WORDS4, 4));
});

Deno.test("verifyUdpChecksum() sees every flipped bit", () => {
  const bytes = udp(HELLO);
  const frame = frameOf(bytes);
  assert(verifyUdpChecksum(frame, 8, ...WORDS4, 4));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    // The length field says how much is summed: a longer one would read past the frame.
    if (bit >= 32 && bit < 48) continue;
    frame.bytes[8 + (bit >> 3)] ^= 0x80 >> (bit & 7);
    assert(!verifyUdpChecksum(frame, 8, ...WORDS4, 4), `bit ${bit}`);
    frame.bytes[8 + (bit >> 3)] ^= 0x80 >> (bit & 7);
  }
});

Deno.test("verifyUdpChecksum() takes a missing checksum over IPv4 only", () => {
  const frame = frameOf(udp(HELLO));
  frame.view.setUint16(8 + 6, 0);
  assert(verifyUdpChecksum(frame, 8, ...WORDS4, 4));
  assert(!verifyUdpChecksum(frame, 8, ...WORDS4, 6));
  frame.checksumPartial = true;
  assert(verifyUdpChecksum(frame, 8, ...WORDS4, 6));
});
