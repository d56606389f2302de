/**
 * TCP segments and UDP datagrams in tcpdump's words.
 *
 * @module
 */
import { OptionPrinter } from "./pretty_tcp_options.ts";
import { TCP_HEADER_LENGTH, tcpHeaderLength } from "./tcp.ts";
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
