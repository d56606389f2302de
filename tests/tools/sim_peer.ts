/**
 * A peer made by hand: it sends exactly the segments a test says and keeps
 * what the stack answers, packet by packet, in virtual time.
 *
 *     test ── send() ──► cable ──► Stack
 *          ◄── take() ── cable ◄── Stack
 *
 * Numbers are relative, as a test wants to read them: the peer's to `isn`, the
 * stack's to the sequence number of its first SYN. Connections get into their
 * states by replaying what leads there ({@linkcode Peer.reach}), never by
 * setting fields.
 *
 * @module
 */
import { appendPayload, createFrame } from "../../engine/base/frame.ts";
import type { Frame } from "../../engine/base/frame.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import type { Micros } from "../../engine/base/units.ts";
import { createCable } from "../../engine/link/cable.ts";
import type { CableEnd } from "../../engine/link/cable.ts";
import { MEDIUM_IP } from "../../engine/link/device.ts";
import { Stack } from "../../engine/stack/stack.ts";
import type { TcpConfig } from "../../engine/tcp/config.ts";
import type { Connection, EventSink } from "../../engine/tcp/connection.ts";
import type { Listener } from "../../engine/tcp/listener.ts";
import { seqToU32, toSeq } from "../../engine/tcp/seq.ts";
import { type IpAddress, parseCidr } from "../../engine/wire/ip_address.ts";
import {
  IPV4_HEADER_LENGTH,
  PROTOCOL_TCP,
  writeIpv4Header,
} from "../../engine/wire/ipv4.ts";
import { IPV6_HEADER_LENGTH, writeIpv6Header } from "../../engine/wire/ipv6.ts";
import { prettyPacket } from "../../engine/wire/pretty.ts";
import { CHECKSUM_COMPLETE, emitTcp, parseTcp } from "../../engine/wire/tcp.ts";
import {
  SegmentIn,
  SegmentOut,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
} from "../../engine/wire/tcp_segment.ts";
import { clientAddress, serverAddress, Sim } from "./sim.ts";

/** Bits by the letters tcpdump prints. */
const FLAG_LETTERS = "FSRP.UEW";

/** A segment the peer sends. Numbers relative; what is left out is 0, absent or as said. */
export interface Sent {
  /** Letters as tcpdump prints them: `S`, `.`, `F`, `R`, `P`, `U`, `E`, `W`; `.`. */
  readonly flags?: string;
  /** Relative to `isn`; the peer's next. */
  readonly seq?: number;
  /** Relative to the stack's ISN; what the stack has sent so far. */
  readonly ack?: number;
  /** As on the wire; 65535. */
  readonly window?: number;
  /** Payload, or how many bytes of the counting pattern. */
  readonly data?: Uint8Array | number;
  /** MSS option. */
  readonly mss?: number;
  /** Window scale option. */
  readonly scale?: number;
  /** SACK-permitted option. */
  readonly sackOk?: boolean;
  /** Timestamps: TSval and TSecr. */
  readonly ts?: readonly [number, number];
  /** SACK blocks, relative to the stack's ISN. */
  readonly sack?: readonly (readonly [number, number])[];
  /** Urgent pointer. */
  readonly urgent?: number;
  /** ECN field of the IP header. */
  readonly ecn?: number;
}

/** A segment the stack sent. Numbers relative. */
export interface Seen {
  /** When it left, µs after the peer was made. */
  readonly at: Micros;
  /** Letters as in {@linkcode Sent.flags}, in that order. */
  readonly flags: string;
  /** Relative to the stack's ISN. */
  readonly seq: number;
  /** Relative to the peer's ISN; 0 without ACK. */
  readonly ack: number;
  /** As on the wire. */
  readonly window: number;
  /** Payload. */
  readonly data: Uint8Array;
  /** Payload bytes. */
  readonly length: number;
  /** MSS option, or -1. */
  readonly mss: number;
  /** Window scale option, or -1. */
  readonly scale: number;
  /** SACK-permitted was present. */
  readonly sackOk: boolean;
  /** Timestamps, or null. */
  readonly ts: readonly [number, number] | null;
  /** SACK blocks, relative to the peer's ISN. */
  readonly sack: readonly (readonly [number, number])[];
  /** Urgent pointer. */
  readonly urgent: number;
  /** ECN field of the IP header. */
  readonly ecn: number;
  /** DSCP and ECN. */
  readonly trafficClass: number;
  /** TTL or hop limit. */
  readonly hopLimit: number;
}

