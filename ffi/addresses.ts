/**
 * Addresses of the kernel's interfaces.
 *
 * rtnetlink (linux/if_addr.h), in the network namespace the calling thread is
 * in. Needs CAP_NET_ADMIN there.
 *
 * @module
 */
import type { IpAddress } from "../engine/mod.ts";
import { parseCidr, prefixBroadcast } from "../engine/mod.ts";
import { addressBytes, familyOf } from "./address_bytes.ts";
import { EACCES, ETIMEDOUT } from "./errno_names.ts";
import { libc } from "./libc.ts";
import { getLink } from "./links.ts";
import { commonRemedy, exchange } from "./netlink.ts";
import {
  NETLINK_HEADER_LENGTH,
  NetlinkMessage,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
} from "./netlink_message.ts";
import { SystemError } from "./system_error.ts";

const RTM_NEWADDR = 20;
const RTM_GETROUTE = 26;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_F_NODAD = 0x02;
const RTA_DST = 1;
const RT_SCOPE_UNIVERSE = 0;
const RTN_LOCAL = 2;
/** Offset of the type in `struct rtmsg`. */
const RTM_TYPE_OFFSET = 7;

const SETTLE_STEP_US = 500;
const SETTLE_STEPS = 4_000;

const CREATE = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

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
  const broadcast = prefixBroadcast(prefix);
  if (broadcast !== null) {
    message.attribute(IFA_BROADCAST, addressBytes(broadcast));
  }
  exchange(message, {
    action: `add address ${cidr} to ${name}`,
    call: "RTM_NEWADDR",
    remedy: (code) => addressRemedy(code, name, address.family),
  });
}

/**
 * Waits until the kernel takes packets for an address of an interface that is up.
 *
 * IPv4 addresses work when {@linkcode addAddress} returns. An IPv6 address
 * gets its local route from a kernel thread a moment later, and until then
 * packets to it are dropped: usually half a millisecond, longer under load.
 *
 * @throws {SystemError} ETIMEDOUT after two seconds
 */
export function settleAddress(cidr: string): void {
  const { address } = parseCidr(cidr);
  if (address.family === 4) return;
  for (let i = 0; i < SETTLE_STEPS; i++) {
    if (isLocal(address)) return;
    libc().usleep(SETTLE_STEP_US);
  }
  throw new SystemError(
    `use address ${cidr}`,
    "RTM_GETROUTE",
    ETIMEDOUT,
    "the kernel has not made it a local address; bring its interface up",
  );
}

function isLocal(address: IpAddress): boolean {
  const bytes = addressBytes(address);
  const answer = exchange(
    new NetlinkMessage(RTM_GETROUTE, NLM_F_REQUEST)
      .u8(familyOf(address)).u8(8 * bytes.length).u8(0).u8(0)
      .u8(0).u8(0).u8(0).u8(0).u32(0).attribute(RTA_DST, bytes),
    { action: "look up a route", call: "RTM_GETROUTE" },
  );
  return answer[NETLINK_HEADER_LENGTH + RTM_TYPE_OFFSET] === RTN_LOCAL;
}

function addressRemedy(code: number, name: string, family: 4 | 6): string {
  if (code === EACCES && family === 6) {
    return `set net.ipv6.conf.${name}.disable_ipv6 to 0, and the MTU to 1280 at least`;
  }
  return commonRemedy(code);
}
