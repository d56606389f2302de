/**
 * What came of a datagram that did not arrive: the ICMP error about it, kept
 * for the application that asks.
 *
 * UDP itself does nothing about an error; RFC 1122 §4.1.3.3 has it passed up.
 * The list is short and drops its oldest: an error is a hint, anybody on the
 * path can send one, and nobody gets to fill our memory with them.
 *
 * @module
 */
import type { IpAddress } from "../wire/ip_address.ts";

/** Errors a socket keeps. */
const CAPACITY = 8;

/** One error about a datagram we sent. */
export interface DatagramError {
  /** `ICMP_*` of ip/packet.ts: which error, in words common to both families. */
  readonly kind: number;
  /** Type of the ICMP message; 0 when our own stack found that the next hop does not answer. */
  readonly icmpType: number;
  /** Its code. */
  readonly icmpCode: number;
  /** Bytes that fit the path, of a "too big"; else 0. */
  readonly mtu: number;
  /** Where the datagram was sent. */
  readonly remote: IpAddress;
  /** Its port. */
  readonly remotePort: number;
}

/** The errors of one socket, oldest first. */
export class ErrorList {
  readonly #errors: DatagramError[] = [];

  /** Errors nobody has taken. */
  get count(): number {
    return this.#errors.length;
  }

  /** Appends one; of too many the oldest goes. */
  push(error: DatagramError): void {
    if (this.#errors.length === CAPACITY) this.#errors.shift();
    this.#errors.push(error);
  }

  /** Takes the oldest; null: none. */
  shift(): DatagramError | null {
    return this.#errors.shift() ?? null;
  }
}
