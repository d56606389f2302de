/**
 * A box in the path that meddles with TCP, as boxes in the Internet do.
 *
 *     Stack ── Middlebox ── cable ── Stack
 *       `--- toServer -->
 *       <-- toClient ---'
 *
 * Each packet is shown to the box as a {@linkcode BoxPacket}; it answers with
 * what goes on in the packet's direction (the packet, changed or not, or
 * nothing) and may send something back. Whatever passes, in both directions
 * and as the near side saw it, is kept in {@linkcode Middlebox.log}.
 *
 * Bare IP (MEDIUM_IP) and no offloads, so that every frame is a packet.
 *
 * @module
 */
import { createFrame } from "../../engine/base/frame.ts";
import type { Frame, PayloadRef } from "../../engine/base/frame.ts";
import type { Micros } from "../../engine/base/units.ts";
import type {
  LinkCaps,
  LinkDevice,
  Readiness,
} from "../../engine/link/device.ts";
import { gatherFrame } from "../../engine/link/segmentation.ts";
import { TX_OK } from "../../engine/link/device.ts";
import {
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
} from "../../engine/wire/tcp_segment.ts";

const KIND_NOP = 1;
const KIND_MSS = 2;
const KIND_FAST_OPEN = 34;
const KIND_EXPERIMENT = 254;

/** A TCP packet that a box may read and rewrite. Setting a field repairs the checksums. */
export class BoxPacket {
  /** The whole IP packet. */
  bytes: Uint8Array<ArrayBuffer>;

  /** Takes a copy of `bytes`. */
  constructor(bytes: Uint8Array) {
    this.bytes = Uint8Array.from(bytes);
  }

  /** IP header bytes; extension headers are not known. */
  get ipLength(): number {
    return this.bytes[0] >> 4 === 4 ? (this.bytes[0] & 15) * 4 : 40;
  }

  /** Whether it is TCP at all. */
  get isTcp(): boolean {
    return this.bytes[this.bytes[0] >> 4 === 4 ? 9 : 6] === 6;
  }

  /** `TCP_*` bits. */
  get flags(): number {
    return this.bytes[this.ipLength + 13];
  }

  /** Sequence number, unsigned. */
  get seq(): number {
    return this.#view.getUint32(this.ipLength + 4);
  }

  /** Acknowledgement number, unsigned. */
  get ack(): number {
    return this.#view.getUint32(this.ipLength + 8);
  }

  set ack(value: number) {
    this.#view.setUint32(this.ipLength + 8, value);
    this.#repair();
  }

  /** A SYN without ACK. */
  get isSyn(): boolean {
    return (this.flags & (TCP_SYN | TCP_ACK)) === TCP_SYN;
  }

  /** A SYN with ACK. */
  get isSynAck(): boolean {
    return (this.flags & (TCP_SYN | TCP_ACK)) === (TCP_SYN | TCP_ACK);
  }

  /** The payload, a copy. */
  get payload(): Uint8Array {
    return this.bytes.slice(this.ipLength + this.tcpLength);
  }

  /** TCP header bytes. */
  get tcpLength(): number {
    return (this.bytes[this.ipLength + 12] >> 4) * 4;
  }

  /** The Fast Open cookie as hexadecimal, "" for an empty option, null without one, of either kind. */
  get cookie(): string | null {
    const option = this.#fastOpenOption();
    if (option === null) return null;
    const skip = this.bytes[option.at] === KIND_EXPERIMENT ? 4 : 2;
    return hex(this.bytes.slice(option.at + skip, option.at + option.length));
  }

  /** Whether the Fast Open option is the experimental one. */
  get isExperimental(): boolean {
    const option = this.#fastOpenOption();
    return option !== null && this.bytes[option.at] === KIND_EXPERIMENT;
  }

  /** The MSS option's value; -1 without one. */
  get mss(): number {
    const end = this.ipLength + this.tcpLength;
    for (let at = this.ipLength + 20; at < end && this.bytes[at] !== 0;) {
      if (this.bytes[at] === KIND_MSS) return this.#view.getUint16(at + 2);
      at += this.bytes[at] === KIND_NOP ? 1 : Math.max(2, this.bytes[at + 1]);
    }
    return -1;
  }

