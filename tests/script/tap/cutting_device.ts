/**
 * A device that takes super-segments and cuts them before another that cannot.
 *
 * As the kernel's own interfaces do: where a sender makes super-segments shows
 * in its segments (PSH at their ends), and scripts written for it expect that.
 *
 * @module
 */
import {
  createFrame,
  type Frame,
  type PayloadRef,
} from "../../../engine/base/frame.ts";
import type { Micros } from "../../../engine/base/units.ts";
import {
  type LinkCaps,
  type LinkDevice,
  type Readiness,
  TX_OK,
} from "../../../engine/link/device.ts";
import { gatherFrame, Segmenter } from "../../../engine/link/segmentation.ts";

/** Cuts what is sent; what is received passes as it is. */
export class CuttingDevice implements LinkDevice {
  readonly #device: LinkDevice;
  readonly #segmenter: Segmenter;
  readonly #whole: Frame = createFrame();
  readonly #piece: Frame = createFrame();

  /** Offers super-segments in front of `device`. */
  constructor(device: LinkDevice) {
    this.#device = device;
    this.#segmenter = new Segmenter(device.caps.medium);
  }

  get caps(): LinkCaps {
    const { medium, ipMtu } = this.#device.caps;
    return { medium, ipMtu, checksumOffload: true, gsoMaxSize: 65_536 };
  }

  get readiness(): Readiness {
    return this.#device.readiness;
  }

  get deadline(): Micros {
    return this.#device.deadline;
  }

  receive(frame: Frame, now: Micros): number {
    return this.#device.receive(frame, now);
  }

  /** A piece the device has no room for is lost, as on any wire: the script will miss it. */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number {
    gatherFrame(frame, payload, this.#whole);
    const count = this.#segmenter.count(this.#whole);
    for (let i = 0; i < count; i++) {
      this.#segmenter.cut(this.#whole, i, this.#piece);
      const result = this.#device.transmit(this.#piece, null, now);
      if (result !== TX_OK && i === 0) return result;
    }
    return TX_OK;
  }

  close(): void {
    this.#device.close();
  }
}
