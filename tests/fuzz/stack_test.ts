/**
 * Any frames into a whole stack: nothing throws, memory stays bounded, and
 * afterwards it serves an honest client as if nothing had been.
 *
 * Most frames are packets a stack might really get, changed in a few bytes and
 * often with their checksums made right again, so that the change arrives
 * where it hurts; some are noise. Each run draws a seed and prints it;
 * `deno test tests/fuzz/stack_test.ts -- SEED` runs it again.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import { naiveChecksum, naivePseudoSum } from "../tools/packet_builder.ts";
import { OTHER_PACKETS, TCP_PACKETS } from "../tools/sample_packets.ts";
import { Pair } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";
import { Peer, PEER_PORT, STACK_PORT } from "../tools/sim_peer.ts";

const FRAMES = 100_000;
const SEED = Deno.args.length > 0
  ? Number(Deno.args[0]) | 0
  : crypto.getRandomValues(new Int32Array(1))[0];

/** Bare IP packets: the samples without their Ethernet headers. */
const SAMPLES = Object.values({ ...TCP_PACKETS, ...OTHER_PACKETS })
  .filter((frame) =>
    frame[12] === 0x08 && frame[13] === 0 || frame[12] === 0x86
  )
  .map((frame) => frame.slice(14));
const STACK4 = [10, 0, 0, 1];
const PEER4 = [10, 0, 0, 2];
/** Bytes of buffers a stack under fire may hold beyond what it held at rest. */
const MEMORY_LIMIT = 4 * 1024 * 1024;

/** A sample sent to the stack, a few bytes of it changed. */
function mutated(random: SeededRandom, peer: Peer): Uint8Array {
  const packet = SAMPLES[random.below(SAMPLES.length)].slice();
  if (packet[0] >> 4 === 4 && packet.length >= 20) {
    packet.set(PEER4, 12);
    packet.set(STACK4, 16);
    if (packet[9] === 6 && packet.length >= 40) aimTcp(packet, random, peer);
  }
  for (let i = random.below(4); i > 0; i--) {
    packet[random.below(packet.length)] = random.below(256);
  }
  const cut = random.below(8) === 0 ? random.below(packet.length + 1) : 0;
  const whole = cut > 0 ? packet.slice(0, cut) : packet;
  if (random.below(4) > 0) mendChecksums(whole);
  return whole;
}

/** Ports and often the numbers of the connection that is under fire. */
function aimTcp(packet: Uint8Array, random: SeededRandom, peer: Peer): void {
  const view = new DataView(packet.buffer);
  const l4 = (packet[0] & 15) * 4;
  view.setUint16(l4, PEER_PORT + random.below(3));
  view.setUint16(l4 + 2, STACK_PORT);
  if (random.below(2) === 0) {
    view.setUint32(l4 + 4, peer.isn + random.below(9_000));
  }
  if (random.below(2) === 0) {
    view.setUint32(l4 + 8, peer.stackIsn + random.below(3) >>> 0);
  }
}

/** Makes the IPv4 and TCP checksums of whatever this is right. */
function mendChecksums(packet: Uint8Array): void {
  if (packet.length < 20 || packet[0] >> 4 !== 4) return;
  const view = new DataView(packet.buffer);
  const l4 = (packet[0] & 15) * 4;
  if (l4 < 20 || packet.length < l4) return;
  view.setUint16(2, packet.length);
  view.setUint16(10, 0);
  view.setUint16(10, naiveChecksum(packet.slice(0, l4)));
  if (packet[9] !== 6 || packet.length < l4 + 20) return;
  const segment = packet.slice(l4);
  segment.fill(0, 16, 18);
  const sum = naivePseudoSum(
    packet.slice(12, 16),
    packet.slice(16, 20),
    6,
    segment.length,
  );
  view.setUint16(l4 + 16, naiveChecksum(segment, sum));
}

function noise(random: SeededRandom): Uint8Array {
  return Uint8Array.from(
    { length: random.below(200) },
    () => random.below(256),
  );
}

Deno.test(`any frames leave a stack alive, seed ${SEED}`, () => {
  const random = new SeededRandom(SEED);
  const peer = new Peer({ memory: 32 * 1024 * 1024, seed: SEED });
  peer.openPassive();
  const atRest = peer.stack.memoryUsed;
  for (let i = 0; i < FRAMES; i++) {
    peer.injectBytes(
      random.below(8) === 0 ? noise(random) : mutated(random, peer),
    );
    if (i % 8 === 7) peer.pass(random.below(20_000));
    if (i % 1_000 === 999) {
      assert(peer.stack.memoryUsed - atRest < MEMORY_LIMIT, `frame ${i}`);
      assert(peer.stack.connectionCount < 5_000, `frame ${i}`);
      peer.story.length = 0;
      peer.take();
    }
  }
  const heard = peer.stack.tcpCounters;
  assert(heard.get("TcpInSegs") - heard.get("TcpInErrs") > FRAMES / 10);
  serveHonestly(peer);
  for (const connection of peer.sim.watched) connection.close(peer.sim.now);
  peer.stack.closeListener(peer.listener!, peer.sim.now);
  peer.pass(2_000e6);
  assertEquals(peer.stack.connectionCount, 0);
  assertEquals(peer.stack.memoryUsed <= atRest, true);
});

/** The stack still accepts a connection, takes its bytes and answers. */
function serveHonestly(peer: Peer): void {
  peer.pass(1e6);
  peer.take();
  peer.peerPort = 50_000;
  peer.send({ flags: "S", seq: 0, ack: 0, mss: 1460 });
  const synAck = peer.take().find((s) => s.flags === "S.")!;
  peer.send({ seq: 1, ack: synAck.seq + 1 });
  peer.send({ seq: 1, ack: synAck.seq + 1, data: 100, flags: "P." });
  assertEquals(peer.take().at(-1)!.ack, 101);
}

Deno.test(`two stacks over a wire that mangles half of all packets get a transfer through once it heals, seed ${SEED}`, () => {
  for (let run = 0; run < 20; run++) {
    const seed = SEED + run;
    const random = new SeededRandom(seed);
    const pair = new Pair({ seed: seed & 0x7fff_ffff, delay: 1_000 });
    const c = converse(pair, {
      family: random.below(2) === 0 ? 4 : 6,
      client: { send: random.below(300_000) },
      server: { send: random.below(300_000) },
    });
    pair.sim.pass(random.below(20_000));
    pair.wire.setFaults({
      drop: random.uniform() * 0.6,
      corrupt: random.uniform() * 0.5,
      duplicate: random.uniform() * 0.5,
      reorder: random.uniform() * 0.5,
      reorderDelay: random.below(100_000),
      delay: 1_000,
    });
    pair.sim.pass(random.below(8_000_000));
    // What came so far is a beginning of what was sent.
    pair.tell(() => {
      assertEquals([c.client.wrongAt, c.server.wrongAt], [-1, -1]);
    });
    pair.wire.setFaults({});
    finish(c, 600e6);
  }
});
