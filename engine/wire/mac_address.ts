/**
 * Ethernet hardware addresses as two integers.
 *
 *     02 : 00 : 5e : 10 : 00 : 01
 *     └─ hi ─┘  └────── lo ─────┘
 *       16 bits       int32
 *
 * The least bit of the first octet marks a group, the next a locally
 * administered address (IEEE 802).
 *
 * @module
 */

/** The upper 16 bits of the broadcast address. */
export const MAC_BROADCAST_HI = 0xffff;
/** The lower 32 bits of the broadcast address. */
export const MAC_BROADCAST_LO: number = -1;

/** A hardware address, immutable. */
export class MacAddress {
  /** The first two octets, 0..0xffff. */
  readonly hi: number;
  /** The last four octets, int32. */
  readonly lo: number;

  /** Makes an address from its halves in network order. */
  constructor(hi: number, lo: number) {
    this.hi = hi & 0xffff;
    this.lo = lo | 0;
  }

  /** Whether both are the same address. */
  equals(other: MacAddress): boolean {
    return this.hi === other.hi && this.lo === other.lo;
  }

  /** Six lower-case octets joined by colons. */
  toString(): string {
    return formatMac(this.hi, this.lo);
  }
}

/**
 * Reads `02:00:5e:10:00:01`, or the same with hyphens.
 *
 * @throws TypeError when `text` is not six two-digit hexadecimal octets
 */
export function parseMac(text: string): MacAddress {
  const parsed = tryParseMac(text);
  if (parsed === null) {
    throw new TypeError(
      `Cannot parse hardware address ${
        JSON.stringify(text)
      }: expected six octets like 02:00:5e:10:00:01`,
    );
  }
  return parsed;
}

/** Reads what {@linkcode parseMac} reads; null when `text` is anything else. */
export function tryParseMac(text: string): MacAddress | null {
  const octet = "[0-9a-fA-F]{2}";
  const form = new RegExp(`^${octet}([:-])(?:${octet}\\1){4}${octet}$`);
  if (!form.test(text)) return null;
  const digits = text.replace(/[:-]/g, "");
  return new MacAddress(
    parseInt(digits.slice(0, 4), 16),
    parseInt(digits.slice(4), 16),
  );
}

/** Six lower-case octets joined by colons. */
export function formatMac(hi: number, lo: number): string {
  const digits = (hi & 0xffff).toString(16).padStart(4, "0") +
    (lo >>> 0).toString(16).padStart(8, "0");
  return digits.replace(/..(?!$)/g, "$&:");
}

/** Whether the address names a group; broadcast is one. */
export function isMulticastMac(hi: number): boolean {
  return (hi & 0x0100) !== 0;
}

/** Whether the address names every station. */
export function isBroadcastMac(hi: number, lo: number): boolean {
  return hi === MAC_BROADCAST_HI && lo === MAC_BROADCAST_LO;
}

/** Upper half of the group address an IPv4 multicast packet goes to, RFC 1112 §6.4. */
export const IPV4_MULTICAST_MAC_HI = 0x0100;

/** Lower half of the group address for the IPv4 group `address`, RFC 1112 §6.4. */
export function ipv4MulticastMacLo(address: number): number {
  return 0x5e000000 | address & 0x007fffff;
}

/** Upper half of the group address an IPv6 multicast packet goes to; the lower half is the address's last word, RFC 2464 §7. */
export const IPV6_MULTICAST_MAC_HI = 0x3333;
