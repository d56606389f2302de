/**
 * The client's rows of the list of what a complete Fast Open does, each as a
 * scene in virtual time. fast_open_rows_test.ts runs them and prints the list.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { SECOND } from "../../engine/base/units.ts";
import {
  describeFastOpen,
  noteSynSent,
} from "../../engine/tcp/fast_open_client.ts";
import { FastOpenCache } from "../../engine/tcp/fast_open_cache.ts";
import { STATE_ESTABLISHED } from "../../engine/tcp/state.ts";
import {
  ABSENT,
  SegmentOut,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
} from "../../engine/wire/tcp_segment.ts";
import { BoxPacket } from "../tools/middlebox.ts";
import type { BoxRules } from "../tools/middlebox.ts";
import { ANSWER, DELAY, Lab, REQUEST, RTT } from "../tools/fast_open_lab.ts";
import type { LabOptions, Visit } from "../tools/fast_open_lab.ts";

/** One row: its number in the list, what it asks, and the proof. */
export interface Row {
  /** The row's number: O1, C4, S7 and so on. */
  readonly row: string;
  /** What is shown, as a test's name says it. */
  readonly shows: string;
  /** The proof; throws when the row does not hold. */
  readonly prove: () => void;
}

/** A lab whose client has a cookie and whose path is known to work. */
export function warmLab(options: LabOptions = {}): Lab {
  const lab = new Lab({ ...options, rules: {} });
  lab.visit();
  assertEquals(lab.visit().attempt.roundTripsSaved, 1);
  lab.box.rules = options.rules ?? {};
  lab.box.log.length = 0;
  return lab;
}

/** The bytes of both directions, whole and once. */
export function assertExchange(
  lab: Lab,
  visit: Visit,
  data: Uint8Array = REQUEST,
): void {
  assertEquals(`${lab.served.at(-1)!.request}`, `${data}`, "the request");
  assertEquals(`${visit.answer}`, `${ANSWER}`, "the answer");
}

/** A SYN-ACK rule that leaves SYN data unacknowledged. */
const ackIsnOnly: BoxRules["toClient"] = (packet) => {
  if (packet.isSynAck) packet.ack -= REQUEST.length;
  return [packet];
};

const dropFirstSyn = (): BoxRules => {
  let dropped = false;
  return {
    toServer: (packet) => {
      if (dropped || !packet.isSyn) return [packet];
      dropped = true;
      return [];
    },
  };
};

function option(length: number): number[] {
  return [34, 2 + length, ...new Array(length).fill(7)];
}

function o1(): void {
  for (let length = 0; length <= 38; length++) {
    const lab = new Lab({
      rules: {
        toClient: (packet) => [
          packet.isSynAck ? packet.replaceOptions(option(length)) : packet,
        ],
      },
    });
    const visit = lab.visit();
    const valid = length >= 4 && length <= 16 && length % 2 === 0;
    assertEquals(visit.attempt.cookieReceived, valid ? length : 0, `${length}`);
    assertExchange(lab, visit);
  }
}

function o1WithoutSyn(): void {
  const lab = new Lab({
    rules: {
      toClient: (packet) => [
        packet.isSynAck
          ? packet.stripFastOpen()
          : packet.replaceOptions(option(8)),
      ],
    },
  });
  lab.visit();
  const entry = lab.client.tcp.fastOpenCache.find(
    lab.address(1),
    lab.address(2),
  );
  assertEquals(entry!.cookie.length, 0);
}

function o2(): void {
  const lab = warmLab();
  const { tcb } = lab.open().connection;
  const out = new SegmentOut();
  out.sackCount = 4; // 36 of the 40 bytes
  assertEquals(describeFastOpen(tcb, out), 0, "no data");
  assertEquals(out.fastOpenLength, ABSENT, "no option");
  noteSynSent(tcb, out, 0);
  assertEquals(tcb.fastOpen!.failure, "NO_OPTION_SPACE");
  assertEquals(tcb.fastOpen!.cookie, "none");
}

