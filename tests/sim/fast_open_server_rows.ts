/**
 * The server's rows of the list of what a complete Fast Open does, each as a
 * scene in virtual time. fast_open_rows_test.ts runs them and prints the list.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { SECOND } from "../../engine/base/units.ts";
import { ICMP_HOST_UNREACHABLE } from "../../engine/ip/packet.ts";
import type { Connection } from "../../engine/tcp/connection.ts";
import { FastOpenCache } from "../../engine/tcp/fast_open_cache.ts";
import { FastOpenKeys } from "../../engine/tcp/fast_open_cookie.ts";
import type { IcmpError } from "../../engine/tcp/icmp.ts";
import {
  STATE_ESTABLISHED,
  STATE_SYN_RECEIVED,
} from "../../engine/tcp/state.ts";
import { TCP_ACK, TCP_FIN, TCP_RST } from "../../engine/wire/tcp_segment.ts";
import { hex } from "../tools/middlebox.ts";
import type { BoxPacket, BoxRules } from "../tools/middlebox.ts";
import { DELAY, Lab, REQUEST, RTT } from "../tools/fast_open_lab.ts";
import type { LabOptions, Visit } from "../tools/fast_open_lab.ts";
import { assertExchange, warmLab } from "./fast_open_client_rows.ts";
import type { Row } from "./fast_open_client_rows.ts";

const KEY = "a0bf63f7-ed803d81-cd641d30-cebc4a90";

/** Holds back everything of the client but SYNs: the server never sees a final ACK. */
const SYNS_ONLY: BoxRules = {
  toServer: (packet) => packet.isSyn ? [packet] : [],
};

function o1(): void {
  for (let length = 0; length <= 38; length++) {
    const lab = warmLab({
      rules: {
        toServer: (packet) => {
          if (!packet.isSyn || packet.payload.length === 0) return [packet];
          const cookie = new Array(length).fill(9);
          return [packet.replaceOptions([34, 2 + length, ...cookie])];
        },
      },
    });
    const visit = lab.visit();
    const valid = length === 0 ||
      length >= 4 && length <= 16 && length % 2 === 0;
    const [synAck] = lab.synAcks();
    assertEquals(synAck.packet.cookie !== null, valid, `length ${length}`);
    assertEquals(visit.attempt.synDataAcked, 0);
    assertExchange(lab, visit);
  }
}

function s1(): void {
  for (const family of [4, 6] as const) {
    const lab = new Lab({ family });
    const keys = new FastOpenKeys(KEY);
    lab.server.tcp.fastOpenKeys = keys;
    lab.visit();
    const expected = new Uint8Array(8);
    keys.make(lab.address(2), lab.address(1), expected);
    assertEquals(lab.synAcks()[0].packet.cookie, hex(expected));
    assertEquals(lab.visit().wait, RTT);
    assertEquals(lab.serverCount("TcpExtTCPFastOpenCookieReqd"), 1);
    assertEquals(lab.serverCount("TcpExtTCPFastOpenPassive"), 1);
  }
}

function s1Forged(): void {
  const lab = warmLab();
  const cache = lab.client.tcp.fastOpenCache;
  const forged = new Uint8Array(8).fill(1);
  cache.store(lab.address(1), lab.address(2), forged, 1460, "standard");
  const visit = lab.visit();
  assertEquals(lab.serverCount("TcpExtTCPFastOpenPassiveFail"), 1);
  assertEquals(visit.attempt.synDataAcked, 0);
  assertEquals(visit.attempt.cookieReceived, 8, "the right one");
  assertEquals(lab.served.at(-1)!.stateWhenAccepted, STATE_ESTABLISHED);
  assertExchange(lab, visit);
  assertEquals(lab.visit().attempt.roundTripsSaved, 1);
}

function s2(): void {
  const lab = warmLab();
  const before = lab.client.tcp.fastOpenCache.export()[0].cookie;
  lab.server.tcp.fastOpenKeys.rotate(KEY);
  const visit = lab.visit();
  assertEquals(visit.wait, RTT, "the old cookie still opens");
  const after = lab.synAcks().at(-1)!.packet.cookie;
  assert(after !== null && after !== before, "and is replaced");
  assertEquals(lab.serverCount("TcpExtTCPFastOpenPassiveAltKey"), 1);
  const from = lab.box.log.length;
  assertEquals(lab.visit().wait, RTT);
  assertEquals(lab.syns(from)[0].packet.cookie, after);
  assertEquals(lab.synAcks(from)[0].packet.cookie, null);
}

