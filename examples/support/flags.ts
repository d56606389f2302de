/**
 * Command lines of the examples: the flags they share, and how a mistake in
 * one is told.
 *
 * Every example puts its packets on a link, and every link of the examples can
 * be watched and damaged in the same words (`--pcap --drop --corrupt --delay`).
 * Reading is `parseArgs` of node:util, which needs no permission; what it and
 * the checks here object to becomes a {@linkcode UsageError}, one line long.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import {
  type Faults,
  formatIpAddress,
  IpAddress,
  type IpPrefix,
  parseCidr,
  prefixContains,
  tryParseIpAddress,
} from "../../mod.ts";

/** The command line, or the machine, is not as it must be. The message is one line for the user. */
export class UsageError extends Error {
  /** The class's name. */
  override readonly name = "UsageError";
}

/** Asked for with `--help`: the text is the answer, not a failure. */
export class HelpRequest extends Error {
  /** The class's name. */
  override readonly name = "HelpRequest";
}

/** Flags of every example that puts packets on a link, for `parseArgs`. */
export const LINK_FLAGS = {
  "address": { type: "string", multiple: true },
  "corrupt": { type: "string", default: "0" },
  "delay": { type: "string", default: "0" },
  "drop": { type: "string", default: "0" },
  "duplicate": { type: "string", default: "0" },
  "gateway": { type: "string", multiple: true },
  "help": { type: "boolean", default: false },
  "host-address": { type: "string", multiple: true },
  "mtu": { type: "string", default: "1500" },
  "pcap": { type: "string" },
  "rate": { type: "string" },
  "reorder": { type: "string", default: "0" },
  "seed": { type: "string" },
  "tap": { type: "string", default: "tap0" },
  "trace": { type: "boolean", default: false },
} as const;

/** What `--help` says of {@linkcode LINK_FLAGS}. */
export const LINK_HELP = `The link:
  --tap NAME           the TAP interface to make or to attach to (tap0)
  --host-address CIDR  the kernel's address on it, once for each family (10.0.0.1/24, fd00::1/64)
  --address CIDR       our address, once for each family (the one beside the kernel's)
  --gateway ADDRESS    router for everything else (none)
  --mtu BYTES          (1500)
What happens on it, in each direction:
  --drop P             probability that a packet is lost
  --corrupt P          probability that one bit of a packet is flipped
  --duplicate P        probability that a packet arrives twice
  --reorder P          probability that a packet is overtaken
  --delay MS           one-way delay
  --rate MBIT          rate of the bottleneck, Mbit/s
  --seed N             of all chance, to see the same again
Watching it:
  --trace              every packet as a line of text
  --pcap FILE          every packet into a capture file (needs --allow-write)
  --help               this text`;

/** Values of {@linkcode LINK_FLAGS} as `parseArgs` returns them. */
export interface LinkValues {
  /** `--address`. */
  readonly address?: string[] | undefined;
  /** `--corrupt`. */
  readonly corrupt: string;
  /** `--delay`. */
  readonly delay: string;
  /** `--drop`. */
  readonly drop: string;
  /** `--duplicate`. */
  readonly duplicate: string;
  /** `--gateway`. */
  readonly gateway?: string[] | undefined;
  /** `--help`. */
  readonly help: boolean;
  /** `--host-address`. */
  readonly "host-address"?: string[] | undefined;
  /** `--mtu`. */
  readonly mtu: string;
  /** `--pcap`. */
  readonly pcap?: string | undefined;
  /** `--rate`. */
  readonly rate?: string | undefined;
  /** `--reorder`. */
  readonly reorder: string;
  /** `--seed`. */
  readonly seed?: string | undefined;
  /** `--tap`. */
  readonly tap: string;
  /** `--trace`. */
  readonly trace: boolean;
}

/** How the link is to be. */
export interface LinkSettings {
  /** Name of the TAP interface. */
  readonly tap: string;
  /** Addresses of the kernel's side in CIDR notation. */
  readonly hostAddresses: readonly string[];
  /** Ours. */
  readonly addresses: readonly string[];
  /** Routers. */
  readonly gateways: readonly string[];
  /** MTU, bytes. */
  readonly mtu: number;
  /** What goes wrong, in each direction. */
  readonly faults: Faults;
  /** Seed of the faults; null: another each time. */
  readonly seed: number | null;
  /** Capture file; null: none. */
  readonly pcap: string | null;
  /** Print every packet. */
  readonly trace: boolean;
}

const DEFAULT_HOST_ADDRESSES = ["10.0.0.1/24", "fd00::1/64"];
const MICROS_PER_MS = 1_000;
const BITS_PER_MBIT = 1e6;

