/**
 * Fast Open, the client's side: RFC 7413 §4.2.1 and §4.2.2.
 *
 *     no cookie known      SYN + empty option            -> asks for one
 *     cookie known         SYN + cookie + data           -> answered in the same round trip
 *     SYN timed out        SYN, plain                    -> as if never tried
 *
 * This file decides what the SYN carries and judges the SYN-ACK; the bytes go
 * through the ordinary send buffer, so data the server did not acknowledge is
 * simply data not acknowledged, and is sent again by the ordinary machinery.
 *
 * Data in a SYN may be delivered twice (§6.1): a program must ask for this,
 * and must only send what may be repeated.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { ABSENT } from "../wire/tcp_segment.ts";
import type { SegmentIn, SegmentOut } from "../wire/tcp_segment.ts";
import { TCP_COUNTER } from "./counters.ts";
import { FastOpenAttempt } from "./fast_open_attempt.ts";
import { isCookieLength } from "./fast_open_cache.ts";
import { seqAdd, seqAfter, seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** SYN data allowed when the server's MSS is not known, IPv4. RFC 7413 §4.1.3. */
const UNKNOWN_MSS_IPV4 = 536;
/** The same for IPv6. */
const UNKNOWN_MSS_IPV6 = 1220;
/** Option space set aside in a SYN that carries data, as in Linux: all of it. */
const OPTION_SPACE = 40;

/** Decides, before the first SYN, what it carries. The data already lies in the send buffer. */
export function prepareFastOpen(t: Tcb, now: Micros): void {
  const attempt = new FastOpenAttempt("client");
  t.fastOpen = attempt;
  const cache = t.context.fastOpenCache;
  if (cache.disabledUntil(t.local, t.remote, t.remotePort) > now) {
    attempt.failure = "PATH_DISABLED";
    return;
  }
  const entry = cache.find(t.local, t.remote);
  if (entry !== null) attempt.experimental = entry.experimental;
  const cookieless = (t.config.fastOpen & 4) !== 0;
  const known = entry !== null && entry.cookie.length > 0;
  if (!known && !cookieless) {
    attempt.cookie = "requested";
    attempt.failure = "COOKIE_UNAVAILABLE";
    return;
  }
  attempt.cookie = known ? "sent" : "cookieless";
  const room = synDataRoom(t, entry === null ? 0 : entry.mss);
  attempt.synData = Math.min(room, t.sndBuf.length);
}

/** Adds the Fast Open option of the first SYN to `out`. */
export function describeFastOpen(t: Tcb, out: SegmentOut): void {
  const attempt = t.fastOpen;
  // RFC 7413 §4.2.1: a retransmitted SYN carries neither option nor data.
  if (attempt === null || t.synSent > 0) return;
  out.fastOpenExperimental = attempt.experimental;
  if (attempt.cookie === "requested") {
    out.fastOpenLength = 0;
  } else if (attempt.cookie === "sent") {
    const entry = t.context.fastOpenCache.find(t.local, t.remote);
    if (entry === null) return;
    out.fastOpenLength = entry.cookie.length;
    out.fastOpenCookie.set(entry.cookie);
  }
}

/** The SYN timer expired: from here on the SYN is plain. RFC 7413 §4.2.1, §4.1.3.1. */
export function fastOpenSynTimeout(t: Tcb, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null) return;
  attempt.synRetransmits++;
  if (attempt.cookie === "none" || attempt.synRetransmits > 1) return;
  attempt.failure = "SYN_RETRANSMITTED";
  t.context.fastOpenCache.noteFailure(t.local, t.remote, t.remotePort, now);
}

/**
 * Judges the SYN-ACK `s`, before its acknowledgement is processed: keeps a new
 * cookie and notes how much SYN data arrived. RFC 7413 §4.2.2.
 */
export function judgeSynAck(t: Tcb, s: SegmentIn, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.settled) return;
  attempt.settled = true;
  learnCookie(t, s, attempt);
  if (attempt.cookie !== "sent" && attempt.cookie !== "cookieless") return;
  const counters = t.context.counters;
  const dataStart = seqAdd(t.iss, 1);
  const acked = seqAfter(s.ack, dataStart) ? seqSpan(dataStart, s.ack) : 0;
  attempt.synDataAcked = Math.min(acked, attempt.synData);
  if (attempt.synDataAcked > 0) {
    attempt.roundTripsSaved = 1;
    if (attempt.failure === "none") {
      t.context.fastOpenCache.noteSuccess(t.local, t.remote, t.remotePort);
    }
  }
  if (attempt.synData === 0) return;
  if (acked > 0) {
    counters.increment(TCP_COUNTER.TcpExtTCPFastOpenActive);
    return;
  }
  counters.increment(TCP_COUNTER.TcpExtTCPFastOpenActiveFail);
  if (attempt.failure !== "none") return;
  attempt.failure = "DATA_NOT_ACKED";
  // A new cookie says the old one had expired: the path is sound.
  if (attempt.cookieReceived === 0) {
    t.context.fastOpenCache.noteFailure(t.local, t.remote, t.remotePort, now);
  }
}

function learnCookie(t: Tcb, s: SegmentIn, attempt: FastOpenAttempt): void {
  const cache = t.context.fastOpenCache;
  const length = s.fastOpenLength;
  const mss = s.mss === ABSENT ? 0 : s.mss;
  if (length !== ABSENT && isCookieLength(length)) {
    attempt.cookieReceived = length;
    const bytes = s.frame.bytes.slice(
      s.fastOpenOffset,
      s.fastOpenOffset + length,
    );
    const kind = s.fastOpenExperimental ? "experimental" : "standard";
    cache.store(t.local, t.remote, bytes, mss, kind);
    return;
  }
  // RFC 7413 §4.2.1: the first SYN-ACK of an unrepeated SYN without a cookie
  // to a SYN with one, and without its data: the server no longer knows it.
  if (
    attempt.cookie === "sent" && attempt.synRetransmits === 0 &&
    !seqAfter(s.ack, seqAdd(t.iss, 1)) && attempt.synData > 0
  ) {
    cache.forget(t.local, t.remote);
  }
}

function synDataRoom(t: Tcb, cachedMss: number): number {
  const family = t.remote.family;
  const unknown = family === 4 ? UNKNOWN_MSS_IPV4 : UNKNOWN_MSS_IPV6;
  const pathMss = t.pathMtu - t.ipHeaderLength - 20;
  let mss = cachedMss > 0 ? cachedMss : unknown;
  if (t.userMss > 0 && t.userMss < mss) mss = t.userMss;
  if (pathMss < mss) mss = pathMss;
  return Math.max(mss - OPTION_SPACE, 0);
}
