// @hot
/**
 * The transmission control block: everything one connection remembers.
 *
 * One class, one shape, for ever: functions in the rx_*, tx and recovery files
 * take it as `t` and are the only writers. The send and receive sequence
 * spaces, RFC 9293 §3.3.1:
 *
 *     sndBufSeq = sndUna (once the SYN is acknowledged)
 *       | sent, unacknowledged | queued, not sent |
 *     sndUna                sndNxt            writeSeq
 *
 *     | delivered, not read | in order ends here | out of order (ranges) |
 *     copiedSeq           rcvNxt          rcvWup + rcvWnd: right edge offered
 *
 * Fields that hold µs begin with a fraction or an infinity, so that V8 stores
 * them as doubles from the start and their shape never changes.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import { RangeSet } from "../base/range_set.ts";
import { ByteRing } from "../base/ring.ts";
import type { Micros, Seq } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import { CA_OPEN } from "./codes.ts";
import type { TcpConfig } from "./config.ts";
import type {
  CongestionControl,
  CongestionState,
} from "./congestion/control.ts";
import type { TcpContext } from "./context.ts";
import { RttEstimator } from "./rtt.ts";
import { SentQueue } from "./sent_queue.ts";
import type { SentRecord } from "./sent_queue.ts";
import { seqAdd, toSeq } from "./seq.ts";
import { STATE_CLOSED } from "./state.ts";
import { Timers } from "./timers.ts";
import type { FastOpenAttempt } from "./fast_open_attempt.ts";
import type { FastOpenQueue } from "./fast_open_queue.ts";

const ZERO = toSeq(0);

/** One connection's memory. */
export class Tcb implements CongestionState {
  // --- who ---------------------------------------------------------------
  /** What the connection shares with the others of its stack. */
  readonly context: TcpContext;
  /** The stack's settings. */
  config: TcpConfig;
  /** Our address. */
  local: IpAddress;
  /** The peer's address. */
  remote: IpAddress;
  /** Our port. */
  localPort: number;
  /** The peer's port. */
  remotePort: number;
  /** The handle under which the stack keeps the connection; -1: none yet. */
  handle: number = -1;
  /** `STATE_*`; written by `transition` alone. */
  state: number = STATE_CLOSED;
  /** `ABORT_*`: why the connection died. */
  abortReason = 0;
  /** The last soft error ICMP reported, as an `ABORT_*` reason: told if the connection then times out. */
  softError = 0;
  /** The application let go: nobody will read or write any more. */
  orphaned = false;
  /** It is counted among the orphans. */
  orphanCounted = false;
  /** Born from a SYN to a listener. */
  passive = false;
  /** Born so, and taken by the application. */
  accepted = false;

  // --- send sequence space, RFC 9293 §3.3.1 --------------------------------
  /** ISS. */
  iss: Seq = ZERO;
  /** SND.UNA. */
  sndUna: Seq = ZERO;
  /** SND.NXT: just past the highest byte ever sent. */
  sndNxt: Seq = ZERO;
  /** SND.WND in bytes, scaled. */
  sndWnd = 0;
  /** SND.WL1: SEG.SEQ of the last window update. */
  sndWl1: Seq = ZERO;
  /** Largest window the peer ever offered, bytes. */
  maxSndWnd = 0;
  /** SND.UP: just past the last urgent byte; meaningful when `sndUrgent`. */
  sndUp: Seq = ZERO;
  /** There is urgent data the peer has not acknowledged. */
  sndUrgent = false;
  /** The application's bytes from `sndBufSeq` on. */
  readonly sndBuf: ByteRing;
  /** Sequence number of the ring's first byte. */
  sndBufSeq: Seq = ZERO;
  /** The application closed its direction: a FIN follows the last byte. */
  finQueued = false;
  /** End of the last segment smaller than the MSS that was sent (Minshall). */
  sndSml: Seq = ZERO;
  /** End of the last write: the segment that reaches it carries PSH. */
  pushSeq: Seq = ZERO;
  /** What is in flight. */
  readonly sent: SentQueue;

