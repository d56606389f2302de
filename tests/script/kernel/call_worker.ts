/**
 * The thread that makes system calls, one at a time, and may block in them.
 *
 * It exists because a blocking call needs a thread, and because errno belongs
 * to the thread that made the call: a nonblocking FFI call runs on a thread of
 * the runtime's whose errno nobody can read.
 *
 * Control block (see call_thread.ts): the owner writes function and arguments
 * and sets REQUESTED; this sets RUNNING, calls, writes result, errno and time,
 * sets DONE and raises the owner's eventfd.
 *
 * @module
 */
import {
  ARGUMENT_COUNT,
  CONTROL_ENDED_AT,
  CONTROL_ERRNO,
  CONTROL_FUNCTION,
  CONTROL_RESULT,
  CONTROL_STATE,
  CONTROL_THREAD,
  STATE_DONE,
  STATE_IDLE,
  STATE_REQUESTED,
  STATE_RUNNING,
  type WorkerSetup,
} from "./control_block.ts";
import {
  CALL_NAMES,
  errnoOf,
  NativeMemory,
  openSocketLibrary,
} from "./libc_calls.ts";
import { makeUrgent, readClock } from "./realtime.ts";

/** What a worker calls its global scope. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerSetup>) => void) | null;
  postMessage(message: string): void;
}

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = (event) => serve(event.data);
scope.postMessage("loaded");

function serve(setup: WorkerSetup): void {
  const library = openSocketLibrary();
  const errno = errnoOf(library);
  const words = new Int32Array(setup.control, 0, 8);
  const numbers = new Float64Array(setup.control, 32);
  const clock = new NativeMemory(library, 16);
  const one = new NativeMemory(library, 8);
  one.view.setUint32(0, 1, true);
  makeUrgent(library);
  words[CONTROL_THREAD] = library.gettid(0, 0, 0, 0, 0, 0);
  scope.postMessage("ready");
  while (true) {
    while (Atomics.load(words, CONTROL_STATE) !== STATE_REQUESTED) {
      Atomics.wait(
        words,
        CONTROL_STATE,
        Atomics.load(words, CONTROL_STATE) === STATE_DONE
          ? STATE_DONE
          : STATE_IDLE,
      );
    }
    const call = library[CALL_NAMES[words[CONTROL_FUNCTION]]];
    const [a, b, c, d, e, f] = numbers.subarray(0, ARGUMENT_COUNT);
    Atomics.store(words, CONTROL_STATE, STATE_RUNNING);
    const result = call(a, b, c, d, e, f);
    const code = result < 0 ? errno[0] : 0;
    numbers[CONTROL_ENDED_AT] = readClock(library, clock);
    words[CONTROL_RESULT] = result;
    words[CONTROL_ERRNO] = code;
    Atomics.store(words, CONTROL_STATE, STATE_DONE);
    library.write(setup.eventFd, one.address, 8, 0, 0, 0);
  }
}
