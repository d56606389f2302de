// @hot
/**
 * The multicast groups we joined, beside those every host is in.
 *
 * A membership belongs to one interface and is counted, since several sockets
 * may want it; the last to leave ends it. Nobody is told: a link whose switches
 * or routers wait for a report (IGMP, RFC 9776; MLD, RFC 9777) may not pass the
 * group on, a TAP, a cable and a flooding switch do.
 *
 * RFC 1112 §7.1 (JoinHostGroup, LeaveHostGroup), RFC 4291 §2.7.
 *
 * @module
 */
import type { IpAddress } from "../wire/ip_address.ts";

interface Membership {
  readonly group: IpAddress;
  readonly interfaceIndex: number;
  count: number;
}

/** Memberships of all interfaces. */
export class GroupTable {
  readonly #entries: Membership[] = [];

  /** Joins, once more if need be. */
  join(group: IpAddress, interfaceIndex: number): void {
    const at = this.#find(group, interfaceIndex);
    if (at >= 0) this.#entries[at].count++;
    else this.#entries.push(membershipOf(group, interfaceIndex));
  }

  /** Undoes one `join`; false when there is none. */
  leave(group: IpAddress, interfaceIndex: number): boolean {
    const at = this.#find(group, interfaceIndex);
    if (at < 0) return false;
    this.#entries[at].count--;
    if (this.#entries[at].count === 0) this.#entries.splice(at, 1);
    return true;
  }

  /** Leaves every group of an interface that goes. */
  removeInterface(interfaceIndex: number): void {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (this.#entries[i].interfaceIndex === interfaceIndex) {
        this.#entries.splice(i, 1);
      }
    }
  }

  /** Whether the words are a group joined on that interface. */
  has(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    interfaceIndex: number,
  ): boolean {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) {
      const g = entries[i].group;
      if (
        g.w3 === w3 && g.w2 === w2 && g.w1 === w1 && g.w0 === w0 &&
        entries[i].interfaceIndex === interfaceIndex
      ) return true;
    }
    return false;
  }

  #find(group: IpAddress, interfaceIndex: number): number {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) {
      const isSame = entries[i].interfaceIndex === interfaceIndex &&
        entries[i].group.equals(group);
      if (isSame) return i;
    }
    return -1;
  }
}

function membershipOf(group: IpAddress, interfaceIndex: number): Membership {
  // deno-lint-ignore synload/no-alloc-in-hot-file -- once a membership
  return { group, interfaceIndex, count: 1 };
}
