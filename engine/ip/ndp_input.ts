/**
 * Neighbour discovery messages of others, RFC 4861 §7.1, §7.2.3 to §7.2.5.
 *
 * The message's checksum has been verified. Redirects are counted and ignored
 * (RFC 4861 §8.3 lets a host do so): whoever is on the link could send one.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { WIRE_OK } from "../wire/codes.ts";
import {
  ETHERNET_HEADER_LENGTH,
  ethernetSourceHi,
  ethernetSourceLo,
} from "../wire/ethernet.ts";
import { icmpv6Type } from "../wire/icmpv6.ts";
import { IpAddress, isUnspecified } from "../wire/ip_address.ts";
import {
  checkNdp,
  findNdpOption,
  NDP_FLAG_OVERRIDE,
  NDP_FLAG_ROUTER,
  NDP_FLAG_SOLICITED,
  NDP_NEIGHBOUR_ADVERTISEMENT,
  NDP_NEIGHBOUR_SOLICITATION,
  NDP_OPTION_SOURCE_LINK,
  NDP_OPTION_TARGET_LINK,
  NDP_REDIRECT,
  NDP_ROUTER_ADVERTISEMENT,
  ndpFlags,
  ndpLinkHi,
  ndpLinkLo,
  ndpTargetWord,
} from "../wire/ndp.ts";
import { ADDRESS_TENTATIVE, type HostAddress } from "./addresses.ts";
import type { IpContext } from "./context.ts";
import {
  ICMP_IN_REDIRECTS,
  NDP_IN_ADVERTISEMENTS,
  NDP_IN_ERRORS,
  NDP_IN_ROUTER_ADVERTISEMENTS,
  NDP_IN_SOLICITS,
  V6,
} from "./counters.ts";
import { releasePending } from "./datagram.ts";
import { rejectDuplicate } from "./duplicates.ts";
import type { IpInterface } from "./interface.ts";
import { NDP_HOP_LIMIT, queueAdvertisement } from "./ndp_output.ts";
import {
  type Neighbour,
  NEIGHBOUR_INCOMPLETE,
  NEIGHBOUR_PROBE,
} from "./neighbours.ts";
import type { IpPacketIn } from "./packet.ts";
import { receiveRouterAdvertisement } from "./router_discovery.ts";

/** Handles the discovery message of `packet`, whose checksum is right. */
export function receiveNdp(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): void {
  const { view } = packet.frame;
  const end = packet.l4 + packet.l4Length;
  // A hop limit of 255 proves that the sender is on this link.
  const sane = via.ethernet && packet.hopLimit === NDP_HOP_LIMIT &&
    checkNdp(view, packet.l4, end) === WIRE_OK;
  let code = sane;
  if (sane) {
    switch (icmpv6Type(view, packet.l4)) {
      case NDP_NEIGHBOUR_SOLICITATION:
        code = receiveSolicitation(context, via, packet, now);
        break;
      case NDP_NEIGHBOUR_ADVERTISEMENT:
        code = receiveAdvertisement(context, via, packet, now);
        break;
      case NDP_ROUTER_ADVERTISEMENT:
        context.counters.increment(NDP_IN_ROUTER_ADVERTISEMENTS);
        code = receiveRouterAdvertisement(context, via, packet, now);
        break;
      case NDP_REDIRECT:
        context.counters.increment(ICMP_IN_REDIRECTS + V6);
        break;
      default:
        break; // Router solicitations are for routers.
    }
  }
  if (!code) context.counters.increment(NDP_IN_ERRORS);
}

/** RFC 4861 §7.1.1 and §7.2.3, RFC 4862 §5.4.3; `false` when it breaks a rule. */
function receiveSolicitation(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): boolean {
  context.counters.increment(NDP_IN_SOLICITS);
  const { view } = packet.frame;
  const end = packet.l4 + packet.l4Length;
  const asker = remoteOf(packet);
  const isProbe = isUnspecified(asker);
  const option = findNdpOption(view, packet.l4, end, NDP_OPTION_SOURCE_LINK, 0);
  if (targetIsMulticast(packet)) return false;
  if (isProbe && (!packet.isMulticast || option >= 0)) return false;
  const own = ownTarget(context, via, packet);
  if (own === null) return true;
  if (own.state === ADDRESS_TENTATIVE) {
    // Another node probes for the same address; a resolver is simply not answered yet.
    if (isProbe) rejectDuplicate(context, own);
    return true;
  }
  let linkHi = sourceHi(packet.frame);
  let linkLo = sourceLo(packet.frame);
  if (option >= 0) {
    linkHi = ndpLinkHi(view, option);
    linkLo = ndpLinkLo(view, option);
    learnAsker(context, via, asker, linkHi, linkLo, now);
  }
  queueAdvertisement(
    context,
    via,
    own.address,
    isProbe ? null : asker,
    linkHi,
    linkLo,
  );
  return true;
}

