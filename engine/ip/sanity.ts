// @hot
/**
 * May a packet with these addresses come in by this interface, and is it for us?
 *
 *     source        one host, not this one, nor its loopback net (but by loopback)
 *     destination   one of our addresses, a broadcast of the interface, a group we are in
 *     link          a packet for one host comes in a frame for one station
 *
 * RFC 1122 §3.2.1.3, §3.3.6; RFC 4291 §2.5.2, §2.7; RFC 8200 §3.
 *
 * @module
 */
import { V4_MAPPED_WORD } from "../wire/ip_address.ts";
import {
  isIpv4Words,
  isLoopbackWords,
  isMulticastWords,
} from "../wire/ip_class.ts";
import { CAST_NONE, CAST_UNICAST } from "./addresses.ts";
import type { IpContext } from "./context.ts";
import { IN_MCAST_PKTS, V6 } from "./counters.ts";
import type { IpInterface } from "./interface.ts";
import type { IpPacketIn } from "./packet.ts";

/** Addressed to our hardware address, or on a medium without any. */
export const LINK_UNICAST = 0;
/** Addressed to a hardware group or to all. */
export const LINK_GROUP = 1;
/** Addressed to another station. */
export const LINK_OTHER = 2;

/** A mapped address on the wire would be taken for the IPv4 address it maps. */
export function hasMappedAddress(packet: IpPacketIn): boolean {
  return isIpv4Words(packet.local0, packet.local1, packet.local2) ||
    isIpv4Words(packet.remote0, packet.remote1, packet.remote2);
}

/** Whether the packet's source may be one and its destination is us; sets `isMulticast`. */
export function addressesAreSane(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  link: number,
): boolean {
  const generation = context.routes.generation;
  if (
    link === LINK_UNICAST && context.accepted.matches(packet, generation)
  ) {
    packet.isMulticast = false;
    return true;
  }
  if (!sourceIsSane(context, via, packet)) return false;
  const l0 = packet.local0;
  const l1 = packet.local1;
  const l2 = packet.local2;
  const l3 = packet.local3;
  if (isLoopbackWords(l0, l1, l2, l3)) {
    packet.isMulticast = false;
    return via.loopback;
  }
  const cast = context.addresses.castOf(l0, l1, l2, l3, via.index);
  packet.isMulticast = cast !== CAST_UNICAST;
  if (cast === CAST_UNICAST) {
    if (link !== LINK_UNICAST) return false;
    context.accepted.remember(packet, generation);
    return true;
  }
  if (cast === CAST_NONE) return false;
  context.counters.increment(
    packet.local2 === V4_MAPPED_WORD ? IN_MCAST_PKTS : IN_MCAST_PKTS + V6 | 0,
  );
  return true;
}

/** No group, nothing from this very host or its loopback net but by loopback, and in IPv4 no address of "this network": RFC 1122 §3.2.1.3. */
function sourceIsSane(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
): boolean {
  const r0 = packet.remote0;
  const r1 = packet.remote1;
  const r2 = packet.remote2;
  const r3 = packet.remote3;
  if (isMulticastWords(r0, r1, r2, r3)) return false;
  const isV4 = isIpv4Words(r0, r1, r2);
  if (isV4) {
    if (r3 >>> 24 === 0 || r3 >>> 28 === 0xf) return false;
    if (context.addresses.isBroadcast(r3, via.index)) return false;
  }
  if (via.loopback) return true;
  return !isLoopbackWords(r0, r1, r2, r3) &&
    !context.addresses.isOurs(r0, r1, r2, r3);
}
