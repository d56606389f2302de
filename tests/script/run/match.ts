/**
 * Does the packet that came fit the one the script expects?
 *
 * The comparison is packetdrill's: flags, numbers, window, urgent pointer,
 * options in order and payload, all exactly; what the script does not say (a
 * window, an ECN mark, a TTL, `<...>`) is not compared. Timestamp values are
 * compared when the run has a tick length, because hosts differ in theirs.
 *
 * Segments that a sender cuts from one write may be expected as one long
 * packet: {@linkcode joinSegments} puts adjacent ones together first.
 *
 * @module
 */
import type { IpSpec, PacketAction, TcpOption, TcpSpec } from "../lang/ast.ts";
import type { RunConfig } from "./config.ts";
import { icmpNumbers } from "./icmp_names.ts";
import type { Packet, TcpBody } from "./packet.ts";
import { showFlags, showOption, showOptions } from "./show.ts";

const ACE_BITS = 0x1c0;
const FIN_PSH_CWR = 0x89;
const PSH_FIN = 0x09;

/**
 * Names the first difference, or null when the packet fits.
 *
 * @param actual the packet in script space
 */
export function findDifference(
  expected: PacketAction,
  actual: Packet,
  config: RunConfig,
): string | null {
  const { transport } = expected;
  if (transport.kind !== actual.body.kind) {
    return differs("protocol", transport.kind, actual.body.kind);
  }
  const ip = findIpDifference(expected.ip, actual);
  if (ip !== null) return ip;
  if (transport.kind === "tcp" && actual.body.kind === "tcp") {
    return findTcpDifference(transport, actual.body, config);
  }
  if (transport.kind === "udp" && actual.body.kind === "udp") {
    return compare(
      "payload length",
      transport.length,
      actual.body.payload.length,
    ) ?? findStrangeByte(actual.body.payload);
  }
  if (transport.kind === "icmp" && actual.body.kind === "icmp") {
    const numbers = icmpNumbers(actual.version, transport.type, transport.code);
    if (numbers === null) {
      return `no such ICMP message in IPv${actual.version}: ${transport.type} ${transport.code}`;
    }
    return compare("ICMP type", numbers[0], actual.body.type) ??
      compare("ICMP code", numbers[1], actual.body.code);
  }
  return null;
}

function findIpDifference(ip: IpSpec, actual: Packet): string | null {
  const ecn = actual.trafficClass & 3;
  if (ip.ecn === "ect01" && ecn !== 1 && ecn !== 2) {
    return differs("ECN", "1 or 2", ecn);
  }
  if (typeof ip.ecn === "number" && ip.ecn !== ecn) {
    return differs("ECN", ip.ecn, ecn);
  }
  if (ip.trafficClass !== null && ip.trafficClass !== actual.trafficClass) {
    return differs("tos", ip.trafficClass, actual.trafficClass);
  }
  // 0 says "not compared", in packetdrill and so here.
  return ip.hopLimit === null || ip.hopLimit === 0
    ? null
    : compare("ttl", ip.hopLimit, actual.hopLimit);
}

function findTcpDifference(
  expected: TcpSpec,
  actual: TcpBody,
  config: RunConfig,
): string | null {
  if (expected.flags !== actual.flags) {
    if (
      !expected.isAceCount ||
      ((expected.flags ^ actual.flags) & ~ACE_BITS) !== 0
    ) {
      return differs(
        "flags",
        showFlags(expected.flags),
        showFlags(actual.flags),
      );
    }
    return differs("ACE", aceOf(expected.flags), aceOf(actual.flags));
  }
  return compare("reserved bits", 0, actual.reserved) ??
    compare("seq", expected.seq, actual.seq) ??
    compare("payload length", expected.length, actual.payload.length) ??
    compare("ack", expected.ack, actual.ack) ??
    (expected.window === null
      ? null
      : compare("win", expected.window, actual.window)) ??
    compare("urg", expected.urgent, actual.urgent) ??
    (expected.options === null
      ? null
      : findOptionDifference(expected.options, actual.options, config)) ??
    findStrangeByte(actual.payload);
}

