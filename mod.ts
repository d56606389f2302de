/**
 * Synload: a userspace TCP engine for Deno that crafts its own packets, SYNs
 * with a Fast Open cookie and payload among them.
 *
 * ```ts
 * import { openStack, TapDevice } from "@synload/engine";
 *
 * const tap = TapDevice.open({ name: "tap0", hostAddresses: ["10.0.0.1/24"] });
 * await using net = await openStack({ device: tap, addresses: ["10.0.0.2/24"] });
 * await using conn = await net.connect({
 *   hostname: "10.0.0.1",
 *   port: 80,
 *   fastOpen: new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"),
 * });
 * for await (const chunk of conn.readable) console.log(chunk.length);
 * ```
 *
 * Two halves: the engine (`@synload/engine/engine`), which runs anywhere, and
 * what touches the operating system (`@synload/engine/ffi`). Nothing is loaded
 * and no permission is used at import.
 *
 * @module
 */
export * from "./engine/mod.ts";
export * from "./ffi/mod.ts";
