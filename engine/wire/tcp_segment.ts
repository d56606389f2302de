// @hot
/**
 * A TCP segment as integers: what survives validation, and what is to be sent.
 *
 * {@linkcode SegmentIn} and {@linkcode SegmentOut} are made once and refilled
 * for each segment. They know the format (RFC 9293 §3.1 and the options of
 * RFC 7323, 2018, 7413, 6994) and no policy: what a value means is tcp/'s
 * affair. The parser is in tcp.ts, the emitter beside it.
 *
 * @module
 */
import type { Frame } from "../base/frame.ts";
import { PayloadRef } from "../base/frame.ts";
import type { Seq } from "../base/units.ts";

/** FIN, RFC 9293 §3.1. */
export const TCP_FIN = 0x01;
/** SYN. */
export const TCP_SYN = 0x02;
/** RST. */
export const TCP_RST = 0x04;
/** PSH. */
export const TCP_PSH = 0x08;
/** ACK. */
export const TCP_ACK = 0x10;
/** URG. */
export const TCP_URG = 0x20;
/** ECN-Echo, RFC 3168 §6.1. */
export const TCP_ECE = 0x40;
/** Congestion Window Reduced, RFC 3168 §6.1. */
export const TCP_CWR = 0x80;

/** Not-ECT codepoint of the IP header's ECN field, RFC 3168 §5. */
export const ECN_NOT_ECT = 0;
/** ECT(1). */
export const ECN_ECT1 = 1;
/** ECT(0). */
export const ECN_ECT0 = 2;
/** Congestion experienced. */
export const ECN_CE = 3;

/** An option that did not occur, in the fields of {@linkcode SegmentIn} and {@linkcode SegmentOut} that hold a value of at least 0. */
export const ABSENT: number = -1;
/** Most SACK blocks that fit in the option space (RFC 2018 §3). */
export const MAX_SACK_BLOCKS = 4;

const ZERO_SEQ = 0 as unknown as Seq;
const NO_BYTES = new Uint8Array(0);

/** A received segment, flattened. `frame` is borrowed for the length of the call that passes it. */
export class SegmentIn {
  /** The slot that holds the segment; payload and cookie offsets point into it. */
  frame: Frame;
  /** The port the segment was sent to: ours. */
  localPort = 0;
  /** The port it came from. */
  remotePort = 0;
  /** SEG.SEQ. */
  seq: Seq = ZERO_SEQ;
  /** SEG.ACK; meaningful when `flags` has {@linkcode TCP_ACK}. */
  ack: Seq = ZERO_SEQ;
  /** `TCP_*` bits. */
  flags = 0;
  /** SEG.WND as on the wire, unscaled, 0..65535. */
  wnd = 0;
  /** SEG.UP, 0..65535. */
  urgentPointer = 0;
  /** Offset of the payload in `frame.bytes`. */
  dataOffset = 0;
  /** Payload bytes. */
  dataLength = 0;
  /** Payload bytes per wire segment when the device merged several, else 0. */
  gsoSize = 0;
  /** The IP header's ECN field, `ECN_*`. */
  ecn = 0;
  /** Maximum segment size option, bytes, or {@linkcode ABSENT}. */
  mss: number = ABSENT;
  /** Window scale option 0..255, as sent, or {@linkcode ABSENT}. */
  windowScale: number = ABSENT;
  /** SACK-permitted was present. */
  sackPermitted = false;
  /** A timestamps option was present. */
  hasTimestamps = false;
  /** TSval, int32. */
  tsVal = 0;
  /** TSecr, int32. */
  tsEcr = 0;
  /** SACK blocks present, 0..4. */
  sackCount = 0;
  /** Block edges as int32: left edge of block i at 2i, right edge at 2i + 1. */
  readonly sackEdges: Int32Array = new Int32Array(2 * MAX_SACK_BLOCKS);
  /**
   * Fast Open cookie length in bytes: 0 asks for a cookie, 4..16 carries one,
   * any other value >= 0 is an option whose length RFC 7413 §4.1.1 does not
   * allow (to be ignored); {@linkcode ABSENT} when no option was present.
   */
  fastOpenLength: number = ABSENT;
  /** Offset of the cookie in `frame.bytes`. */
  fastOpenOffset = 0;
  /** The cookie came in the experimental option (kind 254, magic 0xF989). */
  fastOpenExperimental = false;
  /** An MD5 signature (RFC 2385) or TCP-AO (RFC 5925) option was present. */
  hasAuthentication = false;

  /** Makes an empty segment that borrows `frame` until refilled. */
  constructor(frame: Frame) {
    this.frame = frame;
  }
}

/** A segment to be sent. Filled by `pollTransmit`, turned into bytes by the emitter. */
export class SegmentOut {
  /** Our port. */
  localPort = 0;
  /** Theirs. */
  remotePort = 0;
  /** SEG.SEQ. */
  seq: Seq = ZERO_SEQ;
  /** SEG.ACK; sent as 0 without {@linkcode TCP_ACK}. */
  ack: Seq = ZERO_SEQ;
  /** `TCP_*` bits. */
  flags = 0;
  /** SEG.WND as it goes on the wire, already scaled, 0..65535. */
  wnd = 0;
  /** SEG.UP. */
  urgentPointer = 0;
  /** Payload bytes that follow the header. */
  dataLength = 0;
  /** Where those bytes lie. */
  readonly payload: PayloadRef = new PayloadRef(NO_BYTES);
  /** Payload bytes per wire segment when this is a super-segment, else 0. */
  gsoSize = 0;
  /** ECN field for the IP header. */
  ecn = 0;
  /** MSS option, or {@linkcode ABSENT}. */
  mss: number = ABSENT;
  /** Window scale option, or {@linkcode ABSENT}. */
  windowScale: number = ABSENT;
  /** Send SACK-permitted. */
  sackPermitted = false;
  /** Send a timestamps option. */
  hasTimestamps = false;
  /** TSval, int32. */
  tsVal = 0;
  /** TSecr, int32. */
  tsEcr = 0;
  /** SACK blocks to send. */
  sackCount = 0;
  /** Their edges, as in {@linkcode SegmentIn.sackEdges}. */
  readonly sackEdges: Int32Array = new Int32Array(2 * MAX_SACK_BLOCKS);
  /** Fast Open option: {@linkcode ABSENT} none, 0 a request, else the cookie's length in bytes. */
  fastOpenLength: number = ABSENT;
  /** The cookie. */
  readonly fastOpenCookie: Uint8Array = new Uint8Array(16);
  /** Use the experimental option (kind 254, magic 0xF989) instead of kind 34. */
  fastOpenExperimental = false;

  /** Makes it a bare segment without options, payload or flags. */
  reset(): void {
    this.flags = 0;
    this.wnd = 0;
    this.urgentPointer = 0;
    this.dataLength = 0;
    this.payload.length = 0;
    this.payload.wrapLength = 0;
    this.gsoSize = 0;
    this.ecn = 0;
    this.mss = ABSENT;
    this.windowScale = ABSENT;
    this.sackPermitted = false;
    this.hasTimestamps = false;
    this.sackCount = 0;
    this.fastOpenLength = ABSENT;
    this.fastOpenExperimental = false;
  }
}
