import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createFrame } from "../../../engine/base/frame.ts";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import { type CableOptions, createCable } from "../../../engine/link/cable.ts";
import {
  MEDIUM_ETHERNET,
  TX_BUSY,
  TX_DOWN,
  TX_OK,
} from "../../../engine/link/device.ts";
import { FaultInjector } from "../../../engine/link/fault_injector.ts";
import type { FaultInjectorOptions } from "../../../engine/link/fault_injector.ts";
import type { CableEnd } from "../../../engine/link/cable.ts";
import type { Faults } from "../../../engine/link/faults.ts";
import {
  frameOf,
  liveBytes,
  patternBytes,
  readTcpPacket,
  tcpFrame,
} from "../../tools/packets.ts";

const LINK_HEADER = 14;

/** A cable with an injector at its near end. */
function createLink(
  options: Omit<FaultInjectorOptions, "random">,
  cable: CableOptions = {},
  seed = 1,
): [FaultInjector, CableEnd] {
  const [near, far] = createCable({ frameCount: 4096, ...cable });
  const random = new SeededRandom(seed);
  return [new FaultInjector(near, { random, ...options }), far];
}

/** A TCP packet whose sequence number is its number. */
function numbered(seq: number) {
  return tcpFrame({ seq, payload: patternBytes(32, seq) });
}

/** Everything the device has by `now`, as copies. */
function drain(device: CableEnd | FaultInjector, now: number): Uint8Array[] {
  const out = createFrame();
  const frames: Uint8Array[] = [];
  while (device.receive(out, now) > 0) frames.push(liveBytes(out));
  return frames;
}

function seqs(frames: readonly Uint8Array[]): number[] {
  return frames.map((bytes) => readTcpPacket(bytes, MEDIUM_ETHERNET).seq);
}

/** Sends `count` numbered packets, a µs apart, and returns what arrives in the end. */
function send(faults: Faults, count: number, seed = 1): Uint8Array[] {
  const [injector, far] = createLink({ faults }, {}, seed);
  const arrived: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    assertEquals(injector.transmit(numbered(i), null, i), TX_OK);
    arrived.push(...drain(far, i));
  }
  let now = count;
  while (injector.deadline < Infinity) {
    now = Math.max(now, injector.deadline);
    injector.receive(createFrame(), now);
    arrived.push(...drain(far, now));
  }
  return arrived;
}

function flippedBits(a: Uint8Array, b: Uint8Array): number[] {
  const places: number[] = [];
  for (let i = 0; i < a.length * 8; i++) {
    if ((a[i >> 3] ^ b[i >> 3]) >> (i & 7) & 1) places.push(i);
  }
  return places;
}

Deno.test("FaultInjector without faults hands super-segments through untouched", () => {
  const [injector, far] = createLink({}, { gsoMaxSize: 65_535 });
  const frame = tcpFrame(
    { payload: patternBytes(5000), gsoSize: 1000, partial: true },
  );
  assertEquals(injector.transmit(frame, null, 0), TX_OK);
  const out = createFrame();
  far.receive(out, 0);
  assertEquals(liveBytes(out), liveBytes(frame));
  assertEquals([out.gsoSize, out.checksumPartial], [1000, true]);
  far.transmit(frame, null, 0);
  injector.receive(out, 0);
  assertEquals(liveBytes(out), liveBytes(frame));
  assertEquals([out.gsoSize, out.checksumPartial], [1000, true]);
});

Deno.test("FaultInjector with faults cuts super-segments and completes checksums, both ways", () => {
  const [injector, far] = createLink(
    { faults: { delay: 1 } },
    { gsoMaxSize: 65_535 },
  );
  const frame = tcpFrame(
    { payload: patternBytes(5000), gsoSize: 1000, partial: true },
  );
  injector.transmit(frame, null, 0);
  assertEquals(injector.receive(createFrame(), 1), 0);
  far.transmit(frame, null, 0);
  assertEquals(injector.receive(createFrame(), 1), 0);
  for (const arrived of [drain(far, 1), drain(injector, 2)]) {
    const readings = arrived.map((b) => readTcpPacket(b, MEDIUM_ETHERNET));
    assertEquals(readings.map((r) => r.payload.length), Array(5).fill(1000));
    assert(readings.every((r) => r.tcpChecksumOk && r.ipChecksumOk));
  }
});

Deno.test("FaultInjector offers checksum offload to the stack only when it completes checksums", () => {
  assertEquals(createLink({})[0].caps.checksumOffload, false);
  const [injector] = createLink({ tx: { drop: 0.1 } });
  assertEquals(injector.caps, {
    medium: MEDIUM_ETHERNET,
    ipMtu: 1500,
    checksumOffload: true,
    gsoMaxSize: 0,
  });
  assertEquals(
    createLink({ rx: { drop: 0.1 } })[0].caps.checksumOffload,
    false,
  );
});

