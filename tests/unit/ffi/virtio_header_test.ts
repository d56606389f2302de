import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MEDIUM_ETHERNET, MEDIUM_IP } from "../../../engine/link/device.ts";
import type { Frame } from "../../../engine/base/frame.ts";
import { createFrame } from "../../../engine/base/frame.ts";
import {
  readVirtioHeader,
  VIRTIO_HEADER_LENGTH,
  writeVirtioHeader,
} from "../../../ffi/virtio_header.ts";
import type { TcpPacket } from "../../tools/packets.ts";
import { tcpFrame } from "../../tools/packets.ts";

/** The header's fields in the order of struct virtio_net_hdr. */
function headerOf(frame: Frame, l3: number): number[] {
  const view = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 16; i++) view.setUint8(i, 0xee);
  writeVirtioHeader(view, 3, frame, l3);
  assertEquals(view.getUint8(2), 0xee, "wrote before the header");
  assertEquals(view.getUint8(13), 0xee, "wrote behind the header");
  return [
    view.getUint8(3),
    view.getUint8(4),
    view.getUint16(5, true),
    view.getUint16(7, true),
    view.getUint16(9, true),
    view.getUint16(11, true),
  ];
}

const NOTHING_TO_DO = [0, 0, 0, 0, 0, 0];

function tcpHeader(packet: TcpPacket): number[] {
  const frame = tcpFrame(packet);
  const isEthernet = (packet.medium ?? MEDIUM_ETHERNET) === MEDIUM_ETHERNET;
  return headerOf(frame, frame.start + (isEthernet ? 14 : 0));
}

Deno.test("writeVirtioHeader() asks for nothing when the frame is complete", () => {
  assertEquals(tcpHeader({}), NOTHING_TO_DO);
});

Deno.test("writeVirtioHeader() points at the TCP checksum in both families and media", () => {
  const partial = true;
  assertEquals(tcpHeader({ partial }), [1, 0, 0, 0, 34, 16]);
  assertEquals(tcpHeader({ partial, family: 6 }), [1, 0, 0, 0, 54, 16]);
  assertEquals(
    tcpHeader({ partial, medium: MEDIUM_IP }),
    [1, 0, 0, 0, 20, 16],
  );
  assertEquals(
    tcpHeader({ partial, medium: MEDIUM_IP, family: 6 }),
    [1, 0, 0, 0, 40, 16],
  );
});

Deno.test("writeVirtioHeader() asks for segments and counts the header with its options", () => {
  const options = new Uint8Array(12).fill(1);
  const payload = new Uint8Array(4_000);
  const super4 = { partial: true, gsoSize: 1_448, options, payload };
  assertEquals(tcpHeader(super4), [1, 1, 66, 1_448, 34, 16]);
  assertEquals(tcpHeader({ ...super4, family: 6 }), [1, 4, 86, 1_448, 54, 16]);
});

Deno.test("writeVirtioHeader() keeps CWR on the first wire segment by the ECN bit", () => {
  const payload = new Uint8Array(4_000);
  const packet = { partial: true, gsoSize: 1_448, payload, flags: 0x90 };
  assertEquals(tcpHeader(packet), [1, 0x81, 54, 1_448, 34, 16]);
});

Deno.test("writeVirtioHeader() points at the UDP checksum", () => {
  const frame = createFrame(2_048);
  const l3 = frame.start;
  frame.end = l3 + 20 + 8 + 100;
  frame.bytes[l3] = 0x45;
  frame.bytes[l3 + 9] = 17;
  frame.checksumPartial = true;
  assertEquals(headerOf(frame, l3), [1, 0, 0, 0, 20, 6]);
  frame.gsoSize = 50;
  assertEquals(headerOf(frame, l3), [1, 5, 28, 50, 20, 6]);
});

Deno.test("writeVirtioHeader() honours the IPv4 header's length", () => {
  const frame = createFrame(2_048);
  const l3 = frame.start;
  frame.end = l3 + 80;
  frame.bytes[l3] = 0x4f; // 60 bytes of header
  frame.bytes[l3 + 9] = 6;
  frame.checksumPartial = true;
  assertEquals(headerOf(frame, l3), [1, 0, 0, 0, 60, 16]);
});

Deno.test("writeVirtioHeader() asks for nothing when the protocol is another", () => {
  const frame = createFrame(2_048);
  frame.end = frame.start + 40;
  frame.bytes[frame.start] = 0x45;
  frame.bytes[frame.start + 9] = 1;
  frame.checksumPartial = true;
  assertEquals(headerOf(frame, frame.start), NOTHING_TO_DO);
});

Deno.test("readVirtioHeader() takes an unfinished and a verified checksum as good", () => {
  const view = new DataView(new ArrayBuffer(VIRTIO_HEADER_LENGTH));
  const frame = createFrame(2_048);
  for (const [flags, good] of [[0, false], [1, true], [2, true], [3, true]]) {
    view.setUint8(0, Number(flags));
    readVirtioHeader(view, 0, frame);
    assertEquals(frame.checksumPartial, good, `flags ${flags}`);
  }
});

Deno.test("readVirtioHeader() reads the segment size only of a super-segment", () => {
  const view = new DataView(new ArrayBuffer(VIRTIO_HEADER_LENGTH));
  const frame = createFrame(2_048);
  view.setUint16(4, 1_448, true);
  readVirtioHeader(view, 0, frame);
  assertEquals(frame.gsoSize, 0);
  view.setUint8(1, 1);
  readVirtioHeader(view, 0, frame);
  assertEquals(frame.gsoSize, 1_448);
});

Deno.test("readVirtioHeader() undoes writeVirtioHeader() for every TCP frame", () => {
  fc.assert(fc.property(
    fc.constantFrom<4 | 6>(4, 6),
    fc.boolean(),
    fc.integer({ min: 0, max: 10 }),
    fc.integer({ min: 1, max: 65_000 }),
    (family, partial, optionWords, gsoSize) => {
      const frame = tcpFrame({
        family,
        partial,
        options: new Uint8Array(4 * optionWords),
        payload: new Uint8Array(100),
      });
      frame.gsoSize = partial ? gsoSize : 0;
      const view = new DataView(new ArrayBuffer(VIRTIO_HEADER_LENGTH));
      writeVirtioHeader(view, 0, frame, frame.start + 14);
      const back = createFrame(256);
      readVirtioHeader(view, 0, back);
      assertEquals(back.checksumPartial, partial);
      assertEquals(back.gsoSize, frame.gsoSize);
    },
  ));
});
