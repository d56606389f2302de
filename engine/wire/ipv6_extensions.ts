// @hot
/**
 * IPv6 extension headers: where does the upper layer begin, and what is it?
 *
 *     IPv6 ─► hop-by-hop ─► destination ─► routing ─► fragment ─► destination ─► TCP
 *       │        ▲   │
 *       └ next ──┘   └ each begins with the next header's number and, but for
 *                      the fragment header, its own length in units of 8 bytes
 *
 * {@linkcode walkIpv6} follows the chain, RFC 8200 §4, and stops at the first
 * header that is none of these four: TCP, UDP, ICMPv6, "no next header", but
 * also ESP and AH, which the caller does not know either. It stops too at a
 * fragment header whose offset is not 0, for what follows is the middle of
 * something; the first fragment is walked on and must hold the whole chain.
 *
 * What the caller owes the sender is in the code: {@linkcode WIRE_BAD_FIELD},
 * {@linkcode WIRE_UNKNOWN_NEXT_HEADER}, {@linkcode WIRE_UNKNOWN_OPTION} and
 * {@linkcode WIRE_INCOMPLETE_CHAIN} are the codes 0, 1, 2 and 3 of the ICMPv6
 * Parameter Problem (RFC 4443 §3.4, RFC 7112 §5) with `problemOffset` as
 * pointer; anything else is dropped in silence.
 *
 * @module
 */
import {
  WIRE_BAD_FIELD,
  WIRE_INCOMPLETE_CHAIN,
  WIRE_OK,
  WIRE_TRUNCATED,
  WIRE_UNKNOWN_NEXT_HEADER,
  WIRE_UNKNOWN_OPTION,
} from "./codes.ts";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4.ts";
import { IPV6_HEADER_LENGTH, ipv6NextHeader, PROTOCOL_ICMPV6 } from "./ipv6.ts";

/** Hop-by-hop options, RFC 8200 §4.3; only directly behind the fixed header. */
export const IPV6_HOP_BY_HOP = 0;
/** Routing header, RFC 8200 §4.4. */
export const IPV6_ROUTING = 43;
/** Fragment header, RFC 8200 §4.5. */
export const IPV6_FRAGMENT = 44;
/** Nothing follows, RFC 8200 §4.7. */
export const IPV6_NO_NEXT_HEADER = 59;
/** Destination options, RFC 8200 §4.6. */
export const IPV6_DESTINATION_OPTIONS = 60;
/** Bytes of a fragment header. */
export const IPV6_FRAGMENT_LENGTH = 8;
/** Most extension headers that are followed; RFC 8504 §5.3 lets a host set such a limit. */
export const IPV6_MAX_EXTENSIONS = 8;

/** {@linkcode Ipv6Chain.optionAction}: drop without a word, RFC 8200 §4.2. */
export const OPTION_DISCARD = 1;
/** {@linkcode Ipv6Chain.optionAction}: drop and report, even to a multicast destination. */
export const OPTION_REPORT = 2;
/** {@linkcode Ipv6Chain.optionAction}: drop and report unless the destination was multicast. */
export const OPTION_REPORT_UNICAST = 3;

const OPTION_PAD_1 = 0;
/** PadN, and with it every option up to router alert that a host may skip. */
const OPTION_ACTION_SKIP = 0;

/** What a walk found. Made once, refilled by each. All offsets are into the view that was walked. */
export class Ipv6Chain {
  /** Upper-layer protocol; of a later fragment, what its fragment header names. */
  protocol = 0;
  /** Where it begins, or a later fragment's data. */
  offset = 0;
  /** The octet that names `protocol`: the pointer of a Parameter Problem when nobody knows it. */
  nextHeaderOffset = 0;
  /** The fragment header, or -1. */
  fragmentAt: number = -1;
  /** The octet that names the fragment header; reassembly puts `protocol` there (RFC 8200 §4.5). */
  fragmentNamedAt = 0;
  /** Bytes of the fragmentable part before this fragment's, 0..65528. */
  fragmentOffset = 0;
  /** M flag: more fragments follow. */
  moreFragments = false;
  /** Identification, int32. */
  fragmentId = 0;
  /** The octet at fault, meaningful with a negative code. */
  problemOffset = 0;
  /** `OPTION_*` with {@linkcode WIRE_UNKNOWN_OPTION}. */
  optionAction = 0;
}

/**
 * Follows the chain of the IPv6 packet at `at`, whose fixed header is checked.
 *
 * @param end just past the packet, or past what there is of a quoted one
 * @returns {@linkcode WIRE_OK}, {@linkcode WIRE_TRUNCATED}, or one of the four codes that are to be reported
 */
