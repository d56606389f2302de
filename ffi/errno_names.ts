/**
 * Error numbers: the ones the code asks about, and the names of the rest.
 *
 * Linux numbering as on x86-64, arm64 and riscv64 (asm-generic/errno.h).
 *
 * @module
 */

/** Operation not permitted. */
export const EPERM = 1;
/** No such file or directory. */
export const ENOENT = 2;
/** A signal interrupted the call. */
export const EINTR = 4;
/** Input/output error; a TAP interface that is administratively down. */
export const EIO = 5;
/** No such device or address: the device node has no driver. */
export const ENXIO = 6;
/** Nothing to do now. */
export const EAGAIN = 11;
/** Out of memory. */
export const ENOMEM = 12;
/** Permission denied. */
export const EACCES = 13;
/** In use. */
export const EBUSY = 16;
/** Exists already. */
export const EEXIST = 17;
/** No such device. */
export const ENODEV = 19;
/** Not valid here. */
export const EINVAL = 22;
/** The operation does not exist here. */
export const EOPNOTSUPP = 95;
/** The interface is down. */
export const ENETDOWN = 100;
/** The descriptor no longer belongs to an interface. */
export const EBADFD = 77;
/** No buffer space. */
export const ENOBUFS = 105;
/** It took too long. */
export const ETIMEDOUT = 110;

const ERRORS: ReadonlyMap<number, readonly [name: string, meaning: string]> =
  new Map<number, readonly [string, string]>([
    [1, ["EPERM", "operation not permitted"]],
    [2, ["ENOENT", "no such file or directory"]],
    [3, ["ESRCH", "no such process or entry"]],
    [4, ["EINTR", "interrupted by a signal"]],
    [5, ["EIO", "input/output error"]],
    [6, ["ENXIO", "no such device or address"]],
    [9, ["EBADF", "bad file descriptor"]],
    [11, ["EAGAIN", "resource temporarily unavailable"]],
    [12, ["ENOMEM", "out of memory"]],
    [13, ["EACCES", "permission denied"]],
    [14, ["EFAULT", "bad address"]],
    [16, ["EBUSY", "device or resource busy"]],
    [17, ["EEXIST", "exists already"]],
    [19, ["ENODEV", "no such device"]],
    [20, ["ENOTDIR", "not a directory"]],
    [21, ["EISDIR", "is a directory"]],
    [22, ["EINVAL", "invalid argument"]],
    [23, ["ENFILE", "too many open files in the system"]],
    [24, ["EMFILE", "too many open files in the process"]],
    [25, ["ENOTTY", "request not supported by the device"]],
    [28, ["ENOSPC", "no space left"]],
    [30, ["EROFS", "read-only file system"]],
    [32, ["EPIPE", "broken pipe"]],
    [34, ["ERANGE", "numerical result out of range"]],
    [38, ["ENOSYS", "not implemented by this kernel"]],
    [71, ["EPROTO", "protocol error"]],
    [77, ["EBADFD", "file descriptor in bad state"]],
    [90, ["EMSGSIZE", "message too long"]],
    [92, ["ENOPROTOOPT", "protocol not available"]],
    [93, ["EPROTONOSUPPORT", "protocol not supported"]],
    [95, ["EOPNOTSUPP", "operation not supported"]],
    [97, ["EAFNOSUPPORT", "address family not supported"]],
    [98, ["EADDRINUSE", "address in use"]],
    [99, ["EADDRNOTAVAIL", "address not available"]],
    [100, ["ENETDOWN", "network is down"]],
    [101, ["ENETUNREACH", "network is unreachable"]],
    [105, ["ENOBUFS", "no buffer space"]],
    [110, ["ETIMEDOUT", "timed out"]],
    [111, ["ECONNREFUSED", "connection refused"]],
    [113, ["EHOSTUNREACH", "no route to host"]],
  ]);

/** The number's name (`EACCES`), or `E` and the number for one not in the table. */
export function errnoName(code: number): string {
  return ERRORS.get(code)?.[0] ?? `E${code}`;
}

/** What the number means, in a few words. */
export function errnoMeaning(code: number): string {
  return ERRORS.get(code)?.[1] ?? `error ${code}`;
}
