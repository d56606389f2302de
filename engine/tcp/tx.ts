// @hot
/**
 * What to send next: RFC 9293 §3.7 and §3.8, in two halves.
 *
 * `describe` looks and changes nothing; `commit` records what the device took.
 * Between them the device may say "busy", and then nothing has happened. In
 * order of precedence:
 *
 *     RST owed > SYN owed > loss probe > what is lost > new data, FIN > probe > bare ACK
 *
 * New data goes in super-segments of as many full segments as the windows,
 * Nagle and the pacing rate allow; the device cuts them.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { SegmentOut } from "../wire/tcp_segment.ts";
import { ackSent, tellWindow } from "./ack_policy.ts";
import { TCP_COUNTER } from "./counters.ts";
import { countReset } from "./death.ts";
import { noteSynDataSent } from "./fast_open_confirm.ts";
import { countRetransmission } from "./rx_ack.ts";
import {
  MAY_TRANSMIT,
  STATE_CLOSED,
  STATE_SYN_RECEIVED,
  stateIn,
} from "./state.ts";
import type { Tcb } from "./tcb.ts";
import {
  commitSyn,
  describeAck,
  describeProbe,
  describeReset,
  describeSyn,
  describeSynDataAgain,
} from "./tx_control.ts";
import { commitNewData, describeNewData } from "./tx_data.ts";
import {
  commitRetransmission,
  describeLossProbe,
  describeRetransmission,
} from "./tx_retransmit.ts";
import {
  PLAN_DATA,
  PLAN_NONE,
  PLAN_PROBE,
  PLAN_RESET,
  PLAN_RETRANSMIT,
  PLAN_SYN,
  PLAN_SYN_DATA,
} from "./tx_segment.ts";

/**
 * Describes the next segment in `out`, or returns false when there is none to
 * send now. Changes nothing but the plan, and the timer that says when to ask
 * again (window probe, pacing, cork).
 */
export function describe(t: Tcb, out: SegmentOut, now: Micros): boolean {
  t.plan = PLAN_NONE;
  t.planRecord = null;
  if (t.blocked) return false;
  if (t.resetDue) return describeReset(t, out);
  if (t.state === STATE_CLOSED) return false;
  if (t.synDue) return describeSyn(t, out, now);
  if (t.synDataDue) return describeSynDataAgain(t, out, now);
  if (mayTransmit(t)) {
    if (t.tlpDue && describeLossProbe(t, out, now)) return true;
    if (describeRetransmission(t, out, now)) return true;
    if (describeNewData(t, out, now)) return true;
  }
  if (t.probeDue) return describeProbe(t, out, now);
  if (t.ackNow) return describeAck(t, out, now);
  return false;
}

/** Records that the segment described in `out` left at `now`. */
export function commit(t: Tcb, out: SegmentOut, now: Micros): void {
  const segments = out.gsoSize > 0
    ? Math.ceil(out.dataLength / out.gsoSize)
    : 1;
  t.segmentsOut += segments;
  t.context.counters.add(TCP_COUNTER.TcpOutSegs, segments);
  switch (t.plan) {
    case PLAN_RESET:
      t.resetDue = false;
      countReset(t);
      return;
    case PLAN_SYN:
      commitSyn(t, out, now);
      return;
    case PLAN_DATA:
      commitNewData(t, out, segments, now);
      break;
    case PLAN_RETRANSMIT:
      commitRetransmission(t, out, segments, now);
      break;
    case PLAN_PROBE:
      t.probeDue = false;
      break;
    case PLAN_SYN_DATA:
      noteSynDataSent(t, out.dataLength);
      t.bytesSent += out.dataLength;
      t.bytesRetransmitted += out.dataLength;
      countRetransmission(t, 1);
      break;
  }
  tellWindow(t, out.wnd << t.rcvWscale);
  ackSent(t, segments);
  t.plan = PLAN_NONE;
}

/** Whether the state lets data, a FIN or retransmissions leave. */
function mayTransmit(t: Tcb): boolean {
  return stateIn(t.state, MAY_TRANSMIT) ||
    t.state === STATE_SYN_RECEIVED && t.fastOpenAccepted && t.synSent > 0;
}
