/**
 * Fast Open over paths whose boxes cannot stand it.
 *
 * For each box: the application's bytes arrive exactly once, after at most one
 * RTO more than a plain handshake takes, and the path is then left alone.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { BoxPacket, BoxRules } from "../tools/middlebox.ts";
import { ANSWER, Lab, REQUEST, RTT } from "../tools/fast_open_lab.ts";
import type { LabOptions, Visit } from "../tools/fast_open_lab.ts";
import { TIMER_SYN_DATA } from "../../engine/tcp/timers.ts";
import { TCP_ACK, TCP_RST } from "../../engine/wire/tcp_segment.ts";

/** Handshake, request and answer without Fast Open. */
const PLAIN = 2 * RTT;
/** The RTO before any sample, RFC 6298 §2.1. */
const INITIAL_RTO = 1_000_000;

interface Box {
  readonly name: string;
  /** What the box does once it is switched on. */
  readonly rules: () => BoxRules;
  /** Switched on from the start, or once the client has a cookie. */
  readonly from: "the start" | "cookie known";
  /** Visits after which the path must rest. */
  readonly visits: number;
  readonly options?: LabOptions;
}

const pass = (packet: BoxPacket): BoxPacket[] => [packet];

/** Acknowledges the data of SYNs in the server's place, and drops it. */
function liar(): BoxRules {
  let swallowed = 0;
  return {
    toServer: (packet) => {
      if (!packet.isSyn) return [packet];
      swallowed = packet.payload.length;
      if (swallowed === 0) return [packet];
      return [packet.stripFastOpen().stripPayload()];
    },
    toClient: (packet) => {
      if (packet.isSynAck) packet.ack += swallowed;
      return [packet];
    },
  };
}

/** Translates the client's address, to another one for each connection. */
function fickleNat(): BoxRules {
  let host = 100;
  return {
    toServer: (packet) => {
      if (packet.isSyn) host++;
      return [packet.rewriteAddress("source", [10, 0, 0, host])];
    },
    toClient: (packet) => [
      packet.rewriteAddress("destination", [10, 0, 0, 1]),
    ],
  };
}

const BOXES: readonly Box[] = [
  {
    name: "drops SYNs with data",
    from: "cookie known",
    visits: 1,
    rules: () => ({
      toServer: (p) => p.isSyn && p.payload.length > 0 ? [] : [p],
    }),
  },
  {
    name: "strips the option from SYNs",
    from: "the start",
    visits: 2, // option 34, then the experimental one
    rules: () => ({ toServer: (p) => [p.stripFastOpen()] }),
  },
  {
    name: "strips the option from SYNs, begun after a cookie was got",
    from: "cookie known",
    visits: 1,
    rules: () => ({ toServer: (p) => [p.stripFastOpen()] }),
  },
  {
    name: "strips the option from SYN-ACKs",
    from: "the start",
    visits: 2,
    rules: () => ({ toClient: (p) => [p.stripFastOpen()] }),
  },
  {
    name: "drops SYNs with the option",
    from: "the start",
    visits: 1,
    rules: () => ({
      toServer: (p) => p.isSyn && p.cookie !== null ? [] : [p],
    }),
  },
  {
    name: "drops SYNs with the option, begun after a cookie was got",
    from: "cookie known",
    visits: 1,
    rules: () => ({
      toServer: (p) => p.isSyn && p.cookie !== null ? [] : [p],
    }),
  },
  {
    name: "answers SYN data with a RST",
    from: "cookie known",
    visits: 1,
    rules: () => ({
      toServer: (p, back) => {
        if (!p.isSyn || p.payload.length === 0) return pass(p);
        back.push(p.answer(TCP_RST | TCP_ACK, 0));
        return [];
      },
    }),
  },
  {
    name: "acknowledges SYN data and loses it",
    from: "cookie known",
    visits: 1,
    rules: liar,
  },
  {
    name: "translates the client's address, another for each connection",
    from: "the start",
    visits: 3, // a cookie, its refusal, and that of the next
    rules: fickleNat,
  },
];

function assertDelivered(lab: Lab, visit: Visit, data: Uint8Array): void {
  const served = lab.served.at(-1)!;
  assertEquals(`${served.request}`, `${data}`, "bytes the server read");
  assertEquals(`${visit.answer}`, `${ANSWER}`, "bytes the client read");
  assert(
    visit.wait <= PLAIN + INITIAL_RTO,
    `the answer took ${visit.wait} µs`,
  );
  assertEquals(visit.connectedCount, 1);
  assertEquals(served.connectedCount, 1);
}

function labOf(box: Box): Lab {
  const lab = new Lab(box.options);
  if (box.from === "cookie known") {
    lab.visit();
    assertEquals(lab.visit().attempt.roundTripsSaved, 1);
  }
  lab.box.rules = box.rules();
  return lab;
}

for (const box of BOXES) {
  Deno.test(`a box that ${box.name}: delivered once, in time, then left alone`, () => {
    const lab = labOf(box);
    for (let i = 0; i < box.visits; i++) {
      const visit = lab.visit();
      assertDelivered(lab, visit, REQUEST);
    }
    const from = lab.box.log.length;
    const next = lab.visit();
    assertDelivered(lab, next, REQUEST);
    assertEquals(next.attempt.failure, "PATH_DISABLED");
    const [syn, ...more] = lab.syns(from);
    assertEquals(more.length, 0, "the plain SYN needs no repetition");
    assertEquals(syn.packet.cookie, null, "no option");
    assertEquals(syn.packet.payload.length, 0, "no data");
    assertEquals(next.wait, PLAIN, "as fast as plain TCP");
  });
}

