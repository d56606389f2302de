// @hot
/**
 * Our own addresses: which are they, and which do we speak from?
 *
 * A handful of entries, scanned: up to ten of anything a scan beats a table.
 * An address is *tentative* while duplicate address detection asks whether
 * another host has it (RFC 4862 §5.4) and receives nothing then; *deprecated*
 * once its preferred lifetime ended, when it still receives but is the last
 * choice for new conversations.
 *
 *     TENTATIVE ──DAD──▶ PREFERRED ──preferred lifetime──▶ DEPRECATED ──valid lifetime──▶ gone
 *
 * The layer follows the weak host model of RFC 1122 §3.3.4.2, as Linux does: a
 * packet for any of our addresses is ours by whichever interface it comes;
 * link-local and loopback addresses, which mean nothing elsewhere, excepted.
 *
 * @module
 */
import { type Micros, NEVER } from "../base/units.ts";
import {
  commonPrefixLength,
  type IpAddress,
  isLinkLocal,
  isLoopback,
  isMulticast,
  V4_MAPPED_WORD,
} from "../wire/ip_address.ts";
import {
  isIpv4Words,
  isLinkLocalWords,
  isMulticastWords,
} from "../wire/ip_class.ts";
import { GroupTable } from "./groups.ts";
import { scopeOf } from "./scope.ts";

/** {@linkcode HostAddress.state}: not ours yet. */
export const ADDRESS_TENTATIVE = 0;
/** {@linkcode HostAddress.state}: in use. */
export const ADDRESS_PREFERRED = 1;
/** {@linkcode HostAddress.state}: received, not chosen while there is another. */
export const ADDRESS_DEPRECATED = 2;

/** {@linkcode AddressTable.castOf}: not for us. */
export const CAST_NONE = 0;
/** {@linkcode AddressTable.castOf}: one of our addresses. */
export const CAST_UNICAST = 1;
/** {@linkcode AddressTable.castOf}: a broadcast address of the interface. */
export const CAST_BROADCAST = 2;
/** {@linkcode AddressTable.castOf}: a group we are in. */
export const CAST_MULTICAST = 3;

/** 224.0.0.1, all hosts, RFC 1112 §4. */
const V4_ALL_HOSTS = 0xe0000001 | 0;
/** First word of ff02::/32, groups of the link. */
const LINK_GROUP_WORD = 0xff020000 | 0;
/** Fourth word of ff02::1:ff00:0/104, solicited-node groups, RFC 4291 §2.7.1. */
const SOLICITED_NODE_WORD = 0xff000000 | 0;

/** First ten bits of fe80::/10. */
const LINK_LOCAL_BITS = 0xfe80 >> 6;

/** One of our addresses. The table owns it. */
export class HostAddress {
  /** The address. */
  readonly address: IpAddress;
  /** Bits of the prefix that is on the link, 0..32 or 0..128. */
  readonly prefixLength: number;
  /** The interface it belongs to. */
  readonly interfaceIndex: number;
  /** `ADDRESS_*`. */
  state: number = ADDRESS_PREFERRED;
  /** When it becomes {@linkcode ADDRESS_DEPRECATED}. */
  preferredUntil: Micros = NEVER;
  /** When it goes. */
  validUntil: Micros = NEVER;
  /** Formed from a router's prefix, RFC 4862 §5.5. */
  autoconfigured = false;
  /** When duplicate detection takes its next step; `NEVER` when it is done. */
  probeAt: Micros = NEVER;
  /** Probes sent so far. */
  probeCount = 0;

  /** Makes a preferred address that stays for ever. */
  constructor(
    address: IpAddress,
    prefixLength: number,
    interfaceIndex: number,
  ) {
    this.address = address;
    this.prefixLength = prefixLength;
    this.interfaceIndex = interfaceIndex;
  }
}

/** All our addresses. */
export class AddressTable {
  /** The addresses in the order they were added; changed by the table only. */
  readonly entries: HostAddress[] = [];
  /** The groups we joined. */
  readonly groups: GroupTable = new GroupTable();

