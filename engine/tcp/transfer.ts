/**
 * What the application writes and reads: RFC 9293 §3.10.2, §3.10.3.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { afterRead } from "./ack_policy.ts";
import {
  ABORT_NONE,
  ERR_ABORTED,
  ERR_END_OF_STREAM,
  ERR_NOT_CONNECTED,
  ERR_SEND_SHUTDOWN,
} from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { awaitMemoryToSend, noteRead } from "./memory.ts";
import { adjustReceiveBuffer } from "./receive_tuning.ts";
import { seqSpan } from "./seq.ts";
import { MAY_SEND, STATE_CLOSED, stateIn, SYNCHRONIZED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** Queues up to `length` bytes. Returns the bytes taken, 0 when there is no room now, or an `ERR_*`. */
export function queueToSend(
  t: Tcb,
  source: Uint8Array,
  offset: number,
  length: number,
  now: Micros,
): number {
  if (t.abortReason !== ABORT_NONE) return ERR_ABORTED;
  if (t.finQueued) return ERR_SEND_SHUTDOWN;
  if (!stateIn(t.state, MAY_SEND)) return ERR_NOT_CONNECTED;
  restartAfterIdle(t, now);
  // TCP_NOTSENT_LOWAT: what waits unsent is enough already.
  if (seqSpan(t.sndNxt, t.writeSeq) >= t.config.notSentLowWater) {
    t.wantWritable = true;
    return 0;
  }
  const taken = t.sndBuf.write(source, offset, length);
  if (taken < length) {
    t.wantWritable = true;
    if (t.sndBuf.free > 0) {
      t.context.counters.increment(TCP_COUNTER.SynloadOutOfMemory);
      awaitMemoryToSend(t);
    }
  }
  if (taken > 0) t.pushSeq = t.writeSeq;
  return taken;
}

/** Whether what is queued may go already, or waits for the handshake. */
export function maySendNow(t: Tcb): boolean {
  return stateIn(t.state, SYNCHRONIZED) || t.fastOpenAccepted;
}

/** The last byte queued is urgent. RFC 9293 §3.8.5. */
export function markUrgent(t: Tcb): void {
  t.sndUrgent = true;
  t.sndUp = t.writeSeq;
}

/** Why a read moved nothing: 0: nothing has come yet; else an `ERR_*`. */
export function nothingToRead(t: Tcb): number {
  if (t.finReceived) return ERR_END_OF_STREAM;
  if (t.abortReason !== ABORT_NONE) return ERR_ABORTED;
  return t.state === STATE_CLOSED ? ERR_END_OF_STREAM : 0;
}

/** The application took `count` bytes: buffer, urgent mark and window follow. */
export function noteTaken(t: Tcb, count: number, now: Micros): void {
  t.bytesRead += count;
  if (t.rcvUrgent && seqSpan(t.rcvUp, t.copiedSeq) >= 0) t.rcvUrgent = false;
  adjustReceiveBuffer(t, now);
  noteRead(t, now);
  if (t.state !== STATE_CLOSED) afterRead(t);
}

function restartAfterIdle(t: Tcb, now: Micros): void {
  // Asked at the first write after the silence only: bytes that wait are part of what ends it.
  if (t.packetsOut > 0 || t.sndBuf.length > 0) return;
  if (t.lastSentAt === -Infinity) return;
  const idle = now - t.lastSentAt;
  const rto = t.rttEstimator.rto;
  if (idle <= rto) return;
  t.congestion.onRestart(t, idle, now);
  if (!t.config.slowStartAfterIdle) return;
  // RFC 5681 §4.1, RFC 2861: halve for each RTO of silence, down to the initial window.
  const restart = Math.min(t.config.initialCwnd, t.cwnd);
  t.ssthresh = Math.max(t.ssthresh, (t.cwnd >> 1) + (t.cwnd >> 2));
  for (let left = idle - rto; left > 0 && t.cwnd > restart; left -= rto) {
    t.cwnd = t.cwnd >> 1;
  }
  t.cwnd = Math.max(t.cwnd, restart);
  t.cwndLimited = false;
  t.cwndUsageSeq = t.sndNxt;
}
