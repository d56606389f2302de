import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as W from "../../../engine/wsk/mod.ts";
import { BufCursor } from "../../../engine/wsk/wsk_buf.ts";

Deno.test("an MDL must be built or locked before use", () => {
  const mdl = W.IoAllocateMdl(new Uint8Array(8), 8, false, false, null);
  const buf = { Mdl: mdl, Offset: 0, Length: 8 };
  assertThrows(() => W.bytesOfBuf(buf), W.BugCheckError, "it is not built");
  W.MmProbeAndLockPages(mdl!, W.KernelMode, W.IoWriteAccess);
  assertEquals(W.bytesOfBuf(buf).length, 8);
  assertThrows(() => W.IoFreeMdl(mdl!), W.BugCheckError, "pages are locked");
  W.MmUnlockPages(mdl!);
  assertThrows(() => W.MmUnlockPages(mdl!), W.BugCheckError, "not locked");
  assertThrows(() => W.bytesOfBuf(buf), W.BugCheckError, "it is not built");
  W.IoFreeMdl(mdl!);
  assertThrows(() => W.IoFreeMdl(mdl!), W.BugCheckError, "freed already");
  assertThrows(
    () => W.IoAllocateMdl(new Uint8Array(8), 9, false, false, null),
    RangeError,
    "at most the 8 bytes",
  );
});

Deno.test("an MDL tells what it describes", () => {
  const memory = new Uint8Array(16);
  const mdl = W.IoAllocateMdl(memory, 10, false, false, null)!;
  W.MmBuildMdlForNonPagedPool(mdl);
  assertEquals(W.MmGetMdlByteCount(mdl), 10);
  assertEquals(W.MmGetMdlByteOffset(mdl), 0);
  W.MmGetSystemAddressForMdlSafe(mdl, W.NormalPagePriority)[9] = 7;
  assertEquals(memory[9], 7);
});

Deno.test("a WSK_BUF outside its MDLs throws, whichever end sticks out", () => {
  const mdl = W.mdlOf(new Uint8Array(4));
  mdl.Next = W.mdlOf(new Uint8Array(4));
  const bad: [W.MDL | null, number, number][] = [
    [mdl, 0, 9],
    [mdl, 1, 8],
    [mdl, 4, 1],
    [mdl, -1, 1],
    [mdl, 0, -1],
    [null, 0, 1],
  ];
  for (const [Mdl, Offset, Length] of bad) {
    const error = assertThrows(
      () => new BufCursor({ Mdl, Offset, Length }),
      W.BugCheckError,
    );
    assertEquals(error.BugCheckCode, W.PAGE_FAULT_IN_NONPAGED_AREA);
  }
  assertEquals(new BufCursor({ Mdl: null, Offset: 0, Length: 0 }).remaining, 0);
  assertEquals(new BufCursor({ Mdl: mdl, Offset: 3, Length: 5 }).remaining, 5);
});

Deno.test("bytesOfBuf() is the range of the concatenated chain", () => {
  const chain = fc.array(fc.uint8Array({ maxLength: 9 }), {
    minLength: 1,
    maxLength: 6,
  }).filter((parts) => parts[0].length > 0);
  fc.assert(fc.property(chain, fc.nat(), fc.nat(), (parts, a, b) => {
    const mdls = parts.map((part) => W.mdlOf(part));
    for (let i = 1; i < mdls.length; i++) mdls[i - 1].Next = mdls[i];
    const all = parts.flatMap((part) => [...part]);
    const Offset = a % parts[0].length;
    const Length = b % (all.length - Offset + 1);
    const buf = { Mdl: mdls[0], Offset, Length };
    const expected = all.slice(Offset, Offset + Length);
    assertEquals([...W.bytesOfBuf(buf)], expected);
    for (const mdl of mdls) W.IoFreeMdl(mdl);
  }));
});
