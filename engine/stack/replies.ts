// @hot
/**
 * Answers that belong to no connection: RSTs to closed ports and SYN cookies.
 *
 * A small ring of descriptions, made once. A flood fills it and the rest is
 * dropped and counted: whoever floods does not get to use our memory.
 *
 * @module
 */
import type { Route } from "../ip/route.ts";
import { SegmentOut } from "../wire/tcp_segment.ts";

/** Answers that may wait for a busy device. */
const CAPACITY = 64;

/** One answer: what to send, and where. */
export class Reply {
  /** The segment. */
  readonly segment: SegmentOut = createSegment();
  /** Its route; null while unused. */
  route: Route | null = null;
}

/** The ring. */
export class ReplyQueue {
  /** Made when first needed: most stacks never answer 64 strangers at once. */
  readonly #slots: Reply[] = [];
  #head = 0;
  #count = 0;

  /** Answers waiting. */
  get count(): number {
    return this.#count;
  }

  /** The slot to fill next, or null when the ring is full; `push` makes it count. */
  next(): Reply | null {
    if (this.#count === CAPACITY) return null;
    const index = (this.#head + this.#count) % CAPACITY;
    this.#slots[index] ??= createReply();
    return this.#slots[index];
  }

  /** Takes the slot `next` gave as filled. */
  push(): void {
    this.#count++;
  }

  /** The oldest answer; null: none. */
  first(): Reply | null {
    return this.#count === 0 ? null : this.#slots[this.#head];
  }

  /** Drops the oldest answer, it having been sent or given up. */
  shift(): void {
    this.#slots[this.#head].route = null;
    this.#head = (this.#head + 1) % CAPACITY;
    this.#count--;
  }
}

function createSegment(): SegmentOut {
  return new SegmentOut();
}

function createReply(): Reply {
  return new Reply();
}