/** Reads the command line. `help` is printed when asked for. Throws {@linkcode UsageError} for what `config` does not foresee. */
export function readArguments<T extends ParseArgsConfig>(
  config: T,
  help: string,
): ReturnType<typeof parseArgs<T>> {
  if (Deno.args.includes("--help")) throw new HelpRequest(help);
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // parseArgs adds a paragraph of advice; its first sentence says what is wrong.
    const [sentence] = error.message.split(/\.(?=\s)|\n/);
    throw new UsageError(`${sentence}; see --help`);
  }
}

/** Checks what was given for {@linkcode LINK_FLAGS}. Throws {@linkcode UsageError}. */
export function readLink(values: LinkValues): LinkSettings {
  const { addresses, hostAddresses } = readAddresses(values);
  return {
    tap: values.tap,
    hostAddresses,
    addresses,
    gateways: (values.gateway ?? []).map((text) =>
      readAddress("--gateway", text)
    ),
    mtu: readInteger("--mtu", values.mtu, 68, 65_521),
    faults: readFaults(values),
    seed: values.seed === undefined
      ? null
      : readInteger("--seed", values.seed, 0, 0xffff_ffff),
    pcap: values.pcap ?? null,
    trace: values.trace,
  };
}

/** A number in `[min, max]`. */
export function readNumber(
  flag: string,
  text: string,
  min: number,
  max: number,
): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max) return value;
  throw new UsageError(
    `Cannot use ${flag} ${text}: it must be a number in ${min}..${max}`,
  );
}

/** A whole number in `[min, max]`. */
export function readInteger(
  flag: string,
  text: string,
  min: number,
  max: number,
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(
    `Cannot use ${flag} ${text}: it must be a whole number in ${min}..${max}`,
  );
}

/** A port, 1..65535. */
export function readPort(text: string): number {
  return readInteger("port", text, 1, 65_535);
}

/** A literal address, as it was given. */
export function readAddress(flag: string, text: string): string {
  if (tryParseIpAddress(text) !== null) return text;
  throw new UsageError(
    `Cannot use ${flag} ${text}: it must be an IPv4 or IPv6 address (the engine resolves no names)`,
  );
}

function readFaults(values: LinkValues): Faults {
  const probability = (name: "drop" | "corrupt" | "duplicate" | "reorder") =>
    readNumber(`--${name}`, values[name], 0, 1);
  const delay = readNumber("--delay", values.delay, 0, 60_000) * MICROS_PER_MS;
  const rate = values.rate === undefined
    ? Infinity
    : readNumber("--rate", values.rate, 0.001, 1e6) * BITS_PER_MBIT;
  return {
    drop: probability("drop"),
    corrupt: probability("corrupt"),
    duplicate: probability("duplicate"),
    reorder: probability("reorder"),
    delay,
    ...(rate < Infinity ? { bitsPerSecond: rate } : {}),
  };
}

/** One end's addresses follow from the other's: neighbours in the same network. */
function readAddresses(
  values: LinkValues,
): Pick<LinkSettings, "addresses" | "hostAddresses"> {
  const check = (flag: string, texts: readonly string[]): readonly string[] => {
    for (const text of texts) readCidr(flag, text);
    return texts;
  };
  const given = values.address === undefined
    ? null
    : check("--address", values.address);
  const hostGiven = values["host-address"] === undefined
    ? null
    : check("--host-address", values["host-address"]);
  const hostAddresses = hostGiven ?? given?.map(neighbour) ??
    DEFAULT_HOST_ADDRESSES;
  return { hostAddresses, addresses: given ?? hostAddresses.map(neighbour) };
}

function readCidr(flag: string, text: string): IpPrefix {
  try {
    return parseCidr(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot use ${flag}: ${reason}`);
  }
}

/** The address beside `cidr`'s in the same network: 10.0.0.1/24 and 10.0.0.2/24 are each other's. */
function neighbour(cidr: string): string {
  const prefix = parseCidr(cidr);
  const { address, prefixLength } = prefix;
  const step = (address.w3 & 1) === 1 ? 1 : -1;
  for (const offset of [step, -step]) {
    const { w0, w1, w2, w3 } = address;
    const beside = new IpAddress(w0, w1, w2, w3 + offset);
    if (prefixContains(prefix, beside)) {
      return `${formatIpAddress(beside)}/${prefixLength}`;
    }
  }
  throw new UsageError(
    `Cannot choose an address beside ${cidr}: give both --address and --host-address`,
  );
}
