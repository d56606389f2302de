/**
 * What a script runs with: addresses, ports, MTU, tolerances, definitions.
 *
 * The file's own options come first and the command line's override them, as in
 * packetdrill. The addresses that stand when neither speaks are those of the
 * Linux selftests, because the Fast Open cookies scripts name (`TFO_COOKIE`)
 * are computed over them with the key of their defaults.
 *
 * @module
 */
import {
  formatIpAddress,
  parseIpAddress,
} from "../../../engine/wire/ip_address.ts";
import type { ScriptOption } from "../lang/ast.ts";

/** How sockets and packets are addressed. */
export type Family = "ipv4" | "ipv6" | "ipv4-mapped-ipv6";

/** Everything a run needs to know beside its script. */
export interface RunConfig {
  /** Address family of the run. */
  readonly family: Family;
  /** Packets are IPv4 (4) or IPv6 (6). */
  readonly wireVersion: 4 | 6;
  /** Domain of a socket made with `...`. */
  readonly socketDomain: number;
  /** Address of the system under test. */
  readonly localIp: string;
  /** Bits of the local network. */
  readonly localPrefixLength: number;
  /** Address packets are injected from. */
  readonly remoteIp: string;
  /** Port `bind(…)` takes. */
  readonly bindPort: number;
  /** Port `connect(…)` goes to. */
  readonly connectPort: number;
  /** MTU of the interface, bytes. */
  readonly mtu: number;
  /** Injected segments longer than this are handed over as merged from segments of this many bytes; 0: as one. */
  readonly injectedMss: number;
  /** Least tolerance of a time, µs. */
  readonly toleranceUsecs: number;
  /** Tolerance as a part of the time since the event before, percent. */
  readonly tolerancePercent: number;
  /** µs a tick of the outbound timestamp stands for; 0: timestamps are not compared. */
  readonly tsTickUsecs: number;
  /** An inbound TS ecr without a known outbound value is interpolated. */
  readonly tsEcrScaled: boolean;
  /** One expected packet is one packet, never several adjacent ones. */
  readonly strictSegments: boolean;
  /** Kinds of failure that only warn: `packet`, `syscall`. */
  readonly nonFatal: ReadonlySet<string>;
  /** Shell files run before the script. */
  readonly initScripts: readonly string[];
  /** Why the script cannot run at all with its options, or null. */
  readonly refusal: string | null;
}

/** An option that cannot be understood. */
export class OptionError extends Error {}

interface Draft {
  family: Family | null;
  values: Map<string, string>;
}

const AF_INET = 2;
const AF_INET6 = 10;

/** Options that take no value. */
const SWITCHES = new Set([
  "tcp_ts_ecr_scaled",
  "strict_segments",
  "dry_run",
  "is_anyip",
  "send_omit_free",
  "debug",
  "verbose",
  "wire_client",
  "wire_server",
]);
/** Options that take a value. */
const VALUED = new Set([
  "ip_version",
  "bind_port",
  "code_command",
  "code_format",
  "code_sockopt",
  "connect_port",
  "remote_ip",
  "local_ip",
  "gateway_ip",
  "netmask_ip",
  "speed",
  "mss",
  "mtu",
  "init_scripts",
  "tolerance_usecs",
  "tolerance_percent",
  "wire_server_ip",
  "wire_server_at",
  "wire_server_port",
  "wire_client_dev",
  "wire_server_dev",
  "so_filename",
  "so_flags",
  "tcp_ts_tick_usecs",
  "non_fatal",
  "define",
]);
/** Options that ask for another kind of program altogether. */
const FOREIGN: Readonly<Record<string, string>> = {
  wire_client: "two-machine runs",
  wire_server: "two-machine runs",
  so_filename: "a shared object under test",
};

/** Whether packetdrill's option table has the name, and whether it takes a value. */
export function optionArity(name: string): "switch" | "value" | null {
  return SWITCHES.has(name) ? "switch" : VALUED.has(name) ? "value" : null;
}

/**
 * Joins the file's options with the command line's.
 *
 * @throws OptionError for an unknown option or a value out of range
 */
export function makeConfig(
  fileOptions: readonly ScriptOption[],
  commandLine: readonly (readonly [string, string | null])[],
): RunConfig {
  const draft: Draft = { family: null, values: new Map() };
  for (const option of fileOptions) addOption(draft, option.name, option.value);
  for (const [name, value] of commandLine) addOption(draft, name, value);
  return finish(draft);
}

