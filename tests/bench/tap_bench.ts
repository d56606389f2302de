/**
 * What a frame costs on its way through a TAP: `deno run --allow-all tests/bench/tap_bench.ts`.
 *
 * In a network namespace of its own; prints one line per measurement, medians
 * of several rounds in nanoseconds. The frames sent have an EtherType the
 * kernel throws away at once, so that the device is measured and not a
 * protocol; the frames received are UDP datagrams that wait in the TAP's queue.
 *
 * @module
 */
import { createFrame, PayloadRef } from "../../engine/base/frame.ts";
import type { Frame } from "../../engine/base/frame.ts";
import { POLL_IDLE } from "../../engine/mod.ts";
import { Host, Netns, TapDevice, withNetns } from "../../ffi/mod.ts";
import { tcpFrame } from "../tools/packets.ts";

const ROUNDS = 31;
const CALLS = 20_000;
const QUEUE = 900;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Prints the median cost of one call of `act`. */
function measure(name: string, act: () => void): void {
  for (let i = 0; i < CALLS; i++) act();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < CALLS; i++) act();
    rounds.push((performance.now() - start) * 1e6 / CALLS);
  }
  report(name, median(rounds));
}

function report(name: string, nanoseconds: number): void {
  console.log(`${name.padEnd(52)} ${nanoseconds.toFixed(0).padStart(8)} ns`);
}

function nonsenseFrame(length: number): Frame {
  const frame = createFrame();
  frame.end = frame.start + length;
  frame.view.setUint16(frame.start + 12, 0x88b5); // local experimental
  return frame;
}

function measureTransmit(tap: TapDevice): void {
  const short = nonsenseFrame(60);
  measure("transmit 60 B", () => tap.transmit(short, null, 0));
  const long = nonsenseFrame(1_514);
  measure("transmit 1514 B", () => tap.transmit(long, null, 0));
  const ring = new PayloadRef(new Uint8Array(1 << 20));
  ring.offset = (1 << 20) - 1_000;
  ring.length = 1_000;
  ring.wrapLength = 448;
  const header = nonsenseFrame(66);
  measure("transmit 66 B + 1448 B gathered in two", () => {
    tap.transmit(header, ring, 0);
  });
  // A segment of no connection: the kernel answers with a reset, which is dropped unread.
  const superSegment = tcpFrame({ partial: true, flags: 0x04 });
  superSegment.gsoSize = 1_448;
  ring.offset = 0;
  ring.length = 64_000;
  ring.wrapLength = 0;
  measure("transmit 64,000 B super-segment to no connection", () => {
    tap.transmit(superSegment, ring, 0);
  });
}

function measureReceive(namespace: Netns, tap: TapDevice): void {
  const frame = createFrame();
  while (tap.receive(frame, 0) > 0);
  measure("receive, nothing there", () => tap.receive(frame, 0));
  for (const length of [18, 1_472]) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      fillQueue(namespace, length);
      let count = 0;
      const start = performance.now();
      while (tap.receive(frame, 0) > 0) count++;
      rounds.push((performance.now() - start) * 1e6 / (count + 0.3));
    }
    report(`receive ${length + 42} B`, median(rounds));
  }
}

/** Has the kernel send datagrams to where nobody takes them from the queue. */
function fillQueue(namespace: Netns, length: number): void {
  const script = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(${QUEUE}): s.sendto(bytes(${length}), ("10.0.0.2", 9))`;
  withNetns(
    namespace,
    () => new Deno.Command("python3", { args: ["-c", script] }).outputSync(),
  );
}

/** From the call of wake() on a parked host to the poll it leads to. */
async function measureWake(tap: TapDevice): Promise<void> {
  let polled = 0;
  const frame = createFrame();
  const stack = {
    deadline: Infinity,
    poll(now: number): number {
      polled = performance.now();
      while (tap.receive(frame, now) > 0);
      return POLL_IDLE;
    },
  };
  for (const [name, provoke] of wakes(tap)) {
    const host = new Host(stack, [tap]);
    host.start();
    const delays: number[] = [];
    for (let i = 0; i < 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const start = performance.now();
      provoke(host);
      const limit = start + 100;
      while (polled < start && performance.now() < limit) {
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      delays.push((polled - start) * 1e6);
    }
    await host.close();
    report(name, median(delays));
  }
}

/** Ways to end a park: by this thread, and by a frame (the kernel's reset of a stray segment). */
function wakes(tap: TapDevice): [string, (host: Host) => void][] {
  const stray = tcpFrame({ partial: true });
  return [
    ["wake() of a parked host to its poll", (host) => host.wake()],
    ["frame out, kernel's answer, wake of a parked host", () => {
      tap.transmit(stray, null, 0);
    }],
  ];
}

async function main(): Promise<void> {
  using namespace = Netns.create();
  const tap = withNetns(namespace, () => {
    const device = TapDevice.open({
      hostAddresses: ["10.0.0.1/24"],
      hardwareAddress: "02:00:00:00:00:01",
    });
    const neighbour = ["neigh", "add", "10.0.0.2", "lladdr"];
    const args = [...neighbour, "02:00:00:00:00:02", "dev", device.name];
    new Deno.Command("ip", { args }).outputSync();
    return device;
  });
  measureTransmit(tap);
  measureReceive(namespace, tap);
  await measureWake(tap);
  tap.close();
}

await main();
