// @hot
/**
 * Segments to no connection: RFC 9293 §3.10.7.1.
 *
 * @module
 */
import type { SegmentIn, SegmentOut } from "../wire/tcp_segment.ts";
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "../wire/tcp_segment.ts";
import { seqAdd, toSeq } from "./seq.ts";

/** Fills `out` with the RST that answers `s`; false when none may be sent, `s` being a RST itself. */
export function answerClosed(s: SegmentIn, out: SegmentOut): boolean {
  if (s.flags & TCP_RST) return false;
  out.reset();
  out.localPort = s.localPort;
  out.remotePort = s.remotePort;
  if (s.flags & TCP_ACK) {
    // <SEQ=SEG.ACK><CTL=RST>
    out.flags = TCP_RST;
    out.seq = s.ack;
    out.ack = toSeq(0);
    return true;
  }
  // <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
  const length = s.dataLength + (s.flags & TCP_SYN ? 1 : 0) +
    (s.flags & TCP_FIN ? 1 : 0);
  out.flags = TCP_RST | TCP_ACK;
  out.seq = toSeq(0);
  out.ack = seqAdd(s.seq, length);
  return true;
}
