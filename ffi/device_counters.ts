/**
 * What a device moved and what it lost.
 *
 * Held in a Float64Array: a counter past 2^31 kept in a field turns into a
 * fresh heap number at every increment.
 *
 * @module
 */

/** Slot of the frames received. */
export const RX_FRAMES = 0;
/** Slot of the bytes received, link headers included. */
export const RX_BYTES = 1;
/** Slot of the frames that arrived and could not be handed on. */
export const RX_DROPPED = 2;
/** Slot of the frames sent. */
export const TX_FRAMES = 3;
/** Slot of the bytes sent, link headers included. */
export const TX_BYTES = 4;
/** Slot of the frames the device refused for good. */
export const TX_DROPPED = 5;
/** Slot of the times the device had no room. */
export const TX_BUSY_COUNT = 6;

/** A device's counters: since it was opened, never reset. */
export class DeviceCounters {
  /** The counters by slot, for the code that counts. */
  readonly values: Float64Array = new Float64Array(7);

  /** Frames received. */
  get rxFrames(): number {
    return this.values[RX_FRAMES];
  }
  /** Bytes received, link headers included. */
  get rxBytes(): number {
    return this.values[RX_BYTES];
  }
  /** Frames that arrived and did not fit the slot. */
  get rxDropped(): number {
    return this.values[RX_DROPPED];
  }
  /** Frames sent; a super-segment counts once. */
  get txFrames(): number {
    return this.values[TX_FRAMES];
  }
  /** Bytes sent, link headers included. */
  get txBytes(): number {
    return this.values[TX_BYTES];
  }
  /** Frames the device refused for good: the interface was down, or the frame was malformed. */
  get txDropped(): number {
    return this.values[TX_DROPPED];
  }
  /** Times a frame was handed back because the device had no room. */
  get txBusy(): number {
    return this.values[TX_BUSY_COUNT];
  }
}