for (const box of BOXES) {
  Deno.test(`a box that ${box.name}: a request longer than a SYN arrives once`, () => {
    const lab = labOf(box);
    const long = new Uint8Array(4_000).map((_, i) => i % 33);
    long[long.length - 1] = REQUEST[REQUEST.length - 1];
    for (let i = 0; i < box.visits; i++) {
      assertDelivered(lab, lab.visit(long), long);
    }
    assertEquals(lab.visit(long).attempt.failure, "PATH_DISABLED");
  });
}

Deno.test("a NAT with one address costs nothing", () => {
  const lab = new Lab({
    rules: {
      toServer: (p) => [p.rewriteAddress("source", [10, 0, 0, 99])],
      toClient: (p) => [p.rewriteAddress("destination", [10, 0, 0, 1])],
    },
  });
  assertEquals(lab.visit().wait, PLAIN);
  assertEquals(lab.visit().wait, RTT);
});

Deno.test("the path is tried again when its rest is over, and rests twice as long", () => {
  const lab = labOf(BOXES[0]);
  assertEquals(lab.visit().attempt.failure, "SYN_RETRANSMITTED");
  lab.pass(61_000_000);
  assertEquals(lab.visit().attempt.failure, "SYN_RETRANSMITTED");
  lab.pass(61_000_000);
  assertEquals(lab.visit().attempt.failure, "PATH_DISABLED");
  lab.pass(61_000_000);
  lab.box.rules = {};
  assertEquals(lab.visit().attempt.roundTripsSaved, 1);
});

Deno.test("a server that refuses is told from a box: the plain SYN is refused too", () => {
  const lab = new Lab();
  lab.visit();
  lab.server.closeListener(lab.listener, lab.sim.now);
  const from = lab.box.log.length;
  const visit = lab.visit();
  assertEquals(visit.connection.tcb.abortReason, 1); // ABORT_REFUSED
  assertEquals(lab.syns(from).map((e) => e.packet.payload.length), [8, 0]);
});

Deno.test("with fastOpenFallback off a RST to SYN data refuses the connection, as in Linux", () => {
  const lab = new Lab({ clientTcp: { fastOpenFallback: false } });
  lab.visit();
  lab.server.closeListener(lab.listener, lab.sim.now);
  const from = lab.box.log.length;
  lab.visit();
  assertEquals(lab.syns(from).length, 1);
});

Deno.test("a slow server costs one needless segment once: the path is trusted after", () => {
  const lab = new Lab({ think: 700_000 });
  lab.visit();
  lab.box.log.length = 0;
  const second = lab.visit();
  assertEquals(second.attempt.resends, 1);
  assertEquals(second.attempt.failure, "none");
  assertEquals(`${lab.served.at(-1)!.request}`, `${REQUEST}`);
  const third = lab.visit();
  assertEquals(third.attempt.resends, 0);
  assertEquals(third.attempt.roundTripsSaved, 1);
});

Deno.test("SYN data that was lost goes again in pieces the server can take", () => {
  const lab = new Lab();
  lab.visit();
  lab.visit();
  const rules = liar();
  lab.box.rules = {
    ...rules,
    toClient: (packet, back) => {
      const [passed] = rules.toClient!(packet, back);
      if (!passed.isSynAck) return [passed];
      const { ack } = passed;
      passed.replaceOptions([2, 4, 2, 0]); // MSS 512
      passed.ack = ack;
      return [passed];
    },
  };
  const long = new Uint8Array(1_400).map((_, i) => i % 33);
  long[long.length - 1] = REQUEST[REQUEST.length - 1];
  const from = lab.box.log.length;
  const visit = lab.visit(long);
  assertDelivered(lab, visit, long);
  assertEquals(visit.attempt.failure, "DATA_LOST");
  const pieces = lab.box.log.slice(from)
    .filter((e) => e.direction === "out" && !e.packet.isSyn)
    .map((e) => e.packet.payload.length).filter((length) => length > 0);
  assertEquals(pieces, [512, 512, 376]);
});

Deno.test("a server that falls silent after its SYN-ACK is given up, and the path blamed", () => {
  const lab = new Lab();
  lab.visit();
  lab.visit();
  let synAcks = 0;
  lab.box.rules = {
    toClient: (packet) => packet.isSynAck && synAcks++ === 0 ? [packet] : [],
  };
  const from = lab.box.log.length;
  const visit = lab.open();
  lab.pass(70_000_000);
  assertEquals(visit.attempt.resends, 6);
  assertEquals(visit.attempt.unconfirmed, null);
  const sent = lab.box.log.slice(from).filter((e) =>
    e.direction === "out" && !e.packet.isSyn && e.packet.payload.length > 0
  );
  assertEquals(sent.length, 6, "and no more");
  assertEquals(lab.open().attempt.failure, "PATH_DISABLED");
});

Deno.test("a confirmed path has no timer left", () => {
  const lab = new Lab();
  lab.visit();
  const visit = lab.open(REQUEST);
  lab.pass(4 * RTT);
  assertEquals(visit.attempt.unconfirmed, null);
  assertEquals(visit.connection.tcb.timers.isSet(TIMER_SYN_DATA), false);
});
