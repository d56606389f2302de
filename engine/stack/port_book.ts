/**
 * Which ports are taken by listeners, and by connections whose application
 * named the port.
 *
 * Connections with ephemeral ports are not in the book: their 4-tuple is
 * unique in the connection table, and one port may serve many destinations
 * (RFC 6056). The rule for explicit binds is the sockets API's: an address and
 * port may be bound once; null, which is every address, collides with all, and
 * 0.0.0.0 and :: with all of their family.
 *
 * @module
 */
import { type IpAddress, isUnspecified } from "../wire/ip_address.ts";

interface Binding {
  readonly address: IpAddress | null;
  readonly shared: "exclusive" | "reuse";
}

/** The book of one transport protocol. */
export class PortBook {
  readonly #bindings = new Map<number, Binding[]>();

  /** Whether anything is bound to `port`. */
  isTaken(port: number): boolean {
    return this.#bindings.has(port);
  }

  /** Binds `port` of `address` (null: any). False when it collides; two binds that both say `"reuse"` do not. */
  reserve(
    address: IpAddress | null,
    port: number,
    shared: "exclusive" | "reuse",
  ): boolean {
    const bindings = this.#bindings.get(port) ?? [];
    for (const other of bindings) {
      const overlaps = doOverlap(other.address, address);
      if (overlaps && !(other.shared === "reuse" && shared === "reuse")) {
        return false;
      }
    }
    bindings.push({ address, shared });
    this.#bindings.set(port, bindings);
    return true;
  }

  /** Frees what `reserve` took. */
  release(address: IpAddress | null, port: number): void {
    const bindings = this.#bindings.get(port);
    if (bindings === undefined) return;
    const index = bindings.findIndex((b) =>
      address === null ? b.address === null : b.address?.equals(address)
    );
    if (index >= 0) bindings.splice(index, 1);
    if (bindings.length === 0) this.#bindings.delete(port);
  }
}

/** Whether a packet could be for both. */
function doOverlap(a: IpAddress | null, b: IpAddress | null): boolean {
  if (a === null || b === null || a.equals(b)) return true;
  return a.family === b.family && (isUnspecified(a) || isUnspecified(b));
}
