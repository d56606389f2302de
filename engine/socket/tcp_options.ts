/**
 * Socket options as applications write them: times in milliseconds, names for
 * controllers, and nonsense refused before anything is sent.
 *
 * The engine below takes microseconds and trusts its callers
 * (tcp/options.ts); this is where a user's values become those.
 *
 * @module
 */
import { MAX_RING_LIMIT } from "../base/ring.ts";
import { MILLISECOND } from "../base/units.ts";
import { congestionControlByName } from "../tcp/congestion/by_name.ts";
import type { CongestionControlName } from "../tcp/congestion/by_name.ts";
import type { CongestionControl } from "../tcp/congestion/control.ts";
import type { ConnectionOptions } from "../tcp/options.ts";

/** Options of one connection; what is left out stays as it is. */
export interface TcpSocketOptions {
  /** TCP_NODELAY: send small writes at once (RFC 9293 §3.7.4). */
  readonly noDelay?: boolean;
  /** TCP_CORK: hold partial segments back until `false`, at most 200 ms. */
  readonly cork?: boolean;
  /** SO_KEEPALIVE, with the stack's times or these (RFC 9293 §3.8.4). */
  readonly keepAlive?: boolean | KeepAliveOptions;
  /** SO_LINGER, ms: how long `close` lets what was written be delivered before it resets; 0: reset at once; null: as long as it takes, the default. */
  readonly linger?: number | null;
  /** SO_SNDBUF, bytes, 1..2^30; ends its auto-tuning. */
  readonly sendBufferSize?: number;
  /** SO_RCVBUF, bytes, 256..2^30; ends its auto-tuning. Given at `connect` or `listen` it also decides the window scale. */
  readonly receiveBufferSize?: number;
  /** TCP_CONGESTION: a name, or a function that makes the controller of one connection. */
  readonly congestionControl?:
    | CongestionControlName
    | (() => CongestionControl);
  /** TCP_USER_TIMEOUT, ms: give up when written data stays undelivered so long; 0: the default limits (RFC 5482). */
  readonly userTimeout?: number;
  /** TCP_MAXSEG, bytes, 88..65495: upper bound of segments sent; given at `connect` or `listen` also of those announced. */
  readonly maxSegmentSize?: number;
  /** IP_TTL or the hop limit, 1..255. */
  readonly hopLimit?: number;
  /** Differentiated services code point, 0..63 (RFC 2474). */
  readonly dscp?: number;
  /** Space segments over the round trip instead of sending bursts. */
  readonly pacing?: boolean;
  /** SO_MAX_PACING_RATE, bytes per second, above 0; below `Infinity` it turns pacing on. */
  readonly maxPacingRate?: number;
  /** TCP_NOTSENT_LOWAT, bytes, at least 1: writes wait while so much is unsent; `Infinity`: only while the buffer is full. */
  readonly notSentLowWater?: number;
}

/** When to probe an idle peer and when to give it up; what is left out is the stack's. */
export interface KeepAliveOptions {
  /** TCP_KEEPIDLE: silence before the first probe, ms, above 0. */
  readonly idle?: number;
  /** TCP_KEEPINTVL: between probes, ms, above 0. */
  readonly interval?: number;
  /** TCP_KEEPCNT: unanswered probes that end the connection, 1..127. */
  readonly count?: number;
}

/** The engine's form of `options`. Throws RangeError for a value out of range; `action` begins its message. */
export function connectionOptions(
  action: string,
  options: TcpSocketOptions,
): ConnectionOptions {
  const check = new Checks(action);
  const { congestionControl, linger } = options;
  return {
    ...defined("noDelay", options.noDelay),
    ...defined("cork", options.cork),
    ...keepAliveOptions(check, options.keepAlive),
    ...defined(
      "linger",
      linger === null ? Infinity : check.span(linger, "linger"),
    ),
    ...defined(
      "sendBufferSize",
      check.integer(
        options.sendBufferSize,
        "sendBufferSize",
        1,
        MAX_RING_LIMIT,
      ),
    ),
    ...defined(
      "receiveBufferSize",
      check.integer(
        options.receiveBufferSize,
        "receiveBufferSize",
        256,
        MAX_RING_LIMIT,
      ),
    ),
    ...defined(
      "congestionControl",
      typeof congestionControl === "string"
        ? congestionControlByName(congestionControl)
        : congestionControl,
    ),
    ...defined("userTimeout", check.span(options.userTimeout, "userTimeout")),
    ...defined(
      "maxSegmentSize",
      check.integer(options.maxSegmentSize, "maxSegmentSize", 88, 65_495),
    ),
    ...defined("hopLimit", check.integer(options.hopLimit, "hopLimit", 1, 255)),
    ...defined("dscp", check.integer(options.dscp, "dscp", 0, 63)),
    ...defined("pacing", options.pacing),
    ...defined(
      "maxPacingRate",
      check.above(options.maxPacingRate, "maxPacingRate", 0),
    ),
    ...defined(
      "notSentLowWater",
      check.above(options.notSentLowWater, "notSentLowWater", 0),
    ),
  };
}

function keepAliveOptions(
  check: Checks,
  keepAlive: boolean | KeepAliveOptions | undefined,
): ConnectionOptions {
  if (keepAlive === undefined) return {};
  if (typeof keepAlive === "boolean") return { keepAlive };
  return {
    keepAlive: true,
    ...defined("keepAliveIdle", check.longer(keepAlive.idle, "keepAlive.idle")),
    ...defined(
      "keepAliveInterval",
      check.longer(keepAlive.interval, "keepAlive.interval"),
    ),
    ...defined(
      "keepAliveCount",
      check.integer(keepAlive.count, "keepAlive.count", 1, 127),
    ),
  };
}

/** `{ [name]: value }`, or nothing when the value was left out: a field that is there but undefined would count as given. */
function defined<K extends string, V>(
  name: K,
  value: V | undefined,
): { [name in K]?: V } {
  return value === undefined ? {} : { [name]: value } as { [name in K]: V };
}

/** Checks of single values; each returns what it checked, in the engine's unit, and undefined for undefined. */
class Checks {
  readonly #action: string;

  constructor(action: string) {
    this.#action = action;
  }

  integer(
    value: number | undefined,
    name: string,
    least: number,
    most: number,
  ): number | undefined {
    const good = value === undefined ||
      Number.isInteger(value) && value >= least && value <= most;
    if (!good) {
      this.#fail(`${name} must be an integer in ${least}..${most}`, value);
    }
    return value;
  }

  /** Milliseconds, 0 allowed. */
  span(value: number | undefined, name: string): number | undefined {
    if (value === undefined) return undefined;
    if (!(value >= 0 && value < Infinity)) {
      this.#fail(`${name} must be milliseconds, 0 or more`, value);
    }
    return value * MILLISECOND;
  }

  /** Milliseconds, above 0. */
  longer(value: number | undefined, name: string): number | undefined {
    if (value === undefined) return undefined;
    if (!(value > 0 && value < Infinity)) {
      this.#fail(`${name} must be milliseconds above 0`, value);
    }
    return value * MILLISECOND;
  }

  above(
    value: number | undefined,
    name: string,
    least: number,
  ): number | undefined {
    if (value !== undefined && !(value > least)) {
      this.#fail(`${name} must be above ${least}`, value);
    }
    return value;
  }

  #fail(rule: string, value: number | undefined): never {
    throw new RangeError(`Cannot ${this.#action}: ${rule}, got ${value}`);
  }
}
