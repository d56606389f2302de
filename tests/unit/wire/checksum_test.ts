import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  checksum,
  foldSum,
  joinSums,
  pseudoHeaderSum,
  sumArray,
  sumBytes,
  swapSum,
  updateChecksum,
  updateChecksum32,
} from "../../../engine/wire/checksum.ts";
import {
  be,
  concat,
  hex,
  naiveChecksum,
  naivePseudoSum,
} from "../../tools/packet_builder.ts";

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes that differ everywhere and carry often. */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x ^= x << 13, x ^= x >>> 17, x ^= x << 5;
    bytes[i] = x | (x & 0x100 ? 0xf0 : 0);
  }
  return bytes;
}

Deno.test("checksum() gives RFC 1071 §3's example", () => {
  const bytes = hex("0001 f203 f4f5 f6f7");
  assertEquals(sumBytes(viewOf(bytes), 0, 8, 0), 0xddf2);
  assertEquals(checksum(viewOf(bytes), 0, 8, 0), 0x220d);
});

Deno.test("checksum() of nothing is the complement of the initial sum", () => {
  const view = new DataView(new ArrayBuffer(0));
  assertEquals(checksum(view, 0, 0, 0), 0xffff);
  assertEquals(checksum(view, 0, 0, 0x1234), 0xedcb);
});

Deno.test("sumBytes() and sumArray() agree with the naive sum for every parity of offset and every length to 2000", () => {
  const bytes = noise(2100, 0x9e3779b9);
  const view = viewOf(bytes);
  for (let length = 0; length <= 2000; length++) {
    for (let offset = 0; offset < 4; offset++) {
      const initial = (length * 2654435761 + offset) % 0x7fffffff;
      const expected = ~naiveChecksum(
        bytes.subarray(offset, offset + length),
        foldSum(initial),
      ) & 0xffff;
      const where = `offset ${offset}, length ${length}`;
      assertEquals(sumBytes(view, offset, length, initial), expected, where);
      assertEquals(sumArray(bytes, offset, length, initial), expected, where);
    }
  }
});

Deno.test("sumBytes() and sumArray() carry right over 64 KiB of ones", () => {
  for (const length of [65534, 65535, 65536]) {
    const bytes = new Uint8Array(length).fill(0xff);
    // An odd last byte of 0xff counts as 0xff00 on top of words that all sum to 0xffff.
    const expected = length % 2 === 0 ? 0xffff : 0xff00;
    assertEquals(sumBytes(viewOf(bytes), 0, length, 0), expected);
    assertEquals(sumArray(bytes, 0, length, 0), expected);
  }
});

Deno.test("sumBytes() agrees with the naive sum for arbitrary bytes up to 64 KiB", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 65536 }),
      fc.integer({ min: 1, max: 0x7fffffff }),
      fc.integer({ min: 0, max: 0xffff }),
      (length, seed, initial) => {
        const bytes = noise(length, seed);
        const expected = ~naiveChecksum(bytes, initial) & 0xffff;
        assertEquals(sumBytes(viewOf(bytes), 0, length, initial), expected);
        assertEquals(sumArray(bytes, 0, length, initial), expected);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("foldSum() reads its argument as a uint32 and never exceeds 16 bits", () => {
  assertEquals(foldSum(0), 0);
  assertEquals(foldSum(0xffff), 0xffff);
  assertEquals(foldSum(0x10000), 1);
  assertEquals(foldSum(0x1ffff), 1);
  assertEquals(foldSum(-1), 0xffff);
  assertEquals(foldSum(0x80000000 | 0), 0x8000);
});

Deno.test("joinSums() continues a sum behind a piece of any parity", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 70 }),
      fc.uint8Array({ maxLength: 70 }),
      (first, second) => {
        const whole = ~naiveChecksum(concat(first, second)) & 0xffff;
        const joined = joinSums(
          sumBytes(viewOf(first), 0, first.length, 0),
          sumBytes(viewOf(second), 0, second.length, 0),
          first.length,
        );
        assertEquals(joined, whole);
      },
    ),
  );
  assertEquals(swapSum(0x1234), 0x3412);
});

Deno.test("pseudoHeaderSum() agrees with the naive sum for both families", () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(
      fc.tuple(word, word, word, word, word, word, word, word),
      fc.constantFrom(6, 17, 58),
      fc.integer({ min: 0, max: 0xffffff }),
      (w, protocol, length) => {
        const bytes = w.map((x) => be(x, 4));
        assertEquals(
          pseudoHeaderSum(...w, 4, protocol, length),
          naivePseudoSum(bytes[3], bytes[7], protocol, length),
        );
        assertEquals(
          pseudoHeaderSum(...w, 6, protocol, length),
          naivePseudoSum(
            concat(...bytes.slice(0, 4)),
            concat(...bytes.slice(4)),
            protocol,
            length,
          ),
        );
      },
    ),
  );
});

Deno.test("updateChecksum() gives what summing again gives, RFC 1624 §4's example among them", () => {
  assertEquals(updateChecksum(0xdd2f, 0x5555, 0x3285), 0x0000);
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 60 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      (bytes, newWord) => {
        const before = checksum(viewOf(bytes), 0, bytes.length, 1);
        const oldWord = viewOf(bytes).getInt32(0);
        const updated = updateChecksum32(before, oldWord, newWord);
        viewOf(bytes).setInt32(0, newWord);
        assertEquals(updated, checksum(viewOf(bytes), 0, bytes.length, 1));
      },
    ),
  );
});