function c1(): void {
  const lab = new Lab();
  const visit = lab.visit();
  const [syn] = lab.syns();
  assertEquals([syn.packet.cookie, syn.packet.payload.length], ["", 0]);
  assertEquals(visit.attempt.failure, "COOKIE_UNAVAILABLE");
  assertEquals(visit.attempt.cookieReceived, 8);
  assertEquals(visit.wait, 2 * RTT);
  const from = lab.box.log.length;
  const next = lab.visit();
  assertEquals(lab.syns(from)[0].packet.payload.length, REQUEST.length);
  assertEquals(next.wait, RTT);
}

function c2(): void {
  const lab = warmLab();
  const cache = lab.client.tcp.fastOpenCache;
  const first = cache.find(lab.address(1), lab.address(2))!.cookie;
  lab.server.tcp.fastOpenKeys.rotate("1-2-3-4");
  lab.visit();
  const second = cache.find(lab.address(1), lab.address(2))!.cookie;
  assert(`${first}` !== `${second}`, "the latest");
  assertEquals(cache.size, 1, "one");
  const file = JSON.stringify(cache.export());
  const other = new FastOpenCache();
  other.import(JSON.parse(file));
  assertEquals(
    `${other.find(lab.address(1), lab.address(2))!.cookie}`,
    `${second}`,
  );
}

function c3(): void {
  const big = new Uint8Array(3_000).fill(REQUEST.at(-1)!);
  const expectSynData = (lab: Lab, bytes: number): void => {
    const from = lab.box.log.length;
    const visit = lab.visit(big);
    assertEquals(visit.attempt.synData, bytes);
    assertEquals(lab.syns(from)[0].packet.payload.length, bytes);
  };
  expectSynData(warmLab(), 1_460 - 40);
  expectSynData(warmLab({ family: 6 }), 1_440 - 40);
  for (const [family, unknown] of [[4, 536], [6, 1_220]] as const) {
    const lab = warmLab({ family });
    const cache = lab.client.tcp.fastOpenCache;
    cache.find(lab.address(1), lab.address(2))!.mss = 0;
    expectSynData(lab, unknown - 40);
  }
}

function c4Timeout(): void {
  const lab = warmLab({ rules: dropFirstSyn() });
  assertEquals(lab.visit().attempt.failure, "SYN_RETRANSMITTED");
  assertEquals(lab.visit().attempt.failure, "PATH_DISABLED");
  lab.listen(81);
  const elsewhere = lab.open(REQUEST, "fast", 81);
  lab.pass(SECOND);
  assertEquals(
    elsewhere.attempt.failure,
    "none",
    "another port is another path",
  );
}

function c4Unacked(): void {
  const lab = warmLab({ fastOpen: { queueLimit: 1 } });
  lab.listener.fastOpen = null;
  const visit = lab.visit();
  assertEquals(visit.attempt.failure, "DATA_NOT_ACKED");
  assertExchange(lab, visit);
  assertEquals(visit.wait, 2 * RTT, "the data goes with the last ACK");
  assertEquals(lab.visit().attempt.failure, "PATH_DISABLED");
}

function c4Reset(): void {
  const lab = warmLab({
    rules: {
      toServer: (packet, back) => {
        if (!packet.isSyn || packet.payload.length === 0) return [packet];
        back.push(packet.answer(TCP_RST | TCP_ACK, 0));
        return [];
      },
    },
  });
  const visit = lab.visit();
  assertEquals(visit.attempt.failure, "RESET");
  assertExchange(lab, visit);
  assertEquals(lab.visit().attempt.failure, "PATH_DISABLED");
}

