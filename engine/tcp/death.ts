// @hot
/**
 * How connections end out of order: resets and deaths.
 *
 * A dead connection keeps its slot until the application has been told and
 * its last RST, if it owes one, has left; then the stack gives the slot back.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { TCP_COUNTER } from "./counters.ts";
import { fastOpenEnded } from "./fast_open_blame.ts";
import { STATE_CLOSED, STATE_TIME_WAIT, transition } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** Owes the peer a RST with sequence number `seq`; with `TCP_ACK` in `flags` it also acknowledges. */
export function queueReset(t: Tcb, seq: Seq, flags: number): void {
  t.resetDue = true;
  t.resetSeq = seq;
  t.resetWithAck = flags !== 0;
}

/** Ends the connection for `reason` (`ABORT_*`): no timer runs, nothing more is sent but a RST that is owed. What was received stays readable. */
export function die(t: Tcb, reason: number, now: Micros): void {
  if (t.abortReason === 0) t.abortReason = reason;
  fastOpenEnded(t, now);
  if (t.state === STATE_TIME_WAIT) t.context.timeWaitCount--;
  transition(t, STATE_CLOSED);
  t.timers.clearAll();
  t.sent.clear();
  t.packetsOut = 0;
  t.sackedOut = 0;
  t.lostOut = 0;
  t.retransOut = 0;
  t.sndBuf.release();
  t.outOfOrder.clear();
  t.synDue = false;
  t.probeDue = false;
  t.tlpDue = false;
  t.synDataDue = false;
  t.fastOpenQueue?.leave();
  t.fastOpenQueue = null;
  t.ackNow = false;
  t.ackPending = false;
}

/** Gives back every byte of the arena. The slot is about to go. */
export function releaseMemory(t: Tcb): void {
  t.sent.clear();
  t.sndBuf.release();
  t.rcvBuf.release();
}

/** Counts a RST that left. */
export function countReset(t: Tcb): void {
  t.context.counters.increment(TCP_COUNTER.TcpOutRsts);
}
