/**
 * The C library, as far as this project calls it.
 *
 * One table of symbols, opened at the first call and never at import, so that
 * a program which imports the whole of Synload and uses no device needs no
 * permission. Every entry carries its C prototype; the rules of the table:
 *
 * - results are `i32`, never `isize`, which Deno returns as a BigInt;
 * - what is called per frame takes `i32`, `u32` and one constant `pointer` and
 *   nothing else: then V8 calls it directly, 12 ns, while one `usize` given as
 *   a number sends the whole call the long way, 160 (measured). An address
 *   plus an offset therefore travels in an iovec;
 * - elsewhere addresses are `usize` and passed as plain numbers (they stay
 *   below 2^48), which costs no view and no allocation;
 * - an empty `buffer` arrives as NULL, so lengths of 0 never rely on it;
 * - `open`, `ioctl` and `fcntl` are variadic in C; the Linux calling
 *   conventions of x86-64 and arm64 pass their arguments as for a fixed list.
 *
 * @module
 */
import { LibraryError } from "./system_error.ts";

const SYMBOLS = {
  /** int *__errno_location(void) */
  __errno_location: { parameters: [], result: "pointer" },
  /** int open(const char *pathname, int flags, mode_t mode) */
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  /** int close(int fd) */
  close: { parameters: ["i32"], result: "i32" },
  /** ssize_t read(int fd, void *buf, size_t count) */
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** ssize_t write(int fd, const void *buf, size_t count) */
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** ssize_t readv(int fd, const struct iovec *iov, int iovcnt) */
  readv: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  /** ssize_t writev(int fd, const struct iovec *iov, int iovcnt) */
  writev: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  /** int ioctl(int fd, unsigned long request, void *argp) */
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  /** int ioctl(int fd, unsigned long request, unsigned long arg) */
  ioctlValue: {
    name: "ioctl",
    parameters: ["i32", "usize", "usize"],
    result: "i32",
  },
  /** int eventfd(unsigned int initval, int flags) */
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  /** int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *tmo, const sigset_t *sigmask) */
  ppoll: {
    parameters: ["usize", "usize", "usize", "usize"],
    result: "i32",
    nonblocking: true,
  },
  /** int socket(int domain, int type, int protocol) */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen) */
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen) */
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  /** ssize_t send(int sockfd, const void *buf, size_t len, int flags) */
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  /** ssize_t recv(int sockfd, void *buf, size_t len, int flags) */
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  /** void *memcpy(void *dest, const void *src, size_t n); the result is not used */
  memcpy: { parameters: ["usize", "usize", "usize"], result: "void" },
  /** int usleep(useconds_t usec) */
  usleep: { parameters: ["u32"], result: "i32" },
  /** int unshare(int flags) */
  unshare: { parameters: ["i32"], result: "i32" },
  /** int setns(int fd, int nstype) */
  setns: { parameters: ["i32", "i32"], result: "i32" },
  /** int mkdir(const char *pathname, mode_t mode) */
  mkdir: { parameters: ["buffer", "u32"], result: "i32" },
  /** int unlink(const char *pathname) */
  unlink: { parameters: ["buffer"], result: "i32" },
  /** int mount(const char *source, const char *target, const char *filesystemtype, unsigned long mountflags, const void *data) */
  mount: {
    parameters: ["buffer", "buffer", "buffer", "usize", "pointer"],
    result: "i32",
  },
  /** int umount2(const char *target, int flags) */
  umount2: { parameters: ["buffer", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * The functions of a library opened from table `T`, with addresses as numbers.
 *
 * Deno's types say bigint for `usize`, its implementation takes either; a
 * bigint would be an allocation per address.
 */
export type Functions<T extends Deno.ForeignLibraryInterface> = {
  readonly [K in keyof T]: Deno.DynamicLibrary<T>["symbols"][K] extends
    (...parameters: infer P) => infer R ? (
      ...parameters: { [I in keyof P]: P[I] extends bigint ? number : P[I] }
    ) => R
    : never;
};

/** The table's functions, typed. */
export type Libc = Functions<typeof SYMBOLS>;

/** Where the library may be: glibc, then musl under either of its names. */
const PATHS: readonly string[] = [
  "libc.so.6",
  `libc.musl-${Deno.build.arch}.so.1`,
  "libc.so",
];

let symbols: Libc | null = null;

/**
 * The C library's functions, opened at the first call.
 *
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 * @throws {LibraryError} when no C library is found
 */
export function libc(): Libc {
  symbols ??= openLibrary("the C library", PATHS, SYMBOLS, "run on Linux");
  return symbols;
}

/**
 * Opens the first library of `paths` that loads.
 *
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 * @throws {LibraryError} naming every path tried and `remedy`, when none loads
 */
export function openLibrary<const T extends Deno.ForeignLibraryInterface>(
  what: string,
  paths: readonly string[],
  table: T,
  remedy: string,
): Functions<T> {
  const failures: string[] = [];
  for (const path of paths) {
    try {
      return Deno.dlopen(path, table).symbols as unknown as Functions<T>;
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) {
        throw new Deno.errors.NotCapable(
          `Cannot load ${what}: Deno does not allow FFI: run with --allow-ffi`,
          { cause },
        );
      }
      failures.push(cause instanceof Error ? cause.message : String(cause));
    }
  }
  throw new LibraryError(what, paths, remedy, failures);
}

/** `text` as C wants it: UTF-8 and a NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\0");
}
