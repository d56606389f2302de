/**
 * The TCP layer's way in: which connection, listener or nobody a segment is
 * for, RFC 9293 §3.10.7.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { ICMP_TOO_BIG } from "../ip/packet.ts";
import type { IpPacketIn } from "../ip/packet.ts";
import { TCP_COUNTER } from "../tcp/counters.ts";
import { isCredible } from "../tcp/icmp.ts";
import type { IcmpError } from "../tcp/icmp.ts";
import type { Listener } from "../tcp/listener.ts";
import { RULE } from "../tcp/rules.ts";
import { answerClosed } from "../tcp/rx_closed.ts";
import { seqAfter, toSeq } from "../tcp/seq.ts";
import { STATE_TIME_WAIT } from "../tcp/state.ts";
import { parseTcp, verifyTcpChecksum } from "../wire/tcp.ts";
import { SegmentIn, TCP_ACK, TCP_RST, TCP_SYN } from "../wire/tcp_segment.ts";
import type { Entry } from "./connections.ts";
import { sendCookie, takeCookie } from "./syn_cookies.ts";
import { bearChild, forget, routeBack } from "./tcp_core.ts";
import type { TcpCore } from "./tcp_core.ts";

/** What a sequence number in an ICMP quotation needs: ports and SEG.SEQ, RFC 792. */
const QUOTED_LENGTH = 8;

