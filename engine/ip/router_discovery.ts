/**
 * Routers and the addresses they offer, RFC 4861 §6.3 and RFC 4862 §5.5.
 *
 * On an interface that autoconfigures, up to three solicitations ask for an
 * advertisement. What an advertisement says becomes ordinary state of the
 * layer, with an end: a default route for the router's lifetime, an on-link
 * route for a prefix's, an address formed from the prefix and the interface
 * identifier (modified EUI-64, RFC 4291 §2.5.1), the link's MTU and the hop
 * limit. On other interfaces advertisements are ignored.
 *
 * It does not take over reachable time and retransmission timer, nor router
 * preferences (RFC 4191): routers are used in the order they were heard.
 *
 * @module
 */
import { type Micros, NEVER, SECOND } from "../base/units.ts";
import {
  IpAddress,
  type IpPrefix,
  IPV6_ANY,
  isLinkLocal,
  isMulticast,
} from "../wire/ip_address.ts";
import {
  findNdpOption,
  NDP_OPTION_MTU,
  NDP_OPTION_PREFIX,
  NDP_OPTION_SOURCE_LINK,
  NDP_PREFIX_AUTONOMOUS,
  NDP_PREFIX_ON_LINK,
  ndpHopLimit,
  ndpLinkHi,
  ndpLinkLo,
  ndpMtu,
  ndpPrefixFlags,
  ndpPrefixLength,
  ndpPrefixPreferred,
  ndpPrefixValid,
  ndpPrefixWord,
  ndpRouterLifetime,
} from "../wire/ndp.ts";
import {
  ADDRESS_DEPRECATED,
  ADDRESS_PREFERRED,
  HostAddress,
} from "./addresses.ts";
import type { IpContext } from "./context.ts";
import { releasePending } from "./datagram.ts";
import { detectDuplicates } from "./duplicates.ts";
import type { IpInterface } from "./interface.ts";
import { queueRouterSolicitation } from "./ndp_output.ts";
import type { IpPacketIn } from "./packet.ts";
import { IPV6_MIN_MTU } from "./path_mtu.ts";

/** MAX_RTR_SOLICITATIONS, RFC 4861 §10. */
const MAX_SOLICITATIONS = 3;
/** RTR_SOLICITATION_INTERVAL, RFC 4861 §10. */
const SOLICITATION_INTERVAL = 4 * SECOND;
/** MAX_RTR_SOLICITATION_DELAY, RFC 4861 §10. */
const MAX_SOLICITATION_DELAY = SECOND;
/** Most addresses formed on one interface, so that a router cannot fill the table. Linux: `max_addresses` 16. */
const MAX_AUTOCONFIGURED = 16;
/** Two hours: an unauthenticated advertisement cannot shorten a lifetime below it, RFC 4862 §5.5.3(e). */
const SHORTEST_CUT = 7200 * SECOND;
/** A lifetime that means for ever. */
const INFINITE_LIFETIME = 0xffffffff;
const DEFAULT_ROUTE: IpPrefix = { address: IPV6_ANY, prefixLength: 0 };

/** Forms the interface's link-local address and schedules the first solicitation. */
export function beginAutoconfiguration(
  context: IpContext,
  via: IpInterface,
  now: Micros,
): void {
  const part = (context.random.int32() >>> 8) / 2 ** 24;
  via.solicitAt = now + part * MAX_SOLICITATION_DELAY;
}

/** fe80::/64 with the interface identifier. */
export function linkLocalAddress(via: IpInterface): IpAddress {
  return withInterfaceId(0xfe800000, 0, via);
}

/** When a solicitation is due or a lifetime ends. */
export function discoveryDeadline(context: IpContext): Micros {
  let earliest = context.routes.deadline;
  for (const via of context.interfaces) {
    if (via !== null) earliest = Math.min(earliest, via.solicitAt);
  }
  for (const entry of context.addresses.entries) {
    const preferred = entry.state === ADDRESS_PREFERRED
      ? entry.preferredUntil
      : NEVER;
    earliest = Math.min(earliest, preferred, entry.validUntil);
  }
  return earliest;
}

