/**
 * What the wire layer costs: `deno bench tests/bench/wire_bench.ts`.
 *
 * Each figure is of a batch; the name says how many.
 *
 * @module
 */
import { createFrame } from "../../engine/base/frame.ts";
import { sumArray, sumBytes } from "../../engine/wire/checksum.ts";
import { checkIpv4, ipv4ChecksumValid } from "../../engine/wire/ipv4.ts";
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_PARTIAL,
  emitTcp,
  parseTcp,
  verifyTcpChecksum,
} from "../../engine/wire/tcp.ts";
import {
  SegmentIn,
  SegmentOut,
  TCP_ACK,
} from "../../engine/wire/tcp_segment.ts";
import { concat, hex, ipv4, tcp } from "../tools/packet_builder.ts";

const BATCH = 1000;
const PAYLOAD = 1448;
const TIMESTAMPS = hex("0101080a 00000001 00000002");
let sink = 0;

/** A frame that holds an IPv4 packet at 142, where Ethernet leaves it. */
function received(
  payloadLength: number,
): { end: number; frame: ReturnType<typeof createFrame> } {
  const payload = new Uint8Array(payloadLength).fill(0x5a);
  const packet = ipv4(6, tcp({ options: TIMESTAMPS, payload }));
  const frame = createFrame();
  frame.bytes.set(concat(packet), 142);
  return { end: 142 + packet.length, frame };
}

function data(): SegmentOut {
  const out = new SegmentOut();
  out.flags = TCP_ACK;
  out.hasTimestamps = true;
  out.dataLength = PAYLOAD;
  out.payload.length = PAYLOAD;
  return out;
}

const full = received(PAYLOAD);
const bare = received(0);
const segment = new SegmentIn(full.frame);
const outgoing = createFrame();
const out = data();
out.payload.bytes = outgoing.bytes;
out.payload.offset = 4096;
const ack = new SegmentOut();
ack.flags = TCP_ACK;
ack.hasTimestamps = true;

Deno.bench(`sumBytes of 1,460 bytes x ${BATCH}`, () => {
  for (let i = 0; i < BATCH; i++) {
    sink ^= sumBytes(full.frame.view, 162 + (i & 3), 1460, 0);
  }
});

Deno.bench(`sumBytes of 64 KiB x ${BATCH / 100}`, () => {
  for (let i = 0; i < BATCH / 100; i++) {
    sink ^= sumBytes(full.frame.view, 0, 65536, 0);
  }
});

Deno.bench(`sumArray of 1,460 bytes x ${BATCH}`, () => {
  for (let i = 0; i < BATCH; i++) {
    sink ^= sumArray(full.frame.bytes, 162 + (i & 3), 1460, 0);
  }
});

function receive(end: number, frame: ReturnType<typeof createFrame>): void {
  for (let i = 0; i < BATCH; i++) {
    sink ^= checkIpv4(frame.view, 142, end);
    if (!ipv4ChecksumValid(frame.view, 142)) sink++;
    const length = end - 162 | 0;
    if (
      !verifyTcpChecksum(
        frame,
        162,
        length,
        0,
        0,
        0xffff,
        0x0a000002,
        0,
        0,
        0xffff,
        0x0a000001,
        4,
      )
    ) sink++;
    sink ^= parseTcp(frame, 162, length, segment);
  }
}

Deno.bench(
  `check, verify and parse a pure ACK x ${BATCH}`,
  () => receive(bare.end, bare.frame),
);

Deno.bench(
  `check, verify and parse 1,448 bytes x ${BATCH}`,
  () => receive(full.end, full.frame),
);

Deno.bench(`parseTcp alone x ${BATCH}`, () => {
  for (let i = 0; i < BATCH; i++) {
    sink ^= parseTcp(full.frame, 162, full.end - 162 | 0, segment);
  }
});

function emit(segmentOut: SegmentOut, partial: number): void {
  for (let i = 0; i < BATCH; i++) {
    sink ^= emitTcp(
      outgoing,
      segmentOut,
      0,
      0,
      0xffff,
      0x0a000002,
      0,
      0,
      0xffff,
      0x0a000001,
      4,
      partial,
    );
  }
}

Deno.bench(`emitTcp a pure ACK x ${BATCH}`, () => emit(ack, CHECKSUM_COMPLETE));

Deno.bench(
  `emitTcp 1,448 bytes, complete x ${BATCH}`,
  () => emit(out, CHECKSUM_COMPLETE),
);

Deno.bench(
  `emitTcp 1,448 bytes, partial x ${BATCH}`,
  () => emit(out, CHECKSUM_PARTIAL),
);
