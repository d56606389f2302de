/**
 * The owner's side of the calling thread: start a call, see whether it is done.
 *
 * @module
 */
import {
  ARGUMENT_COUNT,
  CONTROL_ENDED_AT,
  CONTROL_ERRNO,
  CONTROL_FUNCTION,
  CONTROL_LENGTH,
  CONTROL_RESULT,
  CONTROL_STATE,
  CONTROL_THREAD,
  STATE_DONE,
  STATE_IDLE,
  STATE_REQUESTED,
  STATE_RUNNING,
  type WorkerSetup,
} from "./control_block.ts";
import { CALL_NAMES, type CallName, type SocketLibrary } from "./libc_calls.ts";

const EFD_NONBLOCK = 0o4000;

/** A call that has returned. */
export interface Returned {
  /** Return value. */
  readonly result: number;
  /** Error number, 0 when there was none. */
  readonly errno: number;
  /** When, µs of the real-time clock. */
  readonly endedAt: number;
}

/** A thread that makes calls. */
export class CallThread {
  /** Polls readable when a call has returned. */
  readonly eventFd: number;
  readonly #worker: Worker;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;

  private constructor(
    worker: Worker,
    control: SharedArrayBuffer,
    eventFd: number,
  ) {
    this.#worker = worker;
    this.eventFd = eventFd;
    this.#words = new Int32Array(control, 0, 8);
    this.#numbers = new Float64Array(control, 32);
  }

  /** Starts the thread and waits until it is ready. */
  static async start(library: SocketLibrary): Promise<CallThread> {
    const control = new SharedArrayBuffer(CONTROL_LENGTH);
    const eventFd = library.eventfd(0, EFD_NONBLOCK, 0, 0, 0, 0);
    const worker = new Worker(new URL("./call_worker.ts", import.meta.url), {
      type: "module",
    });
    const setup: WorkerSetup = { control, eventFd };
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        data === "loaded" ? worker.postMessage(setup) : resolve();
      worker.onerror = (event) =>
        reject(new Error(`Cannot start the calling thread: ${event.message}`));
    });
    return new CallThread(worker, control, eventFd);
  }

  /** Starts a call. None may be under way. */
  begin(name: CallName, args: readonly number[]): void {
    this.#words[CONTROL_FUNCTION] = CALL_NAMES.indexOf(name);
    for (let i = 0; i < ARGUMENT_COUNT; i++) this.#numbers[i] = args[i] ?? 0;
    Atomics.store(this.#words, CONTROL_STATE, STATE_REQUESTED);
    Atomics.notify(this.#words, CONTROL_STATE);
  }

  /** Whether the call has returned. */
  isDone(): boolean {
    return Atomics.load(this.#words, CONTROL_STATE) === STATE_DONE;
  }

  /** Whether the call is being made and its thread sleeps in it. */
  isBlocked(): boolean {
    if (Atomics.load(this.#words, CONTROL_STATE) !== STATE_RUNNING) {
      return false;
    }
    const stat = Deno.readTextFileSync(
      `/proc/self/task/${this.#words[CONTROL_THREAD]}/stat`,
    );
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("S");
  }

  /** Takes what the call returned. */
  take(): Returned {
    const returned = {
      result: this.#words[CONTROL_RESULT],
      errno: this.#words[CONTROL_ERRNO],
      endedAt: this.#numbers[CONTROL_ENDED_AT],
    };
    Atomics.store(this.#words, CONTROL_STATE, STATE_IDLE);
    Atomics.notify(this.#words, CONTROL_STATE);
    return returned;
  }

  /** Ends the thread; a call it is in is abandoned. */
  stop(): void {
    this.#worker.terminate();
  }
}