  // --- receive sequence space ----------------------------------------------
  /** IRS. */
  irs: Seq = ZERO;
  /** RCV.NXT. */
  rcvNxt: Seq = ZERO;
  /** RCV.NXT when the window was last told. */
  rcvWup: Seq = ZERO;
  /** RCV.WND told then, bytes: the right edge is `rcvWup + rcvWnd`. */
  rcvWnd = 0;
  /** RCV.UP: just past the last urgent byte; meaningful when `rcvUrgent`. */
  rcvUp: Seq = ZERO;
  /** Urgent data lies ahead of what was read. */
  rcvUrgent = false;
  /** Received bytes, in order up to `rcvNxt`, beyond it placed by `outOfOrder`. */
  readonly rcvBuf: ByteRing;
  /** What lies beyond `rcvNxt`. */
  readonly outOfOrder: RangeSet;
  /** A FIN was received out of order. */
  finPending = false;
  /** Sequence number of that FIN. */
  finPendingSeq: Seq = ZERO;
  /** The peer's FIN was received in order. */
  finReceived = false;
  /** Where the last in-order segment with PSH ended: what is pushed up to here may be a whole message. */
  rcvPushSeq: Seq = ZERO;

  // --- options agreed in the handshake ---------------------------------------
  /** Timestamps are in use, RFC 7323. */
  tsEnabled = false;
  /** SACK is in use, RFC 2018. */
  sackEnabled = false;
  /** Window scaling is in use. */
  wscaleEnabled = false;
  /** Snd.Wind.Shift. */
  sndWscale = 0;
  /** Rcv.Wind.Shift. */
  rcvWscale = 0;
  /** Added to the millisecond clock to make TSval: random per connection (RFC 7323 §5.4). */
  tsOffset = 0;
  /** TS.Recent, int32. */
  tsRecent = 0;
  /** When TS.Recent was taken; `-Infinity`: never. */
  tsRecentAt: Micros = -Infinity;
  /** Last.ACK.sent. */
  lastAckSent: Seq = ZERO;
  /** ECN was agreed, RFC 3168 §6.1.1. */
  ecnEnabled = false;
  /** Our SYN asks for ECN. */
  ecnAsked = false;
  /** Receiver: send ECE until CWR comes. */
  ecnEcho = false;
  /** Sender: set CWR on the next new data. */
  ecnReduced = false;
  /** A CE mark has been received at some time. */
  ecnSeen = false;
  /** SND.NXT when the window was last reduced for ECE. */
  ecnHighSeq: Seq = ZERO;

  // --- segment sizes ----------------------------------------------------------
  /** MSS the peer announced, or the default without the option (RFC 9293 §3.7.1: 536, 1220). */
  peerMss = 536;
  /** MSS we announce. */
  advMss = 1460;
  /** MSS the application asked for (TCP_MAXSEG); 0: no wish. */
  userMss = 0;
  /** Path MTU in use, bytes of IP packet: the least of the next two. */
  pathMtu = 1500;
  /** What the route's MTU is. */
  routeMtu = 1500;
  /** What the search for the path MTU knows to pass (mtu_search.ts); 65,535: it is not searched. */
  mtuCeiling = 65_535;
  /** Packets larger than this are known to fail. */
  mtuHigh = 65_536;
  /** The path MTU is searched for. */
  mtuSearch = false;
  /** When the last search ended; `-Infinity`: it is under way. */
  mtuSearchEndedAt: Micros = -Infinity;
  /** Packet size of the probe in flight; 0: none is. */
  mtuProbeSize = 0;
  /** First byte of that probe. */
  mtuProbeSeq: Seq = ZERO;
  /** Just past its last byte. */
  mtuProbeEnd: Seq = ZERO;
  /** Payload bytes of a full segment, the timestamps option allowed for. */
  mss = 536;
  /** Largest segment received of late: the estimate of the peer's MSS, bytes. */
  rcvMss = 536;
  /** Largest super-segment the device takes, network header included; 0: none. */
  gsoMaxSize = 0;

  // --- time ------------------------------------------------------------------
  /** SRTT, RTTVAR, RTO. */
  rttEstimator: RttEstimator;
  /** Deadlines. */
  readonly timers: Timers = createTimers();
  /** Expiries of the retransmission timer since the last progress. */
  backoff = 0;
  /** Retransmission timeouts in the present episode (`icsk_retransmits`). */
  timeouts = 0;
  /** When the peer's window was found shut with data waiting; `-Infinity`: it is not. */
  windowShutAt: Micros = -Infinity;
  /** Unanswered window or keepalive probes. */
  probesOut = 0;
  /** When retransmission of the present flight began; `-Infinity`: nothing was retransmitted. */
  retransmitStartAt: Micros = -Infinity;
  /** The timestamp (int32 ms) the first retransmission of the episode carried; for Eifel detection (RFC 3522). */
  retransmitTs = 0;
  /** `retransmitTs` is meaningful. */
  retransmitTsValid = false;
  /** When a segment was last received. */
  lastReceivedAt: Micros = -Infinity;
  /** When data was last received. */
  lastDataReceivedAt: Micros = -Infinity;
  /** When data was last sent. */
  lastSentAt: Micros = -Infinity;
  /** When an acknowledgement was last received. */
  lastAckReceivedAt: Micros = -Infinity;
  /** When an invalid segment was last answered. */
  lastInvalidAnswerAt: Micros = -Infinity;
  /** When the connection was made. */
  readonly createdAt: Micros;
  /** When the handshake was complete. */
  establishedAt: Micros = -Infinity;

