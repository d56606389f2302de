/**
 * Packets in the language of scripts, for messages.
 *
 * @module
 */
import type { TcpOption } from "../lang/ast.ts";
import { icmpNames } from "./icmp_names.ts";
import type { Packet, TcpBody } from "./packet.ts";

const FLAG_LETTERS: readonly (readonly [number, string])[] = [
  [0x01, "F"],
  [0x02, "S"],
  [0x04, "R"],
  [0x08, "P"],
  [0x40, "E"],
  [0x80, "W"],
  [0x100, "A"],
  [0x20, "U"],
  [0x10, "."],
];
const ECN_NAMES = ["", "[ect1] ", "[ect0] ", "[ce] "];

/** The packet as a script would write it, without time and direction. */
export function showPacket(packet: Packet): string {
  const ecn = ECN_NAMES[packet.trafficClass & 3];
  const { body } = packet;
  switch (body.kind) {
    case "tcp":
      return ecn + showTcp(body);
    case "udp":
      return `${ecn}udp (${body.payload.length})`;
    case "icmp":
      return `${ecn}icmp ${icmpNames(packet.version, body.type, body.code)}`;
    case "other":
      return `${ecn}IP protocol ${body.protocol}`;
  }
}

/** Flags as letters, `-` for none. */
export function showFlags(flags: number): string {
  return FLAG_LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) =>
    letter
  ).join("") || "-";
}

function showTcp(tcp: TcpBody): string {
  const length = tcp.payload.length;
  const end = (tcp.seq + length) % 2 ** 32;
  const ack = (tcp.flags & 0x10) !== 0 || tcp.ack !== 0
    ? ` ack ${tcp.ack}`
    : "";
  const urgent = tcp.urgent !== 0 ? ` urg ${tcp.urgent}` : "";
  const options = tcp.options.length > 0
    ? ` <${showOptions(tcp.options)}>`
    : "";
  return `${
    showFlags(tcp.flags)
  } ${tcp.seq}:${end}(${length})${ack} win ${tcp.window}${urgent}${options}`;
}

/** Options separated by commas. */
export function showOptions(options: readonly TcpOption[]): string {
  return options.map(showOption).join(",");
}

/** One option. */
export function showOption(option: TcpOption): string {
  switch (option.kind) {
    case "nop":
    case "eol":
    case "sackOK":
      return option.kind;
    case "mss":
      return `mss ${option.value}`;
    case "wscale":
      return `wscale ${option.value ?? "*"}`;
    case "sack":
      return `sack ${showEdges(option.edges)}`;
    case "TS":
      return `TS val ${option.val} ecr ${option.ecr}`;
    case "FO": {
      const name = option.experimental ? "FOEXP" : "FO";
      return option.cookie.length > 0
        ? `${name} ${toHex(option.cookie)}`
        : name;
    }
    case "md5":
      return `md5 ${toHex(option.digest)}`;
    case "ECN":
      return `ECN ${
        option.counters.map(({ name, value }) => `${name} ${value}`).join(" ")
      }`;
    case "raw":
      return `option ${option.optionKind} ${toHex(option.data)}`;
    case "unsupported":
      return option.text;
  }
}

function showEdges(edges: readonly number[]): string {
  const blocks: string[] = [];
  for (let i = 0; i + 1 < edges.length; i += 2) {
    blocks.push(`${edges[i]}:${edges[i + 1]}`);
  }
  return blocks.join(" ");
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
