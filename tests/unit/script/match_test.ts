import { assert, assertEquals } from "@std/assert";
import type { PacketAction } from "../../script/lang/ast.ts";
import { parseScript } from "../../script/lang/parser.ts";
import { makeConfig, type RunConfig } from "../../script/run/config.ts";
import { tcpBody } from "../../script/run/injection.ts";
import { findDifference, joinSegments } from "../../script/run/match.ts";
import type { Packet } from "../../script/run/packet.ts";

const CONFIG = makeConfig([], []);

function expected(text: string): PacketAction {
  const { action } = parseScript("t", `0 ${text}`).events[0];
  assert(action.kind === "packet");
  return action;
}

/** The packet a line stands for, as though it had come. */
function came(text: string): Packet {
  const action = expected(text);
  assert(action.transport.kind === "tcp");
  return {
    version: 4,
    source: "192.168.0.1",
    destination: "192.0.2.1",
    trafficClass: typeof action.ip.ecn === "number" ? action.ip.ecn : 0,
    flowLabel: 0,
    hopLimit: 64,
    body: tcpBody(action.transport, 0, 0),
  };
}

function difference(
  wanted: string,
  got: string,
  config: RunConfig = CONFIG,
): string | null {
  return findDifference(expected(wanted), came(got), config);
}

/** What fits though it is not the same. */
const FITS: readonly (readonly [string, string])[] = [
  ["> . 1:1(0) ack 1", "> . 1:1(0) ack 1 win 500"],
  ["> . 1:1(0) ack 1 <...>", "> . 1:1(0) ack 1 <nop,nop,TS val 1 ecr 2>"],
  ["> . 1:1(0) ack 1", "> [ect0] . 1:1(0) ack 1"],
  ["> [ect01] . 1:1(0) ack 1", "> [ect1] . 1:1(0) ack 1"],
  ["> S 0:0(0) <mss 1460,nop,wscale *>", "> S 0:0(0) <mss 1460,nop,wscale 9>"],
  [
    "> . 1:1(0) ack 1 <nop,nop,TS val 1 ecr 2>",
    "> . 1:1(0) ack 1 <nop,nop,TS val 9 ecr 8>",
  ],
];

for (const [wanted, got] of FITS) {
  Deno.test(`findDifference() lets ${got} pass for ${wanted}`, () => {
    assertEquals(difference(wanted, got), null);
  });
}

/** What does not fit, and the field named. */
const DIFFERS: readonly (readonly [string, string, RegExp])[] = [
  ["> . 1:1(0) ack 1", "> P. 1:1(0) ack 1", /^flags: expected \., got P\./],
  ["> . 1:1(0) ack 1", "> . 2:2(0) ack 1", /^seq: expected 1, got 2/],
  ["> . 1:1(0) ack 1", "> . 1:1(0) ack 2", /^ack/],
  ["> . 1:2(1) ack 1", "> . 1:3(2) ack 1", /^payload length/],
  ["> . 1:1(0) ack 1 win 5", "> . 1:1(0) ack 1 win 6", /^win/],
  ["> . 1:1(0) ack 1", "> . 1:1(0) ack 1 urg 1", /^urg/],
  ["> . 1:1(0) ack 1", "> . 1:1(0) ack 1 <nop,nop,nop,nop>", /^options/],
  [
    "> S 0:0(0) <mss 1460>",
    "> S 0:0(0) <mss 1461>",
    /^option: expected mss 1460, got mss 1461/,
  ],
  ["> S 0:0(0) <nop,nop,sackOK>", "> S 0:0(0) <sackOK,nop,nop>", /^options/],
  [
    "> S 0:0(0) <FO abcd1234,nop,nop>",
    "> S 0:0(0) <FO abcd1235,nop,nop>",
    /^option/,
  ],
  ["> S 0:0(0) <FO,nop,nop>", "> S 0:0(0) <FOEXP>", /^options/],
  ["> [ce] . 1:1(0) ack 1", "> [ect0] . 1:1(0) ack 1", /^ECN/],
  ["> [noecn] . 1:1(0) ack 1", "> [ect0] . 1:1(0) ack 1", /^ECN/],
  ["> .5 1:1(0) ack 1", "> .6 1:1(0) ack 1", /^ACE: expected 5, got 6/],
  ["> udp (5)", "> . 1:1(0) ack 1", /^protocol/],
];

for (const [wanted, got, reason] of DIFFERS) {
  Deno.test(`findDifference() tells ${got} from ${wanted}`, () => {
    const found = difference(wanted, got);
    assert(found !== null && reason.test(found), String(found));
  });
}

Deno.test("findDifference() compares timestamps when the run has a tick", () => {
  const ticking = makeConfig([], [["tcp_ts_tick_usecs", "1000"]]);
  const wanted = "> . 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7>";
  assertEquals(
    difference(wanted, "> . 1:1(0) ack 1 <nop,nop,TS val 104 ecr 7>", ticking),
    null,
  );
  assert(
    difference(
      wanted,
      "> . 1:1(0) ack 1 <nop,nop,TS val 105 ecr 7>",
      ticking,
    ) !== null,
  );
  assert(
    difference(
      wanted,
      "> . 1:1(0) ack 1 <nop,nop,TS val 100 ecr 8>",
      ticking,
    ) !== null,
  );
});

Deno.test("findDifference() notices a byte that nobody wrote", () => {
  const packet = came("> . 1:3(2) ack 1");
  assert(packet.body.kind === "tcp");
  packet.body.payload[1] = 9;
  assertEquals(
    findDifference(expected("> . 1:3(2) ack 1"), packet, CONFIG),
    "payload byte 1: expected 0, got 9",
  );
});

Deno.test("joinSegments() makes one segment of adjacent ones, PSH and FIN from the last", () => {
  const joined = joinSegments([
    came("> P. 1:11(10) ack 1"),
    came("> . 11:21(10) ack 1"),
    came("> F. 21:26(5) ack 1"),
  ], 25);
  assert(typeof joined !== "string");
  assertEquals(
    findDifference(expected("> F. 1:26(25) ack 1"), joined, CONFIG),
    null,
  );
});

Deno.test("joinSegments() refuses a gap, another acknowledgment and uneven pieces", () => {
  const first = came("> . 1:11(10) ack 1");
  for (
    const second of [
      "> . 12:22(10) ack 1",
      "> . 11:21(10) ack 2",
      "> S. 11:21(10) ack 1",
    ]
  ) {
    assert(typeof joinSegments([first, came(second)], 20) === "string", second);
  }
  assert(
    typeof joinSegments([
      first,
      came("> . 11:16(5) ack 1"),
      came("> . 16:26(10) ack 1"),
    ], 25) === "string",
  );
});