  // --- congestion and loss recovery ----------------------------------------------
  /** The algorithm. */
  congestion: CongestionControl;
  /** Congestion window, segments. */
  cwnd = 10;
  /** Slow-start threshold, segments. */
  ssthresh: number = Infinity;
  /** Ceiling of cwnd. */
  maxCwnd = 0xffff_ffff;
  /** The window in use was last checked at this SND.NXT. */
  cwndUsageSeq: Seq = ZERO;
  /** Most segments in flight in the present window. */
  maxPacketsOut = 0;
  /** The window, not the application, limited sending. */
  cwndLimited = false;
  /** `CA_*`. */
  caState: number = CA_OPEN;
  /** Recovery point: the episode ends when it is acknowledged. */
  highSeq: Seq = ZERO;
  /** Segments sent and not cumulatively acknowledged. */
  packetsOut = 0;
  /** Of them, selectively acknowledged (or duplicate ACKs counted, without SACK). */
  sackedOut = 0;
  /** Of them, judged lost. */
  lostOut = 0;
  /** Retransmissions in flight, segments. */
  retransOut = 0;
  /** Segments delivered in all, acknowledged or selectively so. */
  delivered = 0;
  /** Segments in flight when the present acknowledgement arrived. */
  priorInFlight = 0;
  /** The RTT sample the present acknowledgement gave, µs; below 0: none. */
  ackRtt: Micros = -0.5;
  /** Duplicate ACK threshold, grown by observed reordering. */
  reordering = 3;
  /** Reordering was observed, RFC 8985 §6.2. */
  reorderingSeen = false;
  /** Highest byte selectively acknowledged: RACK.fack. */
  highestSacked: Seq = ZERO;
  /** RACK.xmit_ts; `-Infinity`: no segment delivered yet. */
  rackSentAt: Micros = -Infinity;
  /** RACK.end_seq. */
  rackEndSeq: Seq = ZERO;
  /** RACK.rtt. */
  rackRtt: Micros = -0.5;
  /** RACK.reo_wnd_mult. */
  rackWindowMultiplier = 1;
  /** RACK.reo_wnd_persist, recoveries. */
  rackWindowPersist = 0;
  /** SND.NXT at the last DSACK round. */
  rackDsackRound: Seq = ZERO;
  /** DSACK round has been opened. */
  rackDsackRoundValid = false;
  /** cwnd before the episode. */
  priorCwnd = 0;
  /** ssthresh before the episode. */
  priorSsthresh = 0;
  /** The episode can be undone: SND.UNA at its start. */
  undoMarker: Seq = ZERO;
  /** `undoMarker` is meaningful. */
  undoValid = false;
  /** Retransmissions not yet reported as duplicates; 0 means all were spurious. */
  undoRetrans: number = 0;
  /** prr_delivered, segments. */
  prrDelivered = 0;
  /** prr_out. */
  prrOut = 0;
  /** F-RTO is under way, RFC 5682. */
  frtoActive = false;
  /** F-RTO step 2b: send new data before anything lost. */
  frtoSendNew = false;
  /** TLP: SND.NXT when the probe went, or unset. */
  tlpHighSeq: Seq = ZERO;
  /** A loss probe is outstanding. */
  tlpOutstanding = false;
  /** The probe was a retransmission. */
  tlpRetransmitted = false;
  /** A loss probe is due: send one segment regardless of cwnd. */
  tlpDue = false;
  /** Duplicate acknowledgements in a row, without SACK. */
  dupAcks = 0;
  /** Edges of the SACK blocks of the previous acknowledgement, to skip what was seen. */
  readonly seenSack: Int32Array;
  /** How many. */
  seenSackCount = 0;

