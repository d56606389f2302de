/**
 * What an application may ask of one connection: the socket options.
 *
 * One record, so that the same options are given when a connection is made, to
 * a listener for its children, or later. What is left out stays as it is.
 * Values are taken as they are: the surfaces above check what their users say.
 *
 * The two ways to hold small segments back are independent, as on Linux: the
 * cork holds whatever `noDelay` says, and `noDelay` counts again once the cork
 * is out.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { CongestionControl } from "./congestion/control.ts";
import type { Connection } from "./connection.ts";
import { refreshMss } from "./negotiate.ts";
import { STATE_CLOSED, stateIn, SYNCHRONIZED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** Options of one connection; what is left out stays as it is. */
export interface ConnectionOptions {
  /** TCP_NODELAY: small segments do not wait for acknowledgements, RFC 9293 §3.7.4. */
  readonly noDelay?: boolean;
  /** TCP_CORK: partial segments wait for more, 200 ms at most. */
  readonly cork?: boolean;
  /** SO_KEEPALIVE, RFC 9293 §3.8.4. */
  readonly keepAlive?: boolean;
  /** TCP_KEEPIDLE, µs. */
  readonly keepAliveIdle?: Micros;
  /** TCP_KEEPINTVL, µs. */
  readonly keepAliveInterval?: Micros;
  /** TCP_KEEPCNT: unanswered probes that end the connection. */
  readonly keepAliveCount?: number;
  /** SO_LINGER, µs: how long `close` lets what was written still be delivered before it resets; 0: not at all; `Infinity`, the default: as long as it takes. */
  readonly linger?: Micros;
  /** SO_SNDBUF, bytes; ends its auto-tuning. */
  readonly sendBufferSize?: number;
  /** SO_RCVBUF, bytes; ends its auto-tuning. Windows told are not taken back. */
  readonly receiveBufferSize?: number;
  /** TCP_CONGESTION: makes the controller. */
  readonly congestionControl?: () => CongestionControl;
  /** TCP_USER_TIMEOUT, RFC 5482, µs; 0: the retransmission limits alone. */
  readonly userTimeout?: Micros;
  /** TCP_MAXSEG: payload bytes of a segment, options counted as payload (RFC 6691). Before the open it is also what we announce. */
  readonly maxSegmentSize?: number;
  /** IP_TTL, IPV6_UNICAST_HOPS: 1..255. */
  readonly hopLimit?: number;
  /** Differentiated services code point, 0..63, RFC 2474. */
  readonly dscp?: number;
  /** Space segments evenly over the round trip instead of sending bursts. */
  readonly pacing?: boolean;
  /** SO_MAX_PACING_RATE, bytes per second; below `Infinity` it turns pacing on. */
  readonly maxPacingRate?: number;
  /** TCP_NOTSENT_LOWAT, bytes: writes are taken while less than this is unsent. */
  readonly notSentLowWater?: number;
}

/** Applies `options` to `connection`, open or not. */
export function applyOptions(
  connection: Connection,
  options: ConnectionOptions,
  now: Micros,
): void {
  const t = connection.tcb;
  applyCoalescing(t, options);
  applyBuffers(t, options);
  applySending(t, options, now);
  if (options.linger !== undefined) t.linger = options.linger;
  if (options.hopLimit !== undefined) t.hopLimit = options.hopLimit;
  if (options.dscp !== undefined) t.dscp = options.dscp;
  if (options.notSentLowWater !== undefined) {
    connection.adjust({ notSentLowWater: options.notSentLowWater });
  }
  if (options.userTimeout !== undefined) {
    connection.setUserTimeout(options.userTimeout, now);
  }
  applyKeepAlive(connection, options, now);
  connection.changed();
}

function applyCoalescing(t: Tcb, options: ConnectionOptions): void {
  const { noDelay, cork } = options;
  if (noDelay !== undefined) {
    t.noDelay = noDelay;
    // As on Linux, turning it on pushes out what the cork holds just now.
    if (noDelay && t.corked) t.corkExpired = true;
  }
  if (cork === undefined) return;
  t.corked = cork;
  t.corkExpired = false;
}

function applyBuffers(t: Tcb, options: ConnectionOptions): void {
  const { sendBufferSize, receiveBufferSize } = options;
  if (sendBufferSize !== undefined) {
    t.sndBuf.limit = sendBufferSize;
    t.sndBufAuto = false;
  }
  if (receiveBufferSize !== undefined) {
    t.rcvBuf.limit = receiveBufferSize;
    t.rcvBufAuto = false;
  }
}

function applySending(t: Tcb, options: ConnectionOptions, now: Micros): void {
  const { maxSegmentSize, maxPacingRate, pacing, congestionControl } = options;
  if (maxSegmentSize !== undefined) {
    t.userMss = maxSegmentSize;
    if (t.state !== STATE_CLOSED) refreshMss(t);
  }
  if (maxPacingRate !== undefined) {
    t.maxPacingRate = maxPacingRate;
    if (t.pacingRate > maxPacingRate) t.pacingRate = maxPacingRate;
    t.pacing = maxPacingRate < Infinity;
  }
  if (pacing !== undefined) t.pacing = pacing;
  if (congestionControl !== undefined) {
    t.congestion = congestionControl();
    // Later ones are started when the handshake is complete.
    if (stateIn(t.state, SYNCHRONIZED)) t.congestion.start(t, now);
  }
}

function applyKeepAlive(
  connection: Connection,
  options: ConnectionOptions,
  now: Micros,
): void {
  const { keepAlive, keepAliveIdle, keepAliveInterval, keepAliveCount } =
    options;
  const times = keepAliveIdle ?? keepAliveInterval ?? keepAliveCount;
  if (keepAlive === undefined && times === undefined) return;
  connection.setKeepAlive(
    keepAlive ?? connection.tcb.keepAlive ? "on" : "off",
    now,
    keepAliveIdle,
    keepAliveInterval,
    keepAliveCount,
  );
}
