/**
 * Makes a network namespace and says in one line how that went.
 *
 * @module
 */
import { Netns } from "../../../ffi/mod.ts";

try {
  Netns.create().close();
  console.log("created");
} catch (error) {
  const { name, message } = error as Error;
  console.log(`${name}: ${message}`);
}
