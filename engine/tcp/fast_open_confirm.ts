// @hot
/**
 * SYN data that was acknowledged, and did not arrive.
 *
 * Some boxes answer a SYN in the server's place, acknowledge its data and
 * throw it away. By the rules of TCP the data is gone then, and with a request
 * that fitted in the SYN both ends wait for ever. So the client keeps a copy
 * until the server itself has acknowledged it:
 *
 *     SYN-ACK acknowledges data -> copy kept, timer set
 *     later segment, ack past the data      confirmed; the copy is dropped and the path trusted
 *     later segment, ack inside the data    lost: the copy goes again at once, the path rests
 *     nothing until the timer               the copy goes again: a server that has it answers
 *                                           with a duplicate ACK, one that lacks it takes it
 *
 * The price is a needless segment to a server that thinks for longer than the
 * timer: one RTO on a path not known, the initial RTO of a second on one that
 * was confirmed before.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { TCP_ACK, TCP_SYN } from "../wire/tcp_segment.ts";
import type { SegmentIn, SegmentOut } from "../wire/tcp_segment.ts";
import { isLoopback } from "../wire/ip_address.ts";
import type { FastOpenAttempt } from "./fast_open_attempt.ts";
import { traceFastOpen } from "./fast_open_attempt.ts";
import { blamePath } from "./fast_open_blame.ts";
import { seqAdd, seqAfter, seqBefore, seqSpan, toSeq } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_SYN_DATA } from "./timers.ts";

/** Copies sent before the matter is left to the application. */
const MAX_RESENDS = 6;

/** Keeps a copy of the SYN data the SYN-ACK is about to acknowledge. */
export function holdSynData(t: Tcb, attempt: FastOpenAttempt): void {
  if (!t.config.fastOpenFallback) return;
  const copy = createCopy(attempt.synDataAcked);
  t.sndBuf.peek(0, copy, 0, copy.length);
  attempt.unconfirmed = copy;
}

/** The handshake is complete: from now the server has a while to show that it has the data. */
export function watchSynData(t: Tcb, now: Micros): void {
  if (t.fastOpen === null || t.fastOpen.unconfirmed === null) return;
  const cache = t.context.fastOpenCache;
  const trusted = cache.isConfirmed(t.local, t.remote, t.remotePort);
  const rto = t.rttEstimator.rto;
  const patience = trusted ? Math.max(rto, t.config.rtoInitial) : rto;
  t.timers.set(TIMER_SYN_DATA, now + patience);
}

/** A segment after the SYN-ACK tells what the server has. */
export function confirmSynData(t: Tcb, s: SegmentIn, now: Micros): void {
  const attempt = t.fastOpen!;
  const copy = attempt.unconfirmed!;
  if ((s.flags & (TCP_SYN | TCP_ACK)) !== TCP_ACK) return;
  const start = seqAdd(t.iss, 1);
  const end = seqAdd(start, copy.length);
  if (seqBefore(s.ack, start) || seqAfter(s.ack, t.sndNxt)) return;
  if (!seqBefore(s.ack, end)) {
    settle(t, s, now);
    return;
  }
  const isNews = attempt.resendFrom < 0;
  attempt.resendFrom = seqSpan(start, s.ack);
  noteLost(t, now);
  // Later acknowledgements tell of progress; if there is none, the timer decides.
  if (isNews) sendCopy(t);
}

/** The timer expired: the copy goes again. */
export function synDataExpired(t: Tcb, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.unconfirmed === null) return;
  if (attempt.resends >= MAX_RESENDS) {
    attempt.unconfirmed = null;
    blamePath(t, now);
    return;
  }
  sendCopy(t);
  const backoff = attempt.resends + 1;
  t.timers.set(TIMER_SYN_DATA, now + t.rttEstimator.backedOff(backoff));
}

/** Places the next piece of the copy in `out`, whose acknowledgement is set; `mss` bytes at most. */
export function describeSynData(t: Tcb, out: SegmentOut, mss: number): void {
  const attempt = t.fastOpen!;
  const copy = attempt.unconfirmed!;
  const from = attempt.resendAt;
  const rest = copy.length - from;
  out.seq = seqAdd(t.iss, 1 + from);
  out.dataLength = rest < mss ? rest : mss;
  const payload = out.payload;
  payload.bytes = copy;
  payload.offset = from;
  payload.length = out.dataLength;
  payload.wrapLength = 0;
}

/** A piece of `length` bytes left; with the last one the copy has been sent once more. */
export function noteSynDataSent(t: Tcb, length: number): void {
  const attempt = t.fastOpen!;
  attempt.resendAt += length;
  if (attempt.resendAt < attempt.unconfirmed!.length) return;
  t.synDataDue = false;
  attempt.resends++;
}

/** All the server is not known to have goes, in as many pieces as its MSS makes of it. */
function sendCopy(t: Tcb): void {
  const attempt = t.fastOpen!;
  attempt.resendAt = attempt.resendFrom > 0 ? attempt.resendFrom : 0;
  t.synDataDue = true;
}

function settle(t: Tcb, s: SegmentIn, now: Micros): void {
  const attempt = t.fastOpen!;
  attempt.unconfirmed = null;
  t.synDataDue = false;
  t.timers.clear(TIMER_SYN_DATA);
  const { fastOpenCache: cache, fastOpenBlackhole: hole } = t.context;
  if (attempt.failure === "DATA_LOST") return;
  if (attempt.resends > 0 && !isDuplicateReport(t, s)) {
    // It was new to the server: had it been there, a DSACK would say so (RFC 2883). Of a server without SACK the worse is assumed.
    noteLost(t, now);
    return;
  }
  traceFastOpen(t, "data confirmed", attempt.synDataAcked, now);
  cache.noteConfirmed(t.local, t.remote, t.remotePort);
  cache.noteSuccess(t.local, t.remote, t.remotePort);
  // Success on this machine's own loopback says nothing of boxes in a network.
  if (!isLoopback(t.remote)) hole.noteSuccess();
}

function isDuplicateReport(t: Tcb, s: SegmentIn): boolean {
  return s.sackCount > 0 && seqBefore(toSeq(s.sackEdges[0]), s.ack) &&
    !seqBefore(toSeq(s.sackEdges[0]), t.iss);
}

function noteLost(t: Tcb, now: Micros): void {
  const attempt = t.fastOpen!;
  if (attempt.failure === "DATA_LOST") return;
  attempt.failure = "DATA_LOST";
  attempt.roundTripsSaved = 0;
  traceFastOpen(t, "data lost", attempt.synDataAcked, now);
  blamePath(t, now);
}

/** A handshake's one allocation. */
function createCopy(length: number): Uint8Array {
  return new Uint8Array(length);
}
