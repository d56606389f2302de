/**
 * A control block under the names of Linux's tcp_info.
 *
 * @module
 */
import { seqSpan } from "../../../engine/tcp/seq.ts";
import type { Tcb } from "../../../engine/tcp/tcb.ts";
import type { CodeValues } from "../run/executor.ts";

/** Linux's TCP_INFINITE_SSTHRESH. */
const INFINITE_SSTHRESH = 0x7fff_ffff;
const OPT_TIMESTAMPS = 1;
const OPT_SACK = 2;
const OPT_WSCALE = 4;
const OPT_ECN = 8;
const OPT_ECN_SEEN = 16;
const OPT_SYN_DATA = 32;

/** `tcpi_…` values of a connection. Those the engine does not keep are absent. */
export function tcpInfo(t: Tcb): CodeValues {
  const rtt = t.rttEstimator;
  const values: Readonly<Record<string, number>> = {
    state: t.state,
    ca_state: t.caState,
    retransmits: t.timeouts,
    probes: t.probesOut,
    backoff: t.backoff,
    options: optionBits(t),
    snd_wscale: t.sndWscale,
    rcv_wscale: t.rcvWscale,
    rto: rtt.rto,
    ato: t.ato,
    snd_mss: t.mss,
    rcv_mss: t.rcvMss,
    unacked: t.packetsOut,
    sacked: t.sackedOut,
    lost: t.lostOut,
    retrans: t.retransOut,
    fackets: 0,
    pmtu: t.pathMtu,
    rtt: Math.floor(rtt.srtt),
    rttvar: Math.floor(rtt.rttvar),
    snd_ssthresh: t.ssthresh === Infinity ? INFINITE_SSTHRESH : t.ssthresh,
    snd_cwnd: t.cwnd,
    advmss: t.advMss,
    reordering: t.reordering,
    rcv_rtt: t.rcvRtt,
    rcv_space: t.rcvSpace,
    total_retrans: t.totalRetrans,
    bytes_acked: t.bytesAcked,
    bytes_received: t.bytesReceived,
    segs_out: t.segmentsOut,
    segs_in: t.segmentsIn,
    notsent_bytes: Math.max(0, seqSpan(t.sndNxt, t.writeSeq)),
    min_rtt: rtt.minRtt,
    data_segs_in: t.dataSegmentsIn,
    data_segs_out: t.dataSegmentsOut,
    delivered: t.delivered,
    delivered_ce: t.deliveredCe,
    bytes_sent: t.bytesSent,
    bytes_retrans: t.bytesRetransmitted,
    dsack_dups: t.dsackDuplicates,
    reord_seen: t.reorderSeen,
    rcv_ooopack: t.outOfOrderPackets,
  };
  return new Map(
    Object.entries(values).map(([name, value]) => [`tcpi_${name}`, value]),
  );
}

function optionBits(t: Tcb): number {
  const attempt = t.fastOpen;
  const isSynDataAcked = attempt !== null && attempt.synData > 0 &&
    attempt.synDataAcked === attempt.synData;
  return (t.tsEnabled ? OPT_TIMESTAMPS : 0) |
    (t.sackEnabled ? OPT_SACK : 0) |
    (t.wscaleEnabled ? OPT_WSCALE : 0) |
    (t.ecnEnabled ? OPT_ECN : 0) |
    (t.ecnSeen ? OPT_ECN_SEEN : 0) |
    (isSynDataAcked ? OPT_SYN_DATA : 0);
}
