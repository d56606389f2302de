/**
 * The control messages of a datagram: which address, which interface, how far.
 *
 *     IP_PKTINFO    { in_addr, interface index }     8 bytes
 *     IPV6_PKTINFO  { in6_addr, interface index }   20 bytes
 *     hop limit, traffic class                       4 bytes each
 *
 * @module
 */
import { IpAddress, V4_MAPPED_WORD } from "../wire/ip_address.ts";
import { u32, writeUlong } from "./c_types.ts";
import { type CMSGHDR, decodeCmsgs, encodeCmsgs } from "./cmsg.ts";
import { IPPROTO_IP, IPPROTO_IPV6 } from "./constants.ts";
import {
  IP_PKTINFO,
  IP_RECVTOS,
  IP_TTL,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
} from "./options.ts";
import type { SocketOptions } from "./socket_options.ts";
import type { TransportDatagram } from "./transport.ts";

/** The control messages the options ask for, or `null` when they ask for none. */
export function describeDatagram(
  datagram: TransportDatagram,
  options: SocketOptions,
): Uint8Array | null {
  const messages: CMSGHDR[] = [];
  const isV4 = datagram.local.family === 4;
  const cmsg_level = isV4 ? IPPROTO_IP : IPPROTO_IPV6;
  if (options.packetInfo) {
    messages.push({
      cmsg_level,
      cmsg_type: isV4 ? IP_PKTINFO : IPV6_PKTINFO,
      data: packetInfoOf(datagram.local, datagram.interfaceIndex),
    });
  }
  if (options.receiveHopLimit) {
    messages.push({
      cmsg_level,
      cmsg_type: isV4 ? IP_TTL : IPV6_HOPLIMIT,
      data: u32(datagram.hopLimit),
    });
  }
  if (options.receiveTrafficClass) {
    messages.push({
      cmsg_level,
      cmsg_type: IP_RECVTOS,
      data: u32(datagram.trafficClass),
    });
  }
  return messages.length === 0 ? null : encodeCmsgs(messages);
}

/** The source address the control messages of a send name; `null`: none; `false`: malformed or not known. */
export function sourceOf(
  control: Uint8Array | null,
  length: number,
): IpAddress | null | false {
  if (control === null || length === 0) return null;
  const messages = decodeCmsgs(control, length);
  if (messages === null) return false;
  let source: IpAddress | null = null;
  for (const { cmsg_level, cmsg_type, data } of messages) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    if (
      cmsg_level === IPPROTO_IP && cmsg_type === IP_PKTINFO && data.length >= 8
    ) {
      source = new IpAddress(0, 0, V4_MAPPED_WORD, view.getInt32(0));
    } else if (
      cmsg_level === IPPROTO_IPV6 && cmsg_type === IPV6_PKTINFO &&
      data.length >= 20
    ) {
      source = new IpAddress(
        view.getInt32(0),
        view.getInt32(4),
        view.getInt32(8),
        view.getInt32(12),
      );
    } else return false;
  }
  return source;
}

/** The bytes of an IN_PKTINFO or IN6_PKTINFO. */
export function packetInfoOf(
  address: IpAddress,
  interfaceIndex: number,
): Uint8Array {
  const isV4 = address.family === 4;
  const bytes = new Uint8Array(isV4 ? 8 : 20);
  const view = new DataView(bytes.buffer);
  if (isV4) view.setInt32(0, address.w3);
  else {
    view.setInt32(0, address.w0);
    view.setInt32(4, address.w1);
    view.setInt32(8, address.w2);
    view.setInt32(12, address.w3);
  }
  writeUlong(bytes.subarray(isV4 ? 4 : 16), interfaceIndex, 4);
  return bytes;
}
