/**
 * TCP segments and UDP datagrams in tcpdump's words, options included.
 *
 * @module
 */
import { TCP_HEADER_LENGTH, tcpHeaderLength } from "./tcp.ts";
import {
  TCP_EXPERIMENT_FAST_OPEN,
  TCP_OPTION_AO,
  TCP_OPTION_END,
  TCP_OPTION_EXPERIMENT_2,
  TCP_OPTION_FAST_OPEN,
  TCP_OPTION_MD5,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
} from "./tcp_options.ts";
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, TCP_URG } from "./tcp_segment.ts";
import { UDP_HEADER_LENGTH, udpLength } from "./udp.ts";

/** A transport header as its network layer frames it. */
export interface PrettyTransport {
  /** The bytes. */
  readonly view: DataView;
  /** Where the header begins. */
  readonly at: number;
  /** Where the bytes end. */
  readonly end: number;
  /** Bytes the network layer says there are, which may be more. */
  readonly length: number;
  /** The packet is the first fragment of something longer. */
  readonly isFragment: boolean;
  /** Text of the two hosts around their ports, or "" to print ports alone, as tcpdump does behind extension headers. */
  readonly source: string;
  /** The host it goes to. */
  readonly destination: string;
}

/** One letter for each flag bit from FIN up. */
const FLAG_LETTERS = "FSRP.UEW";

/** A TCP segment. */
export function prettyTcp(p: PrettyTransport): string {
  const { view, at, end, length } = p;
  if (end - at < 4) return `${p.source} > ${p.destination}: [|tcp]`;
  const hosts = prettyPorts(p);
  if (end - at < TCP_HEADER_LENGTH) return `${hosts}:  [|tcp]`;
  const headerLength = tcpHeaderLength(view, at);
  const dataLength = length - headerLength;
  if (headerLength < TCP_HEADER_LENGTH) {
    return `${hosts}:  tcp ${dataLength} [bad hdr length ${headerLength} - too short, < ${TCP_HEADER_LENGTH}]`;
  }
  const flags = view.getUint8(at + 13);
  const letters = [...FLAG_LETTERS].filter((_, i) => (flags >> i & 1) !== 0);
  const start = `${hosts}: Flags [${letters.join("") || "none"}]`;
  if (headerLength > length) {
    return `${start} [bad hdr length ${headerLength} - too long, > ${length}]`;
  }
  const fields = start + prettyFields(view, at, flags, dataLength);
  if (headerLength === TCP_HEADER_LENGTH) {
    return `${fields}, length ${dataLength}`;
  }
  const options = new OptionPrinter(view, at + TCP_HEADER_LENGTH, end);
  const whole = options.print(headerLength - TCP_HEADER_LENGTH);
  const tail = whole ? `], length ${dataLength}` : "";
  return `${fields}, options [${options.text}${tail}`;
}

/** A UDP datagram. */
export function prettyUdp(p: PrettyTransport): string {
  const { view, at, end, length } = p;
  if (end - at < 4) return `${p.source} > ${p.destination}:  [|udp]`;
  const hosts = prettyPorts(p);
  if (end - at < UDP_HEADER_LENGTH) return `${hosts}:  [|udp]`;
  const declared = udpLength(view, at);
  if (declared < UDP_HEADER_LENGTH) {
    return `${hosts}: truncated-udplength ${declared}`;
  }
  const data = declared - UDP_HEADER_LENGTH;
  if (declared > length && !p.isFragment) {
    return `${hosts}: UDP, bad length ${data} > ${length - UDP_HEADER_LENGTH}`;
  }
  return `${hosts}: UDP, length ${data}`;
}

function prettyPorts(p: PrettyTransport): string {
  const from = p.view.getUint16(p.at), to = p.view.getUint16(p.at + 2);
  return p.source === ""
    ? `${from} > ${to}`
    : `${p.source}.${from} > ${p.destination}.${to}`;
}

function prettyFields(
  view: DataView,
  at: number,
  flags: number,
  dataLength: number,
): string {
  const seq = view.getUint32(at + 4);
  let text = "";
  if (dataLength > 0 || (flags & (TCP_SYN | TCP_FIN | TCP_RST)) !== 0) {
    text += `, seq ${seq}`;
    if (dataLength > 0) text += `:${seq + dataLength >>> 0}`;
  }
  if ((flags & TCP_ACK) !== 0) text += `, ack ${view.getUint32(at + 8)}`;
  text += `, win ${view.getUint16(at + 14)}`;
  if ((flags & TCP_URG) !== 0) text += `, urg ${view.getUint16(at + 18)}`;
  return text;
}

/**
 * The option list. tcpdump reads a known kind's value at its proper length
 * whatever the length octet says, and remarks on the difference afterwards.
 */
class OptionPrinter {
  /** What has been printed so far. */
  text = "";
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(view: DataView, at: number, end: number) {
    this.#view = view;
    this.#at = at;
    this.#end = end;
  }

