/**
 * Opens a TAP and says in one line how that went: `opened NAME`, or the error.
 *
 * With SYNLOAD_FORGET=1 it forgets the device instead of closing it and says
 * `collected` once its interface is gone.
 *
 * @module
 */
import { getLink, TapDevice } from "../../../ffi/mod.ts";

/** What --expose-gc puts there. */
declare const gc: () => void;

const wantsForgetting =
  Deno.permissions.querySync({ name: "env" }).state === "granted" &&
  Deno.env.get("SYNLOAD_FORGET") === "1";

function open(): string {
  try {
    const tap = TapDevice.open();
    if (!wantsForgetting) tap.close();
    return tap.name;
  } catch (error) {
    const { name, message } = error as Error;
    console.log(`${name}: ${message}`);
    Deno.exit(0);
  }
}

function isThere(name: string): boolean {
  try {
    getLink(name);
    return true;
  } catch {
    return false;
  }
}

const name = open();
if (!wantsForgetting) console.log(`opened ${name}`);
else {
  for (let i = 0; i < 500 && isThere(name); i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  console.log(isThere(name) ? "still there" : "collected");
}
