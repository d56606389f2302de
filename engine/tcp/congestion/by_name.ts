/**
 * The controllers an application can ask for by name, as with Linux's
 * TCP_CONGESTION.
 *
 * @module
 */
import type { CongestionControl } from "./control.ts";
import { createCubic } from "./cubic.ts";
import { createNewReno } from "./new_reno.ts";

/** Names of the controllers that come with the engine. */
export type CongestionControlName = "cubic" | "reno";

/** What makes the controller called `name`. Throws RangeError when there is none of that name. */
export function congestionControlByName(
  name: CongestionControlName,
): () => CongestionControl {
  switch (name) {
    case "cubic":
      return createCubic;
    case "reno":
      return createNewReno;
    default:
      throw new RangeError(
        `Cannot choose congestion control: it must be "cubic", "reno" or a function that makes one, got ${name}`,
      );
  }
}
