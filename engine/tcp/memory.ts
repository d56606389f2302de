// @hot
/**
 * Memory: giving it back when idle, and waiting for it when there is none.
 *
 * All buffers of a stack lie in one arena of fixed size, which is the bound on
 * what applications and peers together can make it hold. When it runs out
 * nothing fails and nothing hangs:
 *
 *     a write finds no memory      it takes less, or nothing; EV_WRITABLE when some was freed
 *     a segment finds none         it is dropped and the window shut, so that the peer probes
 *                                  instead of timing out; it opens when some was freed
 *     little is left               windows stop growing into buffers that do not exist yet
 *
 * Whoever waits stands in one queue. Each time memory was freed those in it
 * are looked at once, some each round; who still finds none joins it anew.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import { SECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import { afterRead } from "./ack_policy.ts";
import { STATE_CLOSED, STATE_TIME_WAIT } from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_TRIM } from "./timers.ts";

/** How long empty buffers keep their memory. */
const IDLE_TIME: Micros = SECOND;

/** The connections of a stack that wait for memory. */
export class MemoryQueue {
  readonly #arena: Arena;
  readonly #waiting: Tcb[] = createList();
  #freedCount = 0;
  #due = 0;

  /** An empty queue for the memory of `arena`. */
  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Connections in the queue, dead ones among them. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Whether `take` has somebody to give: something was freed since they joined. */
  get isDue(): boolean {
    if (this.#waiting.length === 0) return false;
    if (this.#freedCount !== this.#arena.freedCount) {
      this.#freedCount = this.#arena.freedCount;
      this.#due = this.#waiting.length;
    }
    return this.#due > 0;
  }

  /** Queues `t`, once. */
  add(t: Tcb): void {
    if (t.wantMemory) return;
    t.wantMemory = true;
    this.#waiting.push(t);
  }

  /** Takes the one that waited longest. Only when {@linkcode MemoryQueue.isDue}. */
  take(): Tcb {
    this.#due--;
    const t = this.#waiting.shift()!;
    t.wantMemory = false;
    return t;
  }
}

/** A write was cut short although its buffer has room: the arena is exhausted. */
export function awaitMemoryToSend(t: Tcb): void {
  t.context.memoryQueue.add(t);
}

/** Received bytes found no memory: shuts the window. RFC 9293 §3.8.6: a receiver that must take back its window may. */
export function awaitMemoryToReceive(t: Tcb): void {
  t.rcvStarved = true;
  t.ackNow = true;
  t.context.memoryQueue.add(t);
}

/** The window told has become small because memory is short: remembers to open it. */
export function awaitMemoryForWindow(t: Tcb): void {
  t.context.memoryQueue.add(t);
}

/** Memory was freed since `t` began to wait: opens its window if that is possible now. */
export function memoryFreed(t: Tcb): void {
  if (t.state === STATE_CLOSED) return;
  t.rcvStarved = false;
  if (t.context.isMemoryShort) awaitMemoryForWindow(t);
  afterRead(t);
}

/** The application read: what is in use may be filled again, memory or not. */
export function noteRead(t: Tcb, now: Micros): void {
  if (t.rcvBuf.length < t.rcvBuf.capacity) t.rcvStarved = false;
  if (t.rcvBuf.length === 0) noteEmptied(t, now);
}

/** A buffer just became empty: gives its memory back once it stays so for a second, or at once when others need it. */
export function noteEmptied(t: Tcb, now: Micros): void {
  if (t.state === STATE_CLOSED || t.state === STATE_TIME_WAIT) {
    t.rcvBuf.trim();
    return;
  }
  if (t.context.isMemoryShort) {
    t.sndBuf.trim();
    t.rcvBuf.trim();
  } else if (!t.timers.isSet(TIMER_TRIM)) {
    t.timers.set(TIMER_TRIM, now + IDLE_TIME);
  }
}

/** Time to look whether the connection is idle. */
export function trimExpired(t: Tcb, now: Micros): void {
  const usedAt = t.lastSentAt > t.lastDataReceivedAt
    ? t.lastSentAt
    : t.lastDataReceivedAt;
  // The sum that is set is the sum that is compared: a difference may round the other way, for ever.
  const idleAt = usedAt + IDLE_TIME;
  if (idleAt > now) {
    t.timers.set(TIMER_TRIM, idleAt);
    return;
  }
  t.sndBuf.trim();
  t.rcvBuf.trim();
}

/** Counts `t` among those whose application has let go while they still have something to do. */
export function countOrphan(t: Tcb): void {
  if (t.state === STATE_CLOSED || t.state === STATE_TIME_WAIT) return;
  t.orphanCounted = true;
  t.context.orphanCount++;
}

/** Undoes {@linkcode countOrphan}: nothing is left to do, or only to wait. */
export function discountOrphan(t: Tcb): void {
  if (!t.orphanCounted) return;
  t.orphanCounted = false;
  t.context.orphanCount--;
}

function createList(): Tcb[] {
  return [];
}