/** Takes packets. */
export class TcpInput {
  readonly #core: TcpCore;
  readonly #in: SegmentIn;
  readonly #error: IcmpError = {
    kind: 0,
    type: 0,
    code: 0,
    mtu: 0,
    seq: toSeq(0),
  };

  /** A way in to `core`'s connections. */
  constructor(core: TcpCore) {
    this.#core = core;
    this.#in = new SegmentIn(core.arena.createFrame(256));
  }

  /** Takes a packet whose protocol is TCP, or an ICMP error that quotes one. */
  receive(packet: IpPacketIn, now: Micros): void {
    if (packet.icmpKind !== 0) {
      this.#receiveError(packet, now);
      return;
    }
    const counters = this.#core.context.counters;
    counters.increment(TCP_COUNTER.TcpInSegs);
    if (packet.isMulticast) return; // RFC 9293 §3.9.2.3, MUST-57
    const s = this.#in;
    if (parseTcp(packet.frame, packet.l4, packet.l4Length, s) < 0) {
      counters.increment(TCP_COUNTER.TcpInErrs);
      return;
    }
    if (!checksumHolds(packet)) {
      counters.increment(TCP_COUNTER.TcpInErrs);
      counters.increment(TCP_COUNTER.TcpInCsumErrors);
      return;
    }
    s.ecn = packet.trafficClass & 3;
    s.gsoSize = packet.frame.gsoSize;
    const entry = this.#find(packet, s);
    if (entry !== undefined) {
      if (!this.#reuses(entry, packet, s)) {
        entry.connection.handleSegment(s, now);
        this.#core.ip.confirmReachable(entry.route, now);
        return;
      }
      entry.connection.endTimeWait();
      forget(this.#core, entry);
    }
    const listener = this.#core.listeners.find(packet, s.localPort);
    if (listener !== null) this.#receiveForListener(listener, packet, s, now);
    else this.#receiveClosed(packet, s);
  }

  #find(packet: IpPacketIn, s: SegmentIn): Entry | undefined {
    return this.#core.table.find(
      packet.local0,
      packet.local1,
      packet.local2,
      packet.local3,
      packet.remote0,
      packet.remote1,
      packet.remote2,
      packet.remote3,
      s.localPort,
      s.remotePort,
    );
  }

  /** A SYN for a connection in TIME-WAIT that is surely newer opens a new one, if anybody listens: RFC 9293 §3.10.7.4, RFC 6191. */
  #reuses(entry: Entry, packet: IpPacketIn, s: SegmentIn): boolean {
    const t = entry.connection.tcb;
    if (t.state !== STATE_TIME_WAIT) return false;
    if ((s.flags & (TCP_SYN | TCP_RST | TCP_ACK)) !== TCP_SYN) return false;
    if (this.#core.listeners.find(packet, s.localPort) === null) return false;
    const newer = t.tsEnabled && s.hasTimestamps
      ? (s.tsVal - t.tsRecent | 0) > 0
      : seqAfter(s.seq, t.rcvNxt);
    if (newer) {
      this.#core.context.rules.increment(RULE.R_TIME_WAIT_REUSED);
      this.#core.context.counters.increment(TCP_COUNTER.TcpExtTWRecycled);
    }
    return newer;
  }

  /** RFC 9293 §3.10.7.2. */
  #receiveForListener(
    listener: Listener,
    packet: IpPacketIn,
    s: SegmentIn,
    now: Micros,
  ): void {
    const { rules, counters } = this.#core.context;
    if (s.flags & TCP_RST) {
      rules.increment(RULE.R_LISTEN_IGNORE_RESET);
      return;
    }
    if (s.flags & TCP_ACK) {
      if (takeCookie(this.#core, listener, packet, s, now)) return;
      rules.increment(RULE.R_LISTEN_RESET_ACK);
      this.#receiveClosed(packet, s);
      return;
    }
    if (!(s.flags & TCP_SYN)) {
      rules.increment(RULE.R_LISTEN_IGNORE);
      return;
    }
    if (!listener.hasRoom) {
      rules.increment(RULE.R_LISTEN_OVERFLOW);
      counters.increment(TCP_COUNTER.TcpExtListenOverflows);
      counters.increment(TCP_COUNTER.TcpExtListenDrops);
      return;
    }
    const { synCookies, maxSynBacklog } = this.#core.context.config;
    // As Linux, by the application's backlog: a handshake under way costs memory and timers, a cookie neither.
    const full = listener.pendingCount > listener.backlog ||
      listener.pendingCount >= maxSynBacklog;
    const mayForget = listener.inspector === null;
    if (mayForget && (synCookies === 2 || full && synCookies === 1)) {
      rules.increment(RULE.R_LISTEN_COOKIE);
      if (full) counters.increment(TCP_COUNTER.TcpExtTCPReqQFullDoCookies);
      sendCookie(this.#core, listener, packet, s, now);
      return;
    }
    if (full) {
      rules.increment(RULE.R_LISTEN_OVERFLOW);
      counters.increment(TCP_COUNTER.TcpExtTCPReqQFullDrop);
      counters.increment(TCP_COUNTER.TcpExtListenDrops);
      return;
    }
    const route = routeBack(this.#core, packet);
    if (route === null) return;
    rules.increment(RULE.R_LISTEN_SYN);
    const entry = bearChild(this.#core, listener, route, s, now);
    if (entry === null) return;
    const { inspector } = listener;
    entry.connection.acceptSyn(
      s,
      now,
      inspector === null ? listener.fastOpen : null,
    );
    inspector?.handleSyn(entry.connection, now);
  }

  /** RFC 9293 §3.10.7.1. */
  #receiveClosed(packet: IpPacketIn, s: SegmentIn): void {
    const reply = this.#core.replies.next();
    if (reply === null) {
      this.#core.context.counters.increment(TCP_COUNTER.SynloadRepliesDropped);
      return;
    }
    if (!answerClosed(s, reply.segment)) {
      this.#core.context.rules.increment(RULE.R_CLOSED_IGNORE_RESET);
      return;
    }
    this.#core.context.rules.increment(RULE.R_CLOSED_RESET);
    reply.route = routeBack(this.#core, packet);
    if (reply.route !== null) this.#core.replies.push();
  }

  #receiveError(packet: IpPacketIn, now: Micros): void {
    if (packet.l4Length < QUOTED_LENGTH) return;
    const view = packet.frame.view;
    const localPort = view.getUint16(packet.l4);
    const remotePort = view.getUint16(packet.l4 + 2);
    const entry = this.#core.table.find(
      packet.local0,
      packet.local1,
      packet.local2,
      packet.local3,
      packet.remote0,
      packet.remote1,
      packet.remote2,
      packet.remote3,
      localPort,
      remotePort,
    );
    if (entry === undefined) return;
    const error = this.#error;
    error.kind = packet.icmpKind;
    error.type = packet.icmpType;
    error.code = packet.icmpCode;
    error.mtu = packet.icmpMtu;
    error.seq = toSeq(view.getInt32(packet.l4 + 4));
    const t = entry.connection.tcb;
    if (error.kind === ICMP_TOO_BIG && isCredible(t, error)) {
      this.#core.ip.reducePathMtu(entry.route, error.mtu, now);
      entry.connection.setPathMtu(entry.route.pathMtu);
    }
    entry.connection.handleIcmp(error, now);
  }
}

function checksumHolds(packet: IpPacketIn): boolean {
  return verifyTcpChecksum(
    packet.frame,
    packet.l4,
    packet.l4Length,
    packet.local0,
    packet.local1,
    packet.local2,
    packet.local3,
    packet.remote0,
    packet.remote1,
    packet.remote2,
    packet.remote3,
    packet.local0 === 0 && packet.local1 === 0 && packet.local2 === 0xffff
      ? 4
      : 6,
  );
}
