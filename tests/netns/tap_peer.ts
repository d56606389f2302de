/**
 * The other machine on a TAP's wire, played by hand.
 *
 * It sends the frames a test gives it, answers the kernel's questions for its
 * hardware address, and hands over the next frame that the test waits for. It
 * uses nothing of the engine but the device's interface, so that the device is
 * tested and not the stack on it.
 *
 * @module
 */
import type { Frame } from "../../engine/base/frame.ts";
import { createFrame, PayloadRef } from "../../engine/base/frame.ts";
import type { LinkDevice } from "../../engine/link/device.ts";
import {
  arp,
  concat,
  DESTINATION4,
  DESTINATION6,
  DESTINATION_MAC,
  ether,
  hex,
  icmpv6,
  ipv6,
  SOURCE4,
  SOURCE6,
  SOURCE_MAC,
} from "../tools/packet_builder.ts";

const WAIT_LIMIT_MS = 5_000;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;
const NEIGHBOUR_SOLICITATION = 135;

/** The kernel's side as the packets of packet_builder.ts expect it. */
export const KERNEL_SIDE = {
  hostAddresses: ["10.0.0.1/24", "fd00::1/64"],
  hardwareAddress: "02:00:00:00:00:01",
} as const;

/** What the kernel offers us in the frame: bytes from the network header on, and its offload fields. */
export interface Arrival {
  /** 0x0800 or 0x86dd; 0 without Ethernet. */
  readonly etherType: number;
  /** From the IP header to the end. */
  readonly packet: Uint8Array;
  /** IP protocol number. */
  readonly protocol: number;
  /** As in the frame. */
  readonly checksumPartial: boolean;
  /** As in the frame. */
  readonly gsoSize: number;
}

/** How a frame is to be sent. */
export interface Sending {
  /** Leave the checksum to the device. */
  readonly checksumPartial?: boolean;
  /** Payload bytes per segment. */
  readonly gsoSize?: number;
  /** Bytes of the frame that are gathered from a buffer of their own, in two pieces. */
  readonly gathered?: number;
}

/** The other machine on an Ethernet device's wire. */
export class TapPeer {
  readonly #device: LinkDevice;
  readonly #rx: Frame = createFrame();
  readonly #tx: Frame = createFrame();

  /** Plays on `device`. */
  constructor(device: LinkDevice) {
    this.#device = device;
  }

  /** Sends the bytes as one frame; what the device answered. */
  send(bytes: Uint8Array, how: Sending = {}): number {
    const frame = this.#tx;
    frame.reset();
    const gathered = how.gathered ?? 0;
    const inFrame = bytes.length - gathered;
    frame.bytes.set(bytes.subarray(0, inFrame), frame.start);
    frame.end = frame.start + inFrame;
    frame.l3 = frame.start + 14;
    frame.checksumPartial = how.checksumPartial ?? false;
    frame.gsoSize = how.gsoSize ?? 0;
    const payload = gathered === 0
      ? null
      : wrapped(bytes.subarray(inFrame), Math.min(1_000, gathered));
    return this.#device.transmit(frame, payload, 0);
  }

  /** The next frame of IP protocol `protocol`; fails when none comes in five seconds. */
  async next(protocol: number): Promise<Arrival> {
    const limit = performance.now() + WAIT_LIMIT_MS;
    while (performance.now() < limit) {
      const length = this.#device.receive(this.#rx, 1);
      if (length < 0) throw new Error("the device is down");
      if (length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      const arrival = this.#read();
      if (arrival !== null && arrival.protocol === protocol) return arrival;
    }
    throw new Error(`no frame of protocol ${protocol} came`);
  }

  /** The arrival, or null when it was a question and has been answered. */
  #read(): Arrival | null {
    const { bytes, view, start, end, checksumPartial, gsoSize } = this.#rx;
    const etherType = view.getUint16(start + 12);
    const packet = bytes.slice(start + 14, end);
    if (etherType === ETHERTYPE_ARP) {
      if (packet[7] === 1 && packet[27] === SOURCE4[3]) {
        this.send(
          ether(ETHERTYPE_ARP, arp(2, SOURCE4, DESTINATION_MAC, DESTINATION4)),
        );
      }
      return null;
    }
    const isV4 = etherType === ETHERTYPE_IPV4;
    const protocol = packet[isV4 ? 9 : 6];
    if (!isV4 && protocol === 58 && packet[40] === NEIGHBOUR_SOLICITATION) {
      this.#advertise(packet);
      return null;
    }
    return { etherType, packet, protocol, checksumPartial, gsoSize };
  }

  #advertise(solicitation: Uint8Array): void {
    const isForUs = SOURCE6.every((byte, i) => solicitation[48 + i] === byte);
    if (!isForUs) return;
    const target = concat(SOURCE6, hex("02 01"), SOURCE_MAC);
    const advertisement = icmpv6(136, 0, 0x6000_0000, target);
    this.send(
      ether(
        ETHERTYPE_IPV6,
        ipv6(58, advertisement, { hopLimit: 255, destination: DESTINATION6 }),
      ),
    );
  }
}

/** The bytes in a buffer of their own, the first `first` of them at its end and the rest at its start. */
function wrapped(bytes: Uint8Array, first: number): PayloadRef {
  const ring = new Uint8Array(bytes.length + 77);
  const payload = new PayloadRef(ring);
  payload.offset = ring.length - first;
  payload.length = first;
  payload.wrapLength = bytes.length - first;
  ring.set(bytes.subarray(0, first), payload.offset);
  ring.set(bytes.subarray(first), 0);
  return payload;
}
