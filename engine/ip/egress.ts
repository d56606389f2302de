/**
 * The layer's own packets that wait for a device: ARP, NDP, ICMP, datagrams.
 *
 * A bounded FIFO of copies, link header already on. The stack drains it by
 * `IpLayer.flush`; a busy device keeps them, in order, for the next time.
 * TCP never comes here: it describes its segment again instead.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import { type LinkDevice, TX_BUSY, TX_OK } from "../link/device.ts";
import type { PacketStore, StoredPacket } from "./packet_store.ts";

/** Most packets one interface keeps; a 64 KiB datagram is 45 fragments at 1,500 bytes. */
export const EGRESS_CAPACITY = 256;

/** Packets of one interface, oldest first. */
export class EgressQueue {
  readonly #store: PacketStore;
  readonly #packets: StoredPacket[] = [];
  #head = 0;

  /** Makes an empty queue whose packets belong to `store`. */
  constructor(store: PacketStore) {
    this.#store = store;
  }

  /** Packets that wait. */
  get length(): number {
    return this.#packets.length - this.#head;
  }

  /** How many more it takes. */
  get free(): number {
    return EGRESS_CAPACITY - this.length;
  }

  /** Appends a packet and owns it from then on; `false` when full, the packet released. */
  push(packet: StoredPacket): boolean {
    if (this.free === 0) {
      this.#store.release(packet);
      return false;
    }
    this.#packets.push(packet);
    return true;
  }

  /** Hands packets to the device until none is left or it is busy. {@linkcode TX_OK}, {@linkcode TX_BUSY} or `TX_DOWN`. */
  flush(device: LinkDevice, now: Micros): number {
    while (this.#head < this.#packets.length) {
      const packet = this.#packets[this.#head];
      const result = device.transmit(this.#store.load(packet), null, now);
      if (result === TX_BUSY) return result;
      this.#store.release(packet);
      this.#head++;
      if (result !== TX_OK) {
        this.clear();
        return result;
      }
    }
    this.#packets.length = 0;
    this.#head = 0;
    return TX_OK;
  }

  /** Drops everything. */
  clear(): void {
    for (let i = this.#head; i < this.#packets.length; i++) {
      this.#store.release(this.#packets[i]);
    }
    this.#packets.length = 0;
    this.#head = 0;
  }
}
