/**
 * RFC 9293 §3.10.7, "SEGMENT ARRIVES", as a table: every state, every kind of
 * segment, what is answered and which state follows.
 *
 * Sequence numbers are relative. In the states after a FIN of ours the stack
 * has sent 1, after one of the peer's the peer has.
 */
import { assertEquals } from "@std/assert";
import {
  Peer,
  type Reachable,
  type Sent,
  shorthand,
} from "../../tools/sim_peer.ts";

/** The segments, as they are sent to a connection in a state. */
const SEGMENTS: Readonly<Record<string, (peer: Peer) => Sent>> = {
  "RST exact": (p) => ({ flags: "R", seq: p.seq }),
  "RST in window": (p) => ({ flags: "R", seq: p.seq + 100 }),
  "RST beyond": (p) => ({ flags: "R", seq: p.seq + 1_000_000 }),
  "RST+ACK": (p) => ({ flags: "R.", seq: p.seq }),
  "SYN in window": (p) => ({ flags: "S", seq: p.seq + 100, mss: 1460 }),
  "SYN old": () => ({ flags: "S", seq: 0, mss: 1460 }),
  "SYN-ACK": () => ({ flags: "S.", seq: 0, mss: 1460 }),
  "ACK": () => ({}),
  "ACK unsent": (p) => ({ ack: p.ack + 5 }),
  "ACK ancient": (p) => ({ ack: p.ack - 100_000 }),
  "no ACK": () => ({ flags: "P", data: 10 }),
  "old data": () => ({ seq: -99, data: 100 }),
  "data": () => ({ flags: "P.", data: 10 }),
  "data beyond": (p) => ({ seq: p.seq + 1_000_000, data: 10 }),
  "data ahead": (p) => ({ seq: p.seq + 100, data: 10 }),
  "FIN": () => ({ flags: "F." }),
  "FIN ahead": (p) => ({ flags: "F.", seq: p.seq + 100 }),
  "FIN no ACK": () => ({ flags: "F" }),
};

/** Under each segment: state, state that follows (= the same), answer. */
const TABLE = `
RST exact
  SYN-SENT     =            silence
  SYN-RECEIVED CLOSED       silence
  ESTABLISHED  CLOSED       silence
  FIN-WAIT-1   CLOSED       silence
  FIN-WAIT-2   CLOSED       silence
  CLOSE-WAIT   CLOSED       silence
  CLOSING      CLOSED       silence
  LAST-ACK     CLOSED       silence
  TIME-WAIT    =            silence
RST in window
  SYN-SENT     =            silence
  SYN-RECEIVED =            . 1:1 ack 1
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   =            . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            silence
RST beyond
  SYN-SENT     =            silence
  SYN-RECEIVED =            silence
  ESTABLISHED  =            silence
  FIN-WAIT-1   =            silence
  FIN-WAIT-2   =            silence
  CLOSE-WAIT   =            silence
  CLOSING      =            silence
  LAST-ACK     =            silence
  TIME-WAIT    =            silence
RST+ACK
  SYN-SENT     CLOSED       silence
  SYN-RECEIVED CLOSED       silence
  ESTABLISHED  CLOSED       silence
  FIN-WAIT-1   CLOSED       silence
  FIN-WAIT-2   CLOSED       silence
  CLOSE-WAIT   CLOSED       silence
  CLOSING      CLOSED       silence
  LAST-ACK     CLOSED       silence
  TIME-WAIT    =            silence
SYN in window
  SYN-SENT     SYN-RECEIVED S. 0:0 ack 101
  SYN-RECEIVED =            . 1:1 ack 1
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   =            . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            . 2:2 ack 2
SYN old
  SYN-SENT     SYN-RECEIVED S. 0:0 ack 1
  SYN-RECEIVED =            S. 0:0 ack 1
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   =            . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            . 2:2 ack 2
SYN-ACK
  SYN-SENT     ESTABLISHED  . 1:1 ack 1
  SYN-RECEIVED ESTABLISHED  silence
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   =            . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            . 2:2 ack 2
ACK
  SYN-SENT     =            silence
  SYN-RECEIVED ESTABLISHED  silence
  ESTABLISHED  =            silence
  FIN-WAIT-1   FIN-WAIT-2   silence
  FIN-WAIT-2   =            silence
  CLOSE-WAIT   =            silence
  CLOSING      TIME-WAIT    silence
  LAST-ACK     CLOSED       silence
  TIME-WAIT    =            silence
ACK unsent
  SYN-SENT     =            R 6:6
  SYN-RECEIVED =            R 6:6
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   =            . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            silence
ACK ancient
  SYN-SENT     =            R -99999:-99999
  SYN-RECEIVED =            R -99999:-99999
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   =            . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            silence
no ACK
  SYN-SENT     =            silence
  SYN-RECEIVED =            silence
  ESTABLISHED  =            silence
  FIN-WAIT-1   =            silence
  FIN-WAIT-2   =            silence
  CLOSE-WAIT   =            silence
  CLOSING      =            silence
  LAST-ACK     =            silence
  TIME-WAIT    =            silence
old data
  SYN-SENT     =            silence
  SYN-RECEIVED ESTABLISHED  . 1:1 ack 1
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   FIN-WAIT-2   . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            . 2:2 ack 2
data
  SYN-SENT     =            silence
  SYN-RECEIVED ESTABLISHED  . 1:1 ack 11
  ESTABLISHED  =            . 1:1 ack 11
  FIN-WAIT-1   FIN-WAIT-2   . 2:2 ack 11
  FIN-WAIT-2   =            . 2:2 ack 11
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      TIME-WAIT    silence
  LAST-ACK     CLOSED       silence
  TIME-WAIT    =            silence
data beyond
  SYN-SENT     =            silence
  SYN-RECEIVED =            . 1:1 ack 1
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   =            . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      =            . 2:2 ack 2
  LAST-ACK     =            . 2:2 ack 2
  TIME-WAIT    =            . 2:2 ack 2
data ahead
  SYN-SENT     =            silence
  SYN-RECEIVED ESTABLISHED  . 1:1 ack 1
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   FIN-WAIT-2   . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      TIME-WAIT    silence
  LAST-ACK     CLOSED       silence
  TIME-WAIT    =            silence
FIN
  SYN-SENT     =            silence
  SYN-RECEIVED CLOSE-WAIT   . 1:1 ack 2
  ESTABLISHED  CLOSE-WAIT   . 1:1 ack 2
  FIN-WAIT-1   TIME-WAIT    . 2:2 ack 2
  FIN-WAIT-2   TIME-WAIT    . 2:2 ack 2
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      TIME-WAIT    silence
  LAST-ACK     CLOSED       silence
  TIME-WAIT    =            . 2:2 ack 2
FIN ahead
  SYN-SENT     =            silence
  SYN-RECEIVED ESTABLISHED  . 1:1 ack 1
  ESTABLISHED  =            . 1:1 ack 1
  FIN-WAIT-1   FIN-WAIT-2   . 2:2 ack 1
  FIN-WAIT-2   =            . 2:2 ack 1
  CLOSE-WAIT   =            . 1:1 ack 2
  CLOSING      TIME-WAIT    silence
  LAST-ACK     CLOSED       silence
  TIME-WAIT    =            . 2:2 ack 2
FIN no ACK
  SYN-SENT     =            silence
  SYN-RECEIVED =            silence
  ESTABLISHED  =            silence
  FIN-WAIT-1   =            silence
  FIN-WAIT-2   =            silence
  CLOSE-WAIT   =            silence
  CLOSING      =            silence
  LAST-ACK     =            silence
  TIME-WAIT    =            silence
`;