function s2Expired(): void {
  const lab = warmLab();
  lab.server.tcp.fastOpenKeys.rotate(KEY);
  lab.server.tcp.fastOpenKeys.rotate("1-2-3-4");
  const visit = lab.visit();
  assertEquals(visit.attempt.synDataAcked, 0);
  assertExchange(lab, visit);
}

function s3(): void {
  const lab = warmLab();
  lab.listener.fastOpen = null;
  const visit = lab.visit();
  assertEquals(lab.synAcks()[0].packet.cookie, null);
  assertEquals(visit.attempt.synDataAcked, 0);
  assertExchange(lab, visit);
  for (
    const options of [
      { fastOpen: null },
      { fastOpen: { queueLimit: 0 } },
      { serverTcp: { fastOpen: 1 } },
    ] satisfies LabOptions[]
  ) {
    const off = new Lab(options);
    off.visit();
    assertEquals(off.synAcks()[0].packet.cookie, null);
  }
  const everywhere = new Lab({
    fastOpen: null,
    serverTcp: { fastOpen: 0x402 },
  });
  assertEquals(everywhere.visit().attempt.cookieReceived, 8);
}

function s4(): void {
  const lab = warmLab({ fastOpen: { queueLimit: 2 } });
  const queue = lab.listener.fastOpen!;
  lab.box.rules = SYNS_ONLY;
  const visits = [lab.open(), lab.open(), lab.open()];
  lab.pass(RTT + DELAY);
  assertEquals(queue.pendingCount, 2);
  assertEquals(visits.map((v) => v.attempt.synDataAcked), [8, 8, 0]);
  assertEquals(lab.serverCount("TcpExtTCPFastOpenListenOverflow"), 1);
  lab.box.rules = {};
  lab.pass(5 * SECOND);
  assertEquals(queue.pendingCount, 0, "final ACKs leave the queue");
  for (const visit of visits) assertEquals(`${visit.answer}`.length > 0, true);
  lab.client.tcp.fastOpenCache.noteSuccess(lab.address(1), lab.address(2), 80);
  lab.client.tcp.fastOpenCache.store(
    lab.address(1),
    lab.address(2),
    visits[0].attempt.cookieBytes,
    1460,
    "standard",
  );
  assertEquals(lab.visit().attempt.roundTripsSaved, 1, "on again");
}

function s5(): void {
  const lab = warmLab({ fastOpen: { queueLimit: 1 } });
  const queue = lab.listener.fastOpen!;
  lab.box.rules = {
    // The owner of a forged address resets what it never asked for.
    toClient: (packet, back) => {
      if (packet.isSynAck) {
        const reset = packet.answer(TCP_RST, packet.ack);
        back.push(reset);
      }
      return [];
    },
  };
  const forged = lab.open();
  lab.pass(RTT + DELAY);
  assertEquals(lab.served.at(-1)!.connection.abortReason > 0, true);
  forged.connection.abort(lab.sim.now);
  assertEquals(queue.pendingCount, 1, "still counts");
  lab.box.rules = {};
  lab.client.tcp.fastOpenCache.noteSuccess(lab.address(1), lab.address(2), 80);
  assertEquals(lab.visit().attempt.synDataAcked, 0, "no room");
  assertEquals(lab.serverCount("TcpExtTCPFastOpenListenOverflow"), 1);
  lab.pass(61 * SECOND);
  lab.visit(); // asks anew
  assertEquals(lab.visit().attempt.roundTripsSaved, 1, "after a minute");
}

function s6(): void {
  const lab = warmLab();
  const visit = lab.visit();
  assertEquals(lab.served.at(-1)!.stateWhenAccepted, STATE_SYN_RECEIVED);
  assertEquals(lab.served.at(-1)!.connectedCount, 1, "told once");
  assertEquals(visit.wait, RTT, "one round trip, not two");
  const log = lab.box.log;
  const answer = log.findIndex((e) =>
    e.direction === "in" && e.packet.payload.length > 0
  );
  const finalAck = log.findIndex((e) =>
    e.direction === "out" && !e.packet.isSyn
  );
  assert(answer < finalAck, "the answer came before the final ACK had left");
  assertEquals(log[answer].at, lab.synAcks()[0].at, "right behind the SYN-ACK");
}

