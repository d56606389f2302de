// @hot
/**
 * Frames out of and into an open capture.
 *
 * libpcap hands out pointers into its own ring; the bytes are copied from
 * there into the frame by one `memcpy`, because a view over them would be an
 * allocation per frame. `pcap_inject` takes one span, so a payload that lies
 * elsewhere is gathered in a scratch buffer first.
 *
 *     out:      pointer to header | pointer to bytes      filled by pcap_next_ex
 *     header:   seconds 8 | µs 8 | captured 4 | length 4  copied from libpcap
 *
 * @module
 */
import type { Frame, Micros, PayloadRef } from "../engine/mod.ts";
import { FRAME_HEADROOM, TX_BUSY, TX_DOWN, TX_OK } from "../engine/mod.ts";
import type { AddressBook } from "./address_book.ts";
import type { DeviceCounters } from "./device_counters.ts";
import * as C from "./device_counters.ts";
import { EAGAIN, ENOBUFS, ENODEV, ENXIO } from "./errno_names.ts";
import { errno } from "./errno.ts";
import { checkSpan } from "./iovec.ts";
import type { Libc } from "./libc.ts";
import type { PcapLibrary } from "./pcap_library.ts";

const OUT_LENGTH = 16;
const HEADER_LENGTH = 24;
const CAPTURED_OFFSET = 16;
const WIRE_LENGTH_OFFSET = 20;
const WORD = 0x1_0000_0000;
/** Frames that do not fit that one receive passes over at most. */
const MAX_SKIPPED = 16;

/** Bytes of {@linkcode PcapIoParts.out}. */
export const PCAP_OUT_LENGTH: number = OUT_LENGTH + HEADER_LENGTH;

/** What {@linkcode PcapIo} works with, made and owned by who opened the capture. */
export interface PcapIoParts {
  /** The activated, non-blocking capture. */
  readonly handle: Deno.PointerObject;
  /** Bytes of link header before the IP header. */
  readonly linkHeaderLength: number;
  /** Whether checksums of captured packets are to be taken on trust. */
  readonly checksums: "verify" | "trust";
  /** libpcap. */
  readonly library: PcapLibrary;
  /** The C library. */
  readonly libc: Libc;
  /** Addresses of buffers. */
  readonly addresses: AddressBook;
  /** {@linkcode PCAP_OUT_LENGTH} bytes for what libpcap says about a packet. */
  readonly out: Uint8Array<ArrayBuffer>;
  /** Room for the largest frame with its payload. */
  readonly scratch: Uint8Array;
  /** Where to count. */
  readonly counters: DeviceCounters;
}

/** Moves frames through one capture. Does not own it. */
export class PcapIo {
  readonly #parts: PcapIoParts;
  readonly #library: PcapLibrary;
  readonly #out: DataView;
  readonly #outAddress: number;
  readonly #headerPointer: Deno.PointerValue;
  readonly #bytesPointer: Deno.PointerValue;
  readonly #counts: Float64Array;

  /** Takes the parts as they are. */
  constructor(parts: PcapIoParts) {
    this.#parts = parts;
    this.#library = parts.library;
    this.#out = new DataView(parts.out.buffer, parts.out.byteOffset);
    this.#outAddress = parts.addresses.addressOf(parts.out);
    this.#headerPointer = Deno.UnsafePointer.of(parts.out);
    this.#bytesPointer = Deno.UnsafePointer.of(parts.out.subarray(8));
    this.#counts = parts.counters.values;
  }

  /** As `LinkDevice.receive`. */
  receive(frame: Frame, now: Micros): number {
    const start = frame.base + FRAME_HEADROOM | 0;
    const room = frame.limit - start | 0;
    checkSpan(frame.bytes, start, room);
    for (let i = 0; i < MAX_SKIPPED; i = i + 1 | 0) {
      const status = this.#library.pcap_next_ex(
        this.#parts.handle,
        this.#headerPointer,
        this.#bytesPointer,
      );
      if (status !== 1) return status === 0 ? 0 : -1;
      const length = this.#readHeader();
      if (length > 0 && length <= room) {
        return this.#accept(frame, start, length, now);
      }
      this.#counts[C.RX_DROPPED]++;
    }
    return 0;
  }

  /** As `LinkDevice.transmit`. */
  transmit(frame: Frame, payload: PayloadRef | null): number {
    const { handle, addresses } = this.#parts;
    const length = frame.end - frame.start | 0;
    checkSpan(frame.bytes, frame.start, length);
    const address = addresses.addressOf(frame.bytes) + frame.start;
    const sent = payload === null || payload.length === 0
      ? this.#library.pcap_inject(handle, address, length)
      : this.#library.pcap_inject(
        handle,
        addresses.addressOf(this.#parts.scratch),
        this.#gather(address, length, payload),
      );
    if (sent < 0) return this.#writeFailure(errno());
    this.#counts[C.TX_FRAMES]++;
    this.#counts[C.TX_BYTES] += sent;
    return TX_OK;
  }

  /** Copies the packet's header here; its length, or 0 when it was captured in part. */
  #readHeader(): number {
    const at = this.#outAddress;
    const header = this.#pointerAt(0);
    this.#parts.libc.memcpy(at + OUT_LENGTH, header, HEADER_LENGTH);
    const captured = this.#out.getInt32(OUT_LENGTH + CAPTURED_OFFSET, true);
    const length = this.#out.getInt32(OUT_LENGTH + WIRE_LENGTH_OFFSET, true);
    return captured === length ? length : 0;
  }

  #accept(frame: Frame, start: number, length: number, now: Micros): number {
    const { addresses, libc, linkHeaderLength, checksums } = this.#parts;
    libc.memcpy(
      addresses.addressOf(frame.bytes) + start,
      this.#pointerAt(8),
      length,
    );
    frame.start = start;
    frame.end = start + length | 0;
    frame.l3 = start + linkHeaderLength | 0;
    frame.l4 = frame.l3;
    frame.at = now;
    frame.gsoSize = 0;
    frame.checksumPartial = checksums === "trust";
    this.#counts[C.RX_FRAMES]++;
    this.#counts[C.RX_BYTES] += length;
    return length;
  }

  #gather(address: number, length: number, payload: PayloadRef): number {
    const { addresses, libc, scratch } = this.#parts;
    const total = length + payload.length + payload.wrapLength | 0;
    checkSpan(scratch, 0, total);
    checkSpan(payload.bytes, payload.offset, payload.length);
    checkSpan(payload.bytes, payload.wrapOffset, payload.wrapLength);
    const ring = addresses.addressOf(payload.bytes);
    let at = addresses.addressOf(scratch);
    libc.memcpy(at, address, length);
    at += length;
    libc.memcpy(at, ring + payload.offset, payload.length);
    at += payload.length;
    libc.memcpy(at, ring + payload.wrapOffset, payload.wrapLength);
    return total;
  }

  #writeFailure(code: number): number {
    if (code === EAGAIN || code === ENOBUFS) {
      this.#counts[C.TX_BUSY_COUNT]++;
      return TX_BUSY;
    }
    this.#counts[C.TX_DROPPED]++;
    return code === ENODEV || code === ENXIO ? TX_DOWN : TX_OK;
  }

  /** The pointer libpcap stored at `offset`, as a number. */
  #pointerAt(offset: number): number {
    return this.#out.getUint32(offset, true) +
      this.#out.getUint32(offset + 4, true) * WORD;
  }
}
