/**
 * IP addresses as the kernel's interfaces take them: 4 or 16 bytes and a family.
 *
 * @module
 */
import type { IpAddress } from "../engine/mod.ts";

const AF_INET = 2;
const AF_INET6 = 10;

/** `AF_INET` or `AF_INET6`. */
export function familyOf(address: IpAddress): number {
  return address.family === 4 ? AF_INET : AF_INET6;
}

/** The address in network order: 4 bytes, or 16. */
export function addressBytes(address: IpAddress): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setInt32(0, address.w0);
  view.setInt32(4, address.w1);
  view.setInt32(8, address.w2);
  view.setInt32(12, address.w3);
  return new Uint8Array(view.buffer, address.family === 4 ? 12 : 0);
}