function c4Icmp(): void {
  const lab = warmLab();
  lab.box.rules = {
    toServer: (packet, back) => {
      if (!packet.isSyn || packet.payload.length === 0) return [packet];
      back.push(unreachable(packet));
      return [];
    },
  };
  const visit = lab.visit();
  assertEquals(visit.attempt.failure, "UNREACHABLE");
  assertExchange(lab, visit);
  assertEquals(lab.visit().attempt.failure, "PATH_DISABLED");
}

/** ICMP "administratively prohibited" about an IPv4 packet. */
function unreachable(packet: BoxPacket): BoxPacket {
  return icmp(packet, 13, 0);
}

/** ICMP "destination unreachable" of this code about an IPv4 packet. */
function icmp(packet: BoxPacket, code: number, mtu: number): BoxPacket {
  const quote = packet.bytes.slice(0, packet.ipLength + 8);
  const bytes = new Uint8Array(20 + 8 + quote.length);
  bytes.set(packet.bytes.slice(0, 20));
  bytes.set(packet.bytes.slice(16, 20), 12);
  bytes.set(packet.bytes.slice(12, 16), 16);
  bytes[9] = 1;
  const view = new DataView(bytes.buffer);
  view.setUint16(2, bytes.length);
  view.setUint16(10, 0);
  view.setUint16(10, onesComplement(bytes.subarray(0, 20)));
  bytes.set([3, code], 20);
  view.setUint16(26, mtu);
  bytes.set(quote, 28);
  view.setUint16(22, onesComplement(bytes.subarray(20)));
  return new BoxPacket(bytes);
}

function onesComplement(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i] << 8) + (bytes[i + 1] ?? 0);
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return 0xffff ^ sum;
}

function c5(): void {
  for (
    const lab of [
      new Lab({ rules: dropFirstSyn() }),
      warmLab({ rules: dropFirstSyn() }),
    ]
  ) {
    const visit = lab.visit();
    assertExchange(lab, visit);
    const [first, second] = lab.syns().slice(-2);
    assert(first.packet.cookie !== null);
    assertEquals(second.packet.cookie, null, "no option");
    assertEquals(second.packet.payload.length, 0, "no data");
    assertEquals(second.packet.seq, first.packet.seq);
    assertEquals(second.at - first.at, SECOND);
  }
}

function c6(): void {
  const lab = warmLab();
  lab.server.tcp.fastOpenKeys.rotate("1-2-3-4");
  lab.server.tcp.fastOpenKeys.rotate("5-6-7-8"); // the client's is two keys old
  const from = lab.box.log.length;
  const visit = lab.visit();
  assertExchange(lab, visit);
  assertEquals(visit.attempt.failure, "DATA_NOT_ACKED");
  assertEquals(visit.attempt.cookieReceived, 8);
  const sent = lab.box.log.slice(from).filter((e) => e.direction === "out");
  assertEquals(
    sent[1].packet.payload.length,
    REQUEST.length,
    "in the first ACK",
  );
  assertEquals(lab.visit().attempt.roundTripsSaved, 1, "the path is sound");
}

function c6Mss(): void {
  const lab = warmLab();
  lab.box.rules = {
    toClient: (packet) => [
      packet.isSynAck
        ? packet.replaceOptions([2, 4, 1000 >> 8, 1000 & 255])
        : packet,
    ],
  };
  const big = new Uint8Array(3_000).fill(REQUEST.at(-1)!);
  const visit = lab.visit(big);
  assertEquals(visit.attempt.synDataAcked, 1_420);
  const entry = lab.client.tcp.fastOpenCache.find(
    lab.address(1),
    lab.address(2),
  );
  assertEquals(entry!.mss, 1_000);
  assertEquals(lab.visit(big).attempt.synData, 960);
}

