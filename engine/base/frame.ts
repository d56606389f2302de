// @hot
/**
 * Frames: the slots through which packets enter and leave.
 *
 * A frame is a piece of the stack's one arena, made once and used for ever, so
 * that bytes move between frames and rings with `copyWithin`: no view is made
 * and nothing is collected. The live bytes are `[start, end)`; what lies
 * before `start` is headroom into which each layer prepends its header,
 * transport first, link last:
 *
 *     base         start        l3           l4                    end
 *     |  headroom  |  Ethernet  |  IP        |  TCP header (data)   |   spare
 *
 * A frame may be a super-segment: one header and up to 64 KiB of payload that
 * the device cuts into wire segments of `gsoSize` payload bytes. The payload
 * of an outgoing frame need not be copied into it: it can stay where the
 * application's bytes already lie, in a ring, and be gathered by the device
 * ({@linkcode PayloadRef}).
 *
 * @module
 */
import type { Micros } from "./units.ts";

/** Bytes kept free before a received frame and before an outgoing transport header. */
export const FRAME_HEADROOM = 128;

/** Bytes of a frame slot: headroom, the largest IP packet with its Ethernet header, and slack. */
export const FRAME_CAPACITY: number = FRAME_HEADROOM + 65_536 + 128;

/** One packet slot. Made once by its owner, borrowed by everyone else for the length of a call. All offsets are into `bytes`. */
export class Frame {
  /** The memory the slot is a part of. */
  readonly bytes: Uint8Array;
  /** The same memory as a DataView. */
  readonly view: DataView;
  /** Offset of the slot's first byte. */
  readonly base: number;
  /** Offset just past the slot's last byte. */
  readonly limit: number;
  /** Offset of the first live byte. */
  start: number;
  /** Offset just past the last live byte. */
  end: number;
  /** Offset of the network header, once known. */
  l3: number;
  /** Offset of the transport header, once known. */
  l4: number;
  /** When the frame was received, µs. A double from the start, so that its field never changes shape. */
  at: Micros = -Infinity;
  /** Payload bytes per wire segment when this frame is a super-segment, else 0. */
  gsoSize = 0;
  /**
   * The transport checksum is not complete. On transmit the field holds the
   * folded, uninverted pseudo-header sum and the device finishes it; on
   * receive the sender was on this host and there is nothing to verify.
   */
  checksumPartial = false;

  /** Makes a slot of `capacity` bytes at `base` of the given memory. */
  constructor(
    bytes: Uint8Array,
    view: DataView,
    base: number,
    capacity: number,
  ) {
    this.bytes = bytes;
    this.view = view;
    this.base = base;
    this.limit = base + capacity;
    this.start = base + FRAME_HEADROOM;
    this.end = this.start;
    this.l3 = this.start;
    this.l4 = this.start;
  }

  /** Empties the slot: no live bytes, full headroom, no offload flags. */
  reset(): void {
    this.start = this.base + FRAME_HEADROOM;
    this.end = this.start;
    this.l3 = this.start;
    this.l4 = this.start;
    this.gsoSize = 0;
    this.checksumPartial = false;
  }
}

/** A frame with memory of its own, for devices, tools and tests; the stack's own frames are part of its arena. */
export function createFrame(capacity: number = FRAME_CAPACITY): Frame {
  const bytes = new Uint8Array(capacity);
  return new Frame(bytes, new DataView(bytes.buffer), 0, capacity);
}

/**
 * Payload that follows a frame's live bytes but lies elsewhere, in a ring.
 *
 * Two pieces, because a ring wraps: `bytes[offset, offset + length)` followed
 * by `bytes[wrapOffset, wrapOffset + wrapLength)`.
 */
export class PayloadRef {
  /** The memory the payload lies in. */
  bytes: Uint8Array;
  /** Offset of the first piece. */
  offset = 0;
  /** Bytes in the first piece. */
  length = 0;
  /** Offset of the second piece. */
  wrapOffset = 0;
  /** Bytes in the second piece; 0 when the payload does not wrap. */
  wrapLength = 0;

  /** Makes a reference to nothing in `bytes`. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Copies the payload behind the frame's live bytes, for devices that cannot gather. The frame must have room. */
export function appendPayload(frame: Frame, payload: PayloadRef): void {
  copyBytes(
    payload.bytes,
    payload.offset,
    frame.bytes,
    frame.end,
    payload.length,
  );
  frame.end += payload.length;
  copyBytes(
    payload.bytes,
    payload.wrapOffset,
    frame.bytes,
    frame.end,
    payload.wrapLength,
  );
  frame.end += payload.wrapLength;
}

/**
 * Copies `length` bytes; `from` and `to` may be the same memory.
 *
 * Within one buffer `copyWithin` allocates nothing. Between two a `subarray`
 * is the only route to memcpy V8 offers: measured 67 ns against 54 for 1,448
 * bytes, and garbage, which is why frames and rings share an arena.
 */
export function copyBytes(
  from: Uint8Array,
  fromOffset: number,
  to: Uint8Array,
  toOffset: number,
  length: number,
): void {
  if (length <= 16) {
    for (let i = 0; i < length; i++) to[toOffset + i] = from[fromOffset + i];
  } else if (from === to) {
    to.copyWithin(toOffset, fromOffset, fromOffset + length);
  } else if (fromOffset === 0 && length === from.length) {
    to.set(from, toOffset);
  } else {
    // deno-lint-ignore synload/no-alloc-in-hot-file -- no other route to memcpy between two buffers
    to.set(from.subarray(fromOffset, fromOffset + length), toOffset);
  }
}
