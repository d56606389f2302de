/**
 * Requirements of RFC 9293 that no other test has for its subject. The names
 * carry their numbers; tests/tools/compliance.ts lists them all.
 */
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import {
  ABORT_HOST_UNREACHABLE,
  EV_URGENT,
} from "../../../engine/tcp/codes.ts";
import { defaultTcpConfig } from "../../../engine/tcp/config.ts";
import { IsnGenerator } from "../../../engine/tcp/isn.ts";
import { seqSpan } from "../../../engine/tcp/seq.ts";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import {
  be,
  concat,
  hex,
  icmpv4,
  ipv4,
  naiveChecksum,
  naivePseudoSum,
} from "../../tools/packet_builder.ts";
import { Peer, shorthand } from "../../tools/sim_peer.ts";

const MS = 1_000;
const SECOND = 1_000_000;
const LOCAL = parseIpAddress("10.0.0.1");
const REMOTE = parseIpAddress("10.0.0.2");

// --- windows ---------------------------------------------------------------------

Deno.test("the window is unsigned, to 2^30 with scaling (MUST-1, REC-1)", () => {
  const peer = new Peer({ syn: { scale: 14 } }).openActive();
  peer.send({ window: 65_535, ack: 1 });
  assertEquals(peer.live.tcb.sndWnd, 65_535 * 2 ** 14);
});

Deno.test("the first probe of a shut window comes after the RTO, then at doubling intervals (MUST-36, SHLD-29, SHLD-30)", () => {
  const peer = new Peer({ rtt: 100 * MS }).openPassive();
  peer.write(1460);
  peer.take();
  peer.pass(100 * MS);
  peer.send({ window: 0 });
  const shutAt = peer.elapsed;
  peer.write(5_000);
  const at: number[] = [];
  for (let i = 0; i < 400; i++) {
    peer.pass(100 * MS);
    for (const probe of peer.take()) {
      at.push(probe.at - shutAt);
      peer.send({ window: 0 });
    }
  }
  const { rto } = peer.live.tcb.rttEstimator;
  assertEquals(Math.round(at[0] / MS), Math.round(rto / MS));
  const gaps = at.slice(1).map((t, i) => t - at[i]);
  for (let i = 1; i < gaps.length; i++) {
    assert(gaps[i] > 1.9 * gaps[i - 1], `${gaps}`);
  }
  assertEquals(peer.state, "ESTABLISHED");
});

Deno.test("a shut window still lets RST and URG in (MUST-66)", () => {
  const shut = (): Peer => {
    const peer = new Peer().openActive((c) => {
      c.tcb.rcvBuf.limit = 2_000;
      c.tcb.rcvBufAuto = false;
    });
    while (peer.live.tcb.rcvBuf.length < 2_000) {
      peer.send({ data: Math.min(1000, 2_000 - peer.live.tcb.rcvBuf.length) });
    }
    peer.take();
    return peer;
  };
  const urgent = shut();
  urgent.events = 0;
  urgent.send({ flags: "U.", urgent: 100 });
  assertEquals(urgent.events & EV_URGENT, EV_URGENT);
  const reset = shut();
  reset.send({ flags: "R" });
  assertEquals(reset.state, "CLOSED");
});

Deno.test("the receiver opens its window by a segment or half its buffer, not by crumbs (MUST-39)", () => {
  const peer = new Peer().openActive((c) => {
    c.tcb.rcvBuf.limit = 8_192;
    c.tcb.rcvBufAuto = false;
  });
  for (let i = 0; i < 8; i++) peer.send({ data: 1_024 });
  assertEquals(peer.take().at(-1)!.window, 0);
  let told = 0;
  for (let i = 0; i < 14; i++) {
    peer.read(100);
    told += peer.take().length;
  }
  assertEquals(told, 0, "a crumb was told");
  peer.read(200);
  assert(peer.only().window << 7 >= 1_460);
});

// --- segments, options -------------------------------------------------------------