  /** Adds an address. */
  add(entry: HostAddress): void {
    this.entries.push(entry);
  }

  /** Removes an address; `false` when it is not there. */
  remove(entry: HostAddress): boolean {
    const i = this.entries.indexOf(entry);
    if (i < 0) return false;
    this.entries.splice(i, 1);
    return true;
  }

  /** The entry of that address in any state; any interface's when `interfaceIndex` is below 0. */
  find(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    interfaceIndex: number,
  ): HostAddress | null {
    const entries = this.entries;
    for (let i = 0; i < entries.length; i++) {
      const a = entries[i].address;
      if (
        a.w3 === w3 && a.w2 === w2 && a.w1 === w1 && a.w0 === w0 &&
        (interfaceIndex < 0 || entries[i].interfaceIndex === interfaceIndex)
      ) return entries[i];
    }
    return null;
  }

  /** Whether the address is ours and not tentative. */
  isOurs(w0: number, w1: number, w2: number, w3: number): boolean {
    const entry = this.find(w0, w1, w2, w3, -1);
    return entry !== null && entry.state !== ADDRESS_TENTATIVE;
  }

  /** Whether the address lies in a prefix of one of the interface's addresses, or is link-local IPv6. */
  isOnLink(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    interfaceIndex: number,
  ): boolean {
    if (w0 >>> 22 === LINK_LOCAL_BITS) return true;
    const entries = this.entries;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      const a = entry.address;
      if (entry.interfaceIndex !== interfaceIndex) continue;
      const isV4 = isIpv4Words(a.w0, a.w1, a.w2);
      if (isV4 !== isIpv4Words(w0, w1, w2)) continue;
      const bits = entry.prefixLength + (isV4 ? 96 : 0);
      if (sharedBits(a, w0, w1, w2, w3) >= bits) return true;
    }
    return false;
  }

  /** Who a packet that came in by `interfaceIndex` for that destination is for: `CAST_*`. */
  castOf(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    interfaceIndex: number,
  ): number {
    const scoped = isLinkLocalWords(w0, w1, w2, w3);
    const entry = this.find(w0, w1, w2, w3, scoped ? interfaceIndex : -1);
    if (entry !== null) {
      return entry.state === ADDRESS_TENTATIVE ? CAST_NONE : CAST_UNICAST;
    }
    if (
      isMulticastWords(w0, w1, w2, w3) &&
      this.groups.has(w0, w1, w2, w3, interfaceIndex)
    ) return CAST_MULTICAST;
    if (isIpv4Words(w0, w1, w2)) return this.#castOfV4(w3, interfaceIndex);
    return w0 >>> 24 === 0xff &&
        this.#isV6Member(w0, w1, w2, w3, interfaceIndex)
      ? CAST_MULTICAST
      : CAST_NONE;
  }

  /** Whether the IPv4 address is the limited broadcast or one of a subnet of the interface; any interface's when below 0. RFC 1122 §3.2.1.3. */
  isBroadcast(word: number, interfaceIndex: number): boolean {
    if (word === -1) return true;
    const entries = this.entries;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (interfaceIndex >= 0 && entry.interfaceIndex !== interfaceIndex) {
        continue;
      }
      // /31 and /32 have no broadcast address, RFC 3021 §2.1.
      if (entry.address.w2 !== V4_MAPPED_WORD || entry.prefixLength > 30) {
        continue;
      }
      const hostMask = entry.prefixLength === 0
        ? -1
        : -1 >>> entry.prefixLength;
      if (word === (entry.address.w3 | hostMask)) return true;
    }
    return false;
  }

  /**
   * The source to speak from to that remote address by that interface, RFC 6724 §5 rules 1, 2, 3, 5 and 8.
   *
   * @returns null when there is no usable address of that family
   */
  select(remote: IpAddress, interfaceIndex: number): HostAddress | null {
    const family = remote.family;
    const entries = this.entries;
    let best: HostAddress | null = null;
    let bestRank = -1;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry.state === ADDRESS_TENTATIVE) continue;
      if (entry.address.family !== family) continue;
      if (!isCandidate(entry, remote, interfaceIndex)) continue;
      const rank = rankSource(entry, remote, interfaceIndex);
      if (rank > bestRank) {
        best = entry;
        bestRank = rank;
      }
    }
    return best;
  }

  #castOfV4(word: number, interfaceIndex: number): number {
    if (word >>> 28 === 0xe) {
      return word === V4_ALL_HOSTS ? CAST_MULTICAST : CAST_NONE;
    }
    return this.isBroadcast(word, interfaceIndex) ? CAST_BROADCAST : CAST_NONE;
  }

  /** All-nodes of node and link, and the solicited-node groups of our addresses, tentative ones included (RFC 4291 §2.8). */
  #isV6Member(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    interfaceIndex: number,
  ): boolean {
    if (w1 !== 0) return false;
    if (w2 === 0 && w3 === 1) {
      return w0 === LINK_GROUP_WORD || w0 === (0xff010000 | 0);
    }
    if (w0 !== LINK_GROUP_WORD || w2 !== 1) return false;
    if ((w3 & 0xff000000) !== SOLICITED_NODE_WORD) return false;
    const entries = this.entries;
    for (let i = 0; i < entries.length; i++) {
      const a = entries[i].address;
      if (
        entries[i].interfaceIndex === interfaceIndex &&
        (a.w3 & 0x00ffffff) === (w3 & 0x00ffffff) &&
        !isIpv4Words(a.w0, a.w1, a.w2)
      ) return true;
    }
    return false;
  }
}

