/**
 * What the engine asks of a network device, and nothing more.
 *
 * Two methods move frames, neither blocks, neither keeps the frame. Middleware
 * (fault injector, capture tee, tracer) is a device around a device, so any of
 * them can be put around any other and around a TAP, a cable or a capture.
 *
 * @module
 */
import type { Frame, PayloadRef } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";

/** The medium carries Ethernet frames: ARP, NDP and hardware addresses are needed. */
export const MEDIUM_ETHERNET = 1;
/** The medium carries bare IP packets (TUN, loopback). */
export const MEDIUM_IP = 2;

/** {@linkcode LinkDevice.transmit}: the frame is on its way. */
export const TX_OK = 0;
/** {@linkcode LinkDevice.transmit}: not consumed; offer the same frame again after the next wake. */
export const TX_BUSY = 1;
/** {@linkcode LinkDevice.transmit}: the device is gone for good. */
export const TX_DOWN = 2;

/** What a device can do; constant for its life but for `ipMtu`, which may change. */
export interface LinkCaps {
  /** {@linkcode MEDIUM_ETHERNET} or {@linkcode MEDIUM_IP}. */
  readonly medium: number;
  /** Largest IP packet in bytes, the Ethernet header not counted (1500 on Ethernet). */
  readonly ipMtu: number;
  /** The device completes partial TCP and UDP checksums of frames it is given ({@linkcode Frame.checksumPartial}). */
  readonly checksumOffload: boolean;
  /** Largest super-segment, network header included, in bytes; 0: the device cannot segment. */
  readonly gsoMaxSize: number;
}

/** How the host may sleep until a device has something to receive. */
export type Readiness =
  | {
    /** A descriptor that polls readable when a frame waits. */
    readonly fd: number;
  }
  | {
    /** Registers the one callback to call when a frame arrives; it must only wake the host. */
    readonly subscribe: (wake: () => void) => void;
  };

/** A network device, or middleware around one. */
export interface LinkDevice {
  /** What the device can do. */
  readonly caps: LinkCaps;
  /** How to sleep until {@linkcode LinkDevice.receive} may have something. */
  readonly readiness: Readiness;
  /** When a frame the device itself delays falls due, µs; `Infinity` when none does. */
  readonly deadline: Micros;
  /**
   * Fills `frame` (its live bytes, `gsoSize`, `checksumPartial`, `at`) with the next frame.
   *
   * @returns the frame's length in bytes; 0: none waits; below 0: the device is down. Never blocks, never keeps the frame.
   */
  receive(frame: Frame, now: Micros): number;
  /**
   * Sends the frame's live bytes followed by `payload`, which may lie outside the frame (gather write).
   *
   * @returns {@linkcode TX_OK}, {@linkcode TX_BUSY} or {@linkcode TX_DOWN}
   */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number;
  /** Frees what the device holds. A second call does nothing. */
  close(): void;
}
