/**
 * One direction of a faulty link: what becomes of each packet, and when.
 *
 * Packets enter whole, super-segments are cut into what would be on the wire,
 * and each wire packet then suffers on its own:
 *
 *     cut ─► maxSize ─► drop ─► corrupt ─► bottleneck ─► delay ─► queue
 *                                          (tail drop)   jitter    ordered by
 *                                                        reorder   due time
 *
 * Checksums are completed before a bit is flipped, so the receiver can notice.
 * The bottleneck is a token bucket in its virtual form: `idleAt` is when it
 * will have sent all it was given, and may lag behind by one burst.
 *
 * The queue is where packets under way are kept. When its slots run out
 * packets are lost and counted apart: that is this program's limit, not the
 * simulated link's.
 *
 * @module
 */
import { Counters } from "../base/counters.ts";
import type { Frame } from "../base/frame.ts";
import type { Random } from "../base/ports.ts";
import type { Micros } from "../base/units.ts";
import { type FaultPlan, isActive } from "./faults.ts";
import { FrameQueue, NO_SLOT } from "./frame_queue.ts";
import { gatherFrame, Segmenter } from "./segmentation.ts";
import {
  linkHeaderLength,
  locateTransport,
  TransportPlace,
} from "./transport_place.ts";

/** Names of a direction's counters: wire packets that entered, and what befell them. */
export const FAULT_COUNTERS: readonly string[] = [
  "packets",
  "dropped",
  "corrupted",
  "duplicated",
  "reordered",
  "tailDropped",
  "oversized",
  "overflowed",
];
const PACKETS = 0;
const DROPPED = 1;
const CORRUPTED = 2;
const DUPLICATED = 3;
const REORDERED = 4;
const TAIL_DROPPED = 5;
const OVERSIZED = 6;
const OVERFLOWED = 7;

const TAIL_DROP: Micros = -1;
const MICROS_PER_SECOND = 1e6;

/** The faults of one direction and the packets under way in it. */
export class FaultPath {
  /** What happened, by the names of {@linkcode FAULT_COUNTERS}. */
  readonly counters: Counters = new Counters(FAULT_COUNTERS);
  /** The packets under way. */
  readonly queue: FrameQueue;
  /** What goes wrong. May be replaced at any time, for packets yet to enter. */
  plan: FaultPlan;
  readonly #random: Random;
  readonly #medium: number;
  readonly #segmenter: Segmenter;
  readonly #place: TransportPlace = new TransportPlace();
  /** When the bottleneck will have sent what it was given. */
  #idleAt: Micros = -Infinity;
  /** When the latest packet that was not reordered is due. */
  #lastDueAt: Micros = -Infinity;

  /** Makes a direction of a link of the medium (`MEDIUM_*`). */
  constructor(
    plan: FaultPlan,
    random: Random,
    medium: number,
    queue: FrameQueue,
  ) {
    this.plan = plan;
    this.queue = queue;
    this.#random = random;
    this.#medium = medium;
    this.#segmenter = new Segmenter(medium);
  }

  /** Whether packets must come this way: something is to go wrong, or packets are still under way and must not be overtaken. */
  get isActive(): boolean {
    return this.queue.count > 0 || isActive(this.plan);
  }

  /** Whether there are slots for all wire packets of the frame. */
  hasRoom(whole: Frame): boolean {
    return this.queue.freeCount >= this.#segmenter.count(whole);
  }

  /** Sends a frame, its payload gathered, into the direction. It is copied. */
  enter(whole: Frame, now: Micros): void {
    const count = this.#segmenter.count(whole);
    if (this.#segmenter.longest(whole) > this.queue.frameCapacity) {
      this.counters.increment(OVERSIZED);
      return;
    }
    for (let i = 0; i < count; i++) {
      const slot = this.#claim();
      if (slot === NO_SLOT) continue;
      this.#segmenter.cut(whole, i, this.queue.frameAt(slot));
      this.#suffer(slot, now);
    }
  }

