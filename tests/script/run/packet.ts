/**
 * An IP packet as its fields, between the script's words and the wire's bytes.
 *
 * Both sides of every comparison are this record: the expected packet made
 * from the script and the one that came, mapped into script space. Options
 * stay a list in wire order, because the order is part of what is expected.
 *
 * @module
 */
import type { TcpOption } from "../lang/ast.ts";

/** One packet. */
export interface Packet {
  /** IP version. */
  readonly version: 4 | 6;
  /** Source address as text. */
  readonly source: string;
  /** Destination address as text. */
  readonly destination: string;
  /** TOS or traffic class octet. */
  readonly trafficClass: number;
  /** IPv6 flow label, 0 in IPv4. */
  readonly flowLabel: number;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  /** What it carries. */
  readonly body: TcpBody | UdpBody | IcmpBody | OtherBody;
}

/** A TCP segment. */
export interface TcpBody {
  /** Discriminant. */
  readonly kind: "tcp";
  /** Sender's port. */
  readonly sourcePort: number;
  /** Receiver's port. */
  readonly destinationPort: number;
  /** Sequence number, uint32. */
  readonly seq: number;
  /** Acknowledgment number, uint32. */
  readonly ack: number;
  /** Nine flag bits, AE (0x100) highest. */
  readonly flags: number;
  /** The three bits above them. */
  readonly reserved: number;
  /** Window field. */
  readonly window: number;
  /** Urgent pointer. */
  readonly urgent: number;
  /** Options in wire order. */
  readonly options: readonly TcpOption[];
  /** Payload. */
  readonly payload: Uint8Array;
}

/** A UDP datagram. */
export interface UdpBody {
  /** Discriminant. */
  readonly kind: "udp";
  /** Sender's port. */
  readonly sourcePort: number;
  /** Receiver's port. */
  readonly destinationPort: number;
  /** Payload. */
  readonly payload: Uint8Array;
}

/** An ICMP or ICMPv6 message. */
export interface IcmpBody {
  /** Discriminant. */
  readonly kind: "icmp";
  /** Type octet. */
  readonly type: number;
  /** Code octet. */
  readonly code: number;
  /** The four bytes after the checksum. */
  readonly rest: number;
  /** What follows: the quoted packet, or echo data. */
  readonly payload: Uint8Array;
}

/** A transport nothing here compares. */
export interface OtherBody {
  /** Discriminant. */
  readonly kind: "other";
  /** IP protocol number. */
  readonly protocol: number;
}

/** A packet that was captured, with the time it left, in executor time. */
export interface CapturedPacket {
  /** Its bytes, from the IP header on. */
  readonly bytes: Uint8Array;
  /** When it was sent, µs. */
  readonly at: number;
}
