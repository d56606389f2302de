/**
 * Interfaces, addresses and routes of the kernel, set without the `ip` command.
 *
 * Each verb is one rtnetlink message (linux/rtnetlink.h) and acts on the
 * network namespace the calling thread is in. A program that opens a TAP with
 * addresses needs these and nothing outside its own process. They need
 * CAP_NET_ADMIN in that namespace's user namespace.
 *
 * @module
 */
import type { IpAddress, IpPrefix } from "../engine/mod.ts";
import { parseCidr, parseIpAddress } from "../engine/mod.ts";
import { EACCES, EEXIST, ENODEV, EPERM } from "./errno_names.ts";
import { formatHardwareAddress, parseHardwareAddress } from "./link_name.ts";
import { exchange } from "./netlink.ts";
import {
  findAttribute,
  NETLINK_HEADER_LENGTH,
  NetlinkMessage,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
} from "./netlink_message.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_NEWROUTE = 24;

const LINK_FIXED_LENGTH = 16;
const IFF_UP = 1;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_F_NODAD = 0x02;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;

const CHANGE = NLM_F_REQUEST | NLM_F_ACK;
const CREATE = CHANGE | NLM_F_CREATE | NLM_F_EXCL;

/** An interface as the kernel describes it. */
export interface Link {
  /** Its index in its namespace, above 0. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** It is administratively up. */
  readonly isUp: boolean;
  /** Its MTU in bytes. */
  readonly mtu: number;
  /** Its hardware address, `02:00:00:00:00:01`; empty when it has none. */
  readonly hardwareAddress: string;
}

/** What {@linkcode setLink} is to change; what is absent stays. */
export interface LinkChange {
  /** Brings the interface up or takes it down. */
  readonly state?: "up" | "down";
  /** Its MTU in bytes. */
  readonly mtu?: number;
  /** Its hardware address, `02:00:00:00:00:01`. */
  readonly hardwareAddress?: string;
}

/** Where a route leads. One of the two fields at least. */
export interface RouteTarget {
  /** Address of the next router. */
  readonly gateway?: string;
  /** Name of the interface. */
  readonly link?: string;
}

/**
 * Describes the interface called `name`.
 *
 * @throws {SystemError} ENODEV when there is none
 */
export function getLink(name: string): Link {
  const answer = exchange(
    linkMessage(RTM_GETLINK, NLM_F_REQUEST, 0)
      .attributeString(IFLA_IFNAME, name),
    { action: `find interface ${name}`, call: "RTM_GETLINK", remedy },
  );
  return readLink(answer);
}

/** Changes the interface called `name`. */
export function setLink(name: string, change: LinkChange): void {
  const { index } = getLink(name);
  const flags = change.state === "up" ? IFF_UP : 0;
  const mask = change.state === undefined ? 0 : IFF_UP;
  const message = linkMessage(RTM_NEWLINK, CHANGE, index, flags, mask);
  if (change.mtu !== undefined) message.attributeU32(IFLA_MTU, change.mtu);
  if (change.hardwareAddress !== undefined) {
    message.attribute(
      IFLA_ADDRESS,
      parseHardwareAddress(change.hardwareAddress),
    );
  }
  const text = Object.entries(change).map(([key, value]) => `${key} ${value}`);
  exchange(message, {
    action: `set ${text.join(", ")} on ${name}`,
    call: "RTM_NEWLINK",
    remedy,
  });
}

/**
 * Gives the interface called `name` an address in CIDR form.
 *
 * An IPv6 address is usable at once: duplicate address detection, a second's
 * silence on a link whose only other end is this process, is left out.
 */
export function addAddress(name: string, cidr: string): void {
  const prefix = parseCidr(cidr);
  const { index } = getLink(name);
  const { address, prefixLength } = prefix;
  const bytes = addressBytes(address);
  const message = new NetlinkMessage(RTM_NEWADDR, CREATE)
    .u8(familyOf(address)).u8(prefixLength).u8(IFA_F_NODAD)
    .u8(RT_SCOPE_UNIVERSE).u32(index)
    .attribute(IFA_LOCAL, bytes).attribute(IFA_ADDRESS, bytes);
  if (address.family === 4 && prefixLength < 31) {
    message.attribute(IFA_BROADCAST, broadcastBytes(prefix));
  }
  exchange(message, {
    action: `add address ${cidr} to ${name}`,
    call: "RTM_NEWADDR",
    remedy: (code) => addressRemedy(code, name, address.family),
  });
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
  if (prefix !== null) message.attribute(RTA_DST, networkBytes(prefix));
  if (gateway !== null) message.attribute(RTA_GATEWAY, addressBytes(gateway));
  if (target.link !== undefined) {
    message.attributeU32(RTA_OIF, getLink(target.link).index);
  }
  exchange(message, {
    action: `add a route to ${destination}`,
    call: "RTM_NEWROUTE",
    remedy,
  });
}