/** RFC 4861 §7.1.2 and §7.2.5; `false` when it breaks a rule. */
function receiveAdvertisement(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
  now: Micros,
): boolean {
  context.counters.increment(NDP_IN_ADVERTISEMENTS);
  const { view } = packet.frame;
  const at = packet.l4;
  const flags = ndpFlags(view, at);
  if (targetIsMulticast(packet)) return false;
  if (packet.isMulticast && (flags & NDP_FLAG_SOLICITED) !== 0) return false;
  const own = ownTarget(context, via, packet);
  if (own !== null) {
    if (own.state === ADDRESS_TENTATIVE) rejectDuplicate(context, own);
    return true;
  }
  const neighbour = context.neighbours.find(
    via.index,
    ndpTargetWord(view, at, 0),
    ndpTargetWord(view, at, 1),
    ndpTargetWord(view, at, 2),
    ndpTargetWord(view, at, 3),
  );
  if (neighbour !== null) applyAdvertisement(context, neighbour, packet, now);
  return true;
}

function applyAdvertisement(
  context: IpContext,
  neighbour: Neighbour,
  packet: IpPacketIn,
  now: Micros,
): void {
  const { view } = packet.frame;
  const end = packet.l4 + packet.l4Length;
  const flags = ndpFlags(view, packet.l4);
  const option = findNdpOption(view, packet.l4, end, NDP_OPTION_TARGET_LINK, 0);
  const isNew = neighbour.state === NEIGHBOUR_INCOMPLETE;
  // Without an address nothing can be learned of a neighbour of which nothing is known.
  if (option < 0 && !neighbour.isKnown) return;
  const linkHi = option < 0 ? neighbour.linkHi : ndpLinkHi(view, option);
  const linkLo = option < 0 ? neighbour.linkLo : ndpLinkLo(view, option);
  neighbour.isRouter = (flags & NDP_FLAG_ROUTER) !== 0;
  const asked = isNew || neighbour.state === NEIGHBOUR_PROBE;
  const table = context.neighbours;
  let usable = false;
  if ((flags & NDP_FLAG_SOLICITED) !== 0 && asked) {
    usable = table.answer(neighbour, linkHi, linkLo, now);
  } else if ((flags & NDP_FLAG_OVERRIDE) !== 0 || isNew) {
    usable = table.claim(neighbour, linkHi, linkLo, now);
  }
  if (usable) releasePending(context, neighbour, now);
}

/** The sender of a solicitation for us that names its hardware address; only one on this link becomes an entry. */
function learnAsker(
  context: IpContext,
  via: IpInterface,
  asker: IpAddress,
  linkHi: number,
  linkLo: number,
  now: Micros,
): void {
  const { w0, w1, w2, w3 } = asker;
  const table = context.neighbours;
  const neighbour = context.addresses.isOnLink(w0, w1, w2, w3, via.index)
    ? table.obtain(via.index, w0, w1, w2, w3)
    : table.find(via.index, w0, w1, w2, w3);
  if (neighbour === null) return;
  if (table.claim(neighbour, linkHi, linkLo, now)) {
    releasePending(context, neighbour, now);
  }
}

/** Our address of that interface the message is about, tentative or not; null when it is not ours. */
function ownTarget(
  context: IpContext,
  via: IpInterface,
  packet: IpPacketIn,
): HostAddress | null {
  const { view } = packet.frame;
  return context.addresses.find(
    ndpTargetWord(view, packet.l4, 0),
    ndpTargetWord(view, packet.l4, 1),
    ndpTargetWord(view, packet.l4, 2),
    ndpTargetWord(view, packet.l4, 3),
    via.index,
  );
}

function targetIsMulticast(packet: IpPacketIn): boolean {
  return ndpTargetWord(packet.frame.view, packet.l4, 0) >>> 24 === 0xff;
}

function remoteOf(packet: IpPacketIn): IpAddress {
  const { remote0, remote1, remote2, remote3 } = packet;
  return new IpAddress(remote0, remote1, remote2, remote3);
}

/** Upper half of the hardware address the frame came from; the link header is right before the network header. */
function sourceHi(frame: Frame): number {
  return ethernetSourceHi(frame.view, frame.l3 - ETHERNET_HEADER_LENGTH);
}

function sourceLo(frame: Frame): number {
  return ethernetSourceLo(frame.view, frame.l3 - ETHERNET_HEADER_LENGTH);
}
