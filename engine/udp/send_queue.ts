/**
 * Datagrams on their way out, each with its route and the options of its time.
 *
 * Options are taken when a datagram is sent, not when it leaves: changing the
 * hop limit after a send does not change what was sent before.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { PayloadRef } from "../base/frame.ts";
import type { Route } from "../ip/route.ts";
import { PacketQueue } from "./packet_queue.ts";

const STRIDE = 4;
const REMOTE_PORT = 1;
const HOP_LIMIT = 2;
const TRAFFIC_CLASS = 3;

/** The send queue of one socket. */
export class SendQueue {
  readonly #packets: PacketQueue;
  /** One route for each packet, oldest first. At most as many as the queue's bound, so `shift` stays cheap. */
  readonly #routes: Route[] = [];

  /** An empty queue bounded in bytes and datagrams. */
  constructor(arena: Arena, limit: number, countLimit: number) {
    this.#packets = new PacketQueue(arena, STRIDE, limit, countLimit);
  }

  /** Datagrams that wait. */
  get count(): number {
    return this.#packets.count;
  }

  /** Their bytes together. */
  get length(): number {
    return this.#packets.length;
  }

  /** The most bytes it may hold. */
  get limit(): number {
    return this.#packets.limit;
  }

  /** Sets the bound on its bytes. */
  set limit(bytes: number) {
    this.#packets.limit = bytes;
  }

  /** Whether a sender that was refused should try again. */
  get hasRoom(): boolean {
    return this.#packets.hasRoom;
  }

  /** The oldest datagram's route. One must wait. */
  get route(): Route {
    return this.#routes[0];
  }

  /** The oldest datagram's destination port. One must wait. */
  get remotePort(): number {
    return this.#packets.words[this.#packets.head + REMOTE_PORT];
  }

  /** The oldest datagram's hop limit. One must wait. */
  get hopLimit(): number {
    return this.#packets.words[this.#packets.head + HOP_LIMIT];
  }

  /** The oldest datagram's traffic class. One must wait. */
  get trafficClass(): number {
    return this.#packets.words[this.#packets.head + TRAFFIC_CLASS];
  }

  /** Appends a copy of the bytes; a negative `QUEUE_*` when there is no room. */
  push(
    bytes: Uint8Array,
    offset: number,
    length: number,
    route: Route,
    remotePort: number,
    hopLimit: number,
    trafficClass: number,
  ): number {
    const packets = this.#packets;
    const at = packets.push(bytes, offset, length);
    if (at < 0) return at;
    packets.words[at + REMOTE_PORT] = remotePort;
    packets.words[at + HOP_LIMIT] = hopLimit;
    packets.words[at + TRAFFIC_CLASS] = trafficClass;
    this.#routes.push(route);
    return at;
  }

  /** Aims `payload` at the oldest datagram where it lies; good until the next `push` or `shift`. */
  refer(payload: PayloadRef): void {
    this.#packets.refer(payload);
  }

  /** Drops the oldest datagram, it having been sent or given up. */
  shift(): void {
    this.#packets.shift();
    this.#routes.shift();
  }

  /** Drops all. */
  clear(): void {
    this.#packets.clear();
    this.#routes.length = 0;
  }
}
