import { assert, assertEquals, assertRejects } from "@std/assert";
import type { LinkDevice } from "../../../engine/link/device.ts";
import { MEDIUM_IP, TX_OK } from "../../../engine/link/device.ts";
import type { HostedStack } from "../../../ffi/host.ts";
import { POLL_BLOCKED, POLL_IDLE, POLL_MORE } from "../../../engine/mod.ts";
import { Host } from "../../../ffi/host.ts";

/** A stack that does what each test says, and remembers when it was polled. */
class ScriptedStack implements HostedStack {
  deadline = Infinity;
  polls = 0;
  budget = 0;
  onPoll: (count: number) => number = () => POLL_IDLE;

  poll(_now: number, budget: number): number {
    this.polls++;
    this.budget = budget;
    return this.onPoll(this.polls);
  }
}

/** A device that never has a frame; `arrive` says that it has. */
class SilentDevice implements LinkDevice {
  readonly caps = {
    medium: MEDIUM_IP,
    ipMtu: 1500,
    checksumOffload: false,
    gsoMaxSize: 0,
  };
  deadline = Infinity;
  arrive: () => void = () => {};
  readonly readiness = {
    subscribe: (wake: () => void): void => {
      this.arrive = wake;
    },
  };
  receive(): number {
    return 0;
  }
  transmit(): number {
    return TX_OK;
  }
  close(): void {}
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Lets the host run until it has had every chance to park. */
async function settle(stack: ScriptedStack): Promise<void> {
  for (let last = -1; last !== stack.polls;) {
    last = stack.polls;
    await pause(20);
  }
}

Deno.test("start() polls with the budget and parks when nothing is to do", async () => {
  const stack = new ScriptedStack();
  await using host = new Host(stack, [new SilentDevice()], { budget: 7 });
  await pause(5);
  assertEquals(stack.polls, 0);
  host.start();
  host.start();
  await settle(stack);
  assert(stack.polls > 0);
  assertEquals(stack.budget, 7);
});

Deno.test("Host polls again while there is more", async () => {
  const stack = new ScriptedStack();
  stack.onPoll = (count) => count < 500 ? POLL_MORE : POLL_IDLE;
  await using host = new Host(stack, [], { spinTimeout: 0 });
  host.start();
  await settle(stack);
  assertEquals(stack.polls, 500);
});

Deno.test("Host lets promises, timers and other turns run while there is more", async () => {
  const stack = new ScriptedStack();
  stack.onPoll = () => POLL_MORE;
  await using host = new Host(stack, []);
  host.start();
  await pause(2);
  assert(stack.polls > 0);
});

Deno.test("wake() has a parked stack polled", async () => {
  const stack = new ScriptedStack();
  await using host = new Host(stack, []);
  host.start();
  await settle(stack);
  for (let i = 0; i < 3; i++) {
    const before = stack.polls;
    host.wake();
    await settle(stack);
    assert(stack.polls > before);
  }
});

Deno.test("wake() from within poll has the stack polled again", async () => {
  const stack = new ScriptedStack();
  await using host = new Host(stack, [], { spinTimeout: 0 });
  stack.onPoll = (count) => {
    if (count < 5) host.wake();
    return POLL_IDLE;
  };
  host.start();
  await settle(stack);
  assertEquals(stack.polls, 5);
});

Deno.test("Host polls when a device says that a frame has arrived", async () => {
  const stack = new ScriptedStack();
  const device = new SilentDevice();
  await using host = new Host(stack, [device]);
  host.start();
  await settle(stack);
  const before = stack.polls;
  device.arrive();
  await settle(stack);
  assert(stack.polls > before);
});

Deno.test("Host polls when the stack's deadline comes", async () => {
  const stack = new ScriptedStack();
  stack.deadline = performance.now() * 1_000 + 30_000;
  const due = Promise.withResolvers<void>();
  stack.onPoll = () => {
    if (performance.now() * 1_000 >= stack.deadline) {
      stack.deadline = Infinity;
      due.resolve();
    }
    return POLL_IDLE;
  };
  await using host = new Host(stack, []);
  host.start();
  await due.promise;
});

Deno.test("Host polls when a device's deadline comes", async () => {
  const stack = new ScriptedStack();
  const device = new SilentDevice();
  device.deadline = performance.now() * 1_000 + 30_000;
  const due = Promise.withResolvers<void>();
  stack.onPoll = () => {
    if (performance.now() * 1_000 >= device.deadline) {
      device.deadline = Infinity;
      due.resolve();
    }
    return POLL_IDLE;
  };
  await using host = new Host(stack, [device]);
  host.start();
  await due.promise;
});

Deno.test("Host notices a deadline that has come nearer while parked", async () => {
  const stack = new ScriptedStack();
  stack.deadline = performance.now() * 1_000 + 60_000_000;
  await using host = new Host(stack, []);
  host.start();
  await settle(stack);
  const due = Promise.withResolvers<void>();
  stack.deadline = performance.now() * 1_000 + 30_000;
  stack.onPoll = () => {
    if (performance.now() * 1_000 >= stack.deadline) {
      stack.deadline = Infinity;
      due.resolve();
    }
    return POLL_IDLE;
  };
  host.wake();
  await due.promise;
});

Deno.test("Host comes back to a busy device without being woken", async () => {
  const stack = new ScriptedStack();
  const done = Promise.withResolvers<void>();
  stack.onPoll = (count) => {
    if (count < 200) return POLL_BLOCKED;
    done.resolve();
    return POLL_IDLE;
  };
  await using host = new Host(stack, [], { spinTimeout: 10 });
  host.start();
  await done.promise;
});

Deno.test("closed rejects with what poll threw, and the loop ends", async () => {
  const stack = new ScriptedStack();
  const host = new Host(stack, []);
  stack.onPoll = (count) => {
    if (count === 3) throw new RangeError("from the stack");
    return POLL_MORE;
  };
  host.start();
  await assertRejects(() => host.closed, RangeError, "from the stack");
  host.wake();
  await pause(10);
  assertEquals(stack.polls, 3);
  await assertRejects(() => host.close(), RangeError, "from the stack");
});

Deno.test("closed rejects when the failing poll came out of a park", async () => {
  const stack = new ScriptedStack();
  const host = new Host(stack, []);
  host.start();
  await settle(stack);
  stack.onPoll = () => {
    throw new RangeError("late");
  };
  host.wake();
  await assertRejects(() => host.closed, RangeError, "late");
});

Deno.test("close() resolves before start, while running, while parked and when repeated", async () => {
  for (const wait of [-1, 0, 30]) {
    const host = new Host(new ScriptedStack(), []);
    if (wait >= 0) host.start();
    if (wait > 0) await pause(wait);
    const first = host.close();
    assertEquals(await first, undefined);
    await host.close();
    await host.closed;
  }
});

Deno.test("close() from within poll ends the loop after it", async () => {
  const stack = new ScriptedStack();
  const host = new Host(stack, []);
  stack.onPoll = (count) => {
    if (count === 2) host.close();
    return POLL_MORE;
  };
  host.start();
  await host.closed;
  await pause(5);
  assertEquals(stack.polls, 2);
});

Deno.test("close() while a wake is pending polls no more", async () => {
  const stack = new ScriptedStack();
  const host = new Host(stack, []);
  host.start();
  await settle(stack);
  const before = stack.polls;
  host.wake();
  await host.close();
  await pause(5);
  assertEquals(stack.polls, before);
});
