/**
 * A wire in real time: a TUN interface in a namespace of its own.
 *
 *     engine <- TapDevice -> tun0 (kernel) <- packet socket -> runner
 *
 * The runner sends its packets out by the interface and sees what the engine
 * sends come in by it. Neither address belongs to the kernel, so it answers
 * nothing itself.
 *
 * @module
 */
import type { LinkDevice } from "../../../engine/link/device.ts";
import { TapDevice } from "../../../ffi/mod.ts";
import type { Wire } from "../engine/wire.ts";
import {
  NativeMemory,
  openSocketLibrary,
  type SocketLibrary,
} from "../kernel/libc_calls.ts";
import { PacketWatch } from "../kernel/packet_watch.ts";
import { makeUrgent, readClock } from "../kernel/realtime.ts";
import { runIp } from "../kernel/tun.ts";
import type { RunConfig } from "../run/config.ts";
import { NotApplicable } from "../run/executor.ts";
import type { CapturedPacket } from "../run/packet.ts";
import { CuttingDevice } from "./cutting_device.ts";

const TUN_NAME = "tun0";
const POLLIN = 1;
/** Longest sleep without a deadline, µs. */
const LONGEST_SLEEP = 1_000_000;

/** A TUN and the packet socket behind it. */
export class TapWire implements Wire {
  readonly name = "tap";
  readonly isRealTime = true;
  /** The engine's end. */
  readonly device: LinkDevice;
  readonly #library: SocketLibrary;
  readonly #watch: PacketWatch;
  readonly #clock: NativeMemory;
  readonly #poll: NativeMemory;
  readonly #packets: CapturedPacket[] = [];

  /** Makes the interface. The process must be in a namespace of its own. */
  constructor(config: RunConfig) {
    const library = openSocketLibrary();
    makeUrgent(library);
    this.#library = library;
    const tap = TapDevice.open({
      name: TUN_NAME,
      medium: "tun",
      mtu: config.mtu,
      offload: "none",
    });
    this.device = new CuttingDevice(tap);
    this.#watch = new PacketWatch(library, TUN_NAME, "received");
    this.#clock = new NativeMemory(library, 16);
    this.#poll = new NativeMemory(library, 32);
    const { view } = this.#poll;
    view.setInt32(0, tap.fd, true);
    view.setUint16(4, POLLIN, true);
    view.setInt32(8, this.#watch.fd, true);
    view.setUint16(12, POLLIN, true);
  }

  now(): number {
    return readClock(this.#library, this.#clock);
  }

  passTime(until: number): void {
    const usecs = Math.min(until - this.now(), LONGEST_SLEEP);
    if (usecs <= 0) return;
    const { view, address } = this.#poll;
    view.setBigInt64(16, BigInt(Math.floor(usecs / 1e6)), true);
    view.setBigInt64(24, BigInt(Math.floor(usecs % 1e6) * 1000), true);
    this.#library.ppoll(address, 2, address + 16, 0, 0, 0);
    this.#watch.drain(this.#packets);
  }

  inject(bytes: Uint8Array, gsoSize: number): void {
    if (gsoSize > 0) {
      throw new NotApplicable("merged segments (--mss) on a TUN");
    }
    this.#watch.send(bytes);
  }

  hasCapture(): boolean {
    this.#watch.drain(this.#packets);
    return this.#packets.length > 0;
  }

  capture(): CapturedPacket | null {
    return this.hasCapture() ? this.#packets.shift() ?? null : null;
  }

  setMtu(mtu: number): void {
    runIp(["link", "set", TUN_NAME, "mtu", String(mtu)]);
  }

  close(): void {
    this.device.close();
  }
}