/** Whether {@linkcode stepDiscovery} has something to do: as `discoveryDeadline <= now`, without making a number. */
export function isDiscoveryDue(context: IpContext, now: Micros): boolean {
  if (context.routes.deadline <= now) return true;
  const { interfaces } = context;
  for (let i = 0; i < interfaces.length; i++) {
    const via = interfaces[i];
    if (via !== null && via.solicitAt <= now) return true;
  }
  const { entries } = context.addresses;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    if (entry.validUntil <= now) return true;
    if (entry.state === ADDRESS_PREFERRED && entry.preferredUntil <= now) {
      return true;
    }
  }
  return false;
}

/** Sends the solicitations that are due and ends what has outlived its time. */
export function stepDiscovery(context: IpContext, now: Micros): void {
  for (const via of context.interfaces) {
    if (via === null || via.solicitAt > now) continue;
    via.solicitCount++;
    via.solicitAt = via.solicitCount < MAX_SOLICITATIONS
      ? now + SOLICITATION_INTERVAL
      : NEVER;
    const own = context.addresses.select(linkLocalAddress(via), via.index);
    queueRouterSolicitation(context, via, own?.address ?? IPV6_ANY);
  }
  for (const entry of context.addresses.entries.slice()) {
    if (entry.validUntil <= now) {
      context.addresses.remove(entry);
      context.routes.generation++;
    } else if (
      entry.state === ADDRESS_PREFERRED && entry.preferredUntil <= now
    ) {
      entry.state = ADDRESS_DEPRECATED;
    }
  }
  context.routes.expire(now);
}

/** Obeys a router advertisement, RFC 4861 §6.1.2 and §6.3.4; `false` when it breaks a rule. */
export function receiveRouterAdvertisement(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): boolean {
  const router = new IpAddress(
    packet.remote0,
    packet.remote1,
    packet.remote2,
    packet.remote3,
  );
  if (!isLinkLocal(router)) return false;
  if (!via.autoconfigure) return true;
  const { view } = packet.frame;
  const lifetime = ndpRouterLifetime(view, packet.l4);
  const entry = {
    destination: DEFAULT_ROUTE,
    gateway: router,
    interfaceIndex: via.index,
    until: now + lifetime * SECOND,
  };
  if (lifetime > 0) {
    context.routes.add(entry);
    via.solicitAt = NEVER;
  } else {
    context.routes.remove(entry);
  }
  const hopLimit = ndpHopLimit(view, packet.l4);
  if (hopLimit !== 0 && hopLimit !== via.hopLimit) {
    via.hopLimit = hopLimit;
    context.routes.generation++;
  }
  learnRouter(context, via, packet, router, now);
  learnMtu(context, via, packet);
  learnPrefixes(context, via, packet, now);
  return true;
}

function learnRouter(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  router: IpAddress,
  now: Micros,
): void {
  const { view } = packet.frame;
  const end = packet.l4 + packet.l4Length;
  const option = findNdpOption(view, packet.l4, end, NDP_OPTION_SOURCE_LINK, 0);
  if (option < 0) return;
  const { w0, w1, w2, w3 } = router;
  const neighbour = context.neighbours.obtain(via.index, w0, w1, w2, w3);
  neighbour.isRouter = true;
  const linkHi = ndpLinkHi(view, option);
  const linkLo = ndpLinkLo(view, option);
  if (context.neighbours.claim(neighbour, linkHi, linkLo, now)) {
    releasePending(context, neighbour, now);
  }
}

function learnMtu(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
): void {
  const { view } = packet.frame;
  const end = packet.l4 + packet.l4Length;
  const option = findNdpOption(view, packet.l4, end, NDP_OPTION_MTU, 0);
  if (option < 0) return;
  const mtu = ndpMtu(view, option);
  if (mtu < IPV6_MIN_MTU || mtu > via.device.caps.ipMtu) return;
  via.advertisedMtu = mtu;
  if (via.updateMtu()) context.routes.generation++;
}