/** How a peer and the stack it faces are made. */
export interface PeerOptions {
  /** Settings of the stack. */
  readonly tcp?: Partial<TcpConfig>;
  /** Family; 4. */
  readonly family?: 4 | 6;
  /** The peer's ISN; 10,000. */
  readonly isn?: number;
  /** When the clock starts. */
  readonly startAt?: Micros;
  /** Seed of the stack's chance. */
  readonly seed?: number;
  /** Options of the peer's SYN; MSS 1460, SACK, scale 0, no timestamps. */
  readonly syn?: Sent;
  /** Largest IP packet of the link; 1500. */
  readonly ipMtu?: number;
  /** Largest super-segment; 0. */
  readonly gsoMaxSize?: number;
  /** Bytes of buffer memory; 16 MiB. */
  readonly memory?: number;
  /** How long the peer takes to answer in the handshake, µs: the stack's first RTT sample; 0. */
  readonly rtt?: Micros;
}

/** The states a connection can be brought to. */
export type Reachable =
  | "SYN-SENT"
  | "SYN-RECEIVED"
  | "ESTABLISHED"
  | "FIN-WAIT-1"
  | "FIN-WAIT-2"
  | "CLOSE-WAIT"
  | "CLOSING"
  | "LAST-ACK"
  | "TIME-WAIT";

/** Every state {@linkcode Peer.reach} knows. */
export const REACHABLE: readonly Reachable[] = [
  "SYN-SENT",
  "SYN-RECEIVED",
  "ESTABLISHED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "CLOSE-WAIT",
  "CLOSING",
  "LAST-ACK",
  "TIME-WAIT",
];

/** Port of the stack's listener. */
export const STACK_PORT = 80;
/** Port of the peer. */
export const PEER_PORT = 4_000;

/** A peer and the stack it faces. The stack is 10.0.0.1 or fd00::1, the peer is .2. */
export class Peer implements EventSink {
  /** The stack under test. */
  readonly stack: Stack;
  /** The clock. */
  readonly sim: Sim;
  /** The peer's ISN. */
  readonly isn: number;
  /** The connection under test; null before there is one. */
  connection: Connection | null = null;
  /** The listener, once {@linkcode Peer.listen} made it. */
  listener: Listener | null = null;
  /** Event bits so far. */
  events = 0;
  /** Everything sent and seen, as tcpdump prints it. */
  readonly story: string[] = [];
  /** The stack's ISN as it came; meaningful after its SYN. */
  stackIsn = 0;
  /** The peer's next sequence number, relative. */
  seq = 0;
  /** What the stack has sent so far, relative: the default of `ack`. */
  ack = 0;
  /** Ports of the segments: the stack's and the peer's. */
  stackPort = STACK_PORT;
  /** Our port. */
  peerPort: number = PEER_PORT;
  readonly #end: CableEnd;
  readonly #frame: Frame = createFrame();
  readonly #in = new SegmentIn(this.#frame);
  readonly #family: 4 | 6;
  readonly #syn: Sent;
  readonly #startAt: Micros;
  readonly #local: IpAddress;
  readonly #remote: IpAddress;
  readonly #rtt: Micros;
  readonly #inbox: Seen[] = [];
  #sawSyn = false;