  #claim(): number {
    const slot = this.queue.claim();
    if (slot === NO_SLOT) this.counters.increment(OVERFLOWED);
    return slot;
  }

  /** Decides the fate of the wire packet in a claimed slot. */
  #suffer(slot: number, now: Micros): void {
    const frame = this.queue.frameAt(slot);
    const length = frame.end - frame.start;
    const loss = this.#lossOf(frame, length);
    if (loss !== PACKETS) return this.#lose(slot, loss);
    if (this.#happens(this.plan.corrupt)) this.#corrupt(frame, length);
    const leavesAt = this.#passBottleneck(length, now);
    if (leavesAt === TAIL_DROP) return this.#lose(slot, TAIL_DROPPED);
    const dueAt = this.#arrivalOf(leavesAt);
    if (this.#happens(this.plan.duplicate)) this.#duplicate(frame, dueAt);
    this.queue.enqueue(slot, dueAt);
  }

  /** The counter under which the packet is lost at the entrance, or PACKETS when it is not. */
  #lossOf(frame: Frame, length: number): number {
    const { plan, counters } = this;
    const index = counters.values[PACKETS];
    counters.increment(PACKETS);
    if (length - linkHeaderLength(this.#medium) > plan.maxSize) {
      return OVERSIZED;
    }
    const isChosen = plan.dropIf(frame, index);
    return isChosen || this.#happens(plan.drop) ? DROPPED : PACKETS;
  }

  #lose(slot: number, counter: number): void {
    this.counters.increment(counter);
    this.queue.release(slot);
  }

  /** Flips one bit behind the link header of an IP packet. */
  #corrupt(frame: Frame, length: number): void {
    const place = this.#place;
    locateTransport(frame.view, frame.start, frame.end, this.#medium, place);
    if (place.family === 0) return;
    const headerLength = linkHeaderLength(this.#medium);
    const bit = this.#below((length - headerLength) * 8);
    frame.bytes[frame.start + headerLength + (bit >> 3)] ^= 1 << (bit & 7);
    this.counters.increment(CORRUPTED);
  }

  /** When the packet has left the bottleneck, or TAIL_DROP when its buffer is full. */
  #passBottleneck(length: number, now: Micros): Micros {
    const { bitsPerSecond, burstSize, bufferSize } = this.plan;
    if (bitsPerSecond === Infinity) return now;
    const bytesPerMicro = bitsPerSecond / (8 * MICROS_PER_SECOND);
    const backlog = Math.max(0, this.#idleAt - now) * bytesPerMicro;
    if (backlog + length > bufferSize) return TAIL_DROP;
    const restedAt = now - burstSize / bytesPerMicro;
    this.#idleAt = Math.max(this.#idleAt, restedAt) + length / bytesPerMicro;
    return Math.max(now, this.#idleAt);
  }

  /** When a packet that leaves the bottleneck at an instant arrives: in order, unless it is chosen to be late. */
  #arrivalOf(leavesAt: Micros): Micros {
    const { delay, jitter, reorder, reorderDelay } = this.plan;
    const extra = jitter > 0 ? this.#uniform() * jitter : 0;
    const dueAt = leavesAt + delay + extra;
    if (this.#happens(reorder)) {
      this.counters.increment(REORDERED);
      return dueAt + reorderDelay;
    }
    this.#lastDueAt = Math.max(this.#lastDueAt, dueAt);
    return this.#lastDueAt;
  }

  #duplicate(frame: Frame, dueAt: Micros): void {
    const slot = this.#claim();
    if (slot === NO_SLOT) return;
    this.counters.increment(DUPLICATED);
    gatherFrame(frame, null, this.queue.frameAt(slot));
    this.queue.enqueue(slot, dueAt);
  }

  /** Draws only when it matters, so that faults not asked for do not shift the sequence. */
  #happens(probability: number): boolean {
    return probability > 0 && this.#uniform() < probability;
  }

  /** A number in [0, 1). */
  #uniform(): number {
    return (this.#random.int32() >>> 0) * 2 ** -32;
  }

  #below(n: number): number {
    return Math.floor(this.#uniform() * n);
  }
}
