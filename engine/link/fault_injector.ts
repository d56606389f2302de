/**
 * A device around a device, on whose link things go wrong.
 *
 *     stack ── transmit ──► tx path ── when due ──► device
 *           ◄── receive ──  rx path ◄── receive ──
 *
 * Each direction has faults of its own (fault_path.ts). A direction with no
 * faults hands frames straight through, offloads and all. One with faults cuts
 * super-segments and completes checksums first, so that loss hits packets of
 * the size of the MTU and damage is detected; to the stack it therefore offers
 * checksum offload, and whatever segmentation the device itself offers.
 *
 * Packets that fall due leave at the next call of `receive` or `transmit`,
 * which `deadline` asks for. All chance comes from one {@linkcode Random}: the
 * same seed and the same calls give the same packets.
 *
 * @module
 */
import type { Counters } from "../base/counters.ts";
import { createFrame, type Frame, type PayloadRef } from "../base/frame.ts";
import type { Random } from "../base/ports.ts";
import { type Micros, MILLISECOND } from "../base/units.ts";
import {
  type LinkCaps,
  type LinkDevice,
  type Readiness,
  TX_BUSY,
  TX_DOWN,
  TX_OK,
} from "./device.ts";
import { FaultPath } from "./fault_path.ts";
import { createFaultPlan, type Faults, isActive } from "./faults.ts";
import { FrameQueue } from "./frame_queue.ts";
import { gatherFrame } from "./segmentation.ts";
import { linkHeaderLength } from "./transport_place.ts";

/** What goes wrong, and by whose dice. */
export interface FaultInjectorOptions {
  /** Where all chance comes from. */
  readonly random: Random;
  /** Faults of both directions, unless told apart; none. */
  readonly faults?: Faults;
  /** Faults of what is transmitted; `faults`. */
  readonly tx?: Faults;
  /** Faults of what is received; `faults`. */
  readonly rx?: Faults;
  /** Packets under way in each direction, 1..65536; 1024. */
  readonly frameCount?: number;
}

/** How soon a device that was busy is tried again, in case its wake does not reach us. */
const RETRY_AFTER: Micros = MILLISECOND;
/** Free slots below which no further frame is fetched from the device: a super-segment makes up to this many packets. */
const FETCH_ROOM = 128;
/** Bytes a link header may have beyond Ethernet's: one 802.1Q tag. */
const TAG_LENGTH = 4;

/** A device whose link loses, damages, delays, duplicates and reorders. */
export class FaultInjector implements LinkDevice {
  /** The device's, with checksum offload where this completes checksums itself. */
  readonly caps: LinkCaps;
  /** The device's; its wake also tells of room after a busy transmit. */
  readonly readiness: Readiness;
  readonly #device: LinkDevice;
  readonly #tx: FaultPath;
  readonly #rx: FaultPath;
  readonly #scratch: Frame = createFrame();
  /** The stack was promised more than the device can do. */
  readonly #offersMore: boolean;
  #wake: (() => void) | null = null;
  /** A transmit was refused for want of slots. */
  #blocked = false;
  #isDown = false;
  /** Code of the receive that found the device down, else 0. */
  #rxDown = 0;
  /** The device was busy; not before then again. */
  #retryAt: Micros = -Infinity;

  /** Puts faults around `device`, which it then owns. Throws RangeError for faults out of range. */
  constructor(device: LinkDevice, options: FaultInjectorOptions) {
    const { faults = {}, tx = faults, rx = faults, random } = options;
    const { medium, ipMtu } = device.caps;
    const frameCount = options.frameCount ?? 1024;
    const frameCapacity = ipMtu + linkHeaderLength(medium) + TAG_LENGTH;
    const [txPath, rxPath] = [tx, rx].map((direction) =>
      new FaultPath(
        createFaultPlan(direction),
        random,
        medium,
        new FrameQueue(frameCount, frameCapacity),
      )
    );
    this.#device = device;
    this.#tx = txPath;
    this.#rx = rxPath;
    this.#offersMore = isActive(txPath.plan) && !device.caps.checksumOffload;
    this.caps = this.#offersMore ? createCaps(device) : device.caps;
    this.readiness = this.#wrapReadiness(device.readiness);
  }

