/**
 * The connection states of RFC 9293 §3.3.2 and the moves between them.
 *
 * Theory. A connection is in exactly one state; the state says which of the
 * two directions are open and what the application may still do:
 *
 * | state        | may send | may receive | waits for                                  |
 * | ------------ | -------- | ----------- | ------------------------------------------ |
 * | LISTEN       |          |             | any SYN (held by a listener, not by a TCB) |
 * | SYN_SENT     | queue    |             | SYN-ACK                                    |
 * | SYN_RECEIVED | queue *  | *           | ACK of our SYN                             |
 * | ESTABLISHED  | yes      | yes         | either side's close                        |
 * | FIN_WAIT_1   |          | yes         | ACK of our FIN                             |
 * | FIN_WAIT_2   |          | yes         | peer's FIN                                 |
 * | CLOSE_WAIT   | yes      | leftovers   | application's close                        |
 * | CLOSING      |          | leftovers   | ACK of our FIN                             |
 * | LAST_ACK     |          | leftovers   | ACK of our FIN                             |
 * | TIME_WAIT    |          | leftovers   | 2 MSL                                      |
 *
 * `*` a server that accepted Fast Open data sends and receives in SYN_RECEIVED
 * (RFC 7413 §4.2.2).
 *
 * The numbers are those of Linux's `tcp_states.h`, so that `info().state`
 * prints what `tcp_info` would. Questions such as "may the application still
 * send?" are one AND of `1 << state` with a mask.
 *
 * Every assignment to `tcb.state` is in {@linkcode transition}; a move that
 * {@linkcode LEGAL} does not list is a bug of ours and throws.
 *
 * @module
 */

/** Data flows both ways. */
export const STATE_ESTABLISHED = 1;
/** A SYN was sent, none received. */
export const STATE_SYN_SENT = 2;
/** SYNs went both ways, ours is not acknowledged. */
export const STATE_SYN_RECEIVED = 3;
/** Our FIN is queued or sent, not acknowledged. */
export const STATE_FIN_WAIT_1 = 4;
/** Our FIN is acknowledged, the peer's has not come. */
export const STATE_FIN_WAIT_2 = 5;
/** Both FINs acknowledged, ours first: old segments may still arrive. */
export const STATE_TIME_WAIT = 6;
/** No connection. */
export const STATE_CLOSED = 7;
/** The peer closed, the application has not. */
export const STATE_CLOSE_WAIT = 8;
/** The peer closed, then we did; our FIN is not acknowledged. */
export const STATE_LAST_ACK = 9;
/** Waits for a SYN. */
export const STATE_LISTEN = 10;
/** Both closed at once; our FIN is not acknowledged. */
export const STATE_CLOSING = 11;

/** Names by number, as `ss` and RFC 9293 print them. */
export const STATE_NAMES: readonly string[] = [
  "",
  "ESTABLISHED",
  "SYN-SENT",
  "SYN-RECEIVED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "TIME-WAIT",
  "CLOSED",
  "CLOSE-WAIT",
  "LAST-ACK",
  "LISTEN",
  "CLOSING",
];

const bit = (state: number): number => 1 << state;

/** States in which the application may still hand over bytes to send. */
export const MAY_SEND: number = bit(STATE_SYN_SENT) | bit(STATE_SYN_RECEIVED) |
  bit(STATE_ESTABLISHED) | bit(STATE_CLOSE_WAIT);
/** States in which the peer may still send new data. */
export const MAY_RECEIVE: number = bit(STATE_SYN_RECEIVED) |
  bit(STATE_ESTABLISHED) | bit(STATE_FIN_WAIT_1) | bit(STATE_FIN_WAIT_2);
/** States after the three-way handshake: RFC 9293's synchronized states. */
export const SYNCHRONIZED: number = bit(STATE_ESTABLISHED) |
  bit(STATE_FIN_WAIT_1) | bit(STATE_FIN_WAIT_2) | bit(STATE_CLOSE_WAIT) |
  bit(STATE_CLOSING) | bit(STATE_LAST_ACK) | bit(STATE_TIME_WAIT);
