/**
 * Duplicate address detection, RFC 4862 §5.4: is this address already someone's?
 *
 *     add ──0..1 s──▶ NS from :: ──1 s──▶ nobody answered ──▶ preferred, announced
 *                          │
 *                          └─ an NA for it, or another's NS from :: ──▶ gone
 *
 * Addresses given by hand skip it unless the interface asks for it, so that a
 * stack is usable at once; autoconfigured ones always run it.
 *
 * @module
 */
import { type Micros, NEVER, SECOND } from "../base/units.ts";
import { IPV6_ANY } from "../wire/ip_address.ts";
import {
  ADDRESS_PREFERRED,
  ADDRESS_TENTATIVE,
  type HostAddress,
} from "./addresses.ts";
import type { IpContext } from "./context.ts";
import { NDP_DUPLICATES } from "./counters.ts";
import { queueAdvertisement, queueSolicitation } from "./ndp_output.ts";

/** DupAddrDetectTransmits, RFC 4862 §5.1. */
const PROBE_COUNT = 1;
/** RetransTimer between and after probes, RFC 4861 §10. */
const PROBE_INTERVAL = SECOND;

/** Makes an address tentative and schedules its first probe, up to a second from now (RFC 4862 §5.4.2). */
export function detectDuplicates(
  context: IpContext,
  entry: HostAddress,
  now: Micros,
): void {
  entry.state = ADDRESS_TENTATIVE;
  entry.probeCount = 0;
  const part = (context.random.int32() >>> 8) / 2 ** 24;
  entry.probeAt = now + part * SECOND;
}

/** When the first address takes its next step. */
export function duplicatesDeadline(context: IpContext): Micros {
  let earliest = NEVER;
  for (const entry of context.addresses.entries) {
    if (entry.probeAt < earliest) earliest = entry.probeAt;
  }
  return earliest;
}

/** Sends the probes that are due and puts addresses nobody claimed to use. */
export function stepDuplicates(context: IpContext, now: Micros): void {
  for (const entry of context.addresses.entries) {
    if (entry.probeAt > now) continue;
    const via = context.interfaces[entry.interfaceIndex];
    if (via === null || via === undefined) {
      entry.probeAt = NEVER;
    } else if (entry.probeCount < PROBE_COUNT) {
      entry.probeCount++;
      entry.probeAt = now + PROBE_INTERVAL;
      queueSolicitation(context, via, IPV6_ANY, entry.address, null);
    } else {
      entry.probeAt = NEVER;
      entry.state = ADDRESS_PREFERRED;
      context.routes.generation++;
      queueAdvertisement(context, via, entry.address, null, 0, 0);
    }
  }
}

/** Gives up a tentative address that another node has or wants, RFC 4862 §5.4.5. */
export function rejectDuplicate(context: IpContext, entry: HostAddress): void {
  context.counters.increment(NDP_DUPLICATES);
  context.addresses.remove(entry);
  context.routes.generation++;
}
