// @hot
/**
 * Segments without a place in the stream of data: resets, SYNs, bare
 * acknowledgements and probes. RFC 9293 §3.7.1, §3.8.4, §3.8.6.1.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import {
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_RST,
  TCP_SYN,
} from "../wire/tcp_segment.ts";
import type { SegmentOut } from "../wire/tcp_segment.ts";
import { ackSent, timestampNow } from "./ack_policy.ts";
import { TCP_COUNTER } from "./counters.ts";
import { describeFastOpen, noteSynSent } from "./fast_open_client.ts";
import { describeSynData } from "./fast_open_confirm.ts";
import { countRetransmission } from "./rx_ack.ts";
import { SENT_EVER_RETRANSMITTED, SENT_PUSH, SENT_SYN } from "./sent_queue.ts";
import { seqAdd, toSeq } from "./seq.ts";
import { STATE_SYN_SENT } from "./state.ts";
import type { Tcb } from "./tcb.ts";
import { armUserTimeout } from "./user_timeout.ts";
import { TIMER_RETRANSMIT } from "./timers.ts";
import { appendSent } from "./tx_data.ts";
import {
  attach,
  begin,
  effectiveMss,
  fillAck,
  PLAN_ACK,
  PLAN_NONE,
  PLAN_PROBE,
  PLAN_RESET,
  PLAN_SYN,
  PLAN_SYN_DATA,
} from "./tx_segment.ts";

/** The RST owed. */
export function describeReset(t: Tcb, out: SegmentOut): boolean {
  begin(t, out);
  out.flags = t.resetWithAck ? TCP_RST | TCP_ACK : TCP_RST;
  out.seq = t.resetSeq;
  out.ack = t.resetWithAck ? t.rcvNxt : toSeq(0);
  t.plan = PLAN_RESET;
  return true;
}

/** RFC 9293 §3.7.1, RFC 7323 §2.2, §3.2, RFC 2018 §2, RFC 7413 §4.1.1: the options of a SYN. */
export function describeSyn(t: Tcb, out: SegmentOut, now: Micros): boolean {
  const config = t.config;
  const answer = t.state !== STATE_SYN_SENT;
  begin(t, out);
  out.seq = t.iss;
  out.flags = answer ? TCP_SYN | TCP_ACK : TCP_SYN;
  out.ack = answer ? t.rcvNxt : toSeq(0);
  out.mss = t.advMss;
  const timestamps = answer ? t.tsEnabled : config.timestamps;
  const scale = answer ? t.wscaleEnabled : config.windowScaling;
  out.sackPermitted = answer ? t.sackEnabled : config.sack;
  if (scale) out.windowScale = t.rcvWscale;
  if (timestamps) {
    out.hasTimestamps = true;
    out.tsVal = timestampNow(t, now);
    out.tsEcr = answer ? t.tsRecent : 0;
  }
  // The window of a SYN is never scaled, RFC 7323 §2.2.
  const free = t.rcvBuf.limit - t.rcvBuf.length;
  out.wnd = free < 65_535 ? free : 65_535;
  if (answer) {
    if (t.ecnEnabled) out.flags |= TCP_ECE;
    describeSynAckCookie(t, out);
  } else {
    if (t.ecnAsked && t.synSent === 0) out.flags |= TCP_ECE | TCP_CWR;
    const synData = describeFastOpen(t, out);
    if (synData > 0) attach(t, out, 0, synData);
  }
  t.plan = PLAN_SYN;
  return true;
}

/** A SYN or SYN-ACK left. */
export function commitSyn(t: Tcb, out: SegmentOut, now: Micros): void {
  const first = t.synSent === 0;
  t.synSent++;
  t.synDue = false;
  t.rcvWup = t.rcvNxt;
  t.rcvWnd = out.wnd;
  t.lastSentAt = now;
  if (first) {
    noteSynSent(t, out, now);
    t.bytesSent += out.dataLength;
    const afterSyn = seqAdd(t.iss, 1);
    t.sent.append(t.iss, afterSyn, 1, SENT_SYN, now);
    t.packetsOut = 1;
    t.sndNxt = afterSyn;
    if (out.dataLength > 0) {
      // When it goes again, by itself, the application there is to have it at once.
      appendSent(t, afterSyn, out.dataLength, 1, SENT_PUSH, now);
    }
  } else {
    const head = t.sent.head;
    if (head !== null) {
      head.flags |= SENT_EVER_RETRANSMITTED;
      t.sent.touch(head, now);
    }
    countRetransmission(t, 1);
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPSynRetrans);
  }
  if (t.state !== STATE_SYN_SENT) ackSent(t, 1);
  if (!t.timers.isSet(TIMER_RETRANSMIT)) {
    t.timers.set(TIMER_RETRANSMIT, now + handshakeTimeout(t));
  }
  armUserTimeout(t);
  t.plan = PLAN_NONE;
}

/** The handshake's timeout: RFC 6298 doubles each time; Linux keeps the first SYN timeouts linear. */
export function handshakeTimeout(t: Tcb): Micros {
  const config = t.config;
  const doublings = t.state === STATE_SYN_SENT
    ? Math.max(0, t.synTimeouts - config.synLinearTimeouts)
    : t.synTimeouts;
  return Math.min(config.rtoInitial * 2 ** doublings, config.rtoMax);
}

/** SYN data that was acknowledged but may not have arrived: fast_open_confirm.ts. */
export function describeSynDataAgain(
  t: Tcb,
  out: SegmentOut,
  now: Micros,
): boolean {
  begin(t, out);
  fillAck(t, out, now);
  describeSynData(t, out, effectiveMss(t, out));
  t.plan = PLAN_SYN_DATA;
  return true;
}

/** An acknowledgement by itself. */
export function describeAck(t: Tcb, out: SegmentOut, now: Micros): boolean {
  begin(t, out);
  out.seq = t.sndNxt;
  fillAck(t, out, now);
  t.plan = PLAN_ACK;
  return true;
}

/** A probe of a closed window or an idle peer: an old sequence number, no data; the peer must answer. RFC 9293 §3.8.4, §3.8.6.1. */
export function describeProbe(t: Tcb, out: SegmentOut, now: Micros): boolean {
  begin(t, out);
  out.seq = seqAdd(t.sndUna, -1);
  fillAck(t, out, now);
  t.plan = PLAN_PROBE;
  return true;
}

function describeSynAckCookie(t: Tcb, out: SegmentOut): void {
  // RFC 7413 §4.2.2: a retransmitted SYN-ACK carries neither data nor the option.
  if (t.synAckCookieLength < 0 || t.synAckCookie === null || t.synSent > 0) {
    return;
  }
  out.fastOpenLength = t.synAckCookieLength;
  out.fastOpenExperimental = t.synAckCookieExperimental;
  for (let i = 0; i < t.synAckCookieLength; i++) {
    out.fastOpenCookie[i] = t.synAckCookie[i];
  }
}
