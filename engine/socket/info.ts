/**
 * What `tcp_info` tells, of our connections.
 *
 * Field for field Linux's `struct tcp_info` (include/uapi/linux/tcp.h) where
 * it makes sense here, in camelCase, with the units in the docs; and the
 * outcome of Fast Open.
 *
 * @module
 */
import { MILLISECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import { CA_NAMES } from "../tcp/codes.ts";
import type { FastOpenFailure } from "../tcp/fast_open_attempt.ts";
import { receiveWindow } from "../tcp/ack_policy.ts";
import { seqSpan } from "../tcp/seq.ts";
import { STATE_NAMES } from "../tcp/state.ts";
import type { Tcb } from "../tcp/tcb.ts";

/** How Fast Open went on a connection. RFC 7413; Linux's `tcpi_fastopen_client_fail`. */
export interface FastOpenInfo {
  /** Whether our SYN tried it or a peer's. */
  readonly role: "client" | "server";
  /** What the SYN carried. */
  readonly cookie: "none" | "requested" | "sent" | "cookieless";
  /** Payload bytes in the SYN. */
  readonly synData: number;
  /** How many of them the SYN-ACK acknowledged. */
  readonly synDataAcked: number;
  /** Times the SYN, or at the server the SYN-ACK, was sent again. */
  readonly synRetransmits: number;
  /** Why SYN data did not get through; `"none"` when it did or none was offered. */
  readonly failure: FastOpenFailure;
  /** Bytes of the cookie the SYN-ACK brought; 0: none. */
  readonly cookieReceived: number;
  /** The experimental option (kind 254) was used. */
  readonly experimental: boolean;
  /** Times acknowledged SYN data was sent again because the server did not show that it has it. */
  readonly synDataResends: number;
  /** Round trips saved against a plain handshake: 0 or 1. */
  readonly roundTripsSaved: 0 | 1;
}

/** A connection's figures at one instant. */
export interface TcpInfo {
  /** Name of the state, as `ss` prints it. */
  readonly state: string;
  /** Number of the state, as Linux's `tcp_states.h`. */
  readonly stateNumber: number;
  /** Loss recovery: open, disorder, cwr, recovery, loss. */
  readonly caState: string;
  /** Retransmission timeouts in the present episode. */
  readonly retransmits: number;
  /** Unanswered window or keepalive probes. */
  readonly probes: number;
  /** Doublings of the RTO in force. */
  readonly backoff: number;
  /** Bits: 1 timestamps, 2 SACK, 4 window scaling, 8 ECN, 16 ECN mark seen, 32 SYN data acknowledged. */
  readonly options: number;
  /** Shift of the windows the peer offers. */
  readonly sndWscale: number;
  /** Shift of those we offer. */
  readonly rcvWscale: number;
  /** Retransmission timeout, µs. */
  readonly rto: Micros;
  /** Delayed-acknowledgement time, µs. */
  readonly ato: Micros;
  /** Payload bytes of a full segment we send. */
  readonly sndMss: number;
  /** Estimate of those the peer sends. */
  readonly rcvMss: number;
  /** MSS we announced, bytes. */
  readonly advMss: number;
  /** Path MTU, bytes. */
  readonly pathMtu: number;
  /** Segments sent and not cumulatively acknowledged. */
  readonly unacked: number;
  /** Of them, selectively acknowledged. */
  readonly sacked: number;
  /** Of them, judged lost. */
  readonly lost: number;
  /** Retransmissions in flight, segments. */
  readonly retrans: number;
  /** Segments retransmitted in all. */
  readonly totalRetrans: number;
  /** Since data was last sent, ms. */
  readonly lastDataSent: number;
  /** Since data was last received, ms. */
  readonly lastDataReceived: number;
  /** Since an acknowledgement was last received, ms. */
  readonly lastAckReceived: number;
  /** Smoothed RTT, µs. */
  readonly rtt: Micros;
  /** RTT variance, µs. */
  readonly rttvar: Micros;
  /** Lowest RTT of the last five minutes, µs; 0: no sample. */
  readonly minRtt: Micros;
  /** RTT as the receiver sees it, µs. */
  readonly rcvRtt: Micros;
  /** Bytes of receive buffer the window is tuned to. */
  readonly rcvSpace: number;
  /** Slow-start threshold, segments; Infinity before the first loss. */
  readonly sndSsthresh: number;
  /** Congestion window, segments. */
  readonly sndCwnd: number;
  /** Segments of reordering allowed for. */
  readonly reordering: number;
  /** Times reordering was seen. */
  readonly reorderSeen: number;
  /** Pacing rate, bytes per second; Infinity: no sample. */
  readonly pacingRate: number;
  /** Its ceiling. */
  readonly maxPacingRate: number;
  /** Payload bytes acknowledged by the peer. */
  readonly bytesAcked: number;
  /** Payload bytes received in order. */
  readonly bytesReceived: number;
  /** Payload bytes sent, retransmissions included. */
  readonly bytesSent: number;
  /** Payload bytes retransmitted. */
  readonly bytesRetrans: number;
  /** Segments sent. */
  readonly segsOut: number;
  /** Segments received. */
  readonly segsIn: number;
  /** Segments with payload sent. */
  readonly dataSegsOut: number;
  /** Segments with payload received. */
  readonly dataSegsIn: number;
  /** Segments delivered to the peer. */
  readonly delivered: number;
  /** Of them, with a congestion mark. */
  readonly deliveredCe: number;
  /** DSACK blocks received. */
  readonly dsackDups: number;
  /** Segments received out of order. */
  readonly rcvOooPack: number;
  /** Bytes queued and not sent. */
  readonly notSentBytes: number;
  /** Window the peer offers, bytes. */
  readonly sndWnd: number;
  /** Window we offer, bytes. */
  readonly rcvWnd: number;
  /** Name of the congestion control algorithm. */
  readonly congestionControl: string;
  /** Fast Open on this connection; null: not tried. */
  readonly fastOpen: FastOpenInfo | null;
}

/** Reads `t` at `now`. */
export function tcpInfo(t: Tcb, now: Micros): TcpInfo {
  const since = (at: Micros): number =>
    Math.floor((now - Math.max(at, t.createdAt)) / MILLISECOND);
  return {
    state: STATE_NAMES[t.state],
    stateNumber: t.state,
    caState: CA_NAMES[t.caState],
    retransmits: t.timeouts,
    probes: t.probesOut,
    backoff: t.backoff,
    options: optionBits(t),
    sndWscale: t.sndWscale,
    rcvWscale: t.rcvWscale,
    rto: t.rttEstimator.backedOff(t.backoff),
    ato: t.ato,
    sndMss: t.mss,
    rcvMss: t.rcvMss,
    advMss: t.advMss,
    pathMtu: t.pathMtu,
    unacked: t.packetsOut,
    sacked: t.sackedOut,
    lost: t.lostOut,
    retrans: t.retransOut,
    totalRetrans: t.totalRetrans,
    lastDataSent: since(t.lastSentAt),
    lastDataReceived: since(t.lastDataReceivedAt),
    lastAckReceived: since(t.lastAckReceivedAt),
    rtt: t.srtt,
    rttvar: t.rttEstimator.rttvar,
    minRtt: t.minRtt === Infinity ? 0 : t.minRtt,
    rcvRtt: t.rcvRtt,
    rcvSpace: t.rcvSpace,
    sndSsthresh: t.ssthresh,
    sndCwnd: t.cwnd,
    reordering: t.reordering,
    reorderSeen: t.reorderSeen,
    pacingRate: t.pacingRate,
    maxPacingRate: t.maxPacingRate,
    bytesAcked: t.bytesAcked,
    bytesReceived: t.bytesReceived,
    bytesSent: t.bytesSent,
    bytesRetrans: t.bytesRetransmitted,
    segsOut: t.segmentsOut,
    segsIn: t.segmentsIn,
    dataSegsOut: t.dataSegmentsOut,
    dataSegsIn: t.dataSegmentsIn,
    delivered: t.delivered,
    deliveredCe: t.deliveredCe,
    dsackDups: t.dsackDuplicates,
    rcvOooPack: t.outOfOrderPackets,
    notSentBytes: Math.max(0, seqSpan(t.sndNxt, t.writeSeq)),
    sndWnd: t.sndWnd,
    rcvWnd: receiveWindow(t),
    congestionControl: t.congestion.name,
    fastOpen: fastOpenInfo(t),
  };
}

function optionBits(t: Tcb): number {
  const attempt = t.fastOpen;
  // Linux: all of it.
  const synDataAcked = attempt !== null && attempt.synData > 0 &&
    attempt.synDataAcked === attempt.synData;
  return (t.tsEnabled ? 1 : 0) | (t.sackEnabled ? 2 : 0) |
    (t.wscaleEnabled ? 4 : 0) | (t.ecnEnabled ? 8 : 0) |
    (t.ecnSeen ? 16 : 0) | (synDataAcked ? 32 : 0);
}

function fastOpenInfo(t: Tcb): FastOpenInfo | null {
  const attempt = t.fastOpen;
  if (attempt === null) return null;
  return {
    role: attempt.role,
    cookie: attempt.cookie,
    synData: attempt.synData,
    synDataAcked: attempt.synDataAcked,
    synRetransmits: attempt.role === "client"
      ? attempt.synRetransmits
      : Math.max(0, t.synSent - 1),
    failure: attempt.failure,
    cookieReceived: attempt.cookieReceived,
    experimental: attempt.experimental,
    synDataResends: attempt.resends,
    roundTripsSaved: attempt.roundTripsSaved,
  };
}
