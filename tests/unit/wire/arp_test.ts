import { assertEquals } from "@std/assert";
import {
  ARP_LENGTH,
  ARP_REPLY,
  arpOperation,
  arpSenderHi,
  arpSenderIp,
  arpSenderLo,
  arpTargetHi,
  arpTargetIp,
  arpTargetLo,
  checkArp,
  writeArp,
} from "../../../engine/wire/arp.ts";
import {
  WIRE_OK,
  WIRE_TRUNCATED,
  WIRE_UNSUPPORTED,
} from "../../../engine/wire/codes.ts";
import {
  arp,
  DESTINATION4,
  DESTINATION_MAC,
  SOURCE4,
} from "../../tools/packet_builder.ts";

Deno.test("writeArp() lays out RFC 826's packet and the accessors read it back", () => {
  const bytes = new Uint8Array(ARP_LENGTH);
  const view = new DataView(bytes.buffer);
  writeArp(view, 0, ARP_REPLY, 0x0200, 2, 0x0a000002, 0x0200, 1, 0x0a000001);
  assertEquals(bytes, arp(2, SOURCE4, DESTINATION_MAC, DESTINATION4));
  assertEquals(checkArp(view, 0, ARP_LENGTH), WIRE_OK);
  assertEquals(arpOperation(view, 0), ARP_REPLY);
  assertEquals([arpSenderHi(view, 0), arpSenderLo(view, 0)], [0x0200, 2]);
  assertEquals([arpTargetHi(view, 0), arpTargetLo(view, 0)], [0x0200, 1]);
  assertEquals(arpSenderIp(view, 0), 0x0a000002);
  assertEquals(arpTargetIp(view, 0), 0x0a000001);
});

Deno.test("checkArp() refuses other hardware, protocols and lengths", () => {
  for (let i = 0; i < 6; i++) {
    const bytes = arp(1, SOURCE4, DESTINATION_MAC, DESTINATION4);
    bytes[i] ^= 1;
    const view = new DataView(bytes.buffer);
    assertEquals(checkArp(view, 0, ARP_LENGTH), WIRE_UNSUPPORTED, `octet ${i}`);
  }
});

Deno.test("checkArp() wants all twenty-eight bytes", () => {
  const view = new DataView(
    arp(1, SOURCE4, DESTINATION_MAC, DESTINATION4).buffer,
  );
  for (let end = 0; end < ARP_LENGTH; end++) {
    assertEquals(checkArp(view, 0, end), WIRE_TRUNCATED);
  }
});
