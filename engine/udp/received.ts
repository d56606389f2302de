// @hot
/**
 * What is known of a received datagram beside its bytes.
 *
 * In the queue it is eleven words of a record (packet_queue.ts); the
 * application sees it as a {@linkcode DatagramInfo}, made once and refilled.
 *
 * @module
 */
import type { IpPacketIn } from "../ip/packet.ts";
import { IpAddress } from "../wire/ip_address.ts";
import { isMulticastWords } from "../wire/ip_class.ts";

/** Words of a received datagram's record, its length included. */
export const RECEIVED_STRIDE = 12;

const REMOTE_PORT = 1;
const REMOTE = 2;
const LOCAL = 6;
const INTERFACE = 10;
/** Hop limit, traffic class and flags in one word. */
const HEADER = 11;
const TRAFFIC_CLASS_SHIFT = 8;
const FLAGS_SHIFT = 16;

/** It was sent to a group we are in. */
export const DATAGRAM_MULTICAST = 1;
/** It was sent to a broadcast address. */
export const DATAGRAM_BROADCAST = 2;

/** Where a datagram is to go. What was received is a target too: that of the answer. */
export interface DatagramTarget {
  /** The destination, a group or broadcast address included. */
  readonly remote: IpAddress;
  /** Its port, 1..65535. */
  readonly remotePort: number;
  /** Our address to send from; null or absent: the socket's, or the one that suits best. A group or broadcast address counts as null. */
  readonly local?: IpAddress | null;
  /** For a link-local, multicast or broadcast `remote`, the link meant; below 0 or absent: the first that leads there. */
  readonly interfaceIndex?: number;
}

/** Where a datagram came from, and how. Made once by the application and filled by each `DatagramSocket.receive`. */
export class DatagramInfo implements DatagramTarget {
  /** Bytes of the datagram, also those that did not fit the buffer. */
  length = 0;
  /** The sender's port; 0 when it expects no answer. */
  remotePort = 0;
  /** Index of the interface it came in by. */
  interfaceIndex = 0;
  /** TTL or hop limit as received. */
  hopLimit = 0;
  /** TOS octet or traffic class: DSCP in the upper six bits, ECN in the lower two. */
  trafficClass = 0;
  /** `DATAGRAM_*` bits; 0 for one sent to us alone. */
  flags = 0;
  /** Words of the sender's address, as in IpAddress. */
  remote0 = 0;
  /** Second word. */
  remote1 = 0;
  /** Third word. */
  remote2 = 0;
  /** Fourth word. */
  remote3 = 0;
  /** Words of the address it was sent to. */
  local0 = 0;
  /** Second word. */
  local1 = 0;
  /** Third word. */
  local2 = 0;
  /** Fourth word. */
  local3 = 0;

  /** The sender's address, a new object. */
  get remote(): IpAddress {
    return addressOf(this.remote0, this.remote1, this.remote2, this.remote3);
  }

  /** The address it was sent to: one of ours, a group or a broadcast address. A new object. */
  get local(): IpAddress {
    return addressOf(this.local0, this.local1, this.local2, this.local3);
  }
}

/** Fills the record at `at` of `words`, but for its length. */
export function writeReceived(
  words: Int32Array,
  at: number,
  packet: IpPacketIn,
  remotePort: number,
): void {
  words[at + REMOTE_PORT] = remotePort;
  words[at + REMOTE] = packet.remote0;
  words[at + REMOTE + 1] = packet.remote1;
  words[at + REMOTE + 2] = packet.remote2;
  words[at + REMOTE + 3] = packet.remote3;
  words[at + LOCAL] = packet.local0;
  words[at + LOCAL + 1] = packet.local1;
  words[at + LOCAL + 2] = packet.local2;
  words[at + LOCAL + 3] = packet.local3;
  words[at + INTERFACE] = packet.interfaceIndex;
  words[at + HEADER] = packet.hopLimit |
    packet.trafficClass << TRAFFIC_CLASS_SHIFT |
    flagsOf(packet) << FLAGS_SHIFT;
}

/** Fills `info` from the record at `at` of `words`. */
export function readReceived(
  words: Int32Array,
  at: number,
  info: DatagramInfo,
): void {
  info.length = words[at];
  info.remotePort = words[at + REMOTE_PORT];
  info.remote0 = words[at + REMOTE];
  info.remote1 = words[at + REMOTE + 1];
  info.remote2 = words[at + REMOTE + 2];
  info.remote3 = words[at + REMOTE + 3];
  info.local0 = words[at + LOCAL];
  info.local1 = words[at + LOCAL + 1];
  info.local2 = words[at + LOCAL + 2];
  info.local3 = words[at + LOCAL + 3];
  info.interfaceIndex = words[at + INTERFACE];
  const header = words[at + HEADER];
  info.hopLimit = header & 0xff;
  info.trafficClass = header >> TRAFFIC_CLASS_SHIFT & 0xff;
  info.flags = header >> FLAGS_SHIFT;
}

function flagsOf(packet: IpPacketIn): number {
  if (!packet.isMulticast) return 0;
  const { local0, local1, local2, local3 } = packet;
  return isMulticastWords(local0, local1, local2, local3)
    ? DATAGRAM_MULTICAST
    : DATAGRAM_BROADCAST;
}

function addressOf(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): IpAddress {
  // deno-lint-ignore synload/no-alloc-in-hot-file -- for the application that asks
  return new IpAddress(w0, w1, w2, w3);
}
