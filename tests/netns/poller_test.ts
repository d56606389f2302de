import { assert, assertEquals, assertRejects } from "@std/assert";
import { POLL_IDLE } from "../../engine/mod.ts";
import {
  Host,
  Netns,
  PollWaiter,
  TapDevice,
  withNetns,
} from "../../ffi/mod.ts";
import { createFrame } from "../../engine/base/frame.ts";
import { ether, icmpv4, ipv4 } from "../tools/packet_builder.ts";
import { requireMachine } from "./harness_requirements.ts";
import { KERNEL_SIDE, TapPeer } from "./tap_peer.ts";

requireMachine();

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Whether the promise is still pending after the event loop had its turns. */
async function isPending(promise: Promise<void>): Promise<boolean> {
  let pending = true;
  promise.then(() => pending = false);
  await pause(20);
  return pending;
}

/** A TAP without addresses, in a namespace of its own, which the kernel sends nothing to. */
function openTap(): TapDevice {
  using namespace = Netns.create();
  return withNetns(namespace, () => TapDevice.open(KERNEL_SIDE));
}

/** A frame the kernel answers at once: an ARP request follows an echo request. */
function provoke(tap: TapDevice): void {
  const request = ipv4(1, icmpv4(8, 0, 1, new Uint8Array(8)));
  new TapPeer(tap).send(ether(0x0800, request));
}

function drain(tap: TapDevice): number {
  const frame = createFrame();
  let count = 0;
  while (tap.receive(frame, 0) > 0) count++;
  return count;
}

Deno.test("wait() ends when the time has come, and never before", async () => {
  const waiter = new PollWaiter();
  for (const timeout of [0, 1, 0.001, 1_500, 1_500.5, 30_000]) {
    const start = performance.now();
    await waiter.wait(timeout);
    const elapsed = (performance.now() - start) * 1_000;
    assert(elapsed >= timeout, `${elapsed} of ${timeout} µs`);
  }
  waiter.close();
});

Deno.test("wait() takes timeouts beyond 32 bits of nanoseconds and of seconds", async () => {
  for (const timeout of [5_000_000, 1e10, 1e15, Infinity]) {
    const waiter = new PollWaiter();
    const wait = waiter.wait(timeout);
    assert(await isPending(wait), `${timeout} µs`);
    waiter.close();
    await wait;
  }
});

Deno.test("wake() ends the wait under way, however often it is called", async () => {
  const waiter = new PollWaiter();
  for (let i = 0; i < 100; i++) {
    const wait = waiter.wait(Infinity);
    waiter.wake();
    waiter.wake();
    await wait;
  }
  const wait = waiter.wait(Infinity);
  assert(await isPending(wait), "an old wake ended a new wait");
  waiter.close();
  await wait;
});

Deno.test("wake() before the wait ends it at once, and only it", async () => {
  const waiter = new PollWaiter();
  waiter.wake();
  waiter.wake();
  await waiter.wait(Infinity);
  const wait = waiter.wait(Infinity);
  assert(await isPending(wait));
  waiter.close();
  await wait;
});

Deno.test("wait() ends when a descriptor becomes readable", async () => {
  using tap = openTap();
  drain(tap);
  const waiter = new PollWaiter([tap.fd]);
  const wait = waiter.wait(Infinity);
  provoke(tap);
  await wait;
  assert(drain(tap) > 0);
  waiter.close();
});

Deno.test("add() and remove() change what the next wait waits for", async () => {
  using tap = openTap();
  const waiter = new PollWaiter();
  provoke(tap);
  const blind = waiter.wait(Infinity);
  assert(await isPending(blind));
  waiter.wake();
  await blind;
  waiter.add(tap.fd);
  waiter.add(tap.fd);
  await waiter.wait(Infinity);
  waiter.remove(tap.fd);
  waiter.remove(tap.fd);
  const again = waiter.wait(Infinity);
  assert(await isPending(again));
  waiter.close();
  await again;
});

Deno.test("wait() refuses a second waiter", async () => {
  const waiter = new PollWaiter();
  const wait = waiter.wait(Infinity);
  await assertRejects(() => waiter.wait(1), TypeError, "already waiting");
  waiter.close();
  await wait;
});

Deno.test("close() frees the descriptor, parked or not, and ends every later wait", async () => {
  const count = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = count();
  for (let i = 0; i < 50; i++) {
    const waiter = new PollWaiter();
    const wait = i % 2 === 0 ? waiter.wait(Infinity) : Promise.resolve();
    waiter.close();
    waiter.close();
    waiter.wake();
    await wait;
    await waiter.wait(Infinity);
  }
  assertEquals(count(), before);
});

Deno.test("Host lets the process end after close, and keeps it alive until then", () => {
  const program = new URL("./programs/host_life.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-ffi", program],
  }).outputSync();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(new TextDecoder().decode(stdout), "alive\nclosed\n");
  assertEquals(code, 0);
});

Deno.test("Host.wake() polls long before a park could end, and no wake is lost", async () => {
  using tap = openTap();
  let polls = 0;
  const host = new Host(
    {
      deadline: Infinity,
      poll(now: number): number {
        polls++;
        while (tap.receive(frame, now) > 0);
        return POLL_IDLE;
      },
    },
    [tap],
    { spinTimeout: 0 },
  );
  const frame = createFrame();
  host.start();
  for (let i = 0; i < 1_000; i++) {
    const before = polls;
    host.wake();
    for (let turn = 0; turn < 1_000 && polls === before; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    assert(polls > before, `wake ${i} was lost`);
  }
  await host.close();
});
