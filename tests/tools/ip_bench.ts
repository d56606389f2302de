/**
 * An IP layer on a bench: its device records what it sends, frames are put into it by hand.
 *
 * @module
 */
import { Arena } from "../../engine/base/arena.ts";
import {
  appendPayload,
  createFrame,
  type Frame,
  type PayloadRef,
} from "../../engine/base/frame.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Micros } from "../../engine/base/units.ts";
import { type InterfaceOptions, IpLayer } from "../../engine/ip/layer.ts";
import { IpPacketIn } from "../../engine/ip/packet.ts";
import {
  type LinkCaps,
  type LinkDevice,
  MEDIUM_ETHERNET,
  type Readiness,
  TX_OK,
} from "../../engine/link/device.ts";
import { parseCidr } from "../../engine/wire/ip_address.ts";
import { prettyPacket } from "../../engine/wire/pretty.ts";

/** A device that keeps copies of what it is given and receives nothing by itself. */
export class RecordingDevice implements LinkDevice {
  /** What it claims to be able to do; a test may change the MTU. */
  caps: LinkCaps;
  /** Nothing to wait for. */
  readonly readiness: Readiness = { subscribe: () => {} };
  /** Nothing is delayed. */
  readonly deadline: Micros = Infinity;
  /** Frames taken, oldest first, payload gathered. */
  sent: Uint8Array[] = [];
  /** What {@linkcode RecordingDevice.transmit} answers; frames are taken only with `TX_OK`. */
  answer: number = TX_OK;

  /** Makes a device of that medium and MTU. */
  constructor(medium: number = MEDIUM_ETHERNET, ipMtu: number = 1500) {
    this.caps = { medium, ipMtu, checksumOffload: false, gsoMaxSize: 0 };
  }

  /** Always 0: none waits. */
  receive(_frame: Frame, _now: Micros): number {
    return 0;
  }

  /** Copies the frame and its payload. */
  transmit(frame: Frame, payload: PayloadRef | null, _now: Micros): number {
    if (this.answer !== TX_OK) return this.answer;
    const copy = createFrame();
    copy.bytes.set(frame.bytes.subarray(frame.start, frame.end), copy.start);
    copy.end = copy.start + (frame.end - frame.start);
    if (payload !== null) appendPayload(copy, payload);
    this.sent.push(copy.bytes.slice(copy.start, copy.end));
    return TX_OK;
  }

  /** Nothing to free. */
  close(): void {}

  /** The frames taken since the last call. */
  take(): Uint8Array[] {
    const sent = this.sent;
    this.sent = [];
    return sent;
  }
}

/** A layer with one interface, 02:00:00:00:00:01 at index 0, and the slots to feed it. */
export interface IpBench {
  /** The layer. */
  readonly layer: IpLayer;
  /** The memory it has. */
  readonly arena: Arena;
  /** Its device. */
  readonly device: RecordingDevice;
  /** What {@linkcode IpBench.put} filled. */
  readonly packet: IpPacketIn;
  /** Hands the layer a frame. What `receive` returned. */
  put(bytes: Uint8Array, now?: Micros): number;
  /** Flushes and gives the frames sent since the last call, as text. */
  sent(now?: Micros): string[];
  /** Flushes and gives the frames sent since the last call. */
  frames(now?: Micros): Uint8Array[];
}

/** Makes a bench whose interface has those addresses (`"10.0.0.2/24"`). What it announces at the start is thrown away. */
export function createIpBench(
  addresses: readonly string[],
  options: Omit<InterfaceOptions, "addresses"> = {},
  device: RecordingDevice = new RecordingDevice(),
): IpBench {
  const arena = new Arena(16 * 1024 * 1024);
  const layer = new IpLayer({ random: new SeededRandom(1), arena });
  layer.addInterface(device, {
    linkAddress: { hi: 0x0200, lo: 1 },
    ...options,
    addresses: addresses.map(parseCidr),
  });
  const packet = new IpPacketIn();
  const frame = arena.createFrame();
  const frames = (now: Micros = 0): Uint8Array[] => {
    layer.flush(now);
    return device.take();
  };
  frames();
  return {
    layer,
    arena,
    device,
    packet,
    put(bytes: Uint8Array, now: Micros = 0): number {
      frame.reset();
      frame.bytes.set(bytes, frame.start);
      frame.end = frame.start + bytes.length;
      return layer.receive(frame, 0, packet, now);
    },
    sent: (now?: Micros): string[] =>
      frames(now).map((bytes) =>
        prettyPacket(bytes, 0, bytes.length, device.caps.medium)
      ),
    frames,
  };
}
