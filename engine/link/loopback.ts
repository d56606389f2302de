// @hot
/**
 * The device through which a stack talks to itself (127.0.0.1, ::1).
 *
 * What is transmitted is received, in order, at the same instant. Checksums
 * may stay unfinished: the bytes never leave the memory they are in.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Frame, PayloadRef } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import {
  type LinkCaps,
  type LinkDevice,
  MEDIUM_IP,
  type Readiness,
  TX_BUSY,
  TX_DOWN,
  TX_OK,
} from "./device.ts";
import { FrameQueue } from "./frame_queue.ts";
import { gatheredLength } from "./segmentation.ts";

/** Largest packet: an IPv4 total length has 16 bits. */
const LOOPBACK_MTU = 65_535;

/** A device that receives what it transmits. */
export class Loopback implements LinkDevice {
  /** Bare IP packets of up to 65,535 bytes, checksums unfinished or not. */
  readonly caps: LinkCaps = {
    medium: MEDIUM_IP,
    ipMtu: LOOPBACK_MTU,
    checksumOffload: true,
    gsoMaxSize: LOOPBACK_MTU,
  };
  /** Calls back when a frame was transmitted, and when a full queue has room. */
  readonly readiness: Readiness;
  readonly #queue: FrameQueue;
  #wake: (() => void) | null = null;
  #closed = false;
  #blocked = false;

  /** Makes one that holds up to `frameCount` frames not yet received, 1..65536, in `arena` (128 KiB each) or memory of its own. */
  constructor(frameCount: number = 64, arena: Arena | null = null) {
    this.#queue = new FrameQueue(frameCount, LOOPBACK_MTU, arena);
    this.readiness = { subscribe: (wake): void => void (this.#wake = wake) };
  }

  /** The instant the oldest waiting frame was sent, which is past; `Infinity` when none waits. */
  get deadline(): Micros {
    return this.#queue.dueAt;
  }

  /** Takes the oldest waiting frame. Its length in bytes; 0: none; -1: closed. */
  receive(frame: Frame, now: Micros): number {
    if (this.#closed) return -1;
    const length = this.#queue.pop(frame, now);
    if (length > 0 && this.#blocked) {
      this.#blocked = false;
      if (this.#wake !== null) this.#wake();
    }
    return length;
  }

  /** Queues a copy. A packet longer than the MTU is lost. */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number {
    if (this.#closed) return TX_DOWN;
    if (gatheredLength(frame, payload) > LOOPBACK_MTU) return TX_OK;
    if (!this.#queue.push(frame, payload, now)) {
      this.#blocked = true;
      return TX_BUSY;
    }
    if (this.#wake !== null) this.#wake();
    return TX_OK;
  }

  /** Ends it; what waits is lost. */
  close(): void {
    this.#closed = true;
    while (this.#queue.count > 0) this.#queue.dropHead();
  }
}
