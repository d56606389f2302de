/**
 * Sleeping until a descriptor is readable, a time has come, or someone wakes us.
 *
 * Deno's event loop takes no descriptors of ours. So the wait is one `ppoll(2)`
 * on another thread, as a nonblocking FFI call, over the devices' descriptors
 * and an eventfd. Such a call cannot be cancelled; writing the eventfd ends it.
 * A park and its wake cost about 35 µs (measured), so it is for when there is
 * truly nothing to do, never per frame.
 *
 *     pollfd[0]   eventfd          written by wake()
 *     pollfd[1..] the descriptors  readable when a frame waits
 *
 * `ppoll` and not `poll`, whose timeout is in milliseconds: a retransmission
 * may be due in 200 µs. A nonblocking call's errno belongs to another thread
 * and is not looked at: whatever ended the wait, the caller looks again.
 *
 * Invariants: at most one call is outstanding; its memory is not touched
 * until it returns; the eventfd holds a count only between a wake that met a
 * parked waiter and the end of that wait.
 *
 * @module
 */
import type { Micros, Waiter } from "../engine/mod.ts";
import { addressOf } from "./address_book.ts";
import { errno, prepareErrno } from "./errno.ts";
import { libc } from "./libc.ts";
import { SystemError } from "./system_error.ts";

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
const POLLIN = 0x001;
/** POLLERR, POLLHUP and POLLNVAL: nothing more will come from this descriptor. */
const POLL_ENDED = 0x008 | 0x010 | 0x020;
const POLLFD_LENGTH = 8;
const TIMESPEC_LENGTH = 16;
const EVENT_LENGTH = 8;
const WITHOUT_TIMEOUT = 0;
const NO_SIGNAL_MASK = 0;
/** Waits that fail one after the other until it is certain that none will succeed. */
const MAX_FAILURES = 100;

/** A waiter on descriptors. */
export class PollWaiter implements Waiter {
  readonly #eventFd: number;
  readonly #fds: number[];
  /** The 1 a wake adds to the eventfd's count, and where that count, a 1 again, is read to. */
  readonly #event: BigUint64Array<ArrayBuffer> = new BigUint64Array([1n]);
  readonly #timespec: DataView = new DataView(new ArrayBuffer(TIMESPEC_LENGTH));
  readonly #timespecAddress: number;
  #pollfds: DataView = new DataView(new ArrayBuffer(0));
  #pollfdsAddress = 0;
  #failures = 0;
  #isParked = false;
  #isWoken = false;
  #isClosed = false;

  /**
   * Waits on `fds`, which stay the caller's and must outlive the wait.
   *
   * @throws {SystemError} when the process has no descriptor left
   */
  constructor(fds: readonly number[] = []) {
    prepareErrno();
    this.#fds = [...fds];
    this.#timespecAddress = addressOf(new Uint8Array(this.#timespec.buffer));
    this.#eventFd = libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (this.#eventFd < 0) {
      throw new SystemError(
        "open an eventfd",
        "eventfd",
        errno(),
        "raise `ulimit -n`",
      );
    }
  }

  /** Also waits on `fd`, from the next wait on. */
  add(fd: number): void {
    if (!this.#fds.includes(fd)) this.#fds.push(fd);
  }

  /** No longer waits on `fd`, from the next wait on. One it does not know is ignored. */
  remove(fd: number): void {
    const index = this.#fds.indexOf(fd);
    if (index >= 0) this.#fds.splice(index, 1);
  }

  /** As {@linkcode Waiter.wait}; the timeout is rounded up to a whole µs. A descriptor that reports an error or its end is removed. */
  async wait(timeout: Micros): Promise<void> {
    if (this.#isParked) {
      throw new TypeError("Cannot wait: this waiter is already waiting");
    }
    if (this.#isWoken || this.#isClosed) {
      this.#isWoken = false;
      return;
    }
    const count = this.#layOutDescriptors();
    const timespec = this.#layOutTimeout(timeout);
    this.#isParked = true;
    const ready = await libc().ppoll(
      this.#pollfdsAddress,
      count,
      timespec,
      NO_SIGNAL_MASK,
    );
    this.#isParked = false;
    this.#finish(ready, count);
  }

  /** As {@linkcode Waiter.wake}. Makes a system call only when it meets a wait under way, and only once for it. */
  wake(): void {
    if (this.#isWoken || this.#isClosed) return;
    this.#isWoken = true;
    if (this.#isParked) this.#writeEvent();
  }

  /** As {@linkcode Waiter.close}. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.wake();
    this.#isClosed = true;
    if (!this.#isParked) libc().close(this.#eventFd);
  }

  #finish(ready: number, count: number): void {
    if (this.#isClosed) {
      libc().close(this.#eventFd);
      return;
    }
    if (this.#isWoken) {
      this.#isWoken = false;
      libc().read(this.#eventFd, this.#event, EVENT_LENGTH);
    }
    this.#failures = ready < 0 ? this.#failures + 1 : 0;
    if (this.#failures > MAX_FAILURES) {
      throw new Error(
        `Cannot wait for ${this.#fds.length} descriptors: ppoll failed ${this.#failures} times in a row`,
      );
    }
    if (ready > 0) this.#dropEnded(count);
  }

  /** Without this a removed interface would end every wait at once. */
  #dropEnded(count: number): void {
    for (let i = 1; i < count; i++) {
      const revents = this.#pollfds.getInt16(i * POLLFD_LENGTH + 6, true);
      if ((revents & POLL_ENDED) !== 0) {
        this.remove(this.#pollfds.getInt32(i * POLLFD_LENGTH, true));
      }
    }
  }

  #layOutDescriptors(): number {
    const count = this.#fds.length + 1;
    if (this.#pollfds.byteLength < count * POLLFD_LENGTH) {
      this.#pollfds = new DataView(new ArrayBuffer(2 * count * POLLFD_LENGTH));
      this.#pollfdsAddress = addressOf(new Uint8Array(this.#pollfds.buffer));
    }
    for (let i = 0; i < count; i++) {
      const fd = i === 0 ? this.#eventFd : this.#fds[i - 1];
      this.#pollfds.setInt32(i * POLLFD_LENGTH, fd, true);
      this.#pollfds.setInt32(i * POLLFD_LENGTH + 4, POLLIN, true);
    }
    return count;
  }

  /** The address of the `struct timespec`, or NULL for a wait without bound. */
  #layOutTimeout(timeout: Micros): number {
    if (timeout === Infinity) return WITHOUT_TIMEOUT;
    const micros = Math.max(0, Math.ceil(timeout));
    const seconds = Math.floor(micros / 1_000_000);
    this.#timespec.setUint32(0, seconds, true);
    this.#timespec.setUint32(8, (micros - seconds * 1_000_000) * 1_000, true);
    return this.#timespecAddress;
  }

  #writeEvent(): void {
    libc().write(this.#eventFd, this.#event, EVENT_LENGTH);
  }
}