function learnPrefixes(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): void {
  const { view } = packet.frame;
  const end = packet.l4 + packet.l4Length;
  let option = findNdpOption(view, packet.l4, end, NDP_OPTION_PREFIX, 0);
  for (; option >= 0;) {
    learnPrefix(context, via, view, option, now);
    option = findNdpOption(view, packet.l4, end, NDP_OPTION_PREFIX, option);
  }
}

function learnPrefix(
  context: IpContext,
  via: IpInterface,
  view: DataView,
  option: number,
  now: Micros,
): void {
  const w0 = ndpPrefixWord(view, option, 0);
  const w1 = ndpPrefixWord(view, option, 1);
  const address = new IpAddress(
    w0,
    w1,
    ndpPrefixWord(view, option, 2),
    ndpPrefixWord(view, option, 3),
  );
  const prefixLength = ndpPrefixLength(view, option);
  if (prefixLength > 128 || address.family === 4) return;
  if (isLinkLocal(address) || isMulticast(address)) return;
  const flags = ndpPrefixFlags(view, option);
  const valid = ndpPrefixValid(view, option);
  if ((flags & NDP_PREFIX_ON_LINK) !== 0) {
    const entry = {
      destination: { address, prefixLength },
      gateway: null,
      interfaceIndex: via.index,
      until: endOf(valid, now),
    };
    if (valid === 0) context.routes.remove(entry);
    else context.routes.add(entry);
  }
  const preferred = ndpPrefixPreferred(view, option);
  // RFC 4862 §5.5.3(c), (d): preferred must not exceed valid; the identifier has 64 bits.
  if ((flags & NDP_PREFIX_AUTONOMOUS) === 0 || preferred > valid) return;
  if (prefixLength !== 64) return;
  configure(context, via, withInterfaceId(w0, w1, via), valid, preferred, now);
}

/** Forms the address, or gives the one already formed its new lifetimes: RFC 4862 §5.5.3(d), (e). */
function configure(
  context: IpContext,
  via: IpInterface,
  address: IpAddress,
  valid: number,
  preferred: number,
  now: Micros,
): void {
  const { w0, w1, w2, w3 } = address;
  const known = context.addresses.find(w0, w1, w2, w3, via.index);
  if (known !== null) {
    if (!known.autoconfigured) return;
    const end = endOf(valid, now);
    const remaining = known.validUntil - now;
    if (end - now > SHORTEST_CUT || end > known.validUntil) {
      known.validUntil = end;
    } else if (remaining > SHORTEST_CUT) {
      known.validUntil = now + SHORTEST_CUT;
    }
    known.preferredUntil = endOf(preferred, now);
    if (known.state === ADDRESS_DEPRECATED && preferred > 0) {
      known.state = ADDRESS_PREFERRED;
    }
    return;
  }
  if (valid === 0 || countAutoconfigured(context, via) >= MAX_AUTOCONFIGURED) {
    return;
  }
  const entry = new HostAddress(address, 64, via.index);
  entry.autoconfigured = true;
  entry.validUntil = endOf(valid, now);
  entry.preferredUntil = endOf(preferred, now);
  context.addresses.add(entry);
  detectDuplicates(context, entry, now);
}

function countAutoconfigured(context: IpContext, via: IpInterface): number {
  let count = 0;
  for (const entry of context.addresses.entries) {
    if (entry.autoconfigured && entry.interfaceIndex === via.index) count++;
  }
  return count;
}

/** A /64 with the modified EUI-64 of the hardware address: ff:fe in its middle, the universal bit inverted. */
function withInterfaceId(
  w0: number,
  w1: number,
  via: IpInterface,
): IpAddress {
  const { linkHi, linkLo } = via;
  return new IpAddress(
    w0,
    w1,
    (linkHi ^ 0x0200) << 16 | linkLo >>> 24 << 8 | 0xff,
    0xfe000000 | linkLo & 0x00ffffff,
  );
}

function endOf(lifetime: number, now: Micros): Micros {
  return lifetime === INFINITE_LIFETIME ? NEVER : now + lifetime * SECOND;
}
