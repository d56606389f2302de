/**
 * Reassembly: pieces of a packet, in any order, become the packet.
 *
 *     header of the first fragment        pieces, sorted, never overlapping
 *     | IPv4, or IPv6 up to Fragment |    [0, 1480) [1480, 2960) .. [4440, total)
 *
 * Pieces are copies in the arena, charged as what they take there, so that
 * tiny ones cannot pass for cheap; beyond 4 MiB the oldest packet goes. A
 * piece that overlaps another, or contradicts the packet's length, condemns
 * the whole packet, and what still comes of it: RFC 5722 §4 for IPv6, RFC 8200
 * §4.5, and for IPv4 the same (an honest sender never overlaps, RFC 1858 tells
 * of the others). An exact repetition is ignored.
 *
 * The finished packet lies in the reassembler's one frame until the next is
 * finished. What a fragment must look like is fragments.ts's affair.
 *
 * RFC 791 §3.2, RFC 1122 §3.3.2, RFC 8200 §4.5, RFC 3168 §5.3 (ECN).
 *
 * @module
 */
import { type Arena, ARENA_GRANULE } from "../base/arena.ts";
import { DeadlineHeap } from "../base/deadline_heap.ts";
import type { Frame } from "../base/frame.ts";
import { powerOfTwoAtLeast } from "../base/grow.ts";
import type { Random } from "../base/ports.ts";
import { TupleTable } from "../base/tuple_table.ts";
import { type Micros, SECOND } from "../base/units.ts";

/** Bytes of arena all pieces of a stack may take. Linux: `ipfrag_high_thresh`, 4 MiB. */
export const REASSEMBLY_LIMIT: number = 4 * 1024 * 1024;
/** Packets under reassembly at most, condemned ones included. */
const DATAGRAM_CAPACITY = 1024;
/** Pieces of one packet: 65,535 bytes over IPv4's least MTU of 68, RFC 791 §3.2. */
const PIECE_CAPACITY = 1400;
/** Linux `ipfrag_time`; RFC 1122 §3.3.2 would have 60 to 120 s, RFC 791 began with 15. */
const IPV4_TIMEOUT = 30 * SECOND;
/** RFC 8200 §4.5. */
const IPV6_TIMEOUT = 60 * SECOND;
/** Not-ECT and CE among the pieces of one packet, as bits `1 << ecn`: RFC 3168 §5.3 says drop. */
const ECN_CONTRADICTION = 0b1001;
const ECN_CE_BIT = 0b1000;

/** {@linkcode Reassembler.add}: more pieces are missing, or this one was there already. */
export const REASSEMBLY_PENDING = 0;
/** The packet is whole, in the reassembler's frame. */
export const REASSEMBLY_DONE = 1;
/** The packet is condemned or there is no room for it. */
export const REASSEMBLY_FAILED = 2;

/** A fragment, as integers. Made once, refilled for each. */
export class FragmentIn {
  /** Destination, four words. */
  local0 = 0;
  /** Second word. */
  local1 = 0;
  /** Third word. */
  local2 = 0;
  /** Fourth word. */
  local3 = 0;
  /** Source, four words. */
  remote0 = 0;
  /** Second word. */
  remote1 = 0;
  /** Third word. */
  remote2 = 0;
  /** Fourth word. */
  remote3 = 0;
  /** What tells packets between two addresses apart: identification, in IPv4 with the protocol. */
  id = 0;
  /** 4 or 6. */
  family: 4 | 6 = 4;
  /** The interface it came in by. */
  interfaceIndex = 0;
  /** Offset in the frame of the header to keep. */
  headerAt = 0;
  /** Bytes of it; in IPv6 through the fragment header. */
  headerLength = 0;
  /** In IPv6, which octet of that header names the fragment header. */
  namedAt = 0;
  /** Offset in the frame of its piece of the data. */
  dataAt = 0;
  /** Bytes of its piece, at least 1. */
  dataLength = 0;
  /** Where the piece belongs in the packet's data. */
  offset = 0;
  /** Further pieces follow. */
  more = false;
  /** Its ECN field, 0..3. */
  ecn = 0;
}

/** Some bytes of one packet in the arena. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly block: number;
}

/** A packet that is not whole yet. */
export class PartialPacket {
  /** Its place in the table. */
  readonly slot: number;
  /** Addresses, family, identification and interface, from the piece that came first. */
  readonly key: FragmentIn;
  /** Pieces by offset. */
  readonly pieces: Piece[] = [];
  /** Copy of the first fragment's header, or null while it has not come. */
  header: Piece | null = null;
  /** As {@linkcode FragmentIn.namedAt} of the first fragment. */
  namedAt = 0;
  /** Bytes of data in all, or -1 while the last fragment has not come. */
  total: number = -1;
  /** Bytes of data that are here. */
  received = 0;
  /** ECN fields seen, as bits `1 << ecn`. */
  ecnSeen = 0;
  /** It contradicted itself: nothing of it is kept any more. */
  condemned = false;

