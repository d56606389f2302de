/**
 * The C library's socket calls, as plain numbers.
 *
 * Every function is declared with six machine words and an int result: a
 * function that takes fewer ignores the rest, an int argument is the low half
 * of its word. So one table serves calls made here and calls made on another
 * thread, which receives an index and six numbers.
 *
 * @module
 */
import { type Functions, openLibrary } from "../../../ffi/libc.ts";

const CALL = {
  parameters: ["usize", "usize", "usize", "usize", "usize", "usize"],
  result: "i32",
} as const;

/** Calls by name; the order is the index they are asked for by. */
const SYMBOLS = {
  socket: CALL,
  bind: CALL,
  connect: CALL,
  listen: CALL,
  accept: CALL,
  close: CALL,
  shutdown: CALL,
  read: CALL,
  readv: CALL,
  recv: CALL,
  recvfrom: CALL,
  recvmsg: CALL,
  write: CALL,
  writev: CALL,
  send: CALL,
  sendto: CALL,
  sendmsg: CALL,
  fcntl: CALL,
  ioctl: CALL,
  setsockopt: CALL,
  getsockopt: CALL,
  poll: CALL,
  epoll_create: CALL,
  epoll_ctl: CALL,
  epoll_wait: CALL,
  open: CALL,
  ppoll: CALL,
  eventfd: CALL,
  clock_gettime: CALL,
  sched_setscheduler: CALL,
  gettid: CALL,
  free: CALL,
  calloc: { parameters: ["usize", "usize"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Names of the calls that take machine words. */
export type CallName = Exclude<
  keyof typeof SYMBOLS,
  "calloc" | "__errno_location"
>;

/** Call names by index. */
export const CALL_NAMES: readonly CallName[] = Object.keys(SYMBOLS)
  .filter((name): name is CallName =>
    name !== "calloc" && name !== "__errno_location"
  );

/** The open library. */
export type SocketLibrary = Functions<typeof SYMBOLS>;

/** Opens the library; each thread opens its own. */
export function openSocketLibrary(): SocketLibrary {
  return openLibrary(
    "the C library",
    ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`],
    SYMBOLS,
    "run on Linux",
  );
}

/** A view of this thread's errno. Read it in the expression after the call. */
export function errnoOf(library: SocketLibrary): Int32Array {
  const pointer = library.__errno_location();
  if (pointer === null) {
    throw new Error("Cannot read errno: the C library gave no location for it");
  }
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(pointer, 4));
}

/** Zeroed memory outside the heap, so that other threads and the kernel may use it for as long as a call lasts. */
export class NativeMemory {
  /** Its address, for arguments. */
  readonly address: number;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes. */
  readonly view: DataView;
  readonly #library: SocketLibrary;

  /** Takes `length` zeroed bytes. */
  constructor(library: SocketLibrary, length: number) {
    const pointer = library.calloc(1, Math.max(length, 8));
    if (pointer === null) throw new Error(`Cannot allocate ${length} bytes`);
    this.#library = library;
    this.address = Number(Deno.UnsafePointer.value(pointer));
    this.bytes = new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(pointer, Math.max(length, 8)),
    );
    this.view = new DataView(this.bytes.buffer);
  }

  /** Gives the memory back; it must not be touched after. */
  free(): void {
    this.#library.free(this.address, 0, 0, 0, 0, 0);
  }
}
