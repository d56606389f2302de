// @hot
/**
 * Neighbour discovery messages, RFC 4861 §4: ICMPv6 with a fixed part and options.
 *
 *      NS, NA    8 + target address (16)                              24 + options
 *      RS        8                                                     8 + options
 *      RA        4 cur hop limit, flags, lifetime, 8 reachable,
 *                12 retransmit timer                                  16 + options
 *
 *      option    ├ type ┤ length in units of 8 ┤ … ┤
 *
 * {@linkcode checkNdp} makes the length checks of RFC 4861 §6.1 and §7.1; the
 * hop limit of 255, the checksum and the addresses are the IP layer's affair.
 * `end` is always the end of the ICMPv6 message.
 *
 * @module
 */
import {
  WIRE_BAD_FIELD,
  WIRE_BAD_OPTION,
  WIRE_OK,
  WIRE_TRUNCATED,
  WIRE_UNSUPPORTED,
} from "./codes.ts";

/** Router solicitation. */
export const NDP_ROUTER_SOLICITATION = 133;
/** Router advertisement. */
export const NDP_ROUTER_ADVERTISEMENT = 134;
/** Neighbour solicitation. */
export const NDP_NEIGHBOUR_SOLICITATION = 135;
/** Neighbour advertisement. */
export const NDP_NEIGHBOUR_ADVERTISEMENT = 136;
/** Redirect. */
export const NDP_REDIRECT = 137;

/** {@linkcode ndpFlags} of an advertisement: the sender is a router. */
export const NDP_FLAG_ROUTER: number = 0x80000000 | 0;
/** {@linkcode ndpFlags} of an advertisement: it answers a solicitation. */
export const NDP_FLAG_SOLICITED = 0x40000000;
/** {@linkcode ndpFlags} of an advertisement: it replaces what is cached. */
export const NDP_FLAG_OVERRIDE = 0x20000000;

/** Option: link-layer address of the sender. */
export const NDP_OPTION_SOURCE_LINK = 1;
/** Option: link-layer address of the target. */
export const NDP_OPTION_TARGET_LINK = 2;
/** Option: prefix information, 32 bytes. */
export const NDP_OPTION_PREFIX = 3;
/** Option: MTU, 8 bytes. */
export const NDP_OPTION_MTU = 5;
/** {@linkcode ndpPrefixFlags}: the prefix is on the link. */
export const NDP_PREFIX_ON_LINK = 0x80;
/** {@linkcode ndpPrefixFlags}: addresses may be formed from it, RFC 4862 §5.5.3. */
export const NDP_PREFIX_AUTONOMOUS = 0x40;
/** Bytes of a link-layer address option on Ethernet. */
export const NDP_LINK_OPTION_LENGTH = 8;
/** Bytes of a solicitation or advertisement of a neighbour, before options. */
export const NDP_NEIGHBOUR_LENGTH = 24;
/** Bytes of a router solicitation before options. */
export const NDP_ROUTER_SOLICITATION_LENGTH = 8;
/** Bytes of a router advertisement before options. */
export const NDP_ROUTER_ADVERTISEMENT_LENGTH = 16;

const TYPE = 0;
const CODE = 1;
const FLAGS = 4;
const HOP_LIMIT = 4;
const RA_FLAGS = 5;
const LIFETIME = 6;
const REACHABLE = 8;
const RETRANSMIT = 12;
const TARGET = 8;
const PREFIX_LENGTH = 2;
const PREFIX_FLAGS = 3;
const PREFIX_VALID = 4;
const PREFIX_PREFERRED = 8;
const PREFIX_ADDRESS = 16;

/**
 * Whether `[at, end)` is a neighbour discovery message whose options can be walked.
 *
 * @returns {@linkcode WIRE_OK}; {@linkcode WIRE_UNSUPPORTED} for another type; {@linkcode WIRE_TRUNCATED}; {@linkcode WIRE_BAD_FIELD} for a code other than 0; {@linkcode WIRE_BAD_OPTION} for an option of length 0 or beyond the end
 */
export function checkNdp(view: DataView, at: number, end: number): number {
  if (end - at < NDP_ROUTER_SOLICITATION_LENGTH) return WIRE_TRUNCATED;
  const fixed = ndpFixedLength(view.getUint8(at + TYPE));
  if (fixed === 0) return WIRE_UNSUPPORTED;
  if (end - at < fixed) return WIRE_TRUNCATED;
  if (view.getUint8(at + CODE) !== 0) return WIRE_BAD_FIELD;
  let option = at + fixed | 0;
  while (option < end) {
    if (end - option < 2) return WIRE_BAD_OPTION;
    const length = view.getUint8(option + 1) << 3;
    if (length === 0 || length > end - option) return WIRE_BAD_OPTION;
    option = option + length | 0;
  }
  return WIRE_OK;
}

