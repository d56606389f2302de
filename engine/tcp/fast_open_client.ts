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
 * What a path then deserves is fast_open_blame.ts's affair, and data that was
 * acknowledged on the way but never arrived that of fast_open_confirm.ts.
 *
 * Data in a SYN may be delivered twice (§6.1): a program must ask for this,
 * and must only send what may be repeated.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import {
  TCP_MAX_OPTIONS_LENGTH,
  tcpOptionsLength,
} from "../wire/tcp_options.ts";
import { ABSENT } from "../wire/tcp_segment.ts";
import type { SegmentIn, SegmentOut } from "../wire/tcp_segment.ts";
import { TCP_COUNTER } from "./counters.ts";
import { FastOpenAttempt, traceFastOpen } from "./fast_open_attempt.ts";
import { blamePath } from "./fast_open_blame.ts";
import { isCookieLength } from "./fast_open_cache.ts";
import { holdSynData } from "./fast_open_confirm.ts";
import { seqAdd, seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** SYN data allowed when the server's MSS is not known, IPv4. RFC 7413 §4.1.3. */
const UNKNOWN_MSS_IPV4 = 536;
/** The same for IPv6. */
const UNKNOWN_MSS_IPV6 = 1220;
/** Option space set aside in a SYN that carries data, as in Linux: all of it. */
const OPTION_SPACE = 40;
/** Cookies refused in a row that make the path rest. */
const MAX_REFUSALS = 2;
/** Bit of `TcpConfig.fastOpen`: SYN data needs no cookie. Linux's TFO_CLIENT_NO_COOKIE. */
const CLIENT_COOKIELESS = 0x4;

/**
 * Decides, before the first SYN, what it carries. The data already lies in the
 * send buffer. `"cookieless"` sends it without a cookie (RFC 7413 §7.3).
 */
export function prepareFastOpen(
  t: Tcb,
  mode: "fast" | "cookieless",
  now: Micros,
): void {
  const attempt = new FastOpenAttempt("client");
  t.fastOpen = attempt;
  const { fastOpenCache: cache, fastOpenBlackhole: hole } = t.context;
  if (hole.restsUntil(t.config.fastOpenBlackholeTimeout) > now) {
    return decline(t, attempt, "BLACKHOLE", now);
  }
  if (cache.disabledUntil(t.local, t.remote, t.remotePort) > now) {
    return decline(t, attempt, "PATH_DISABLED", now);
  }
  const entry = cache.find(t.local, t.remote);
  const room = synDataRoom(t, entry === null ? 0 : entry.mss);
  attempt.synData = Math.min(room, t.sndBuf.length);
  if (mode === "cookieless" || t.config.fastOpen & CLIENT_COOKIELESS) {
    attempt.cookie = "cookieless";
    return;
  }
  if (entry !== null) attempt.experimental = entry.experimental;
  if (entry !== null && entry.cookie.length > 0) {
    attempt.cookie = "sent";
    attempt.cookieBytes = entry.cookie;
    return;
  }
  attempt.cookie = "requested";
  attempt.failure = "COOKIE_UNAVAILABLE";
  attempt.synData = 0;
}

/**
 * Adds the Fast Open option of the first SYN to `out`, whose other options are
 * set already. Returns the bytes of data the SYN may carry.
 */
export function describeFastOpen(t: Tcb, out: SegmentOut): number {
  const attempt = t.fastOpen;
  // RFC 7413 §4.2.1: a retransmitted SYN carries neither option nor data.
  if (attempt === null || t.synSent > 0) return 0;
  if (attempt.cookie === "cookieless") return attempt.synData;
  if (attempt.cookie === "none") return 0;
  out.fastOpenExperimental = attempt.experimental;
  out.fastOpenLength = attempt.cookieBytes.length;
  for (let i = 0; i < attempt.cookieBytes.length; i++) {
    out.fastOpenCookie[i] = attempt.cookieBytes[i];
  }
  if (tcpOptionsLength(out) <= TCP_MAX_OPTIONS_LENGTH) return attempt.synData;
  // RFC 7413 §4.2.2 step 2: no room, no Fast Open.
  out.fastOpenLength = ABSENT;
  return 0;
}

/** The first SYN left as described in `out`. */
export function noteSynSent(t: Tcb, out: SegmentOut, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.role === "server") return;
  attempt.synData = out.dataLength;
  switch (attempt.cookie) {
    case "none":
      return;
    case "cookieless":
      traceFastOpen(t, "cookieless", out.dataLength, now);
      return;
  }
  if (out.fastOpenLength === ABSENT) {
    attempt.cookie = "none";
    attempt.failure = "NO_OPTION_SPACE";
    traceFastOpen(t, "declined", 0, now);
  } else if (attempt.cookie === "sent") {
    traceFastOpen(t, "sent", out.dataLength, now);
  } else traceFastOpen(t, "requested", 0, now);
}

/**
 * Judges the SYN-ACK `s`, before its acknowledgement is processed: keeps a new
 * cookie and the MSS, and notes how much SYN data arrived. RFC 7413 §4.2.2.
 */
export function judgeSynAck(t: Tcb, s: SegmentIn, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.settled || attempt.role === "server") return;
  attempt.settled = true;
  if (attempt.cookie === "none") return;
  learnCookie(t, s, attempt, now);
  if (attempt.synData > 0) judgeData(t, s, attempt, now);
  else if (attempt.cookie === "requested") judgeRequest(t, attempt, now);
}

