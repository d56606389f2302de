import { assertEquals, assertThrows } from "@std/assert";
import { SECOND } from "../../../engine/base/units.ts";
import {
  FastOpenCache,
  isCookieLength,
} from "../../../engine/tcp/fast_open_cache.ts";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";

const LOCAL = parseIpAddress("10.0.0.1");
const SERVER = parseIpAddress("10.0.0.2");
const COOKIE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

Deno.test("isCookieLength() allows 4 to 16 bytes, even", () => {
  const allowed = [4, 6, 8, 10, 12, 14, 16];
  for (let n = -2; n <= 40; n++) {
    assertEquals(isCookieLength(n), allowed.includes(n), `${n}`);
  }
});

Deno.test("store() keeps one cookie, the latest, per pair of addresses", () => {
  const cache = new FastOpenCache();
  cache.store(LOCAL, SERVER, COOKIE, 1460, "standard");
  cache.store(LOCAL, SERVER, COOKIE.slice(0, 4), 1400, "experimental");
  assertEquals(cache.size, 1);
  const entry = cache.find(LOCAL, SERVER)!;
  assertEquals(entry.cookie, COOKIE.slice(0, 4));
  assertEquals([entry.mss, entry.experimental], [1400, true]);
  assertEquals(cache.find(SERVER, LOCAL), null);
});

Deno.test("store() copies the cookie and keeps an MSS it is not told anew", () => {
  const cache = new FastOpenCache();
  const bytes = COOKIE.slice();
  cache.noteMss(LOCAL, SERVER, 1300);
  cache.store(LOCAL, SERVER, bytes, 0, "standard");
  bytes.fill(0);
  const entry = cache.find(LOCAL, SERVER)!;
  assertEquals(entry.cookie, COOKIE);
  assertEquals(entry.mss, 1300);
});

Deno.test("the least recently used entry goes first", () => {
  const cache = new FastOpenCache(2);
  const [a, b, c] = ["fd00::a", "fd00::b", "fd00::c"].map(parseIpAddress);
  cache.store(LOCAL, a, COOKIE, 0, "standard");
  cache.store(LOCAL, b, COOKIE, 0, "standard");
  cache.find(LOCAL, a);
  cache.store(LOCAL, c, COOKIE, 0, "standard");
  assertEquals(cache.find(LOCAL, b), null);
  assertEquals(cache.find(LOCAL, a)!.cookie, COOKIE);
  assertEquals(cache.find(LOCAL, c)!.cookie, COOKIE);
});

Deno.test("noteFailure() rests a path, addresses and port, twice as long each time, up to 64 minutes", () => {
  const cache = new FastOpenCache();
  for (let failure = 0; failure < 9; failure++) {
    cache.noteFailure(LOCAL, SERVER, 80, 1_000);
    const minutes = 2 ** Math.min(failure, 6);
    assertEquals(
      cache.disabledUntil(LOCAL, SERVER, 80),
      1_000 + minutes * 60 * SECOND,
    );
  }
  assertEquals(cache.disabledUntil(LOCAL, SERVER, 81), -Infinity);
  cache.noteSuccess(LOCAL, SERVER, 80);
  assertEquals(cache.disabledUntil(LOCAL, SERVER, 80), -Infinity);
});

Deno.test("noteUnanswered() tries the experimental option once, then rests", () => {
  const cache = new FastOpenCache();
  cache.noteUnanswered(LOCAL, SERVER, 80, "standard", 0);
  assertEquals(cache.find(LOCAL, SERVER)!.experimental, true);
  assertEquals(cache.disabledUntil(LOCAL, SERVER, 80), -Infinity);
  cache.noteUnanswered(LOCAL, SERVER, 80, "experimental", 0);
  assertEquals(cache.find(LOCAL, SERVER)!.experimental, false);
  assertEquals(cache.disabledUntil(LOCAL, SERVER, 80), 60 * SECOND);
});

Deno.test("noteFailure() ends the trust of noteConfirmed()", () => {
  const cache = new FastOpenCache();
  cache.noteConfirmed(LOCAL, SERVER, 80);
  assertEquals(cache.isConfirmed(LOCAL, SERVER, 80), true);
  assertEquals(cache.isConfirmed(LOCAL, SERVER, 443), false);
  cache.noteFailure(LOCAL, SERVER, 80, 0);
  assertEquals(cache.isConfirmed(LOCAL, SERVER, 80), false);
});

Deno.test("import() takes what export() wrote, through JSON", () => {
  const cache = new FastOpenCache();
  cache.store(LOCAL, SERVER, COOKIE, 1460, "standard");
  cache.store(
    parseIpAddress("fd00::1"),
    parseIpAddress("fd00::2"),
    COOKIE.slice(2),
    0,
    "experimental",
  );
  cache.noteMss(LOCAL, parseIpAddress("10.0.0.9"), 1000); // no cookie: nothing to keep
  const text = JSON.stringify(cache.export());
  const other = new FastOpenCache();
  other.import(JSON.parse(text));
  assertEquals(JSON.stringify(other.export()), text);
  assertEquals(other.size, 2);
});

Deno.test("import() names the record it cannot use", () => {
  const cache = new FastOpenCache();
  for (const cookie of ["", "12", "123", "0102030405", "xx", "00".repeat(18)]) {
    assertThrows(
      () =>
        cache.import([{
          local: "10.0.0.1",
          remote: "10.0.0.7",
          cookie,
          mss: 0,
          experimental: false,
        }]),
      TypeError,
      "10.0.0.7",
    );
  }
});