Deno.test("FaultInjector that promised checksum offload keeps it when the faults are gone", () => {
  const [injector, far] = createLink({ faults: { drop: 1 } });
  injector.setFaults({});
  injector.transmit(tcpFrame({ partial: true }), null, 0);
  const [bytes] = drain(far, 0);
  assert(readTcpPacket(bytes, MEDIUM_ETHERNET).tcpChecksumOk);
});

Deno.test("drop loses about as many as it says, and counts them", () => {
  const [injector, far] = createLink({ faults: { drop: 0.2 } });
  for (let i = 0; i < 2000; i++) injector.transmit(numbered(i), null, i);
  const arrived = drain(far, 2000).length;
  // Five standard deviations of a binomial of 2,000 and 0.2 are 90.
  assert(Math.abs(arrived - 1600) < 90, `${arrived} of 2000 arrived`);
  assertEquals(injector.txCounters.get("dropped"), 2000 - arrived);
  assertEquals(injector.txCounters.get("packets"), 2000);
  assertEquals(injector.rxCounters.get("packets"), 0);
});

Deno.test("drop strikes each wire segment of a super-segment on its own", () => {
  const [injector, far] = createLink(
    { faults: { drop: 0.5 } },
    { gsoMaxSize: 65_535 },
  );
  const frame = tcpFrame({ payload: patternBytes(50_000), gsoSize: 1000 });
  injector.transmit(frame, null, 0);
  const arrived = drain(far, 0).length;
  assert(arrived > 5 && arrived < 45, `${arrived} of 50 arrived`);
});

Deno.test("dropIf loses the packets it chooses", () => {
  const arrived = send({ dropIf: (_, index) => index % 3 === 1 }, 7);
  assertEquals(seqs(arrived), [0, 2, 3, 5, 6]);
});

Deno.test("corrupt flips exactly one bit, never in the link header, of every IP packet at 1", () => {
  const places = new Set<number>();
  send({ corrupt: 1 }, 500).forEach((bytes, i) => {
    const flipped = flippedBits(bytes, liveBytes(numbered(i)));
    assertEquals(flipped.length, 1, `packet ${i}`);
    assert(flipped[0] >= LINK_HEADER * 8);
    places.add(flipped[0]);
  });
  assert(places.size > 200, "the bit is drawn anew for each packet");
});

Deno.test("corrupt is detected by a checksum unless it strikes a field no checksum covers", () => {
  for (const bytes of send({ corrupt: 1 }, 300)) {
    if (bytes[LINK_HEADER] !== 0x45) continue;
    const reading = readTcpPacket(bytes, MEDIUM_ETHERNET);
    assert(!(reading.ipChecksumOk && reading.tcpChecksumOk));
  }
});

Deno.test("corrupt spares frames that are not IP", () => {
  const [injector, far] = createLink({ faults: { corrupt: 1 } });
  const arp = patternBytes(60);
  arp.set([0x08, 0x06], 12);
  injector.transmit(frameOf(arp), null, 0);
  assertEquals(drain(far, 0), [arp]);
  assertEquals(injector.txCounters.get("corrupted"), 0);
});

Deno.test("duplicate delivers twice, unchanged", () => {
  assertEquals(seqs(send({ duplicate: 1 }, 3)), [0, 0, 1, 1, 2, 2]);
});

Deno.test("reorder lets later packets overtake and loses none", () => {
  const arrived = seqs(send({ reorder: 0.1, reorderDelay: 5 }, 500));
  assertEquals(arrived.toSorted((a, b) => a - b), [...Array(500).keys()]);
  const late = arrived.filter((seq, i) => i > 0 && arrived[i - 1] > seq).length;
  assert(late > 10 && late < 100, `${late} of 500 late`);
  for (let i = 0; i < 500; i++) assert(Math.abs(arrived[i] - i) <= 5);
});

Deno.test("delay and jitter keep to their bounds and to the order", () => {
  const [injector, far] = createLink({ faults: { delay: 100, jitter: 50 } });
  const out = createFrame();
  const arrivals: number[] = [];
  for (let i = 0; i < 200; i++) injector.transmit(numbered(i), null, 1000);
  let expected = 0;
  while (injector.deadline < Infinity) {
    const now = injector.deadline;
    injector.receive(out, now);
    for (const seq of seqs(drain(far, now))) {
      assertEquals(seq, expected++);
      arrivals.push(now);
    }
  }
  assertEquals(arrivals.length, 200);
  assert(arrivals.every((at) => at >= 1100 && at < 1150));
  assert(new Set(arrivals).size > 2, "jitter varies");
});

