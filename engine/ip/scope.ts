/**
 * How far does an address reach?
 *
 * Scopes are the values of RFC 4291 §2.7; unicast and IPv4 addresses are
 * mapped onto them as RFC 6724 §3.1 and §3.2 say.
 *
 * @module
 */
import {
  type IpAddress,
  isLinkLocal,
  isLoopback,
  isMulticast,
} from "../wire/ip_address.ts";

/** Valid on one link. */
export const SCOPE_LINK = 0x2;
/** Valid everywhere; unique local addresses (RFC 4193) count as global. */
export const SCOPE_GLOBAL = 0xe;

/** Scope of an address, 0..15: 169.254/16, 127/8 and ::1 reach one link, a group of IPv6 what its name says. */
export function scopeOf(address: IpAddress): number {
  if (isLinkLocal(address) || isLoopback(address)) return SCOPE_LINK;
  if (address.family === 6 && isMulticast(address)) {
    return address.w0 >>> 16 & 0xf;
  }
  return SCOPE_GLOBAL;
}