function c6Less(): void {
  const lab = warmLab();
  lab.box.rules = {
    toClient: (packet) => {
      if (packet.isSynAck) packet.ack -= 3;
      return [packet];
    },
  };
  const visit = lab.visit();
  assertExchange(lab, visit);
  assertEquals(visit.attempt.synDataAcked, REQUEST.length - 3);
  assertEquals(visit.attempt.failure, "DATA_NOT_ACKED");
  lab.box.rules = {};
  assertEquals(
    lab.visit().attempt.roundTripsSaved,
    1,
    "nothing is held against the path",
  );
}

function c6More(): void {
  const lab = warmLab();
  let bent = false;
  lab.box.rules = {
    toClient: (packet) => {
      if (packet.isSynAck && !bent) {
        bent = true;
        packet.ack += 5;
      }
      return [packet];
    },
  };
  const from = lab.box.log.length;
  const visit = lab.visit();
  const reset = lab.box.log.slice(from).find((e) => e.packet.flags & TCP_RST);
  assert(
    reset !== undefined,
    "RFC 9293 §3.10.7.3: a RST to an ACK of what was never sent",
  );
  // The server died of that RST; a plain SYN makes another connection.
  assertEquals(`${visit.answer}`, `${ANSWER}`);
}

function c7(): void {
  const lab = warmLab();
  lab.listener.fastOpen = null;
  lab.visit();
  const cache = lab.client.tcp.fastOpenCache;
  assertEquals(
    cache.find(lab.address(1), lab.address(2))!.cookie.length,
    0,
    "first seen: dropped",
  );
  const other = warmLab({ rules: dropFirstSyn() });
  other.visit();
  const kept = other.client.tcp.fastOpenCache.find(
    other.address(1),
    other.address(2),
  );
  assertEquals(kept!.cookie.length, 8, "after a retransmission: kept");
}

function c8(): void {
  const lab = warmLab({ rules: dropFirstSyn() });
  lab.visit();
  assertEquals(lab.visit().attempt.failure, "PATH_DISABLED");
  // The first SYN arrived, its SYN-ACK was lost: the second acknowledges the data.
  let lost = false;
  const other = warmLab({
    rules: {
      toClient: (packet) => {
        if (!packet.isSynAck || lost) return [packet];
        lost = true;
        return [];
      },
    },
  });
  const visit = other.visit();
  assertExchange(other, visit);
  assertEquals(visit.attempt.synRetransmits, 1);
  assertEquals(visit.attempt.failure, "none");
  assertEquals(other.visit().attempt.roundTripsSaved, 1, "mere loss");
}

function c9(): void {
  const lab = new Lab({ fastOpen: null });
  const asked = (): [string | null, boolean] => {
    const from = lab.box.log.length;
    lab.visit();
    const { packet } = lab.syns(from)[0];
    return [packet.cookie, packet.isExperimental];
  };
  assertEquals(asked(), ["", false]);
  assertEquals(asked(), ["", true]);
  assertEquals(asked(), [null, false]);
  lab.pass(60 * SECOND);
  assertEquals(asked(), ["", false]);
}

/** As Linux does it: nothing rests, and option 254 is tried once. */
function c9Linux(): void {
  const lab = new Lab({ fastOpen: null, clientTcp: { fastOpenRest: 0 } });
  const kinds: boolean[] = [];
  for (let i = 0; i < 5; i++) {
    const from = lab.box.log.length;
    lab.visit();
    kinds.push(lab.syns(from)[0].packet.isExperimental);
    assertEquals(lab.syns(from)[0].packet.cookie, "");
  }
  assertEquals(kinds, [false, true, false, false, false]);
}

function c5TooBig(): void {
  const lab = warmLab();
  const big = new Uint8Array(3_000).fill(REQUEST.at(-1)!);
  lab.box.rules = {
    toServer: (packet, back) => {
      if (packet.bytes.length <= 1_000) return [packet];
      back.push(icmp(packet, 4, 1_000));
      return [];
    },
  };
  const visit = lab.visit(big);
  assertExchange(lab, visit, big);
  const [first, second] = lab.syns();
  assertEquals(first.packet.payload.length, 1_420);
  assertEquals(second.at - first.at, 0, "at once");
  assertEquals(second.packet.payload.length, 0);
  assertEquals(second.packet.mss, 960, "what the path carries");
  assertEquals(
    lab.visit().attempt.roundTripsSaved,
    1,
    "the path is not to blame",
  );
}

