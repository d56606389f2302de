/**
 * Opening a connection: RFC 9293 §3.10.1 and §3.10.7.2.
 *
 * Both roles begin alike: what we offer, the initial sequence number and the
 * offset of the timestamps are set before the first SYN is described.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { TCP_COUNTER } from "./counters.ts";
import { prepareFastOpen } from "./fast_open_client.ts";
import type { FastOpenQueue } from "./fast_open_queue.ts";
import { acceptFastOpenSyn } from "./fast_open_server.ts";
import { acceptEcnSyn, acceptOffer, prepareOffer } from "./negotiate.ts";
import { initialWindow } from "./rx_ack.ts";
import { seqAdd } from "./seq.ts";
import { STATE_SYN_RECEIVED, STATE_SYN_SENT, transition } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** Active open: SYN-SENT, a SYN is due. */
export function openActive(
  t: Tcb,
  mode: "plain" | "fast" | "cookieless",
  now: Micros,
): void {
  prepare(t, now);
  t.ecnAsked = t.config.ecn === 1;
  t.context.counters.increment(TCP_COUNTER.TcpActiveOpens);
  transition(t, STATE_SYN_SENT);
  if (mode !== "plain" && t.config.fastOpen & 1) prepareFastOpen(t, mode, now);
  t.synDue = true;
}

/** Passive open by the SYN `s`: SYN-RECEIVED, a SYN-ACK is due. With `fastOpen` its data may count at once. */
export function openPassive(
  t: Tcb,
  s: SegmentIn,
  fastOpen: FastOpenQueue | null,
  now: Micros,
): void {
  t.passive = true;
  prepare(t, now);
  acceptEcnSyn(t, s);
  acceptOffer(t, s, now);
  t.irs = s.seq;
  t.rcvNxt = seqAdd(s.seq, 1);
  t.rcvWup = t.rcvNxt;
  t.lastAckSent = t.rcvNxt;
  t.lastReceivedAt = now;
  t.segmentsIn = 1;
  initialWindow(t, s, s.wnd);
  t.context.counters.increment(TCP_COUNTER.TcpPassiveOpens);
  transition(t, STATE_SYN_RECEIVED);
  acceptFastOpenSyn(t, s, fastOpen, now);
  t.synDue = true;
}

function prepare(t: Tcb, now: Micros): void {
  const isn = t.context.isn;
  prepareOffer(t);
  t.tsOffset = isn.timestampOffset(
    t.local,
    t.localPort,
    t.remote,
    t.remotePort,
  );
  t.iss = isn.initialSequence(
    t.local,
    t.localPort,
    t.remote,
    t.remotePort,
    now,
  );
  t.sndUna = t.iss;
  t.sndNxt = t.iss;
  t.sndBufSeq = seqAdd(t.iss, 1);
  t.pushSeq = t.writeSeq;
  t.sndSml = t.iss;
  t.highSeq = t.iss;
  t.highestSacked = t.iss;
  t.cwndUsageSeq = t.iss;
  t.ecnHighSeq = t.iss;
}
