/**
 * Opens a capture on `lo` and says in one line how that went.
 *
 * @module
 */
import { PcapDevice } from "../../../ffi/mod.ts";

try {
  PcapDevice.open({ name: "lo" }).close();
  console.log("opened");
} catch (error) {
  const { name, message } = error as Error;
  console.log(`${name}: ${message}`);
}
