// @hot
/**
 * What kind of address is this, by its words alone?
 *
 * Special-purpose addresses of RFC 6890 and RFC 4291 §2.4 that a stack treats
 * apart. Directed broadcasts (10.0.0.255 of 10.0.0.0/24) need the prefix and
 * are ip_address.ts's `prefixBroadcast`.
 *
 * @module
 */

const MAPPED = 0x0000ffff;

/** Whether the words are an IPv4(-mapped) address. */
export function isIpv4Words(w0: number, w1: number, w2: number): boolean {
  return w0 === 0 && w1 === 0 && w2 === MAPPED;
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticastWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return isIpv4Words(w0, w1, w2) ? w3 >>> 28 === 0xe : w0 >>> 24 === 0xff;
}

/** 0.0.0.0 or `::`. */
export function isUnspecifiedWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return w0 === 0 && w1 === 0 && (w2 === 0 || w2 === MAPPED) && w3 === 0;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopbackWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return isIpv4Words(w0, w1, w2)
    ? w3 >>> 24 === 127
    : w0 === 0 && w1 === 0 && w2 === 0 && w3 === 1;
}

/** 169.254.0.0/16 (RFC 3927) or fe80::/10. */
export function isLinkLocalWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return isIpv4Words(w0, w1, w2)
    ? w3 >>> 16 === 0xa9fe
    : w0 >>> 22 === 0xfe80 >> 6;
}

/** The limited broadcast address 255.255.255.255. */
export function isBroadcastWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return isIpv4Words(w0, w1, w2) && w3 === -1;
}

/** fc00::/7 (RFC 4193), or 10/8, 172.16/12, 192.168/16 (RFC 1918). */
export function isPrivateWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  if (!isIpv4Words(w0, w1, w2)) return w0 >>> 25 === 0xfc >> 1;
  return w3 >>> 24 === 10 || w3 >>> 20 === 0xac1 || w3 >>> 16 === 0xc0a8;
}

/** An address that may not be a packet's source: multicast or 255.255.255.255, RFC 1122 §3.2.1.3, RFC 4291 §2.7. */
export function isBadSourceWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return isMulticastWords(w0, w1, w2, w3) || isBroadcastWords(w0, w1, w2, w3);
}

/** 240.0.0.0/4 less the limited broadcast address, reserved by RFC 1112 §4. */
export function isReservedWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return isIpv4Words(w0, w1, w2) && w3 >>> 28 === 0xf && w3 !== -1;
}
