/**
 * A wire in virtual time.
 *
 * Nothing waits: letting time pass sets the clock. The same script gives the
 * same run, byte for byte.
 *
 * @module
 */
import type { Wire } from "../engine/wire.ts";
import type { CapturedPacket } from "../run/packet.ts";
import { ScriptDevice } from "./script_device.ts";

/** The clock's start: far from 0, so that nothing leans on it. */
const START = 1_000_000_000;

/** A virtual wire with a clock of its own. */
export class VirtualWire implements Wire {
  readonly name = "memory";
  readonly isRealTime = false;
  /** The engine's end. */
  readonly device: ScriptDevice;
  #now = START;

  /** A wire of the given MTU. */
  constructor(mtu: number) {
    this.device = new ScriptDevice(mtu);
  }

  now(): number {
    return this.#now;
  }

  passTime(until: number): void {
    this.#now = Math.max(this.#now, until);
  }

  inject(bytes: Uint8Array, gsoSize: number): void {
    this.device.inject(bytes, gsoSize);
  }

  hasCapture(): boolean {
    return this.device.sent.length > 0;
  }

  capture(): CapturedPacket | null {
    return this.device.sent.shift() ?? null;
  }

  setMtu(mtu: number): void {
    this.device.setMtu(mtu);
  }

  close(): void {
    this.device.close();
  }
}
