/**
 * The wire of a run in virtual time: what is injected waits to be received,
 * what is sent is kept with its time.
 *
 * It takes super-segments and cuts them itself, as the kernel's own interface
 * does: where a sender makes them shows in its segments (PSH at their ends).
 *
 * @module
 */
import {
  copyBytes,
  createFrame,
  type Frame,
  type PayloadRef,
} from "../../../engine/base/frame.ts";
import { gatherFrame, Segmenter } from "../../../engine/link/segmentation.ts";
import {
  type LinkCaps,
  type LinkDevice,
  MEDIUM_IP,
  type Readiness,
  TX_OK,
} from "../../../engine/link/device.ts";
import type { CapturedPacket } from "../run/packet.ts";

/** A device that carries bare IP packets between a script and a stack. */
export class ScriptDevice implements LinkDevice {
  /** Never ready by itself: the run is driven by hand. */
  readonly readiness: Readiness = { subscribe: () => {} };
  /** Delays nothing. */
  readonly deadline: number = Infinity;
  /** Packets sent by the stack and not yet taken. */
  readonly sent: CapturedPacket[] = [];
  readonly #waiting: {
    readonly bytes: Uint8Array;
    readonly gsoSize: number;
  }[] = [];
  readonly #segmenter: Segmenter = new Segmenter(MEDIUM_IP);
  readonly #whole: Frame = createFrame();
  readonly #piece: Frame = createFrame();
  #mtu: number;

  /** A wire of the given MTU. */
  constructor(mtu: number) {
    this.#mtu = mtu;
  }

  /** Bare IP with every offload. */
  get caps(): LinkCaps {
    return {
      medium: MEDIUM_IP,
      ipMtu: this.#mtu,
      checksumOffload: true,
      gsoMaxSize: 65_536,
    };
  }

  /** Changes the MTU. */
  setMtu(mtu: number): void {
    this.#mtu = mtu;
  }

  /** Puts a packet on the wire, towards the stack; one merged from several has their payload length as `gsoSize`, else 0. */
  inject(bytes: Uint8Array, gsoSize: number): void {
    this.#waiting.push({ bytes, gsoSize });
  }

  receive(frame: Frame, now: number): number {
    const next = this.#waiting.shift();
    if (next === undefined) return 0;
    const { bytes, gsoSize } = next;
    frame.reset();
    frame.gsoSize = gsoSize;
    copyBytes(bytes, 0, frame.bytes, frame.start, bytes.length);
    frame.end = frame.start + bytes.length;
    frame.at = now;
    return bytes.length;
  }

  transmit(frame: Frame, payload: PayloadRef | null, now: number): number {
    gatherFrame(frame, payload, this.#whole);
    const count = this.#segmenter.count(this.#whole);
    for (let i = 0; i < count; i++) {
      this.#segmenter.cut(this.#whole, i, this.#piece);
      const { bytes, start, end } = this.#piece;
      this.sent.push({ bytes: bytes.slice(start, end), at: now });
    }
    return TX_OK;
  }

  close(): void {
    this.#waiting.length = 0;
  }
}
