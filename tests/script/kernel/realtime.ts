/**
 * Real time: the clock packets are stamped with, and promptness.
 *
 * @module
 */
import type { NativeMemory, SocketLibrary } from "./libc_calls.ts";
import { NativeMemory as Memory } from "./libc_calls.ts";

const CLOCK_REALTIME = 0;
const SCHED_RR = 2;

/** Now, in µs since 1970: the clock of packet timestamps, so that all times are on one scale. */
export function readClock(
  library: SocketLibrary,
  memory: NativeMemory,
): number {
  library.clock_gettime(CLOCK_REALTIME, memory.address, 0, 0, 0, 0);
  return readTimespec(memory.view, 0);
}

/** A `struct timespec` in µs, with its fraction dropped. */
export function readTimespec(view: DataView, offset: number): number {
  return Number(view.getBigInt64(offset, true)) * 1e6 +
    Math.floor(Number(view.getBigInt64(offset + 8, true)) / 1e3);
}

/**
 * Asks for a real-time priority for this thread, the lowest.
 *
 * On a busy machine a script that is woken 10 ms late measures the machine.
 * Refusal is no error: the runner repeats what came too late.
 */
export function makeUrgent(library: SocketLibrary): void {
  const parameter = new Memory(library, 8);
  parameter.view.setInt32(0, 1, true);
  library.sched_setscheduler(0, SCHED_RR, parameter.address, 0, 0, 0);
  parameter.free();
}
