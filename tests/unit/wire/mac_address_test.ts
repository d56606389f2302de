import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  formatMac,
  ipv4MulticastMacLo,
  isBroadcastMac,
  isMulticastMac,
  MAC_BROADCAST_HI,
  MAC_BROADCAST_LO,
  MacAddress,
  parseMac,
  tryParseMac,
} from "../../../engine/wire/mac_address.ts";

Deno.test("parseMac() reads octets joined by colons or by hyphens, not by both", () => {
  const mac = parseMac("02:00:5E:10:00:fF");
  assertEquals([mac.hi, mac.lo], [0x0200, 0x5e1000ff]);
  assert(mac.equals(parseMac("02-00-5e-10-00-ff")));
  assertEquals(tryParseMac("02:00-5e:10:00:01"), null);
});

Deno.test("tryParseMac() refuses everything else", () => {
  for (
    const text of [
      "",
      "02:00:5e:10:00",
      "02:00:5e:10:00:01:02",
      "2:0:5e:10:0:1",
      "02005e100001",
      "0g:00:5e:10:00:01",
      " 02:00:5e:10:00:01",
      "02:00:5e:10:00:01\n",
    ]
  ) assertEquals(tryParseMac(text), null, JSON.stringify(text));
});

Deno.test("parseMac() names the value when it refuses", () => {
  assertThrows(
    () => parseMac("02:00"),
    TypeError,
    'Cannot parse hardware address "02:00": expected six octets like 02:00:5e:10:00:01',
  );
});

Deno.test("formatMac() undoes parseMac() for every address", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      (hi, lo) => {
        const text = formatMac(hi, lo);
        assert(parseMac(text).equals(new MacAddress(hi, lo)));
        assertEquals(new MacAddress(hi, lo).toString(), text);
      },
    ),
  );
  assertEquals(formatMac(2, 1), "00:02:00:00:00:01");
});

Deno.test("isMulticastMac() reads the group bit and broadcast is a group", () => {
  assert(isMulticastMac(0x0100) && isMulticastMac(0x3333));
  assert(isMulticastMac(MAC_BROADCAST_HI) && !isMulticastMac(0x0200));
  assert(isBroadcastMac(MAC_BROADCAST_HI, MAC_BROADCAST_LO));
  assert(!isBroadcastMac(MAC_BROADCAST_HI, 0));
});

Deno.test("ipv4MulticastMacLo() keeps 23 bits of the group, RFC 1112 §6.4", () => {
  assertEquals(ipv4MulticastMacLo(0xe0800001 | 0), 0x5e000001);
  assertEquals(ipv4MulticastMacLo(0xefffffff | 0), 0x5e7fffff);
});