  /** Makes an empty packet. */
  constructor(slot: number, key: FragmentIn) {
    this.slot = slot;
    this.key = key;
  }
}

/** All packets of a stack that are not whole yet. */
export class Reassembler {
  /** The packet last finished, or last given up; its live bytes begin with the network header. */
  readonly frame: Frame;
  /** Bytes of the first fragment's header in the packet last finished or given up, in IPv6 through the fragment header. */
  headerLength = 0;
  /** In IPv6, which octet of that header names the fragment header. */
  namedAt = 0;
  /** Some piece of the packet last finished carried a congestion mark, which the whole then carries: RFC 3168 §5.3. */
  congestionSeen = false;
  /** Packets given up to make room. */
  evictedCount = 0;
  readonly #arena: Arena;
  readonly #index: TupleTable;
  readonly #slots: (PartialPacket | null)[] = [];
  readonly #freeSlots: number[] = [];
  /** By age. */
  readonly #packets: Set<PartialPacket> = new Set();
  readonly #deadlines: DeadlineHeap = new DeadlineHeap();
  #used = 0;

  /** Takes one frame of `arena` for the finished packet. */
  constructor(arena: Arena, random: Random) {
    this.#arena = arena;
    this.frame = arena.createFrame();
    this.#index = new TupleTable(random.int32(), random.int32());
  }

  /** When the next packet is to be given up. */
  get deadline(): Micros {
    return this.#deadlines.earliest;
  }

  /** Bytes of arena the pieces take. */
  get used(): number {
    return this.#used;
  }