function aceOf(flags: number): number {
  return (flags >> 8 & 1) << 2 | (flags >> 7 & 1) << 1 | flags >> 6 & 1;
}

function findOptionDifference(
  expected: readonly TcpOption[],
  actual: readonly TcpOption[],
  config: RunConfig,
): string | null {
  const isSameShape = expected.length === actual.length &&
    expected.every((option, i) => shapeOf(option) === shapeOf(actual[i]));
  if (!isSameShape) {
    return differs(
      "options",
      `<${showOptions(expected)}>`,
      `<${showOptions(actual)}>`,
    );
  }
  for (let i = 0; i < expected.length; i++) {
    if (!fits(expected[i], actual[i], config)) {
      return differs("option", showOption(expected[i]), showOption(actual[i]));
    }
  }
  return null;
}

function shapeOf(option: TcpOption): string {
  if (option.kind === "FO") return option.experimental ? "FOEXP" : "FO";
  return option.kind === "raw" ? `raw ${option.optionKind}` : option.kind;
}

function fits(
  expected: TcpOption,
  actual: TcpOption,
  config: RunConfig,
): boolean {
  if (expected.kind === "TS" && actual.kind === "TS") {
    if (config.tsTickUsecs === 0) return true;
    const ticks = Math.abs(expected.val - actual.val | 0);
    return ticks * config.tsTickUsecs <= config.toleranceUsecs &&
      expected.ecr === actual.ecr;
  }
  if (expected.kind === "wscale" && expected.value === null) return true;
  return showOption(expected) === showOption(actual);
}

/** Scripts' applications send zeros. */
function findStrangeByte(payload: Uint8Array): string | null {
  const at = payload.findIndex((byte) => byte !== 0);
  return at < 0 ? null : differs(`payload byte ${at}`, 0, payload[at]);
}

function compare(
  field: string,
  expected: number,
  actual: number,
): string | null {
  return expected === actual ? null : differs(field, expected, actual);
}

function differs(
  field: string,
  expected: string | number,
  actual: string | number,
): string {
  return `${field}: expected ${expected}, got ${actual}`;
}

/** Adjacent segments as the one they were cut from, or why they are not such. */
export function joinSegments(
  parts: readonly Packet[],
  length: number,
): Packet | string {
  const [first] = parts;
  if (first.body.kind !== "tcp" || parts.length === 1) return first;
  const payload = new Uint8Array(length);
  let at = 0;
  // Pieces in between may carry a PSH of the sender's own; what counts is how the last one ends.
  let flags = first.body.flags & ~PSH_FIN;
  for (const part of parts) {
    const { body } = part;
    if (body.kind !== "tcp") return "segments are mixed with other packets";
    const reason = at === 0 ? null : findSeam(first.body, body, at, length);
    if (reason !== null) return reason;
    payload.set(body.payload, at);
    at += body.payload.length;
    if (at === length) flags |= body.flags & PSH_FIN;
  }
  return { ...first, body: { ...first.body, flags, payload } };
}

/** Why `part` is not the piece at `offset` of the segment that begins with `first`. */
function findSeam(
  first: TcpBody,
  part: TcpBody,
  offset: number,
  length: number,
): string | null {
  const isLast = offset + part.payload.length === length;
  if (((first.flags ^ part.flags) & ~FIN_PSH_CWR) !== 0) {
    return differs(
      "flags of a later piece",
      showFlags(first.flags),
      showFlags(part.flags),
    );
  }
  return compare("seq of a later piece", first.seq + offset >>> 0, part.seq) ??
    compare("ack of a later piece", first.ack, part.ack) ??
    compare("win of a later piece", first.window, part.window) ??
    (isLast ? null : compare(
      "length of a later piece",
      first.payload.length,
      part.payload.length,
    )) ??
    compare(
      "number of options of a later piece",
      first.options.length,
      part.options.length,
    );
}