Deno.test("the MSS option says what the link takes (MUST-14, MUST-67, MAY-3)", () => {
  for (const family of [4, 6] as const) {
    for (const ipMtu of [1280, 1500, 9000]) {
      const peer = new Peer({ family, ipMtu });
      peer.connect();
      assertEquals(peer.only().mss, ipMtu - (family === 4 ? 40 : 60));
    }
  }
});

Deno.test("without an MSS option segments have 536 bytes, 1220 with IPv6 (MUST-15)", () => {
  for (const [family, mss] of [[4, 536], [6, 1220]] as const) {
    const peer = new Peer({ family });
    peer.connect();
    peer.take();
    peer.send({ flags: "S.", seq: 0 });
    peer.take();
    peer.write(5_000);
    assertEquals(peer.take()[0].length, mss);
  }
});

Deno.test("the effective MSS counts the peer's MSS, the link and the options (MUST-16)", () => {
  const small = new Peer({ syn: { mss: 1_000 } }).openActive();
  small.write(5_000);
  assertEquals(small.take()[0].length, 1_000);
  const link = new Peer({ ipMtu: 1_280, syn: { mss: 9_000 } }).openActive();
  link.write(5_000);
  assertEquals(link.take()[0].length, 1_240);
  const stamped = new Peer({ syn: { ts: [1, 0] } }).openActive();
  stamped.write(5_000);
  assertEquals(stamped.take()[0].length, 1_448);
});

Deno.test("only a SYN carries the MSS option (MUST-65)", () => {
  const peer = new Peer().openActive();
  peer.write(5_000);
  peer.do((c, now) => void c.shutdownSend(now));
  peer.send();
  peer.send({ flags: "F." });
  for (const seen of peer.take()) {
    assertEquals([seen.mss, seen.scale], [-1, -1]);
  }
});

Deno.test("a segment with a wrong checksum is dropped and counted (MUST-2, MUST-3)", () => {
  const peer = new Peer().openPassive();
  const before = peer.stack.tcpCounters.get("TcpInErrs");
  // A RST that would end it, were its sum right.
  const reset = hex("0fa00050 00002711 00000000 5004ffff 1234 0000");
  const bytes = ipv4(6, reset);
  peer.injectBytes(bytes);
  peer.pass(0);
  assertEquals(peer.state, "ESTABLISHED");
  assertEquals(peer.stack.tcpCounters.get("TcpInErrs"), before + 1);
});

// --- initial sequence numbers --------------------------------------------------------

Deno.test("the ISN follows a clock of 4 µs (MUST-8)", () => {
  const isn = new IsnGenerator(new SeededRandom(1));
  const at = (now: number) => isn.initialSequence(LOCAL, 1, REMOTE, 2, now);
  assertEquals(seqSpan(at(0), at(4)), 1);
  assertEquals(seqSpan(at(1000), at(1000 + SECOND)), 250_000);
  // The clock wraps after 4.55 hours and goes on.
  const wrap = 2 ** 34;
  assertEquals(seqSpan(at(wrap - 4), at(wrap + 4)), 2);
});

Deno.test("ISNs of one 4-tuple say nothing of another's, nor of another secret's (MUST-9, SHLD-1)", () => {
  const isn = new IsnGenerator(new SeededRandom(1));
  const other = new IsnGenerator(new SeededRandom(2));
  const seen = new Set<number>();
  const spans = new Map<number, number>();
  let last = isn.initialSequence(LOCAL, 0, REMOTE, 80, 0);
  for (let port = 1; port <= 2_000; port++) {
    const next = isn.initialSequence(LOCAL, port, REMOTE, 80, 0);
    seen.add(seqSpan(last, next));
    const bucket = seqSpan(last, next) >>> 29;
    spans.set(bucket, (spans.get(bucket) ?? 0) + 1);
    last = next;
    assert(other.initialSequence(LOCAL, port, REMOTE, 80, 0) !== next);
  }
  assertEquals(seen.size, 2_000);
  for (const count of spans.values()) assert(count > 190 && count < 310);
});

// --- opening -----------------------------------------------------------------------

