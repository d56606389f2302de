/**
 * A route: the answer to "where do packets between these two addresses go?"
 *
 * A connection keeps one for its life. It is shared by all who speak between
 * the same two addresses, so what one learns about the path serves the next.
 * The routing table (routes.ts) fills it and keeps it valid, path_mtu.ts
 * changes what was learned, output.ts counts identifications; transports read.
 *
 * @module
 */
import type { Random } from "../base/ports.ts";
import { type Micros, NEVER } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import { DEFAULT_HOP_LIMIT, type IpInterface } from "./interface.ts";
import type { Neighbour } from "./neighbours.ts";

/** Where packets between two addresses go. Shared by all who use it, and kept valid by the layer. */
export class Route {
  /** Our address; never changes, for a connection's cannot. */
  readonly local: IpAddress;
  /** The other end's. */
  readonly remote: IpAddress;
  /** 4 or 6. */
  readonly family: 4 | 6;
  /** The interface, or null when no interface leads there now. */
  interface: IpInterface | null = null;
  /** Index of that interface; -1 when there is none. */
  interfaceIndex: number = -1;
  /** The address whose hardware address the frames carry: a gateway's or `remote`. */
  nextHop: IpAddress;
  /** The destination is this very host. */
  loopback = false;
  /** The destination is a group or a broadcast address: no TCP (RFC 9293 §3.9.2.3, MUST-57). */
  multicast = false;
  /** Largest packet in bytes the path is thought to carry, network header included. Read it before every use. */
  pathMtu = 0;
  /** Hop limit for packets whose sender names none. */
  hopLimit: number = DEFAULT_HOP_LIMIT;
  /** Set DF in IPv4 packets. Cleared when the path cannot carry the least MTU we accept (path_mtu.ts). */
  dontFragment = true;
  /** Bytes an ICMP error said fit, or `Infinity`. */
  learnedMtu: number = Infinity;
  /** When {@linkcode learnedMtu} is forgotten. */
  learnedUntil: Micros = NEVER;
  /** The next hop's entry, or null when not looked up. */
  neighbour: Neighbour | null = null;
  /** Table generation for which the answer holds. */
  generation: number = -1;
  /** Next IPv4 identification, counted per destination (RFC 6864 §4). */
  nextId: number;
  /** Secret mixed into flow labels, RFC 6437 §3. */
  readonly flowSecret: number;

  /** Makes an unresolved route. */
  constructor(local: IpAddress, remote: IpAddress, random: Random) {
    this.local = local;
    this.remote = remote;
    this.family = remote.family;
    this.nextHop = remote;
    this.nextId = random.int32() & 0xffff;
    this.flowSecret = random.int32();
  }
}
