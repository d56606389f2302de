/**
 * Everything that touches the operating system.
 *
 * The engine is told and asked; this is who tells and asks it. Devices
 * ({@linkcode TapDevice}), the loop ({@linkcode Host}), the clock, the random
 * numbers, and what a program on Linux needs to set up a network of its own:
 * namespaces, interfaces, addresses, routes, sysctls.
 *
 * Nothing is loaded at import. What calls the C library needs `--allow-ffi`;
 * {@linkcode TimerWaiter}, {@linkcode MonotonicClock} and
 * {@linkcode CryptoRandom} need no permission.
 *
 * @module
 */
export { MonotonicClock } from "./clock.ts";
export { CryptoRandom } from "./random.ts";
export { DeviceCounters } from "./device_counters.ts";
export { errnoMeaning, errnoName } from "./errno_names.ts";
export { LibraryError, SystemError } from "./system_error.ts";
export type { HostedStack, HostOptions } from "./host.ts";
export { Host } from "./host.ts";
export { PollWaiter } from "./poller.ts";
export { TimerWaiter } from "./timer_waiter.ts";
export type { TapOptions } from "./tap.ts";
export { TapDevice } from "./tap.ts";
export type { PcapOptions } from "./pcap.ts";
export { PcapDevice } from "./pcap.ts";
export type { PcapInterface } from "./pcap_devices.ts";
export { listPcapInterfaces } from "./pcap_devices.ts";
export {
  createNamedNetns,
  deleteNamedNetns,
  Netns,
  unshareNetns,
  withNetns,
} from "./netns.ts";
export type { Link, LinkChange } from "./links.ts";
export { createVeth, deleteLink, getLink, moveLink, setLink } from "./links.ts";
export { addAddress, settleAddress } from "./addresses.ts";
export type { RouteTarget } from "./routes.ts";
export { addRoute } from "./routes.ts";
export { readSysctl, writeSysctl } from "./sysctl.ts";
export type { OpenStackOptions } from "./open_stack.ts";
export { openStack } from "./open_stack.ts";