/** States in which queued data and our FIN may be (re)transmitted. */
export const MAY_TRANSMIT: number = bit(STATE_ESTABLISHED) |
  bit(STATE_CLOSE_WAIT) | bit(STATE_FIN_WAIT_1) | bit(STATE_CLOSING) |
  bit(STATE_LAST_ACK);
/** States in which the peer's FIN has been received. */
export const PEER_CLOSED: number = bit(STATE_CLOSE_WAIT) | bit(STATE_CLOSING) |
  bit(STATE_LAST_ACK) | bit(STATE_TIME_WAIT);

/** `LEGAL[from]` is the mask of states that may follow. RFC 9293 §3.3.2, Figure 5, and §3.10. */
export const LEGAL: readonly number[] = (() => {
  const legal: number[] = new Array<number>(12).fill(0);
  const allow = (from: number, ...to: number[]) => {
    for (const next of to) legal[from] |= bit(next);
  };
  // CLOSED to SYN_RECEIVED: a listener's child is born there.
  allow(STATE_CLOSED, STATE_LISTEN, STATE_SYN_SENT, STATE_SYN_RECEIVED);
  allow(STATE_LISTEN, STATE_SYN_RECEIVED, STATE_SYN_SENT, STATE_CLOSED);
  allow(
    STATE_SYN_SENT,
    STATE_SYN_RECEIVED,
    STATE_ESTABLISHED,
    STATE_CLOSED,
  );
  // To CLOSE_WAIT: a FIN on a connection opened by Fast Open data (RFC 9293 §3.10.7.4 eighth).
  allow(
    STATE_SYN_RECEIVED,
    STATE_ESTABLISHED,
    STATE_FIN_WAIT_1,
    STATE_CLOSE_WAIT,
    STATE_CLOSED,
  );
  allow(STATE_ESTABLISHED, STATE_FIN_WAIT_1, STATE_CLOSE_WAIT, STATE_CLOSED);
  allow(
    STATE_FIN_WAIT_1,
    STATE_FIN_WAIT_2,
    STATE_CLOSING,
    STATE_TIME_WAIT,
    STATE_CLOSED,
  );
  allow(STATE_FIN_WAIT_2, STATE_TIME_WAIT, STATE_CLOSED);
  allow(STATE_CLOSE_WAIT, STATE_LAST_ACK, STATE_CLOSED);
  allow(STATE_CLOSING, STATE_TIME_WAIT, STATE_CLOSED);
  allow(STATE_LAST_ACK, STATE_CLOSED);
  allow(STATE_TIME_WAIT, STATE_CLOSED);
  return legal;
})();

/** Whether `state` is one of those in `mask`. */
export function stateIn(state: number, mask: number): boolean {
  return (1 << state & mask) !== 0;
}

/** Moves a connection to `next`: the only assignment to `state`. Throws on a move {@linkcode LEGAL} does not list. */
export function transition(tcb: { state: number }, next: number): void {
  if ((LEGAL[tcb.state] & 1 << next) === 0) {
    throw new TypeError(
      `Cannot move a connection from ${STATE_NAMES[tcb.state]} to ${
        STATE_NAMES[next]
      }: RFC 9293 has no such transition`,
    );
  }
  tcb.state = next;
}

/** The transition table as a Mermaid state diagram; a test compares it with the one in the documentation. */
export function stateDiagram(): string {
  const lines = ["stateDiagram-v2"];
  for (let from = 1; from < LEGAL.length; from++) {
    for (let to = 1; to < LEGAL.length; to++) {
      if (LEGAL[from] & 1 << to) {
        lines.push(
          `  ${STATE_NAMES[from].replaceAll("-", "_")} --> ${
            STATE_NAMES[to].replaceAll("-", "_")
          }`,
        );
      }
    }
  }
  return lines.join("\n") + "\n";
}