/** A smaller MSS than was guessed makes several segments of what a SYN held. */
function c6Recount(): void {
  const lab = warmLab();
  const big = new Uint8Array(3_000).fill(REQUEST.at(-1)!);
  lab.listener.fastOpen = null;
  lab.box.rules = {
    toServer: (packet) => packet.isSyn ? [packet] : [],
    toClient: (packet) => [packet.replaceOptions([2, 4, 2, 0])], // MSS 512
  };
  const visit = lab.open(big);
  lab.pass(2 * DELAY);
  const { tcb } = visit.connection;
  // 1,420 bytes in 3 segments, the rest behind them.
  assertEquals(tcb.packetsOut, 3 + Math.ceil((3_000 - 1_420) / 512));
}

/** A RST in its place, before any data came. */
function c4LateReset(): void {
  const reset = (after: number): Lab => {
    const lab = warmLab();
    let seen = 0;
    lab.box.rules = {
      toServer: (packet) => packet.isSyn ? [packet] : [],
      toClient: (packet) => {
        if (seen++ !== after) return [packet];
        const { seq, ack } = packet;
        const mine = packet.isSynAck ? seq + 1 : seq + packet.payload.length;
        const stray = packet.answer(0, 0).answer(TCP_RST | TCP_ACK, mine);
        stray.ack = ack;
        return [packet, stray];
      },
    };
    const visit = lab.open();
    lab.pass(SECOND);
    assertEquals(visit.connection.abortReason, 2); // ABORT_RESET
    return lab;
  };
  assertEquals(reset(0).open().attempt.failure, "PATH_DISABLED");
  assertEquals(
    reset(1).open().attempt.failure,
    "none",
    "after data: not the path's",
  );
}

function deliveredOnce(): void {
  const lab = warmLab();
  const visit = lab.open();
  lab.pass(2 * DELAY);
  assertEquals(visit.connection.tcb.delivered, 1, "SYN and data, one segment");
}

function s8(): void {
  const lab = new Lab();
  const [a, b] = [lab.client, lab.server];
  const open = (from: typeof a, host: number, bytes: string) => {
    from.tcp.fastOpenCache.store(
      lab.address(host),
      lab.address(3 - host),
      new Uint8Array(8),
      1460,
      "standard",
    );
    const made = from.connect({
      remote: lab.address(3 - host),
      localPort: 7_000,
      remotePort: 7_000,
      mode: "fast",
      setup: (c) => void c.preload(new TextEncoder().encode(bytes)),
    }, lab.sim.now);
    if (typeof made === "number") throw new Error(`connect: ${made}`);
    return made;
  };
  const one = open(a, 1, "from one"), two = open(b, 2, "from two");
  lab.pass(3 * SECOND);
  const buffer = new Uint8Array(100);
  for (
    const [connection, text] of [[one, "from two"], [two, "from one"]] as const
  ) {
    assertEquals(connection.state, STATE_ESTABLISHED);
    const n = connection.read(buffer, 0, 100, lab.sim.now);
    assertEquals(new TextDecoder().decode(buffer.subarray(0, n)), text);
  }
  assertEquals(lab.syns().length, 1);
  assertEquals(lab.syns()[0].packet.payload.length, 8);
}

function s10Client(): void {
  const lab = new Lab({ fastOpen: { queueLimit: 4, cookies: "ignored" } });
  const from = lab.box.log.length;
  const visit = lab.visit(REQUEST, "cookieless");
  assertEquals(visit.wait, RTT);
  assertEquals(visit.attempt.cookie, "cookieless");
  const [syn] = lab.syns(from);
  assertEquals([syn.packet.cookie, syn.packet.payload.length], [null, 8]);
  const bit = new Lab({
    clientTcp: { fastOpen: 5 },
    serverTcp: { fastOpen: 0x203 },
  });
  assertEquals(bit.visit().wait, RTT);
}

