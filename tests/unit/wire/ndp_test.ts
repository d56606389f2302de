import { assertEquals } from "@std/assert";
import {
  WIRE_BAD_FIELD,
  WIRE_BAD_OPTION,
  WIRE_OK,
  WIRE_TRUNCATED,
  WIRE_UNSUPPORTED,
} from "../../../engine/wire/codes.ts";
import * as ndp from "../../../engine/wire/ndp.ts";
import { concat, hex, icmpv6 } from "../../tools/packet_builder.ts";

const TARGET = hex("fd00 0000 0000 0000 0000 0000 0000 0009");
const LINK = hex("0101 02005e100001");
const MTU = hex("0501 0000 000005dc");
const PREFIX = hex(
  "0304 40c0 ffffffff 00003840 00000000 fd00 0001 0002 0003 0000 0000 0000 0000",
);
const RA = icmpv6(
  134,
  0,
  0x40c00708,
  concat(hex("00007530 000003e8"), LINK, MTU, PREFIX, PREFIX),
);

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function check(bytes: Uint8Array): number {
  return ndp.checkNdp(viewOf(bytes), 0, bytes.length);
}

Deno.test("checkNdp() takes each message with and without options", () => {
  assertEquals(check(icmpv6(133, 0, 0, hex(""))), WIRE_OK);
  assertEquals(check(icmpv6(133, 0, 0, LINK)), WIRE_OK);
  assertEquals(check(RA), WIRE_OK);
  assertEquals(check(icmpv6(135, 0, 0, TARGET)), WIRE_OK);
  assertEquals(check(icmpv6(136, 0, 0, concat(TARGET, LINK))), WIRE_OK);
  assertEquals(check(icmpv6(137, 0, 0, concat(TARGET, TARGET))), WIRE_OK);
});

Deno.test("checkNdp() refuses what RFC 4861 §6.1 and §7.1 refuse", () => {
  assertEquals(check(icmpv6(128, 0, 0, TARGET)), WIRE_UNSUPPORTED);
  assertEquals(check(hex("87000000")), WIRE_TRUNCATED);
  assertEquals(check(icmpv6(134, 0, 0, hex("0000"))), WIRE_TRUNCATED);
  assertEquals(check(icmpv6(135, 0, 0, TARGET.slice(0, 15))), WIRE_TRUNCATED);
  assertEquals(check(icmpv6(137, 0, 0, TARGET)), WIRE_TRUNCATED);
  assertEquals(check(icmpv6(135, 1, 0, TARGET)), WIRE_BAD_FIELD);
  for (
    const option of [
      "0100 02005e100001",
      "0102 02005e100001",
      "01",
      "0101 0200",
    ]
  ) {
    const bytes = icmpv6(135, 0, 0, concat(TARGET, LINK, hex(option)));
    assertEquals(check(bytes), WIRE_BAD_OPTION, option);
  }
});

Deno.test("findNdpOption() finds one after another and passes over short ones", () => {
  const view = viewOf(RA);
  const end = RA.length;
  const find = (kind: number, from: number): number =>
    ndp.findNdpOption(view, 0, end, kind, from);
  assertEquals(find(ndp.NDP_OPTION_SOURCE_LINK, 0), 16);
  assertEquals(find(ndp.NDP_OPTION_MTU, 0), 24);
  assertEquals(find(ndp.NDP_OPTION_PREFIX, 0), 32);
  assertEquals(find(ndp.NDP_OPTION_PREFIX, 32), 64);
  assertEquals(find(ndp.NDP_OPTION_PREFIX, 64), -1);
  assertEquals(find(ndp.NDP_OPTION_TARGET_LINK, 0), -1);
  const short = icmpv6(
    134,
    0,
    0,
    concat(new Uint8Array(8), hex("0301 40c0 ffffffff")),
  );
  assertEquals(
    ndp.findNdpOption(viewOf(short), 0, 24, ndp.NDP_OPTION_PREFIX, 0),
    -1,
  );
});

Deno.test("ndp accessors read a router advertisement", () => {
  const view = viewOf(RA);
  assertEquals(ndp.ndpHopLimit(view, 0), 64);
  assertEquals(ndp.ndpRouterFlags(view, 0), 0xc0);
  assertEquals(ndp.ndpRouterLifetime(view, 0), 1800);
  assertEquals(ndp.ndpReachableTime(view, 0), 30000);
  assertEquals(ndp.ndpRetransmitTimer(view, 0), 1000);
  assertEquals(ndp.ndpLinkHi(view, 16), 0x0200);
  assertEquals(ndp.ndpLinkLo(view, 16), 0x5e100001);
  assertEquals(ndp.ndpMtu(view, 24), 1500);
  assertEquals(ndp.ndpPrefixLength(view, 32), 64);
  assertEquals(
    ndp.ndpPrefixFlags(view, 32),
    ndp.NDP_PREFIX_ON_LINK | ndp.NDP_PREFIX_AUTONOMOUS,
  );
  assertEquals(ndp.ndpPrefixValid(view, 32), 0xffffffff);
  assertEquals(ndp.ndpPrefixPreferred(view, 32), 14400);
  assertEquals(ndp.ndpPrefixWord(view, 32, 0), 0xfd000001 | 0);
  assertEquals(ndp.ndpPrefixWord(view, 32, 1), 0x00020003);
});

Deno.test("writeNdpTarget() and writeNdpLinkOption() lay out a solicitation", () => {
  const bytes = new Uint8Array(32);
  bytes[0] = 135;
  const view = viewOf(bytes);
  ndp.writeNdpTarget(view, 0, 0xfd000000 | 0, 0, 0, 9);
  ndp.writeNdpLinkOption(
    view,
    24,
    ndp.NDP_OPTION_SOURCE_LINK,
    0x0200,
    0x5e100001,
  );
  assertEquals(bytes.slice(8), concat(TARGET, LINK));
  assertEquals(ndp.ndpTargetWord(view, 0, 0), 0xfd000000 | 0);
  assertEquals(ndp.ndpTargetWord(view, 0, 3), 9);
  view.setInt32(4, ndp.NDP_FLAG_ROUTER | ndp.NDP_FLAG_OVERRIDE);
  assertEquals(ndp.ndpFlags(view, 0), 0xa0000000 | 0);
});
