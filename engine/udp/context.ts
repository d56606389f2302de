/**
 * What the datagram sockets of one stack share.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Counters } from "../base/counters.ts";
import type { IpLayer } from "../ip/layer.ts";
import { createUdpCounters } from "./counters.ts";

/** Shared by all sockets of a stack. */
export class UdpContext {
  /** Routes and groups. */
  readonly ip: IpLayer;
  /** Memory of all queues. */
  readonly arena: Arena;
  /** Counts, named as `nstat` names them. */
  readonly counters: Counters = createUdpCounters();

  /** A context over that network layer and memory. */
  constructor(ip: IpLayer, arena: Arena) {
    this.ip = ip;
    this.arena = arena;
  }
}