function a1(): void {
  const lab = warmLab();
  lab.visit(REQUEST, "plain");
  const [syn] = lab.syns();
  assertEquals(syn.packet.cookie, null, "a plain open never asks");
}

function x1(): void {
  const lab = new Lab({
    rules: {
      // A server of the old days: it knows option 254 alone.
      toServer: (p) => [p.isSyn && !p.isExperimental ? p.stripFastOpen() : p],
    },
  });
  lab.visit();
  assertEquals(lab.visit().attempt.cookieReceived, 8);
  const from = lab.box.log.length;
  const visit = lab.visit();
  assertEquals(visit.wait, RTT);
  assertEquals(visit.attempt.experimental, true);
  assertEquals(lab.syns(from)[0].packet.isExperimental, true);
}

function x2Timeouts(): void {
  const lab = warmLab({
    clientTcp: { fastOpenBlackholeTimeout: 3_600 * SECOND },
  });
  const visit = lab.open();
  lab.pass(RTT + DELAY);
  lab.box.rules = { toServer: (p) => p.isSyn ? [p] : [], toClient: () => [] };
  visit.connection.write(REQUEST, 0, REQUEST.length, lab.sim.now);
  lab.pass(20 * SECOND);
  assertEquals(lab.clientCount("TcpExtTCPFastOpenBlackhole"), 1);
  lab.box.rules = {};
  lab.listen(82);
  const elsewhere = lab.open(REQUEST, "fast", 82);
  assertEquals(elsewhere.attempt.failure, "BLACKHOLE", "everywhere");
  lab.pass(3_600 * SECOND);
  const later = lab.open(REQUEST, "fast", 82);
  lab.pass(SECOND);
  assertEquals(later.attempt.roundTripsSaved, 1);
  assertEquals(
    lab.client.tcp.fastOpenBlackhole.count,
    0,
    "forgotten after a success",
  );
}

/** A segment out of order, before any data, right behind the SYN-ACK. */
function x2Stray(flags: number): void {
  const lab = warmLab({
    clientTcp: { fastOpenBlackholeTimeout: 3_600 * SECOND },
  });
  lab.box.rules = {
    toServer: (packet) => packet.isSyn ? [packet] : [],
    toClient: (packet) => {
      if (!packet.isSynAck) return [];
      const back = packet.answer(0, 0);
      const stray = back.answer(flags, packet.seq + 100);
      stray.ack = packet.ack;
      return [packet, stray];
    },
  };
  const visit = lab.open();
  lab.pass(SECOND);
  visit.connection.abort(lab.sim.now);
  lab.pass(SECOND);
  assertEquals(lab.clientCount("TcpExtTCPFastOpenBlackhole"), 1);
}

function x2Ordinary(): void {
  const lab = warmLab({
    clientTcp: { fastOpenBlackholeTimeout: 3_600 * SECOND },
    think: 3_600 * SECOND,
  });
  const visit = lab.open();
  lab.pass(SECOND);
  visit.connection.abort(lab.sim.now);
  lab.pass(SECOND);
  assertEquals(lab.clientCount("TcpExtTCPFastOpenBlackhole"), 0);
  assertEquals(lab.open().attempt.failure, "none");
}

function counters(): void {
  const lab = warmLab();
  assertEquals(lab.clientCount("TcpExtTCPFastOpenActive"), 1);
  assertEquals(lab.clientCount("TcpExtTCPFastOpenActiveFail"), 0);
  lab.box.rules = { toClient: ackIsnOnly };
  const visit = lab.visit();
  assertExchange(lab, visit);
  assertEquals(lab.clientCount("TcpExtTCPFastOpenActiveFail"), 1);
}

