import { assert, assertEquals } from "@std/assert";
import { pseudoHeaderSum } from "../../../engine/wire/checksum.ts";
import { WIRE_OK, WIRE_TRUNCATED } from "../../../engine/wire/codes.ts";
import * as v4 from "../../../engine/wire/icmpv4.ts";
import * as v6 from "../../../engine/wire/icmpv6.ts";
import { concat, hex, icmpv4, icmpv6 } from "../../tools/packet_builder.ts";

const BODY = hex("68656c6c6f");
const FD00 = 0xfd000000 | 0;
const PSEUDO = pseudoHeaderSum(FD00, 0, 0, 2, FD00, 0, 0, 1, 6, 58, 13);

Deno.test("writeIcmpv4() gives RFC 792's message with an odd body", () => {
  const bytes = concat(new Uint8Array(8), BODY);
  const view = new DataView(bytes.buffer);
  v4.writeIcmpv4(view, 0, v4.ICMPV4_ECHO_REQUEST, 0, 0x00010002, 13);
  assertEquals(bytes, icmpv4(8, 0, 0x00010002, BODY));
  assert(v4.icmpv4ChecksumValid(view, 0, 13));
  bytes[12] ^= 1;
  assert(!v4.icmpv4ChecksumValid(view, 0, 13));
});

Deno.test("icmpv4 accessors read each reading of the rest word", () => {
  const view = new DataView(icmpv4(3, 4, 0x12345678, BODY).buffer);
  assertEquals(v4.icmpv4Type(view, 0), v4.ICMPV4_UNREACHABLE);
  assertEquals(v4.icmpv4Code(view, 0), v4.ICMPV4_CODE_FRAGMENTATION_NEEDED);
  assertEquals(v4.icmpv4Rest(view, 0), 0x12345678);
  assertEquals(v4.icmpv4EchoId(view, 0), 0x1234);
  assertEquals(v4.icmpv4EchoSequence(view, 0), 0x5678);
  assertEquals(v4.icmpv4Mtu(view, 0), 0x5678);
  assertEquals(v4.icmpv4Pointer(view, 0), 0x12);
});

Deno.test("writeIcmpv6() covers the pseudo header", () => {
  const bytes = concat(new Uint8Array(8), BODY);
  const view = new DataView(bytes.buffer);
  v6.writeIcmpv6(view, 0, v6.ICMPV6_ECHO_REPLY, 0, 0x00010002, 13, PSEUDO);
  assertEquals(bytes, icmpv6(129, 0, 0x00010002, BODY));
  assert(v6.icmpv6ChecksumValid(view, 0, 13, PSEUDO));
  assert(!v6.icmpv6ChecksumValid(view, 0, 13, PSEUDO ^ 1));
});

Deno.test("icmpv6 accessors read each reading of the rest word", () => {
  const view = new DataView(icmpv6(2, 1, -2, BODY).buffer);
  assertEquals(v6.icmpv6Type(view, 0), v6.ICMPV6_TOO_BIG);
  assertEquals(v6.icmpv6Code(view, 0), 1);
  assertEquals(v6.icmpv6Rest(view, 0), -2);
  assertEquals(v6.icmpv6EchoId(view, 0), 0xffff);
  assertEquals(v6.icmpv6EchoSequence(view, 0), 0xfffe);
  assertEquals(v6.icmpv6Mtu(view, 0), 0xfffffffe);
  assertEquals(v6.icmpv6Pointer(view, 0), 0xfffffffe);
  assert(v6.icmpv6IsError(127) && !v6.icmpv6IsError(128));
});

Deno.test("checkIcmpv4() and checkIcmpv6() want eight bytes", () => {
  const view = new DataView(new ArrayBuffer(9));
  assertEquals(v4.checkIcmpv4(view, 1, 9), WIRE_OK);
  assertEquals(v4.checkIcmpv4(view, 2, 9), WIRE_TRUNCATED);
  assertEquals(v6.checkIcmpv6(view, 1, 9), WIRE_OK);
  assertEquals(v6.checkIcmpv6(view, 2, 9), WIRE_TRUNCATED);
});
