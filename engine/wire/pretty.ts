/**
 * Any bytes as one line of text, in tcpdump's words.
 *
 *     IP 10.0.0.2.40000 > 10.0.0.1.7: Flags [S], seq 123:128, win 64240, options [mss 1460,sackOK,nop,nop,tfo  cookiereq,nop,nop], length 5
 *     ARP, Request who-has 10.0.0.1 tell 10.0.0.2, length 28
 *     IP6 fe80::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fe80::2, length 32
 *
 * The words are those of `tcpdump -n -S -t`, so that a trace can be laid beside
 * a capture; a test compares the two. No checksum is verified and no payload
 * decoded. Every read is bounded: bytes that end too early print the layer in
 * which they did (`[|tcp]`), nonsense prints what is wrong with it, and nothing
 * throws.
 *
 * @module
 */
import {
  ARP_REPLY,
  ARP_REQUEST,
  arpOperation,
  arpSenderHi,
  arpSenderIp,
  arpSenderLo,
  arpTargetHi,
  arpTargetIp,
  arpTargetLo,
  checkArp,
} from "./arp.ts";
import { WIRE_OK, WIRE_UNSUPPORTED } from "./codes.ts";
import {
  checkEthernet,
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  ethernetDestinationHi,
  ethernetDestinationLo,
  ethernetSourceHi,
  ethernetSourceLo,
  ethernetType,
} from "./ethernet.ts";
import { formatIpv4Word } from "./ip_text.ts";
import { formatMac } from "./mac_address.ts";
import { prettyIp, prettyIpv4, prettyIpv6 } from "./pretty_ip.ts";

/** The `medium` of bare IP packets, as link/device.ts numbers it; any other is Ethernet. */
const MEDIUM_IP = 2;

/**
 * One line for the `length` bytes at `offset`, whatever they are; never throws.
 *
 * @param medium link/device.ts's `MEDIUM_ETHERNET` (1) or `MEDIUM_IP` (2)
 */
export function prettyPacket(
  bytes: Uint8Array,
  offset: number,
  length: number,
  medium: number,
): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = Math.min(Math.max(Math.trunc(offset) || 0, 0), bytes.length);
  const end = Math.min(
    at + Math.max(Math.trunc(length) || 0, 0),
    bytes.length,
  );
  return medium === MEDIUM_IP
    ? prettyIp(view, at, end)
    : prettyEthernet(view, at, end);
}

function prettyEthernet(view: DataView, at: number, end: number): string {
  if (checkEthernet(view, at, end) !== WIRE_OK) return "[|ether]";
  const payload = at + ETHERNET_HEADER_LENGTH;
  switch (ethernetType(view, at)) {
    case ETHER_TYPE_IPV4:
      return prettyIpv4(view, payload, end);
    case ETHER_TYPE_IPV6:
      return prettyIpv6(view, payload, end);
    case ETHER_TYPE_ARP:
      return prettyArp(view, payload, end);
    default:
      return prettyUnknown(view, at, end);
  }
}

/** An ether type nobody here speaks: who sent it to whom, and how much. */
function prettyUnknown(view: DataView, at: number, end: number): string {
  const source = formatMac(
    ethernetSourceHi(view, at),
    ethernetSourceLo(view, at),
  );
  const destination = formatMac(
    ethernetDestinationHi(view, at),
    ethernetDestinationLo(view, at),
  );
  const type = ethernetType(view, at).toString(16).padStart(4, "0");
  return `${source} > ${destination}, ethertype Unknown (0x${type}), length ${
    end - at
  }`;
}

function prettyArp(view: DataView, at: number, end: number): string {
  const code = checkArp(view, at, end);
  if (code !== WIRE_OK) {
    return code === WIRE_UNSUPPORTED
      ? `ARP, Unknown Hardware or Protocol, length ${end - at}`
      : " [|arp]";
  }
  return `ARP, ${prettyArpBody(view, at)}, length ${end - at}`;
}

function prettyArpBody(view: DataView, at: number): string {
  const operation = arpOperation(view, at);
  const sender = formatIpv4Word(arpSenderIp(view, at));
  const target = formatIpv4Word(arpTargetIp(view, at));
  const senderMac = formatMac(arpSenderHi(view, at), arpSenderLo(view, at));
  if (operation === ARP_REPLY) return `Reply ${sender} is-at ${senderMac}`;
  if (operation !== ARP_REQUEST) {
    return `Unknown (${operation}) ${sender} to ${target}`;
  }
  // A request should not know the target's hardware address; say so when it does.
  const hi = arpTargetHi(view, at), lo = arpTargetLo(view, at);
  const known = hi === 0 && lo === 0 ? "" : ` (${formatMac(hi, lo)})`;
  return `Request who-has ${target}${known} tell ${sender}`;
}
