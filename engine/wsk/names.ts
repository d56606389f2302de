/**
 * Names and addresses: what WskGetAddressInfo and WskGetNameInfo look up.
 *
 * Literal addresses need nobody. Names are looked for in the hosts table the
 * program gave, then asked of the resolver it plugged in, if any. Service
 * names come from a table of their own, of which a few are built in.
 *
 * @module
 */
import {
  formatIpAddress,
  type IpAddress,
  IPV4_ANY,
  IPV6_ANY,
  tryParseIpAddress,
} from "../wire/ip_address.ts";

/** Resolves what the hosts table does not know. */
export interface WskResolver {
  /** The addresses of a name; none when it has none. */
  resolve(name: string): Promise<readonly IpAddress[]>;
  /** The name of an address, or `null`. */
  reverse(address: IpAddress): Promise<string | null>;
}

/** Addresses by name, as text: `{ "server.test": ["10.0.0.1", "fd00::1"] }`. */
export type HostsTable = Readonly<Record<string, readonly string[]>>;

const SERVICES: Readonly<Record<string, number>> = {
  echo: 7,
  discard: 9,
  daytime: 13,
  chargen: 19,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  http: 80,
  ntp: 123,
  https: 443,
};

const LOOPBACK: readonly string[] = ["::1", "127.0.0.1"];

/** What one subsystem knows of names. */
export class NameService {
  readonly #hosts: Map<string, readonly IpAddress[]> = new Map();
  readonly #names: { name: string; address: IpAddress }[] = [];
  readonly #resolver: WskResolver | null;

  /** Reads the hosts table; throws when an address in it is none. */
  constructor(hosts: HostsTable, resolver: WskResolver | null) {
    this.#resolver = resolver;
    for (
      const [name, texts] of Object.entries({ localhost: LOOPBACK, ...hosts })
    ) {
      const addresses = texts.map((text) => parse(name, text));
      this.#hosts.set(name.toLowerCase(), addresses);
      for (const address of addresses) this.#names.push({ name, address });
    }
  }

  /** The addresses of a node; none when it is not known. */
  async addressesOf(node: string): Promise<readonly IpAddress[]> {
    const literal = tryParseIpAddress(node);
    if (literal !== null) return [literal];
    const known = this.#hosts.get(node.toLowerCase().replace(/\.$/, ""));
    if (known !== undefined) return known;
    return await this.#resolver?.resolve(node) ?? [];
  }

  /** The name of an address, or `null`. */
  async nameOf(address: IpAddress): Promise<string | null> {
    const known = this.#names.find((entry) => entry.address.equals(address));
    return known?.name ?? await this.#resolver?.reverse(address) ?? null;
  }
}

/** The port of a service given by number or name, or -1. */
export function portOf(service: string): number {
  if (/^\d+$/.test(service)) {
    const port = Number(service);
    return port <= 65_535 ? port : -1;
  }
  return SERVICES[service.toLowerCase()] ?? -1;
}

/** The service of a port, or its digits. */
export function serviceOf(port: number): string {
  const known = Object.entries(SERVICES).find(([, value]) => value === port);
  return known?.[0] ?? String(port);
}

/** What a missing node name stands for: loopback, or to listen the unspecified address. */
export function defaultAddresses(
  purpose: "connect" | "listen",
): readonly IpAddress[] {
  return purpose === "listen"
    ? [IPV6_ANY, IPV4_ANY]
    : LOOPBACK.map((text) => parse("localhost", text));
}

/** An address as text. */
export function textOf(address: IpAddress): string {
  return formatIpAddress(address);
}

function parse(name: string, text: string): IpAddress {
  const address = tryParseIpAddress(text);
  if (address === null) {
    throw new TypeError(
      `Cannot read hosts table: the addresses of "${name}" must be IP addresses, got "${text}"`,
    );
  }
  return address;
}
