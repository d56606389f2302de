import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import { createFrame } from "../../engine/base/frame.ts";
import { toSeq } from "../../engine/tcp/seq.ts";
import { createCable } from "../../engine/link/cable.ts";
import { MEDIUM_IP } from "../../engine/link/device.ts";
import type { LinkDevice } from "../../engine/link/device.ts";
import { parseCidr } from "../../engine/wire/ip_address.ts";
import { writeIpv4Header } from "../../engine/wire/ipv4.ts";
import { CHECKSUM_COMPLETE, emitTcp } from "../../engine/wire/tcp.ts";
import { SegmentOut, TCP_ACK, TCP_SYN } from "../../engine/wire/tcp_segment.ts";
import { converse, finish } from "../tools/sim_app.ts";
import { Pair } from "../tools/sim.ts";

const LENGTH = 300_000;
const SERVER_WORD = 0x0a000002;
const FLOODED_WORD = 0x0bff0001;

/** Sends one bare segment from a made-up IPv4 address straight into the wire. */
function inject(
  device: LinkDevice,
  remote: number,
  remotePort: number,
  fill: (out: SegmentOut) => void,
  server: number = SERVER_WORD,
): void {
  const out = new SegmentOut();
  out.localPort = remotePort;
  out.remotePort = 80;
  fill(out);
  const frame = createFrame();
  emitTcp(
    frame,
    out,
    0,
    0,
    0xffff,
    remote,
    0,
    0,
    0xffff,
    server,
    4,
    CHECKSUM_COMPLETE,
  );
  const length = frame.end - frame.start;
  frame.start -= 20;
  writeIpv4Header(
    frame.view,
    frame.start,
    0,
    20 + length,
    0,
    0,
    64,
    6,
    remote,
    server,
  );
  device.transmit(frame, null, 0);
}

for (const family of [4, 6] as const) {
  Deno.test(`SYN cookies carry a whole connection over IPv${family}, options kept`, () => {
    const pair = new Pair({ serverTcp: { synCookies: 2 }, delay: 5_000 });
    const talk = converse(pair, {
      family,
      client: { send: LENGTH },
      server: { send: LENGTH },
    });
    finish(talk);
    const t = talk.server.connection!.tcb;
    assert(t.tsEnabled && t.sackEnabled && t.wscaleEnabled);
    assertEquals(t.peerMss, family === 4 ? 1_460 : 1_440);
    assertEquals(t.sndWscale, 7);
    const counters = pair.server.tcpCounters;
    assertEquals(counters.get("TcpExtSyncookiesSent"), 1);
    assertEquals(counters.get("TcpExtSyncookiesRecv"), 1);
  });
}

Deno.test("SYN cookies work without timestamps: no scaling, no SACK, the MSS kept", () => {
  const pair = new Pair({
    serverTcp: { synCookies: 2 },
    clientTcp: { timestamps: false },
  });
  const talk = converse(pair, { client: { send: LENGTH } });
  finish(talk);
  const t = talk.server.connection!.tcb;
  assert(!t.tsEnabled && !t.sackEnabled && !t.wscaleEnabled);
  assertEquals(t.peerMss, 1_460);
});

Deno.test("A SYN cookie is refused when guessed, when late, and when none was sent", () => {
  const [wire, end] = createCable({ medium: MEDIUM_IP });
  const pair = new Pair({ serverTcp: { synCookies: 2 } });
  const { server } = pair;
  server.addDevice(end, { addresses: [parseCidr("10.0.0.2/24")] }, 0);
  const listener = server.listen({ port: 80 });
  assert(typeof listener !== "number");
  const random = new SeededRandom(7);
  const guess = (out: SegmentOut): void => {
    out.flags = TCP_ACK;
    out.seq = toSeq(random.int32());
    out.ack = toSeq(random.int32());
  };
  // None was sent: not even looked at.
  inject(wire, 0x0a000063, 5_000, guess);
  server.poll(1_000, 64);
  assertEquals(server.tcpCounters.get("TcpExtSyncookiesFailed"), 0);
  inject(wire, 0x0a000063, 4_999, (out) => {
    out.flags = TCP_SYN;
    out.seq = toSeq(1);
  });
  server.poll(2_000, 64);
  for (let i = 0; i < 2_000; i++) {
    inject(wire, 0x0a000063, 5_000 + i, guess);
    server.poll(3_000 + i, 64);
  }
  assertEquals(server.connectionCount, 0);
  assertEquals(server.tcpCounters.get("TcpExtSyncookiesFailed"), 2_000);
  // Two minutes after the last cookie none is taken any more.
  inject(wire, 0x0a000063, 9_000, guess);
  server.poll(200e6, 64);
  assertEquals(server.tcpCounters.get("TcpExtSyncookiesFailed"), 2_000);
});

Deno.test("A SYN flood leaves room for a legitimate client and a transfer under way", () => {
  const pair = new Pair({
    serverTcp: {
      maxSynBacklog: 64,
      receiveBuffer: { min: 4096, initial: 131_072, max: 6_291_456 },
    },
    delay: 2_000,
  });
  const before = converse(pair, { client: { send: 2_000_000 } });
  pair.sim.run(pair.sim.now + 20_000, () => false);
  const [wire, end] = createCable({ medium: MEDIUM_IP, frameCount: 2_048 });
  pair.server.addDevice(
    end,
    { addresses: [parseCidr("11.255.0.1/8")] },
    pair.sim.now,
  );
  const random = new SeededRandom(11);
  let flooded = 0;
  // Ten thousand SYNs from ten thousand addresses nobody answers from, a burst each millisecond.
  for (let burst = 0; burst < 100; burst++) {
    for (let i = 0; i < 100; i++, flooded++) {
      inject(wire, 0x0b000000 + flooded, 1_024 + flooded % 60_000, (out) => {
        out.flags = TCP_SYN;
        out.seq = toSeq(random.int32());
        out.mss = 1_460;
      }, FLOODED_WORD);
    }
    pair.sim.run(pair.sim.now + 1_000, () => false);
  }
  const late = pair.client.connect({
    remote: before.client.connection!.tcb.remote,
    remotePort: 80,
  }, pair.sim.now);
  assert(typeof late !== "number");
  pair.sim.run(pair.sim.now + 100_000, () => late.stateName === "ESTABLISHED");
  assertEquals(late.stateName, "ESTABLISHED");
  finish(before);
  assert(pair.server.tcpCounters.get("TcpExtTCPReqQFullDoCookies") > 0);
  // Only the bounded queue of half-open connections remains, not ten thousand.
  assert(pair.server.connectionCount < 100, `${pair.server.connectionCount}`);
});
