/**
 * A parked host and nothing else: the process lives exactly as long as the host runs.
 *
 * @module
 */
import type { LinkDevice } from "../../../engine/mod.ts";
import { POLL_IDLE } from "../../../engine/mod.ts";
import { Host } from "../../../ffi/mod.ts";

/** poll(2) passes over a negative descriptor: a device that is never readable. */
const device: LinkDevice = {
  caps: { medium: 2, ipMtu: 1500, checksumOffload: false, gsoMaxSize: 0 },
  readiness: { fd: -1 },
  deadline: Infinity,
  receive: () => 0,
  transmit: () => 0,
  close: () => {},
};

const host = new Host({ deadline: Infinity, poll: () => POLL_IDLE }, [device]);
host.start();
const timer = setTimeout(() => {
  console.log("alive");
  host.close().then(() => console.log("closed"));
}, 100);
Deno.unrefTimer(timer); // so that only the host keeps the process alive
