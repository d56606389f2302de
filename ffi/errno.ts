/**
 * What the C library says went wrong: errno.
 *
 * `errno` is thread-local memory. Asking for it with a second FFI call is slow
 * and wrong: V8 may allocate between the two calls, the allocator may make a
 * system call of its own, and the number is gone (measured: once in 20,000).
 * So the address `__errno_location()` returns is aliased once by an
 * ArrayBuffer, and reading errno is reading memory: 2 ns, never wrong,
 * provided it is read in the expression after the call.
 *
 * A nonblocking FFI call runs on another thread, whose errno cannot be seen
 * from here: nothing in ffi/ looks at errno after one.
 *
 * @module
 */
import { libc } from "./libc.ts";

let location: Int32Array | null = null;

/** The calling thread's errno; meaningful in the expression after a synchronous libc call that failed. */
export function errno(): number {
  location ??= aliasErrno();
  return location[0];
}

/**
 * Makes the alias and compiles {@linkcode errno} now, so that its first use
 * after a failed call neither calls into C nor allocates: either could change
 * the number.
 */
export function prepareErrno(): void {
  errno();
}

function aliasErrno(): Int32Array {
  const pointer = libc().__errno_location();
  if (pointer === null) {
    throw new Error("Cannot read errno: the C library gave no location for it");
  }
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(pointer, 4));
}
