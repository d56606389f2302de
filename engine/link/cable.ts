// @hot
/**
 * A cable in memory: two network devices, what one sends the other receives.
 *
 *     end 0 ── transmit ──► queue of copies, each due after ──► receive ── end 1
 *           ◄── receive ──  serialization and delay         ◄── transmit ──
 *
 * Frames keep their order. A frame leaves when those before it have left, at
 * the rate of the cable, and arrives `delay` later, in the time of the `now`
 * that callers pass: nothing here waits. When the queue of a direction is full
 * the device is busy, as a network card with a full ring is, and the sender is
 * woken when there is room again. It is therefore a cable that loses nothing;
 * loss, disorder and shallow buffers are fault_injector.ts's affair.
 *
 * With offloads it passes super-segments and unfinished checksums on as they
 * are, which is what a TAP between two stacks on one host does.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Frame, PayloadRef } from "../base/frame.ts";
import { failRange, requireInteger } from "../base/misuse.ts";
import { type Micros, NEVER } from "../base/units.ts";
import {
  type LinkCaps,
  type LinkDevice,
  MEDIUM_ETHERNET,
  type Readiness,
  TX_BUSY,
  TX_DOWN,
  TX_OK,
} from "./device.ts";
import { FrameQueue } from "./frame_queue.ts";
import { gatheredLength } from "./segmentation.ts";
import { linkHeaderLength } from "./transport_place.ts";

/** How a cable is made; what is left out is as said. */
export interface CableOptions {
  /** `MEDIUM_*`; Ethernet. */
  readonly medium?: number;
  /** Largest IP packet in bytes, 68..65535; 1500. */
  readonly ipMtu?: number;
  /** Largest super-segment in bytes, 0 (none)..65535; 0. */
  readonly gsoMaxSize?: number;
  /** Unfinished checksums pass; only super-segments need it by default. */
  readonly checksumOffload?: boolean;
  /** Frames each direction holds, 1..65536; 256. */
  readonly frameCount?: number;
  /** One-way delay, µs; 0. */
  readonly delay?: Micros;
  /** Rate of each direction in bits per second; `Infinity`. */
  readonly bitsPerSecond?: number;
  /** Where the frames under way lie. When it is that of both stacks nothing is ever collected; else a frame costs two views (measured: 200 scavenges per million frames). */
  readonly arena?: Arena;
}

const MICROS_PER_SECOND = 1e6;
/** Bytes a link header may have beyond Ethernet's: one 802.1Q tag. */
const TAG_LENGTH = 4;

/** One end of a cable. Made in pairs by {@linkcode createCable}. */
export class CableEnd implements LinkDevice {
  /** What both ends can do. */
  readonly caps: LinkCaps;
  /** Calls back when a frame arrives, and when a queue that was full has room. */
  readonly readiness: Readiness;
  /** Frames swallowed for being longer than the medium carries. */
  oversizedCount = 0;
  readonly #delay: Micros;
  readonly #microsPerByte: number;
  readonly #inbound: FrameQueue;
  #peer: CableEnd | null = null;
  #wake: (() => void) | null = null;
  #closed = false;
  /** A transmit found the peer's queue full. */
  #blocked = false;
  /** When the last frame has left. */
  #idleAt: Micros = -Infinity;

  /** Makes an end that leads nowhere until joined. `options` has been checked. */
  constructor(options: CableOptions, caps: LinkCaps) {
    this.caps = caps;
    this.readiness = { subscribe: (wake): void => void (this.#wake = wake) };
    this.#delay = options.delay ?? 0;
    const bitsPerSecond = options.bitsPerSecond ?? Infinity;
    this.#microsPerByte = 8 * MICROS_PER_SECOND / bitsPerSecond;
    const longest = Math.max(caps.ipMtu, caps.gsoMaxSize) +
      linkHeaderLength(caps.medium) + TAG_LENGTH;
    const { frameCount = 256, arena = null } = options;
    this.#inbound = new FrameQueue(frameCount, longest, arena);
  }

  /** Plugs the two ends together. */
  join(peer: CableEnd): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  /** When the next frame arrives here, µs; `Infinity` when none is under way. */
  get deadline(): Micros {
    return this.#closed ? NEVER : this.#inbound.dueAt;
  }

  /** Takes the next frame that has arrived. Its length in bytes; 0: none; -1: this end is closed. */
  receive(frame: Frame, now: Micros): number {
    if (this.#closed) return -1;
    const length = this.#inbound.pop(frame, now);
    if (length > 0) this.#peer?.unblock();
    return length;
  }

  /** Puts a frame on the cable. A frame too long is lost, as is any once the other end is closed. */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number {
    const peer = this.#peer;
    if (this.#closed || peer === null) return TX_DOWN;
    if (peer.#closed) return TX_OK;
    const length = gatheredLength(frame, payload);
    if (length > this.#maxLength(frame)) {
      this.oversizedCount += 1;
      return TX_OK;
    }
    if (peer.#inbound.freeCount === 0) {
      this.#blocked = true;
      return TX_BUSY;
    }
    this.#idleAt = Math.max(this.#idleAt, now) + length * this.#microsPerByte;
    peer.#inbound.push(frame, payload, this.#idleAt + this.#delay);
    peer.wake();
    return TX_OK;
  }

  /** Unplugs this end: frames under way to it are lost, the other end stays usable and talks to nobody. */
  close(): void {
    this.#closed = true;
    this.#peer?.unblock();
  }

  /** Calls the subscriber, if there is one. */
  wake(): void {
    if (this.#wake !== null) this.#wake();
  }

  /** Wakes a sender that met a full queue. */
  unblock(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.wake();
  }

  #maxLength(frame: Frame): number {
    const { caps } = this;
    const ipLength = frame.gsoSize > 0 ? caps.gsoMaxSize : caps.ipMtu;
    return ipLength + linkHeaderLength(caps.medium) + TAG_LENGTH | 0;
  }
}

/** Makes a cable and returns its two ends. Throws RangeError for an option out of range. */
export function createCable(options: CableOptions = {}): [CableEnd, CableEnd] {
  const ipMtu = options.ipMtu ?? 1500;
  const gsoMaxSize = options.gsoMaxSize ?? 0;
  const bitsPerSecond = options.bitsPerSecond ?? Infinity;
  const delay = options.delay ?? 0;
  requireInteger("create cable", "ipMtu", ipMtu, 68, 65_535);
  requireInteger("create cable", "gsoMaxSize", gsoMaxSize, 0, 65_535);
  if (!(bitsPerSecond > 0)) {
    failRange("create cable", "bitsPerSecond must be above 0", bitsPerSecond);
  }
  if (!(delay >= 0 && delay < Infinity)) {
    failRange("create cable", "delay must be finite and at least 0", delay);
  }
  const caps: LinkCaps = {
    medium: options.medium ?? MEDIUM_ETHERNET,
    ipMtu,
    gsoMaxSize,
    checksumOffload: options.checksumOffload ?? gsoMaxSize > 0,
  };
  const near = new CableEnd(options, caps);
  const far = new CableEnd(options, caps);
  near.join(far);
  return [near, far];
}
