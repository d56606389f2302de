/**
 * Neighbours: at which hardware address is the next hop, and does it still answer?
 *
 * One table and one state machine for both families, that of RFC 4861 §7.3
 * (ARP differs only in how a question looks):
 *
 *     INCOMPLETE ──answer──▶ REACHABLE ──30 s──▶ STALE ──used──▶ DELAY ──5 s──▶ PROBE
 *         ▲  │                   ▲                                 │              │
 *         │  └ 3 s, no answer    └────── answer, or a transport ───┴──────────────┘
 *         │        ▼                     heard from the other end        │ 3 s, no answer
 *         └ 1 s ─ FAILED                                                 └─▶ INCOMPLETE
 *
 * The table never sends. {@linkcode NeighbourTable.step} names the neighbour
 * that is to be asked or has failed, and the layer does the rest. What waits
 * for an answer is bounded (64 packets a neighbour), and so is the table:
 * when it is full the next entry a clock hand finds unused goes.
 *
 * What others claim: an answer counts as solicited only while a question is
 * out, an unasked-for message never makes an entry but for the one who asks
 * for us, and a claim that contradicts what is known makes us ask the known
 * holder (state PROBE) instead of believing it. If the holder is silent the
 * question goes to all, so a host that moved is found again in some seconds.
 *
 * RFC 826, RFC 4861 §7.2, §7.3, §10; RFC 1122 §2.3.2.
 *
 * @module
 */
import { DeadlineHeap } from "../base/deadline_heap.ts";
import type { Random } from "../base/ports.ts";
import { TupleTable } from "../base/tuple_table.ts";
import { type Micros, SECOND } from "../base/units.ts";
import { IpAddress } from "../wire/ip_address.ts";
import type { PacketStore, StoredPacket } from "./packet_store.ts";

/** {@linkcode Neighbour.state}: no longer in the table; whoever holds it must look again. */
export const NEIGHBOUR_NONE = 0;
/** Asked, not answered yet. */
export const NEIGHBOUR_INCOMPLETE = 1;
/** Known, and heard from lately. */
export const NEIGHBOUR_REACHABLE = 2;
/** Known, not heard from lately, not needed since. */
export const NEIGHBOUR_STALE = 3;
/** Known, needed again; a transport has a moment to confirm it. */
export const NEIGHBOUR_DELAY = 4;
/** Known, asked directly whether it is still there. */
export const NEIGHBOUR_PROBE = 5;
/** Asked, did not answer. */
export const NEIGHBOUR_FAILED = 6;

/** Most entries; Linux keeps 1,024 (`gc_thresh3`). */
export const NEIGHBOUR_CAPACITY = 1024;
/** Most packets that wait for one neighbour: a burst to a new one should get through. RFC 4861 §7.2.2 asks for at least one; Linux keeps 101 (`unres_qlen`). */
export const NEIGHBOUR_QUEUE_CAPACITY = 64;

/** MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT, RFC 4861 §10. */
const MAX_SOLICIT = 3;
/** RETRANS_TIMER, RFC 4861 §10. */
const RETRANS_TIMEOUT = SECOND;
/** REACHABLE_TIME, RFC 4861 §10, before its random factor. */
const REACHABLE_TIMEOUT = 30 * SECOND;
/** DELAY_FIRST_PROBE_TIME, RFC 4861 §10. */
const DELAY_TIMEOUT = 5 * SECOND;
/** How long a failure is remembered before a packet may start another search. */
const FAILED_TIMEOUT = SECOND;

/** One next hop. Transports and routes may keep it; a state of {@linkcode NEIGHBOUR_NONE} says it is void. */
export class Neighbour {
  /** Its address. */
  readonly address: IpAddress;
  /** The interface whose link it is on. */
  readonly interfaceIndex: number;
  /** Its place in the table. */
  readonly slot: number;
  /** `NEIGHBOUR_*`. */
  state: number = NEIGHBOUR_INCOMPLETE;
  /** Upper 16 bits of its hardware address; once INCOMPLETE is over. */
  linkHi = 0;
  /** Lower 32 bits. */
  linkLo = 0;
  /** It said that it is a router. */
  isRouter = false;
  /** Until when it counts as reachable, or as failed. */
  until: Micros = -Infinity;
  /** Solicitations sent since the last answer. */
  probeCount = 0;
  /** Used since the clock hand last passed. */
  used = true;
  /** Packets that wait for its address, oldest first. */
  readonly pending: StoredPacket[] = [];

  /** Makes an entry of which nothing is known. */
  constructor(address: IpAddress, interfaceIndex: number, slot: number) {
    this.address = address;
    this.interfaceIndex = interfaceIndex;
    this.slot = slot;
  }

