/**
 * A device around a device that writes down every frame that passes.
 *
 * Both directions go into one capture file, at the instants of the calls.
 * What is transmitted is written once the device has taken it, its payload
 * gathered and its checksum completed, so that no reader complains of what the
 * device would have filled in. Super-segments are written whole, as a kernel
 * captures them; put the capture between a fault injector and the device to
 * see the packets it cuts them into, and those it lets pass.
 *
 * @module
 */
import { createFrame, type Frame, type PayloadRef } from "../base/frame.ts";
import type { Micros } from "../base/units.ts";
import {
  CAPTURE_INBOUND,
  CAPTURE_OUTBOUND,
  type CaptureFormat,
  createFileHeader,
  wrapInRecord,
} from "./capture_format.ts";
import {
  type LinkCaps,
  type LinkDevice,
  type Readiness,
  TX_OK,
} from "./device.ts";
import { gatherFrame, Segmenter } from "./segmentation.ts";

/** Takes the bytes of a capture file, in order. */
export interface CaptureSink {
  /** Takes the next bytes: first the file's header, then one record per call. They are borrowed: copy them to keep them. */
  write(bytes: Uint8Array): void;
}

/** How frames are written down. */
export interface CaptureOptions {
  /** Where to. */
  readonly sink: CaptureSink;
  /** What to add to `now` to get µs since 1970; 0. */
  readonly epochOffset?: Micros;
  /** Kind of file; `"pcap"`, which every tool reads. */
  readonly format?: CaptureFormat;
}

/** A device that captures. */
export class Capture implements LinkDevice {
  readonly #device: LinkDevice;
  readonly #sink: CaptureSink;
  readonly #epochOffset: Micros;
  readonly #format: CaptureFormat;
  readonly #segmenter: Segmenter;
  readonly #scratch: Frame = createFrame();

  /** Puts a capture around `device`, which it then owns, and writes the file's header. */
  constructor(device: LinkDevice, options: CaptureOptions) {
    this.#device = device;
    this.#sink = options.sink;
    this.#epochOffset = options.epochOffset ?? 0;
    this.#format = options.format ?? "pcap";
    this.#segmenter = new Segmenter(device.caps.medium);
    this.#sink.write(createFileHeader(this.#format, device.caps.medium));
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

  /** Receives from the device and writes down what came. */
  receive(frame: Frame, now: Micros): number {
    const length = this.#device.receive(frame, now);
    if (length > 0) this.#record(frame, null, now, CAPTURE_INBOUND);
    return length;
  }

  /** Transmits to the device and writes down what it took. */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number {
    const status = this.#device.transmit(frame, payload, now);
    if (status === TX_OK) this.#record(frame, payload, now, CAPTURE_OUTBOUND);
    return status;
  }

  /** Closes the device. The sink is its owner's to close. */
  close(): void {
    this.#device.close();
  }

  #record(
    frame: Frame,
    payload: PayloadRef | null,
    now: Micros,
    direction: number,
  ): void {
    const scratch = this.#scratch;
    gatherFrame(frame, payload, scratch);
    this.#segmenter.complete(scratch);
    wrapInRecord(this.#format, scratch, now + this.#epochOffset, direction);
    this.#sink.write(scratch.bytes.subarray(scratch.start, scratch.end));
  }
}