  // --- acknowledging -------------------------------------------------------------
  /** An acknowledgement must go out now. */
  ackNow = false;
  /** An acknowledgement is owed; the delayed-ACK timer runs. */
  ackPending = false;
  /** ATO, the delayed-acknowledgement time in use, µs; 0 before any data. */
  ato: Micros = -0;
  /** Segments left to acknowledge at once. */
  quickAcks = 0;
  /** The connection is interactive: answers carry the acknowledgements. */
  pingpong = 0;
  /** Edges of the SACK blocks to report, most recent first. */
  readonly sackEdges: Int32Array;
  /** How many. */
  sackCount = 0;
  /** A duplicate to report as DSACK in the next acknowledgement. */
  dsackPending = false;
  /** Its edges. */
  dsackStart: Seq = ZERO;
  /** End of the duplicate. */
  dsackEnd: Seq = ZERO;

  // --- receive buffer tuning --------------------------------------------------------
  /** Round trip as the receiver sees it, µs; 0: not known. */
  rcvRtt: Micros = -0;
  /** Bytes read in the present measuring interval began at this total. */
  rcvSpaceStart: number = -0;
  /** When it began. */
  rcvSpaceAt: Micros = -Infinity;
  /** Bytes the application read in the best interval so far. */
  rcvSpace = 0;
  /** Start of the window whose arrival measures `rcvRtt` without timestamps. */
  rcvRttSeq: Seq = ZERO;
  /** When that measurement began. */
  rcvRttAt: Micros = -Infinity;

  // --- what the application wants ---------------------------------------------------
  /** TCP_NODELAY. */
  noDelay = false;
  /** TCP_CORK. */
  corked = false;
  /** The cork has held a small segment for as long as it may. */
  corkExpired = false;
  /** SO_KEEPALIVE. */
  keepAlive = false;
  /** Idle time before probes, µs. */
  keepAliveIdle: Micros;
  /** Time between probes, µs. */
  keepAliveInterval: Micros;
  /** Probes before giving up. */
  keepAliveCount: number;
  /** TCP_USER_TIMEOUT, µs; 0: off. RFC 5482. */
  userTimeout: Micros = -0;
  /** SO_LINGER, µs: 0: closing resets; `Infinity`: what was written is delivered however long it takes. */
  linger: Micros = Infinity;
  /** Most bytes per second the pacer lets out; `Infinity`: not limited. */
  maxPacingRate: number = Infinity;
  /** Pace segments out instead of sending bursts. */
  pacing: boolean;
  /** Rate the present window and RTT amount to, bytes per second; decides super-segment sizes. */
  pacingRate: number = Infinity;
  /** The pacer's next free instant. */
  pacingNextAt: Micros = -Infinity;
  /** The send buffer grows with the congestion window; off once the application set its size. */
  sndBufAuto = true;
  /** The receive buffer grows with the application's reading; off once it set its size. */
  rcvBufAuto = true;
  /** It waits for memory (memory.ts). */
  wantMemory = false;
  /** Received bytes found no memory: the window is shut until there is some. */
  rcvStarved = false;
  /** A write came up short: tell the application when there is room. */
  wantWritable = false;
  /** IP TTL or hop limit of what is sent. */
  hopLimit = 64;
  /** DSCP bits of the traffic class. */
  dscp = 0;

  // --- the transmission described but not committed yet ---------------------------
  /** `PLAN_*` of tx.ts. */
  plan = 0;
  /** The record a retransmission is of. */
  planRecord: SentRecord | null = null;

  // --- pending transmissions that are not data ---------------------------------------
  /** A SYN (or SYN-ACK) is to be sent. */
  synDue = false;
  /** SYNs or SYN-ACKs sent. */
  synSent = 0;
  /** Times the handshake's timer expired. */
  synTimeouts = 0;
  /** A RST is to be sent, with this sequence number. */
  resetDue = false;
  /** Sequence number of that RST. */
  resetSeq: Seq = ZERO;
  /** The RST carries an ACK. */
  resetWithAck = false;
  /** A window or keepalive probe is to be sent. */
  probeDue = false;
  /** SYN data that was acknowledged goes again: the server may lack it. */
  synDataDue = false;
  /** The peer cannot be reached on the link just now: nothing is described until the neighbour resolves. */
  blocked = false;
  /** Fast Open on this connection; null when not tried. */
  fastOpen: FastOpenAttempt | null = null;
  /** Passive connection that accepted data in its SYN: it may send before the handshake ends. */
  fastOpenAccepted = false;
  /** The listener's queue in which this connection counts as pending; null: it does not, or no longer. */
  fastOpenQueue: FastOpenQueue | null = null;
  /** Cookie the SYN-ACK carries: its length, or -1. */
  synAckCookieLength: number = -1;
  /** That cookie. */
  synAckCookie: Uint8Array | null = null;
  /** It goes in the experimental option. */
  synAckCookieExperimental = false;