/** Every row that the client must meet. */
export const CLIENT_ROWS: readonly Row[] = [
  {
    row: "O1",
    shows: "a cookie of invalid length in a SYN-ACK is ignored",
    prove: o1,
  },
  { row: "O1", shows: "an option without SYN is ignored", prove: o1WithoutSyn },
  { row: "O2", shows: "no room for the option means no Fast Open", prove: o2 },
  {
    row: "C1",
    shows: "the client asks for a cookie before it sends data",
    prove: c1,
  },
  {
    row: "C2",
    shows: "one cookie, the latest, is kept per pair of addresses",
    prove: c2,
  },
  {
    row: "C3",
    shows: "SYN data is limited by the cached MSS, or 536/1220",
    prove: c3,
  },
  {
    row: "C4",
    shows: "a SYN timeout rests the path, addresses and port",
    prove: c4Timeout,
  },
  {
    row: "C4",
    shows: "unacknowledged SYN data rests the path",
    prove: c4Unacked,
  },
  { row: "C4", shows: "a RST rests the path", prove: c4Reset },
  { row: "C4", shows: "an ICMP error rests the path", prove: c4Icmp },
  {
    row: "C5",
    shows: "a retransmitted SYN is plain, cookie requests too",
    prove: c5,
  },
  {
    row: "C6",
    shows: "a SYN-ACK brings a new cookie, and data goes in the first ACK",
    prove: c6,
  },
  { row: "C6", shows: "a SYN-ACK updates the MSS", prove: c6Mss },
  {
    row: "C6",
    shows: "a SYN-ACK that acknowledges less than all",
    prove: c6Less,
  },
  {
    row: "C6",
    shows: "a SYN-ACK that acknowledges more than was sent",
    prove: c6More,
  },
  {
    row: "C7",
    shows:
      "a first SYN-ACK without cookie drops the entry, a spurious one does not",
    prove: c7,
  },
  {
    row: "C8",
    shows:
      "silence to the first SYN and not to the plain one shows a path that drops",
    prove: c8,
  },
  {
    row: "C9",
    shows: "servers that do not answer requests are left alone for a while",
    prove: c9,
  },
  {
    row: "C9",
    shows: "without rests, as Linux, option 254 is tried once",
    prove: c9Linux,
  },
  {
    row: "C5",
    shows: "a SYN too big for the path goes again at once, plain",
    prove: c5TooBig,
  },
  {
    row: "C6",
    shows: "SYN and data count as one segment delivered",
    prove: deliveredOnce,
  },
  {
    row: "C6",
    shows: "SYN data is cut anew to the server's MSS",
    prove: c6Recount,
  },
  {
    row: "C4",
    shows: "a RST before the first data rests the path, a later one does not",
    prove: c4LateReset,
  },
  {
    row: "X2",
    shows: "an ordinary end without data is no black hole",
    prove: x2Ordinary,
  },
  { row: "S8", shows: "both ends may open at once with data", prove: s8 },
  {
    row: "S10",
    shows: "the client sends data without a cookie when told to",
    prove: s10Client,
  },
  {
    row: "A1",
    shows: "nobody gets Fast Open who did not ask: client",
    prove: a1,
  },
  { row: "X1", shows: "the experimental option is the fallback", prove: x1 },
  {
    row: "X2",
    shows: "three timeouts in a row show a black hole",
    prove: x2Timeouts,
  },
  {
    row: "X2",
    shows: "a RST ahead of data shows a black hole",
    prove: () => x2Stray(TCP_RST | TCP_ACK),
  },
  {
    row: "X2",
    shows: "a FIN ahead of data shows a black hole",
    prove: () => x2Stray(TCP_FIN | TCP_ACK),
  },
  { row: "C6", shows: "the counters are those of Linux", prove: counters },
];
