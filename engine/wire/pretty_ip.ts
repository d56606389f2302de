/**
 * IPv4 and IPv6 packets in tcpdump's words: addresses, fragments, then the layer inside.
 *
 * Two ends matter here: how long a packet *says* it is, which is printed, and
 * where its bytes really end, beyond which nothing is read.
 *
 * @module
 */
import { formatIpv4Word, formatIpWords } from "./ip_text.ts";
import {
  IPV4_HEADER_LENGTH,
  ipv4Destination,
  ipv4FragmentOffset,
  ipv4HeaderLength,
  ipv4MoreFragments,
  ipv4Protocol,
  ipv4Source,
  ipv4TotalLength,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "./ipv4.ts";
import {
  IPV6_HEADER_LENGTH,
  ipv6NextHeader,
  ipv6PayloadLength,
  PROTOCOL_ICMPV6,
} from "./ipv6.ts";
import {
  IPV6_DESTINATION_OPTIONS,
  IPV6_FRAGMENT,
  IPV6_HOP_BY_HOP,
  IPV6_MAX_EXTENSIONS,
  IPV6_NO_NEXT_HEADER,
  IPV6_ROUTING,
} from "./ipv6_extensions.ts";
import { prettyIcmpv4 } from "./pretty_icmpv4.ts";
import { prettyIcmpv6 } from "./pretty_icmpv6.ts";
import { prettyTcp, prettyUdp } from "./pretty_transport.ts";

/** What a network layer knows of the bytes it carries. */
interface Upper {
  readonly view: DataView;
  /** Where the upper layer begins. */
  readonly at: number;
  /** Where the bytes end. */
  readonly end: number;
  /** How many there should be. */
  readonly length: number;
  readonly protocol: number;
  readonly isFragment: boolean;
  readonly source: string;
  readonly destination: string;
  /** Names of the extension headers passed, each with a space behind. */
  readonly extensions: string;
}

/** A bare IP packet of the family its first nibble names. */
export function prettyIp(view: DataView, at: number, end: number): string {
  if (at >= end) return "[|ip]";
  const version = view.getUint8(at) >> 4;
  if (version === 4) return prettyIpv4(view, at, end);
  if (version === 6) return prettyIpv6(view, at, end);
  return `unknown ip ${version}`;
}

/** One IPv4 packet. */
export function prettyIpv4(view: DataView, at: number, end: number): string {
  if (at < end && view.getUint8(at) >> 4 !== 4) {
    return `IP${view.getUint8(at) >> 4} (invalid)`;
  }
  if (end - at < IPV4_HEADER_LENGTH) return "IP  [|ip]";
  const headerLength = ipv4HeaderLength(view, at);
  if (headerLength < IPV4_HEADER_LENGTH) return `IP bad-hlen ${headerLength}`;
  const totalLength = ipv4TotalLength(view, at);
  if (totalLength < headerLength) return `IP bad-len ${totalLength}`;
  const missing = at + totalLength - end;
  const prefix = missing > 0
    ? `IP truncated-ip - ${missing} bytes missing! `
    : "IP ";
  const source = formatIpv4Word(ipv4Source(view, at));
  const destination = formatIpv4Word(ipv4Destination(view, at));
  const protocol = ipv4Protocol(view, at);
  if (ipv4FragmentOffset(view, at) !== 0) {
    return `${prefix}${source} > ${destination}: ip-proto-${protocol}`;
  }
  return prefix + prettyUpper({
    view,
    at: Math.min(at + headerLength, end),
    end: Math.min(end, at + totalLength),
    length: totalLength - headerLength,
    protocol,
    isFragment: ipv4MoreFragments(view, at),
    source,
    destination,
    extensions: "",
  });
}

/** One IPv6 packet. */
export function prettyIpv6(view: DataView, at: number, end: number): string {
  if (at < end && view.getUint8(at) >> 4 !== 6) {
    return `IP6, wrong link-layer encapsulation (invalid)`;
  }
  if (end - at < IPV6_HEADER_LENGTH) return "IP6  [|ip6]";
  const declaredEnd = at + IPV6_HEADER_LENGTH + ipv6PayloadLength(view, at);
  const prefix = declaredEnd > end
    ? `IP6 truncated-ip6 - ${declaredEnd - end} bytes missing!`
    : "IP6 ";
  return prefix + prettyChain(
    view,
    at,
    Math.min(end, declaredEnd),
    declaredEnd,
    formatWordsAt(view, at + 8),
    formatWordsAt(view, at + 24),
  );
}

/** Names the extension headers one by one until the upper layer, a later fragment or the end. */
function prettyChain(
  view: DataView,
  packet: number,
  end: number,
  declaredEnd: number,
  source: string,
  destination: string,
): string {
  let protocol = ipv6NextHeader(view, packet);
  let at = packet + IPV6_HEADER_LENGTH;
  let extensions = "";
  let isFragment = false;
  for (let i = 0; i < IPV6_MAX_EXTENSIONS; i++) {
    const name = extensionName(protocol);
    if (name === "") break;
    if (end - at < 8) {
      return `${source} > ${destination}: ${extensions}${name} [|ip6]`;
    }
    let length = (view.getUint8(at + 1) + 1) * 8;
    if (protocol === IPV6_FRAGMENT) {
      const field = view.getUint16(at + 2);
      const offset = field & 0xfff8;
      length = 8;
      extensions += `frag (${offset}|${declaredEnd - at - length}) `;
      if (offset !== 0) {
        return `${source} > ${destination}: ${extensions.trimEnd()}`;
      }
      isFragment = (field & 1) !== 0;
    } else extensions += `${name} `;
    protocol = view.getUint8(at);
    at += length;
  }
  return prettyUpper({
    view,
    at: Math.min(at, end),
    end,
    length: Math.max(declaredEnd - at, 0),
    protocol,
    isFragment,
    source,
    destination,
    extensions,
  });
}

function extensionName(protocol: number): string {
  switch (protocol) {
    case IPV6_HOP_BY_HOP:
      return "HBH";
    case IPV6_ROUTING:
      return "RT6";
    case IPV6_FRAGMENT:
      return "frag";
    case IPV6_DESTINATION_OPTIONS:
      return "DSTOPT";
    default:
      return "";
  }
}

function prettyUpper(u: Upper): string {
  const hosts = `${u.source} > ${u.destination}: ${u.extensions}`;
  const isV6 = u.source.includes(":");
  if (u.protocol === PROTOCOL_TCP || u.protocol === PROTOCOL_UDP) {
    const pretty = u.protocol === PROTOCOL_TCP ? prettyTcp : prettyUdp;
    // Behind extension headers tcpdump has the hosts in front and prints ports alone.
    return u.extensions === ""
      ? pretty(u)
      : hosts + pretty({ ...u, source: "", destination: "" });
  }
  if (u.protocol === PROTOCOL_ICMP && !isV6) {
    return hosts + prettyIcmpv4(u.view, u.at, u.end, u.length);
  }
  if (u.protocol === PROTOCOL_ICMPV6 && isV6) {
    return hosts + prettyIcmpv6(u.view, u.at, u.end, u.length);
  }
  if (u.protocol === IPV6_NO_NEXT_HEADER && isV6) {
    return `${hosts}no next header`;
  }
  return `${hosts} ip-proto-${u.protocol} ${u.length}`;
}

/** The sixteen bytes at `at` as an address, an IPv4-mapped one in tcpdump's `::ffff:` form. */
function formatWordsAt(view: DataView, at: number): string {
  const text = formatIpWords(
    view.getInt32(at),
    view.getInt32(at + 4),
    view.getInt32(at + 8),
    view.getInt32(at + 12),
  );
  return text.includes(":") ? text : `::ffff:${text}`;
}