  /**
   * Keeps a copy of a fragment that lies in `frame`.
   *
   * @returns `REASSEMBLY_*`
   */
  add(frame: Frame, fragment: FragmentIn, now: Micros): number {
    const packet = this.#find(fragment) ?? this.#begin(fragment, now);
    if (packet.condemned) return REASSEMBLY_FAILED;
    const end = fragment.offset + fragment.dataLength;
    const at = findPlace(packet.pieces, fragment.offset);
    const previous = packet.pieces[at - 1];
    const next = packet.pieces[at];
    if (
      next !== undefined && next.start === fragment.offset && next.end === end
    ) return REASSEMBLY_PENDING;
    if (
      previous !== undefined && previous.end > fragment.offset ||
      next !== undefined && next.start < end ||
      contradictsLength(packet, fragment, end) ||
      packet.pieces.length === PIECE_CAPACITY
    ) return this.#condemn(packet);
    packet.ecnSeen |= 1 << fragment.ecn;
    const piece = this.#copy(
      packet,
      frame,
      fragment.dataAt,
      fragment.offset,
      end,
    );
    if (piece === null) return REASSEMBLY_FAILED;
    packet.pieces.splice(at, 0, piece);
    packet.received += fragment.dataLength;
    if (!fragment.more) packet.total = end;
    if (fragment.offset === 0) {
      const { headerAt, headerLength } = fragment;
      packet.header = this.#copy(packet, frame, headerAt, 0, headerLength);
      packet.namedAt = fragment.namedAt;
      if (packet.header === null) return REASSEMBLY_FAILED;
    }
    if (packet.received !== packet.total) return REASSEMBLY_PENDING;
    return this.#finish(packet);
  }

  /**
   * Gives up the next packet whose time is over. Its header and first piece, if they came, are put into the frame to be quoted.
   *
   * @returns null when none is due
   */
  expire(now: Micros): PartialPacket | null {
    const slot = this.#deadlines.popDue(now);
    const packet = slot < 0 ? null : this.#slots[slot];
    if (packet === null) return null;
    const { frame } = this;
    frame.reset();
    frame.l3 = frame.start;
    const first = packet.pieces[0];
    if (packet.header !== null && first !== undefined) {
      this.headerLength = packet.header.end;
      this.#append(packet.header, packet.header.end);
      this.#append(first, first.end - first.start);
    }
    this.#remove(packet);
    return packet;
  }

  #find(f: FragmentIn): PartialPacket | null {
    const slot = this.#index.find(
      f.local0,
      f.local1,
      f.local2,
      f.local3,
      f.remote0,
      f.remote1,
      f.remote2,
      f.remote3,
      f.id,
    );
    return slot < 0 ? null : this.#slots[slot];
  }

  #begin(f: FragmentIn, now: Micros): PartialPacket {
    if (this.#packets.size >= DATAGRAM_CAPACITY) this.#evictOldest(null);
    const slot = this.#freeSlots.pop() ?? this.#slots.push(null) - 1;
    const key = Object.assign(new FragmentIn(), f);
    const packet = new PartialPacket(slot, key);
    this.#slots[slot] = packet;
    this.#packets.add(packet);
    this.#index.insert(
      f.local0,
      f.local1,
      f.local2,
      f.local3,
      f.remote0,
      f.remote1,
      f.remote2,
      f.remote3,
      f.id,
      slot,
    );
    const timeout = f.family === 4 ? IPV4_TIMEOUT : IPV6_TIMEOUT;
    this.#deadlines.set(slot, now + timeout);
    return packet;
  }

  /** Copies bytes of the frame into a block; null when even the oldest others gave no room, the packet then removed. */
  #copy(
    packet: PartialPacket,
    frame: Frame,
    at: number,
    start: number,
    end: number,
  ): Piece | null {
    const length = end - start;
    const cost = costOf(length);
    while (this.#used + cost > REASSEMBLY_LIMIT) {
      if (!this.#evictOldest(packet)) break;
    }
    const block = this.#used + cost > REASSEMBLY_LIMIT
      ? -1
      : this.#arena.allocate(length);
    if (block < 0) {
      this.#remove(packet);
      return null;
    }
    this.#used += cost;
    // The frame may be any device's, so its memory may be another.
    this.#arena.bytes.set(frame.bytes.subarray(at, at + length), block);
    return { start, end, block };
  }

  /** Removes the oldest packet but `spared`; `false` when there is none. */
  #evictOldest(spared: PartialPacket | null): boolean {
    for (const oldest of this.#packets) {
      if (oldest === spared || oldest.condemned && spared !== null) continue;
      this.#remove(oldest);
      this.evictedCount++;
      return true;
    }
    return false;
  }

  /** Forgets the pieces but keeps the name, so that what still comes is refused. */
  #condemn(packet: PartialPacket): number {
    this.#releasePieces(packet);
    packet.condemned = true;
    return REASSEMBLY_FAILED;
  }

  #finish(packet: PartialPacket): number {
    const { frame } = this;
    const header = packet.header;
    const isContradiction =
      (packet.ecnSeen & ECN_CONTRADICTION) === ECN_CONTRADICTION;
    if (header === null || isContradiction) return this.#condemn(packet);
    frame.reset();
    // The first fragment's header may be longer than those of the others, whose lengths were checked.
    if (header.end + packet.total > frame.limit - frame.start) {
      return this.#condemn(packet);
    }
    frame.l3 = frame.start;
    this.#append(header, header.end);
    for (const piece of packet.pieces) {
      this.#append(piece, piece.end - piece.start);
    }
    this.headerLength = header.end;
    this.namedAt = packet.namedAt;
    this.congestionSeen = (packet.ecnSeen & ECN_CE_BIT) !== 0;
    this.#remove(packet);
    return REASSEMBLY_DONE;
  }

  #append(piece: Piece, length: number): void {
    const { frame } = this;
    const { block } = piece;
    frame.bytes.copyWithin(frame.end, block, block + length);
    frame.end += length;
  }

  #remove(packet: PartialPacket): void {
    const k = packet.key;
    this.#releasePieces(packet);
    this.#index.remove(
      k.local0,
      k.local1,
      k.local2,
      k.local3,
      k.remote0,
      k.remote1,
      k.remote2,
      k.remote3,
      k.id,
    );
    this.#deadlines.remove(packet.slot);
    this.#packets.delete(packet);
    this.#slots[packet.slot] = null;
    this.#freeSlots.push(packet.slot);
  }

  #releasePieces(packet: PartialPacket): void {
    for (const piece of packet.pieces) this.#release(piece);
    if (packet.header !== null) this.#release(packet.header);
    packet.pieces.length = 0;
    packet.header = null;
  }

  #release(piece: Piece): void {
    const length = piece.end - piece.start;
    this.#arena.free(piece.block, length);
    this.#used -= costOf(length);
  }
}

/** Where a piece that begins at `start` belongs. From the end, because pieces mostly come in order. */
function findPlace(pieces: readonly Piece[], start: number): number {
  let at = pieces.length;
  while (at > 0 && pieces[at - 1].start >= start) at--;
  return at;
}

/** Whether the piece lies beyond the packet's end, or names another end. */
function contradictsLength(
  packet: PartialPacket,
  fragment: FragmentIn,
  end: number,
): boolean {
  if (packet.total >= 0) {
    return fragment.more ? end >= packet.total : end !== packet.total;
  }
  const last = packet.pieces.at(-1);
  return !fragment.more && last !== undefined && last.end > end;
}

/** What a block of that many bytes takes of the arena. */
function costOf(length: number): number {
  return Math.max(ARENA_GRANULE, powerOfTwoAtLeast(length));
}
