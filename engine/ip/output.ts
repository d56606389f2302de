// @hot
/**
 * The way out: IP and link headers go in front of a transport's packet.
 *
 *     headroom        | Ethernet | IP | transport header | payload elsewhere
 *     base            ^ start    ^ l3 ^ l4               ^ end
 *
 * Nothing is copied and nothing is kept: a busy device leaves the frame as it
 * came, so the caller can offer it again or describe another instead.
 *
 * IPv4 identification (RFC 6864): a counter per destination, advanced by the
 * number of wire packets. With DF set the value means nothing, without it the
 * counter keeps a value from being used again while a fragment may live.
 * IPv6 flow labels (RFC 6437 §3): a keyed hash of the ports, the same for all
 * packets of a connection.
 *
 * @module
 */
import type { Frame, PayloadRef } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import { TX_BUSY, TX_OK } from "../link/device.ts";
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  writeEthernet,
} from "../wire/ethernet.ts";
import {
  IPV4_DONT_FRAGMENT,
  IPV4_HEADER_LENGTH,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  writeIpv4Header,
} from "../wire/ipv4.ts";
import { IPV6_HEADER_LENGTH, writeIpv6Header } from "../wire/ipv6.ts";
import {
  IPV4_MULTICAST_MAC_HI,
  ipv4MulticastMacLo,
  IPV6_MULTICAST_MAC_HI,
  MAC_BROADCAST_HI,
  MAC_BROADCAST_LO,
} from "../wire/mac_address.ts";
import type { IpContext } from "./context.ts";
import {
  LINK_OUT_DISCARDS,
  OUT_NO_ROUTES,
  OUT_REQUESTS,
  V6,
} from "./counters.ts";
import {
  neighbourOf,
  NEXT_HOP_FAILED,
  NEXT_HOP_READY,
  nextHopState,
} from "./next_hop.ts";
import type { Route } from "./route.ts";

/**
 * Sends one packet whose transport header, checksum included, is the frame's live bytes.
 *
 * @returns {@linkcode TX_OK} also when there is no route, which a transport sees as loss; {@linkcode TX_BUSY} with
 * the frame as it was, when the device is busy or the next hop unknown yet; `TX_DOWN`
 */
export function transmitPacket(
  context: IpContext,
  frame: Frame,
  payload: PayloadRef | null,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  now: Micros,
): number {
  const family = route.family === 6 ? V6 : 0;
  const hop = nextHopState(context, route, now);
  const via = route.interface;
  if (hop === NEXT_HOP_FAILED || via === null) {
    context.counters.increment(OUT_NO_ROUTES + family | 0);
    return TX_OK;
  }
  if (hop !== NEXT_HOP_READY) return TX_BUSY;
  const start = frame.start;
  const payloadLength = payload === null
    ? 0
    : payload.length + payload.wrapLength | 0;
  prependIp(
    frame,
    payloadLength,
    route,
    protocol,
    trafficClass,
    hopLimit,
    route.dontFragment ? IPV4_DONT_FRAGMENT : 0,
  );
  prependLink(context, frame, route);
  const result = via.device.transmit(frame, payload, now);
  if (result === TX_BUSY) {
    frame.start = start;
    return TX_BUSY;
  }
  const gsoSize = frame.gsoSize;
  const packets = gsoSize === 0
    ? 1
    : (payloadLength + gsoSize - 1) / gsoSize | 0;
  route.nextId = route.nextId + packets & 0xffff;
  context.counters.increment(
    result === TX_OK ? OUT_REQUESTS + family | 0 : LINK_OUT_DISCARDS,
  );
  return result;
}

/**
 * Writes the network header in front of the live bytes, which are the transport's.
 *
 * @param payloadLength bytes that follow the frame's live bytes from elsewhere
 * @param fragment flags and offset of an IPv4 header, as `writeIpv4Header` takes them
 */
export function prependIp(
  frame: Frame,
  payloadLength: number,
  route: Route,
  protocol: number,
  trafficClass: number,
  hopLimit: number,
  fragment: number,
): void {
  const length = frame.end - frame.start + payloadLength | 0;
  const local = route.local;
  const remote = route.remote;
  frame.l4 = frame.start;
  if (route.family === 4) {
    frame.start = frame.start - IPV4_HEADER_LENGTH | 0;
    writeIpv4Header(
      frame.view,
      frame.start,
      trafficClass,
      IPV4_HEADER_LENGTH + length | 0,
      route.nextId,
      fragment,
      hopLimit,
      protocol,
      local.w3,
      remote.w3,
    );
  } else {
    frame.start = frame.start - IPV6_HEADER_LENGTH | 0;
    writeIpv6Header(
      frame.view,
      frame.start,
      trafficClass,
      flowLabel(frame, route, protocol),
      length,
      protocol,
      hopLimit,
      local.w0,
      local.w1,
      local.w2,
      local.w3,
      remote.w0,
      remote.w1,
      remote.w2,
      remote.w3,
    );
  }
  frame.l3 = frame.start;
}

/** Writes the link header the route's next hop needs in front of a network header; none on a medium without. The next hop must be ready. */
export function prependLink(
  context: IpContext,
  frame: Frame,
  route: Route,
): void {
  const via = route.interface;
  if (via === null || !via.ethernet) return;
  let linkHi = 0;
  let linkLo = 0;
  if (!route.multicast) {
    const neighbour = neighbourOf(context, route);
    linkHi = neighbour.linkHi;
    linkLo = neighbour.linkLo;
  } else if (route.family === 6) {
    linkHi = IPV6_MULTICAST_MAC_HI;
    linkLo = route.remote.w3;
  } else if (route.remote.w3 >>> 28 === 0xe) {
    linkHi = IPV4_MULTICAST_MAC_HI;
    linkLo = ipv4MulticastMacLo(route.remote.w3);
  } else {
    linkHi = MAC_BROADCAST_HI;
    linkLo = MAC_BROADCAST_LO;
  }
  frame.start = frame.start - ETHERNET_HEADER_LENGTH | 0;
  writeEthernet(
    frame.view,
    frame.start,
    linkHi,
    linkLo,
    via.linkHi,
    via.linkLo,
    route.family === 6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4,
  );
}

/** Twenty bits that are the same for all packets of a flow and tell an observer nothing of its ports. */
function flowLabel(frame: Frame, route: Route, protocol: number): number {
  let flow = route.flowSecret ^ protocol;
  if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) {
    flow = flow ^ Math.imul(frame.view.getInt32(frame.l4), 0x9e3779b1);
  }
  flow = Math.imul(flow ^ flow >>> 15, 0x2c1b3c6d);
  flow = Math.imul(flow ^ flow >>> 13, 0x297a2d39);
  return flow >>> 12;
}
