// @hot
/**
 * When a Fast Open goes wrong: what is done at once, and what is remembered
 * of the path, RFC 7413 §4.1.3.1.
 *
 *     SYN timeout, ICMP error, RST to SYN data   a plain SYN at once; the path rests
 *     RST before the first data of the server    the path rests
 *     black hole (fast_open_blackhole.ts)        the path rests; all of them, if so configured
 *
 * A RST or an ICMP error that answers SYN data may come from a box that cannot
 * stand such a SYN. A server's refusal is repeated for the plain SYN, at the
 * cost of a round trip; a box's is not, and the connection lives
 * (`TcpConfig.fastOpenFallback`).
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { TCP_COUNTER } from "./counters.ts";
import { traceFastOpen } from "./fast_open_attempt.ts";
import { STATE_ESTABLISHED } from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { TIMER_RETRANSMIT } from "./timers.ts";

/** Timeouts in a row before the one that shows a black hole; Linux: the third. */
const BLACKHOLE_TIMEOUTS = 2;

/** Notes that Fast Open failed on this connection's path: it rests. Once a connection. */
export function blamePath(t: Tcb, now: Micros): void {
  const attempt = t.fastOpen!;
  if (attempt.blamed) return;
  attempt.blamed = true;
  const { context, config } = t;
  context.fastOpenCache.noteFailure(
    t.local,
    t.remote,
    t.remotePort,
    now,
    config.fastOpenRest,
  );
}

/** The SYN timer expired: from here on the SYN is plain. RFC 7413 §4.2.1, §4.1.3.1. */
export function fastOpenSynTimeout(t: Tcb, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.cookie === "none") return;
  attempt.synRetransmits++;
  if (attempt.synRetransmits > 1) return;
  attempt.failure = "SYN_RETRANSMITTED";
  traceFastOpen(t, "fallback", attempt.synData, now);
  blamePath(t, now);
}

/**
 * A RST or a hard ICMP error answered our SYN. Returns whether a plain SYN
 * goes in its place, as it does once when the SYN carried data; else the
 * attempt is over.
 */
export function fastOpenRefused(
  t: Tcb,
  failure: "RESET" | "UNREACHABLE",
  now: Micros,
): boolean {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.role === "server") return false;
  if (attempt.cookie === "none") return false;
  if (attempt.synRetransmits > 0) return false;
  attempt.failure = failure;
  blamePath(t, now);
  if (attempt.synData === 0 || !t.config.fastOpenFallback) return false;
  attempt.synRetransmits++;
  resendPlainSyn(t, now);
  return true;
}

/** ICMP: the SYN with its data was too big. The plain one fits; the path is not to blame. */
export function fastOpenTooBig(t: Tcb, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.synData === 0) return;
  if (attempt.synRetransmits > 0) return;
  attempt.failure = "SYN_RETRANSMITTED";
  attempt.synRetransmits++;
  attempt.blamed = true; // by nobody: the answer to a plain SYN will say nothing of Fast Open
  resendPlainSyn(t, now);
}

/** A RST in order ended the connection; before any data came it may be a box's answer to SYN data. */
export function fastOpenReset(t: Tcb, now: Micros): void {
  if (!usedFastOpen(t) || t.dataSegmentsIn > 0) return;
  if (t.state === STATE_ESTABLISHED) blamePath(t, now);
}

/** A RST out of order arrived before any data: Linux's sign of a black hole. */
export function fastOpenStrayReset(t: Tcb, now: Micros): void {
  if (!usedFastOpen(t) || t.dataSegmentsIn > 0) return;
  if (t.state === STATE_ESTABLISHED) foundBlackhole(t, now);
}

/** The retransmission timer expired; `t.timeouts` are those before. The third in a row shows a black hole, Linux. */
export function fastOpenTimeout(t: Tcb, now: Micros): void {
  if (!usedFastOpen(t)) return;
  const timeouts = t.isSynUnacked ? t.synTimeouts - 1 : t.timeouts;
  if (timeouts === BLACKHOLE_TIMEOUTS) foundBlackhole(t, now);
}

/** The connection is over: a FIN that never became due, and no data before it, show a black hole. */
export function fastOpenEnded(t: Tcb, now: Micros): void {
  if (!usedFastOpen(t) || t.dataSegmentsIn > 0) return;
  if (t.finPending && !t.finReceived) foundBlackhole(t, now);
}

function resendPlainSyn(t: Tcb, now: Micros): void {
  traceFastOpen(t, "fallback", t.fastOpen!.synData, now);
  t.synDue = true;
  // The new SYN waits its own full time.
  t.timers.clear(TIMER_RETRANSMIT);
}

function usedFastOpen(t: Tcb): boolean {
  const attempt = t.fastOpen;
  return attempt !== null && attempt.role === "client" &&
    attempt.cookie !== "none" && attempt.cookie !== "requested";
}

function foundBlackhole(t: Tcb, now: Micros): void {
  const attempt = t.fastOpen!;
  if (attempt.foundBlackhole) return;
  attempt.foundBlackhole = true;
  traceFastOpen(t, "black hole", attempt.synDataAcked, now);
  blamePath(t, now);
  if (t.config.fastOpenBlackholeTimeout === 0) return;
  t.context.fastOpenBlackhole.noteFound(now);
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPFastOpenBlackhole);
}
