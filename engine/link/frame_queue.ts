// @hot
/**
 * A bounded queue of frame copies, each due at an instant of its own.
 *
 * Slots are made once. A slot is free, claimed (being filled) or queued; the
 * queued ones form a list in order of due time, equal times in order of
 * arrival:
 *
 *     head ─► slot 4, due 10 ─► slot 0, due 10 ─► slot 7, due 35 ◄─ tail
 *     free    1 2 3 5 6         the last one freed is the next one claimed
 *
 * Insertion searches from the tail, where frames of a link without reordering
 * always belong, so it costs a comparison. The list is doubly linked through
 * two Int32Arrays; due times live in a Float64Array.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import { Frame, FRAME_HEADROOM } from "../base/frame.ts";
import type { PayloadRef } from "../base/frame.ts";
import { failRange, requireInteger } from "../base/misuse.ts";
import { type Micros, NEVER } from "../base/units.ts";
import { gatheredLength, gatherFrame } from "./segmentation.ts";

/** No slot. */
export const NO_SLOT = -1;

/** Bytes kept free behind a slot's frame: devices may pad or tag. */
const TAILROOM = 32;

/** Frame slots in order of due time. */
export class FrameQueue {
  /** Longest frame a slot holds, bytes. */
  readonly frameCapacity: number;
  readonly #frames: readonly Frame[];
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #dueAt: Float64Array;
  readonly #free: Int32Array;
  #freeCount: number;
  #head = NO_SLOT;
  #tail = NO_SLOT;
  #count = 0;

  /**
   * Makes `slotCount` slots, 1..65536, for frames of at most `frameCapacity` bytes, 60..70000.
   *
   * @param arena where the slots lie, for good; memory of their own when null
   */
  constructor(
    slotCount: number,
    frameCapacity: number,
    arena: Arena | null = null,
  ) {
    requireInteger("create queue", "slotCount", slotCount, 1, 65_536);
    requireInteger("create queue", "frameCapacity", frameCapacity, 60, 70_000);
    this.frameCapacity = frameCapacity;
    this.#frames = createSlots(slotCount, frameCapacity, arena);
    this.#next = new Int32Array(slotCount);
    this.#previous = new Int32Array(slotCount);
    this.#dueAt = new Float64Array(slotCount);
    this.#free = new Int32Array(slotCount);
    for (let i = 0; i < slotCount; i++) this.#free[i] = slotCount - 1 - i;
    this.#freeCount = slotCount;
  }

  /** Frames queued. */
  get count(): number {
    return this.#count;
  }

  /** Slots that can still be claimed. */
  get freeCount(): number {
    return this.#freeCount;
  }

  /** Slot of the frame due first, or {@linkcode NO_SLOT}. */
  get head(): number {
    return this.#head;
  }

  /** When the first frame is due, µs; `Infinity` when none is queued. */
  get dueAt(): Micros {
    return this.#head === NO_SLOT ? NEVER : this.#dueAt[this.#head];
  }

  /** The frame in a claimed or queued slot. */
  frameAt(slot: number): Frame {
    return this.#frames[slot];
  }

  /** Takes a free slot, to be filled and then enqueued or released; {@linkcode NO_SLOT} when all are in use. */
  claim(): number {
    if (this.#freeCount === 0) return NO_SLOT;
    this.#freeCount = this.#freeCount - 1 | 0;
    return this.#free[this.#freeCount];
  }

  /** Gives a claimed slot back. */
  release(slot: number): void {
    this.#free[this.#freeCount] = slot;
    this.#freeCount = this.#freeCount + 1 | 0;
  }

  /** Queues a claimed slot behind all frames due by `dueAt`. */
  enqueue(slot: number, dueAt: Micros): void {
    let before = this.#tail;
    while (before !== NO_SLOT && this.#dueAt[before] > dueAt) {
      before = this.#previous[before];
    }
    const after = before === NO_SLOT ? this.#head : this.#next[before];
    this.#dueAt[slot] = dueAt;
    this.#link(before, slot);
    this.#link(slot, after);
    this.#count = this.#count + 1 | 0;
  }

  /** Removes and frees the head, whose frame stays readable until the next claim. There must be one. */
  dropHead(): void {
    const slot = this.#head;
    this.#link(NO_SLOT, this.#next[slot]);
    this.#count = this.#count - 1 | 0;
    this.release(slot);
  }

  /** Queues a copy of a frame and its payload. Whether it did: not when the queue is full or the frame longer than a slot. */
  push(frame: Frame, payload: PayloadRef | null, dueAt: Micros): boolean {
    if (gatheredLength(frame, payload) > this.frameCapacity) return false;
    const slot = this.claim();
    if (slot === NO_SLOT) return false;
    gatherFrame(frame, payload, this.#frames[slot]);
    this.enqueue(slot, dueAt);
    return true;
  }

  /** Moves the first frame into `frame` when it is due. Its length in bytes, or 0. `frame` must have room for a slot's. */
  pop(frame: Frame, now: Micros): number {
    const slot = this.#head;
    if (slot === NO_SLOT || this.#dueAt[slot] > now) return 0;
    const from = this.#frames[slot];
    gatherFrame(from, null, frame);
    frame.at = now;
    this.dropHead();
    return frame.end - frame.start | 0;
  }

  /** Makes `after` follow `before`, either of which may be the list's end. */
  #link(before: number, after: number): void {
    if (before === NO_SLOT) this.#head = after;
    else this.#next[before] = after;
    if (after === NO_SLOT) this.#tail = before;
    else this.#previous[after] = before;
  }
}

function createSlots(
  slotCount: number,
  frameCapacity: number,
  arena: Arena | null,
): Frame[] {
  const size = FRAME_HEADROOM + frameCapacity + TAILROOM + 7 & ~7;
  const bytes = arena?.bytes ?? new Uint8Array(size * slotCount);
  const view = arena?.view ?? new DataView(bytes.buffer);
  return Array.from({ length: slotCount }, (_, i) => {
    const base = arena?.allocate(size) ?? i * size;
    if (base < 0) failRange("create queue", "its arena is too full", slotCount);
    return new Frame(bytes, view, base, size);
  });
}
