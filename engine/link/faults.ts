/**
 * What can go wrong on a link, as numbers, and where they may lie.
 *
 * Probabilities are per wire packet and independent of each other. The order
 * in which they strike is that of a path: too big, lost, damaged, queued
 * behind others at the rate of the bottleneck, then under way for a time.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import { failRange } from "../base/misuse.ts";
import type { Micros } from "../base/units.ts";

/** Faults of one direction; what is left out does not happen. */
export interface Faults {
  /** Probability that a packet is lost, 0..1. */
  readonly drop?: number;
  /** Loses the packets for which it returns true. `index` counts the packets of this direction from 0; the frame is borrowed. */
  readonly dropIf?: (frame: Frame, index: number) => boolean;
  /** Probability that one bit behind the link header is flipped, 0..1. Frames other than IP have no checksum to notice it by and are spared. */
  readonly corrupt?: number;
  /** Probability that a packet arrives twice, 0..1. */
  readonly duplicate?: number;
  /** Probability that a packet is held back by `reorderDelay`, so that later ones overtake it, 0..1. */
  readonly reorder?: number;
  /** How long a reordered packet is held back, µs; 1 ms. */
  readonly reorderDelay?: Micros;
  /** One-way delay, µs. */
  readonly delay?: Micros;
  /** Most that is added to the delay at random, µs. Jitter alone never reorders. */
  readonly jitter?: Micros;
  /** Rate of the bottleneck in bits per second. */
  readonly bitsPerSecond?: number;
  /** Bytes that may pass the bottleneck at once after a rest; 0. */
  readonly burstSize?: number;
  /** Bytes the bottleneck's buffer holds, beyond which packets are lost; 256 KiB. */
  readonly bufferSize?: number;
  /** Longest IP packet that passes, bytes; longer ones vanish without a word. */
  readonly maxSize?: number;
}

/** {@linkcode Faults} with nothing left out. */
export type FaultPlan = Required<Faults>;

/** Drops nothing; the `dropIf` of a plan without one. */
export function dropNone(): boolean {
  return false;
}

/** Checks faults and fills in what was left out. Throws RangeError for a value out of range. */
export function createFaultPlan(faults: Faults): FaultPlan {
  return {
    drop: probability("drop", faults.drop),
    dropIf: faults.dropIf ?? dropNone,
    corrupt: probability("corrupt", faults.corrupt),
    duplicate: probability("duplicate", faults.duplicate),
    reorder: probability("reorder", faults.reorder),
    reorderDelay: span("reorderDelay", faults.reorderDelay ?? 1_000),
    delay: span("delay", faults.delay ?? 0),
    jitter: span("jitter", faults.jitter ?? 0),
    bitsPerSecond: positive("bitsPerSecond", faults.bitsPerSecond ?? Infinity),
    burstSize: span("burstSize", faults.burstSize ?? 0),
    bufferSize: positive("bufferSize", faults.bufferSize ?? 262_144),
    maxSize: positive("maxSize", faults.maxSize ?? Infinity),
  };
}

/** Whether the plan does anything at all. */
export function isActive(plan: FaultPlan): boolean {
  return plan.drop > 0 || plan.corrupt > 0 || plan.duplicate > 0 ||
    plan.reorder > 0 || plan.delay > 0 || plan.jitter > 0 ||
    plan.bitsPerSecond < Infinity || plan.maxSize < Infinity ||
    plan.dropIf !== dropNone;
}

function probability(name: string, value = 0): number {
  if (value >= 0 && value <= 1) return value;
  return failRange("inject faults", `${name} must be in 0..1`, value);
}

function span(name: string, value: number): number {
  if (value >= 0 && value < Infinity) return value;
  return failRange("inject faults", `${name} must be finite, >= 0`, value);
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  return failRange("inject faults", `${name} must be above 0`, value);
}