  /** A stack without connections, and a peer that has said nothing. */
  constructor(options: PeerOptions = {}) {
    const { family = 4, seed = 1, memory = 16 * 1024 * 1024 } = options;
    this.#family = family;
    this.isn = options.isn ?? 10_000;
    this.#startAt = options.startAt ?? 0;
    this.#rtt = options.rtt ?? 0;
    this.#syn = { mss: 1460, sackOk: true, scale: 0, ...options.syn };
    this.#local = serverAddress(family);
    this.#remote = clientAddress(family);
    this.sim = new Sim(this.#startAt);
    const [near, far] = createCable({
      medium: MEDIUM_IP,
      ipMtu: options.ipMtu ?? 1500,
      gsoMaxSize: options.gsoMaxSize ?? 0,
      frameCount: 128,
    });
    this.#end = far;
    const random = new SeededRandom(seed);
    this.stack = new Stack({ random, tcp: options.tcp, memory });
    const addresses = [parseCidr("10.0.0.1/24"), parseCidr("fd00::1/64")];
    this.stack.addDevice(near, { addresses }, this.sim.now);
    this.sim.stacks.push(this.stack);
    this.sim.settle();
    this.take();
    this.story.length = 0;
  }

  /** Collects events. */
  handleEvents(connection: Connection, events: number): void {
    this.connection = connection;
    this.events |= events;
  }

  /** Name of the connection's state; `CLOSED` when there is none. */
  get state(): string {
    return this.connection?.stateName ?? "CLOSED";
  }

  /** The connection, which must exist. */
  get live(): Connection {
    if (this.connection === null) throw new Error("There is no connection yet");
    return this.connection;
  }

  /** µs since the peer was made. */
  get elapsed(): Micros {
    return this.sim.now - this.#startAt;
  }

  /** Makes the stack listen; children become {@linkcode Peer.connection}. */
  listen(backlog = 16): void {
    const listener = this.stack.listen({ port: STACK_PORT, backlog });
    if (typeof listener === "number") throw new Error(`listen: ${listener}`);
    this.listener = listener;
    listener.sink = {
      handleAcceptable: (ready): void => {
        const connection = ready.accept()!;
        this.#adopt(connection);
        this.events |= connection.takeEvents(this.sim.now);
      },
    };
  }

  /** Makes the stack connect to the peer. */
  connect(prepare?: (connection: Connection) => void): void {
    const connection = this.stack.connect({
      remote: this.#local,
      remotePort: PEER_PORT,
      sink: this,
      setup: prepare,
    }, this.sim.now);
    if (typeof connection === "number") {
      throw new Error(`connect: ${connection}`);
    }
    this.stackPort = connection.tcb.localPort;
    this.#adopt(connection);
    this.sim.settle();
  }

  /** Sends one segment and lets the stack act on it. */
  send(sent: Sent = {}): void {
    this.inject(sent);
    this.sim.settle();
  }

  /** Puts one segment on the cable; the stack sees it when it is next polled. */
  inject(sent: Sent): void {
    const out = this.#describe(sent);
    const { w0: l0, w1: l1, w2: l2, w3: l3 } = this.#local;
    const { w0: r0, w1: r1, w2: r2, w3: r3 } = this.#remote;
    const frame = this.#frame;
    emitTcp(
      frame,
      out,
      l0,
      l1,
      l2,
      l3,
      r0,
      r1,
      r2,
      r3,
      this.#family,
      CHECKSUM_COMPLETE,
    );
    if (out.dataLength > 0) appendPayload(frame, out.payload);
    this.#prependIp(frame, sent.ecn ?? 0);
    this.story.push(`${this.elapsed} > ${pretty(frame)}`);
    this.#end.transmit(frame, null, this.sim.now);
    const length = out.dataLength + (out.flags & TCP_SYN ? 1 : 0) +
      (out.flags & TCP_FIN ? 1 : 0);
    const start = seqToU32(out.seq) - this.isn | 0;
    this.seq = Math.max(this.seq, start + length);
  }

  /** Puts any bytes on the cable as one IP packet. */
  injectBytes(bytes: Uint8Array): void {
    const frame = this.#frame;
    frame.reset();
    frame.bytes.set(bytes, frame.start);
    frame.end = frame.start + bytes.length;
    this.#end.transmit(frame, null, this.sim.now);
  }

  /** What the stack sent since the last call. */
  take(): Seen[] {
    this.#collect();
    return this.#inbox.splice(0);
  }

  /** The one segment the stack sent since the last call; throws when it was none or several. */
  only(): Seen {
    const all = this.take();
    if (all.length === 1) return all[0];
    throw new Error(
      `Expected one segment, got ${all.length}:\n${this.story.join("\n")}`,
    );
  }

  /** Throws unless the stack sent nothing since the last call. */
  silence(): void {
    const all = this.take();
    if (all.length === 0) return;
    throw new Error(`Expected silence:\n${this.story.join("\n")}`);
  }

  /** Lets `span` µs pass. */
  pass(span: Micros): void {
    this.sim.run(this.sim.now + span, () => {
      this.#collect();
      return false;
    });
  }

  /** Writes `length` bytes of the counting pattern. Returns what `write` returned. */
  write(length: number): number {
    const n = this.live.write(counting(length), 0, length, this.sim.now);
    this.sim.settle();
    return n;
  }

  /** Reads up to `length` bytes. */
  read(length = 65_536): Uint8Array {
    const bytes = new Uint8Array(length);
    const n = this.live.read(bytes, 0, length, this.sim.now);
    this.sim.settle();
    return bytes.subarray(0, Math.max(0, n));
  }

  /** Does `verb` and lets the stack act on it. */
  do(verb: (connection: Connection, now: Micros) => void): void {
    verb(this.live, this.sim.now);
    this.sim.settle();
  }

  /** The peer opens: SYN, SYN-ACK, ACK. */
  openPassive(prepare?: (connection: Connection) => void): this {
    this.listen();
    this.send({ ...this.#syn, flags: "S", seq: 0, ack: 0 });
    const synAck = this.only();
    if (synAck.flags !== "S.") throw new Error(`SYN-ACK: ${synAck.flags}`);
    this.pass(this.#rtt);
    this.send({ ts: this.#answerTs(synAck) });
    this.take();
    prepare?.(this.live);
    return this;
  }

  /** The stack opens: SYN, SYN-ACK, ACK. */
  openActive(prepare?: (connection: Connection) => void): this {
    this.connect(prepare);
    const syn = this.only();
    if (!/^SE?W?$/.test(syn.flags)) throw new Error(`SYN: ${syn.flags}`);
    this.pass(this.#rtt);
    this.send({
      ...this.#syn,
      flags: "S.",
      seq: 0,
      ts: this.#answerTs(syn),
    });
    this.take();
    return this;
  }

  /** Brings a connection to `state` by what leads there: actively opened, but for SYN-RECEIVED. */
  reach(state: Reachable): this {
    switch (state) {
      case "SYN-SENT":
        this.connect();
        break;
      case "SYN-RECEIVED":
        this.connect();
        this.take();
        // Both open at once: there is a connection to look at, unlike in a listener's queue.
        this.send({ ...this.#syn, flags: "S", seq: 0 });
        break;
      default:
        this.openActive();
        this.#leaveEstablished(state);
    }
    this.take();
    if (this.state !== state) {
      throw new Error(
        `Reached ${this.state} for ${state}:\n${this.story.join("\n")}`,
      );
    }
    return this;
  }

  #leaveEstablished(state: Reachable): void {
    const peerFirst = state === "CLOSE-WAIT" || state === "LAST-ACK";
    if (peerFirst) this.send({ flags: "F." });
    if (state !== "ESTABLISHED" && state !== "CLOSE-WAIT") {
      this.do((connection, now) => void connection.shutdownSend(now));
    }
    this.take();
    // Without acknowledging the FIN both are closing; with it the peer is the last.
    if (state === "CLOSING") this.send({ flags: "F.", ack: this.ack - 1 });
    if (state === "FIN-WAIT-2") this.send();
    if (state === "TIME-WAIT") this.send({ flags: "F." });
  }

  #collect(): void {
    const frame = this.#frame;
    while (this.#end.receive(frame, this.sim.now) > 0) {
      this.story.push(`${this.elapsed} < ${pretty(frame)}`);
      const seen = this.#read(frame);
      if (seen !== null) this.#inbox.push(seen);
    }
  }

  #adopt(connection: Connection): void {
    this.connection = connection;
    connection.sink = this;
    this.sim.watched.push(connection);
  }

  #answerTs(seen: Seen): readonly [number, number] | undefined {
    if (this.#syn.ts === undefined) return undefined;
    return [this.#syn.ts[0], seen.ts?.[0] ?? 0];
  }

  #describe(sent: Sent): SegmentOut {
    const out = new SegmentOut();
    out.localPort = this.peerPort;
    out.remotePort = this.stackPort;
    out.flags = flagBits(sent.flags ?? ".");
    out.seq = toSeq(this.isn + (sent.seq ?? this.seq));
    if (out.flags & TCP_ACK) {
      out.ack = toSeq(this.stackIsn + (sent.ack ?? this.ack));
    }
    out.wnd = sent.window ?? 65_535;
    const data = typeof sent.data === "number"
      ? counting(sent.data)
      : sent.data ?? new Uint8Array(0);
    out.dataLength = data.length;
    out.payload.bytes = data;
    out.payload.length = data.length;
    if (sent.mss !== undefined) out.mss = sent.mss;
    if (sent.scale !== undefined) out.windowScale = sent.scale;
    out.sackPermitted = sent.sackOk ?? false;
    if (sent.ts !== undefined) {
      out.hasTimestamps = true;
      out.tsVal = sent.ts[0] | 0;
      out.tsEcr = sent.ts[1] | 0;
    }
    for (const [left, right] of sent.sack ?? []) {
      out.sackEdges[2 * out.sackCount] = this.stackIsn + left | 0;
      out.sackEdges[2 * out.sackCount + 1] = this.stackIsn + right | 0;
      out.sackCount++;
    }
    out.urgentPointer = sent.urgent ?? 0;
    return out;
  }

  #prependIp(frame: Frame, ecn: number): void {
    const length = frame.end - frame.start;
    const l = this.#local, r = this.#remote;
    if (this.#family === 4) {
      frame.start -= IPV4_HEADER_LENGTH;
      writeIpv4Header(
        frame.view,
        frame.start,
        ecn,
        length + IPV4_HEADER_LENGTH,
        0,
        0x4000,
        64,
        PROTOCOL_TCP,
        l.w3,
        r.w3,
      );
      return;
    }
    frame.start -= IPV6_HEADER_LENGTH;
    writeIpv6Header(
      frame.view,
      frame.start,
      ecn,
      0,
      length,
      PROTOCOL_TCP,
      64,
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
    );
  }

  /** The segment in `frame`; null when it is no TCP. */
  #read(frame: Frame): Seen | null {
    const { view, start } = frame;
    const isV4 = view.getUint8(start) >> 4 === 4;
    const protocol = view.getUint8(start + (isV4 ? 9 : 6));
    if (protocol !== PROTOCOL_TCP) return null;
    const l4 = start + (isV4 ? IPV4_HEADER_LENGTH : IPV6_HEADER_LENGTH);
    const s = this.#in;
    const code = parseTcp(frame, l4, frame.end - l4, s);
    if (code < 0) throw new Error(`The stack sent nonsense: ${code}`);
    if (s.flags & TCP_SYN && !this.#sawSyn) {
      this.#sawSyn = true;
      this.stackIsn = seqToU32(s.seq);
    }
    const length = s.dataLength + (s.flags & TCP_SYN ? 1 : 0) +
      (s.flags & TCP_FIN ? 1 : 0);
    const seq = seqToU32(s.seq) - this.stackIsn | 0;
    if (!(s.flags & TCP_RST)) this.ack = Math.max(this.ack, seq + length);
    const sack: [number, number][] = [];
    for (let i = 0; i < s.sackCount; i++) {
      sack.push([
        s.sackEdges[2 * i] - this.isn | 0,
        s.sackEdges[2 * i + 1] - this.isn | 0,
      ]);
    }
    return {
      at: this.elapsed,
      flags: flagLetters(s.flags),
      seq,
      ack: s.flags & TCP_ACK ? seqToU32(s.ack) - this.isn | 0 : 0,
      window: s.wnd,
      data: frame.bytes.slice(s.dataOffset, s.dataOffset + s.dataLength),
      length: s.dataLength,
      mss: s.mss,
      scale: s.windowScale,
      sackOk: s.sackPermitted,
      ts: s.hasTimestamps ? [s.tsVal, s.tsEcr] : null,
      sack,
      urgent: s.urgentPointer,
      ecn: view.getUint8(start + 1) >> (isV4 ? 0 : 4) & 3,
      trafficClass: isV4
        ? view.getUint8(start + 1)
        : view.getUint16(start) >> 4 & 0xff,
      hopLimit: view.getUint8(start + (isV4 ? 8 : 7)),
    };
  }
}

/** `length` bytes that count up from 0, modulo 251. */
export function counting(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) % 251);
}

/** One line for each segment: flags, relative numbers, length. */
export function shorthand(seen: readonly Seen[]): string[] {
  return seen.map((s) =>
    `${s.flags} ${s.seq}:${s.seq + s.length}${
      s.flags.includes(".") ? ` ack ${s.ack}` : ""
    }`
  );
}

function flagBits(letters: string): number {
  let bits = 0;
  for (const letter of letters) bits |= 1 << FLAG_LETTERS.indexOf(letter);
  return bits;
}

function flagLetters(bits: number): string {
  return [...FLAG_LETTERS].filter((_, i) => bits & 1 << i).join("")
    .replace(/^(.*)\.(.*)$/, "$1$2.");
}

function pretty(frame: Frame): string {
  return prettyPacket(
    frame.bytes,
    frame.start,
    frame.end - frame.start,
    MEDIUM_IP,
  );
}
