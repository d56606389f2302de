/**
 * What an ICMP error means to a transport, whichever family it came in.
 *
 *     IPv4 (RFC 792, 1122 §3.2.2.1, 1812 §5.2.7.1)     IPv6 (RFC 4443 §3)
 *     3/0,5,6,11      network unreachable              1/0   no route
 *     3/1,7,8,12      host unreachable                 1/3   address unreachable
 *     3/2             protocol unreachable             4/1   next header unknown
 *     3/3             port unreachable                 1/4   port unreachable
 *     3/4             too big                          2     packet too big
 *     3/9,10,13..15   prohibited                       1/1,2,5,6  prohibited
 *     11, 12, 4       time exceeded, parameter problem, source quench
 *
 * @module
 */
import {
  ICMPV4_CODE_FRAGMENTATION_NEEDED,
  ICMPV4_CODE_HOST,
  ICMPV4_CODE_NET,
  ICMPV4_CODE_PORT,
  ICMPV4_CODE_PROTOCOL,
  ICMPV4_PARAMETER_PROBLEM,
  ICMPV4_REDIRECT,
  ICMPV4_SOURCE_QUENCH,
  ICMPV4_TIME_EXCEEDED,
  ICMPV4_UNREACHABLE,
} from "../wire/icmpv4.ts";
import {
  ICMPV6_CODE_ADDRESS,
  ICMPV6_CODE_NEXT_HEADER,
  ICMPV6_CODE_NO_ROUTE,
  ICMPV6_CODE_PORT,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_TOO_BIG,
  ICMPV6_UNREACHABLE,
  icmpv6IsError,
} from "../wire/icmpv6.ts";
import { NDP_REDIRECT } from "../wire/ndp.ts";
import {
  ICMP_HOST_UNREACHABLE,
  ICMP_NET_UNREACHABLE,
  ICMP_PARAMETER_PROBLEM,
  ICMP_PORT_UNREACHABLE,
  ICMP_PROHIBITED,
  ICMP_PROTOCOL_UNREACHABLE,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  ICMP_TOO_BIG,
} from "./packet.ts";

/** Codes of destination unreachable that say "host": unreachable, unknown, isolated, for this TOS. */
const HOST_CODES: readonly number[] = [ICMPV4_CODE_HOST, 7, 8, 12];
/** Codes that say "network": unreachable, source route failed, unknown, for this TOS. */
const NET_CODES: readonly number[] = [ICMPV4_CODE_NET, 5, 6, 11];

/** `ICMP_*` kind of an ICMP error for IPv4, or 0 when the type is no error. */
export function icmpv4Kind(type: number, code: number): number {
  switch (type) {
    case ICMPV4_UNREACHABLE:
      return unreachableKind(code);
    case ICMPV4_SOURCE_QUENCH:
      return ICMP_SOURCE_QUENCH;
    case ICMPV4_TIME_EXCEEDED:
      return ICMP_TIME_EXCEEDED;
    case ICMPV4_PARAMETER_PROBLEM:
      return ICMP_PARAMETER_PROBLEM;
    default:
      return 0;
  }
}

/** `ICMP_*` kind of an ICMP error for IPv6, or 0 when the type is no error we know. */
export function icmpv6Kind(type: number, code: number): number {
  switch (type) {
    case ICMPV6_UNREACHABLE:
      if (code === ICMPV6_CODE_NO_ROUTE) return ICMP_NET_UNREACHABLE;
      if (code === ICMPV6_CODE_ADDRESS) return ICMP_HOST_UNREACHABLE;
      if (code === ICMPV6_CODE_PORT) return ICMP_PORT_UNREACHABLE;
      return ICMP_PROHIBITED;
    case ICMPV6_TOO_BIG:
      return ICMP_TOO_BIG;
    case ICMPV6_TIME_EXCEEDED:
      return ICMP_TIME_EXCEEDED;
    case ICMPV6_PARAMETER_PROBLEM:
      return code === ICMPV6_CODE_NEXT_HEADER
        ? ICMP_PROTOCOL_UNREACHABLE
        : ICMP_PARAMETER_PROBLEM;
    default:
      return 0;
  }
}

/** Whether no ICMP error may be sent about a message of that type: errors and redirects. */
export function isIcmpError(type: number, family: 4 | 6): boolean {
  if (family === 6) return icmpv6IsError(type) || type === NDP_REDIRECT;
  return type === ICMPV4_UNREACHABLE || type === ICMPV4_SOURCE_QUENCH ||
    type === ICMPV4_REDIRECT || type === ICMPV4_TIME_EXCEEDED ||
    type === ICMPV4_PARAMETER_PROBLEM;
}

function unreachableKind(code: number): number {
  if (NET_CODES.includes(code)) return ICMP_NET_UNREACHABLE;
  if (HOST_CODES.includes(code)) return ICMP_HOST_UNREACHABLE;
  if (code === ICMPV4_CODE_PROTOCOL) return ICMP_PROTOCOL_UNREACHABLE;
  if (code === ICMPV4_CODE_PORT) return ICMP_PORT_UNREACHABLE;
  if (code === ICMPV4_CODE_FRAGMENTATION_NEEDED) return ICMP_TOO_BIG;
  return ICMP_PROHIBITED;
}
