/**
 * Every number TCP can be told, with its unit, its source and who else uses it.
 *
 * One record per stack ({@linkcode TcpConfig}); a connection copies what it
 * may change for itself when it is made. Defaults are Linux's (6.18) unless
 * the line says otherwise, because that is what a peer, and a packet script
 * written for one, expects.
 *
 * @module
 */
import { MILLISECOND, SECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import type { CongestionControl } from "./congestion/control.ts";
import { createCubic } from "./congestion/cubic.ts";

/** A memory tuning triple: smallest, initial and largest size of a buffer in bytes, as `tcp_rmem` and `tcp_wmem`. */
export interface BufferSizes {
  /** Smallest size. */
  readonly min: number;
  /** Size of a new connection's. */
  readonly initial: number;
  /** Limit of auto-tuning. */
  readonly max: number;
}

/** What a stack's TCP is told. */
export interface TcpConfig {
  /** Retransmissions of a SYN before an active open fails, the linear ones not counted: 131 s in all. Linux `tcp_syn_retries` 6. */
  synRetries: number;
  /** SYN timeouts that stay at the initial RTO before doubling starts. Linux `tcp_syn_linear_timeouts` 4. */
  synLinearTimeouts: number;
  /** Retransmissions of a SYN-ACK. Linux `tcp_synack_retries` 5. */
  synAckRetries: number;
  /** Timeouts after which the path is suspected (R1, RFC 9293 §3.8.3). Linux `tcp_retries1` 3. */
  retries1: number;
  /** Timeouts after which a connection is given up (R2). Linux `tcp_retries2` 15, about 15 minutes. */
  retries2: number;
  /** The same for a connection the application has closed. Linux `tcp_orphan_retries` 0, which means 8. */
  orphanRetries: number;
  /** Smallest RTO. RFC 6298 §2.4 says 1 s; Linux uses 200 ms. */
  rtoMin: Micros;
  /** Largest RTO. RFC 6298 §2.5 allows 60 s or more; Linux uses 120 s. */
  rtoMax: Micros;
  /** RTO before the first sample. RFC 6298 §2.1: 1 s. */
  rtoInitial: Micros;
  /** Shortest delayed-acknowledgement time. Linux TCP_ATO_MIN, 40 ms. */
  delayedAckMin: Micros;
  /** Longest. RFC 9293 §3.8.6.3: under 500 ms; Linux TCP_DELACK_MAX, 200 ms. */
  delayedAckMax: Micros;
  /** How long an orphan waits in FIN-WAIT-2. Linux `tcp_fin_timeout` 60 s. */
  finTimeout: Micros;
  /** 2 MSL. RFC 9293 §3.4.2 says MSL 2 minutes; Linux holds TIME-WAIT 60 s. */
  timeWaitTimeout: Micros;
  /** Most connections in TIME-WAIT; beyond it a connection closes without waiting. Linux `tcp_max_tw_buckets`. */
  maxTimeWait: number;
  /** Most connections the application has closed that are not over; beyond it closing resets. Linux `tcp_max_orphans`. */
  maxOrphans: number;
  /** Offer and accept timestamps, RFC 7323. */
  timestamps: boolean;
  /** Offer and accept selective acknowledgement, RFC 2018. */
  sack: boolean;
  /** Send DSACK blocks, RFC 2883. */
  dsack: boolean;
  /** Offer and accept window scaling, RFC 7323. */
  windowScaling: boolean;
  /** ECN, RFC 3168: 0 off, 1 ask and answer, 2 answer only. Linux `tcp_ecn` 2. */
  ecn: 0 | 1 | 2;
  /** F-RTO, RFC 5682. */
  frto: boolean;
  /** Tail loss probes, RFC 8985 §7. */
  tailLossProbe: boolean;
  /** RACK loss detection, RFC 8985 §6; off: RFC 6675 duplicate counting alone. */
  rack: boolean;
  /** Initial duplicate-acknowledgement threshold. RFC 5681: 3; Linux `tcp_reordering` 3. */
  reordering: number;
  /** Ceiling for its growth. Linux `tcp_max_reordering` 300. */
  maxReordering: number;
  /** Shrink the congestion window after an idle RTO, RFC 5681 §4.1. */
  slowStartAfterIdle: boolean;
  /** Initial congestion window in segments. RFC 6928: 10. */
  initialCwnd: number;
  /** Ceiling of the congestion window in segments; Linux snd_cwnd_clamp. */
  maxCwnd: number;
  /** Receive buffer; the largest decides the window scale. Linux `tcp_rmem` 4096 131072 6291456. */
  receiveBuffer: BufferSizes;
  /** Send buffer. Linux `tcp_wmem` 4096 16384 4194304; ours begins larger because a program's writes are whole chunks, not pages. */
  sendBuffer: BufferSizes;
  /** Grow the receive buffer with the application's reading speed. Linux `tcp_moderate_rcvbuf`. */
  moderateReceiveBuffer: boolean;
  /** Most out-of-order ranges held per connection. */
  maxOutOfOrderRanges: number;
  /** Smallest MSS accepted from a peer, bytes. Linux TCP_MIN_SND_MSS 48; `tcp_min_snd_mss`. */
  minSendMss: number;
  /** Path MTU probing, RFC 4821: 0 off, 1 after a suspected black hole, 2 always. Linux `tcp_mtu_probing` 0; ours 1. */
  mtuProbing: 0 | 1 | 2;
  /** Search base of path MTU probing, bytes. Linux `tcp_base_mss` 1024. */
  baseMss: number;
  /** Lowest MSS probing falls back to. Linux `tcp_mtu_probe_floor` 48. */
  mtuProbeFloor: number;
  /** Fewest segments in a super-segment when pacing would make it smaller. Linux `tcp_min_tso_segs` 2. */
  minGsoSegments: number;
  /** A super-segment takes at most 1/this of the congestion window. Linux `tcp_tso_win_divisor` 3. */
  gsoWindowDivisor: number;
  /** log2 of the round-trip time, µs, up to which super-segments stay large. Linux `tcp_tso_rtt_log` 9. */
  gsoRttLog: number;
  /** Space what a window lets go over the round trip; a connection may choose for itself. Linux: only with the fq queue or BBR. */
  pacing: boolean;
  /** Pacing rate in slow start, percent of cwnd/RTT. Linux `tcp_pacing_ss_ratio` 200. */
  pacingSlowStartRatio: number;
  /** Pacing rate in congestion avoidance. Linux `tcp_pacing_ca_ratio` 120. */
  pacingAvoidanceRatio: number;
  /** Challenge ACKs per second over the whole stack, RFC 5961 §7. Linux `tcp_challenge_ack_limit` once 1000, today unlimited; ours stays on. */
  challengeAckLimit: number;
  /** Least time between answers to invalid segments of one connection. Linux `tcp_invalid_ratelimit` 500 ms. */
  invalidRateLimit: Micros;
  /** An ICMP error ends an attempt to connect, RFC 5461 §4.1; off: it is remembered and the attempt goes on, as Windows does by default. */
  icmpEndsConnect: boolean;
  /** Idle time before keepalive probes start, when enabled. RFC 9293 §3.8.4: at least 2 hours by default. */
  keepAliveIdle: Micros;
  /** Time between probes. Linux 75 s. */
  keepAliveInterval: Micros;
  /** Unanswered probes that end the connection. Linux 9. */
  keepAliveCount: number;
  /** Pending handshakes of a listener, before SYN cookies. Linux `tcp_max_syn_backlog`. */
  maxSynBacklog: number;
  /** SYN cookies, RFC 4987 §3.6: 0 never, 1 when the queue is full, 2 always. Linux `tcp_syncookies` 1. */
  synCookies: 0 | 1 | 2;
  /** Reset a connection whose listener's accept queue is full instead of letting the client retry. Linux `tcp_abort_on_overflow` 0. */
  abortOnOverflow: boolean;
  /** Protect TIME-WAIT from assassination, RFC 1337. Linux `tcp_rfc1337` 0; ours on. */
  rfc1337: boolean;
  /** Reuse TIME-WAIT for a new outgoing connection by timestamps, RFC 6191. */
  timeWaitReuse: boolean;
  /** First port of the ephemeral range, RFC 6056. Linux `ip_local_port_range` 32768 60999. */
  ephemeralFirst: number;
  /** Last port of the range. */
  ephemeralLast: number;
  /** Fast Open bits as in Linux's `tcp_fastopen`: 1 client, 2 server, 4 client data without cookie, 0x200 server takes data without cookie, 0x400 every listener. Linux 1; ours 3, since each listener and each connect must ask anyway. */
  fastOpen: number;
  /** What bounds SYN data when the server's MSS is not known: `"default"` 536 or 1220 (RFC 7413 §4.1.3), `"path"` what the path carries, as Linux. */
  fastOpenUnknownMss: "default" | "path";
  /** How long a path on which Fast Open failed is left alone the first time, RFC 7413 §4.1.3.1; doubles with each further failure. 0: never, as Linux; ours a minute. */
  fastOpenRest: Micros;
  /** Guard Fast Open against boxes: answer a RST or ICMP error to SYN data by a plain SYN, and keep SYN data until the server itself has acknowledged it. Linux does neither; Windows has a setting of this name. */
  fastOpenFallback: boolean;
  /** Delay of the first active Fast Open black-hole disabling; 0 off. Linux `tcp_fastopen_blackhole_timeout_sec`. */
  fastOpenBlackholeTimeout: Micros;
  /** Unsent bytes below which the application is told that it may write again; Infinity: half the buffer free. Linux `tcp_notsent_lowat`. */
  notSentLowWater: number;
  /** Makes the congestion controller of a new connection. */
  congestionControl: () => CongestionControl;
}

/** Linux's defaults, and ours where a line above says so. A fresh record each call. */
export function defaultTcpConfig(): TcpConfig {
  return {
    synRetries: 6,
    synLinearTimeouts: 4,
    synAckRetries: 5,
    retries1: 3,
    retries2: 15,
    orphanRetries: 8,
    rtoMin: 200 * MILLISECOND,
    rtoMax: 120 * SECOND,
    rtoInitial: SECOND,
    delayedAckMin: 40 * MILLISECOND,
    delayedAckMax: 200 * MILLISECOND,
    finTimeout: 60 * SECOND,
    timeWaitTimeout: 60 * SECOND,
    maxTimeWait: 65_536,
    maxOrphans: 65_536,
    timestamps: true,
    sack: true,
    dsack: true,
    windowScaling: true,
    ecn: 2,
    frto: true,
    tailLossProbe: true,
    rack: true,
    reordering: 3,
    maxReordering: 300,
    slowStartAfterIdle: true,
    initialCwnd: 10,
    maxCwnd: 0xffff_ffff,
    receiveBuffer: { min: 4_096, initial: 131_072, max: 6_291_456 },
    sendBuffer: { min: 4_096, initial: 262_144, max: 4_194_304 },
    moderateReceiveBuffer: true,
    maxOutOfOrderRanges: 4_096,
    minSendMss: 48,
    mtuProbing: 1,
    baseMss: 1_024,
    mtuProbeFloor: 48,
    minGsoSegments: 2,
    gsoWindowDivisor: 3,
    gsoRttLog: 9,
    pacing: false,
    pacingSlowStartRatio: 200,
    pacingAvoidanceRatio: 120,
    challengeAckLimit: 1_000,
    invalidRateLimit: 500 * MILLISECOND,
    icmpEndsConnect: true,
    keepAliveIdle: 7_200 * SECOND,
    keepAliveInterval: 75 * SECOND,
    keepAliveCount: 9,
    maxSynBacklog: 4_096,
    synCookies: 1,
    abortOnOverflow: false,
    rfc1337: true,
    timeWaitReuse: true,
    ephemeralFirst: 32_768,
    ephemeralLast: 60_999,
    fastOpen: 3,
    fastOpenUnknownMss: "default",
    fastOpenRest: 60 * SECOND,
    fastOpenFallback: true,
    fastOpenBlackholeTimeout: 0,
    notSentLowWater: Infinity,
    congestionControl: createCubic,
  };
}