/** Both ends opened at once (RFC 9293 §3.5): how much of our SYN's data the peer's first acknowledgement covers. The path is not to blame for the rest. */
export function judgeCrossedSyn(t: Tcb, s: SegmentIn, now: Micros): void {
  const attempt = t.fastOpen;
  if (attempt === null || attempt.settled || attempt.role === "server") return;
  attempt.settled = true;
  attempt.blamed = true;
  if (attempt.synData > 0) judgeData(t, s, attempt, now);
}

function decline(
  t: Tcb,
  attempt: FastOpenAttempt,
  failure: "BLACKHOLE" | "PATH_DISABLED",
  now: Micros,
): void {
  attempt.failure = failure;
  traceFastOpen(t, "declined", 0, now);
}

function learnCookie(
  t: Tcb,
  s: SegmentIn,
  attempt: FastOpenAttempt,
  now: Micros,
): void {
  const cache = t.context.fastOpenCache;
  const length = s.fastOpenLength;
  const mss = s.mss === ABSENT ? 0 : s.mss;
  // An empty option in a SYN-ACK asks nothing of us; Windows drops such a segment, we its option.
  if (isCookieLength(length) && attempt.cookie !== "cookieless") {
    attempt.cookieReceived = length;
    const from = s.fastOpenOffset;
    const bytes = s.frame.bytes.slice(from, from + length);
    const kind = s.fastOpenExperimental ? "experimental" : "standard";
    cache.store(t.local, t.remote, bytes, mss, kind);
    traceFastOpen(t, "cookie learned", length, now);
  } else if (mss > 0) cache.noteMss(t.local, t.remote, mss);
}

/** Fast Open had data in the SYN: did the server take it? */
function judgeData(
  t: Tcb,
  s: SegmentIn,
  attempt: FastOpenAttempt,
  now: Micros,
): void {
  const { counters, fastOpenCache: cache } = t.context;
  const acked = seqSpan(seqAdd(t.iss, 1), s.ack);
  attempt.synDataAcked = Math.max(0, Math.min(acked, attempt.synData));
  if (attempt.synDataAcked > 0) holdSynData(t, attempt);
  if (attempt.synDataAcked === attempt.synData) {
    counters.increment(TCP_COUNTER.TcpExtTCPFastOpenActive);
    traceFastOpen(t, "data acknowledged", attempt.synData, now);
    cache.noteCookie(t.local, t.remote, "taken");
    attempt.failure = "none";
    attempt.roundTripsSaved = attempt.synRetransmits === 0 ? 1 : 0;
    // The first SYN arrived after all: nothing is wrong with the path.
    if (attempt.synRetransmits > 0) absolve(t, attempt);
    return;
  }
  counters.increment(TCP_COUNTER.TcpExtTCPFastOpenActiveFail);
  traceFastOpen(t, "data not acknowledged", attempt.synDataAcked, now);
  if (attempt.failure === "none") attempt.failure = "DATA_NOT_ACKED";
  if (attempt.synDataAcked > 0) return; // part of it came: the path lets it pass
  if (attempt.cookieReceived > 0) return judgeRefusal(t, attempt, now);
  blamePath(t, now);
  // RFC 7413 §4.2.1: first seen, without data and cookie: the server no longer knows it. Linux, which never rests, keeps it.
  const isKept = t.config.fastOpenRest === 0;
  if (attempt.cookie === "sent" && attempt.synRetransmits === 0 && !isKept) {
    cache.forget(t.local, t.remote);
  }
}

/** A new cookie in place of the data's acknowledgement says that the old one had expired: the path is sound, unless it happens again at once. */
function judgeRefusal(
  t: Tcb,
  attempt: FastOpenAttempt,
  now: Micros,
): void {
  const cache = t.context.fastOpenCache;
  const refusals = cache.noteCookie(t.local, t.remote, "refused");
  if (refusals < MAX_REFUSALS) absolve(t, attempt);
  else blamePath(t, now);
}

/** The SYN asked for a cookie: was it answered? RFC 7413 §4.2.1. */
function judgeRequest(
  t: Tcb,
  attempt: FastOpenAttempt,
  now: Micros,
): void {
  if (attempt.cookieReceived > 0) {
    if (attempt.synRetransmits > 0) absolve(t, attempt);
    return;
  }
  // A plain SYN was answered by a plain SYN-ACK: that says nothing of the server.
  if (attempt.synRetransmits > 0) return;
  const kind = attempt.experimental ? "experimental" : "standard";
  const cache = t.context.fastOpenCache;
  const rest = t.config.fastOpenRest;
  cache.noteUnanswered(t.local, t.remote, t.remotePort, kind, now, rest);
}

/** The timeout that put the blame on the path was mere loss. */
function absolve(t: Tcb, attempt: FastOpenAttempt): void {
  if (!attempt.blamed) return;
  attempt.blamed = false;
  t.context.fastOpenCache.noteSuccess(t.local, t.remote, t.remotePort);
}

function synDataRoom(t: Tcb, cachedMss: number): number {
  const pathMss = t.pathMtu - t.ipHeaderLength - 20;
  let mss = cachedMss > 0 ? cachedMss : unknownMss(t, pathMss);
  if (t.userMss > 0 && t.userMss < mss) mss = t.userMss;
  if (pathMss < mss) mss = pathMss;
  return Math.max(mss - OPTION_SPACE, 0);
}

function unknownMss(t: Tcb, pathMss: number): number {
  if (t.config.fastOpenUnknownMss === "path") return pathMss;
  return t.remote.family === 4 ? UNKNOWN_MSS_IPV4 : UNKNOWN_MSS_IPV6;
}
