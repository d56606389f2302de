/**
 * The state of one IP layer: the tables its parts work on.
 *
 * The layer is functions over this record, one file for each reason to change;
 * layer.ts gives them their public face.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Counters } from "../base/counters.ts";
import type { Frame } from "../base/frame.ts";
import type { Random } from "../base/ports.ts";
import { AcceptedPair } from "./accepted.ts";
import { AddressTable } from "./addresses.ts";
import type { IpInterface } from "./interface.ts";
import { NeighbourTable } from "./neighbours.ts";
import { PacketStore, type StoredPacket } from "./packet_store.ts";
import { PathMtuTable } from "./path_mtu.ts";
import { Reassembler } from "./reassembly.ts";
import { RouteTable } from "./routes.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Most bytes of waiting packets a stack keeps. */
const STORE_LIMIT = 2 * 1024 * 1024;
/** ICMP errors per second and in a burst; Linux: `icmp_msgs_per_sec`, `icmp_msgs_burst`. */
const ERROR_RATE = 1000;
const ERROR_BURST = 50;

/** Everything the parts of one layer share. */
export class IpContext {
  /** Source of every random choice. */
  readonly random: Random;
  /** Memory of copies and fragments. */
  readonly arena: Arena;
  /** Counts by the numbers of counters.ts. */
  readonly counters: Counters;
  /** Interfaces by index; null where one was removed. */
  readonly interfaces: (IpInterface | null)[] = [];
  /** The addresses of the last good packet. */
  readonly accepted: AcceptedPair = new AcceptedPair();
  /** Our addresses. */
  readonly addresses: AddressTable = new AddressTable();
  /** Where packets go. */
  readonly routes: RouteTable;
  /** Next hops. */
  readonly neighbours: NeighbourTable;
  /** What was learned of paths. */
  readonly pathMtus: PathMtuTable = new PathMtuTable();
  /** Copies that wait. */
  readonly store: PacketStore;
  /** Limit of the ICMP errors sent, RFC 1812 §4.3.2.8, RFC 4443 §2.4(f). */
  readonly errorLimit: TokenBucket = new TokenBucket(ERROR_RATE, ERROR_BURST);
  /** Datagrams whose next hop did not answer, for the transport to hear of; oldest first. */
  readonly unreachable: StoredPacket[] = [];
  /** Packets of which pieces are missing. */
  readonly reassembler: Reassembler;
  /** A slot for the layer's own packets, large enough for the largest. */
  readonly scratch: Frame;

  /** Makes empty tables. The arena must have room for two frames. */
  constructor(random: Random, arena: Arena, counters: Counters) {
    this.random = random;
    this.arena = arena;
    this.counters = counters;
    this.store = new PacketStore(arena, STORE_LIMIT);
    this.routes = new RouteTable(this.addresses, this.interfaces, random);
    this.neighbours = new NeighbourTable(this.store, random);
    this.reassembler = new Reassembler(arena, random);
    this.scratch = arena.createFrame();
  }
}
