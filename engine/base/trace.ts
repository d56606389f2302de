/**
 * What a connection did and when, as structured events.
 *
 * The engine holds a `TraceSink | null` and guards every call with
 * `if (trace !== null)`: unused it costs a comparison (measured: 0.4 ns, where
 * building a string to drop it costs 17). An event is five numbers; its kind
 * says what `a` and `b` mean. Text is made only when someone reads.
 *
 * {@linkcode TraceLog} keeps the last events in a ring of typed arrays: a
 * flight recorder that can stay on.
 *
 * @module
 */
import type { Micros, Seq } from "./units.ts";
import { requireInteger } from "./misuse.ts";

/** Takes structured events. Called on the packet path: must not throw and had better not allocate. */
export interface TraceSink {
  /**
   * Takes one event.
   *
   * @param kind a `TRACE_*` constant, which says what `a` and `b` are
   * @param connection the handle of the connection, -1 when it belongs to none
   */
  record(
    kind: number,
    connection: number,
    a: number,
    b: number,
    now: Micros,
  ): void;
}

/** A connection changed state: a from, b to. */
export const TRACE_STATE = 0;
/** A segment was accepted for processing: a its sequence number, b payload bytes. */
export const TRACE_RECEIVE = 1;
/** A segment was sent: a its sequence number, b payload bytes. */
export const TRACE_TRANSMIT = 2;
/** A segment was sent again: a its sequence number, b payload bytes. */
export const TRACE_RETRANSMIT = 3;
/** A rule of the state machine ended a segment's processing: a the rule tag, b the segment's flags. */
export const TRACE_RULE = 4;
/** A packet was dropped: a the reason's code, b the packet's bytes. */
export const TRACE_DROP = 5;
/** A named deadline fired: a which, b how late, µs. */
export const TRACE_TIMER = 6;
/** A round trip was measured: a the latest sample, b the smoothed value, µs. */
export const TRACE_RTT = 7;
/** The congestion window changed: a the window, b the slow-start threshold, segments. */
export const TRACE_WINDOW = 8;
/** Loss recovery changed its state or its mind: a the recovery state, b segments judged lost. */
export const TRACE_RECOVERY = 9;
/** Fast Open took a step: a which, b cookie or data bytes. */
export const TRACE_FAST_OPEN = 10;
/** Event bits were delivered to the owner: a the bits, b unused. */
export const TRACE_EVENT = 11;
/** An ICMP error arrived: a type, b code. */
export const TRACE_ICMP = 12;
/** A neighbour entry changed: a from, b to. */
export const TRACE_NEIGHBOR = 13;
/** The retransmission timeout changed: a the timeout, backed off, µs; b the doublings in it. */
export const TRACE_RTO = 14;

/** Of each `TRACE_*` kind: its name, and the names of `a` and `b` ("" when unused). A name that ends in `Seq` is printed unsigned. */
export const TRACE_KINDS:
  readonly (readonly [name: string, a: string, b: string])[] = [
    ["state", "from", "to"],
    ["receive", "firstSeq", "bytes"],
    ["transmit", "firstSeq", "bytes"],
    ["retransmit", "firstSeq", "bytes"],
    ["rule", "tag", "flags"],
    ["drop", "reason", "bytes"],
    ["timer", "deadline", "late"],
    ["rtt", "sample", "smoothed"],
    ["window", "congestion", "threshold"],
    ["recovery", "state", "lost"],
    ["fastOpen", "step", "bytes"],
    ["event", "bits", ""],
    ["icmp", "type", "code"],
    ["neighbor", "from", "to"],
    ["rto", "timeout", "backoff"],
  ];

/** The integer by which an event carries a sequence number. */
export function traceSeq(seq: Seq): number {
  return seq as unknown as number;
}

/** Words for an event whose layer knows better ones than its numbers; null: it does not. */
export type TraceText = (kind: number, a: number, b: number) => string | null;

/** Keeps the last events and prints them on demand. */
export class TraceLog implements TraceSink {
  readonly #capacity: number;
  readonly #text: TraceText;
  readonly #kind: Uint8Array;
  readonly #connection: Int32Array;
  readonly #a: Float64Array;
  readonly #b: Float64Array;
  readonly #at: Float64Array;
  #recorded = 0;

  /** Makes a log of the last `capacity` events, 1..2^24; older ones are overwritten. `text` finds the words for them. */
  constructor(capacity: number, text: TraceText = numbersOnly) {
    requireInteger("create trace log", "capacity", capacity, 1, 2 ** 24);
    this.#capacity = capacity;
    this.#text = text;
    this.#kind = new Uint8Array(capacity);
    this.#connection = new Int32Array(capacity);
    this.#a = new Float64Array(capacity);
    this.#b = new Float64Array(capacity);
    this.#at = new Float64Array(capacity);
  }

  /** Events recorded in all, those overwritten since included. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Keeps one event, in place of the oldest when the log is full. */
  record(
    kind: number,
    connection: number,
    a: number,
    b: number,
    now: Micros,
  ): void {
    const i = this.#recorded % this.#capacity;
    this.#kind[i] = kind;
    this.#connection[i] = connection;
    this.#a[i] = a;
    this.#b[i] = b;
    this.#at[i] = now;
    this.#recorded++;
  }

  /** One line for each event kept, oldest first: seconds, connection, kind, values. */
  format(): string {
    const lines: string[] = [];
    const first = Math.max(0, this.#recorded - this.#capacity);
    for (let i = first; i < this.#recorded; i++) {
      lines.push(this.#line(i % this.#capacity));
    }
    return lines.join("\n");
  }

  /** Forgets all events. */
  clear(): void {
    this.#recorded = 0;
  }

  #line(i: number): string {
    const words = this.#text(this.#kind[i], this.#a[i], this.#b[i]);
    const [name, a, b] = TRACE_KINDS[this.#kind[i]] ??
      [`kind${this.#kind[i]}`, "a", "b"];
    const seconds = (this.#at[i] / 1_000_000).toFixed(6);
    const connection = this.#connection[i] < 0
      ? "-"
      : `#${this.#connection[i]}`;
    if (words !== null) return `${seconds} ${connection} ${words}`;
    return `${seconds} ${connection} ${name}${labelled(a, this.#a[i])}${
      labelled(b, this.#b[i])
    }`;
  }
}

function numbersOnly(): null {
  return null;
}

function labelled(name: string, value: number): string {
  if (name === "") return "";
  return ` ${name}=${name.endsWith("Seq") ? value >>> 0 : value}`;
}
