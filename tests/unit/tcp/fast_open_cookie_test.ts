import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import {
  COOKIE_BACKUP,
  COOKIE_INVALID,
  COOKIE_LENGTH,
  COOKIE_PRIMARY,
  createFastOpenKeys,
  FastOpenKeys,
} from "../../../engine/tcp/fast_open_cookie.ts";
import { IpAddress, parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { hex } from "../../tools/middlebox.ts";

const KEY = "a0bf63f7-ed803d81-cd641d30-cebc4a90";
const OTHER = "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4";

/** Cookies that Linux hands out: key, client, server, cookie. */
const VECTORS = [
  [KEY, "10.248.0.2", "192.168.0.2", "00abaaabe8e954c2"],
  [KEY, "10.248.0.3", "192.168.0.2", "1313a2da994a0951"],
  [KEY, "10.248.0.3", "192.168.0.3", "76d2c1c530f51f79"],
  [OTHER, "192.0.2.1", "192.168.0.1", "3021b9d889017eeb"],
  [OTHER, "fd3d:fa7b:d17d::1", "fd3d:0a0b:17d6::1", "c1d1e9742a47a9bc"],
] as const;

const address = fc.oneof(
  fc.integer().map((w) => new IpAddress(0, 0, 0xffff, w)),
  fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer())
    .map(([a, b, c, d]) => new IpAddress(a, b, c, d)),
);

function make(
  keys: FastOpenKeys,
  local: IpAddress,
  remote: IpAddress,
): Uint8Array {
  const cookie = new Uint8Array(COOKIE_LENGTH);
  keys.make(local, remote, cookie);
  return cookie;
}

for (const [key, client, server, expected] of VECTORS) {
  Deno.test(`make() gives ${client} at ${server} the cookie of Linux`, () => {
    const cookie = make(
      new FastOpenKeys(key),
      parseIpAddress(server),
      parseIpAddress(client),
    );
    assertEquals(hex(cookie), expected);
  });
}

Deno.test("check() opens what make() made, for these addresses and this key only", () => {
  const keys = new FastOpenKeys(KEY), others = new FastOpenKeys(OTHER);
  fc.assert(fc.property(address, address, address, (local, remote, third) => {
    const cookie = make(keys, local, remote);
    assertEquals(keys.check(local, remote, cookie, 0, 8), COOKIE_PRIMARY);
    assertEquals(others.check(local, remote, cookie, 0, 8), COOKIE_INVALID);
    if (!third.equals(remote)) {
      assertEquals(keys.check(local, third, cookie, 0, 8), COOKIE_INVALID);
    }
    if (!third.equals(local)) {
      assertEquals(keys.check(third, remote, cookie, 0, 8), COOKIE_INVALID);
    }
  }));
});

Deno.test("check() finds each flipped bit, and any length but 8", () => {
  const keys = new FastOpenKeys(KEY);
  const [local, remote] = ["192.168.0.2", "10.248.0.2"].map(parseIpAddress);
  const cookie = make(keys, local, remote);
  for (let bit = 0; bit < 64; bit++) {
    const bad = cookie.slice();
    bad[bit >> 3] ^= 1 << (bit & 7);
    assertEquals(keys.check(local, remote, bad, 0, 8), COOKIE_INVALID);
  }
  const long = new Uint8Array(20);
  long.set(cookie, 3);
  assertEquals(keys.check(local, remote, long, 3, 8), COOKIE_PRIMARY);
  for (const length of [4, 6, 10, 16]) {
    assertEquals(keys.check(local, remote, long, 3, length), COOKIE_INVALID);
  }
});

Deno.test("rotate() keeps the last key as backup and forgets the one before", () => {
  const keys = new FastOpenKeys(KEY);
  const [local, remote] = ["fd00::2", "fd00::1"].map(parseIpAddress);
  const first = make(keys, local, remote);
  keys.rotate(OTHER);
  assertEquals(keys.check(local, remote, first, 0, 8), COOKIE_BACKUP);
  const second = make(keys, local, remote);
  assertEquals(keys.check(local, remote, second, 0, 8), COOKIE_PRIMARY);
  keys.rotate("1-2-3-4");
  assertEquals(keys.check(local, remote, first, 0, 8), COOKIE_INVALID);
  assertEquals(keys.check(local, remote, second, 0, 8), COOKIE_BACKUP);
});

Deno.test("toString() is what the constructor takes and Linux prints", () => {
  assertEquals(`${new FastOpenKeys(` ${KEY},${OTHER}\n`)}`, `${KEY},${OTHER}`);
  assertEquals(
    `${new FastOpenKeys("1-2-A-ffffffff")}`,
    "00000001-00000002-0000000a-ffffffff",
  );
  const drawn = createFastOpenKeys(new SeededRandom(7));
  assertEquals(`${new FastOpenKeys(`${drawn}`)}`, `${drawn}`);
});

Deno.test("the FreeBSD variant gives one cookie for every address of the server", () => {
  const keys = new FastOpenKeys(KEY, "freebsd");
  const client = parseIpAddress("10.248.0.3");
  const one = make(keys, parseIpAddress("192.168.0.2"), client);
  const two = make(keys, parseIpAddress("192.168.0.3"), client);
  assertEquals(one, two);
  const linux = make(
    new FastOpenKeys(KEY),
    parseIpAddress("192.168.0.2"),
    client,
  );
  assert(hex(one) !== hex(linux));
});

Deno.test("FastOpenKeys refuses text that is no key, without repeating it", () => {
  for (
    const text of [
      "",
      "1-2-3",
      "1-2-3-4-5",
      "g-1-2-3",
      "123456789-1-2-3",
      "1-2-3-4,",
      "1-2-3-4,5-6-7-8,9-a-b-c",
    ]
  ) {
    const error = assertThrows(
      () => new FastOpenKeys(text),
      TypeError,
      "four hexadecimal words",
    ) as Error;
    assert(text.length < 4 || !error.message.includes(text));
  }
});