function s6Window(): void {
  const lab = warmLab();
  const big = new Uint8Array(100_000).fill(5);
  lab.box.rules = SYNS_ONLY;
  const visit = lab.open();
  lab.pass(DELAY);
  lab.served.at(-1)!.connection.write(big, 0, big.length, lab.sim.now);
  lab.pass(DELAY);
  const segments = lab.box.log.filter((e) =>
    e.direction === "in" && e.packet.payload.length > 0
  );
  assertEquals(segments.length, 10, "RFC 6928; the SYN-ACK is no part of it");
  lab.box.rules = {};
  lab.pass(5 * SECOND);
  assertEquals(visit.answer.length, 6 + big.length, "and all of it in the end");
}

function s6Dataless(): void {
  const lab = warmLab();
  const visit = lab.open(new Uint8Array(0));
  lab.pass(DELAY);
  const served = lab.served.at(-1)!;
  assertEquals(served.stateWhenAccepted, STATE_SYN_RECEIVED);
  served.connection.write(REQUEST, 0, REQUEST.length, lab.sim.now);
  lab.pass(DELAY);
  assertEquals(visit.wait, RTT, "a server that speaks first speaks at once");
}

function s6Fin(): void {
  const lab = warmLab({ closes: "yes" });
  lab.box.rules = {
    toServer: (packet) => {
      if (packet.isSyn) packet.setFlags(packet.flags | TCP_FIN);
      return [packet];
    },
  };
  lab.open();
  lab.pass(DELAY);
  const { tcb } = lab.served.at(-1)!.connection;
  assertEquals(tcb.finReceived, true, "a FIN in the SYN counts");
  assertEquals(`${lab.served.at(-1)!.request}`, `${REQUEST}`);
}

function s6Close(): void {
  const lab = warmLab({ closes: "yes" });
  const visit = lab.open();
  lab.pass(DELAY + DELAY);
  assertEquals(visit.answeredAt, lab.sim.now);
  assertEquals(visit.ended, true, "answer and FIN in the first flight");
  visit.connection.close(lab.sim.now);
  lab.pass(70 * SECOND); // TIME-WAIT included
  assertEquals(lab.server.connectionCount, 0, "the server forgets it");
  assertEquals(lab.listener.fastOpen!.pendingCount, 0);
}

/** Everything the server sends in its first flight is lost. */
function s7(): void {
  const lab = warmLab({ closes: "yes" });
  lab.server.tcp.fastOpenKeys.rotate(KEY); // so that the first SYN-ACK has a cookie
  let synAcks = 0;
  const seen: BoxPacket[] = [];
  lab.box.rules = {
    // The client's own retransmission stays out of it.
    toServer: (packet) => {
      if (!packet.isSyn) return [packet];
      return packet.payload.length > 0 ? [packet] : [];
    },
    toClient: (packet) => {
      if (packet.isSynAck) {
        seen.push(packet);
        synAcks++;
      }
      return synAcks > 1 ? [packet] : [];
    },
  };
  const visit = lab.open();
  lab.pass(3 * SECOND);
  assert(seen[0].cookie !== null);
  assertEquals(seen[1].cookie, null, "no option");
  assertEquals(seen[1].payload.length, 0, "no data");
  assertEquals(seen[1].ack, seen[0].ack, "the SYN's data stays acknowledged");
  assertExchange(lab, visit);
  assertEquals(visit.wait < 1_000_000 + 3 * RTT, true, `${visit.wait}`);
  assertEquals(lab.served.at(-1)!.connectedCount, 1);
}

function s7Gone(): void {
  const lab = warmLab();
  const before = lab.served.length;
  lab.box.rules = { toClient: () => [] };
  const visit = lab.open();
  lab.pass(DELAY);
  visit.connection.abort(lab.sim.now);
  lab.pass(300 * SECOND);
  assertEquals(lab.served.length, before + 1);
  assertEquals(lab.served.at(-1)!.connection.abortReason, 3); // ABORT_TIMED_OUT
  assertEquals(
    lab.listener.fastOpen!.pendingCount,
    0,
    "without a RST it leaves",
  );
}

