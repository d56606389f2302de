/**
 * The kernel's routes.
 *
 * rtnetlink (linux/rtnetlink.h), in the network namespace the calling thread
 * is in. Needs CAP_NET_ADMIN there.
 *
 * @module
 */
import { parseCidr, parseIpAddress, prefixNetwork } from "../engine/mod.ts";
import { addressBytes, familyOf } from "./address_bytes.ts";
import { getLink } from "./links.ts";
import { exchange } from "./netlink.ts";
import {
  NetlinkMessage,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
} from "./netlink_message.ts";

const RTM_NEWROUTE = 24;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;

const CREATE = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

/** Where a route leads. One of the two fields at least. */
export interface RouteTarget {
  /** Address of the next router. */
  readonly gateway?: string;
  /** Name of the interface. */
  readonly link?: string;
}

/** Adds a route to `destination`: a CIDR, or `default` for everything of the gateway's family. */
export function addRoute(destination: string, target: RouteTarget): void {
  const gateway = target.gateway === undefined
    ? null
    : parseIpAddress(target.gateway);
  const prefix = destination === "default" ? null : parseCidr(destination);
  const sample = prefix?.address ?? gateway;
  if (sample === null || (gateway === null && target.link === undefined)) {
    throw new TypeError(
      `Cannot add a route to ${destination}: give a gateway or a link, and a gateway for "default"`,
    );
  }
  const message = new NetlinkMessage(RTM_NEWROUTE, CREATE)
    .u8(familyOf(sample)).u8(prefix?.prefixLength ?? 0).u8(0).u8(0)
    .u8(RT_TABLE_MAIN).u8(RTPROT_BOOT)
    .u8(gateway === null ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE)
    .u8(RTN_UNICAST).u32(0);
  if (prefix !== null) {
    message.attribute(RTA_DST, addressBytes(prefixNetwork(prefix)));
  }
  if (gateway !== null) message.attribute(RTA_GATEWAY, addressBytes(gateway));
  if (target.link !== undefined) {
    message.attributeU32(RTA_OIF, getLink(target.link).index);
  }
  exchange(message, {
    action: `add a route to ${destination}`,
    call: "RTM_NEWROUTE",
  });
}