  // --- totals, for info() --------------------------------------------------------------
  /** Bytes the peer acknowledged. */
  bytesAcked: number = -0;
  /** Bytes received in order. */
  bytesReceived: number = -0;
  /** Payload bytes sent, retransmissions included. */
  bytesSent: number = -0;
  /** Payload bytes retransmitted. */
  bytesRetransmitted: number = -0;
  /** Segments sent, wire segments. */
  segmentsOut: number = -0;
  /** Segments received. */
  segmentsIn: number = -0;
  /** Segments with data sent. */
  dataSegmentsOut: number = -0;
  /** Segments with data received. */
  dataSegmentsIn: number = -0;
  /** Segments retransmitted in all. */
  totalRetrans = 0;
  /** DSACK blocks received. */
  dsackDuplicates = 0;
  /** Episodes in which reordering was seen. */
  reorderSeen = 0;
  /** Segments that arrived out of order. */
  outOfOrderPackets = 0;
  /** Segments acknowledged that carried CE. */
  deliveredCe = 0;
  /** Bytes the application has read. */
  bytesRead: number = -0;
  /** Bytes of urgent data announced. */
  urgentBytes = 0;

  /** A closed block; opening it is connection.ts's work. */
  constructor(
    context: TcpContext,
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    now: Micros,
  ) {
    const config = context.config;
    this.context = context;
    this.config = config;
    this.local = local;
    this.localPort = localPort;
    this.remote = remote;
    this.remotePort = remotePort;
    this.createdAt = now;
    this.sndBuf = createRing(context.arena, config.sendBuffer.initial);
    this.rcvBuf = createRing(context.arena, config.receiveBuffer.initial / 2);
    this.outOfOrder = new RangeSet(config.maxOutOfOrderRanges);
    this.sent = new SentQueue(context.records);
    this.rttEstimator = new RttEstimator(
      config.rtoInitial,
      config.rtoMin,
      config.rtoMax,
    );
    this.congestion = config.congestionControl();
    this.seenSack = new Int32Array(8);
    this.sackEdges = new Int32Array(8);
    this.reordering = config.reordering;
    this.maxCwnd = config.maxCwnd;
    this.pacing = config.pacing;
    this.keepAliveIdle = config.keepAliveIdle;
    this.keepAliveInterval = config.keepAliveInterval;
    this.keepAliveCount = config.keepAliveCount;
  }

  /** SRTT, µs; 0 before the first sample. */
  get srtt(): Micros {
    return this.rttEstimator.srtt;
  }

  /** Lowest RTT of late, µs. */
  get minRtt(): Micros {
    return this.rttEstimator.minRtt;
  }

  /** Our SYN or SYN-ACK is not acknowledged: the handshake is under way, whatever the state (RFC 7413 §4.2.2 lets a server close before its end). */
  get isSynUnacked(): boolean {
    // A lap of 2^32 bytes later the numbers meet again.
    return this.sndUna === this.iss && this.bytesAcked === 0;
  }

  /** Just past the last byte the application queued; the FIN's sequence number once `finQueued`. */
  get writeSeq(): Seq {
    return seqAdd(this.sndBufSeq, this.sndBuf.length);
  }

  /** The next byte the application will read. */
  get copiedSeq(): Seq {
    const fin = this.finReceived ? 1 : 0;
    return seqAdd(this.rcvNxt, -this.rcvBuf.length - fin);
  }

  /** Right edge of the window offered to the peer. */
  get rcvWndEnd(): Seq {
    return seqAdd(this.rcvWup, this.rcvWnd);
  }

  /** Segments in flight: RFC 6675's "pipe", in segments. */
  get packetsInFlight(): number {
    return this.packetsOut - this.sackedOut - this.lostOut + this.retransOut;
  }

  /** IP header bytes of this connection's family. */
  get ipHeaderLength(): number {
    return this.remote.family === 4 ? 20 : 40;
  }
}

function createTimers(): Timers {
  return new Timers();
}

function createRing(arena: Arena, limit: number): ByteRing {
  return new ByteRing(arena, limit);
}
