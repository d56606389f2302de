/**
 * Initial sequence numbers, RFC 6528, and timestamp offsets, RFC 7323 §5.4.
 *
 *     ISN = M + F(localip, localport, remoteip, remoteport, secretkey)
 *
 * M is a clock that ticks every 4 µs (RFC 9293 §3.4.1), F is SipHash-2-4. Each
 * 4-tuple thus sees a space that only moves forward, and no other tuple's
 * tells anything about it. The timestamp offset is the other half of a second
 * hash, so that it neither betrays uptime nor, on reuse of a tuple, goes back.
 *
 * @module
 */
import type { Random } from "../base/ports.ts";
import { SipHash } from "../base/siphash.ts";
import type { Micros, Seq } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import { toSeq } from "./seq.ts";

/** Ticks of RFC 9293's ISN clock, µs. */
const TICK: Micros = 4;

/** One stack's secrets. */
export class IsnGenerator {
  readonly #sequence: SipHash;
  readonly #timestamp: SipHash;
  readonly #words: Int32Array = new Int32Array(9);

  /** Draws fresh secrets. */
  constructor(random: Random) {
    this.#sequence = createKeyed(random);
    this.#timestamp = createKeyed(random);
  }

  /** The ISN of a connection opened `now`. */
  initialSequence(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    now: Micros,
  ): Seq {
    this.#fill(local, localPort, remote, remotePort);
    this.#sequence.hashWords(this.#words, 9);
    // The clock wraps at 2^32 ticks; the remainder keeps the double exact.
    return toSeq(this.#sequence.lo + Math.floor(now / TICK) % 0x1_0000_0000);
  }

  /** What is added to the millisecond clock of this 4-tuple's timestamps, int32. */
  timestampOffset(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
  ): number {
    this.#fill(local, localPort, remote, remotePort);
    this.#timestamp.hashWords(this.#words, 9);
    return this.#timestamp.lo;
  }

  /** A keyed hash of the addresses and the remote port: where the search for an ephemeral port starts (RFC 6056 §3.3.3). */
  portOffset(local: IpAddress, remote: IpAddress, remotePort: number): number {
    this.#fill(local, 0, remote, remotePort);
    this.#timestamp.hashWords(this.#words, 9);
    return this.#timestamp.hi >>> 0;
  }

  #fill(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
  ): void {
    const w = this.#words;
    w[0] = local.w0, w[1] = local.w1, w[2] = local.w2, w[3] = local.w3;
    w[4] = remote.w0, w[5] = remote.w1, w[6] = remote.w2, w[7] = remote.w3;
    w[8] = localPort << 16 | remotePort;
  }
}

function createKeyed(random: Random): SipHash {
  return new SipHash(
    random.int32(),
    random.int32(),
    random.int32(),
    random.int32(),
  );
}