  /** What befell transmitted packets, by the names of `FAULT_COUNTERS`. */
  get txCounters(): Counters {
    return this.#tx.counters;
  }

  /** What befell received packets. */
  get rxCounters(): Counters {
    return this.#rx.counters;
  }

  /** When the next packet under way falls due, here or in the device. */
  get deadline(): Micros {
    const txDueAt = Math.max(this.#tx.queue.dueAt, this.#retryAt);
    return Math.min(this.#device.deadline, txDueAt, this.#rx.queue.dueAt);
  }

  /** Replaces the faults of both directions for packets yet to come; those under way arrive as they were bound to. */
  setFaults(faults: Faults): void {
    this.#tx.plan = createFaultPlan(faults);
    this.#rx.plan = this.#tx.plan;
  }

  /** Takes the next packet that has arrived. Its length in bytes; 0: none; below 0: the device is down. */
  receive(frame: Frame, now: Micros): number {
    this.#flush(now);
    if (!this.#rx.isActive) return this.#device.receive(frame, now);
    this.#fetch(now);
    const length = this.#rx.queue.pop(frame, now);
    return length === 0 && this.#rx.queue.count === 0 ? this.#rxDown : length;
  }

  /** Sends a frame into the faulty link. Busy only when the slots for packets under way are used up. */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number {
    this.#flush(now);
    if (this.#isDown) return TX_DOWN;
    if (!this.#tx.isActive && !this.#offersMore) {
      return this.#device.transmit(frame, payload, now);
    }
    gatherFrame(frame, payload, this.#scratch);
    if (!this.#tx.hasRoom(this.#scratch)) {
      this.#blocked = true;
      return TX_BUSY;
    }
    this.#tx.enter(this.#scratch, now);
    this.#flush(now);
    return TX_OK;
  }

  /** Closes the device; packets under way are lost. */
  close(): void {
    this.#isDown = true;
    this.#device.close();
  }

  /** Hands the device what has fallen due. */
  #flush(now: Micros): void {
    const { queue } = this.#tx;
    while (queue.dueAt <= now) {
      const status = this.#device.transmit(
        queue.frameAt(queue.head),
        null,
        now,
      );
      if (status === TX_BUSY) {
        this.#retryAt = now + RETRY_AFTER;
        return;
      }
      if (status === TX_DOWN) this.#isDown = true;
      queue.dropHead();
      this.#unblock();
    }
    this.#retryAt = -Infinity;
  }

  /** Takes all the device has received into the rx path. */
  #fetch(now: Micros): void {
    const { queue } = this.#rx;
    const room = Math.min(FETCH_ROOM, queue.freeCount + queue.count);
    while (queue.freeCount >= room) {
      const length = this.#device.receive(this.#scratch, now);
      if (length < 0) this.#rxDown = length;
      if (length <= 0) return;
      this.#rx.enter(this.#scratch, now);
    }
  }

  #unblock(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#wake?.();
  }

  /** Listens in on the subscription, to wake the same subscriber on our own account. */
  #wrapReadiness(readiness: Readiness): Readiness {
    if (!("subscribe" in readiness)) return readiness;
    return {
      subscribe: (wake): void => {
        this.#wake = wake;
        readiness.subscribe(wake);
      },
    };
  }
}

function createCaps(device: LinkDevice): LinkCaps {
  const { medium, gsoMaxSize } = device.caps;
  return {
    medium,
    get ipMtu(): number {
      return device.caps.ipMtu;
    },
    checksumOffload: true,
    gsoMaxSize,
  };
}
