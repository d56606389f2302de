/**
 * ICMP in tcpdump's words.
 *
 * An error is told by the packet it quotes: whose port, host or net it is about.
 *
 * @module
 */
import {
  ICMPV4_CODE_FRAGMENTATION_NEEDED,
  ICMPV4_CODE_PORT,
  ICMPV4_CODE_PROTOCOL,
  ICMPV4_ECHO_REPLY,
  ICMPV4_ECHO_REQUEST,
  ICMPV4_HEADER_LENGTH,
  ICMPV4_PARAMETER_PROBLEM,
  ICMPV4_REDIRECT,
  ICMPV4_SOURCE_QUENCH,
  ICMPV4_TIME_EXCEEDED,
  ICMPV4_UNREACHABLE,
  icmpv4Code,
  icmpv4EchoId,
  icmpv4EchoSequence,
  icmpv4Mtu,
  icmpv4Pointer,
  icmpv4Rest,
  icmpv4Type,
} from "./icmpv4.ts";
import { formatIpv4Word } from "./ip_text.ts";
import {
  IPV4_HEADER_LENGTH,
  ipv4Destination,
  ipv4HeaderLength,
  ipv4Protocol,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "./ipv4.ts";

/** Bytes that were not there to be read. */
const CUT = null;

/** What precedes and follows the destination in the text of an unreachable code that has no form of its own. */
const UNREACHABLE: Readonly<Record<number, readonly [string, string]>> = {
  0: ["net ", ""],
  1: ["host ", ""],
  5: ["", " - source route failed"],
  6: ["net ", " - unknown"],
  7: ["host ", " - unknown"],
  8: ["", " - source host isolated"],
  9: ["net ", " - admin prohibited"],
  10: ["host ", " - admin prohibited"],
  11: ["net ", " - tos prohibited"],
  12: ["host ", " - tos prohibited"],
  13: ["host ", " - admin prohibited filter"],
  14: ["host ", " - host precedence violation"],
  15: ["host ", " - precedence cutoff"],
};

/** An ICMP message of `length` bytes, of which those in `[at, end)` are there. */
export function prettyIcmpv4(
  view: DataView,
  at: number,
  end: number,
  length: number,
): string {
  const text = end - at < ICMPV4_HEADER_LENGTH
    ? CUT
    : icmpv4Text(view, at, end);
  return text === CUT ? " [|icmp]" : `ICMP ${text}, length ${length}`;
}

/** What an error calls the protocol whose port it is about. */
export function portName(protocol: number): string {
  if (protocol === PROTOCOL_TCP) return "tcp";
  return protocol === PROTOCOL_UDP ? "udp" : `protocol ${protocol}`;
}

function icmpv4Text(view: DataView, at: number, end: number): string | null {
  const type = icmpv4Type(view, at), code = icmpv4Code(view, at);
  switch (type) {
    case ICMPV4_ECHO_REQUEST:
    case ICMPV4_ECHO_REPLY: {
      const what = type === ICMPV4_ECHO_REQUEST ? "request" : "reply";
      return `echo ${what}, id ${icmpv4EchoId(view, at)}, seq ${
        icmpv4EchoSequence(view, at)
      }`;
    }
    case ICMPV4_UNREACHABLE:
      return unreachableText(view, at, end, code);
    case ICMPV4_SOURCE_QUENCH:
      return "source quench";
    case ICMPV4_REDIRECT: {
      if (end - at < ICMPV4_HEADER_LENGTH + IPV4_HEADER_LENGTH) return CUT;
      const target = quotedDestination4(view, at);
      const kind = code === 0 ? "net" : "host";
      return `redirect ${target} to ${kind} ${
        formatIpv4Word(icmpv4Rest(view, at))
      }`;
    }
    case ICMPV4_TIME_EXCEEDED:
      return code === 0
        ? "time exceeded in-transit"
        : code === 1
        ? "ip reassembly time exceeded"
        : `time exceeded-#${code}`;
    case ICMPV4_PARAMETER_PROBLEM:
      return code === 0
        ? `parameter problem - octet ${icmpv4Pointer(view, at)}`
        : `parameter problem - code ${code}`;
    default:
      return `type-#${type}`;
  }
}

function unreachableText(
  view: DataView,
  at: number,
  end: number,
  code: number,
): string | null {
  const quoted = at + ICMPV4_HEADER_LENGTH;
  if (end - quoted < IPV4_HEADER_LENGTH) return CUT;
  const target = quotedDestination4(view, at);
  const protocol = ipv4Protocol(view, quoted);
  if (code === ICMPV4_CODE_PROTOCOL) {
    return `${target} protocol ${protocol} unreachable`;
  }
  if (code === ICMPV4_CODE_PORT) {
    const ports = quoted + ipv4HeaderLength(view, quoted);
    if (end - ports < 4) return CUT;
    return `${target} ${portName(protocol)} port ${
      view.getUint16(ports + 2)
    } unreachable`;
  }
  if (code === ICMPV4_CODE_FRAGMENTATION_NEEDED) {
    const mtu = icmpv4Mtu(view, at);
    const words = `${target} unreachable - need to frag`;
    return mtu === 0 ? words : `${words} (mtu ${mtu})`;
  }
  const [before, after] = UNREACHABLE[code] ?? ["", ` - #${code}`];
  return `${before}${target} unreachable${after}`;
}

function quotedDestination4(view: DataView, at: number): string {
  return formatIpv4Word(ipv4Destination(view, at + ICMPV4_HEADER_LENGTH));
}
