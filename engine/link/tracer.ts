/**
 * A device around a device that tells, a line a frame, what passes.
 *
 *     0.000123 > IP 10.0.0.2.40000 > 10.0.0.1.7: Flags [S], seq 1, …
 *     0.000201 < IP 10.0.0.1.7 > 10.0.0.2.40000: Flags [S.], seq 9, …
 *
 * The instant is `now` in seconds, `>` is transmitted and `<` received; the
 * rest is {@linkcode prettyPacket}. Frames the device did not take are told as
 * such, because what was not sent is what one looks for in a trace.
 *
 * @module
 */
import { createFrame, type Frame, type PayloadRef } from "../base/frame.ts";
import { type Micros, SECOND } from "../base/units.ts";
import { prettyPacket } from "../wire/pretty.ts";
import {
  type LinkCaps,
  type LinkDevice,
  type Readiness,
  TX_BUSY,
  TX_OK,
} from "./device.ts";
import { gatherFrame, Segmenter } from "./segmentation.ts";

/** A device that traces. */
export class Tracer implements LinkDevice {
  readonly #device: LinkDevice;
  readonly #print: (line: string) => void;
  readonly #segmenter: Segmenter;
  readonly #scratch: Frame = createFrame();

  /** Puts a tracer around `device`, which it then owns; `print` gets each line without a newline. */
  constructor(device: LinkDevice, print: (line: string) => void) {
    this.#device = device;
    this.#print = print;
    this.#segmenter = new Segmenter(device.caps.medium);
  }

  /** The device's. */
  get caps(): LinkCaps {
    return this.#device.caps;
  }

  /** The device's. */
  get readiness(): Readiness {
    return this.#device.readiness;
  }

  /** The device's. */
  get deadline(): Micros {
    return this.#device.deadline;
  }

  /** Receives from the device and tells what came. */
  receive(frame: Frame, now: Micros): number {
    const length = this.#device.receive(frame, now);
    if (length > 0) this.#tell(frame, null, now, "<", "");
    return length;
  }

  /** Transmits to the device and tells what, and whether it was taken. */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number {
    const status = this.#device.transmit(frame, payload, now);
    const fate = status === TX_OK
      ? ""
      : status === TX_BUSY
      ? " (device busy)"
      : " (device down)";
    this.#tell(frame, payload, now, ">", fate);
    return status;
  }

  /** Closes the device. */
  close(): void {
    this.#device.close();
  }

  #tell(
    frame: Frame,
    payload: PayloadRef | null,
    now: Micros,
    direction: string,
    fate: string,
  ): void {
    const scratch = this.#scratch;
    gatherFrame(frame, payload, scratch);
    this.#segmenter.complete(scratch);
    const text = prettyPacket(
      scratch.bytes,
      scratch.start,
      scratch.end - scratch.start,
      this.caps.medium,
    );
    this.#print(`${(now / SECOND).toFixed(6)} ${direction} ${text}${fate}`);
  }
}
