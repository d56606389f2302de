import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { SipHash } from "../../../engine/base/siphash.ts";

/** Of the authors' reference implementation: key 00..0f, input 00, 01, .. of length 0..63. */
const VECTORS: readonly bigint[] = `
  726fdb47dd0e0e31 74f839c593dc67fd 0d6c8009d9a94f5a 85676696d7fb7e2d
  cf2794e0277187b7 18765564cd99a68d cbc9466e58fee3ce ab0200f58b01d137
  93f5f5799a932462 9e0082df0ba9e4b0 7a5dbbc594ddb9f3 f4b32f46226bada7
  751e8fbc860ee5fb 14ea5627c0843d90 f723ca908e7af2ee a129ca6149be45e5
  3f2acc7f57c29bdb 699ae9f52cbe4794 4bc1b3f0968dd39c bb6dc91da77961bd
  bed65cf21aa2ee98 d0f2cbb02e3b67c7 93536795e3a33e88 a80c038ccd5ccec8
  b8ad50c6f649af94 bce192de8a85b8ea 17d835b85bbb15f3 2f2e6163076bcfad
  de4daaaca71dc9a5 a6a2506687956571 ad87a3535c49ef28 32d892fad841c342
  7127512f72f27cce a7f32346f95978e3 12e0b01abb051238 15e034d40fa197ae
  314dffbe0815a3b4 027990f029623981 cadcd4e59ef40c4d 9abfd8766a33735c
  0e3ea96b5304a7d0 ad0c42d6fc585992 187306c89bc215a9 d4a60abcf3792b95
  f935451de4f21df2 a9538f0419755787 db9acddff56ca510 d06c98cd5c0975eb
  e612a3cb9ecba951 c766e62cfcadaf96 ee64435a9752fe72 a192d576b245165a
  0a8787bf8ecb74b2 81b3e73d20b49b6f 7fa8220ba3b2ecea 245731c13ca42499
  b78dbfaf3a8d83bd ea1ad565322a1a0b 60e61c23a3795013 6606d7e446282b93
  6ca4ecb15c5f91e1 9f626da15c9625f3 e51b38608ef25f57 958a324ceb064572
`.trim().split(/\s+/).map((hex) => BigInt(`0x${hex}`));

function result(hash: SipHash): bigint {
  return BigInt(hash.hi >>> 0) << 32n | BigInt(hash.lo >>> 0);
}

function referenceHash(): SipHash {
  return new SipHash(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);
}

Deno.test("hash() reproduces the 64 reference vectors, at any offset", () => {
  const hash = referenceHash();
  for (const offset of [0, 1, 5]) {
    const input = Uint8Array.from({ length: 80 }, (_, i) => i - offset);
    VECTORS.forEach((expected, length) => {
      hash.hash(input, offset, length);
      assertEquals(result(hash), expected, `length ${length}`);
    });
  }
});

Deno.test("hashWords() equals hash() of the words in little-endian", () => {
  fc.assert(fc.property(
    fc.array(fc.integer(), { maxLength: 70 }),
    fc.integer(),
    (numbers, key) => {
      const words = Int32Array.from(numbers);
      const bytes = new Uint8Array(4 * words.length);
      const view = new DataView(bytes.buffer);
      words.forEach((word, i) => view.setInt32(4 * i, word, true));
      const hash = new SipHash(key, ~key, key ^ 0x55555555, 1);
      hash.hash(bytes, 0, bytes.length);
      const expected = result(hash);
      hash.hashWords(words, words.length);
      assertEquals(result(hash), expected);
    },
  ));
});

/** Cookies published with packetdrill's Fast Open scripts: key words, client, server, cookie. */
const COOKIES: [number[], string, string, string][] = [
  [
    [0xa0bf63f7, 0xed803d81, 0xcd641d30, 0xcebc4a90],
    "0af80002",
    "c0a80002",
    "00abaaabe8e954c2",
  ],
  [
    [0xa0bf63f7, 0xed803d81, 0xcd641d30, 0xcebc4a90],
    "0af80003",
    "c0a80002",
    "1313a2da994a0951",
  ],
  [
    [0xa0bf63f7, 0xed803d81, 0xcd641d30, 0xcebc4a90],
    "0af80003",
    "c0a80003",
    "76d2c1c530f51f79",
  ],
  [
    [0xa1a1a1a1, 0xb2b2b2b2, 0xc3c3c3c3, 0xd4d4d4d4],
    "c0000201",
    "c0a80001",
    "3021b9d889017eeb",
  ],
  [
    [0xa1a1a1a1, 0xb2b2b2b2, 0xc3c3c3c3, 0xd4d4d4d4],
    "fd3dfa7bd17d00000000000000000001",
    "fd3d0a0b17d600000000000000000001",
    "c1d1e9742a47a9bc",
  ],
];

Deno.test("hash() of client and server address gives Linux's Fast Open cookies", () => {
  for (const [[k0, k1, k2, k3], client, server, cookie] of COOKIES) {
    const input = Uint8Array.fromHex(client + server);
    const hash = new SipHash(k0, k1, k2, k3);
    hash.hash(input, 0, input.length);
    const out = new Uint8Array(8);
    new DataView(out.buffer).setInt32(0, hash.lo, true);
    new DataView(out.buffer).setInt32(4, hash.hi, true);
    assertEquals(out.toHex(), cookie);
  }
});
