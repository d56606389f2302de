/**
 * Packet lines.
 *
 *     packet := ("<" | ">") {outer ":"} [ip-info] (tcp | udp | icmp)
 *     tcp    := [port ">" port] flags seq ":" seq "(" n ")" ["ack" n] ["win" n] ["urg" n] ["<" options ">"]
 *     udp    := "udp" [port ">" port] "(" n ")"
 *     icmp   := "icmp" type [code] ["mtu" n] ["id" n] ["[" quoted "]"]
 *
 * @module
 */
import type {
  IcmpQuote,
  IcmpSpec,
  IpSpec,
  PacketAction,
  TcpSpec,
  TransportSpec,
} from "./ast.ts";
import { parseTcpOptions } from "./parse_options.ts";
import type { TokenStream } from "./token_stream.ts";

const U16 = 0xffff;
const U32 = 0xffffffff;

/** Letters of TCP flags; `A` is AE of Accurate ECN, `.` is ACK. */
const FLAGS: Readonly<Record<string, number>> = {
  F: 0x01,
  S: 0x02,
  R: 0x04,
  P: 0x08,
  ".": 0x10,
  U: 0x20,
  E: 0x40,
  W: 0x80,
  A: 0x100,
};
const ECN: Readonly<Record<string, number | "ect01">> = {
  noecn: 0,
  ect1: 1,
  ect0: 2,
  ce: 3,
  ect01: "ect01",
};

/** Reads a packet; the direction sign is next. */
export function parsePacket(stream: TokenStream): PacketAction {
  const sign = stream.next();
  const direction = sign.text === "<" ? "inbound" : "outbound";
  const encapsulation = parseOuterHeaders(stream);
  const ip = parseIpInfo(stream);
  if (direction === "inbound" && ip.ecn === "ect01") {
    stream.failAt(sign.position, "[ect01] is for outbound packets only");
  }
  let ports: readonly [number, number] = [0, 0];
  let transport: TransportSpec;
  if (stream.takeWord("udp")) {
    ports = parsePorts(stream);
    transport = { kind: "udp", length: parseLength(stream) };
  } else if (stream.takeWord("icmp")) transport = parseIcmp(stream);
  else {
    ports = parsePorts(stream);
    transport = parseTcp(stream, direction === "inbound");
  }
  const mutated = stream.takeSign("{");
  if (mutated) stream.skipPast("{", "}");
  return {
    kind: "packet",
    direction,
    ip,
    encapsulation,
    sourcePort: ports[0],
    destinationPort: ports[1],
    transport,
    mutated,
    position: sign.position,
  };
}

/** `ipv4 A > B :`, `gre … :`, `mpls … :`, as often as they stand there. */
function parseOuterHeaders(stream: TokenStream): string[] {
  const names: string[] = [];
  while (true) {
    const token = stream.peek();
    if (
      token.kind !== "word" || !/^(ipv4|ipv6|gre|GREv0|mpls)$/.test(token.text)
    ) return names;
    names.push(token.text);
    while (!stream.isSign(":")) {
      if (stream.peek().kind === "end") {
        stream.fail('expected ":" after the outer header');
      }
      stream.next();
    }
    stream.next();
  }
}

function parseIpInfo(stream: TokenStream): IpSpec {
  const ip: { -readonly [K in keyof IpSpec]: IpSpec[K] } = {
    ecn: null,
    trafficClass: null,
    flowLabel: null,
    hopLimit: null,
  };
  const close = stream.isSign("(") ? ")" : stream.isSign("[") ? "]" : null;
  if (close === null) return ip;
  do {
    stream.next();
    const token = stream.expect("word", "an ECN mark, tos, ttl or flowlabel");
    if (Object.hasOwn(ECN, token.text)) ip.ecn = ECN[token.text];
    else if (token.text === "tos") {
      ip.trafficClass = stream.expectInteger("tos", 0, 0xff);
    } else if (token.text === "ttl") {
      ip.hopLimit = stream.expectInteger("ttl", 0, 0xff);
    } else if (token.text === "flowlabel") {
      ip.flowLabel = stream.expectInteger("flow label", 0, 0xfffff);
    } else stream.failAt(token.position, `unknown IP field "${token.text}"`);
  } while (stream.isSign(","));
  stream.expectSign(close);
  return ip;
}

