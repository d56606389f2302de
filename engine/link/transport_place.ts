// @hot
/**
 * Where in a frame is the transport header, and under which addresses?
 *
 *     start       l3            l4              l4 + l4Length   end
 *     | Ethernet  | IP, options | TCP or UDP …  |  padding      |
 *
 * The devices of this layer need to know it to finish checksums and to cut
 * super-segments, of frames they did not make. Nothing is judged: a frame in
 * which no transport header can be found, because it is not IP, a fragment or
 * broken, is simply left as it is.
 *
 * RFC 791 §3.1, RFC 8200 §4. IPv6 extension headers other than hop-by-hop,
 * routing and destination options end the search.
 *
 * @module
 */
import { WIRE_OK } from "../wire/codes.ts";
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  ethernetType,
} from "../wire/ethernet.ts";
import {
  checkIpv4,
  ipv4Destination,
  ipv4HeaderLength,
  ipv4IsFragment,
  ipv4Protocol,
  ipv4Source,
  ipv4TotalLength,
} from "../wire/ipv4.ts";
import {
  checkIpv6,
  IPV6_HEADER_LENGTH,
  ipv6DestinationWord,
  ipv6NextHeader,
  ipv6PayloadLength,
  ipv6SourceWord,
} from "../wire/ipv6.ts";
import { pseudoHeaderSum } from "../wire/checksum.ts";
import { MEDIUM_ETHERNET } from "./device.ts";

const HOP_BY_HOP = 0;
const ROUTING = 43;
const DESTINATION_OPTIONS = 60;

/** The answer of {@linkcode locateTransport}; made once, refilled. */
export class TransportPlace {
  /** Offset of the network header. */
  l3 = 0;
  /** Offset of the transport header. */
  l4 = 0;
  /** Bytes from the transport header to the end of the IP packet. */
  l4Length = 0;
  /** 4 or 6; 0 when the frame does not carry IP. */
  family = 0;
  /** Transport protocol number. */
  protocol = 0;
}

/** Bytes of the link header on a medium (`MEDIUM_*`). */
export function linkHeaderLength(medium: number): number {
  return medium === MEDIUM_ETHERNET ? ETHERNET_HEADER_LENGTH : 0;
}

/**
 * Finds the transport header of the frame in `[start, end)`.
 *
 * @returns whether there is one; `out.family` and `out.l3` are right whenever the frame carries IP
 */
export function locateTransport(
  view: DataView,
  start: number,
  end: number,
  medium: number,
  out: TransportPlace,
): boolean {
  out.l3 = start + linkHeaderLength(medium) | 0;
  out.family = familyOf(view, start, end, medium);
  if (out.family === 4) return locateInIpv4(view, end, out);
  if (out.family === 6) return locateInIpv6(view, end, out);
  return false;
}

/** The sum of the pseudo header over a segment of `length` bytes at the place found. */
export function pseudoSumAt(
  view: DataView,
  place: TransportPlace,
  length: number,
): number {
  const at = place.l3;
  if (place.family === 4) {
    const source = ipv4Source(view, at);
    const destination = ipv4Destination(view, at);
    const { protocol } = place;
    return pseudoHeaderSum(
      0,
      0,
      0,
      source,
      0,
      0,
      0,
      destination,
      4,
      protocol,
      length,
    );
  }
  return pseudoHeaderSum(
    ipv6SourceWord(view, at, 0),
    ipv6SourceWord(view, at, 1),
    ipv6SourceWord(view, at, 2),
    ipv6SourceWord(view, at, 3),
    ipv6DestinationWord(view, at, 0),
    ipv6DestinationWord(view, at, 1),
    ipv6DestinationWord(view, at, 2),
    ipv6DestinationWord(view, at, 3),
    6,
    place.protocol,
    length,
  );
}

/** 4 or 6 as the link header says, or the version nibble where there is none; else 0. */
function familyOf(
  view: DataView,
  start: number,
  end: number,
  medium: number,
): number {
  if (end - start <= linkHeaderLength(medium)) return 0;
  if (medium === MEDIUM_ETHERNET) {
    const type = ethernetType(view, start);
    return type === ETHER_TYPE_IPV4 ? 4 : type === ETHER_TYPE_IPV6 ? 6 : 0;
  }
  const version = view.getUint8(start) >> 4;
  return version === 4 || version === 6 ? version : 0;
}

function locateInIpv4(
  view: DataView,
  end: number,
  out: TransportPlace,
): boolean {
  if (checkIpv4(view, out.l3, end) !== WIRE_OK) return false;
  if (ipv4IsFragment(view, out.l3)) return false;
  const headerLength = ipv4HeaderLength(view, out.l3);
  out.l4 = out.l3 + headerLength | 0;
  out.l4Length = ipv4TotalLength(view, out.l3) - headerLength | 0;
  out.protocol = ipv4Protocol(view, out.l3);
  return true;
}

function locateInIpv6(
  view: DataView,
  end: number,
  out: TransportPlace,
): boolean {
  if (checkIpv6(view, out.l3, end) !== WIRE_OK) return false;
  let at = out.l3 + IPV6_HEADER_LENGTH | 0;
  const limit = at + ipv6PayloadLength(view, out.l3) | 0;
  let header = ipv6NextHeader(view, out.l3);
  while (
    header === HOP_BY_HOP || header === ROUTING ||
    header === DESTINATION_OPTIONS
  ) {
    if (at + 8 > limit) return false;
    header = view.getUint8(at);
    at = at + (view.getUint8(at + 1) + 1 << 3) | 0;
    if (at > limit) return false;
  }
  out.l4 = at;
  out.l4Length = limit - at | 0;
  out.protocol = header;
  return true;
}