Deno.test("the bottleneck spaces packets at its rate and drops what its buffer cannot hold", () => {
  // numbered() makes 86 bytes: 86 µs at 8 Mbit/s; the buffer holds ten.
  const [injector, far] = createLink(
    { faults: { bitsPerSecond: 8e6, bufferSize: 860 } },
  );
  for (let i = 0; i < 15; i++) injector.transmit(numbered(i), null, 0);
  assertEquals(injector.txCounters.get("tailDropped"), 5);
  for (let i = 1; i <= 10; i++) {
    assertEquals(Math.round(injector.deadline), 86 * i);
    injector.receive(createFrame(), injector.deadline);
    assertEquals(seqs(drain(far, 86 * i + 1)), [i - 1]);
  }
  assertEquals(injector.deadline, Infinity);
});

Deno.test("the bottleneck lets a burst pass after a rest", () => {
  const [injector, far] = createLink(
    { faults: { bitsPerSecond: 8e6, burstSize: 86 * 3 } },
  );
  for (let i = 0; i < 5; i++) injector.transmit(numbered(i), null, 1e6);
  assertEquals(seqs(drain(far, 1e6)), [0, 1, 2]);
  assertEquals(Math.round(injector.deadline), 1e6 + 86);
});

Deno.test("maxSize swallows longer packets, as a path that sends no ICMP does", () => {
  const [injector, far] = createLink({ faults: { maxSize: 1000 } });
  injector.transmit(tcpFrame({ payload: patternBytes(960) }), null, 0);
  injector.transmit(tcpFrame({ payload: patternBytes(961) }), null, 0);
  assertEquals(drain(far, 0).length, 1);
  assertEquals(injector.txCounters.get("oversized"), 1);
});

Deno.test("tx and rx faults are told apart", () => {
  const [injector, far] = createLink({ tx: { drop: 1 } });
  injector.transmit(numbered(1), null, 0);
  assertEquals(drain(far, 0).length, 0);
  far.transmit(numbered(2), null, 0);
  assertEquals(seqs(drain(injector, 0)), [2]);
});

Deno.test("the same seed gives the same packets, another seed others", () => {
  const faults: Faults = {
    drop: 0.1,
    corrupt: 0.1,
    duplicate: 0.1,
    reorder: 0.1,
    reorderDelay: 7,
    delay: 3,
    jitter: 4,
  };
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      assertEquals(send(faults, 50, seed), send(faults, 50, seed));
    }),
    { numRuns: 5 },
  );
  assert(send(faults, 50, 1).length !== 0);
  const texts = [1, 2].map((seed) => send(faults, 50, seed).join(";"));
  assert(texts[0] !== texts[1]);
});

Deno.test("FaultInjector is busy when its slots are used up, and wakes when one is free", () => {
  const [injector] = createLink({ faults: { delay: 100 }, frameCount: 2 });
  let wakes = 0;
  assert("subscribe" in injector.readiness);
  injector.readiness.subscribe(() => wakes++);
  assertEquals(injector.transmit(numbered(0), null, 0), TX_OK);
  assertEquals(injector.transmit(numbered(1), null, 0), TX_OK);
  assertEquals(injector.transmit(numbered(2), null, 0), TX_BUSY);
  assertEquals(wakes, 0);
  injector.receive(createFrame(), 100);
  assertEquals(wakes, 1);
  assertEquals(injector.transmit(numbered(2), null, 100), TX_OK);
});

Deno.test("FaultInjector keeps what a busy device refuses and tries again", () => {
  const [injector, far] = createLink({ tx: { delay: 1 } }, { frameCount: 1 });
  injector.transmit(numbered(0), null, 0);
  injector.transmit(numbered(1), null, 0);
  injector.receive(createFrame(), 1);
  assert(injector.deadline > 1, "no spinning while the device is busy");
  assert(injector.deadline < Infinity);
  assertEquals(seqs(drain(far, 1)), [0]);
  injector.receive(createFrame(), injector.deadline);
  assertEquals(seqs(drain(far, 1e6)), [1]);
});

Deno.test("FaultInjector is down when its device is", () => {
  const [injector] = createLink({ faults: { drop: 0.5 } });
  injector.close();
  assertEquals(injector.transmit(numbered(0), null, 0), TX_DOWN);
  assert(injector.receive(createFrame(), 0) < 0);
});

Deno.test("FaultInjector refuses faults out of range", () => {
  for (
    const faults of [
      { drop: -0.1 },
      { corrupt: 1.1 },
      { duplicate: NaN },
      { delay: -1 },
      { jitter: Infinity },
      { bitsPerSecond: 0 },
      { maxSize: 0 },
    ]
  ) {
    assertThrows(() => createLink({ faults }), RangeError, "Cannot inject");
  }
});
