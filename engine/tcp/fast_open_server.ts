/**
 * Fast Open, the server's side: RFC 7413 §4.2.
 *
 *     SYN + empty option     -> SYN-ACK + cookie                 the client may come back
 *     SYN + cookie + data    -> SYN-ACK that acknowledges data   delivered and answered at once
 *     SYN + bad cookie       -> SYN-ACK + the right cookie       ordinary handshake
 *     anything else          -> SYN-ACK                          ordinary handshake
 *
 * The SYN's data goes to the application before the client has proved its
 * address, and may be a repetition of a SYN that was served before (§6.1):
 * a program asks for this listener by listener, and only when what it does
 * with such data may be done twice.
 *
 * The order of the checks is Linux's: the queue before the cookie, so that
 * an overload costs no hashing.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { ABSENT, TCP_FIN } from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { TCP_COUNTER } from "./counters.ts";
import { FastOpenAttempt, traceFastOpen } from "./fast_open_attempt.ts";
import { isCookieLength } from "./fast_open_cache.ts";
import {
  COOKIE_BACKUP,
  COOKIE_INVALID,
  COOKIE_LENGTH,
  COOKIE_PRIMARY,
} from "./fast_open_cookie.ts";
import type { FastOpenQueue } from "./fast_open_queue.ts";
import { stepFin, stepText } from "./rx_text.ts";
import { seqAdd } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Bit of `TcpConfig.fastOpen`: listeners may do Fast Open. */
const SERVER_ENABLED = 0x2;
/** Bit: no listener asks for cookies. */
const SERVER_COOKIES_IGNORED = 0x200;

/**
 * Judges the Fast Open part of the SYN `s` that made the passive connection
 * `t`, and takes its data when it may: then `t.fastOpenAccepted` is set and the
 * application may be told at once. In any case it decides what option the
 * SYN-ACK carries.
 */
export function acceptFastOpenSyn(
  t: Tcb,
  s: SegmentIn,
  queue: FastOpenQueue | null,
  now: Micros,
): void {
  const offered = offeredLength(s);
  const counters = t.context.counters;
  if (offered === 0) {
    counters.increment(TCP_COUNTER.TcpExtTCPFastOpenCookieReqd);
  }
  const enabled = queue !== null && queue.limit > 0 &&
    (t.config.fastOpen & SERVER_ENABLED) !== 0;
  if (!enabled || offered === ABSENT && s.dataLength === 0) return;
  const attempt = describeSyn(s, offered);
  t.fastOpen = attempt;
  if (!queue.hasRoom(now)) {
    counters.increment(TCP_COUNTER.TcpExtTCPFastOpenListenOverflow);
    attempt.failure = "QUEUE_FULL";
    traceFastOpen(t, "queue full", queue.pendingCount, now);
    return;
  }
  if (ignoresCookies(t, queue)) {
    acceptData(t, s, queue, attempt, now);
    return;
  }
  if (offered === ABSENT) attempt.failure = "COOKIE_UNAVAILABLE";
  else if (offered === 0) handOutCookie(t, s, queue, now);
  else judgeCookie(t, s, queue, attempt, now);
}

/** The client proved its address by the final ACK: the request is pending no longer. */
export function completeFastOpen(t: Tcb): void {
  t.fastOpenQueue?.leave();
  t.fastOpenQueue = null;
}

/** The request was reset before its final ACK: RFC 7413 §5.1. */
export function noteFastOpenReset(t: Tcb, now: Micros): void {
  t.fastOpenQueue?.leaveReset(now);
  t.fastOpenQueue = null;
}

/** Cookie bytes of the option, ABSENT without one; RFC 7413 §4.1.1: an option of invalid length is ignored. */
function offeredLength(s: SegmentIn): number {
  const length = s.fastOpenLength;
  return length === 0 || isCookieLength(length) ? length : ABSENT;
}

function describeSyn(s: SegmentIn, offered: number): FastOpenAttempt {
  const attempt = new FastOpenAttempt("server");
  attempt.synData = s.dataLength;
  attempt.experimental = offered !== ABSENT && s.fastOpenExperimental;
  if (offered === 0) attempt.cookie = "requested";
  else if (offered !== ABSENT) attempt.cookie = "sent";
  else attempt.cookie = "cookieless";
  return attempt;
}

function ignoresCookies(t: Tcb, queue: FastOpenQueue): boolean {
  return queue.cookies === "ignored" ||
    (t.config.fastOpen & SERVER_COOKIES_IGNORED) !== 0;
}

function judgeCookie(
  t: Tcb,
  s: SegmentIn,
  queue: FastOpenQueue,
  attempt: FastOpenAttempt,
  now: Micros,
): void {
  const keys = queue.keys ?? t.context.fastOpenKeys;
  const { bytes } = s.frame;
  const { fastOpenOffset, fastOpenLength } = s;
  const counters = t.context.counters;
  switch (
    keys.check(t.local, t.remote, bytes, fastOpenOffset, fastOpenLength)
  ) {
    case COOKIE_PRIMARY:
      acceptData(t, s, queue, attempt, now);
      break;
    case COOKIE_BACKUP:
      counters.increment(TCP_COUNTER.TcpExtTCPFastOpenPassiveAltKey);
      handOutCookie(t, s, queue, now);
      acceptData(t, s, queue, attempt, now);
      break;
    case COOKIE_INVALID:
      counters.increment(TCP_COUNTER.TcpExtTCPFastOpenPassiveFail);
      attempt.failure = "COOKIE_INVALID";
      traceFastOpen(t, "cookie invalid", fastOpenLength, now);
      handOutCookie(t, s, queue, now);
  }
}

/** The SYN-ACK will carry the cookie of this client, in the form in which it asked. RFC 7413 §4.2.1. */
function handOutCookie(
  t: Tcb,
  s: SegmentIn,
  queue: FastOpenQueue,
  now: Micros,
): void {
  const keys = queue.keys ?? t.context.fastOpenKeys;
  const cookie = new Uint8Array(COOKIE_LENGTH);
  keys.make(t.local, t.remote, cookie);
  t.synAckCookie = cookie;
  t.synAckCookieLength = COOKIE_LENGTH;
  t.synAckCookieExperimental = s.fastOpenExperimental;
  traceFastOpen(t, "cookie handed out", COOKIE_LENGTH, now);
}

/** RFC 7413 §4.2.2 server steps 2 and 3. A SYN with a good cookie and no data opens the fast path too: the server may speak first. */
function acceptData(
  t: Tcb,
  s: SegmentIn,
  queue: FastOpenQueue,
  attempt: FastOpenAttempt,
  now: Micros,
): void {
  t.fastOpenAccepted = true;
  t.fastOpenQueue = queue;
  queue.enter();
  t.context.counters.increment(TCP_COUNTER.TcpExtTCPFastOpenPassive);
  // The window that the SYN-ACK is about to tell already holds for the SYN.
  t.rcvWnd = Math.min(t.rcvBuf.limit, 65_535);
  s.seq = seqAdd(s.seq, 1);
  stepText(t, s, now);
  attempt.synDataAcked = t.rcvBuf.length;
  attempt.roundTripsSaved = 1;
  if (s.flags & TCP_FIN) stepFin(t, s, now);
  attempt.settled = true;
  traceFastOpen(t, "accepted", attempt.synDataAcked, now);
}
