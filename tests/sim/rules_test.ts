/**
 * Every rule of the state machine can be reached: for each tag the shortest
 * conversation that makes it count. The tags without one are printed.
 */
import { assertEquals } from "@std/assert";
import { RULE_NAMES, type RuleName } from "../../engine/tcp/rules.ts";
import { Peer } from "../tools/sim_peer.ts";

type Scene = () => Peer;

const listening = (): Peer => {
  const peer = new Peer();
  peer.listen();
  return peer;
};
const established = (): Peer => new Peer().openPassive();
const stamped = (): Peer => new Peer({ syn: { ts: [1_000, 0] } }).openActive();

/** Does `act` to a peer and returns it. */
const after = (make: Scene, ...acts: ((peer: Peer) => void)[]): Scene => () => {
  const peer = make();
  for (const act of acts) act(peer);
  return peer;
};
const sends = (sent: Parameters<Peer["send"]>[0]) => (peer: Peer): void =>
  peer.send(sent);

/** A stack of which the memory is used up by what nobody reads. */
function starved(): Peer {
  const atRest = new Peer().stack.memoryUsed;
  const memory = 256 * Math.ceil((atRest + 40_000) / 256);
  const peer = new Peer({ memory }).openActive();
  // The SYN promised 64 KiB; there are not 40.
  for (let i = 0; i < 44; i++) peer.send({ data: 1_460, flags: "P." });
  return peer;
}