/** Whether the rules may choose it at all, RFC 6724 §4: for what means something on one link only, that link's addresses; and a loopback or link-local address on no other link than its own. */
function isCandidate(
  entry: HostAddress,
  remote: IpAddress,
  interfaceIndex: number,
): boolean {
  if (entry.interfaceIndex === interfaceIndex) return true;
  const { address } = entry;
  if (address.equals(remote)) return true;
  return !isLoopback(address) && !isLinkLocal(address) &&
    !isLinkLocal(remote) && !isMulticast(remote);
}

/**
 * The rules of RFC 6724 §5 as one number, a higher rule in a higher bit.
 *
 *     bit 24       16..23                    12          11         0..7
 *     same (1)     appropriate scope (2)     current (3) interface (5)  common prefix (8)
 */
function rankSource(
  entry: HostAddress,
  remote: IpAddress,
  interfaceIndex: number,
): number {
  const address = entry.address;
  if (address.equals(remote)) return 1 << 24;
  const scope = scopeOf(remote);
  const ownScope = scopeOf(address);
  // Rule 2: the smallest scope that is not smaller than the destination's; failing that, the largest.
  const fit = ownScope >= scope ? 0x20 - (ownScope - scope) : ownScope;
  const common = commonPrefixLength(address, remote);
  // Rule 8 stops at the source's own prefix; bits past it say nothing of the topology.
  const ownPrefix = entry.prefixLength + (address.family === 4 ? 96 : 0);
  return fit << 16 |
    (entry.state === ADDRESS_PREFERRED ? 1 << 12 : 0) |
    (entry.interfaceIndex === interfaceIndex ? 1 << 11 : 0) |
    Math.min(common, ownPrefix);
}

/** Leading bits an address shares with four words. */
function sharedBits(
  a: IpAddress,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  if (a.w0 !== w0) return Math.clz32(a.w0 ^ w0);
  if (a.w1 !== w1) return 32 + Math.clz32(a.w1 ^ w1) | 0;
  if (a.w2 !== w2) return 64 + Math.clz32(a.w2 ^ w2) | 0;
  return 96 + Math.clz32(a.w3 ^ w3) | 0;
}

/** Whether no packet may be addressed to it as to one host: multicast, or a broadcast of `interfaceIndex`. */
export function isGroupAddress(
  table: AddressTable,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  interfaceIndex: number,
): boolean {
  if (isMulticastWords(w0, w1, w2, w3)) return true;
  return isIpv4Words(w0, w1, w2) && table.isBroadcast(w3, interfaceIndex);
}
