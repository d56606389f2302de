/**
 * ARP packets of ours, RFC 826.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { SECOND } from "../base/units.ts";
import { ARP_LENGTH, ARP_REQUEST, writeArp } from "../wire/arp.ts";
import { ETHER_TYPE_ARP } from "../wire/ethernet.ts";
import { MAC_BROADCAST_HI, MAC_BROADCAST_LO } from "../wire/mac_address.ts";
import type { IpContext } from "./context.ts";
import { queueOnLink } from "./control_queue.ts";
import { ARP_OUT_REPLIES, ARP_OUT_REQUESTS } from "./counters.ts";
import type { IpInterface } from "./interface.ts";

/** DEFEND_INTERVAL, RFC 5227 §1.1. */
const DEFEND_INTERVAL = 10 * SECOND;

/** Queues an ARP packet from our hardware address; `linkHi` and `linkLo` say who receives the frame. */
export function queueArp(
  context: IpContext,
  via: IpInterface,
  operation: number,
  senderIp: number,
  targetHi: number,
  targetLo: number,
  targetIp: number,
  linkHi: number,
  linkLo: number,
): void {
  const frame = context.scratch;
  frame.reset();
  frame.end = frame.start + ARP_LENGTH;
  writeArp(
    frame.view,
    frame.start,
    operation,
    via.linkHi,
    via.linkLo,
    senderIp,
    targetHi,
    targetLo,
    targetIp,
  );
  if (queueOnLink(context, via, frame, linkHi, linkLo, ETHER_TYPE_ARP)) {
    context.counters.increment(
      operation === ARP_REQUEST ? ARP_OUT_REQUESTS : ARP_OUT_REPLIES,
    );
  }
}

/** Tells everyone on the link that the address is ours: an ARP announcement, RFC 5227 §2.3. */
export function announceArp(
  context: IpContext,
  via: IpInterface,
  address: number,
): void {
  queueArp(
    context,
    via,
    ARP_REQUEST,
    address,
    0,
    0,
    address,
    MAC_BROADCAST_HI,
    MAC_BROADCAST_LO,
  );
}

/** Answers a claim to our address by one announcement, at most once in ten seconds, and keeps the address: RFC 5227 §2.4(c). */
export function defendAddress(
  context: IpContext,
  via: IpInterface,
  address: number,
  now: Micros,
): void {
  if (now - via.defendedAt < DEFEND_INTERVAL) return;
  via.defendedAt = now;
  announceArp(context, via, address);
}
