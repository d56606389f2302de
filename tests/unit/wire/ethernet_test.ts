import { assertEquals } from "@std/assert";
import { WIRE_OK, WIRE_TRUNCATED } from "../../../engine/wire/codes.ts";
import {
  checkEthernet,
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  ethernetDestinationHi,
  ethernetDestinationLo,
  ethernetSourceHi,
  ethernetSourceLo,
  ethernetType,
  writeEthernet,
} from "../../../engine/wire/ethernet.ts";
import { hex } from "../../tools/packet_builder.ts";

Deno.test("writeEthernet() lays out IEEE 802.3's header and the accessors read it back", () => {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  writeEthernet(view, 3, 0xffff, -1, 0x0200, 0x5e100001, ETHER_TYPE_IPV6);
  assertEquals(
    bytes,
    hex("000000 ffffffffffff 02005e100001 86dd 000000"),
  );
  assertEquals(ethernetDestinationHi(view, 3), 0xffff);
  assertEquals(ethernetDestinationLo(view, 3), -1);
  assertEquals(ethernetSourceHi(view, 3), 0x0200);
  assertEquals(ethernetSourceLo(view, 3), 0x5e100001);
  assertEquals(ethernetType(view, 3), ETHER_TYPE_IPV6);
});

Deno.test("checkEthernet() wants fourteen bytes", () => {
  const view = new DataView(new ArrayBuffer(14));
  assertEquals(checkEthernet(view, 0, ETHERNET_HEADER_LENGTH), WIRE_OK);
  assertEquals(checkEthernet(view, 1, 14), WIRE_TRUNCATED);
  assertEquals(checkEthernet(view, 14, 14), WIRE_TRUNCATED);
});
