/**
 * Socket options: kept on the socket, applied to its connection.
 *
 * Options set before there is a connection are applied when it is made; an
 * accepted socket inherits those of its listener, as on Linux.
 *
 * @module
 */
import { createCubic } from "../../../engine/tcp/congestion/cubic.ts";
import { createNewReno } from "../../../engine/tcp/congestion/new_reno.ts";
import type { Connection } from "../../../engine/tcp/connection.ts";
import type { TcpConfig } from "../../../engine/tcp/config.ts";
import { MILLISECOND, SECOND } from "../../../engine/base/units.ts";
import { type Endpoint, NotApplicable } from "../run/executor.ts";
import { SYMBOLS } from "../run/symbols.ts";

const S = SYMBOLS;
/** Options that change nothing here. */
const HARMLESS: ReadonlySet<string> = new Set([
  key(S.SOL_SOCKET, S.SO_REUSEADDR),
  key(S.SOL_SOCKET, S.SO_REUSEPORT),
  key(S.SOL_SOCKET, S.SO_DEBUG),
  key(S.SOL_SOCKET, S.SO_OOBINLINE),
  key(S.SOL_SOCKET, S.SO_PRIORITY),
  key(S.SOL_IP, S.IP_FREEBIND),
  key(S.SOL_IP, S.IP_BIND_ADDRESS_NO_PORT),
  key(S.SOL_IPV6, S.IPV6_V6ONLY),
]);

/** Options of one socket. */
export class SocketOptions {
  /** Where a deferred connect() goes with its first write; null: nowhere. */
  deferredTo: Endpoint | null = null;
  readonly #values = new Map<string, Uint8Array>();

  /** Keeps a value. */
  set(level: number, name: number, value: Uint8Array): void {
    this.#values.set(key(level, name), value.slice());
  }

  /** The value as an int, or `fallback` when never set. */
  int(level: number, name: number, fallback: number): number {
    const value = this.#values.get(key(level, name));
    return value === undefined ? fallback : toInt(value);
  }

  /** The value as it was set, or null when it never was. */
  bytes(level: number, name: number): Uint8Array | null {
    return this.#values.get(key(level, name)) ?? null;
  }

  /** SO_LINGER: the time in seconds when on, else null. */
  get linger(): number | null {
    const value = this.#values.get(key(S.SOL_SOCKET, S.SO_LINGER));
    if (value === undefined || value.length < 8) return null;
    const view = new DataView(value.buffer, value.byteOffset);
    return view.getInt32(0, true) === 0 ? null : view.getInt32(4, true);
  }