function s9(): void {
  const cookies = new FastOpenCache();
  const visit = (): Visit => {
    const lab = new Lab();
    lab.server.tcp.fastOpenKeys = new FastOpenKeys(KEY);
    lab.client.tcp.fastOpenCache.import(cookies.export());
    const made = lab.visit();
    cookies.import(lab.client.tcp.fastOpenCache.export());
    return made;
  };
  assertEquals(visit().wait, 2 * RTT);
  assertEquals(
    visit().wait,
    RTT,
    "another server of the farm takes the cookie",
  );
}

function s10(): void {
  const open = { fastOpen: { queueLimit: 4, cookies: "ignored" as const } };
  const lab = new Lab(open);
  assertEquals(lab.visit(REQUEST, "cookieless").wait, RTT, "no option");
  const other = new Lab(open);
  const wrong = new Uint8Array(8).fill(3);
  const { client } = other;
  client.tcp.fastOpenCache.store(
    other.address(1),
    other.address(2),
    wrong,
    1460,
    "standard",
  );
  assertEquals(other.visit().wait, RTT, "any cookie");
  const strict = new Lab();
  assertEquals(strict.visit(REQUEST, "cookieless").wait, 2 * RTT);
}

function a1(): void {
  const lab = new Lab({ fastOpen: null });
  const visit = lab.visit(REQUEST, "cookieless");
  assertEquals(lab.served[0].stateWhenAccepted, STATE_ESTABLISHED);
  assertEquals(lab.served[0].readAt, visit.startedAt + 3 * DELAY);
  assertExchange(lab, visit);
}

function x1(): void {
  const lab = new Lab();
  lab.client.tcp.fastOpenCache.noteUnanswered(
    lab.address(1),
    lab.address(2),
    80,
    "standard",
    0,
  );
  lab.visit();
  const [synAck] = lab.synAcks();
  assertEquals([synAck.packet.cookie!.length, synAck.packet.isExperimental], [
    16,
    true,
  ]);
  assertEquals(lab.visit().wait, RTT);
}

function duplicates(): void {
  const lab = warmLab();
  lab.box.rules = {
    toServer: (packet) => packet.isSyn ? [packet, packet, packet] : [packet],
  };
  const before = lab.served.length;
  const visit = lab.visit();
  assertExchange(lab, visit);
  assertEquals(lab.served.length, before + 1, "one connection");
}

function noOption(): void {
  const lab = warmLab({
    rules: { toServer: (packet) => [packet.stripFastOpen()] },
  });
  const visit = lab.visit();
  assertEquals(visit.attempt.synDataAcked, 0);
  assertExchange(lab, visit);
}

function tooLong(): void {
  const lab = warmLab({
    serverTcp: { receiveBuffer: { min: 512, initial: 1_024, max: 1_024 } },
  });
  const long = new Uint8Array(1_400).map((_, i) => i % 30);
  long[1_399] = REQUEST.at(-1)!;
  const visit = lab.visit(long);
  assertEquals(visit.attempt.synDataAcked, 512, "as much as the window holds");
  assertExchange(lab, visit, long);
}

function lostFinalAck(): void {
  const lab = warmLab();
  let acks = 0;
  lab.box.rules = {
    toServer: (packet) =>
      packet.flags === TCP_ACK && acks++ === 0 ? [] : [packet],
  };
  const visit = lab.visit();
  assertExchange(lab, visit);
  lab.pass(70 * SECOND); // TIME-WAIT
  assertEquals(lab.server.connectionCount, 0);
}

/** Reading what came in a SYN moves no packet: the answer will carry the acknowledgement. */
function readingIsSilent(): void {
  const lab = warmLab({ think: SECOND });
  const from = lab.box.log.length;
  lab.open();
  lab.pass(3 * DELAY);
  assertEquals(`${lab.served.at(-1)!.request}`, `${REQUEST}`);
  const sent = lab.box.log.slice(from).filter((e) => e.direction === "in");
  assertEquals(sent.map((e) => e.packet.isSynAck), [true]);
}

