/**
 * What the IP layer counts, under the names `nstat` prints on Linux.
 *
 * Most counters exist once for each family, and a caller that serves both adds
 * {@linkcode V6} to the IPv4 number:
 *
 *     0 .. V6-1       IpInReceives … IcmpOutEchoReps
 *     V6 .. 2*V6-1    Ip6InReceives … Icmp6OutEchoReplies
 *     2*V6 ..         ARP, neighbours, link: no family
 *
 * Meanings are those of RFC 4293 (IP-MIB) and of RFC 2011, 2466 for ICMP.
 *
 * @module
 */

/** Distance from a counter of IPv4 to the same counter of IPv6. */
export const V6 = 36;

/** Packets received, the wrong ones included. */
export const IN_RECEIVES = 0;
/** Packets dropped because of their header: version, length, checksum, options. */
export const IN_HDR_ERRORS = 1;
/** Packets dropped because of their source or destination address. */
export const IN_ADDR_ERRORS = 2;
/** Packets for which no transport answered. */
export const IN_UNKNOWN_PROTOS = 3;
/** Packets that were right and for which there was no room. */
export const IN_DISCARDS = 4;
/** Packets given to a transport, ICMP among them. */
export const IN_DELIVERS = 5;
/** Packets the transports asked to send. */
export const OUT_REQUESTS = 6;
/** Packets to be sent for which there was no room. */
export const OUT_DISCARDS = 7;
/** Packets to be sent for which there was no route or no answer of the next hop. */
export const OUT_NO_ROUTES = 8;
/** Reassemblies that timed out. */
export const REASM_TIMEOUT = 9;
/** Fragments received. */
export const REASM_REQDS = 10;
/** Packets reassembled. */
export const REASM_OKS = 11;
/** Reassemblies given up, for whatever reason. */
export const REASM_FAILS = 12;
/** Packets fragmented. */
export const FRAG_OKS = 13;
/** Packets that needed to be fragmented and could or must not be. */
export const FRAG_FAILS = 14;
/** Fragments sent. */
export const FRAG_CREATES = 15;
/** Packets shorter than their header says. */
export const IN_TRUNCATED_PKTS = 16;
/** Packets for a multicast or broadcast address. */
export const IN_MCAST_PKTS = 17;

/** ICMP messages received. */
export const ICMP_IN_MSGS = 18;
/** Of these, malformed ones. */
export const ICMP_IN_ERRORS = 19;
/** Of these, those whose checksum was wrong. */
export const ICMP_IN_CSUM_ERRORS = 20;
/** Destination unreachable received. */
export const ICMP_IN_DEST_UNREACHS = 21;
/** Packet Too Big received; IPv4 counts its own under destination unreachable. */
export const ICMP_IN_PKT_TOO_BIGS = 22;
/** Time exceeded received. */
export const ICMP_IN_TIME_EXCDS = 23;
/** Parameter problem received. */
export const ICMP_IN_PARM_PROBS = 24;
/** Redirects received, all of them ignored. */
export const ICMP_IN_REDIRECTS = 25;
/** Echo requests received. */
export const ICMP_IN_ECHOS = 26;
/** Echo replies received. */
export const ICMP_IN_ECHO_REPS = 27;
/** Source quench (IPv4), group membership and other messages nobody acts on. */
export const ICMP_IN_OTHERS = 28;
/** ICMP messages sent. */
export const ICMP_OUT_MSGS = 29;
/** ICMP errors that were not sent because of the rate limit. */
export const ICMP_OUT_RATE_LIMIT = 30;
/** Destination unreachable sent. */
export const ICMP_OUT_DEST_UNREACHS = 31;
/** Time exceeded sent. */
export const ICMP_OUT_TIME_EXCDS = 32;
/** Parameter problem sent. */
export const ICMP_OUT_PARM_PROBS = 33;
/** Echo replies sent. */
export const ICMP_OUT_ECHO_REPS = 34;
/** ICMP messages that could not be sent for want of room. */
export const ICMP_OUT_ERRORS = 35;