  /** Whether a frame can be addressed to it: its hardware address is known. */
  get isKnown(): boolean {
    return this.state >= NEIGHBOUR_REACHABLE && this.state <= NEIGHBOUR_PROBE;
  }
}

/** All next hops of a stack. */
export class NeighbourTable {
  /** Changes whenever a neighbour becomes usable or fails: a transport that waits asks again. */
  generation = 0;
  /** Entries forgotten to make room. */
  evictedCount = 0;
  /** Contradicting claims. */
  contestedCount = 0;
  readonly #store: PacketStore;
  readonly #random: Random;
  readonly #index: TupleTable;
  readonly #slots: (Neighbour | null)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #deadlines: DeadlineHeap = new DeadlineHeap();
  #hand = 0;

  /** Makes an empty table; packets that wait belong to `store`. */
  constructor(store: PacketStore, random: Random) {
    this.#store = store;
    this.#random = random;
    this.#index = new TupleTable(random.int32(), random.int32());
  }

  /** When {@linkcode step} has something to say next. */
  get deadline(): Micros {
    return this.#deadlines.earliest;
  }

  /** The entry of that address on that link, or null. */
  find(
    interfaceIndex: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
  ): Neighbour | null {
    const slot = this.#index.find(0, 0, 0, 0, w0, w1, w2, w3, interfaceIndex);
    return slot < 0 ? null : this.#slots[slot];
  }

  /**
   * The entry of that address, made when there is none.
   *
   * A new entry is {@linkcode NEIGHBOUR_INCOMPLETE} with `probeCount` 0: the caller who wants it resolved calls {@linkcode begin}.
   */
  obtain(
    interfaceIndex: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
  ): Neighbour {
    const found = this.find(interfaceIndex, w0, w1, w2, w3);
    if (found !== null) return found;
    const slot = this.#takeSlot();
    const address = new IpAddress(w0, w1, w2, w3);
    const neighbour = new Neighbour(address, interfaceIndex, slot);
    this.#slots[slot] = neighbour;
    this.#index.insert(0, 0, 0, 0, w0, w1, w2, w3, interfaceIndex, slot);
    return neighbour;
  }

  /** Whether a search must be started for it: never asked, or failed long enough ago. */
  needsSearch(neighbour: Neighbour, now: Micros): boolean {
    if (neighbour.state === NEIGHBOUR_INCOMPLETE) {
      return neighbour.probeCount === 0;
    }
    return neighbour.state === NEIGHBOUR_FAILED && now >= neighbour.until;
  }

  /** Starts a search: the caller sends the first solicitation, {@linkcode step} names the others. */
  begin(neighbour: Neighbour, now: Micros): void {
    neighbour.state = NEIGHBOUR_INCOMPLETE;
    neighbour.probeCount = 1;
    this.#deadlines.set(neighbour.slot, now + RETRANS_TIMEOUT);
  }

  /** Notes that a known neighbour is about to be sent something: REACHABLE ages, STALE becomes DELAY (RFC 4861 §7.3.3). */
  use(neighbour: Neighbour, now: Micros): void {
    neighbour.used = true;
    if (neighbour.state === NEIGHBOUR_REACHABLE) {
      if (now < neighbour.until) return;
      neighbour.state = NEIGHBOUR_STALE;
    }
    if (neighbour.state === NEIGHBOUR_STALE) {
      neighbour.state = NEIGHBOUR_DELAY;
      this.#deadlines.set(neighbour.slot, now + DELAY_TIMEOUT);
    }
  }

  /** A transport heard from the other end by way of it: it is reachable (RFC 4861 §7.3.1). */
  confirm(neighbour: Neighbour, now: Micros): void {
    if (neighbour.isKnown) this.#reach(neighbour, now);
  }

  /**
   * It answered a solicitation of ours, ARP reply or solicited advertisement.
   *
   * @returns whether packets may be waiting for it
   */
  answer(
    neighbour: Neighbour,
    linkHi: number,
    linkLo: number,
    now: Micros,
  ): boolean {
    if (neighbour.state === NEIGHBOUR_INCOMPLETE) {
      this.#learn(neighbour, linkHi, linkLo);
      this.#reach(neighbour, now);
      return true;
    }
    if (!neighbour.isKnown) return false;
    if (neighbour.linkHi !== linkHi || neighbour.linkLo !== linkLo) {
      this.#contest(neighbour, now);
    } else if (neighbour.state === NEIGHBOUR_PROBE) {
      this.#reach(neighbour, now);
    }
    return false;
  }

