/**
 * Packets nobody here can take: which ICMP error says so?
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import {
  WIRE_BAD_FIELD,
  WIRE_INCOMPLETE_CHAIN,
  WIRE_OK,
  WIRE_UNKNOWN_NEXT_HEADER,
  WIRE_UNKNOWN_OPTION,
} from "../wire/codes.ts";
import {
  ICMPV4_CODE_PORT,
  ICMPV4_CODE_PROTOCOL,
  ICMPV4_UNREACHABLE,
} from "../wire/icmpv4.ts";
import {
  ICMPV6_CODE_FIELD,
  ICMPV6_CODE_INCOMPLETE_CHAIN,
  ICMPV6_CODE_NEXT_HEADER,
  ICMPV6_CODE_OPTION,
  ICMPV6_CODE_PORT,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_UNREACHABLE,
} from "../wire/icmpv6.ts";
import { isIpv4Words } from "../wire/ip_class.ts";
import {
  Ipv6Chain,
  OPTION_DISCARD,
  OPTION_REPORT,
  walkIpv6,
} from "../wire/ipv6_extensions.ts";
import type { IpContext } from "./context.ts";
import { IN_UNKNOWN_PROTOS, V6 } from "./counters.ts";
import { queueIcmpError } from "./icmp_output.ts";
import type { IpPacketIn } from "./packet.ts";

const chain = new Ipv6Chain();

/** Reports an IPv6 header the walk refused, RFC 8200 §4 and §4.2: parameter problem with a pointer, or nothing. */
export function reportHeaderProblem(
  context: IpContext,
  packet: IpPacketIn,
  found: Ipv6Chain,
  code: number,
  now: Micros,
): void {
  const problem = problemCode(code);
  if (problem < 0) return;
  const isMulticast = packet.isMulticast;
  if (code === WIRE_UNKNOWN_OPTION) {
    if (found.optionAction === OPTION_DISCARD) return;
    // Action 10 is reported even to a group, RFC 8200 §4.2.
    if (found.optionAction === OPTION_REPORT) packet.isMulticast = false;
  }
  const pointer = found.problemOffset - packet.frame.l3;
  queueIcmpError(
    context,
    packet,
    ICMPV6_PARAMETER_PROBLEM,
    problem,
    pointer,
    now,
  );
  packet.isMulticast = isMulticast;
}

/** Says that no transport here has the packet's protocol number, RFC 1122 §3.2.2.1, RFC 8200 §4. */
export function reportProtocol(
  context: IpContext,
  packet: IpPacketIn,
  now: Micros,
): void {
  if (isV4(packet)) {
    context.counters.increment(IN_UNKNOWN_PROTOS);
    const code = ICMPV4_CODE_PROTOCOL;
    queueIcmpError(context, packet, ICMPV4_UNREACHABLE, code, 0, now);
    return;
  }
  context.counters.increment(IN_UNKNOWN_PROTOS + V6);
  const { view, l3, end } = packet.frame;
  if (walkIpv6(view, l3, end, chain) !== WIRE_OK) return;
  queueIcmpError(
    context,
    packet,
    ICMPV6_PARAMETER_PROBLEM,
    ICMPV6_CODE_NEXT_HEADER,
    chain.nextHeaderOffset - l3,
    now,
  );
}

/** Says that nobody listens on the packet's port, RFC 1122 §4.1.3.1, RFC 4443 §3.1. */
export function reportPort(
  context: IpContext,
  packet: IpPacketIn,
  now: Micros,
): void {
  const v4 = isV4(packet);
  queueIcmpError(
    context,
    packet,
    v4 ? ICMPV4_UNREACHABLE : ICMPV6_UNREACHABLE,
    v4 ? ICMPV4_CODE_PORT : ICMPV6_CODE_PORT,
    0,
    now,
  );
}

/** Code of the parameter problem that a walk's result asks for; -1: silence. */
function problemCode(code: number): number {
  switch (code) {
    case WIRE_BAD_FIELD:
      return ICMPV6_CODE_FIELD;
    case WIRE_UNKNOWN_NEXT_HEADER:
      return ICMPV6_CODE_NEXT_HEADER;
    case WIRE_UNKNOWN_OPTION:
      return ICMPV6_CODE_OPTION;
    case WIRE_INCOMPLETE_CHAIN:
      return ICMPV6_CODE_INCOMPLETE_CHAIN;
    default:
      return -1;
  }
}

function isV4(packet: IpPacketIn): boolean {
  return isIpv4Words(packet.local0, packet.local1, packet.local2);
}
