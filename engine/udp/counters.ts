/**
 * UDP's counters, named as `nstat` names them on Linux: RFC 4113.
 *
 * Each exists once for each family; a caller that serves both adds
 * {@linkcode UDP_V6} to the IPv4 number.
 *
 * @module
 */
import { Counters } from "../base/counters.ts";

/** Datagrams put into a socket's queue; one for a group counts once. */
export const UDP_IN_DATAGRAMS = 0;
/** Datagrams to a port nobody has. */
export const UDP_NO_PORTS = 1;
/** Datagrams dropped for any other reason, the three below among them. */
export const UDP_IN_ERRORS = 2;
/** Datagrams sent. */
export const UDP_OUT_DATAGRAMS = 3;
/** Datagrams dropped because the socket's queue was full. */
export const UDP_RCVBUF_ERRORS = 4;
/** Datagrams that could not be queued for sending because memory ran out, or sent because their next hop did not answer. */
export const UDP_SNDBUF_ERRORS = 5;
/** Datagrams whose checksum was wrong, or missing over IPv6. */
export const UDP_IN_CSUM_ERRORS = 6;
/** Datagrams to a group or a broadcast address that no socket wanted. */
export const UDP_IGNORED_MULTI = 7;
/** Datagrams dropped because memory ran out. */
export const UDP_MEM_ERRORS = 8;

/** Distance from a counter of IPv4 to the same counter of IPv6. */
export const UDP_V6 = 9;

const NAMES: readonly string[] = [
  "InDatagrams",
  "NoPorts",
  "InErrors",
  "OutDatagrams",
  "RcvbufErrors",
  "SndbufErrors",
  "InCsumErrors",
  "IgnoredMulti",
  "MemErrors",
];

/** A fresh set of UDP counters, all zero: `UdpInDatagrams`, `Udp6InDatagrams` and so on. */
export function createUdpCounters(): Counters {
  return new Counters([
    ...NAMES.map((name) => `Udp${name}`),
    ...NAMES.map((name) => `Udp6${name}`),
  ]);
}