export function walkIpv6(
  view: DataView,
  at: number,
  end: number,
  out: Ipv6Chain,
): number {
  out.fragmentAt = -1;
  out.fragmentOffset = 0;
  out.moreFragments = false;
  out.nextHeaderOffset = at + 6 | 0;
  out.protocol = ipv6NextHeader(view, at);
  out.offset = at + IPV6_HEADER_LENGTH | 0;
  for (let count = 0; isExtension(out.protocol); count = count + 1 | 0) {
    out.problemOffset = out.nextHeaderOffset;
    if (count === IPV6_MAX_EXTENSIONS) return WIRE_UNKNOWN_NEXT_HEADER;
    if (out.protocol === IPV6_HOP_BY_HOP && count > 0) {
      return WIRE_UNKNOWN_NEXT_HEADER;
    }
    if (end - out.offset < 8) return truncated(out);
    const code = step(view, end, out);
    if (code !== WIRE_OK) return code;
    if (out.fragmentOffset !== 0) return WIRE_OK;
  }
  // RFC 8200 §4.5: a first fragment holds all headers through the upper layer's.
  if (out.moreFragments && end - out.offset < upperMinimum(out.protocol)) {
    return truncated(out);
  }
  return WIRE_OK;
}

function isExtension(protocol: number): boolean {
  return protocol === IPV6_HOP_BY_HOP || protocol === IPV6_ROUTING ||
    protocol === IPV6_FRAGMENT || protocol === IPV6_DESTINATION_OPTIONS;
}

/** Handles the extension header at `out.offset` and moves on to the next. */
function step(view: DataView, end: number, out: Ipv6Chain): number {
  const at = out.offset;
  const kind = out.protocol;
  let length = IPV6_FRAGMENT_LENGTH;
  if (kind === IPV6_FRAGMENT) {
    if (out.fragmentAt >= 0) return WIRE_BAD_FIELD;
    readFragment(view, at, out);
  } else {
    length = view.getUint8(at + 1) + 1 << 3;
    if (end - at < length) return truncated(out);
    const code = kind === IPV6_ROUTING
      ? checkRouting(view, at, out)
      : checkOptions(view, at + 2 | 0, at + length | 0, out);
    if (code !== WIRE_OK) return code;
  }
  out.nextHeaderOffset = at;
  out.protocol = view.getUint8(at);
  out.offset = at + length | 0;
  return WIRE_OK;
}

function readFragment(view: DataView, at: number, out: Ipv6Chain): void {
  const field = view.getUint16(at + 2);
  out.fragmentNamedAt = out.nextHeaderOffset;
  out.fragmentAt = at;
  out.fragmentOffset = field & 0xfff8;
  out.moreFragments = (field & 1) !== 0;
  out.fragmentId = view.getInt32(at + 4);
}

/**
 * A routing header that has been used up is skipped; one with segments left
 * asks this host to forward. We never do, whatever its type: RFC 8200 §4.4,
 * and for type 0 RFC 5095 §3. The pointer is its type.
 */
function checkRouting(view: DataView, at: number, out: Ipv6Chain): number {
  if (view.getUint8(at + 3) === 0) return WIRE_OK;
  out.problemOffset = at + 2 | 0;
  return WIRE_BAD_FIELD;
}

/** Walks the options of a hop-by-hop or destination header, RFC 8200 §4.2. */
function checkOptions(
  view: DataView,
  at: number,
  end: number,
  out: Ipv6Chain,
): number {
  let option = at;
  while (option < end) {
    const type = view.getUint8(option);
    if (type === OPTION_PAD_1) {
      option = option + 1 | 0;
      continue;
    }
    if (option + 1 >= end || option + 2 + view.getUint8(option + 1) > end) {
      out.problemOffset = option;
      return WIRE_BAD_FIELD;
    }
    // The two highest bits say what to do with an option that is not understood.
    if (type >> 6 !== OPTION_ACTION_SKIP) {
      out.problemOffset = option;
      out.optionAction = type >> 6;
      return WIRE_UNKNOWN_OPTION;
    }
    option = option + 2 + view.getUint8(option + 1) | 0;
  }
  return WIRE_OK;
}

/** The chain ran past the end: to be reported when a first fragment was cut too short, RFC 7112 §5. */
function truncated(out: Ipv6Chain): number {
  if (!out.moreFragments) return WIRE_TRUNCATED;
  out.problemOffset = out.fragmentAt;
  return WIRE_INCOMPLETE_CHAIN;
}

function upperMinimum(protocol: number): number {
  if (protocol === PROTOCOL_TCP) return 20;
  return protocol === PROTOCOL_UDP || protocol === PROTOCOL_ICMPV6 ? 8 : 0;
}
