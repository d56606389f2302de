/**
 * ARP packets of others: answers for us, questions about us, claims.
 *
 * Who is believed what is neighbours.ts's affair; here a packet is taken apart
 * in the order of RFC 826's "packet reception", with the checks of RFC 5227.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import {
  ARP_REPLY,
  ARP_REQUEST,
  arpOperation,
  arpSenderHi,
  arpSenderIp,
  arpSenderLo,
  arpTargetIp,
  checkArp,
} from "../wire/arp.ts";
import { WIRE_OK } from "../wire/codes.ts";
import { V4_MAPPED_WORD } from "../wire/ip_address.ts";
import { isMulticastMac } from "../wire/mac_address.ts";
import { defendAddress, queueArp } from "./arp_output.ts";
import type { IpContext } from "./context.ts";
import {
  ARP_CONFLICTS,
  ARP_IN_ERRORS,
  ARP_IN_REPLIES,
  ARP_IN_REQUESTS,
} from "./counters.ts";
import { releasePending } from "./datagram.ts";
import type { IpInterface } from "./interface.ts";

/** Handles the ARP packet at `frame.l3`. */
export function receiveArp(
  context: IpContext,
  via: IpInterface,
  frame: Frame,
  now: Micros,
): void {
  const { view, l3, end } = frame;
  const counters = context.counters;
  if (checkArp(view, l3, end) !== WIRE_OK || !senderIsSane(frame)) {
    counters.increment(ARP_IN_ERRORS);
    return;
  }
  const isRequest = arpOperation(view, l3) === ARP_REQUEST;
  counters.increment(isRequest ? ARP_IN_REQUESTS : ARP_IN_REPLIES);
  const sender = arpSenderIp(view, l3);
  const target = arpTargetIp(view, l3);
  if (isOurs(context, via, sender)) {
    counters.increment(ARP_CONFLICTS);
    defendAddress(context, via, sender, now);
    return;
  }
  const forUs = isOurs(context, via, target);
  if (sender !== 0) learn(context, via, frame, now);
  if (!isRequest || !forUs) return;
  const linkHi = arpSenderHi(view, l3);
  const linkLo = arpSenderLo(view, l3);
  queueArp(
    context,
    via,
    ARP_REPLY,
    target,
    linkHi,
    linkLo,
    sender,
    linkHi,
    linkLo,
  );
}

/** Whether a host may send this: a request or reply, from one station, of an address one host can have (0: an RFC 5227 probe). */
function senderIsSane(frame: Frame): boolean {
  const { view, l3 } = frame;
  const operation = arpOperation(view, l3);
  if (operation !== ARP_REQUEST && operation !== ARP_REPLY) return false;
  if (isMulticastMac(arpSenderHi(view, l3))) return false;
  const sender = arpSenderIp(view, l3);
  return sender >>> 28 < 0xe && sender >>> 24 !== 127;
}

function isOurs(context: IpContext, via: IpInterface, word: number): boolean {
  return context.addresses.find(0, 0, V4_MAPPED_WORD, word, via.index) !== null;
}

/** Takes note of the sender: a new entry only for one on this link who asks for us. */
function learn(
  context: IpContext,
  via: IpInterface,
  frame: Frame,
  now: Micros,
): void {
  const { view, l3 } = frame;
  const word = arpSenderIp(view, l3);
  const isRequest = arpOperation(view, l3) === ARP_REQUEST;
  const forUs = isOurs(context, via, arpTargetIp(view, l3));
  const table = context.neighbours;
  const wanted = isRequest && forUs &&
    context.addresses.isOnLink(0, 0, V4_MAPPED_WORD, word, via.index);
  const neighbour = wanted
    ? table.obtain(via.index, 0, 0, V4_MAPPED_WORD, word)
    : table.find(via.index, 0, 0, V4_MAPPED_WORD, word);
  if (neighbour === null) return;
  const linkHi = arpSenderHi(view, l3);
  const linkLo = arpSenderLo(view, l3);
  const usable = !isRequest && forUs
    ? table.answer(neighbour, linkHi, linkLo, now)
    : table.claim(neighbour, linkHi, linkLo, now);
  if (usable) releasePending(context, neighbour, now);
}
