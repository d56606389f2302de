// @hot
/**
 * ICMP errors about a connection: RFC 1122 §4.2.3.9, RFC 5461, RFC 5927.
 *
 * ICMP is easily forged, so an error counts only when the sequence number it
 * quotes is in flight (RFC 5927 §4.1), and a hard error ends a connection only
 * while it is being opened (§5.2). After that it is a soft error: remembered,
 * and told if the connection then times out.
 *
 * @module
 */
import type { Micros, Seq } from "../base/units.ts";
import {
  ICMP_HOST_UNREACHABLE,
  ICMP_NET_UNREACHABLE,
  ICMP_PORT_UNREACHABLE,
  ICMP_PROHIBITED,
  ICMP_PROTOCOL_UNREACHABLE,
  ICMP_TOO_BIG,
} from "../ip/packet.ts";
import {
  ABORT_HOST_UNREACHABLE,
  ABORT_NET_UNREACHABLE,
  ABORT_NONE,
  ABORT_PROHIBITED,
  ABORT_PROTOCOL_UNREACHABLE,
  ABORT_REFUSED,
} from "./codes.ts";
import { TCP_COUNTER } from "./counters.ts";
import { die } from "./death.ts";
import { fastOpenRefused, fastOpenTooBig } from "./fast_open_blame.ts";
import { seqBefore } from "./seq.ts";
import { STATE_SYN_RECEIVED, STATE_SYN_SENT } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** An ICMP error as the IP layer understood it. */
export interface IcmpError {
  /** `ICMP_*` of ip/packet.ts. */
  kind: number;
  /** Type on the wire. */
  type: number;
  /** Code on the wire. */
  code: number;
  /** Next-hop MTU, bytes; 0: not told. */
  mtu: number;
  /** Sequence number of the quoted segment. */
  seq: Seq;
}

/** Whether the quoted segment is one that is in flight, SND.UNA =< SEG.SEQ < SND.NXT: only then is the error believed. RFC 5927 §4.1. */
export function isCredible(t: Tcb, error: IcmpError): boolean {
  return !seqBefore(error.seq, t.sndUna) && seqBefore(error.seq, t.sndNxt);
}

/** Acts on a credible error; {@linkcode ICMP_TOO_BIG} is applied by the stack, which owns the path MTU. */
export function handleIcmpError(t: Tcb, error: IcmpError, now: Micros): void {
  if (!isCredible(t, error)) {
    t.context.counters.increment(TCP_COUNTER.TcpExtOutOfWindowIcmps);
    return;
  }
  if (error.kind === ICMP_TOO_BIG) {
    if (t.state === STATE_SYN_SENT) fastOpenTooBig(t, now);
    return;
  }
  const reason = reasonOf(error.kind);
  if (reason === ABORT_NONE) return;
  const opening = t.state === STATE_SYN_SENT ||
    t.state === STATE_SYN_RECEIVED && (!t.passive || isEarlyChild(t));
  // RFC 5461 §4.1: an attempt may end at once; Linux does so for all but a passing route failure.
  if (opening && fastOpenRefused(t, "UNREACHABLE", now)) return;
  if (opening && t.config.icmpEndsConnect) {
    t.context.counters.increment(TCP_COUNTER.TcpAttemptFails);
    die(t, reason, now);
    return;
  }
  t.softError = reason;
}

/** A Fast Open child that no application has taken yet is still being opened; Linux likewise. */
function isEarlyChild(t: Tcb): boolean {
  return t.fastOpenAccepted && !t.accepted;
}

function reasonOf(kind: number): number {
  switch (kind) {
    case ICMP_NET_UNREACHABLE:
      return ABORT_NET_UNREACHABLE;
    case ICMP_HOST_UNREACHABLE:
      return ABORT_HOST_UNREACHABLE;
    case ICMP_PROTOCOL_UNREACHABLE:
      return ABORT_PROTOCOL_UNREACHABLE;
    case ICMP_PORT_UNREACHABLE:
      return ABORT_REFUSED;
    case ICMP_PROHIBITED:
      return ABORT_PROHIBITED;
    default:
      return ABORT_NONE;
  }
}