  /** Overwrites the Fast Open option by NOPs, as boxes do that know it not. */
  stripFastOpen(): this {
    const option = this.#fastOpenOption();
    if (option !== null) {
      this.bytes.fill(KIND_NOP, option.at, option.at + option.length);
    }
    this.#repair();
    return this;
  }

  /** Sets the `TCP_*` bits. */
  setFlags(flags: number): this {
    this.bytes[this.ipLength + 13] = flags;
    this.#repair();
    return this;
  }

  /** Replaces all options by these bytes, padded by NOPs. */
  replaceOptions(options: readonly number[]): this {
    const padded = options.length + 3 & ~3;
    const header = this.bytes.slice(0, this.ipLength + 20);
    const payload = this.payload;
    const from = header.length;
    const next = new Uint8Array(from + padded + payload.length);
    next.fill(KIND_NOP, from, from + padded);
    next.set(header);
    next.set(options, from);
    next.set(payload, from + padded);
    next[this.ipLength + 12] = (20 + padded) << 2;
    this.bytes = next;
    this.#repair();
    return this;
  }

  /** Cuts the payload off. */
  stripPayload(): this {
    this.bytes = this.bytes.slice(0, this.ipLength + this.tcpLength);
    this.#repair();
    return this;
  }

  /** Replaces the IPv4 source (`"source"`) or destination address. */
  rewriteAddress(
    which: "source" | "destination",
    address: readonly number[],
  ): this {
    this.bytes.set(address, which === "source" ? 12 : 16);
    this.#repair();
    return this;
  }

  /** A packet back to its sender with these flags, that acknowledges all of this one. */
  answer(flags: number, seq: number): BoxPacket {
    const reply = new BoxPacket(this.bytes).stripPayload();
    const at = reply.ipLength;
    const { bytes } = reply;
    const half = bytes[0] >> 4 === 4 ? 4 : 16;
    const from = bytes[0] >> 4 === 4 ? 12 : 8;
    const source = bytes.slice(from, from + half);
    bytes.copyWithin(from, from + half, from + 2 * half);
    bytes.set(source, from + half);
    const ports = bytes.slice(at, at + 4);
    bytes.set(ports.slice(2), at);
    bytes.set(ports.slice(0, 2), at + 2);
    const ends = (this.flags & TCP_SYN ? 1 : 0) +
      (this.flags & TCP_FIN ? 1 : 0);
    const view = new DataView(bytes.buffer);
    view.setUint32(at + 4, seq);
    view.setUint32(at + 8, this.seq + this.payload.length + ends);
    bytes[at + 13] = flags;
    if (flags & TCP_RST) bytes.fill(KIND_NOP, at + 20, at + this.tcpLength);
    reply.#repair();
    return reply;
  }

  get #view(): DataView {
    return new DataView(this.bytes.buffer);
  }

  #fastOpenOption(): { at: number; length: number } | null {
    const end = this.ipLength + this.tcpLength;
    for (let at = this.ipLength + 20; at < end;) {
      const kind = this.bytes[at];
      if (kind === 0) return null;
      if (kind === KIND_NOP) {
        at++;
        continue;
      }
      const length = this.bytes[at + 1];
      if (length < 2) return null;
      const isExperiment = kind === KIND_EXPERIMENT &&
        this.#view.getUint16(at + 2) === 0xf989;
      if (kind === KIND_FAST_OPEN || isExperiment) return { at, length };
      at += length;
    }
    return null;
  }

  #repair(): void {
    const { bytes } = this;
    const view = this.#view;
    const ip = this.ipLength;
    const length = bytes.length - ip;
    let pseudo = 6 + length;
    if (bytes[0] >> 4 === 4) {
      view.setUint16(2, bytes.length);
      view.setUint16(10, 0);
      view.setUint16(10, 0xffff ^ sum(bytes.subarray(0, ip), 0));
      pseudo = sum(bytes.subarray(12, 20), pseudo);
    } else {
      view.setUint16(4, length);
      pseudo = sum(bytes.subarray(8, 40), pseudo);
    }
    view.setUint16(ip + 16, 0);
    view.setUint16(ip + 16, 0xffff ^ sum(bytes.subarray(ip), pseudo));
  }
}