Deno.test("a RST in SYN-RECEIVED leaves the listener listening (MUST-11)", () => {
  const peer = new Peer();
  peer.listen();
  peer.send({ flags: "S", seq: 0, ack: 0, mss: 1460 });
  assertEquals(peer.only().flags, "S.");
  peer.send({ flags: "R", seq: 1 });
  peer.pass(0);
  assertEquals(peer.stack.connectionCount, 0);
  peer.seq = 0;
  peer.send({ flags: "S", seq: 0, ack: 0, mss: 1460 });
  assertEquals(peer.only().flags, "S.");
});

Deno.test("connect() refuses groups and broadcasts (MUST-46)", () => {
  const { stack } = new Peer();
  for (
    const text of [
      "224.0.0.1",
      "255.255.255.255",
      "10.0.0.255",
      "ff02::1",
      "0.0.0.0",
      "::",
    ]
  ) {
    const remote = parseIpAddress(text);
    const result = stack.connect({ remote, remotePort: 80 }, 0);
    assert(typeof result === "number", text);
  }
});

Deno.test("connect() takes a local address and refuses one that is not ours (MUST-43, MUST-44)", () => {
  const { stack } = new Peer();
  const to = { remote: REMOTE, remotePort: 80 };
  const own = stack.connect({ ...to, local: LOCAL }, 0);
  const chosen = stack.connect(to, 0);
  if (typeof own === "number" || typeof chosen === "number") throw new Error();
  assertEquals([own.tcb.local, chosen.tcb.local].map(String), [
    "10.0.0.1",
    "10.0.0.1",
  ]);
  const foreign = parseIpAddress("10.0.0.7");
  assertEquals(typeof stack.connect({ ...to, local: foreign }, 0), "number");
});

Deno.test("listeners on one port of different addresses coexist, each takes its own (MUST-41, MUST-42, MUST-45)", () => {
  const { stack } = new Peer();
  const four = stack.listen({ port: 90, local: LOCAL });
  const six = stack.listen({ port: 90, local: parseIpAddress("fd00::1") });
  assert(typeof four !== "number" && typeof six !== "number");
  assertEquals(typeof stack.listen({ port: 90, local: LOCAL }), "number");
  // An established connection on the port is not touched by another listener.
  const peer = new Peer().openPassive();
  const again = peer.stack.listen({ port: 81 });
  assert(typeof again !== "number");
  peer.send({ data: 10 });
  assertEquals(peer.read(100).length, 10);
});

// --- sending -----------------------------------------------------------------------

Deno.test("Nagle holds a small segment while one is unacknowledged, and can be turned off (SHLD-7, MUST-17)", () => {
  const peer = new Peer().openPassive();
  peer.write(10);
  assertEquals(peer.take().length, 1);
  peer.write(10);
  peer.write(10);
  peer.silence();
  peer.send();
  assertEquals(peer.only().length, 20);
  peer.do((c) => c.setCoalescing("nodelay"));
  peer.write(10);
  peer.write(10);
  assertEquals(peer.take().map((s) => s.length), [10, 10]);
});

Deno.test("the last segment of a write carries PSH (MUST-61)", () => {
  const peer = new Peer().openPassive();
  peer.write(4_000);
  assertEquals(peer.take().map((s) => s.flags), [".", ".", "P."]);
});

Deno.test("data that waits is sent when the peer is silent, pushed or not (MUST-60)", () => {
  const peer = new Peer().openPassive();
  peer.do((c) => c.setCoalescing("cork"));
  peer.write(10);
  peer.silence();
  peer.pass(SECOND);
  assertEquals(peer.take().length > 0, true);
});

Deno.test("IP gets the DSCP and TTL the application set, also in mid-stream (MUST-48, MUST-49, SHLD-21, SHLD-22)", () => {
  const peer = new Peer().openPassive();
  const header = (): [number, number] => {
    peer.write(10);
    const seen = peer.only();
    peer.send();
    return [seen.trafficClass >> 2, seen.hopLimit];
  };
  assertEquals(header(), [0, 64]);
  peer.live.tcb.dscp = 46;
  peer.live.tcb.hopLimit = 7;
  assertEquals(header(), [46, 7]);
});

