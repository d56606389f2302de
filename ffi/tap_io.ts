// @hot
/**
 * Frames in and out of an open TAP or TUN descriptor: two system calls.
 *
 * The kernel wants its offload header directly before the frame, and a frame
 * slot has headroom before its first byte. So the header lives there, and both
 * are one piece:
 *
 *     | headroom ... |virtio| Ethernet | IP | TCP ... |    | ring ... |
 *                    ^ piece 0                             ^ pieces 1, 2
 *
 * A payload that lies in a ring is one or two pieces more. All go by `readv`
 * and `writev` and one iovec array made once, a single piece too: it is the
 * way to hand over an address that V8 calls directly. Nothing is copied and
 * nothing is allocated per frame.
 *
 * @module
 */
import type { Frame, PayloadRef } from "../engine/mod.ts";
import { FRAME_HEADROOM, TX_BUSY, TX_DOWN, TX_OK } from "../engine/mod.ts";
import type { AddressBook } from "./address_book.ts";
import * as C from "./device_counters.ts";
import type { DeviceCounters } from "./device_counters.ts";
import { EAGAIN, EBADFD, EINTR, ENOBUFS, ENOMEM } from "./errno_names.ts";
import { errno } from "./errno.ts";
import type { IovecArray } from "./iovec.ts";
import type { Libc } from "./libc.ts";
import {
  readVirtioHeader,
  VIRTIO_HEADER_LENGTH,
  writeVirtioHeader,
} from "./virtio_header.ts";

/** Frames too long for their slot that one {@linkcode TapIo.receive} passes over at most. */
const MAX_SKIPPED = 16;
/** Result of a read that found nothing; no read of a TAP is this short. */
const NOTHING = 0;
const GONE = -1;

/** What {@linkcode TapIo} works with, made and owned by who opened the descriptor. */
export interface TapIoParts {
  /** The open, non-blocking descriptor, IFF_VNET_HDR set. */
  readonly fd: number;
  /** Bytes of link header before the IP header: 14 or 0. */
  readonly linkHeaderLength: number;
  /** The C library. */
  readonly libc: Libc;
  /** Addresses of buffers. */
  readonly addresses: AddressBook;
  /** Room for three pieces. */
  readonly iovecs: IovecArray;
  /** Where to count. */
  readonly counters: DeviceCounters;
}

/** Moves frames through one descriptor. Does not own it. */
export class TapIo {
  readonly #fd: number;
  readonly #linkHeaderLength: number;
  readonly #libc: Libc;
  readonly #addresses: AddressBook;
  readonly #iovecs: IovecArray;
  readonly #counts: Float64Array;

  /** Takes the parts as they are. */
  constructor(parts: TapIoParts) {
    this.#fd = parts.fd;
    this.#linkHeaderLength = parts.linkHeaderLength;
    this.#libc = parts.libc;
    this.#addresses = parts.addresses;
    this.#iovecs = parts.iovecs;
    this.#counts = parts.counters.values;
  }

  /** As `LinkDevice.receive`. */
  receive(frame: Frame, now: number): number {
    const start = frame.base + FRAME_HEADROOM | 0;
    const offset = start - VIRTIO_HEADER_LENGTH | 0;
    const room = frame.limit - offset | 0;
    this.#iovecs.set(0, this.#addresses, frame.bytes, offset, room);
    for (let i = 0; i < MAX_SKIPPED; i = i + 1 | 0) {
      const length = this.#libc.readv(this.#fd, this.#iovecs.pointer, 1);
      if (length < 0) return readFailure(errno());
      // The kernel cuts what does not fit and does not say so: a full slot may be a cut frame.
      if (length < room && length > VIRTIO_HEADER_LENGTH) {
        return this.#accept(frame, start, length - VIRTIO_HEADER_LENGTH, now);
      }
      this.#counts[C.RX_DROPPED]++;
    }
    return NOTHING;
  }

  /** As `LinkDevice.transmit`. */
  transmit(frame: Frame, payload: PayloadRef | null): number {
    const offset = frame.start - VIRTIO_HEADER_LENGTH | 0;
    const length = frame.end - offset | 0;
    this.#iovecs.set(0, this.#addresses, frame.bytes, offset, length);
    writeVirtioHeader(
      frame.view,
      offset,
      frame,
      frame.start + this.#linkHeaderLength | 0,
    );
    const count = payload === null || payload.length === 0
      ? 1
      : this.#gather(payload);
    const written = this.#libc.writev(this.#fd, this.#iovecs.pointer, count);
    if (written < 0) return this.#writeFailure(errno());
    this.#counts[C.TX_FRAMES]++;
    this.#counts[C.TX_BYTES] += written - VIRTIO_HEADER_LENGTH;
    return TX_OK;
  }

  #accept(frame: Frame, start: number, length: number, now: number): number {
    frame.start = start;
    frame.end = start + length | 0;
    frame.l3 = start + this.#linkHeaderLength | 0;
    frame.l4 = frame.l3;
    frame.at = now;
    readVirtioHeader(frame.view, start - VIRTIO_HEADER_LENGTH | 0, frame);
    this.#counts[C.RX_FRAMES]++;
    this.#counts[C.RX_BYTES] += length;
    return length;
  }

  /** Aims the pieces behind the first at the payload; how many pieces there are now. */
  #gather(payload: PayloadRef): number {
    const { bytes, offset, length, wrapOffset, wrapLength } = payload;
    this.#iovecs.set(1, this.#addresses, bytes, offset, length);
    if (wrapLength === 0) return 2;
    this.#iovecs.set(2, this.#addresses, bytes, wrapOffset, wrapLength);
    return 3;
  }

  #writeFailure(code: number): number {
    if (
      code === EAGAIN || code === ENOBUFS || code === ENOMEM || code === EINTR
    ) {
      this.#counts[C.TX_BUSY_COUNT]++;
      return TX_BUSY;
    }
    this.#counts[C.TX_DROPPED]++;
    // An interface that is down (EIO) may come up again, and a frame the kernel
    // finds malformed (EINVAL) would never become better: both are lost on the
    // wire, as far as anyone can tell. Only a removed interface is for good.
    return code === EBADFD ? TX_DOWN : TX_OK;
  }
}

function readFailure(code: number): number {
  return code === EBADFD ? GONE : NOTHING;
}