/** What a box does; what is left out passes unchanged. */
export interface BoxRules {
  /** What leaves towards the server for a packet from the client; `back` goes to the client. */
  readonly toServer?: (packet: BoxPacket, back: BoxPacket[]) => BoxPacket[];
  /** The same the other way; `back` goes to the server. */
  readonly toClient?: (packet: BoxPacket, back: BoxPacket[]) => BoxPacket[];
}

/** A packet that passed, as the near side saw it. */
export interface LogEntry {
  /** When, µs. */
  readonly at: Micros;
  /** `"out"`: from the near side, before the box; `"in"`: to it, behind the box. */
  readonly direction: "out" | "in";
  /** The packet. */
  readonly packet: BoxPacket;
}

/** The box, as a device around a device. */
export class Middlebox implements LinkDevice {
  /** What it does; may be replaced at any time. */
  rules: BoxRules;
  /** TCP packets seen at the near side. */
  readonly log: LogEntry[] = [];
  readonly #device: LinkDevice;
  readonly #toClient: BoxPacket[] = [];
  readonly #scratch: Frame = createFrame();

  /** A box before `device` that does as `rules` say. */
  constructor(device: LinkDevice, rules: BoxRules = {}) {
    this.#device = device;
    this.rules = rules;
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
    return this.#toClient.length > 0 ? 0 : this.#device.deadline;
  }

  /** The next packet for the near side. */
  receive(frame: Frame, now: Micros): number {
    for (;;) {
      const waiting = this.#toClient.shift();
      if (waiting !== undefined) {
        this.#note("in", waiting, now);
        fill(frame, waiting);
        return waiting.bytes.length;
      }
      const length = this.#device.receive(frame, now);
      if (length <= 0) return length;
      const packet = new BoxPacket(
        frame.bytes.subarray(frame.start, frame.end),
      );
      const rule = this.rules.toClient;
      const back: BoxPacket[] = [];
      const passed = rule === undefined || !packet.isTcp
        ? [packet]
        : rule(packet, back);
      this.#toClient.push(...passed);
      for (const reply of back) this.#send(reply, now);
    }
  }

  /** A packet from the near side. */
  transmit(frame: Frame, payload: PayloadRef | null, now: Micros): number {
    const scratch = this.#scratch;
    gatherFrame(frame, payload, scratch);
    const packet = new BoxPacket(
      scratch.bytes.subarray(scratch.start, scratch.end),
    );
    this.#note("out", packet, now);
    const rule = this.rules.toServer;
    const back: BoxPacket[] = [];
    const passed = rule === undefined || !packet.isTcp
      ? [packet]
      : rule(new BoxPacket(packet.bytes), back);
    for (const next of passed) this.#send(next, now);
    this.#toClient.push(...back);
    return TX_OK;
  }

  /** Closes the device. */
  close(): void {
    this.#device.close();
  }

  #send(packet: BoxPacket, now: Micros): void {
    fill(this.#scratch, packet);
    this.#device.transmit(this.#scratch, null, now);
  }

  #note(direction: "out" | "in", packet: BoxPacket, at: Micros): void {
    if (packet.isTcp) {
      this.log.push({ at, direction, packet: new BoxPacket(packet.bytes) });
    }
  }
}

/** Bytes as hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fill(frame: Frame, packet: BoxPacket): void {
  frame.reset();
  frame.bytes.set(packet.bytes, frame.start);
  frame.end = frame.start + packet.bytes.length;
}

/** One's complement sum of the bytes, folded, not inverted. */
function sum(bytes: Uint8Array, initial: number): number {
  let total = initial;
  for (let i = 0; i < bytes.length; i += 2) {
    total += (bytes[i] << 8) + (bytes[i + 1] ?? 0);
  }
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}