/** The definitions every run starts with, by family: those the public collections' own runners make. */
export function defaultDefines(family: Family): Map<string, string> {
  const isIpv6 = family === "ipv6";
  return new Map([
    ["TFO_COOKIE", isIpv6 ? "c1d1e9742a47a9bc" : "3021b9d889017eeb"],
    ["TFO_COOKIE_ZERO", isIpv6 ? "82af1a8f9a205c34" : "b7c12350a90dc8f5"],
    ["CMSG_LEVEL_IP", family === "ipv4" ? "SOL_IP" : "SOL_IPV6"],
    ["CMSG_TYPE_RECVERR", family === "ipv4" ? "IP_RECVERR" : "IPV6_RECVERR"],
  ]);
}

function addOption(draft: Draft, name: string, value: string | null): void {
  const arity = optionArity(name);
  if (arity === null) throw new OptionError(`option "--${name}" is unknown`);
  if (arity === "switch" && value !== null) {
    throw new OptionError(`option "--${name}" takes no value`);
  }
  if (arity === "value" && value === null) {
    throw new OptionError(`option "--${name}" needs a value`);
  }
  if (name === "ip_version") {
    if (value !== "ipv4" && value !== "ipv6" && value !== "ipv4-mapped-ipv6") {
      throw new OptionError(
        `--ip_version must be ipv4, ipv6 or ipv4-mapped-ipv6, got ${value}`,
      );
    }
    draft.family = value;
  }
  draft.values.set(name, value ?? "");
}

function finish(draft: Draft): RunConfig {
  const { values } = draft;
  const family = draft.family ?? "ipv4";
  const isIpv6 = family === "ipv6";
  const foreign = [...values.keys()].find((name) =>
    Object.hasOwn(FOREIGN, name)
  );
  const isPython = (values.get("code_format") ?? "python") === "python";
  return {
    family,
    wireVersion: isIpv6 ? 6 : 4,
    socketDomain: family === "ipv4" ? AF_INET : AF_INET6,
    localIp: addressOf(
      values,
      "local_ip",
      isIpv6 ? "fd3d:a0b:17d6::1" : "192.168.0.1",
    ),
    localPrefixLength: isIpv6
      ? 48
      : prefixLengthOf(values.get("netmask_ip") ?? "255.255.0.0"),
    remoteIp: addressOf(
      values,
      "remote_ip",
      isIpv6 ? "fd3d:fa7b:d17d::1" : "192.0.2.1",
    ),
    bindPort: integerOf(values, "bind_port", 8080, 1, 0xffff),
    connectPort: integerOf(values, "connect_port", 8080, 1, 0xffff),
    // The public runners make IPv6 carry the same 1460-byte segments.
    mtu: integerOf(values, "mtu", isIpv6 ? 1520 : 1500, 68, 65_535),
    injectedMss: integerOf(values, "mss", 0, 1, 65_535),
    toleranceUsecs: integerOf(values, "tolerance_usecs", 4_000, 1, 1e9),
    tolerancePercent: numberOf(values, "tolerance_percent", 12.5, 0, 100),
    tsTickUsecs: integerOf(values, "tcp_ts_tick_usecs", 0, 0, 1_000_000),
    tsEcrScaled: values.has("tcp_ts_ecr_scaled"),
    strictSegments: values.has("strict_segments"),
    nonFatal: new Set(
      (values.get("non_fatal") ?? "").split(/[, ]+/).filter((kind) =>
        kind !== ""
      ),
    ),
    initScripts: (values.get("init_scripts") ?? "").split(",").filter((file) =>
      file !== ""
    ),
    refusal: foreign !== undefined
      ? `${FOREIGN[foreign]} cannot be run`
      : isPython
      ? null
      : `code in ${values.get("code_format")}`,
  };
}

/** An address in its usual form, so that text can be compared; a prefix length behind it is dropped. */
function addressOf(
  values: ReadonlyMap<string, string>,
  name: string,
  fallback: string,
): string {
  const text = (values.get(name) ?? fallback).replace(/\/.*/, "");
  try {
    return formatIpAddress(parseIpAddress(text));
  } catch {
    throw new OptionError(`--${name} must be an IP address, got "${text}"`);
  }
}

function integerOf(
  values: ReadonlyMap<string, string>,
  name: string,
  fallback: number,
  low: number,
  high: number,
) {
  const value = numberOf(values, name, fallback, low, high);
  if (!Number.isInteger(value)) {
    throw new OptionError(`--${name} must be a whole number, got ${value}`);
  }
  return value;
}

function numberOf(
  values: ReadonlyMap<string, string>,
  name: string,
  fallback: number,
  low: number,
  high: number,
): number {
  const text = values.get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text === "" || Number.isNaN(value) || value < low || value > high) {
    throw new OptionError(
      `--${name} must be a number in ${low}..${high}, got "${text}"`,
    );
  }
  return value;
}

function prefixLengthOf(netmask: string): number {
  let length = 0;
  for (const octet of netmask.split(".")) {
    length += Number(octet).toString(2).replaceAll("0", "").length;
  }
  return length;
}
