/**
 * A listener under a flood of SYNs: answers that remember nothing, and
 * connections made when the answer to one comes back. RFC 4987 §3.6.
 *
 * @module
 */
import { MILLISECOND, SECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import type { IpPacketIn } from "../ip/packet.ts";
import type { Route } from "../ip/route.ts";
import { TCP_COUNTER } from "../tcp/counters.ts";
import type { Listener } from "../tcp/listener.ts";
import { offeredWindowScale } from "../tcp/negotiate.ts";
import { seqAdd } from "../tcp/seq.ts";
import { decodeOffer, encodeOffer } from "../tcp/syn_cookie.ts";
import {
  SegmentIn,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_SYN,
} from "../wire/tcp_segment.ts";
import { bearChild, routeBack } from "./tcp_core.ts";
import type { TcpCore } from "./tcp_core.ts";

/** How long after the last cookie was sent one may come back. */
const COOKIE_LIFETIME: Micros = 120 * SECOND;
const ECN_SETUP = TCP_ECE | TCP_CWR;
/**
 * Cookies answered in one round of `poll`; further SYNs of that round are
 * forgotten. Taking a SYN from the device costs a fraction of answering it
 * (measured: 1 µs of 6), and a device that is not emptied drops what belongs
 * to established connections: under a flood it is better to answer few.
 */
const COOKIES_A_ROUND = 16;

/** Answers the SYN `s` with a SYN-ACK that carries all a queue would have held. */
export function sendCookie(
  core: TcpCore,
  listener: Listener,
  packet: IpPacketIn,
  s: SegmentIn,
  now: Micros,
): void {
  const { context } = core;
  const { config, counters } = context;
  const isFlooded = core.replies.count >= COOKIES_A_ROUND;
  const reply = isFlooded ? null : core.replies.next();
  const route = reply === null ? null : routeBack(core, packet);
  if (reply === null || route === null) {
    counters.increment(TCP_COUNTER.SynloadRepliesDropped);
    return;
  }
  const out = reply.segment;
  out.reset();
  out.localPort = s.localPort;
  out.remotePort = s.remotePort;
  out.flags = TCP_SYN | TCP_ACK;
  out.seq = context.synCookies.make(route.local, route.remote, s, now);
  out.ack = seqAdd(s.seq, 1);
  out.wnd = Math.min(65_535, config.receiveBuffer.initial / 2);
  out.mss = route.pathMtu - (route.family === 4 ? 40 : 60);
  if (s.hasTimestamps && config.timestamps) {
    const ecn = (s.flags & ECN_SETUP) === ECN_SETUP && config.ecn !== 0;
    out.hasTimestamps = true;
    out.tsVal = encodeOffer(
      clockOf(core, route, s, now),
      s,
      ecn ? "asked" : "no",
    );
    out.tsEcr = s.tsVal;
    out.sackPermitted = s.sackPermitted && config.sack;
    if (s.windowScale >= 0 && config.windowScaling) {
      out.windowScale = offeredWindowScale(config.receiveBuffer.max);
    }
    if (ecn) out.flags |= TCP_ECE;
  }
  reply.route = route;
  core.replies.push();
  listener.cookieSentAt = now;
  counters.increment(TCP_COUNTER.TcpExtSyncookiesSent);
}

/** Whether the ACK `s` brings one of our cookies back; if so its connection exists from here on. */
export function takeCookie(
  core: TcpCore,
  listener: Listener,
  packet: IpPacketIn,
  s: SegmentIn,
  now: Micros,
): boolean {
  if (s.flags & TCP_SYN || now - listener.cookieSentAt > COOKIE_LIFETIME) {
    return false;
  }
  const { context } = core;
  const route = routeBack(core, packet);
  if (route === null) return false;
  const mss = context.synCookies.check(route.local, route.remote, s, now);
  if (mss < 0) {
    context.counters.increment(TCP_COUNTER.TcpExtSyncookiesFailed);
    return false;
  }
  context.counters.increment(TCP_COUNTER.TcpExtSyncookiesRecv);
  if (!listener.hasRoom) {
    context.counters.increment(TCP_COUNTER.TcpExtListenOverflows);
    return true;
  }
  const entry = bearChild(core, listener, route, s, now);
  if (entry === null) return true;
  const cookie = seqAdd(s.ack, -1);
  entry.connection.acceptCookie(synOf(s, mss), cookie, now);
  entry.connection.handleSegment(s, now);
  return true;
}

/** The SYN the cookie in the ACK `s` stood for. */
function synOf(s: SegmentIn, mss: number): SegmentIn {
  const syn = new SegmentIn(s.frame);
  syn.localPort = s.localPort;
  syn.remotePort = s.remotePort;
  syn.seq = seqAdd(s.seq, -1);
  syn.wnd = s.wnd;
  syn.mss = mss;
  syn.hasTimestamps = s.hasTimestamps;
  syn.tsVal = s.tsVal;
  syn.tsEcr = s.tsEcr;
  const ecn = decodeOffer(syn);
  syn.flags = ecn ? TCP_SYN | ECN_SETUP : TCP_SYN;
  return syn;
}

/** The timestamp clock of the connection that may come of it. */
function clockOf(
  core: TcpCore,
  route: Route,
  s: SegmentIn,
  now: Micros,
): number {
  const offset = core.context.isn.timestampOffset(
    route.local,
    s.localPort,
    route.remote,
    s.remotePort,
  );
  return Math.floor(now / MILLISECOND) % 0x1_0000_0000 + offset | 0;
}