/** Bytes of a message of that type before its options; 0 when it is none of discovery's. */
export function ndpFixedLength(type: number): number {
  switch (type) {
    case NDP_ROUTER_SOLICITATION:
      return NDP_ROUTER_SOLICITATION_LENGTH;
    case NDP_ROUTER_ADVERTISEMENT:
      return NDP_ROUTER_ADVERTISEMENT_LENGTH;
    case NDP_NEIGHBOUR_SOLICITATION:
    case NDP_NEIGHBOUR_ADVERTISEMENT:
      return NDP_NEIGHBOUR_LENGTH;
    case NDP_REDIRECT:
      return 40;
    default:
      return 0;
  }
}

/**
 * The next option of that kind in a checked message, or -1.
 *
 * @param from 0 for the first, or the offset of the option to search behind
 * @returns its offset; at least as long as the kind's fixed fields, else it is passed over
 */
export function findNdpOption(
  view: DataView,
  at: number,
  end: number,
  kind: number,
  from: number,
): number {
  let option = from === 0
    ? at + ndpFixedLength(view.getUint8(at + TYPE)) | 0
    : from + (view.getUint8(from + 1) << 3) | 0;
  const least = kind === NDP_OPTION_PREFIX ? 32 : 8;
  while (option < end) {
    const length = view.getUint8(option + 1) << 3;
    if (view.getUint8(option) === kind && length >= least) return option;
    option = option + length | 0;
  }
  return -1;
}

/** The flags word of a neighbour advertisement, `NDP_FLAG_*`. int32. */
export function ndpFlags(view: DataView, at: number): number {
  return view.getInt32(at + FLAGS);
}

/** Word 0..3 of the target of a neighbour message. */
export function ndpTargetWord(
  view: DataView,
  at: number,
  index: number,
): number {
  return view.getInt32(at + TARGET + (index << 2));
}

/** A router advertisement's hop limit for its hosts; 0: unspecified. */
export function ndpHopLimit(view: DataView, at: number): number {
  return view.getUint8(at + HOP_LIMIT);
}

/** A router advertisement's flags octet: 0x80 managed, 0x40 other. */
export function ndpRouterFlags(view: DataView, at: number): number {
  return view.getUint8(at + RA_FLAGS);
}

/** How long the router may be a default router, in seconds; 0: it may not. */
export function ndpRouterLifetime(view: DataView, at: number): number {
  return view.getUint16(at + LIFETIME);
}

/** A router advertisement's reachable time in milliseconds; 0: unspecified. */
export function ndpReachableTime(view: DataView, at: number): number {
  return view.getUint32(at + REACHABLE);
}

/** A router advertisement's retransmission timer in milliseconds; 0: unspecified. */
export function ndpRetransmitTimer(view: DataView, at: number): number {
  return view.getUint32(at + RETRANSMIT);
}

/** Upper 16 bits of the address in a link-layer address option. */
export function ndpLinkHi(view: DataView, option: number): number {
  return view.getUint16(option + 2);
}

/** Lower 32 bits of the address in a link-layer address option. */
export function ndpLinkLo(view: DataView, option: number): number {
  return view.getInt32(option + 4);
}

/** Leading bits of a prefix option that count; more than 128 is nonsense. */
export function ndpPrefixLength(view: DataView, option: number): number {
  return view.getUint8(option + PREFIX_LENGTH);
}

/** `NDP_PREFIX_*` bits. */
export function ndpPrefixFlags(view: DataView, option: number): number {
  return view.getUint8(option + PREFIX_FLAGS);
}

/** Seconds the prefix is valid; 0xffffffff: for ever. */
export function ndpPrefixValid(view: DataView, option: number): number {
  return view.getUint32(option + PREFIX_VALID);
}

/** Seconds addresses of the prefix are preferred; 0xffffffff: for ever. */
export function ndpPrefixPreferred(view: DataView, option: number): number {
  return view.getUint32(option + PREFIX_PREFERRED);
}

/** Word 0..3 of the prefix. */
export function ndpPrefixWord(
  view: DataView,
  option: number,
  index: number,
): number {
  return view.getInt32(option + PREFIX_ADDRESS + (index << 2));
}

/** The MTU of an MTU option, 0..2^32 - 1. */
export function ndpMtu(view: DataView, option: number): number {
  return view.getUint32(option + 4);
}

/** Writes the target behind the ICMPv6 header of a neighbour message, whose flags are that header's rest word. */
export function writeNdpTarget(
  view: DataView,
  at: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): void {
  view.setInt32(at + TARGET, w0);
  view.setInt32(at + TARGET + 4, w1);
  view.setInt32(at + TARGET + 8, w2);
  view.setInt32(at + TARGET + 12, w3);
}

/** Writes a link-layer address option of {@linkcode NDP_LINK_OPTION_LENGTH} bytes. */
export function writeNdpLinkOption(
  view: DataView,
  option: number,
  kind: number,
  hi: number,
  lo: number,
): void {
  view.setInt16(option, kind << 8 | 1);
  view.setInt16(option + 2, hi);
  view.setInt32(option + 4, lo);
}
