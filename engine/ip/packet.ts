// @hot
/**
 * A received IP packet as integers: what the IP layer hands to a transport.
 *
 * @module
 */
import { createFrame, type Frame } from "../base/frame.ts";

/** `IpLayer.receive`: the packet is filled, for a transport. */
export const IP_DELIVER = 0;
/** `IpLayer.receive`: the layer dealt with it, or keeps it. */
export const IP_CONSUMED = 1;
/** `IpLayer.receive`: it was wrong or not for us, and has been counted. */
export const IP_DROPPED = 2;

/** An ICMP error as the transport must judge it, RFC 1122 §4.2.3.9, RFC 5927, RFC 8201. */
export const ICMP_NET_UNREACHABLE = 1;
/** Host (or address) unreachable. */
export const ICMP_HOST_UNREACHABLE = 2;
/** Protocol unreachable. */
export const ICMP_PROTOCOL_UNREACHABLE = 3;
/** Port unreachable. */
export const ICMP_PORT_UNREACHABLE = 4;
/** Fragmentation needed, or Packet Too Big; `icmpMtu` says how big is not. */
export const ICMP_TOO_BIG = 5;
/** Administratively prohibited. */
export const ICMP_PROHIBITED = 6;
/** Time exceeded in transit or in reassembly. */
export const ICMP_TIME_EXCEEDED = 7;
/** Parameter problem. */
export const ICMP_PARAMETER_PROBLEM = 8;
/** Source quench: deprecated, never acted on (RFC 6633). */
export const ICMP_SOURCE_QUENCH = 9;

const NO_FRAME = createFrame(256);

/** A packet, or the packet an ICMP error quotes. Made once, refilled for each. */
export class IpPacketIn {
  /**
   * The slot in which the packet lies: the one just received, or the
   * reassembler's own. Borrowed until the layer receives the next frame.
   */
  frame: Frame = NO_FRAME;
  /** Index of the interface it came in by. */
  interfaceIndex = 0;
  /** Transport protocol number (6 TCP, 17 UDP); of the quoted packet when `icmpKind` is not 0. */
  protocol = 0;
  /** Our address, four words as in IpAddress. Of a quoted packet: its source, which was us. */
  local0 = 0;
  /** Second word. */
  local1 = 0;
  /** Third word. */
  local2 = 0;
  /** Fourth word. */
  local3 = 0;
  /** The other address. */
  remote0 = 0;
  /** Second word. */
  remote1 = 0;
  /** Third word. */
  remote2 = 0;
  /** Fourth word. */
  remote3 = 0;
  /** TTL or hop limit as received. */
  hopLimit = 0;
  /** The whole traffic class / TOS octet; its low two bits are ECN. */
  trafficClass = 0;
  /** Offset of the transport header in the frame. */
  l4 = 0;
  /** Bytes from the transport header to the packet's end; of a quoted packet, the bytes that were quoted. */
  l4Length = 0;
  /** The destination was a broadcast or multicast address: no TCP, no ICMP error in answer (RFC 1122 §3.2.2). */
  isMulticast = false;
  /** 0, or which ICMP error quotes this packet (`ICMP_*`). */
  icmpKind = 0;
  /** Type of that ICMP message as on the wire. */
  icmpType = 0;
  /** Its code. */
  icmpCode = 0;
  /** Next-hop MTU an {@linkcode ICMP_TOO_BIG} reported, bytes; 0 when the router did not say. */
  icmpMtu = 0;
}
