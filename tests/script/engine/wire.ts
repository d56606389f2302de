/**
 * Where the engine under test hangs: its device, its time, and the runner's
 * side of both.
 *
 * @module
 */
import type { LinkDevice } from "../../../engine/link/device.ts";
import type { ExecutorName } from "../run/executor.ts";
import type { CapturedPacket } from "../run/packet.ts";

/** A wire between a script and the engine. */
export interface Wire {
  /** The executor this wire makes. */
  readonly name: ExecutorName;
  /** Time is the world's. */
  readonly isRealTime: boolean;
  /** The engine's end. */
  readonly device: LinkDevice;
  /** The present, µs. */
  now(): number;
  /** Lets time pass, until `until` or until there is something to receive. */
  passTime(until: number): void;
  /** Sends a packet to the engine; one merged from several has their payload length as `gsoSize`, else 0. */
  inject(bytes: Uint8Array, gsoSize: number): void;
  /** Whether the engine has sent something not yet taken. */
  hasCapture(): boolean;
  /** Takes the oldest packet the engine sent, or null. */
  capture(): CapturedPacket | null;
  /** Changes the MTU. */
  setMtu(mtu: number): void;
  /** Frees everything. */
  close(): void;
}