/** Where the numbers of both sides lie: nowhere special, and across 2^31 and 2^32. */
const PLACES = [
  { isn: 10_000, stackIsn: null },
  { isn: 0x7fff_ffff, stackIsn: 0x7fff_ffff },
  { isn: 0xffff_ffff, stackIsn: 0xffff_ffff },
  { isn: 0xffff_fffe, stackIsn: 0x8000_0000 },
  { isn: 0x7fff_fffe, stackIsn: 0 },
] as const;

/** 4 µs a tick: the clock of initial sequence numbers, RFC 9293 §3.4.1. */
const ISN_TICK = 4;

/** When to start so that the stack's first connection to the peer begins at `wanted`. */
function startFor(wanted: number | null, family: 4 | 6): number {
  if (wanted === null) return 0;
  const trial = new Peer({ family });
  trial.connect();
  trial.take();
  return ((wanted - trial.stackIsn) >>> 0) * ISN_TICK;
}

for (const family of [4, 6] as const) {
  // The family decides nothing here: one place for the second.
  for (const { isn, stackIsn } of family === 4 ? PLACES : PLACES.slice(-1)) {
    const place = `${isn.toString(16)}, ${stackIsn?.toString(16) ?? "any"}`;
    Deno.test(`SEGMENT ARRIVES does as RFC 9293 says, IPv${family}, ISNs ${place}`, () => {
      const startAt = startFor(stackIsn, family);
      let kind = "";
      for (const line of TABLE.trim().split("\n")) {
        if (!line.startsWith(" ")) {
          kind = line;
          continue;
        }
        const [state, next, ...answer] = line.trim().split(/\s+/);
        const peer = new Peer({ isn, family, startAt });
        peer.reach(state as Reachable);
        if (stackIsn !== null) assertEquals(peer.stackIsn, stackIsn);
        peer.send(SEGMENTS[kind](peer));
        const seen = shorthand(peer.take()).join(", ") || "silence";
        const told = `${kind} in ${state}`;
        assertEquals(seen, answer.join(" "), told);
        assertEquals(peer.state, next === "=" ? state : next, told);
      }
    });
  }
}
