/**
 * What became of one connection's Fast Open, at either end.
 *
 * Every attempt has an outcome: what the SYN carried, how much of it the
 * other side took, how often it was sent, and why it did not work. The record
 * is read by `info()`; the same steps go to the trace as they happen.
 *
 * @module
 */
import { TRACE_FAST_OPEN } from "../base/trace.ts";
import type { Micros } from "../base/units.ts";
import type { Tcb } from "./tcb.ts";

/**
 * Why Fast Open did not carry data. The first four are Linux's
 * `tcpi_fastopen_client_fail` without their prefix; the rest Linux does not
 * tell apart.
 */
export type FastOpenFailure =
  /** It worked, or nothing was tried. */
  | "none"
  /** No cookie was known: the SYN asked for one. */
  | "COOKIE_UNAVAILABLE"
  /** The SYN-ACK acknowledged less than the SYN carried. */
  | "DATA_NOT_ACKED"
  /** The SYN had to be sent again, plain. */
  | "SYN_RETRANSMITTED"
  /** The path failed lately and rests (RFC 7413 §4.1.3.1). */
  | "PATH_DISABLED"
  /** Fast Open rests altogether: a black hole was found. */
  | "BLACKHOLE"
  /** A RST answered the SYN; a plain SYN followed. */
  | "RESET"
  /** An ICMP error answered the SYN; a plain SYN followed. */
  | "UNREACHABLE"
  /** The SYN's options left no room for the cookie (RFC 7413 §4.2.2). */
  | "NO_OPTION_SPACE"
  /** The data was acknowledged but did not reach the server; it was sent again. */
  | "DATA_LOST"
  /** Server: the cookie was not one of ours. */
  | "COOKIE_INVALID"
  /** Server: too many requests were pending. */
  | "QUEUE_FULL";

/** Numbers of Linux's `enum tcp_fastopen_client_fail`, by failure; others count as 0. */
export const LINUX_CLIENT_FAIL: Readonly<Record<string, number>> = Object
  .freeze({ COOKIE_UNAVAILABLE: 1, DATA_NOT_ACKED: 2, SYN_RETRANSMITTED: 3 });

const NO_BYTES = new Uint8Array(0);

/** What an attempt was and what came of it. */
export class FastOpenAttempt {
  /** Which end this is. */
  readonly role: "client" | "server";
  /** What the SYN carried: no option, a request, a cookie, or data without a cookie. */
  cookie: "none" | "requested" | "sent" | "cookieless" = "none";
  /** Payload bytes in the first SYN. */
  synData = 0;
  /** How many of them the SYN-ACK acknowledged. */
  synDataAcked = 0;
  /** The cookie the SYN carries; empty: none. */
  cookieBytes: Uint8Array = NO_BYTES;
  /** Times the SYN (at the server: the SYN-ACK) was sent again. */
  synRetransmits = 0;
  /** Why it did not work. */
  failure: FastOpenFailure = "none";
  /** The cookie the SYN-ACK brought, bytes; 0: none. */
  cookieReceived = 0;
  /** Whether the experimental option was used. */
  experimental = false;
  /** Round trips saved: 1 when SYN data was acknowledged. */
  roundTripsSaved: 0 | 1 = 0;
  /** The SYN-ACK has been judged. */
  settled = false;
  /** Client: the path has disappointed already, so what comes later adds nothing. */
  blamed = false;
  /** Client: a copy of the acknowledged SYN data, until the server itself has confirmed it; null: none, or confirmed. */
  unconfirmed: Uint8Array | null = null;
  /** Client: times that copy was sent. */
  resends = 0;
  /** Client: bytes of it the server is known to have; -1: nothing is known. */
  resendFrom: number = -1;
  /** Client: where in the copy the next piece to send begins. */
  resendAt = 0;
  /** Client: this connection showed a black hole. */
  foundBlackhole = false;

  /** An attempt that has not begun. */
  constructor(role: "client" | "server") {
    this.role = role;
  }
}

/** Steps of an attempt, by the number under which the trace has them (TRACE_FAST_OPEN, `a`). */
export const FAST_OPEN_STEPS = [
  "requested",
  "sent",
  "cookieless",
  "declined",
  "fallback",
  "cookie learned",
  "data acknowledged",
  "data not acknowledged",
  "data confirmed",
  "data lost",
  "black hole",
  "cookie handed out",
  "accepted",
  "cookie invalid",
  "queue full",
] as const;

/** A step's name. */
export type FastOpenStep = typeof FAST_OPEN_STEPS[number];

/** Notes a step in the trace; `bytes` are the cookie's or the data's. */
export function traceFastOpen(
  t: Tcb,
  step: FastOpenStep,
  bytes: number,
  now: Micros,
): void {
  const trace = t.context.trace;
  if (trace === null) return;
  const number = FAST_OPEN_STEPS.indexOf(step);
  trace.record(TRACE_FAST_OPEN, t.handle, number, bytes, now);
}