function parsePorts(stream: TokenStream): readonly [number, number] {
  if (stream.peek().kind !== "integer" || !stream.isSign(">", 1)) return [0, 0];
  const source = stream.expectInteger("source port", 0, U16);
  stream.next();
  return [source, stream.expectInteger("destination port", 0, U16)];
}

function parseLength(stream: TokenStream): number {
  stream.expectSign("(");
  const length = stream.expectInteger("payload length", 0, U16);
  stream.expectSign(")");
  return length;
}

function parseTcp(stream: TokenStream, isInbound: boolean): TcpSpec {
  const { flags, isAceCount } = parseFlags(stream);
  const { seq, length } = parseRange(stream);
  const ack = stream.takeWord("ack")
    ? stream.expectInteger("acknowledgment number", 0, U32)
    : 0;
  const windowAt = stream.peek().position;
  const window = stream.takeWord("win")
    ? stream.expectInteger("window", 0, U16)
    : null;
  if (isInbound && window === null) {
    stream.failAt(windowAt, "an inbound packet must say its window (win N)");
  }
  const urgent = stream.takeWord("urg")
    ? stream.expectInteger("urgent pointer", 0, U16)
    : 0;
  const optionsAt = stream.peek().position;
  // After a bare packet a "<" is the start of its options: the next event would begin with its time.
  const options = stream.isSign("<") ? parseTcpOptions(stream) : [];
  if (isInbound && options === null) {
    stream.failAt(optionsAt, "<...> is for outbound packets only");
  }
  return {
    kind: "tcp",
    flags,
    isAceCount,
    seq,
    length,
    ack,
    window,
    urgent,
    options,
  };
}

function parseFlags(
  stream: TokenStream,
): { flags: number; isAceCount: boolean } {
  const first = stream.peek();
  if (stream.takeSign("-")) return { flags: 0, isAceCount: false };
  let text = "";
  if (first.kind === "word") text += stream.next().text;
  const second = stream.peek();
  if (stream.takeSign(".")) text += ".";
  else if (second.kind === "float" && /^\.[0-7]$/.test(second.text)) {
    text += stream.next().text;
  }
  if (text === "") stream.fail("expected TCP flags");
  let flags = 0;
  let ace = 0;
  for (const letter of text) {
    if (letter >= "0" && letter <= "7") ace = Number(letter);
    else if (Object.hasOwn(FLAGS, letter)) flags |= FLAGS[letter];
    else stream.failAt(first.position, `invalid TCP flag "${letter}"`);
  }
  if (ace === 0) return { flags, isAceCount: false };
  if ((flags & 0x1c0) !== 0) {
    stream.failAt(first.position, "flags name ECN bits and count them too");
  }
  return {
    flags: flags | (ace & 1) << 6 | (ace & 2) << 6 | (ace & 4) << 6,
    isAceCount: true,
  };
}

function parseRange(stream: TokenStream): { seq: number; length: number } {
  const position = stream.peek().position;
  const seq = stream.expectInteger("first sequence number", 0, U32);
  stream.expectSign(":");
  const end = stream.expectInteger("end sequence number", 0, U32);
  const length = parseLength(stream);
  if ((seq + length) % (U32 + 1) !== end) {
    stream.failAt(
      position,
      `sequence numbers and payload length disagree: ${seq}:${end}(${length})`,
    );
  }
  return { seq, length };
}

function parseIcmp(stream: TokenStream): IcmpSpec {
  const type = stream.expect("word", "an ICMP type").text;
  const next = stream.peek();
  const hasCode = next.kind === "word" && next.text !== "mtu" &&
    next.text !== "id";
  const code = hasCode ? stream.next().text : null;
  const mtu = stream.takeWord("mtu")
    ? stream.expectInteger("MTU", 0, U32)
    : null;
  const echoId = stream.takeWord("id")
    ? stream.expectInteger("echo id", 0, U16)
    : 0;
  return { kind: "icmp", type, code, mtu, echoId, quoted: parseQuote(stream) };
}

function parseQuote(stream: TokenStream): IcmpQuote {
  if (!stream.takeSign("[")) return { protocol: "tcp", seq: 0, length: 0 };
  let quote: IcmpQuote;
  if (stream.takeWord("udp")) {
    quote = { protocol: "udp", seq: 0, length: parseLength(stream) };
  } else if (stream.takeWord("raw")) {
    quote = { protocol: "raw", seq: 0, length: parseLength(stream) };
  } else quote = { protocol: "tcp", ...parseRange(stream) };
  stream.expectSign("]");
  return quote;
}
