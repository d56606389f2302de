/**
 * A connection that begins where a SYN cookie left off: its SYN-ACK went out
 * before it existed. RFC 4987 §3.6.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import { SENT_SYN } from "./sent_queue.ts";
import { seqAdd } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Window the cookie's SYN-ACK told, bytes: unscaled, as every SYN's. */
const COOKIE_WINDOW = 65_535;

/** Gives a fresh SYN-RECEIVED block the send sequence space of the SYN-ACK that carried `cookie`. */
export function resumeFromCookie(t: Tcb, cookie: Seq, now: Micros): void {
  const afterSyn = seqAdd(cookie, 1);
  t.iss = cookie;
  t.sndUna = cookie;
  t.sndBufSeq = afterSyn;
  t.pushSeq = afterSyn;
  t.sndSml = cookie;
  t.highSeq = cookie;
  t.highestSacked = cookie;
  t.cwndUsageSeq = cookie;
  t.ecnHighSeq = cookie;
  t.synDue = false;
  t.synSent = 1;
  t.sent.append(cookie, afterSyn, 1, SENT_SYN, now);
  t.packetsOut = 1;
  t.sndNxt = afterSyn;
  t.rcvWup = t.rcvNxt;
  t.rcvWnd = Math.min(COOKIE_WINDOW, t.rcvBuf.limit);
}
