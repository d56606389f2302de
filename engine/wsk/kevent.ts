/**
 * KEVENT: what kernel code waits on for a completion routine to signal.
 *
 * Waiting is a promise here, so `KeWaitForSingleObject(&event, ...)` becomes
 * `await KeWaitForSingleObject(event, ...)`; that function is a member of
 * WskSubsystem, because its time-out needs a clock. A notification event stays
 * set and releases all waiters; a synchronization event releases one and
 * clears itself.
 *
 * @module
 */
import { deliverRefusals } from "./rejected.ts";
import type { BOOLEAN } from "./c_types.ts";

/** EVENT_TYPE: stays set until cleared. */
export const NotificationEvent = 0;
/** EVENT_TYPE: clears itself as it releases one waiter. */
export const SynchronizationEvent = 1;
/** KeSetEvent: no boost of the waiter's priority. */
export const IO_NO_INCREMENT = 0;
/** KeWaitForSingleObject: the reason given by drivers. */
export const Executive = 0;

/** An event object. */
export class KEVENT {
  #type: number;
  #signaled: boolean;
  #waiters: Array<() => void> = [];

  /** Makes a notification event that is not set; KeInitializeEvent changes both. */
  constructor() {
    this.#type = NotificationEvent;
    this.#signaled = false;
  }

  /** Whether the event is set. */
  get signaled(): boolean {
    return this.#signaled;
  }

  /** Starts anew as an event of `type`, set or not. Who waits goes on waiting. */
  initialize(type: number, state: number): void {
    this.#type = type;
    this.#signaled = state !== 0;
  }

  /** Sets the event. */
  set(): void {
    if (this.#type === NotificationEvent) {
      this.#signaled = true;
      for (const wake of this.#waiters.splice(0)) wake();
    } else if (this.#waiters.length > 0) {
      (this.#waiters.shift() as () => void)();
    } else this.#signaled = true;
  }

  /** Clears the event. */
  clear(): void {
    this.#signaled = false;
  }

  /** Resolves when the event is set; at once when it is. Takes a synchronization event's signal with it. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.subscribe(resolve));
  }

  /** Calls `wake` once, when the event is set; at once when it is. */
  subscribe(wake: () => void): void {
    if (!this.#signaled) {
      this.#waiters.push(wake);
      return;
    }
    if (this.#type === SynchronizationEvent) this.#signaled = false;
    wake();
  }

  /** Takes back a `subscribe` whose time ran out. */
  unsubscribe(wake: () => void): void {
    const at = this.#waiters.indexOf(wake);
    if (at >= 0) this.#waiters.splice(at, 1);
  }
}

/** Makes `Event` an event of `Type`, set when `State` holds. */
export function KeInitializeEvent(
  Event: KEVENT,
  Type: number,
  State: BOOLEAN,
): void {
  deliverRefusals();
  Event.initialize(Type, State ? 1 : 0);
}

/** Sets `Event`. The previous state, 0 when it was not set. */
export function KeSetEvent(
  Event: KEVENT,
  _Increment: number,
  _Wait: BOOLEAN,
): number {
  const before = Event.signaled ? 1 : 0;
  Event.set();
  return before;
}

/** Clears `Event`. */
export function KeClearEvent(Event: KEVENT): void {
  deliverRefusals();
  Event.clear();
}

/** Clears `Event`. The previous state, 0 when it was not set. */
export function KeResetEvent(Event: KEVENT): number {
  deliverRefusals();
  const before = Event.signaled ? 1 : 0;
  Event.clear();
  return before;
}

/** Whether `Event` is set: not 0 when it is. */
export function KeReadStateEvent(Event: KEVENT): number {
  return Event.signaled ? 1 : 0;
}
