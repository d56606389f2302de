/**
 * Copies of packets that have to wait: for a neighbour's link address, or for
 * a device that is busy.
 *
 * A transport's packets are never kept here but for datagrams whose next hop
 * is unknown; TCP asks again instead. A copy lies in a block of the arena with
 * room in front for a link header, and the store is bounded in bytes, so what
 * waits can never crowd out what flows.
 *
 *     block    + HEADER_ROOM                                block + size
 *     |  room  |  IP header | transport header | payload  |  spare |
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import {
  appendPayload,
  copyBytes,
  Frame,
  type PayloadRef,
} from "../base/frame.ts";
import type { Route } from "./route.ts";

/** Bytes kept free in front of a copy: Ethernet, IPv6 and fragment headers, rounded up. */
const HEADER_ROOM = 96;

/** One packet that waits. Offset fields are offsets into the arena; owned by the store that made it. */
export class StoredPacket {
  /** Offset of the block. */
  block = 0;
  /** Bytes of the block. */
  size = 0;
  /** Offset of the first live byte. */
  start = 0;
  /** Offset just past the last live byte. */
  end = 0;
  /** Offset of the network header. */
  l3 = 0;
  /** Offset of the transport header. */
  l4 = 0;
  /** As in {@linkcode Frame.checksumPartial}. */
  checksumPartial = false;
  /** Where it is to go, for a datagram that waits without network header; else null. */
  route: Route | null = null;
  /** Its transport protocol. */
  protocol = 0;
  /** Its traffic class. */
  trafficClass = 0;
  /** Its hop limit. */
  hopLimit = 0;
}

/** A bounded heap of packet copies in an arena. */
export class PacketStore {
  /** Most bytes of arena it takes. */
  readonly limit: number;
  readonly #arena: Arena;
  /** Aimed at the packet last loaded. */
  readonly #frame: Frame;
  /** Aimed at the copy being made. */
  readonly #copy: Frame;
  readonly #spare: StoredPacket[] = [];
  #used = 0;

  /** Makes an empty store that takes at most `limit` bytes of `arena`. */
  constructor(arena: Arena, limit: number) {
    this.#arena = arena;
    this.limit = limit;
    this.#frame = new Frame(arena.bytes, arena.view, 0, arena.capacity);
    this.#copy = new Frame(arena.bytes, arena.view, 0, arena.capacity);
  }

  /** Bytes of packet copies held now. */
  get used(): number {
    return this.#used;
  }

  /** Copies the frame's live bytes and `payload`. The copy, or `null` when there is no room. */
  put(frame: Frame, payload: PayloadRef | null): StoredPacket | null {
    const headLength = frame.end - frame.start;
    const tailLength = payload === null
      ? 0
      : payload.length + payload.wrapLength;
    const packet = this.allocate(headLength + tailLength);
    if (packet === null) return null;
    const copy = this.loadCopy(packet);
    copyBytes(frame.bytes, frame.start, copy.bytes, copy.start, headLength);
    copy.end = copy.start + headLength;
    if (payload !== null) appendPayload(copy, payload);
    packet.l3 = copy.start + (frame.l3 - frame.start);
    packet.l4 = copy.start + (frame.l4 - frame.start);
    packet.checksumPartial = frame.checksumPartial;
    return packet;
  }

  /** A packet of `length` bytes of undefined content, or `null` when there is no room. */
  allocate(length: number): StoredPacket | null {
    const size = HEADER_ROOM + length;
    if (this.#used + size > this.limit) return null;
    const block = this.#arena.allocate(size);
    if (block < 0) return null;
    const packet = this.#spare.pop() ?? new StoredPacket();
    packet.block = block;
    packet.size = size;
    packet.start = block + HEADER_ROOM;
    packet.end = packet.start + length;
    packet.l3 = packet.start;
    packet.l4 = packet.start;
    packet.checksumPartial = false;
    this.#used += size;
    return packet;
  }

  /** The packet as a frame, valid until the next call of `load`. */
  load(packet: StoredPacket): Frame {
    return aim(this.#frame, packet);
  }

  /** The packet as another frame than `load`'s, for headers to be put before it; valid until the next call of `put` or `loadCopy`. */
  loadCopy(packet: StoredPacket): Frame {
    return aim(this.#copy, packet);
  }

  /** Gives a copy's memory back. It must not be used again. */
  release(packet: StoredPacket): void {
    this.#arena.free(packet.block, packet.size);
    this.#used -= packet.size;
    packet.route = null;
    this.#spare.push(packet);
  }
}

function aim(frame: Frame, packet: StoredPacket): Frame {
  frame.start = packet.start;
  frame.end = packet.end;
  frame.l3 = packet.l3;
  frame.l4 = packet.l4;
  frame.gsoSize = 0;
  frame.checksumPartial = packet.checksumPartial;
  return frame;
}