/** As the kernel does it: an ICMP error ends a child that waits to be accepted, not one that was. */
function icmpBeforeAccept(): void {
  const lab = warmLab();
  lab.box.rules = { toServer: (packet) => packet.isSyn ? [packet] : [] };
  const sink = lab.listener.sink;
  lab.listener.sink = null;
  lab.open();
  lab.pass(DELAY);
  const accepted = lab.listener.accept()!;
  lab.listener.sink = sink;
  assertEquals(accepted.state, STATE_SYN_RECEIVED);
  accepted.handleIcmp(hostUnreachable(accepted), lab.sim.now);
  assertEquals(accepted.abortReason, 0, "accepted: remembered only");

  lab.listener.sink = null;
  lab.open();
  lab.pass(DELAY);
  const waiting = lab.server.someConnection((t) =>
    t.fastOpenAccepted && !t.accepted && t.state === STATE_SYN_RECEIVED
  );
  assertEquals(waiting, true);
  const child = lab.listener.accept()!;
  child.tcb.accepted = false; // as it stood in the queue
  child.handleIcmp(hostUnreachable(child), lab.sim.now);
  assertEquals(child.abortReason, 4); // ABORT_HOST_UNREACHABLE
  const buffer = new Uint8Array(100);
  assertEquals(child.read(buffer, 0, 100, lab.sim.now), REQUEST.length);
  assertEquals(lab.listener.fastOpen!.pendingCount, 1, "one left");
}

function hostUnreachable(connection: Connection): IcmpError {
  const seq = connection.tcb.iss;
  return { kind: ICMP_HOST_UNREACHABLE, type: 3, code: 1, mtu: 0, seq };
}

/** Every row that the server must meet. */
export const SERVER_ROWS: readonly Row[] = [
  {
    row: "O1",
    shows: "a cookie of invalid length in a SYN is ignored, lengths 0 to 38",
    prove: o1,
  },
  { row: "S1", shows: "the cookie is Linux's, and opens", prove: s1 },
  {
    row: "S1",
    shows: "a forged cookie opens nothing and is replaced",
    prove: s1Forged,
  },
  {
    row: "S2",
    shows: "after a rotation the old cookie opens and is replaced",
    prove: s2,
  },
  {
    row: "S2",
    shows: "after two rotations it does not open",
    prove: s2Expired,
  },
  {
    row: "S3",
    shows: "off by default, by listener or altogether, and then ignored",
    prove: s3,
  },
  {
    row: "S4",
    shows: "over the limit Fast Open is off until requests complete",
    prove: s4,
  },
  { row: "S5", shows: "reset requests count for a minute", prove: s5 },
  {
    row: "S6",
    shows: "the answer leaves before the final ACK arrives",
    prove: s6,
  },
  {
    row: "S6",
    shows: "early data keeps to the initial window",
    prove: s6Window,
  },
  {
    row: "S6",
    shows: "a SYN with a cookie and no data opens the fast path too",
    prove: s6Dataless,
  },
  { row: "S6", shows: "a FIN in the SYN is taken", prove: s6Fin },
  {
    row: "S6",
    shows: "a server may close before the final ACK",
    prove: s6Close,
  },
  { row: "S6", shows: "a lost final ACK does no harm", prove: lostFinalAck },
  {
    row: "S6",
    shows: "duplicates of the SYN make one connection",
    prove: duplicates,
  },
  { row: "S6", shows: "data without an option is left aside", prove: noOption },
  {
    row: "S6",
    shows: "data longer than the window is taken in part",
    prove: tooLong,
  },
  {
    row: "S6",
    shows: "reading SYN data moves no packet",
    prove: readingIsSilent,
  },
  {
    row: "S6",
    shows: "an ICMP error ends a child that nobody has accepted",
    prove: icmpBeforeAccept,
  },
  {
    row: "S7",
    shows: "a retransmitted SYN-ACK carries neither data nor option",
    prove: s7,
  },
  { row: "S7", shows: "a client that is gone is given up", prove: s7Gone },
  {
    row: "S9",
    shows: "servers with one key take each other's cookies",
    prove: s9,
  },
  { row: "S10", shows: "a listener may take data without cookies", prove: s10 },
  {
    row: "A1",
    shows: "nobody gets Fast Open who did not ask: server",
    prove: a1,
  },
  { row: "X1", shows: "a request by option 254 is answered by it", prove: x1 },
];