// --- acknowledging -------------------------------------------------------------------

Deno.test("segments that wait are processed before one ACK answers them (MUST-58, MUST-59)", () => {
  const peer = new Peer().openPassive();
  for (let i = 0; i < 6; i++) peer.inject({ seq: 1 + 1460 * i, data: 1460 });
  peer.pass(0);
  assertEquals(shorthand(peer.take()), [". 1:1 ack 8761"]);
});

Deno.test("a lone segment is acknowledged within half a second, every second full one at once (MUST-40, SHLD-18, SHLD-19)", () => {
  const peer = new Peer().openPassive();
  // The start of a connection is acknowledged quickly: use that up.
  for (let i = 0; i < 40; i++) {
    peer.send({ data: 1460 });
    peer.take();
    peer.read();
  }
  const answersTo = (count: number): number => {
    let answers = 0;
    for (let i = 0; i < count; i++) {
      peer.send({ data: 1460 });
      answers += peer.take().length;
      peer.read();
      answers += peer.take().length;
    }
    return answers;
  };
  assertEquals(answersTo(20), 10);
  if (answersTo(1) === 1) answersTo(1);
  const sentAt = peer.elapsed;
  peer.pass(SECOND);
  const late = peer.only().at - sentAt;
  assert(late < 500 * MS && late >= 40 * MS, `${late}`);
});

Deno.test("out-of-order data is kept, and acknowledged at once (SHLD-31, MAY-13)", () => {
  const peer = new Peer().openPassive();
  peer.send({ seq: 101, data: 100 });
  assertEquals(peer.only().ack, 1);
  peer.send({ seq: 1, data: 100 });
  assertEquals(peer.only().ack, 201);
  assertEquals(peer.read().length, 200);
});

// --- retransmission and keepalive -----------------------------------------------------

Deno.test("a retransmitted segment gives no RTT sample without timestamps (MUST-18)", () => {
  const peer = new Peer({ rtt: 50 * MS, tcp: { tailLossProbe: false } });
  peer.openPassive();
  const before = peer.live.tcb.srtt;
  peer.write(100);
  peer.pass(5 * SECOND);
  peer.take();
  peer.send();
  assertEquals(peer.live.tcb.srtt, before);
});

Deno.test("retransmissions back off exponentially and restart from one segment (MUST-19)", () => {
  const peer = new Peer({ rtt: 50 * MS, tcp: { tailLossProbe: false } });
  peer.openPassive();
  peer.write(10 * 1460);
  peer.take();
  peer.pass(20 * SECOND);
  const at = peer.take().map((s) => s.at);
  const gaps = at.slice(1).map((t, i) => t - at[i]);
  for (let i = 1; i < gaps.length; i++) {
    assertEquals(Math.round(gaps[i] / gaps[i - 1]), 2);
  }
  assertEquals(peer.live.tcb.cwnd, 1);
});

Deno.test("keepalive is off by default, two hours when on, and survives a lost answer (MUST-24 to MUST-29, SHLD-12)", () => {
  const config = defaultTcpConfig();
  assert(config.keepAliveIdle >= 7_200 * SECOND);
  const off = new Peer().openPassive();
  off.pass(100_000 * SECOND);
  off.silence();
  const on = new Peer().openPassive();
  on.do((c, now) => c.setKeepAlive("on", now));
  on.pass(7_199 * SECOND);
  on.silence();
  on.pass(2 * SECOND);
  const probe = on.only();
  assertEquals([probe.length, probe.seq], [0, 0]);
  // The first answer is lost; the second question is answered.
  on.pass(75 * SECOND);
  on.only();
  on.send();
  on.pass(3_600 * SECOND);
  on.silence();
  assertEquals(on.state, "ESTABLISHED");
});

Deno.test("keepalive probes only when nothing was heard for the interval (MUST-26)", () => {
  const peer = new Peer().openPassive();
  peer.do((c, now) => c.setKeepAlive("on", now, 10 * SECOND));
  for (let i = 0; i < 20; i++) {
    peer.pass(9 * SECOND);
    assertEquals(peer.take().every((s) => s.seq !== 0), true, "a probe");
    peer.send({ data: 1 });
    peer.take();
  }
});

