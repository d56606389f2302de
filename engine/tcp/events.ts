// @hot
/**
 * Events by difference: what changed since the application was last told.
 *
 * No protocol code emits an event. The stack asks after each round; what was
 * remembered is compared with what is, so none is forgotten and none comes
 * twice. A bit says "look again", never "this many".
 *
 * @module
 */
import type { Seq } from "../base/units.ts";
import {
  EV_ABORTED,
  EV_ACKED,
  EV_CLOSED,
  EV_CONNECTED,
  EV_PEER_CLOSED,
  EV_READABLE,
  EV_URGENT,
  EV_WRITABLE,
} from "./codes.ts";
import { seqSpan, toSeq } from "./seq.ts";
import { STATE_CLOSED, stateIn, SYNCHRONIZED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** What the application was told so far. */
export class SeenState {
  #connected = false;
  #rcvNxt: Seq = toSeq(0);
  #bytesAcked = -0;
  #finAcked = false;
  #finReceived = false;
  #aborted = false;
  #closed = false;
  #urgentBytes = 0;

  /** Compares `t` with what was told, and remembers it as told. Returns `EV_*` bits. */
  difference(t: Tcb): number {
    let events = 0;
    const connected = stateIn(t.state, SYNCHRONIZED) || t.fastOpenAccepted;
    if (connected && !this.#connected) {
      this.#connected = true;
      events |= EV_CONNECTED | EV_WRITABLE;
    }
    if (connected && t.rcvNxt !== this.#rcvNxt) {
      this.#rcvNxt = t.rcvNxt;
      if (t.rcvBuf.length > 0 || t.finReceived) events |= EV_READABLE;
    }
    if (t.bytesAcked !== this.#bytesAcked) {
      this.#bytesAcked = t.bytesAcked;
      events |= EV_ACKED;
    }
    // RFC 9293 §3.10.4: a close is complete when the FIN is acknowledged.
    if (!this.#finAcked && t.finQueued && seqSpan(t.writeSeq, t.sndUna) > 0) {
      this.#finAcked = true;
      events |= EV_ACKED;
    }
    if (t.wantWritable && hasRoom(t)) {
      t.wantWritable = false;
      events |= EV_WRITABLE;
    }
    if (t.finReceived && !this.#finReceived) {
      this.#finReceived = true;
      events |= EV_PEER_CLOSED | EV_READABLE;
    }
    if (t.urgentBytes !== this.#urgentBytes) {
      this.#urgentBytes = t.urgentBytes;
      events |= EV_URGENT;
    }
    if (t.abortReason !== 0 && !this.#aborted) {
      this.#aborted = true;
      events |= EV_ABORTED;
    }
    if (t.state === STATE_CLOSED && !t.resetDue && !this.#closed) {
      this.#closed = true;
      events |= EV_CLOSED;
    }
    return events;
  }
}

/** Worth a wake: a third of the buffer is free, or what is not sent yet has run low. */
function hasRoom(t: Tcb): boolean {
  if (t.abortReason !== 0) return true;
  if (t.wantMemory) return false;
  const unsent = seqSpan(t.sndNxt, t.writeSeq);
  if (unsent >= t.config.notSentLowWater) return false;
  return t.sndBuf.free * 3 >= t.sndBuf.limit;
}
