/**
 * Received fragments: what a piece must look like before it is kept.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { Ipv6Chain } from "../wire/ipv6_extensions.ts";
import type { IpContext } from "./context.ts";
import { REASM_FAILS, REASM_REQDS, V6 } from "./counters.ts";
import type { IpPacketIn } from "./packet.ts";

/** Keeps an IPv4 fragment; `true` when `packet.frame` is now the whole packet. */
export function receiveFragmentV4(
  context: IpContext,
  _packet: IpPacketIn,
  _now: Micros,
): boolean {
  context.counters.increment(REASM_REQDS);
  context.counters.increment(REASM_FAILS);
  return false;
}

/** Keeps an IPv6 fragment; `true` when `packet.frame` is now the whole packet. */
export function receiveFragmentV6(
  context: IpContext,
  _packet: IpPacketIn,
  _chain: Ipv6Chain,
  _now: Micros,
): boolean {
  context.counters.increment(REASM_REQDS + V6);
  context.counters.increment(REASM_FAILS + V6);
  return false;
}