// --- what IP brings ------------------------------------------------------------------

/** An ICMP error of a router about the stack's segment at `seq`. */
function routerSays(peer: Peer, type: number, code: number, seq: number): void {
  const segment = concat(
    be(peer.stackPort, 2),
    be(peer.peerPort, 2),
    be(peer.stackIsn + seq >>> 0, 4),
    be(0, 12),
  );
  const quoted = ipv4(6, segment, {
    source: hex("0a000001"),
    destination: hex("0a000002"),
  });
  const message = ipv4(1, icmpv4(type, code, 0, quoted), {
    source: hex("0a0000fe"),
    destination: hex("0a000001"),
  });
  peer.injectBytes(message);
  peer.pass(0);
}

Deno.test("an ICMP unreachable is told when the connection then times out, and never ends it (MUST-47, MUST-54, MUST-56, SHLD-20, SHLD-25)", () => {
  const kinds = [[3, 0], [3, 1], [3, 5], [11, 0], [11, 1], [12, 0]];
  for (const [type, code] of kinds) {
    const peer = new Peer().openPassive();
    peer.write(100);
    peer.take();
    routerSays(peer, type, code, 1);
    assertEquals(peer.state, "ESTABLISHED", `${type}, ${code}`);
    peer.send();
    peer.write(100);
    assertEquals(peer.take().length, 1);
  }
  const silent = new Peer().openPassive();
  silent.write(100);
  routerSays(silent, 3, 1, 1);
  silent.pass(2_000 * SECOND);
  assertEquals(silent.live.abortReason, ABORT_HOST_UNREACHABLE);
});

Deno.test("a source quench changes nothing (MUST-55)", () => {
  const peer = new Peer().openPassive();
  peer.write(10_000);
  peer.take();
  const { cwnd, ssthresh } = peer.live.tcb;
  routerSays(peer, 4, 0, 1);
  peer.silence();
  assertEquals([peer.live.tcb.cwnd, peer.live.tcb.ssthresh], [cwnd, ssthresh]);
});

Deno.test("nothing answers a SYN to a broadcast or a group (MUST-57)", () => {
  const syn = (destination: string): Uint8Array => {
    const source = hex("0a000002"), target = hex(destination);
    const segment = hex("0fa00050 00002710 00000000 5002ffff 0000 0000");
    const sum = naivePseudoSum(source, target, 6, segment.length);
    segment.set(be(naiveChecksum(segment, sum), 2), 16);
    return ipv4(6, segment, { source, destination: target });
  };
  const peer = new Peer();
  peer.listen();
  for (const target of ["0a0000ff", "ffffffff", "e0000001"]) {
    peer.injectBytes(syn(target));
    peer.pass(0);
    peer.silence();
  }
  assertEquals(peer.stack.connectionCount, 0);
  // The same to our address is answered: it was the address that silenced it.
  peer.injectBytes(syn("0a000001"));
  peer.pass(0);
  assertEquals(peer.only().flags, "S.");
});

Deno.test("a RST may carry data (SHLD-2)", () => {
  const peer = new Peer().openPassive();
  peer.send({ flags: "R", data: 20 });
  assertEquals(peer.state, "CLOSED");
});

Deno.test("R1 and R2 are at least what the RFC says (SHLD-10, SHLD-11)", () => {
  const { retries1, retries2, rtoMin } = defaultTcpConfig();
  assert(retries1 >= 3);
  assert((2 ** retries2 - 1) * rtoMin >= 100 * SECOND);
});

Deno.test("SYNs can be repeated for three minutes and more (MUST-23)", () => {
  const peer = new Peer({ tcp: { synRetries: 7 } });
  peer.connect();
  peer.pass(180 * SECOND);
  assertEquals(peer.state, "SYN-SENT");
  peer.pass(180 * SECOND);
  assertEquals(peer.state, "CLOSED");
});
