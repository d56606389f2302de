import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import * as S from "../../../engine/tcp/seq.ts";

/** Where modular arithmetic goes wrong: 0, 2^31, 2^32. */
const EDGES = [
  0,
  1,
  0x7ffffffe,
  0x7fffffff,
  0x80000000,
  0x80000001,
  0xfffffffe,
  0xffffffff,
];
const LENGTHS = [0, 1, 1448, 0xffff, 0x3fffffff];

Deno.test("seqAdd() wraps at 2^32 and goes back", () => {
  assertEquals(S.seqToU32(S.seqAdd(S.toSeq(0xffffffff), 1)), 0);
  assertEquals(S.seqToU32(S.seqAdd(S.toSeq(0), -1)), 0xffffffff);
  assertEquals(S.seqToU32(S.seqAdd(S.toSeq(0x7fffffff), 1)), 0x80000000);
});

Deno.test("seqSpan() undoes seqAdd() for every edge and length", () => {
  for (const start of EDGES) {
    for (const length of LENGTHS) {
      const s = S.toSeq(start);
      assertEquals(S.seqSpan(s, S.seqAdd(s, length)), length);
      assertEquals(S.seqSpan(S.seqAdd(s, length), s), -length | 0);
    }
  }
});

Deno.test("seqBefore() and its kin are a strict order inside any window", () => {
  const random = new SeededRandom(1);
  for (let i = 0; i < 2_000; i++) {
    const a = S.toSeq(i < EDGES.length ? EDGES[i] : random.int32());
    const b = S.seqAdd(a, 1 + random.below(0x1fffffff));
    const c = S.seqAdd(b, 1448);
    assert(S.seqBefore(a, b) && S.seqBefore(b, c) && S.seqBefore(a, c));
    assert(!S.seqBefore(b, a) && !S.seqBefore(a, a));
    assert(S.seqBeforeEq(a, a) && S.seqBeforeEq(a, b) && !S.seqBeforeEq(b, a));
    assert(S.seqAfter(b, a) && !S.seqAfter(a, b) && !S.seqAfter(a, a));
    assertEquals([S.seqLatest(a, b), S.seqLatest(b, a)], [b, b]);
    assertEquals([S.seqEarliest(a, b), S.seqEarliest(b, a)], [a, a]);
  }
});

Deno.test("seqInWindow() is half-open and survives the wrap", () => {
  for (const start of EDGES) {
    const s = S.toSeq(start);
    assert(S.seqInWindow(s, s, 1));
    assert(!S.seqInWindow(s, s, 0));
    assert(S.seqInWindow(S.seqAdd(s, 9), s, 10));
    assert(!S.seqInWindow(S.seqAdd(s, 10), s, 10));
    assert(!S.seqInWindow(S.seqAdd(s, -1), s, 10));
  }
});

Deno.test("seqBits() is the int32 that an Int32Array gives back", () => {
  for (const edge of EDGES) {
    const store = Int32Array.of(S.seqBits(S.toSeq(edge)));
    assertEquals(S.seqToU32(S.toSeq(store[0])), edge);
  }
});