const SCENES: Readonly<Record<RuleName, Scene>> = {
  R_CLOSED_RESET: after(() => new Peer(), sends({ ack: 5 })),
  R_CLOSED_IGNORE_RESET: after(() => new Peer(), sends({ flags: "R" })),
  R_LISTEN_IGNORE_RESET: after(listening, sends({ flags: "R" })),
  R_LISTEN_RESET_ACK: after(listening, sends({ ack: 5 })),
  R_LISTEN_IGNORE: after(listening, sends({ flags: "F" })),
  R_LISTEN_SYN: established,
  R_LISTEN_OVERFLOW: () => {
    const peer = new Peer();
    peer.listen(0);
    peer.send({ flags: "S", seq: 0, ack: 0 });
    return peer;
  },
  R_LISTEN_COOKIE: () => {
    const peer = new Peer({ tcp: { synCookies: 2 } });
    peer.listen();
    peer.send({ flags: "S", seq: 0, ack: 0 });
    return peer;
  },
  R_SYN_SENT_BAD_ACK: () => {
    const peer = new Peer().reach("SYN-SENT");
    peer.send({ ack: 1_000 });
    return peer;
  },
  R_SYN_SENT_BAD_TIMESTAMP: () => {
    const peer = new Peer().reach("SYN-SENT");
    peer.send({ flags: "S.", seq: 0, ts: [1, 12_345] });
    return peer;
  },
  R_SYN_SENT_RESET: after(
    () => new Peer().reach("SYN-SENT"),
    sends({ flags: "R.", seq: 0 }),
  ),
  R_SYN_SENT_IGNORE_RESET: after(
    () => new Peer().reach("SYN-SENT"),
    sends({ flags: "R", seq: 0 }),
  ),
  R_SYN_SENT_IGNORE: after(() => new Peer().reach("SYN-SENT"), sends({})),
  R_SYN_SENT_ESTABLISHED: () => new Peer().openActive(),
  R_SYN_SENT_SIMULTANEOUS: () => new Peer().reach("SYN-RECEIVED"),
  R_SEQ_PAWS: after(stamped, sends({ data: 10, ts: [500, 0] })),
  R_SEQ_OUT_OF_WINDOW: after(established, sends({ seq: 1_000_000, data: 1 })),
  R_SEQ_SYN_RETRANSMITTED: after(
    listening,
    sends({ flags: "S", seq: 0, ack: 0 }),
    sends({ flags: "S", seq: 0, ack: 0 }),
  ),
  R_RESET_EXACT: after(established, sends({ flags: "R" })),
  R_RESET_CHALLENGE: after(established, sends({ flags: "R", seq: 100 })),
  R_SYN_CHALLENGE: after(established, sends({ flags: "S", seq: 100 })),
  R_NO_ACK: after(established, sends({ flags: "P", data: 1 })),
  R_ACK_SYN_RECEIVED_BAD: after(
    () => new Peer().reach("SYN-RECEIVED"),
    sends({ ack: 1_000 }),
  ),
  R_ACK_ESTABLISHES: established,
  R_ACK_TOO_OLD: after(established, sends({ ack: -1_000_000 })),
  R_ACK_OLD: after(
    established,
    (peer) => peer.write(100),
    (peer) => peer.send({ ack: 101 }),
    sends({ ack: 50 }),
  ),
  R_ACK_UNSENT: after(established, sends({ ack: 1_000 })),
  R_ACK_DUPLICATE: after(established, sends({})),
  R_ACK_ADVANCES: after(established, (peer) => peer.write(100), (peer) => {
    peer.take();
    peer.send();
  }),
  R_ACK_FIN_WAIT_2: () => new Peer().reach("FIN-WAIT-2"),
  R_ACK_TIME_WAIT: after(() => new Peer().reach("TIME-WAIT"), sends({})),
  R_ACK_CLOSES: after(() => new Peer().reach("LAST-ACK"), sends({})),
  R_TEXT_AFTER_CLOSE: after(
    () => new Peer().reach("CLOSE-WAIT"),
    sends({ data: 10 }),
  ),
  R_TEXT_IN_ORDER: after(established, sends({ data: 10 })),
  R_TEXT_OUT_OF_ORDER: after(established, sends({ seq: 100, data: 10 })),
  // Held back unacknowledged, so that the copy is not before the window.
  R_TEXT_DUPLICATE: () => {
    const peer = established();
    for (let i = 0; i < 40; i++) {
      peer.send({ data: 10 });
      peer.read();
    }
    peer.send({ data: 10 });
    peer.send({ seq: peer.seq - 10, data: 10 });
    return peer;
  },
  R_TEXT_BEYOND_WINDOW: () => {
    const peer = new Peer().openActive((c) => {
      c.tcb.rcvBuf.limit = 2_000;
      c.tcb.rcvBufAuto = false;
    });
    // 2,000 bytes are 16 units of 128, rounded up.
    for (const data of [1_000, 1_000, 48, 1]) peer.send({ data });
    return peer;
  },
  R_TEXT_NO_MEMORY: starved,
  R_FIN_IN_ORDER: after(established, sends({ flags: "F." })),
  R_FIN_OUT_OF_ORDER: after(established, sends({ flags: "F.", seq: 100 })),
  R_FIN_AGAIN: after(
    () => new Peer().reach("CLOSE-WAIT"),
    sends({ flags: "F.", seq: 1 }),
  ),
  R_TIME_WAIT_RESTART: after(
    () => new Peer().reach("TIME-WAIT"),
    sends({ flags: "F.", seq: 1 }),
  ),
  R_TIME_WAIT_REUSED: after(
    established,
    (peer) => peer.do((c, now) => c.close(now)),
    (peer) => {
      peer.take();
      peer.send({ flags: "F." });
      peer.send({ flags: "S", seq: 100_000, ack: 0 });
    },
  ),
  R_TIME_WAIT_IGNORE_RESET: after(
    () => new Peer().reach("TIME-WAIT"),
    sends({ flags: "R" }),
  ),
  R_URGENT: after(established, sends({ flags: "U.", data: 10, urgent: 5 })),
};

Deno.test("every rule of the state machine is reached by the conversation meant for it", () => {
  const never = RULE_NAMES.filter((name) => {
    const peer = SCENES[name]();
    return peer.stack.tcp.rules.get(name) === 0;
  });
  if (never.length > 0) console.log(`Never reached: ${never.join(", ")}`);
  assertEquals(never, []);
});
