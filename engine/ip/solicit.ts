/**
 * Asking for a hardware address: ARP requests and neighbor solicitations.
 *
 * A neighbour whose address is unknown is asked for by everyone on the link; a
 * known one is asked itself whether it is still there (RFC 4861 §7.2.2,
 * §7.3.3; for ARP RFC 1122 §2.3.2.1 calls it unicast poll).
 *
 * @module
 */
import { ARP_REQUEST } from "../wire/arp.ts";
import { IPV4_ANY, IPV6_ANY } from "../wire/ip_address.ts";
import { MAC_BROADCAST_HI, MAC_BROADCAST_LO } from "../wire/mac_address.ts";
import { queueArp } from "./arp_output.ts";
import type { IpContext } from "./context.ts";
import { queueSolicitation } from "./ndp_output.ts";
import { type Neighbour, NEIGHBOUR_PROBE } from "./neighbours.ts";

/** Queues one question about the neighbour: to itself in state PROBE, else to all. */
export function solicit(context: IpContext, neighbour: Neighbour): void {
  const via = context.interfaces[neighbour.interfaceIndex];
  if (via === null || via === undefined) return;
  const target = neighbour.address;
  const source = context.addresses.select(target, via.index)?.address;
  const direct = neighbour.state === NEIGHBOUR_PROBE;
  if (target.family === 6) {
    queueSolicitation(
      context,
      via,
      source ?? IPV6_ANY,
      target,
      direct ? neighbour : null,
    );
    return;
  }
  queueArp(
    context,
    via,
    ARP_REQUEST,
    (source ?? IPV4_ANY).w3,
    0,
    0,
    target.w3,
    direct ? neighbour.linkHi : MAC_BROADCAST_HI,
    direct ? neighbour.linkLo : MAC_BROADCAST_LO,
  );
}
