/**
 * Kernel settings under /proc/sys, read and written.
 *
 * Through the C library and not `Deno.writeTextFileSync`: the settings under
 * `net.` belong to the namespace of the thread that opens the file, and this
 * way `--allow-ffi` suffices.
 *
 * @module
 */
import { errno, prepareErrno } from "./errno.ts";
import { EACCES, ENOENT, EPERM } from "./errno_names.ts";
import { cString, libc } from "./libc.ts";
import { SystemError } from "./system_error.ts";

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_CLOEXEC = 0o2000000;
const CAPACITY = 4_096;

/** The setting called `key` (`net.ipv4.tcp_fastopen`), without the line's end. */
export function readSysctl(key: string): string {
  const bytes = new Uint8Array(new ArrayBuffer(CAPACITY));
  const length = withSetting(
    key,
    O_RDONLY,
    (fd) => libc().read(fd, bytes, bytes.length),
  );
  return new TextDecoder().decode(bytes.subarray(0, length)).trimEnd();
}

/** Changes the setting called `key`. */
export function writeSysctl(key: string, value: string | number): void {
  const bytes = new TextEncoder().encode(`${value}\n`);
  withSetting(
    key,
    O_WRONLY,
    (fd) => libc().write(fd, bytes, bytes.length),
  );
}

/**
 * The file of a key: dots separate directories. A slash stands for a dot
 * inside a name (`net.ipv4.conf.eth0/100.forwarding`), as with sysctl(8).
 */
function pathOf(key: string): string {
  if (!/^[\w%/:-]+(\.[\w%/:-]+)*$/.test(key)) {
    throw new TypeError(
      `Cannot use sysctl "${key}": write it as net.ipv4.tcp_fastopen`,
    );
  }
  const swapped = key.replace(/[./]/g, (c) => c === "." ? "/" : ".");
  return `/proc/sys/${swapped}`;
}

function withSetting(
  key: string,
  flags: number,
  use: (fd: number) => number,
): number {
  prepareErrno();
  const action = `${flags === O_RDONLY ? "read" : "set"} ${key}`;
  const fd = libc().open(cString(pathOf(key)), flags | O_CLOEXEC, 0);
  if (fd < 0) throw refusal(action, "open", errno());
  try {
    const result = use(fd);
    if (result < 0) throw refusal(action, "read or write", errno());
    return result;
  } finally {
    libc().close(fd);
  }
}

function refusal(action: string, call: string, code: number): SystemError {
  const remedy = code === ENOENT
    ? "this kernel, or this network namespace, has no such setting"
    : code === EPERM || code === EACCES
    ? "run as root, or under `unshare -Urn`"
    : "";
  return new SystemError(action, call, code, remedy);
}