  /** Takes over what another socket was given. */
  inherit(other: SocketOptions): void {
    for (const [name, value] of other.#values) this.#values.set(name, value);
  }

  /** Applies everything to a connection that was just made. */
  applyAll(connection: Connection, now: number): void {
    for (const [name, value] of this.#values) {
      const [level, option] = name.split(":").map(Number);
      applyOption(connection, level, option, value, now);
    }
  }
}

function key(level: number, name: number): string {
  return `${level}:${name}`;
}

/** An option's value as an int. */
export function toInt(value: Uint8Array): number {
  return value.length < 4
    ? value[0] ?? 0
    : new DataView(value.buffer, value.byteOffset).getInt32(0, true);
}

/** Applies one option to a connection. @throws NotApplicable for one the engine does not have */
export function applyOption(
  connection: Connection,
  level: number,
  name: number,
  value: Uint8Array,
  now: number,
): void {
  if (HARMLESS.has(key(level, name))) return;
  const number = toInt(value);
  if (level === S.SOL_SOCKET) {
    return applySocketOption(connection, name, number, now);
  }
  if (level === S.SOL_TCP) {
    return applyTcpOption(connection, name, number, value, now);
  }
  if (
    level === S.SOL_IP && name === S.IP_TOS ||
    level === S.SOL_IPV6 && name === S.IPV6_TCLASS
  ) {
    connection.tcb.dscp = number >> 2;
    return;
  }
  if (level === S.SOL_IP && name === S.IP_TTL) {
    connection.tcb.hopLimit = number;
    return;
  }
  throw new NotApplicable(`socket option ${optionName(level, name)}`);
}

function applySocketOption(
  connection: Connection,
  name: number,
  value: number,
  now: number,
): void {
  const t = connection.tcb;
  switch (name) {
    case S.SO_KEEPALIVE:
      connection.setKeepAlive(value !== 0 ? "on" : "off", now);
      return;
    case S.SO_SNDBUF:
    case S.SO_SNDBUFFORCE:
      t.sndBufAuto = false;
      t.sndBuf.limit = Math.max(2 * value, 4_608);
      return;
    case S.SO_RCVBUF:
    case S.SO_RCVBUFFORCE:
      // Linux doubles the number for its bookkeeping; the window gets half of that back.
      t.rcvBufAuto = false;
      t.rcvBuf.limit = Math.max(value, 1_152);
      return;
    case S.SO_MAX_PACING_RATE:
      t.pacing = true;
      t.maxPacingRate = value >>> 0 === 0xffff_ffff ? Infinity : value >>> 0;
      return;
    case S.SO_LINGER:
      return;
    default:
      throw new NotApplicable(
        `socket option ${optionName(S.SOL_SOCKET, name)}`,
      );
  }
}

function applyTcpOption(
  connection: Connection,
  name: number,
  value: number,
  bytes: Uint8Array,
  now: number,
): void {
  const t = connection.tcb;
  switch (name) {
    case S.TCP_NODELAY:
      connection.setCoalescing(value !== 0 ? "nodelay" : "nagle");
      return;
    case S.TCP_CORK:
      connection.setCoalescing(value !== 0 ? "cork" : "nagle");
      return;
    case S.TCP_MAXSEG:
      t.userMss = value;
      return;
    case S.TCP_KEEPIDLE:
      t.keepAliveIdle = value * SECOND;
      connection.setKeepAlive(t.keepAlive ? "on" : "off", now);
      return;
    case S.TCP_KEEPINTVL:
      t.keepAliveInterval = value * SECOND;
      return;
    case S.TCP_KEEPCNT:
      t.keepAliveCount = value;
      return;
    case S.TCP_USER_TIMEOUT:
      connection.setUserTimeout(value * MILLISECOND, now);
      return;
    case S.TCP_QUICKACK:
      // Off: answers are expected to carry the acknowledgements. On: the next ones go at once.
      t.pingpong = value !== 0 ? 0 : 3;
      if (value !== 0 && t.ackPending) t.ackNow = true;
      return;
    case S.TCP_CONGESTION:
      t.congestion = congestionOf(bytes)();
      return;
    case S.TCP_FASTOPEN:
    case S.TCP_FASTOPEN_CONNECT:
    case S.TCP_FASTOPEN_KEY:
    case S.TCP_FASTOPEN_NO_COOKIE:
    case S.TCP_SYNCNT:
    case S.TCP_INQ:
      return;
    default:
      throw new NotApplicable(`socket option ${optionName(S.SOL_TCP, name)}`);
  }
}

function congestionOf(bytes: Uint8Array): TcpConfig["congestionControl"] {
  const name = new TextDecoder().decode(bytes).replace(/\0.*$/, "");
  if (name === "cubic") return createCubic;
  if (name === "reno") return createNewReno;
  throw new NotApplicable(`congestion control ${name}`);
}

/** The option's name, for messages. */
export function optionName(level: number, name: number): string {
  const prefixes: Readonly<Record<number, RegExp>> = {
    [S.SOL_SOCKET]: /^SO_/,
    [S.SOL_TCP]: /^TCP_/,
    [S.SOL_IP]: /^IP_/,
    [S.SOL_IPV6]: /^IPV6_/,
  };
  const prefix = prefixes[level];
  const found = prefix === undefined
    ? undefined
    : Object.entries(SYMBOLS).find(([symbol, value]) =>
      prefix.test(symbol) && value === name
    );
  return found?.[0] ?? `${level}/${name}`;
}
