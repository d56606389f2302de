/**
 * Network namespaces: a machine's network, several times over.
 *
 * A namespace is a kernel object with its own interfaces, routes, sockets and
 * sysctls. It lives while a process runs in it, a descriptor refers to it, or
 * a file under /run/netns is bound to it, which is all a *named* namespace is.
 *
 * Membership is a property of the thread. JavaScript runs on one, and Deno
 * makes sockets for `Deno.listen` and child processes for `Deno.Command` on
 * it, so they belong to the namespace it is in at that moment. A socket or TAP
 * stays in its namespace whoever uses it later. What Deno does on other
 * threads (name resolution, files under /proc/sys opened asynchronously) stays
 * outside; hence {@linkcode withNetns} is synchronous.
 *
 * Needs CAP_SYS_ADMIN: run as root, or under `unshare -Urn`.
 *
 * @module
 */
import { errno, prepareErrno } from "./errno.ts";
import { EBUSY, EEXIST, EINVAL, ENOENT, EPERM } from "./errno_names.ts";
import { cString, libc } from "./libc.ts";
import { setLink } from "./links.ts";
import { SystemError } from "./system_error.ts";

const CLONE_NEWNET = 0x4000_0000;
const O_RDONLY = 0;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_CLOEXEC = 0o2000000;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 0x100000;
const MNT_DETACH = 2;

/** The calling thread's own namespace; `/proc/self` would be the main thread's. */
const OWN_NAMESPACE = "/proc/thread-self/ns/net";
const DIRECTORY = "/run/netns";

/** A namespace held open by a descriptor. */
export class Netns {
  /** The descriptor; owned by this object. */
  readonly fd: number;
  #isOpen = true;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** The namespace the calling thread is in. */
  static current(): Netns {
    return Netns.openPath(OWN_NAMESPACE);
  }

  /** A new one without a name, `lo` up in it; it ends with the last who uses it. */
  static create(): Netns {
    return inFreshNetns(() => Netns.current());
  }

  /** The one called `name`, as `ip netns` lists them. */
  static open(name: string): Netns {
    checkNetnsName(name);
    return Netns.openPath(`${DIRECTORY}/${name}`);
  }

  /** The one process `pid` runs in. */
  static ofProcess(pid: number): Netns {
    return Netns.openPath(`/proc/${pid}/ns/net`);
  }

  /** The one the file at `path` refers to. */
  static openPath(path: string): Netns {
    prepareErrno();
    const fd = libc().open(cString(path), O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
      const code = errno();
      throw new SystemError(
        `open network namespace ${path}`,
        "open",
        code,
        code === ENOENT ? "there is none; create it first" : advice(code),
      );
    }
    return new Netns(fd);
  }

  /** Lets go of the namespace. A second call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    libc().close(this.fd);
  }

  /** As {@linkcode Netns.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Runs `fn` on this thread inside the namespace and returns what it returns.
 *
 * `fn` must not be async: what it leaves for later runs outside.
 *
 * @throws {TypeError} when `fn` returns a promise
 */
export function withNetns<T>(namespace: Netns, fn: () => T): T {
  return inside(() => enter(namespace, "enter the network namespace"), () => {
    const result = fn();
    if (result instanceof Promise) {
      throw new TypeError(
        "Cannot run an async function in a network namespace: its continuations would run outside; do the asynchronous part afterwards",
      );
    }
    return result;
  });
}

/** Moves this thread to a new namespace for good, `lo` up in it. */
export function unshareNetns(): void {
  unshareThread();
  setLink("lo", { state: "up" });
}

/**
 * Makes a namespace with a name, `lo` up in it, as `ip netns add` does. It outlives the process.
 *
 * @throws {SystemError} EEXIST when the name is taken
 */
export function createNamedNetns(name: string): void {
  checkNetnsName(name);
  prepareErrno();
  shareDirectory();
  const path = cString(`${DIRECTORY}/${name}`);
  const fd = libc().open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
  if (fd < 0) {
    const code = errno();
    throw new SystemError(
      `create network namespace ${name}`,
      "open",
      code,
      code === EEXIST ? "the name is taken" : advice(code),
    );
  }
  libc().close(fd);
  try {
    inFreshNetns(() =>
      mount(OWN_NAMESPACE, `${DIRECTORY}/${name}`, "none", MS_BIND)
    );
  } catch (error) {
    libc().unlink(path);
    throw error;
  }
}

/** Removes the name; the namespace itself ends with the last who uses it. */
export function deleteNamedNetns(name: string): void {
  checkNetnsName(name);
  prepareErrno();
  const path = cString(`${DIRECTORY}/${name}`);
  // EINVAL: a file left behind, bound to nothing.
  if (libc().umount2(path, MNT_DETACH) < 0 && errno() !== EINVAL) {
    const code = errno();
    throw new SystemError(
      `delete network namespace ${name}`,
      "umount2",
      code,
      code === ENOENT ? "there is none" : advice(code),
    );
  }
  if (libc().unlink(path) < 0) {
    throw new SystemError(`delete ${DIRECTORY}/${name}`, "unlink", errno());
  }
}

function checkNetnsName(name: string): void {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
    throw new TypeError(
      `Cannot name a network namespace "${name}": it is a file name under ${DIRECTORY}`,
    );
  }
}

function inFreshNetns<T>(fn: () => T): T {
  return inside(unshareThread, () => {
    setLink("lo", { state: "up" });
    return fn();
  });
}

/** Runs `fn` in the namespace that `move` takes the thread to, and comes back. */
function inside<T>(move: () => void, fn: () => T): T {
  using home = Netns.current();
  move();
  try {
    return fn();
  } finally {
    enter(home, "return to the network namespace of before");
  }
}

function unshareThread(): void {
  prepareErrno();
  if (libc().unshare(CLONE_NEWNET) < 0) {
    const code = errno();
    throw new SystemError(
      "make a network namespace",
      "unshare",
      code,
      advice(code),
    );
  }
}

function enter(namespace: Netns, action: string): void {
  if (libc().setns(namespace.fd, CLONE_NEWNET) < 0) {
    const code = errno();
    throw new SystemError(action, "setns", code, advice(code));
  }
}

/** Makes /run/netns a shared mount, so that names appear in every mount namespace; as `ip netns` does. */
function shareDirectory(): void {
  libc().mkdir(cString(DIRECTORY), 0o755); // exists already, or the mount below says why not
  if (tryMount("", DIRECTORY, "none", MS_SHARED | MS_REC) === 0) return;
  mount(DIRECTORY, DIRECTORY, "none", MS_BIND | MS_REC);
  mount("", DIRECTORY, "none", MS_SHARED | MS_REC);
}

function mount(
  source: string,
  target: string,
  type: string,
  flags: number,
): void {
  const code = tryMount(source, target, type, flags);
  if (code !== 0) {
    throw new SystemError(`mount ${target}`, "mount", code, advice(code));
  }
}

function tryMount(
  source: string,
  target: string,
  type: string,
  flags: number,
): number {
  const result = libc().mount(
    cString(source),
    cString(target),
    cString(type),
    flags,
    null,
  );
  return result < 0 ? errno() : 0;
}

function advice(code: number): string {
  if (code === EPERM) return "run as root, or under `unshare -Urn`";
  return code === EBUSY ? "something is still mounted there" : "";
}