/** ARP requests received. */
export const ARP_IN_REQUESTS = 72;
/** ARP replies received. */
export const ARP_IN_REPLIES = 73;
/** Malformed ARP packets. */
export const ARP_IN_ERRORS = 74;
/** ARP packets in which another host claims an address of ours. */
export const ARP_CONFLICTS = 75;
/** ARP requests sent, announcements among them. */
export const ARP_OUT_REQUESTS = 76;
/** ARP replies sent. */
export const ARP_OUT_REPLIES = 77;
/** Neighbor solicitations received. */
export const NDP_IN_SOLICITS = 78;
/** Neighbor advertisements received. */
export const NDP_IN_ADVERTISEMENTS = 79;
/** Router advertisements received. */
export const NDP_IN_ROUTER_ADVERTISEMENTS = 80;
/** Neighbor or router messages that break a rule of RFC 4861. */
export const NDP_IN_ERRORS = 81;
/** Neighbor solicitations sent. */
export const NDP_OUT_SOLICITS = 82;
/** Neighbor advertisements sent. */
export const NDP_OUT_ADVERTISEMENTS = 83;
/** Router solicitations sent. */
export const NDP_OUT_ROUTER_SOLICITS = 84;
/** Addresses given up because another host holds them. */
export const NDP_DUPLICATES = 85;
/** Neighbours that did not answer. */
export const NEIGH_RES_FAILED = 86;
/** Packets dropped because their neighbour's queue was full or it did not answer. */
export const NEIGH_UNRESOLVED_DISCARDS = 87;
/** Neighbours forgotten to make room for others. */
export const NEIGH_TABLE_FULLS = 88;
/** Claims to a known neighbour's address that its holder was asked about. */
export const NEIGH_CONTESTED = 89;
/** Frames for another station, or too short to have a header. */
export const LINK_IN_ADDR_ERRORS = 90;
/** Frames of a protocol that is neither IP nor ARP. */
export const LINK_IN_UNKNOWN_PROTOS = 91;
/** Frames of ours dropped because the device's queue was full or it was gone. */
export const LINK_OUT_DISCARDS = 92;

/** Names by number, for {@linkcode Counters}. */
export const IP_COUNTER_NAMES: readonly string[] = [
  "IpInReceives",
  "IpInHdrErrors",
  "IpInAddrErrors",
  "IpInUnknownProtos",
  "IpInDiscards",
  "IpInDelivers",
  "IpOutRequests",
  "IpOutDiscards",
  "IpOutNoRoutes",
  "IpReasmTimeout",
  "IpReasmReqds",
  "IpReasmOKs",
  "IpReasmFails",
  "IpFragOKs",
  "IpFragFails",
  "IpFragCreates",
  "IpExtInTruncatedPkts",
  "IpExtInMcastPkts",
  "IcmpInMsgs",
  "IcmpInErrors",
  "IcmpInCsumErrors",
  "IcmpInDestUnreachs",
  "IcmpInPktTooBigs",
  "IcmpInTimeExcds",
  "IcmpInParmProbs",
  "IcmpInRedirects",
  "IcmpInEchos",
  "IcmpInEchoReps",
  "IcmpInOthers",
  "IcmpOutMsgs",
  "IcmpOutRateLimitGlobal",
  "IcmpOutDestUnreachs",
  "IcmpOutTimeExcds",
  "IcmpOutParmProbs",
  "IcmpOutEchoReps",
  "IcmpOutErrors",
  "Ip6InReceives",
  "Ip6InHdrErrors",
  "Ip6InAddrErrors",
  "Ip6InUnknownProtos",
  "Ip6InDiscards",
  "Ip6InDelivers",
  "Ip6OutRequests",
  "Ip6OutDiscards",
  "Ip6OutNoRoutes",
  "Ip6ReasmTimeout",
  "Ip6ReasmReqds",
  "Ip6ReasmOKs",
  "Ip6ReasmFails",
  "Ip6FragOKs",
  "Ip6FragFails",
  "Ip6FragCreates",
  "Ip6InTruncatedPkts",
  "Ip6InMcastPkts",
  "Icmp6InMsgs",
  "Icmp6InErrors",
  "Icmp6InCsumErrors",
  "Icmp6InDestUnreachs",
  "Icmp6InPktTooBigs",
  "Icmp6InTimeExcds",
  "Icmp6InParmProblems",
  "Icmp6InRedirects",
  "Icmp6InEchos",
  "Icmp6InEchoReplies",
  "Icmp6InOthers",
  "Icmp6OutMsgs",
  "Icmp6OutRateLimitHost",
  "Icmp6OutDestUnreachs",
  "Icmp6OutTimeExcds",
  "Icmp6OutParmProblems",
  "Icmp6OutEchoReplies",
  "Icmp6OutErrors",
  "ArpInRequests",
  "ArpInReplies",
  "ArpInErrors",
  "ArpConflicts",
  "ArpOutRequests",
  "ArpOutReplies",
  "Icmp6InNeighborSolicits",
  "Icmp6InNeighborAdvertisements",
  "Icmp6InRouterAdvertisements",
  "Icmp6InNeighborErrors",
  "Icmp6OutNeighborSolicits",
  "Icmp6OutNeighborAdvertisements",
  "Icmp6OutRouterSolicits",
  "Icmp6Duplicates",
  "NeighResFailed",
  "NeighUnresolvedDiscards",
  "NeighTableFulls",
  "NeighContested",
  "LinkInAddrErrors",
  "LinkInUnknownProtos",
  "LinkOutDiscards",
];
