/**
 * The last step of the layer's own control packets: into the interface's queue.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import { ETHERNET_HEADER_LENGTH, writeEthernet } from "../wire/ethernet.ts";
import type { IpContext } from "./context.ts";
import { LINK_OUT_DISCARDS } from "./counters.ts";
import type { IpInterface } from "./interface.ts";

/** Puts a link header before the frame and queues a copy. `false`, and counted, when there is no room. */
export function queueOnLink(
  context: IpContext,
  via: IpInterface,
  frame: Frame,
  linkHi: number,
  linkLo: number,
  etherType: number,
): boolean {
  if (via.ethernet) {
    frame.start -= ETHERNET_HEADER_LENGTH;
    writeEthernet(
      frame.view,
      frame.start,
      linkHi,
      linkLo,
      via.linkHi,
      via.linkLo,
      etherType,
    );
  }
  const copy = context.store.put(frame, null);
  if (copy !== null && via.queue.push(copy)) return true;
  context.counters.increment(LINK_OUT_DISCARDS);
  return false;
}
