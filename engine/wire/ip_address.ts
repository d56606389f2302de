/**
 * IP addresses as four 32-bit words.
 *
 * One form for both families: an IPv4 address is held as its IPv4-mapped IPv6
 * address (`::ffff:a.b.c.d`, RFC 4291 §2.5.5.2), so that every table is keyed
 * by the same eight words and no hot path asks which family it serves.
 *
 *     word     w0         w1         w2         w3
 *     IPv6     2001:db8   0:0        0:0        0:1
 *     IPv4     0          0          0x0000ffff a.b.c.d
 *
 * Text is read and written by ip_text.ts, kinds of address are told apart by
 * ip_class.ts; both work on words, and the functions here lend them the class.
 *
 * @module
 */
import {
  isBroadcastWords,
  isLinkLocalWords,
  isLoopbackWords,
  isMulticastWords,
  isPrivateWords,
  isUnspecifiedWords,
} from "./ip_class.ts";
import { formatIpWords, parseIpWords } from "./ip_text.ts";

export { formatIpWords } from "./ip_text.ts";

/** The third word of every IPv4-mapped address. */
export const V4_MAPPED_WORD = 0x0000ffff;

/** An immutable IP address of either family. Words are int32 in network order. */
export class IpAddress {
  /** The words, most significant first. */
  readonly w0: number;
  /** Second word. */
  readonly w1: number;
  /** Third word; {@linkcode V4_MAPPED_WORD} in an IPv4 address. */
  readonly w2: number;
  /** Fourth word; the whole address of an IPv4 address. */
  readonly w3: number;

  /** Makes an address from four words in network order. */
  constructor(w0: number, w1: number, w2: number, w3: number) {
    this.w0 = w0 | 0;
    this.w1 = w1 | 0;
    this.w2 = w2 | 0;
    this.w3 = w3 | 0;
  }

  /** 4 for an IPv4(-mapped) address, else 6. */
  get family(): 4 | 6 {
    return this.w0 === 0 && this.w1 === 0 && this.w2 === V4_MAPPED_WORD ? 4 : 6;
  }

  /** Whether both are the same address. */
  equals(other: IpAddress): boolean {
    return this.w0 === other.w0 && this.w1 === other.w1 &&
      this.w2 === other.w2 && this.w3 === other.w3;
  }
  /** The canonical spelling, RFC 5952. */
  toString(): string {
    return formatIpWords(this.w0, this.w1, this.w2, this.w3);
  }
}

/** A network, or an interface's address within one. */
export interface IpPrefix {
  /** An address of the network; its host bits need not be zero. */
  readonly address: IpAddress;
  /** Leading bits that name the network, 0..32 for IPv4, 0..128 for IPv6. */
  readonly prefixLength: number;
}

/** 0.0.0.0. */
export const IPV4_ANY: IpAddress = new IpAddress(0, 0, V4_MAPPED_WORD, 0);
/** 255.255.255.255. */
export const IPV4_BROADCAST: IpAddress = new IpAddress(
  0,
  0,
  V4_MAPPED_WORD,
  -1,
);
/** `::`. */
export const IPV6_ANY: IpAddress = new IpAddress(0, 0, 0, 0);

/**
 * Reads an IPv4 or IPv6 address, strictly (ip_text.ts).
 *
 * @throws TypeError when `text` is not an address
 */
export function parseIpAddress(text: string): IpAddress {
  const address = tryParseIpAddress(text);
  if (address !== null) return address;
  const remedy = text.includes("%")
    ? "zone identifiers (%…) are not supported, give the address alone"
    : "expected an IPv4 or IPv6 address like 192.0.2.1 or 2001:db8::1";
  throw new TypeError(
    `Cannot parse IP address ${JSON.stringify(text)}: ${remedy}`,
  );
}

/** Reads what {@linkcode parseIpAddress} reads; null when `text` is anything else. */
export function tryParseIpAddress(text: string): IpAddress | null {
  const words = parseIpWords(text);
  return words === null ? null : new IpAddress(...words);
}

/** The address in its canonical spelling, RFC 5952; IPv4 as a dotted quad. */
export function formatIpAddress(address: IpAddress): string {
  return formatIpWords(address.w0, address.w1, address.w2, address.w3);
}

/**
 * Reads `address/length`; the host bits are kept.
 *
 * @throws TypeError when `text` has another form, the address is none or the length is out of range
 */
export function parseCidr(text: string): IpPrefix {
  const fail = (why: string): TypeError =>
    new TypeError(`Cannot parse CIDR ${JSON.stringify(text)}: ${why}`);
  const slash = text.lastIndexOf("/");
  if (slash < 0) {
    throw fail("expected address/prefix length, like 10.0.0.1/24");
  }
  const address = tryParseIpAddress(text.slice(0, slash));
  if (address === null) {
    throw fail(`${JSON.stringify(text.slice(0, slash))} is not an IP address`);
  }
  const most = address.family === 4 ? 32 : 128;
  const digits = text.slice(slash + 1);
  const prefixLength = Number(digits);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(digits) || prefixLength > most) {
    throw fail(`prefix length must be 0..${most}`);
  }
  return { address, prefixLength };
}

