import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  findAttribute,
  NETLINK_HEADER_LENGTH,
  NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
} from "../../../ffi/netlink_message.ts";

Deno.test("NetlinkMessage writes its header in the kernel's order", () => {
  const bytes = new NetlinkMessage(18, NLM_F_REQUEST | NLM_F_ACK).finish(7);
  assertEquals(
    [...bytes],
    [16, 0, 0, 0, 18, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0],
  );
});

Deno.test("NetlinkMessage pads an attribute and does not count the padding", () => {
  const bytes = new NetlinkMessage(16, 0).attribute(3, new Uint8Array([9]))
    .finish(0);
  assertEquals([...bytes.subarray(16)], [5, 0, 3, 0, 9, 0, 0, 0]);
  assertEquals(bytes[0], 24);
});

Deno.test("NetlinkMessage counts the whole of a nested attribute", () => {
  const message = new NetlinkMessage(16, 0);
  message.nested(18, () => {
    message.attributeString(1, "veth");
    message.nested(2, () => message.attributeU32(4, 0x01020304));
  });
  const bytes = message.finish(0);
  const outer = findAttribute(bytes, 16, bytes.length, 18)!;
  assertEquals(outer.length, 12 + 4 + 8);
  const inner = findAttribute(outer, 0, outer.length, 2)!;
  assertEquals([...findAttribute(inner, 0, inner.length, 4)!], [4, 3, 2, 1]);
});

Deno.test("findAttribute() finds every attribute that was appended", () => {
  const values = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
  fc.assert(fc.property(values, (all) => {
    const message = new NetlinkMessage(16, 0).u8(1).u8(2).u16(3);
    all.forEach((value, i) => message.attribute(i + 1, value));
    const bytes = message.finish(1);
    all.forEach((value, i) => {
      const found = findAttribute(
        bytes,
        NETLINK_HEADER_LENGTH + 4,
        bytes.length,
        i + 1,
      );
      assertEquals(found, value);
    });
    assertEquals(
      findAttribute(bytes, NETLINK_HEADER_LENGTH + 4, bytes.length, 99),
      null,
    );
  }));
});

Deno.test("findAttribute() ends at nonsense", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const found = findAttribute(bytes, 0, bytes.length, 1);
    if (found !== null) assertEquals(found.length <= bytes.length - 4, true);
  }));
});