  /** Prints the options in the next `length` bytes. Whether they were sound; else `text` says how not. */
  print(length: number): boolean {
    const limit = this.#at + length;
    for (let separator = ""; this.#at < limit; separator = ",") {
      this.text += separator;
      if (this.#at >= this.#end) return this.#cut();
      const kind = this.#view.getUint8(this.#at);
      if (kind === TCP_OPTION_END) {
        this.text += "eol";
        return true;
      }
      if (kind === TCP_OPTION_NOP) {
        this.text += "nop";
        this.#at++;
        continue;
      }
      if (this.#at + 1 >= this.#end) return this.#cut();
      const optionLength = this.#view.getUint8(this.#at + 1);
      const room = limit - this.#at;
      if (optionLength < 2 || optionLength > room) {
        return this.#bad(separator);
      }
      this.#at += 2;
      const value = valueLength(kind, optionLength);
      if (value > room - 2) return this.#bad(separator, optionName(kind));
      if (this.#at + value > this.#end) return this.#cut(optionName(kind));
      this.text += optionName(kind) +
        prettyValue(this.#view, this.#at, kind, value);
      this.#at += value;
      if (value + 2 !== optionLength) this.text += `[len ${optionLength}]`;
    }
    return true;
  }

  #cut(name = ""): boolean {
    this.text += `${name} [|tcp]`;
    return false;
  }

  #bad(separator: string, name = ""): boolean {
    this.text += `${name}[bad opt]${separator === "" ? "" : "]"}`;
    return false;
  }
}

const OPTION_NAMES: Readonly<Record<number, string>> = {
  [TCP_OPTION_MSS]: "mss",
  [TCP_OPTION_WINDOW_SCALE]: "wscale",
  [TCP_OPTION_SACK_PERMITTED]: "sackOK",
  [TCP_OPTION_SACK]: "sack",
  [TCP_OPTION_TIMESTAMPS]: "TS",
  [TCP_OPTION_MD5]: "md5",
  [TCP_OPTION_AO]: "tcp-ao",
  [TCP_OPTION_FAST_OPEN]: "tfo",
  [TCP_OPTION_EXPERIMENT_2]: "exp",
};

function optionName(kind: number): string {
  return OPTION_NAMES[kind] ?? `unknown-${kind}`;
}

/** Bytes of a kind's value: its own where it has one, else what the length octet leaves. */
function valueLength(kind: number, optionLength: number): number {
  switch (kind) {
    case TCP_OPTION_MSS:
      return 2;
    case TCP_OPTION_WINDOW_SCALE:
      return 1;
    case TCP_OPTION_SACK_PERMITTED:
      return 0;
    case TCP_OPTION_TIMESTAMPS:
      return 8;
    case TCP_OPTION_MD5:
      return 16;
    default:
      return optionLength - 2;
  }
}

function prettyValue(
  view: DataView,
  at: number,
  kind: number,
  length: number,
): string {
  switch (kind) {
    case TCP_OPTION_MSS:
      return ` ${view.getUint16(at)}`;
    case TCP_OPTION_WINDOW_SCALE:
      return ` ${view.getUint8(at)}`;
    case TCP_OPTION_SACK_PERMITTED:
      return "";
    case TCP_OPTION_SACK:
      return prettySack(view, at, length);
    case TCP_OPTION_TIMESTAMPS:
      return ` val ${view.getUint32(at)} ecr ${view.getUint32(at + 4)}`;
    case TCP_OPTION_MD5:
      return ` ${hexBytes(view, at, length)}`;
    case TCP_OPTION_AO:
      return prettyAo(view, at, length);
    case TCP_OPTION_FAST_OPEN:
      return ` ${prettyCookie(view, at, length)}`;
    case TCP_OPTION_EXPERIMENT_2:
      return prettyExperiment(view, at, length);
    default:
      return length === 0 ? "" : ` 0x${hexBytes(view, at, length)}`;
  }
}

function prettySack(view: DataView, at: number, length: number): string {
  if (length % 8 !== 0) return " invalid sack";
  let text = ` ${length / 8} `;
  for (let i = 0; i < length; i += 8) {
    text += `{${view.getUint32(at + i)}:${view.getUint32(at + i + 4)}}`;
  }
  return text;
}

function prettyAo(view: DataView, at: number, length: number): string {
  if (length < 2) return " (invalid)";
  const keys = ` keyid ${view.getUint8(at)} rnextkeyid ${
    view.getUint8(at + 1)
  }`;
  return length === 2
    ? keys
    : `${keys} mac 0x${hexBytes(view, at + 2, length - 2)}`;
}

function prettyExperiment(view: DataView, at: number, length: number): string {
  if (length < 2) return " (invalid)";
  const magic = view.getUint16(at);
  return magic === TCP_EXPERIMENT_FAST_OPEN
    ? `-tfo${prettyCookie(view, at + 2, length - 2)}`
    : `-${magic.toString(16).padStart(4, "0")}`;
}

function prettyCookie(view: DataView, at: number, length: number): string {
  if (length === 0) return " cookiereq";
  if (length % 2 !== 0 || length < 4 || length > 16) return " (invalid)";
  return ` cookie ${hexBytes(view, at, length)}`;
}

function hexBytes(view: DataView, at: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) {
    text += view.getUint8(at + i).toString(16).padStart(2, "0");
  }
  return text;
}
