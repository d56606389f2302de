import { assertEquals, assertThrows } from "@std/assert";
import { TimerWaiter } from "../../../ffi/timer_waiter.ts";

Deno.test("wait() resolves when the time has come", async () => {
  await new TimerWaiter().wait(2_000);
});

Deno.test("wait() resolves at once after any number of wakes, and only once", async () => {
  const waiter = new TimerWaiter();
  waiter.wake();
  waiter.wake();
  await waiter.wait(Infinity);
  let resolved = false;
  const second = waiter.wait(Infinity).then(() => resolved = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(resolved, false);
  waiter.close();
  await second;
});

Deno.test("wake() ends the wait under way", async () => {
  const waiter = new TimerWaiter();
  const wait = waiter.wait(Infinity);
  waiter.wake();
  await wait;
});

Deno.test("close() ends the wait under way and every later one", async () => {
  const waiter = new TimerWaiter();
  const wait = waiter.wait(Infinity);
  waiter.close();
  await wait;
  await waiter.wait(Infinity);
  waiter.close();
});

Deno.test("wait() refuses a second waiter", async () => {
  const waiter = new TimerWaiter();
  const wait = waiter.wait(Infinity);
  assertThrows(() => waiter.wait(1), TypeError, "already waiting");
  waiter.close();
  await wait;
});