/** Makes two virtual Ethernet interfaces, each the other's cable; both are down. Deleting one deletes both. */
export function createVeth(name: string, peerName: string): void {
  const message = linkMessage(RTM_NEWLINK, CREATE, 0)
    .attributeString(IFLA_IFNAME, name);
  message.nested(IFLA_LINKINFO, () => {
    message.attributeString(IFLA_INFO_KIND, "veth");
    message.nested(IFLA_INFO_DATA, () => {
      message.nested(VETH_INFO_PEER, () => {
        message.u8(AF_UNSPEC).u8(0).u16(0).u32(0).u32(0).u32(0)
          .attributeString(IFLA_IFNAME, peerName);
      });
    });
  });
  exchange(message, {
    action: `create veth pair ${name}, ${peerName}`,
    call: "RTM_NEWLINK",
    remedy,
  });
}

/** Moves the interface called `name` to the network namespace open as `namespaceFd`. It loses its addresses and goes down. */
export function moveLink(name: string, namespaceFd: number): void {
  const { index } = getLink(name);
  exchange(
    linkMessage(RTM_NEWLINK, CHANGE, index)
      .attributeU32(IFLA_NET_NS_FD, namespaceFd),
    {
      action: `move ${name} to another network namespace`,
      call: "RTM_NEWLINK",
      remedy,
    },
  );
}

/** Deletes the interface called `name`. */
export function deleteLink(name: string): void {
  const { index } = getLink(name);
  exchange(linkMessage(RTM_DELLINK, CHANGE, index), {
    action: `delete interface ${name}`,
    call: "RTM_DELLINK",
    remedy,
  });
}

/** A message that begins with `struct ifinfomsg`. */
function linkMessage(
  type: number,
  flags: number,
  index: number,
  linkFlags = 0,
  linkFlagsMask = 0,
): NetlinkMessage {
  return new NetlinkMessage(type, flags)
    .u8(AF_UNSPEC).u8(0).u16(0).u32(index).u32(linkFlags).u32(linkFlagsMask);
}

function readLink(answer: Uint8Array): Link {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  const start = NETLINK_HEADER_LENGTH + LINK_FIXED_LENGTH;
  const find = (type: number): Uint8Array =>
    findAttribute(answer, start, answer.length, type) ?? new Uint8Array(4);
  const mtu = find(IFLA_MTU);
  const hardware = findAttribute(answer, start, answer.length, IFLA_ADDRESS);
  return {
    index: view.getInt32(NETLINK_HEADER_LENGTH + 4, true),
    name: new TextDecoder().decode(find(IFLA_IFNAME)).replace(/\0.*$/, ""),
    isUp: (view.getUint32(NETLINK_HEADER_LENGTH + 8, true) & IFF_UP) !== 0,
    mtu: new DataView(mtu.buffer, mtu.byteOffset).getUint32(0, true),
    hardwareAddress: hardware === null ? "" : formatHardwareAddress(hardware),
  };
}

function remedy(code: number): string {
  switch (code) {
    case EPERM:
    case EACCES:
      return "run as root, or under `unshare -Urn`";
    case EEXIST:
      return "it exists already; choose another or delete it first";
    case ENODEV:
      return "there is no such interface in this network namespace";
    default:
      return "";
  }
}

function addressRemedy(code: number, name: string, family: 4 | 6): string {
  if (code === EACCES && family === 6) {
    return `IPv6 is disabled: set net.ipv6.conf.${name}.disable_ipv6 to 0, and the MTU to 1280 at least`;
  }
  return remedy(code);
}

function familyOf(address: IpAddress): number {
  return address.family === 4 ? AF_INET : AF_INET6;
}

function addressBytes(address: IpAddress): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setInt32(0, address.w0);
  view.setInt32(4, address.w1);
  view.setInt32(8, address.w2);
  view.setInt32(12, address.w3);
  return new Uint8Array(view.buffer, address.family === 4 ? 12 : 0);
}

/** The address with the bits behind the prefix cleared. */
function networkBytes(prefix: IpPrefix): Uint8Array {
  return maskBytes(prefix, (byte, mask) => byte & mask);
}

/** The address with the bits behind the prefix set. */
function broadcastBytes(prefix: IpPrefix): Uint8Array {
  return maskBytes(prefix, (byte, mask) => byte | (~mask & 0xff));
}

function maskBytes(
  prefix: IpPrefix,
  combine: (byte: number, mask: number) => number,
): Uint8Array {
  return addressBytes(prefix.address).map((byte, i) => {
    const bits = Math.max(0, Math.min(8, prefix.prefixLength - 8 * i));
    return combine(byte, 0xff << 8 - bits & 0xff);
  });
}
