/**
 * The books of a connection, audited: what must hold between any two calls.
 *
 * @module
 */
import {
  SENT_LOST,
  SENT_RETRANSMITTED,
  SENT_SACKED,
} from "../../engine/tcp/sent_queue.ts";
import { seqSpan, seqToU32 } from "../../engine/tcp/seq.ts";
import {
  STATE_CLOSED,
  STATE_NAMES,
  STATE_SYN_SENT,
} from "../../engine/tcp/state.ts";
import type { Tcb } from "../../engine/tcp/tcb.ts";

/** Throws an Error that lists every invariant `t` violates. */
export function checkTcb(t: Tcb): void {
  const wrong = faultsOf(t);
  if (wrong.length === 0) return;
  throw new Error(
    `Invariants broken in ${STATE_NAMES[t.state]} (una ${
      seqToU32(t.sndUna)
    }, nxt ${seqToU32(t.sndNxt)}): ${wrong.join("; ")}`,
  );
}

/** The invariants `t` violates, as sentences; none when all is well. */
export function faultsOf(t: Tcb): string[] {
  const wrong: string[] = [];
  const expect = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  if (t.state === STATE_CLOSED) {
    expect(t.timers.earliest === Infinity, "a closed connection has a timer");
    return wrong;
  }
  expect(seqSpan(t.sndUna, t.sndNxt) >= 0, "sndUna is after sndNxt");
  checkRecords(t, expect);
  checkTotals(t, expect);
  expect(t.cwnd >= 1 && Number.isInteger(t.cwnd), `cwnd is ${t.cwnd}`);
  expect(t.ssthresh >= 2, `ssthresh is ${t.ssthresh}`);
  expect(t.mss > 0, `mss is ${t.mss}`);
  checkReceiver(t, expect);
  return wrong;
}

type Expect = (holds: boolean, what: string) => void;

function checkRecords(t: Tcb, expect: Expect): void {
  let at = t.sndUna;
  let count = 0;
  for (let r = t.sent.head; r !== null; r = r.next) {
    expect(r.start === at, "records are not contiguous");
    expect(seqSpan(r.start, r.end) > 0, "a record is empty");
    expect(r.segments >= 1, "a record has no segments");
    const both = SENT_LOST | SENT_SACKED;
    expect((r.flags & both) !== both, "a record is both SACKed and lost");
    expect(
      !(r.flags & SENT_SACKED && r.flags & SENT_RETRANSMITTED),
      "a SACKed record has a retransmission in flight",
    );
    expect(
      r.next === null ? t.sent.tail === r : r.next.previous === r,
      "the chain of records is broken",
    );
    at = r.end;
    count++;
  }
  expect(at === t.sndNxt, "records do not end at sndNxt");
  let timed = 0;
  let last = -Infinity;
  for (let r = t.sent.oldest; r !== null; r = r.later) {
    expect(r.sentAt >= last, "the chain of times is out of order");
    last = r.sentAt;
    timed++;
  }
  expect(timed === count, "the two chains differ in length");
}

function checkTotals(t: Tcb, expect: Expect): void {
  let packets = 0, sacked = 0, lost = 0, retrans = 0;
  for (let r = t.sent.head; r !== null; r = r.next) {
    packets += r.segments;
    if (r.flags & SENT_SACKED) sacked += r.segments;
    if (r.flags & SENT_LOST) lost += r.segments;
    if (r.flags & SENT_RETRANSMITTED) retrans += r.segments;
  }
  expect(t.packetsOut === packets, `packetsOut ${t.packetsOut} is ${packets}`);
  // Without SACK the count stands for duplicate ACKs, not for records.
  if (t.sackEnabled) {
    expect(t.sackedOut === sacked, `sackedOut ${t.sackedOut} is ${sacked}`);
  }
  expect(t.lostOut === lost, `lostOut ${t.lostOut} is ${lost}`);
  expect(t.retransOut === retrans, `retransOut ${t.retransOut} is ${retrans}`);
  expect(t.packetsInFlight >= 0, `packetsInFlight is ${t.packetsInFlight}`);
}

function checkReceiver(t: Tcb, expect: Expect): void {
  if (t.state === STATE_SYN_SENT) return;
  // A window is told in units: it may promise less than one too many.
  const most = t.rcvBuf.limit + (1 << t.rcvWscale);
  expect(t.rcvBuf.length < most, `${t.rcvBuf.length} bytes are too many`);
  const ranges = t.outOfOrder;
  let edge = t.rcvNxt;
  for (let i = 0; i < ranges.count; i++) {
    expect(seqSpan(edge, ranges.start(i)) > 0, "a range touches what precedes");
    edge = ranges.end(i);
  }
  expect(t.sackCount <= ranges.count, "more SACK blocks than ranges");
}
