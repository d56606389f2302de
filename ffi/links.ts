/**
 * The kernel's interfaces, found and changed without the `ip` command.
 *
 * Each verb is one rtnetlink message (linux/rtnetlink.h, linux/if_link.h) and
 * acts on the network namespace the calling thread is in. Changes need
 * CAP_NET_ADMIN there.
 *
 * @module
 */
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
const AF_UNSPEC = 0;

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

/**
 * Describes the interface called `name`.
 *
 * @throws {SystemError} ENODEV when there is none
 */
export function getLink(name: string): Link {
  const answer = exchange(
    linkMessage(RTM_GETLINK, NLM_F_REQUEST, 0)
      .attributeString(IFLA_IFNAME, name),
    { action: `find interface ${name}`, call: "RTM_GETLINK" },
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
    },
  );
}

/** Deletes the interface called `name`. */
export function deleteLink(name: string): void {
  const { index } = getLink(name);
  exchange(linkMessage(RTM_DELLINK, CHANGE, index), {
    action: `delete interface ${name}`,
    call: "RTM_DELLINK",
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
