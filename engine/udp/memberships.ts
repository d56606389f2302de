/**
 * The multicast groups one socket is in.
 *
 * The network layer counts how many sockets want a group on a link; the socket
 * remembers which are its own, both to leave them when it closes and because a
 * datagram for a group goes to those sockets only that joined it.
 *
 * @module
 */
import type { IpLayer } from "../ip/layer.ts";
import type { IpAddress } from "../wire/ip_address.ts";

interface Membership {
  readonly group: IpAddress;
  readonly interfaceIndex: number;
}

/** Groups of one socket. */
export class Memberships {
  readonly #ip: IpLayer;
  readonly #entries: Membership[] = [];

  /** No groups. */
  constructor(ip: IpLayer) {
    this.#ip = ip;
  }

  /** Joins; false when the interface does not exist or the address is no group. Joining twice is joining once. */
  join(group: IpAddress, interfaceIndex: number): boolean {
    if (this.#find(group, interfaceIndex) >= 0) return true;
    if (!this.#ip.joinGroup(interfaceIndex, group)) return false;
    this.#entries.push({ group, interfaceIndex });
    return true;
  }

  /** Leaves; false when it is not in. */
  leave(group: IpAddress, interfaceIndex: number): boolean {
    const at = this.#find(group, interfaceIndex);
    if (at < 0) return false;
    this.#entries.splice(at, 1);
    this.#ip.leaveGroup(interfaceIndex, group);
    return true;
  }

  /** Leaves all. */
  leaveAll(): void {
    for (const { group, interfaceIndex } of this.#entries.splice(0)) {
      this.#ip.leaveGroup(interfaceIndex, group);
    }
  }

  /** Whether it is in the group of these words on that interface. */
  has(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    interfaceIndex: number,
  ): boolean {
    for (const { group: g, interfaceIndex: via } of this.#entries) {
      if (
        via === interfaceIndex && g.w3 === w3 && g.w2 === w2 && g.w1 === w1 &&
        g.w0 === w0
      ) return true;
    }
    return false;
  }

  #find(group: IpAddress, interfaceIndex: number): number {
    return this.#entries.findIndex((entry) =>
      entry.interfaceIndex === interfaceIndex && entry.group.equals(group)
    );
  }
}
