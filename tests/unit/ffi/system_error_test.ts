import { assertEquals, assertInstanceOf } from "@std/assert";
import { EACCES, errnoMeaning, errnoName } from "../../../ffi/errno_names.ts";
import { LibraryError, SystemError } from "../../../ffi/system_error.ts";

Deno.test("SystemError says what failed, why, and what to do", () => {
  const error = new SystemError(
    "open /dev/net/tun",
    "open",
    EACCES,
    "run as root, or under `unshare -Urn`",
  );
  assertEquals(
    error.message,
    "Cannot open /dev/net/tun: EACCES (permission denied): run as root, or under `unshare -Urn`",
  );
  assertEquals([error.name, error.call, error.errno, error.code], [
    "SystemError",
    "open",
    13,
    "EACCES",
  ]);
  assertInstanceOf(error, Error);
});

Deno.test("SystemError ends after the reason when there is no remedy", () => {
  const error = new SystemError("x", "y", 2);
  assertEquals(error.message, "Cannot x: ENOENT (no such file or directory)");
  assertEquals(error.remedy, "");
});

Deno.test("LibraryError names every path tried", () => {
  const error = new LibraryError("libpcap", ["a.so", "b.so"], "install it", [
    "no a",
    "no b",
  ]);
  assertEquals(
    error.message,
    "Cannot load libpcap: tried a.so, b.so: install it",
  );
  assertEquals(error.cause, "no a\nno b");
});

Deno.test("errnoName() and errnoMeaning() have something to say about any number", () => {
  assertEquals(errnoName(16), "EBUSY");
  assertEquals(errnoMeaning(16), "device or resource busy");
  assertEquals(errnoName(4_000), "E4000");
  assertEquals(errnoMeaning(4_000), "error 4000");
});
