/**
 * The stack's listeners, by port and address.
 *
 * @module
 */
import type { IpPacketIn } from "../ip/packet.ts";
import type { Listener } from "../tcp/listener.ts";
import { type IpAddress, isUnspecified } from "../wire/ip_address.ts";
import { isIpv4Words } from "../wire/ip_class.ts";

/** All listeners of a stack. A specific address is served before the unspecified one. */
export class ListenerTable {
  readonly #byPort = new Map<number, Listener[]>();

  /** Enters `listener`. */
  add(listener: Listener): void {
    const others = this.#byPort.get(listener.port) ?? [];
    others.push(listener);
    this.#byPort.set(listener.port, others);
  }

  /** Removes `listener`. */
  remove(listener: Listener): void {
    const rest = (this.#byPort.get(listener.port) ?? [])
      .filter((other) => other !== listener);
    if (rest.length === 0) this.#byPort.delete(listener.port);
    else this.#byPort.set(listener.port, rest);
  }

  /** Every listener. A new array. */
  all(): Listener[] {
    return [...this.#byPort.values()].flat();
  }

  /** The listener `packet`, sent to `port`, is for; null: none. */
  find(packet: IpPacketIn, port: number): Listener | null {
    const listeners = this.#byPort.get(port);
    if (listeners === undefined) return null;
    let any: Listener | null = null;
    for (const listener of listeners) {
      const local = listener.local;
      if (local === null || isAnyOf(local, packet)) any = any ?? listener;
      else if (
        local.w0 === packet.local0 && local.w1 === packet.local1 &&
        local.w2 === packet.local2 && local.w3 === packet.local3
      ) return listener;
    }
    return any;
  }
}

/** Whether `local` is the unspecified address of the packet's family. */
function isAnyOf(local: IpAddress, packet: IpPacketIn): boolean {
  const { local0, local1, local2 } = packet;
  return isUnspecified(local) &&
    (local.family === 4) === isIpv4Words(local0, local1, local2);
}
