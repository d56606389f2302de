/**
 * A stack on a bench for UDP: frames are put in and taken out by hand at the
 * far end of its cable, time is an argument.
 *
 * @module
 */
import { createFrame } from "../../engine/base/frame.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Micros } from "../../engine/base/units.ts";
import { type CableEnd, createCable } from "../../engine/link/cable.ts";
import { MEDIUM_IP } from "../../engine/link/device.ts";
import { POLL_MORE, Stack } from "../../engine/stack/stack.ts";
import type { DatagramOptions } from "../../engine/stack/udp_layer.ts";
import type { DatagramError } from "../../engine/udp/errors.ts";
import { DatagramInfo } from "../../engine/udp/received.ts";
import type { DatagramSink, DatagramSocket } from "../../engine/udp/socket.ts";
import {
  formatIpAddress,
  parseCidr,
  parseIpAddress,
} from "../../engine/wire/ip_address.ts";
import { prettyPacket } from "../../engine/wire/pretty.ts";
import { be, concat, naiveChecksum, naivePseudoSum } from "./packet_builder.ts";

/** Largest datagram there is, and a little. */
const BUFFER_LENGTH = 66_000;

/** What was received, in words a test compares. */
export interface Letter {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Address of the sender. */
  readonly from: string;
  /** Port of the sender. */
  readonly port: number;
  /** Address it was sent to. */
  readonly to: string;
}

/** A sink that keeps what comes: datagrams, errors, event bits. */
export class Mailbox implements DatagramSink {
  /** Everything received, oldest first. */
  readonly letters: Letter[] = [];
  /** Every error. */
  readonly errors: DatagramError[] = [];
  /** What each call was told. */
  readonly events: number[] = [];
  /** The info of the last datagram. */
  readonly info: DatagramInfo = new DatagramInfo();
  /** Called for each datagram; an echo answers here. */
  onLetter: ((socket: DatagramSocket, letter: Letter) => void) | null = null;
  readonly #buffer = new Uint8Array(BUFFER_LENGTH);

  /** Takes all there is. */
  handleDatagramEvents(socket: DatagramSocket, events: number): void {
    this.events.push(events);
    for (;;) {
      const length = socket.receive(
        this.#buffer,
        0,
        BUFFER_LENGTH,
        this.info,
      );
      if (length < 0) break;
      const letter = {
        bytes: this.#buffer.slice(0, length),
        from: formatIpAddress(this.info.remote),
        port: this.info.remotePort,
        to: formatIpAddress(this.info.local),
      };
      this.letters.push(letter);
      this.onLetter?.(socket, letter);
    }
    for (;;) {
      const error = socket.takeError();
      if (error === null) return;
      this.errors.push(error);
    }
  }
}

/** A socket that must open, and its mailbox. */
export function openBox(
  stack: Stack,
  options: DatagramOptions = {},
): { socket: DatagramSocket; box: Mailbox } {
  const box = new Mailbox();
  const socket = stack.openDatagram({ sink: box, ...options });
  if (typeof socket === "number") {
    throw new Error(`openDatagram() answered ${socket}`);
  }
  return { socket, box };
}

/** A target, in text. */
export function to(hostname: string, port: number): {
  remote: ReturnType<typeof parseIpAddress>;
  remotePort: number;
} {
  return { remote: parseIpAddress(hostname), remotePort: port };
}

/** How a bench is made. */
export interface UdpBenchOptions {
  /** Largest IP packet; 1500. */
  readonly ipMtu?: number;
  /** `MEDIUM_*`; bare IP. */
  readonly medium?: number;
  /** Frames the cable holds before it is busy; 256. */
  readonly frameCount?: number;
  /** Memory of the stack; 64 MiB. */
  readonly memory?: number;
  /** The only ephemeral ports, first and last; the stack's own choice. */
  readonly ephemeral?: readonly [number, number];
}

/** One stack, 10.0.0.1/24 and fd00::1/64, and the far end of its cable. */
export class UdpBench {
  /** The stack. */
  readonly stack: Stack;
  /** Index of the interface on the cable. */
  readonly index: number;
  readonly #far: CableEnd;
  readonly #frame = createFrame();
  readonly #medium: number;

  /** Makes the stack. */
  constructor(options: UdpBenchOptions = {}) {
    this.#medium = options.medium ?? MEDIUM_IP;
    const [near, far] = createCable({
      medium: this.#medium,
      ipMtu: options.ipMtu ?? 1500,
      frameCount: options.frameCount ?? 256,
    });
    this.#far = far;
    this.stack = new Stack({
      random: new SeededRandom(1),
      memory: options.memory ?? 64 * 1024 * 1024,
      ...(options.ephemeral === undefined ? {} : {
        tcp: {
          ephemeralFirst: options.ephemeral[0],
          ephemeralLast: options.ephemeral[1],
        },
      }),
    });
    const addresses = [parseCidr("10.0.0.1/24"), parseCidr("fd00::1/64")];
    this.index = this.stack.addDevice(near, { addresses }, 0);
  }

  /** Puts a frame in; the stack sees it in the next {@linkcode UdpBench.poll}. */
  put(bytes: Uint8Array): void {
    this.#frame.reset();
    this.#frame.bytes.set(bytes, this.#frame.start);
    this.#frame.end = this.#frame.start + bytes.length;
    this.#far.transmit(this.#frame, null, 0);
  }

  /** Polls until there is no more to do. */
  poll(now: Micros = 0): void {
    while (this.stack.poll(now, 64) === POLL_MORE);
  }

  /** The frames sent and not taken yet. */
  frames(now: Micros = 0): Uint8Array[] {
    const frames: Uint8Array[] = [];
    while (this.#far.receive(this.#frame, now) > 0) {
      frames.push(
        this.#frame.bytes.slice(this.#frame.start, this.#frame.end),
      );
    }
    return frames;
  }

  /** The same as text. */
  sent(now: Micros = 0): string[] {
    return this.frames(now).map((bytes) =>
      prettyPacket(bytes, 0, bytes.length, this.#medium)
    );
  }
}

/** A UDP datagram with its checksum, for one of {@linkcode packet_builder}'s IP headers. Addresses are bytes. */
export function datagram(
  source: Uint8Array,
  destination: Uint8Array,
  remotePort: number,
  localPort: number,
  payload: Uint8Array,
): Uint8Array {
  const bytes = concat(
    be(remotePort, 2),
    be(localPort, 2),
    be(8 + payload.length, 2),
    be(0, 2),
    payload,
  );
  const pseudo = naivePseudoSum(source, destination, 17, bytes.length);
  bytes.set(be(naiveChecksum(bytes, pseudo) || 0xffff, 2), 6);
  return bytes;
}
