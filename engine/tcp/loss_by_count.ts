// @hot
/**
 * Loss without times: by counting duplicate acknowledgements (RFC 5681 §3.2,
 * RFC 6582) or selectively acknowledged segments (RFC 6675 §4), and by the
 * retransmission timer, which suspects all that is in flight.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { CA_RECOVERY } from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { splitAt } from "./sack.ts";
import { markLost } from "./scoreboard.ts";
import type { AckResult } from "./scoreboard.ts";
import { SENT_RETRANSMITTED, SENT_SACKED } from "./sent_queue.ts";
import { seqAdd } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Without SACK, each duplicate acknowledgement stands for one segment that left the network. RFC 5681 §3.2. */
export function countDuplicates(t: Tcb, r: AckResult): void {
  if (r.advanced) {
    // What the duplicates stood for was counted as delivered then.
    const again = Math.min(t.sackedOut, r.ackedSegments - 1);
    if (again > 0) {
      t.delivered -= again;
      r.sackedSegments -= again;
    }
    t.dupAcks = 0;
    if (t.caState !== CA_RECOVERY) t.sackedOut = 0;
    else t.sackedOut = Math.max(0, t.sackedOut - (r.ackedSegments - 1));
    return;
  }
  if (!r.duplicate) return;
  t.dupAcks++;
  // Something is missing, or there would be no duplicate: at least one segment stays out.
  const holes = t.lostOut > 0 ? t.lostOut : 1;
  if (t.sackedOut + holes < t.packetsOut) {
    t.sackedOut++;
    r.sackedSegments++;
    t.delivered++;
  }
}

/** RFC 5681 §3.2: the third duplicate marks the head lost; with SACK, RFC 6675's IsLost() judges each. */
export function detectByCounting(t: Tcb, r: AckResult): void {
  if (t.sackEnabled) {
    markBelowSacked(t, r);
    return;
  }
  if (t.caState >= CA_RECOVERY) return;
  if (t.sackedOut >= t.reordering && t.lostOut === 0) markHeadLost(t, r);
}

/** RFC 6675 §4 IsLost(): lost is what has as many SACKed segments above it as the threshold says. */
function markBelowSacked(t: Tcb, r: AckResult): void {
  if (t.sackedOut < t.reordering) return;
  let above = 0;
  let record = t.sent.tail;
  for (; record !== null; record = record.previous) {
    if (record.flags & SENT_SACKED) above += record.segments;
    else if (
      above >= t.reordering && (record.flags & SENT_RETRANSMITTED) === 0
    ) markLost(t, record, r);
  }
}

/** Judges the oldest segment lost. */
export function markHeadLost(t: Tcb, r: AckResult): void {
  const head = t.sent.head;
  if (head === null) return;
  if (head.segments > 1) {
    splitAt(t, head, seqAdd(head.start, head.segmentLength));
  }
  if (head.flags & SENT_RETRANSMITTED) return;
  markLost(t, head, r);
}

/** After a timeout: judges lost what is in flight, but what was sent too lately to have been answered. */
export function markAllLost(t: Tcb, r: AckResult): void {
  const head = t.sent.head;
  // RFC 2018 §8: a SACKed head means the peer gave back what it held.
  const reneged = head !== null && (head.flags & SENT_SACKED) !== 0;
  if (reneged) {
    t.context.counters.increment(TCP_COUNTER.TcpExtTCPSACKReneging);
  }
  if (!t.sackEnabled) t.sackedOut = 0;
  for (let record = head; record !== null; record = record.next) {
    if (reneged && (record.flags & SENT_SACKED)) {
      record.flags &= ~SENT_SACKED;
      t.sackedOut -= record.segments;
    }
    if (record.flags & SENT_SACKED) continue;
    if (record !== head && sentLately(t, record.sentAt, r)) continue;
    markLost(t, record, r);
  }
  t.seenSackCount = 0;
}

/** RFC 8985 §6.3: what was sent less than a round trip ago is not to blame. */
function sentLately(t: Tcb, sentAt: Micros, r: AckResult): boolean {
  return t.config.rack && t.sackEnabled && t.rackRtt > 0 &&
    sentAt + t.rackRtt + Math.min(t.minRtt / 4, t.srtt) > r.now;
}
