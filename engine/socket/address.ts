/**
 * Addresses and ports as applications write them.
 *
 * The engine resolves no names: a hostname is a literal address.
 *
 * @module
 */
import { type IpAddress, tryParseIpAddress } from "../wire/ip_address.ts";

/** The address `text` spells. Throws TypeError, which names the `action`, when it spells none. */
export function parseAddress(action: string, text: string): IpAddress {
  const address = tryParseIpAddress(text);
  if (address === null) {
    throw new TypeError(
      `Cannot ${action} "${text}": not an IPv4 or IPv6 address; names must be resolved first`,
    );
  }
  return address;
}

/** Throws TypeError, which names the `action`, unless `port` is an integer from `least` to 65535. */
export function checkPort(action: string, port: number, least: 0 | 1): void {
  if (!Number.isInteger(port) || port < least || port > 65_535) {
    throw new TypeError(
      `Cannot ${action}: port must be ${least}..65535, got ${port}`,
    );
  }
}
