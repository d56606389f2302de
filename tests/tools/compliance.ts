/**
 * RFC 9293, appendix B, line by line: what each requirement is proved by, or
 * why it is not met.
 *
 * A proof names a test by file and by words of its name; a test checks that it
 * exists. The list is printed, not typed into a document.
 *
 * @module
 */

/** How binding a requirement is. */
export type Level = "MUST" | "SHLD" | "MAY" | "REC";

/** One requirement of the appendix. */
export interface Requirement {
  /** `MUST-1`, as the appendix numbers it. */
  readonly id: string;
  /** What it asks, in our words. */
  readonly what: string;
  /** `file: words of the test's name`, one or several; none when it is not met. */
  readonly proofs: readonly string[];
  /** Why it is not met, or not wholly. */
  readonly reason: string;
}

/** The lines: id, what, then `<` and proofs separated by `;`, or `!` and a reason, or both. */
const LINES = `
MAY-16   un-pushed data may be queued                        < requirements: data that waits is sent
SHLD-27  successive PSH bits collapse                        < requirements: the last segment of a write carries PSH
MAY-15   SEND can say PUSH                                   ! every write is one; setCoalescing("cork") holds pieces together
MUST-60  without a PUSH flag nothing is buffered for ever    < requirements: data that waits is sent
MUST-61  PSH on the last buffered segment                    < requirements: the last segment of a write carries PSH
MAY-17   the receiver may be told of PSH                     ! bytes are readable when they arrive, pushed or not
SHLD-28  segments of maximum size when possible              < window: below half its largest gets what fits; requirements: the effective MSS counts
MUST-1   the window is an unsigned number                    < requirements: the window is unsigned
REC-1    handled as 32 bits                                  < requirements: the window is unsigned
SHLD-14  the window is not shrunk                            < window: never takes back a unit of what was offered ! by less than a unit when scaled, RFC 7323 §2.4
SHLD-15  no new data past a shrunken edge                    < rfc9293: takes its window back while data is in flight
SHLD-16  old data inside a shrunken window is sent again     < rfc9293: takes its window back while data is in flight
SHLD-17  data past the edge does not time the connection out < rfc9293: takes its window back while data is in flight
MUST-34  robust against a shrinking window                   < rfc9293: takes its window back while data is in flight
MAY-8    our window may stay closed                          < lifecycle: a window shut for ten minutes
MUST-35  the usual probes                                    < lifecycle: a window shut for ten minutes
MUST-36  zero windows are probed                             < requirements: the first probe of a shut window
SHLD-29  first probe after the RTO                           < requirements: the first probe of a shut window
SHLD-30  then at doubling intervals                          < requirements: the first probe of a shut window
MUST-37  a peer's window may stay zero                       < rfc9293: a zero window is probed for ever
MAY-7    old data past the edge may be sent again            < rfc9293: takes its window back while data is in flight
MUST-66  RST and URG count with a zero window                < requirements: a shut window still lets RST and URG in
MUST-30  the urgent pointer                                  < rfc9293: urgent data is announced
MUST-62  it points past the last urgent byte                 < rfc9293: writeUrgent() points past its last byte
MUST-31  urgent data of any length                           < rfc9293: writeUrgent() points past its last byte
MUST-32  the application hears of it at once                 < rfc9293: urgent data is announced
MUST-33  and how much there is                               < rfc9293: urgent data is announced
SHLD-13  applications should not use it                      ! theirs to heed; the documentation of writeUrgent() says so
MUST-4   EOL, NOP and MSS                                    < options: ends at End of Option List; requirements: the MSS option says
MUST-5   options in any segment                              < options: takes the aligned timestamps of a data segment
MUST-6   unknown options are skipped                         < options: skips a known kind of the wrong length
MUST-68  all options but EOL and NOP have a length           < options: orders a SYN's options as Linux does
MUST-7   illegal lengths do no harm                          < options: reads nothing behind an option of length 0 or 1; options: keeps what came before a malformed option
MUST-64  options at any alignment                            < options: reads Linux's SYN
MUST-14  MSS is sent and read                                < requirements: the MSS option says; requirements: the effective MSS counts
SHLD-5   MSS in every SYN unless the default                 < requirements: the MSS option says
MAY-3    MSS always                                          < requirements: the MSS option says
MUST-15  536 and 1220 without it                             < requirements: without an MSS option
MUST-16  the effective send MSS                              < requirements: the effective MSS counts
SHLD-6   MSS follows the MTU                                 < requirements: the MSS option says
MUST-65  only in SYNs                                        < requirements: only a SYN carries the MSS option
MUST-67  from what the link takes                            < requirements: the MSS option says
MUST-69  padding is zero                                     < options: orders a SYN's options as Linux does
MUST-2   checksums are made                                  < tcp: then parseTcp() gives back any segment, its checksum right
MUST-3   and checked                                         < requirements: a segment with a wrong checksum
MUST-8   a clock drives the ISN                              < requirements: the ISN follows a clock of 4 µs
SHLD-1   and a keyed hash                                    < requirements: ISNs of one 4-tuple say nothing
MUST-9   nobody outside can compute it                       < requirements: ISNs of one 4-tuple say nothing
MUST-10  both may open at once                               < lifecycle: both sides may open at once; rfc9293: two sides that open at once
MUST-11  SYN-RECEIVED knows where it came from               < requirements: a RST in SYN-RECEIVED leaves the listener
MUST-41  a passive open disturbs nobody                      < requirements: listeners on one port
MUST-42  many listeners on a port                            < requirements: listeners on one port
MUST-44  IP chooses the source                               < requirements: connect() takes a local address; routes: takes the longest prefix and chooses the source
MUST-45  else the connection's address                       < requirements: listeners on one port
MUST-46  no open to groups and broadcasts                    < requirements: connect() refuses groups
MUST-57  segments to them vanish                             < input: marks broadcasts and drops unicast packets in link broadcasts; requirements: nothing answers a SYN to a broadcast
SHLD-2   a RST may carry data                                < requirements: a RST may carry data
MUST-12  the application hears of an abort                   < lifecycle: close() with unread data resets
MAY-1    half-duplex close                                   < lifecycle: data for an application that is gone
SHLD-3   with a RST when data was lost                       < lifecycle: data for an application that is gone; lifecycle: close() with unread data resets
MUST-13  TIME-WAIT for 2 MSL                                 < time_wait: holds the connection for 2 MSL
MAY-2    a SYN may end TIME-WAIT                             < time_wait: a newer SYN reopens
SHLD-4   timestamps shorten it                               < ports: once timestamps tell them apart
MUST-19  backoff, slow start, congestion avoidance           < requirements: retransmissions back off exponentially; congestion: NewReno halves on loss; congestion: Cubic follows W_cubic
MAY-4    same IP identity when sent again                    ! a fresh one, RFC 6864
MUST-18  Karn's algorithm                                    < requirements: a retransmitted segment gives no RTT sample
MUST-58  ACKs are aggregated                                 < requirements: segments that wait are processed
SHLD-31  out-of-order segments are kept                      < requirements: out-of-order data is kept
MUST-59  what waits is processed before an ACK               < requirements: segments that wait are processed
MAY-13   out-of-order segments are acknowledged              < requirements: out-of-order data is kept
SHLD-18  delayed ACKs                                        < requirements: a lone segment is acknowledged
MUST-40  by less than 0.5 s                                  < requirements: a lone segment is acknowledged
SHLD-19  every second full segment                           < requirements: a lone segment is acknowledged
MUST-39  the receiver avoids silly windows                   < requirements: the receiver opens its window
MUST-49  TTL can be set                                      < requirements: IP gets the DSCP and TTL
MUST-38  the sender avoids silly windows                     < window: below half its largest gets what fits
SHLD-7   Nagle                                               < requirements: Nagle holds a small segment
MUST-17  and it can be turned off                            < requirements: Nagle holds a small segment
MUST-20  R1 warns IP, R2 closes                              < lifecycle: gives up after tcp_retries2; neighbours: ages a neighbour from REACHABLE ! IP needs no warning: a neighbour no segment confirms is asked anew (RFC 4861 §7.3.3)
MUST-21  the application can set R2                          < lifecycle: setUserTimeout() ends a transfer
SHLD-9   the application hears of R1                         ! info() shows timeouts and backoff; no event of its own
SHLD-10  R1 of 3 or more                                     < requirements: R1 and R2 are at least
SHLD-11  R2 of 100 s or more                                 < lifecycle: gives up after tcp_retries2
MUST-22  the same for SYNs                                   < lifecycle: connect() into silence gives up
MUST-23  R2 of SYNs of 3 minutes or more                     < requirements: SYNs can be repeated for three minutes ! 131 s by default, as Linux; synRetries 7 makes it 259 s
MAY-5    keepalive                                           < lifecycle: setKeepAlive() finds a peer
MUST-24  asked for by the application                        < requirements: keepalive is off by default
MUST-25  off by default                                      < requirements: keepalive is off by default
MUST-26  only when idle                                      < requirements: keepalive probes only when nothing was heard
MUST-27  interval configurable                               < lifecycle: setKeepAlive() finds a peer
MUST-28  two hours by default                                < requirements: keepalive is off by default
MUST-29  a lost answer is no death                           < requirements: keepalive is off by default
SHLD-12  probes without data                                 < requirements: keepalive is off by default
MAY-6    or with a garbage octet                             ! for hosts of before 1989
MUST-50  unknown IP options are ignored                      < input: delivers an IPv4 packet as integers
MAY-10   IP timestamp option                                 ! obsolete, RFC 7126 §4.9
MAY-11   record route                                        ! obsolete, RFC 7126 §4.7
MUST-51  source routes by the application                    ! packets with source routes are dropped by the Internet, RFC 7126 §4.3, §4.4
MUST-52  over those received                                 ! as MUST-51
MUST-53  return routes are built                             ! as MUST-51: obeying one would let a stranger choose the way of our answers
SHLD-24  later ones override                                 ! as MUST-51
MUST-54  ICMP is heard                                       < requirements: an ICMP unreachable is told; path_mtu: what a router found too big
SHLD-25  unreachable 0, 1, 5 inform                          < requirements: an ICMP unreachable is told
MUST-56  and do not abort, nor do time exceeded and problems < requirements: an ICMP unreachable is told ! while connecting they end the attempt, RFC 5461 §4.1
SHLD-26  unreachable 2, 3, 4 abort                           ! on established connections only noted: forged too easily, RFC 5927 §5.2
MUST-55  source quench is ignored                            < requirements: a source quench changes nothing
MUST-63  SYNs from invalid addresses vanish                  < input: drops nonsense addresses
MUST-47  errors are reported                                 < requirements: an ICMP unreachable is told
SHLD-20  and may be ignored                                  < requirements: an ICMP unreachable is told
MUST-48  DSCP can be set                                     < requirements: IP gets the DSCP and TTL
SHLD-22  and reaches IP unchanged                            < requirements: IP gets the DSCP and TTL
SHLD-21  and can be changed                                  < requirements: IP gets the DSCP and TTL
SHLD-23  which applications should not do                    ! theirs to heed
MAY-9    received DSCP is passed up                          ! nobody asked
MAY-14   FLUSH                                               ! abort() and a new connection
MUST-43  an open may name the local address                  < requirements: connect() takes a local address
MAY-12   protection against injected data                    < blind: a blind attacker moves nothing; segment arrives: SEGMENT ARRIVES
SHLD-8   ECN                                                 < ecn: packet halves the window once
MAY-18   other congestion control                            < congestion: Cubic follows W_cubic
`;

/** Every requirement, in the order of the appendix. */
export const REQUIREMENTS: readonly Requirement[] = LINES.trim().split("\n")
  .map((line) => {
    const [, id, rest] = /^(\S+)\s+(.*)$/.exec(line)!;
    const [head, reason = ""] = rest.split(" ! ");
    const [what, proofs = ""] = head.split(" < ");
    return {
      id,
      what: what.trim(),
      proofs: proofs.split(";").map((proof) => proof.trim()).filter(Boolean),
      reason: reason.trim(),
    };
  });

/** How binding `requirement` is. */
export function levelOf(requirement: Requirement): Level {
  return requirement.id.split("-")[0] as Level;
}

/** The whole list as text, a line or two for each requirement. */
export function complianceTable(): string {
  return REQUIREMENTS.map(({ id, what, proofs, reason }) => {
    const proved = proofs.length > 0 ? proofs.join("; ") : "not met";
    const why = reason === "" ? "" : ` (${reason})`;
    return `${id.padEnd(8)} ${what.padEnd(60)} ${proved}${why}`;
  }).join("\n");
}