  /**
   * It was heard to be at that hardware address, unasked: a request for us, an announcement.
   *
   * @returns whether packets may be waiting for it
   */
  claim(
    neighbour: Neighbour,
    linkHi: number,
    linkLo: number,
    now: Micros,
  ): boolean {
    if (neighbour.isKnown) {
      if (neighbour.linkHi !== linkHi || neighbour.linkLo !== linkLo) {
        this.#contest(neighbour, now);
      }
      return false;
    }
    this.#learn(neighbour, linkHi, linkLo);
    neighbour.state = NEIGHBOUR_STALE;
    this.#deadlines.remove(neighbour.slot);
    return true;
  }

  /** Lets a copy wait for the neighbour, which owns it from then on. The oldest makes room; how many were dropped. */
  enqueue(neighbour: Neighbour, packet: StoredPacket): number {
    neighbour.pending.push(packet);
    if (neighbour.pending.length <= NEIGHBOUR_QUEUE_CAPACITY) return 0;
    const oldest = neighbour.pending.shift();
    if (oldest !== undefined) this.#store.release(oldest);
    return 1;
  }

  /**
   * The next neighbour whose timer is due, its state already advanced: INCOMPLETE is to be asked by
   * multicast or broadcast, PROBE directly, FAILED has not answered. Null when none is due.
   */
  step(now: Micros): Neighbour | null {
    for (;;) {
      const slot = this.#deadlines.popDue(now);
      if (slot < 0) return null;
      const neighbour = this.#slots[slot];
      if (neighbour === null) continue;
      this.#advance(neighbour, now);
      return neighbour;
    }
  }

  /** Forgets every neighbour of an interface that goes. */
  removeInterface(interfaceIndex: number): void {
    for (const neighbour of this.#slots) {
      if (neighbour !== null && neighbour.interfaceIndex === interfaceIndex) {
        this.#remove(neighbour);
      }
    }
    this.generation++;
  }

  #advance(neighbour: Neighbour, now: Micros): void {
    if (neighbour.state === NEIGHBOUR_DELAY) {
      neighbour.state = NEIGHBOUR_PROBE;
      neighbour.probeCount = 0;
    } else if (neighbour.probeCount >= MAX_SOLICIT) {
      if (neighbour.state === NEIGHBOUR_INCOMPLETE) {
        this.#fail(neighbour, now);
        return;
      }
      // The known holder is silent: forget it and ask everyone.
      neighbour.state = NEIGHBOUR_INCOMPLETE;
      neighbour.probeCount = 0;
      this.generation++;
    }
    neighbour.probeCount++;
    this.#deadlines.set(neighbour.slot, now + RETRANS_TIMEOUT);
  }

  #fail(neighbour: Neighbour, now: Micros): void {
    neighbour.state = NEIGHBOUR_FAILED;
    neighbour.until = now + FAILED_TIMEOUT;
    this.generation++;
  }

  #learn(neighbour: Neighbour, linkHi: number, linkLo: number): void {
    neighbour.linkHi = linkHi;
    neighbour.linkLo = linkLo;
    this.generation++;
  }

  #reach(neighbour: Neighbour, now: Micros): void {
    neighbour.state = NEIGHBOUR_REACHABLE;
    neighbour.probeCount = 0;
    // Between half and one and a half of the base, RFC 4861 §6.3.2.
    const factor = 0.5 + (this.#random.int32() >>> 8) / 2 ** 24;
    neighbour.until = now + REACHABLE_TIMEOUT * factor;
    this.#deadlines.remove(neighbour.slot);
  }

  #contest(neighbour: Neighbour, now: Micros): void {
    this.contestedCount++;
    if (neighbour.state === NEIGHBOUR_PROBE) return;
    neighbour.state = NEIGHBOUR_DELAY;
    this.#deadlines.set(neighbour.slot, now);
  }

  #takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    if (this.#slots.length < NEIGHBOUR_CAPACITY) {
      return this.#slots.push(null) - 1;
    }
    return this.#evict();
  }

  #evict(): number {
    for (;;) {
      const slot = this.#hand;
      this.#hand = (slot + 1) % NEIGHBOUR_CAPACITY;
      const neighbour = this.#slots[slot];
      if (neighbour === null) continue;
      if (neighbour.used) {
        neighbour.used = false;
        continue;
      }
      this.#remove(neighbour);
      this.evictedCount++;
      return this.#freeSlots.pop() ?? slot;
    }
  }

  #remove(neighbour: Neighbour): void {
    const a = neighbour.address;
    this.#index.remove(
      0,
      0,
      0,
      0,
      a.w0,
      a.w1,
      a.w2,
      a.w3,
      neighbour.interfaceIndex,
    );
    this.#deadlines.remove(neighbour.slot);
    for (const packet of neighbour.pending) this.#store.release(packet);
    neighbour.pending.length = 0;
    neighbour.state = NEIGHBOUR_NONE;
    this.#slots[neighbour.slot] = null;
    this.#freeSlots.push(neighbour.slot);
  }
}
