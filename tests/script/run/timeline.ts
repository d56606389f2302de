/**
 * When events are due, and whether what happened was on time.
 *
 * Script time 0 is the instant the run began. A relative time counts from the
 * end of the event before; consecutive inbound packets count from each other's
 * due times, so that a busy machine does not stretch a burst. The tolerance is
 * the larger of a fixed span and a part of the time since the event before.
 *
 * All times are script time, µs.
 *
 * @module
 */
import type { EventTime, ScriptEvent } from "../lang/ast.ts";
import type { RunConfig } from "./config.ts";

/** An event's time made absolute. */
export interface DueTime {
  /** The earliest instant; for a plain time the instant. */
  readonly from: number;
  /** The latest instant. */
  readonly to: number;
  /** Any time will do. */
  readonly isAny: boolean;
  /** What relative times were counted from. */
  readonly offset: number;
  /** How far off is still on time, µs. */
  readonly tolerance: number;
}

/** Makes times absolute, event by event. */
export class Timeline {
  readonly #config: RunConfig;
  #lastAt = 0;
  #wasInbound = false;

  /** Starts before the first event. */
  constructor(config: RunConfig) {
    this.#config = config;
  }

  /** When `event` is due, if the event before it ended at `now`. */
  due(event: ScriptEvent, now: number): DueTime {
    const isInbound = event.action.kind === "packet" &&
      event.action.direction === "inbound";
    const offset = isInbound && this.#wasInbound ? this.#lastAt : now;
    const [from, to] = absolute(event.time, offset);
    const tolerance = Math.max(
      this.#config.toleranceUsecs,
      Math.floor((from - this.#lastAt) * this.#config.tolerancePercent / 100),
    );
    this.#lastAt = from;
    this.#wasInbound = isInbound;
    return { from, to, isAny: event.time.kind === "any", offset, tolerance };
  }

  /** Tolerance of a blocking call's return: a part of the time it blocks. */
  toleranceOfSpan(span: number): number {
    return Math.max(
      this.#config.toleranceUsecs,
      Math.floor(span * this.#config.tolerancePercent / 100),
    );
  }
}

function absolute(time: EventTime, offset: number): readonly [number, number] {
  switch (time.kind) {
    case "absolute":
      return [time.at, time.at];
    case "relative":
      return [offset + time.after, offset + time.after];
    case "any":
      return [offset, offset];
    case "absoluteRange":
      return [time.from, time.to];
    case "relativeRange":
      return [offset + time.from, offset + time.to];
  }
}

/** What is wrong with the time `at`, or null. */
export function findLateness(
  due: DueTime,
  at: number,
  what: string,
): string | null {
  if (
    due.isAny ||
    (at >= due.from - due.tolerance && at <= due.to + due.tolerance)
  ) return null;
  const wanted = due.from === due.to
    ? seconds(due.from)
    : `${seconds(due.from)}~${seconds(due.to)}`;
  return `${what}: expected at ${wanted} s, happened at ${
    seconds(at)
  } s (tolerance ${seconds(due.tolerance)} s)`;
}

/** µs as seconds with six places. */
export function seconds(usecs: number): string {
  return (usecs / 1e6).toFixed(6);
}
