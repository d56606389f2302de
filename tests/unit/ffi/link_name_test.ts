import { assertEquals, assertThrows } from "@std/assert";
import {
  checkLinkName,
  formatHardwareAddress,
  parseHardwareAddress,
} from "../../../ffi/link_name.ts";

Deno.test("checkLinkName() takes what the kernel takes", () => {
  for (const name of ["a", "tap0", "tap%d", "exactly15bytes_", "eth0-1.x"]) {
    checkLinkName(name);
  }
});

Deno.test("checkLinkName() refuses what the kernel refuses, naming it", () => {
  const wrong = [
    "",
    ".",
    "..",
    "a/b",
    "a:b",
    "a b",
    "exactly16bytes__",
    "üüüüüüüü",
    "a%d%d",
    "a%s",
    "a\0b",
  ];
  for (const name of wrong) {
    assertThrows(
      () => checkLinkName(name),
      TypeError,
      `Cannot name an interface "${name}": `,
    );
  }
});

Deno.test("parseHardwareAddress() undoes formatHardwareAddress()", () => {
  const bytes = parseHardwareAddress("02:0A:ff:00:9c:01");
  assertEquals([...bytes], [2, 10, 255, 0, 156, 1]);
  assertEquals(formatHardwareAddress(bytes), "02:0a:ff:00:9c:01");
});

Deno.test("parseHardwareAddress() refuses what is none, and groups", () => {
  for (
    const text of [
      "",
      "02:00:00:00:00",
      "02-00-00-00-00-01",
      "2:0:0:0:0:1",
      "02:00:00:00:00:0g",
      "02:00:00:00:00:01:02",
    ]
  ) {
    assertThrows(
      () => parseHardwareAddress(text),
      TypeError,
      `Cannot parse hardware address "${text}"`,
    );
  }
  assertThrows(
    () => parseHardwareAddress("ff:ff:ff:ff:ff:ff"),
    TypeError,
    "names a group",
  );
});
