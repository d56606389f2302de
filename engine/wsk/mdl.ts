/**
 * Memory descriptor lists: the memory a request reads from or writes to.
 *
 *     WSK_BUF.Mdl -> MDL -> MDL -> null
 *                    |      `-- Uint8Array
 *                    `-- Uint8Array
 *
 * In Windows an MDL names locked physical pages; here it is a view of a
 * Uint8Array. What carries over is the discipline: an MDL must be built or
 * locked before use, and must stay so until the IRP that uses it completes.
 * Each request counts itself as a user of the chain, so freeing or unlocking
 * an MDL too early throws at the guilty call.
 *
 * @module
 */
import {
  BAD_POOL_CALLER,
  PFN_LIST_CORRUPT,
  requireKernel,
} from "./bug_check.ts";
import type { BOOLEAN } from "./c_types.ts";

/** MdlFlags: MmProbeAndLockPages locked the pages. */
export const MDL_PAGES_LOCKED = 0x0002;
/** MdlFlags: MmBuildMdlForNonPagedPool built the list. */
export const MDL_SOURCE_IS_NONPAGED_POOL = 0x0004;
/** MmProbeAndLockPages: the request reads the memory (a send). */
export const IoReadAccess = 0;
/** MmProbeAndLockPages: the request writes to the memory (a receive). */
export const IoWriteAccess = 1;
/** MmProbeAndLockPages: both. */
export const IoModifyAccess = 2;
/** MmProbeAndLockPages: the memory belongs to the kernel. */
export const KernelMode = 0;
/** MmProbeAndLockPages: the memory belongs to a process. */
export const UserMode = 1;
/** MmGetSystemAddressForMdlSafe: fail rather than take the last of the mappings. */
export const NormalPagePriority = 16;

const BUILT = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL;

let addUsers: (mdl: MDL, count: number) => void;
let usersOf: (mdl: MDL) => number;
let markFreed: (mdl: MDL) => void;

/** A piece of memory, and the next piece of the same buffer. */
export class MDL {
  /** The next piece, or `null`. WSK never changes it. */
  Next: MDL | null = null;
  /** Whether the memory is built or locked, `MDL_*` bits. */
  MdlFlags = 0;
  /** The memory itself. */
  readonly MappedSystemVa: Uint8Array;
  /** Bytes described. */
  readonly ByteCount: number;
  /** Offset in its page; always 0 here. */
  readonly ByteOffset = 0;
  #users = 0;
  #freed = false;

  static {
    addUsers = (mdl, count) => {
      requireKernel(
        !mdl.#freed && (mdl.MdlFlags & BUILT) !== 0,
        PFN_LIST_CORRUPT,
        "Cannot use MDL: it is not built; call MmBuildMdlForNonPagedPool or MmProbeAndLockPages after IoAllocateMdl",
      );
      mdl.#users += count;
    };
    usersOf = (mdl) => mdl.#users;
    markFreed = (mdl) => {
      requireKernel(
        !mdl.#freed,
        BAD_POOL_CALLER,
        "Cannot free MDL: it is freed already",
      );
      mdl.#freed = true;
    };
  }

  /** Describes all of `memory`; clients call IoAllocateMdl instead. */
  constructor(memory: Uint8Array) {
    this.MappedSystemVa = memory;
    this.ByteCount = memory.length;
  }
}

/**
 * Describes the first `Length` bytes of `VirtualAddress`.
 *
 * The list is not usable until it is built or locked. `Irp` must be `null`:
 * WSK takes its MDLs from WSK_BUF, not from the IRP.
 */
export function IoAllocateMdl(
  VirtualAddress: Uint8Array,
  Length: number,
  _SecondaryBuffer: BOOLEAN,
  _ChargeQuota: BOOLEAN,
  _Irp: null,
): MDL | null {
  if (Length > VirtualAddress.length || Length < 0) {
    throw new RangeError(
      `Cannot allocate MDL: Length must be at most the ${VirtualAddress.length} bytes of VirtualAddress, got ${Length}`,
    );
  }
  return new MDL(VirtualAddress.subarray(0, Length));
}

/** Makes an MDL of nonpaged memory usable. */
export function MmBuildMdlForNonPagedPool(Mdl: MDL): void {
  Mdl.MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}

/** Makes an MDL of pageable memory usable, until MmUnlockPages. */
export function MmProbeAndLockPages(
  Mdl: MDL,
  _AccessMode: number,
  _Operation: number,
): void {
  Mdl.MdlFlags |= MDL_PAGES_LOCKED;
}

/** Undoes MmProbeAndLockPages; throws while a request uses the MDL. */
export function MmUnlockPages(Mdl: MDL): void {
  requireUnused(Mdl, "unlock");
  requireKernel(
    Mdl.MdlFlags & MDL_PAGES_LOCKED,
    PFN_LIST_CORRUPT,
    "Cannot unlock MDL: its pages are not locked; only MmProbeAndLockPages is undone by MmUnlockPages",
  );
  Mdl.MdlFlags &= ~MDL_PAGES_LOCKED;
}

/** Frees one MDL, not its chain; throws while a request uses it, while its pages are locked, and the second time. */
export function IoFreeMdl(Mdl: MDL): void {
  requireUnused(Mdl, "free");
  requireKernel(
    (Mdl.MdlFlags & MDL_PAGES_LOCKED) === 0,
    PFN_LIST_CORRUPT,
    "Cannot free MDL: its pages are locked; call MmUnlockPages first",
  );
  markFreed(Mdl);
}

/** The memory an MDL describes. */
export function MmGetSystemAddressForMdlSafe(
  Mdl: MDL,
  _Priority: number,
): Uint8Array {
  return Mdl.MappedSystemVa;
}

/** Bytes an MDL describes. */
export function MmGetMdlByteCount(Mdl: MDL): number {
  return Mdl.ByteCount;
}

/** Offset of an MDL's memory in its page: 0. */
export function MmGetMdlByteOffset(Mdl: MDL): number {
  return Mdl.ByteOffset;
}

/** An MDL over all of `bytes`, built and ready: IoAllocateMdl and MmBuildMdlForNonPagedPool in one. */
export function mdlOf(bytes: Uint8Array): MDL {
  const mdl = new MDL(bytes);
  MmBuildMdlForNonPagedPool(mdl);
  return mdl;
}

/** Counts a request as a user of each MDL of the chain. */
export function pinMdls(first: MDL | null): void {
  for (let mdl = first; mdl !== null; mdl = mdl.Next) addUsers(mdl, 1);
}

/** Ends what {@linkcode pinMdls} began. */
export function unpinMdls(first: MDL | null): void {
  for (let mdl = first; mdl !== null; mdl = mdl.Next) addUsers(mdl, -1);
}

function requireUnused(mdl: MDL, action: string): void {
  requireKernel(
    usersOf(mdl) === 0,
    PFN_LIST_CORRUPT,
    `Cannot ${action} MDL: ${
      usersOf(mdl)
    } pending request(s) use it; wait until their IRPs complete`,
  );
}
