/**
 * ICMPv6 and neighbour discovery in tcpdump's words.
 *
 * @module
 */
import {
  ICMPV6_CODE_PORT,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_HEADER_LENGTH,
  ICMPV6_MLD2_REPORT,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_TOO_BIG,
  ICMPV6_UNREACHABLE,
  icmpv6Code,
  icmpv6EchoId,
  icmpv6EchoSequence,
  icmpv6Mtu,
  icmpv6Pointer,
  icmpv6Type,
} from "./icmpv6.ts";
import { formatIpWords } from "./ip_text.ts";
import { IPV6_HEADER_LENGTH, ipv6NextHeader } from "./ipv6.ts";
import {
  NDP_NEIGHBOUR_ADVERTISEMENT,
  NDP_NEIGHBOUR_LENGTH,
  NDP_NEIGHBOUR_SOLICITATION,
  NDP_REDIRECT,
  NDP_ROUTER_ADVERTISEMENT,
  NDP_ROUTER_SOLICITATION,
  ndpFixedLength,
} from "./ndp.ts";
import { portName } from "./pretty_icmpv4.ts";

/** Bytes that were not there to be read. */
const CUT = null;

/** An ICMPv6 message of `length` bytes, of which those in `[at, end)` are there. */
export function prettyIcmpv6(
  view: DataView,
  at: number,
  end: number,
  length: number,
): string {
  const text = end - at < ICMPV6_HEADER_LENGTH
    ? CUT
    : icmpv6Text(view, at, end);
  return text === CUT ? "ICMP6 [|icmp6]" : `ICMP6, ${text}, length ${length}`;
}

function icmpv6Text(view: DataView, at: number, end: number): string | null {
  const type = icmpv6Type(view, at), code = icmpv6Code(view, at);
  if (ndpFixedLength(type) !== 0) return ndpText(view, at, end, type);
  switch (type) {
    case ICMPV6_ECHO_REQUEST:
    case ICMPV6_ECHO_REPLY: {
      const what = type === ICMPV6_ECHO_REQUEST ? "request" : "reply";
      return `echo ${what}, id ${icmpv6EchoId(view, at)}, seq ${
        icmpv6EchoSequence(view, at)
      }`;
    }
    case ICMPV6_UNREACHABLE:
      return unreachable6Text(view, at, end, code);
    case ICMPV6_TOO_BIG:
      return `packet too big, mtu ${icmpv6Mtu(view, at)}`;
    case ICMPV6_TIME_EXCEEDED:
      return timeExceeded6Text(view, at, end, code);
    case ICMPV6_PARAMETER_PROBLEM: {
      const what = ["erroneous", "next header", "option"][code];
      return what === undefined
        ? `parameter problem, code-#${code}`
        : `parameter problem, ${what} - octet ${icmpv6Pointer(view, at)}`;
    }
    case ICMPV6_MLD2_REPORT:
      return `multicast listener report v2, ${
        view.getUint16(at + 6)
      } group record(s)`;
    default:
      return `unknown icmp6 type (${type})`;
  }
}

function unreachable6Text(
  view: DataView,
  at: number,
  end: number,
  code: number,
): string | null {
  const quoted = at + ICMPV6_HEADER_LENGTH;
  if (end - quoted < IPV6_HEADER_LENGTH) return CUT;
  const target = formatWordsAt(view, quoted + 24);
  const start = "destination unreachable, ";
  switch (code) {
    case 0:
      return `${start}unreachable route ${target}`;
    case 1:
      return `${start} unreachable prohibited ${target}`;
    case 2:
      return `${start}beyond scope ${target}, source address ${
        formatWordsAt(view, quoted + 8)
      }`;
    case 3:
      return `${start}unreachable address ${target}`;
    case ICMPV6_CODE_PORT: {
      const ports = quoted + IPV6_HEADER_LENGTH;
      if (end - ports < 4) return CUT;
      const protocol = portName(ipv6NextHeader(view, quoted));
      return `${start}unreachable port, ${target} ${protocol} port ${
        view.getUint16(ports + 2)
      }`;
    }
    default:
      return `${start}unknown unreach code (${code})`;
  }
}

function timeExceeded6Text(
  view: DataView,
  at: number,
  end: number,
  code: number,
): string | null {
  const quoted = at + ICMPV6_HEADER_LENGTH;
  if (end - quoted < IPV6_HEADER_LENGTH) return CUT;
  if (code === 0) {
    return `time exceeded in-transit for ${formatWordsAt(view, quoted + 24)}`;
  }
  return code === 1
    ? "time exceeded in-transit (reassembly)"
    : `time exceeded, unknown code (${code})`;
}

function ndpText(
  view: DataView,
  at: number,
  end: number,
  type: number,
): string | null {
  if (type === NDP_ROUTER_SOLICITATION) return "router solicitation";
  if (type === NDP_ROUTER_ADVERTISEMENT) {
    return end - at < ndpFixedLength(type) ? CUT : "router advertisement";
  }
  if (end - at < NDP_NEIGHBOUR_LENGTH) return CUT;
  const target = formatWordsAt(view, at + 8);
  switch (type) {
    case NDP_NEIGHBOUR_SOLICITATION:
      return `neighbor solicitation, who has ${target}`;
    case NDP_NEIGHBOUR_ADVERTISEMENT:
      return `neighbor advertisement, tgt is ${target}`;
    case NDP_REDIRECT:
      if (end - at < ndpFixedLength(type)) return CUT;
      return `redirect, ${formatWordsAt(view, at + 24)} to ${target}`;
    default:
      return CUT;
  }
}

function formatWordsAt(view: DataView, at: number): string {
  return formatIpWords(
    view.getInt32(at),
    view.getInt32(at + 4),
    view.getInt32(at + 8),
    view.getInt32(at + 12),
  );
}
