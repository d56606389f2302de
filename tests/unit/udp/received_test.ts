import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { IpPacketIn } from "../../../engine/ip/packet.ts";
import {
  DATAGRAM_BROADCAST,
  DATAGRAM_MULTICAST,
  DatagramInfo,
  readReceived,
  RECEIVED_STRIDE,
  writeReceived,
} from "../../../engine/udp/received.ts";

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const octet = fc.integer({ min: 0, max: 255 });

Deno.test("readReceived() gives back what writeReceived() took", () => {
  const words = fc.array(word, { minLength: 8, maxLength: 8 });
  const port = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(words, octet, octet, port, port, (w, ttl, tos, p, via) => {
      const packet = new IpPacketIn();
      [packet.remote0, packet.remote1, packet.remote2, packet.remote3] = w;
      [packet.local0, packet.local1, packet.local2, packet.local3] = w.slice(4);
      packet.hopLimit = ttl;
      packet.trafficClass = tos;
      packet.interfaceIndex = via;
      const records = new Int32Array(2 * RECEIVED_STRIDE);
      records[RECEIVED_STRIDE] = 77;
      writeReceived(records, RECEIVED_STRIDE, packet, p);
      const info = new DatagramInfo();
      readReceived(records, RECEIVED_STRIDE, info);
      assertEquals(info.length, 77);
      assertEquals(
        [info.remotePort, info.hopLimit, info.trafficClass],
        [p, ttl, tos],
      );
      assertEquals([info.interfaceIndex, info.flags], [via, 0]);
      const { remote: r, local: l } = info;
      assertEquals([r.w0, r.w1, r.w2, r.w3, l.w0, l.w1, l.w2, l.w3], w);
    }),
  );
});

Deno.test("writeReceived() tells groups from broadcast addresses", () => {
  const packet = new IpPacketIn();
  packet.isMulticast = true;
  packet.local2 = 0xffff;
  const info = new DatagramInfo();
  const records = new Int32Array(RECEIVED_STRIDE);
  for (
    const [address, flags] of [
      [0xe0000001 | 0, DATAGRAM_MULTICAST],
      [0x0a0000ff, DATAGRAM_BROADCAST],
      [-1, DATAGRAM_BROADCAST],
    ]
  ) {
    packet.local3 = address;
    writeReceived(records, 0, packet, 1);
    readReceived(records, 0, info);
    assertEquals(info.flags, flags);
  }
});