/** `address/length` as {@linkcode parseCidr} reads it. */
export function formatCidr(prefix: IpPrefix): string {
  return `${formatIpAddress(prefix.address)}/${prefix.prefixLength}`;
}

/** Whether the network contains the address; never across families. */
export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  const base = prefix.address;
  const bits = wordBits(prefix);
  // 0.0.0.0/0 is 96 bits long here, but ::/0 is 0 and would take in every IPv4 address.
  return base.family === address.family &&
    ((base.w0 ^ address.w0) & maskWord(bits)) === 0 &&
    ((base.w1 ^ address.w1) & maskWord(bits - 32)) === 0 &&
    ((base.w2 ^ address.w2) & maskWord(bits - 64)) === 0 &&
    ((base.w3 ^ address.w3) & maskWord(bits - 96)) === 0;
}

/** The prefix's first address: its host bits are zero. */
export function prefixNetwork(prefix: IpPrefix): IpAddress {
  const { w0, w1, w2, w3 } = prefix.address;
  const bits = wordBits(prefix);
  return new IpAddress(
    w0 & maskWord(bits),
    w1 & maskWord(bits - 32),
    w2 & maskWord(bits - 64),
    w3 & maskWord(bits - 96),
  );
}

/** The directed broadcast address of an IPv4 prefix, or null: IPv6 has none, nor have /31 (RFC 3021) and /32. */
export function prefixBroadcast(prefix: IpPrefix): IpAddress | null {
  const { address, prefixLength } = prefix;
  if (address.family === 6 || prefixLength > 30) return null;
  const word = address.w3 | ~maskWord(prefixLength);
  return new IpAddress(0, 0, V4_MAPPED_WORD, word);
}

/** How many leading bits two addresses share, 0..128; IPv4 addresses are compared in their mapped form. RFC 6724 §2.2. */
export function commonPrefixLength(a: IpAddress, b: IpAddress): number {
  const d0 = a.w0 ^ b.w0, d1 = a.w1 ^ b.w1, d2 = a.w2 ^ b.w2, d3 = a.w3 ^ b.w3;
  if (d0 !== 0) return Math.clz32(d0);
  if (d1 !== 0) return 32 + Math.clz32(d1);
  if (d2 !== 0) return 64 + Math.clz32(d2);
  return 96 + Math.clz32(d3);
}

/** Whether the address is 224.0.0.0/4 or ff00::/8. */
export function isMulticast(a: IpAddress): boolean {
  return isMulticastWords(a.w0, a.w1, a.w2, a.w3);
}

/** Whether the address is 0.0.0.0 or `::`. */
export function isUnspecified(a: IpAddress): boolean {
  return isUnspecifiedWords(a.w0, a.w1, a.w2, a.w3);
}

/** Whether the address is in 127.0.0.0/8 or is ::1. */
export function isLoopback(a: IpAddress): boolean {
  return isLoopbackWords(a.w0, a.w1, a.w2, a.w3);
}

/** Whether the address is in 169.254.0.0/16 or fe80::/10. */
export function isLinkLocal(a: IpAddress): boolean {
  return isLinkLocalWords(a.w0, a.w1, a.w2, a.w3);
}

/** Whether the address is 255.255.255.255. */
export function isBroadcast(a: IpAddress): boolean {
  return isBroadcastWords(a.w0, a.w1, a.w2, a.w3);
}

/** Whether the address is private, RFC 1918, or unique local, RFC 4193. */
export function isPrivate(a: IpAddress): boolean {
  return isPrivateWords(a.w0, a.w1, a.w2, a.w3);
}

/** The IPv4 address in the four bytes at `offset`. */
export function readIpv4(view: DataView, offset: number): IpAddress {
  return new IpAddress(0, 0, V4_MAPPED_WORD, view.getInt32(offset));
}

/** The IPv6 address in the sixteen bytes at `offset`; a mapped one is an IPv4 address. */
export function readIpv6(view: DataView, offset: number): IpAddress {
  return new IpAddress(
    view.getInt32(offset),
    view.getInt32(offset + 4),
    view.getInt32(offset + 8),
    view.getInt32(offset + 12),
  );
}

/** Writes an IPv4 address as four bytes at `offset`. */
export function writeIpv4(
  view: DataView,
  offset: number,
  address: IpAddress,
): void {
  view.setInt32(offset, address.w3);
}

/** Writes an address of either family, IPv4 as mapped, as sixteen bytes at `offset`. */
export function writeIpv6(
  view: DataView,
  offset: number,
  address: IpAddress,
): void {
  view.setInt32(offset, address.w0);
  view.setInt32(offset + 4, address.w1);
  view.setInt32(offset + 8, address.w2);
  view.setInt32(offset + 12, address.w3);
}

/** Bits of a prefix counted over all four words. */
function wordBits(prefix: IpPrefix): number {
  return prefix.address.family === 4
    ? 96 + prefix.prefixLength
    : prefix.prefixLength;
}

/** The word whose first `bits` bits are set; below 0 none, above 32 all. */
function maskWord(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << 32 - bits;
}
