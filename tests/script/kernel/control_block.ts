/**
 * The memory through which calls are handed to the calling thread.
 *
 *     int32    0 state  1 function  2 thread id  3 result  4 errno
 *     float64  at byte 32: six arguments, then the time of return in µs
 *
 * @module
 */

/** Nothing asked. */
export const STATE_IDLE = 0;
/** A call is described and waits to be made. */
export const STATE_REQUESTED = 1;
/** The call is being made. */
export const STATE_RUNNING = 2;
/** The call has returned. */
export const STATE_DONE = 3;

/** Index of the state among the int32s. */
export const CONTROL_STATE = 0;
/** Index into the names of calls. */
export const CONTROL_FUNCTION = 1;
/** The calling thread's id. */
export const CONTROL_THREAD = 2;
/** Return value. */
export const CONTROL_RESULT = 3;
/** Error number. */
export const CONTROL_ERRNO = 4;
/** Arguments of a call. */
export const ARGUMENT_COUNT = 6;
/** Index of the time of return among the float64s. */
export const CONTROL_ENDED_AT = 6;
/** Bytes of the whole block. */
export const CONTROL_LENGTH: number = 32 + 8 * 8;

/** What the calling thread is given to begin with. */
export interface WorkerSetup {
  /** The block. */
  readonly control: SharedArrayBuffer;
  /** Raised after each call. */
  readonly eventFd: number;
}
