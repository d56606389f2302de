// @hot
/**
 * What was sent before the handshake ended and did not arrive goes again as
 * soon as it ends: RFC 7413 §4.2.2.
 *
 * The client learns from the SYN-ACK how much of its SYN data was taken; the
 * rest is not lost to congestion but was left aside, so no window shrinks
 * (Linux: tcp_non_congestion_loss_retransmit). A server whose SYN-ACK had to be
 * repeated knows that what it sent right behind the first one met a client
 * that could not take it.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { AckResult, markLost } from "./scoreboard.ts";
import { SENT_FIN, SENT_SYN } from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import { seqSpan } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

const scratch = new AckResult();

/** The handshake just ended and its acknowledgement was processed: marks what must go again. */
export function resendFlight(t: Tcb, now: Micros): void {
  if (t.packetsOut === 0) return;
  if (t.passive && t.synTimeouts === 0) return;
  scratch.reset(now);
  for (let record = t.sent.head; record !== null; record = record.next) {
    if (record.flags & SENT_SYN) continue;
    recount(t, record);
    markLost(t, record, scratch);
  }
}

/** A SYN and its data, acknowledged together, are one segment delivered, as in Linux's tcpi_delivered. */
export function countSynData(t: Tcb): void {
  const attempt = t.fastOpen!;
  if (attempt.synData === 0 || attempt.synDataAcked < attempt.synData) return;
  if (t.delivered > 1) t.delivered--;
}

/** SYN data was one segment of a size the server's MSS was guessed for; now that it is known it may be several. */
function recount(t: Tcb, record: SentRecord): void {
  const fin = record.flags & SENT_FIN ? 1 : 0;
  const length = seqSpan(record.start, record.end) - fin;
  const segments = Math.ceil(length / t.mss);
  if (segments <= record.segments) return;
  t.packetsOut += segments - record.segments;
  record.segments = segments;
}
