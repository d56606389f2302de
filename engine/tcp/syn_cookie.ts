/**
 * SYN cookies: a handshake that remembers nothing, RFC 4987 §3.6.
 *
 * When a listener's queue of pending handshakes is full, the SYN-ACK's sequence
 * number carries what the queue would have held:
 *
 *     31      27 26    24 23                                   0
 *     | minute  |  MSS   |  MAC(addresses, ports, client ISN,   |
 *     | mod 32  | index  |      minute, MSS index; secret)      |
 *
 * and, when the client offered timestamps, the low six bits of TSval carry its
 * window scale (15: none), SACK and ECN. The client's ACK brings both back. A
 * guess is right once in 2^24, for two minutes.
 *
 * @module
 */
import type { Random } from "../base/ports.ts";
import { SipHash } from "../base/siphash.ts";
import { SECOND } from "../base/units.ts";
import type { Micros, Seq } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import { ABSENT } from "../wire/tcp_segment.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { seqBits, toSeq } from "./seq.ts";

/** MSS values a cookie can stand for, ascending: the classic ones of both families. */
const MSS_TABLE: readonly number[] = [
  536,
  1_220,
  1_300,
  1_400,
  1_440,
  1_460,
  4_312,
  8_960,
];
const MINUTE: Micros = 60 * SECOND;
/** Minutes a cookie holds, the present one included: long enough for a lost SYN-ACK and its retry. */
const LIFETIME_MINUTES = 2;
const MAC_MASK = 0x00ff_ffff;
const SCALE_MASK = 0x0f;
const SACK_BIT = 0x10;
const ECN_BIT = 0x20;
const OFFER_MASK = 0x3f;
const NO_SCALE = 15;

/** One stack's cookie maker. */
export class SynCookies {
  readonly #hash: SipHash;
  readonly #words: Int32Array = new Int32Array(11);

  /** Draws a fresh secret. */
  constructor(random: Random) {
    this.#hash = new SipHash(
      random.int32(),
      random.int32(),
      random.int32(),
      random.int32(),
    );
  }

  /** The ISN that stands for the SYN `s`. */
  make(local: IpAddress, remote: IpAddress, s: SegmentIn, now: Micros): Seq {
    const minute = minuteOf(now);
    const offered = s.mss === ABSENT ? MSS_TABLE[0] : s.mss;
    let index = 0;
    while (index < 7 && MSS_TABLE[index + 1] <= offered) index++;
    const mac = this.#mac(
      local,
      remote,
      s.localPort,
      s.remotePort,
      seqBits(s.seq),
      minute,
      index,
    );
    return toSeq((minute & 31) << 27 | index << 24 | mac);
  }

  /** The MSS a cookie stands for, when the ACK `s` acknowledges one of ours that still holds; else -1. */
  check(
    local: IpAddress,
    remote: IpAddress,
    s: SegmentIn,
    now: Micros,
  ): number {
    const cookie = seqBits(s.ack) - 1 | 0;
    const clientIsn = seqBits(s.seq) - 1 | 0;
    const present = minuteOf(now);
    const index = cookie >>> 24 & 7;
    for (let age = 0; age < LIFETIME_MINUTES; age++) {
      const minute = present - age;
      if ((minute & 31) !== cookie >>> 27) continue;
      const mac = this.#mac(
        local,
        remote,
        s.localPort,
        s.remotePort,
        clientIsn,
        minute,
        index,
      );
      if (mac === (cookie & MAC_MASK)) return MSS_TABLE[index];
    }
    return -1;
  }

  #mac(
    local: IpAddress,
    remote: IpAddress,
    localPort: number,
    remotePort: number,
    clientIsn: number,
    minute: number,
    index: number,
  ): number {
    const w = this.#words;
    w[0] = local.w0, w[1] = local.w1, w[2] = local.w2, w[3] = local.w3;
    w[4] = remote.w0, w[5] = remote.w1, w[6] = remote.w2, w[7] = remote.w3;
    w[8] = localPort << 16 | remotePort;
    w[9] = clientIsn;
    w[10] = minute << 3 | index;
    this.#hash.hashWords(w, 11);
    return this.#hash.lo & MAC_MASK;
  }
}

/** TSval for a cookie's SYN-ACK: the clock's value with the client's offer in its low bits, never ahead of the clock. */
export function encodeOffer(
  clock: number,
  s: SegmentIn,
  ecn: "asked" | "no",
): number {
  const scale = s.windowScale === ABSENT
    ? NO_SCALE
    : Math.min(s.windowScale, 14);
  const bits = scale | (s.sackPermitted ? SACK_BIT : 0) |
    (ecn === "asked" ? ECN_BIT : 0);
  const value = clock & ~OFFER_MASK | bits;
  return (value - clock | 0) > 0 ? value - OFFER_MASK - 1 | 0 : value;
}

/** Writes the offer an echoed timestamp stands for into `s`, as if its SYN had carried it. Returns whether it asked for ECN. */
export function decodeOffer(s: SegmentIn): boolean {
  if (!s.hasTimestamps) {
    s.windowScale = ABSENT;
    s.sackPermitted = false;
    return false;
  }
  const scale = s.tsEcr & SCALE_MASK;
  s.windowScale = scale === NO_SCALE ? ABSENT : scale;
  s.sackPermitted = (s.tsEcr & SACK_BIT) !== 0;
  return (s.tsEcr & ECN_BIT) !== 0;
}

function minuteOf(now: Micros): number {
  return Math.floor(now / MINUTE) & 0x0fff_ffff;
}
