import { assert, assertEquals, assertThrows } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertStatus,
  Bench,
  connection,
  pattern,
} from "../../tools/wsk_bench.ts";

const { STATUS_MORE_PROCESSING_REQUIRED: KEEP } = W;

/** An IRP with a completion routine that keeps it and counts. */
function counted(irp: W.IRP): { runs: number } {
  const count = { runs: 0 };
  W.IoSetCompletionRoutine(
    irp,
    (_device, _irp, context) => {
      context.runs++;
      return KEEP;
    },
    count,
    true,
    true,
    true,
  );
  return count;
}

function refusedSend(socket: W.WSK_SOCKET, irp: W.IRP): W.NTSTATUS {
  return connection(socket).WskSend(socket, W.bufOf(pattern(1)), 0, irp);
}

Deno.test("IoAllocateIrp() takes 1 to 127 stack locations", () => {
  for (const size of [0, -1, 128, 1.5]) {
    assertThrows(() => W.IoAllocateIrp(size, false), RangeError, "1..127");
  }
  assertEquals(W.IoAllocateIrp(127, false)?.StackCount, 127);
});

Deno.test("IoInitializeIrp() makes an IRP in its owner's memory usable", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
  const irp = new W.IRP();
  assertThrows(() => refusedSend(socket, irp), W.BugCheckError);
  W.IoInitializeIrp(irp, W.IoSizeOfIrp(1), 1);
  const count = counted(irp);
  refusedSend(socket, irp);
  bench.net.run();
  assertEquals(count.runs, 1);
  bench.tidy(socket);
});

Deno.test("a request needs a completion routine, set anew after IoReuseIrp()", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  const submit = () => refusedSend(socket, irp);
  assertThrows(submit, W.BugCheckError, "no completion routine is set");
  counted(irp);
  submit();
  bench.net.run();
  W.IoReuseIrp(irp, W.STATUS_UNSUCCESSFUL);
  assertStatus(irp.IoStatus.Status, W.STATUS_UNSUCCESSFUL);
  assertThrows(submit, W.BugCheckError, "no completion routine is set");
  bench.tidy(socket);
});

Deno.test("a pending IRP may not be freed, reused, resubmitted or given another routine", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const read = bench.receive(client, new Uint8Array(1));
  const { irp } = read;
  const misuse = [
    () => W.IoFreeIrp(irp),
    () => W.IoReuseIrp(irp, 0),
    () => W.IoInitializeIrp(irp, 0, 1),
    () => counted(irp),
    () => refusedSend(client, irp),
    () => W.IoCompleteRequest(irp, W.IO_NO_INCREMENT),
    () => W.IoSetNextIrpStackLocation(irp),
  ];
  for (const act of misuse) {
    const error = assertThrows(act, W.BugCheckError, "a request is pending");
    assertEquals(error.BugCheckCode, W.DRIVER_VERIFIER_IOMANAGER_VIOLATION);
  }
  assertEquals(read.completions, 0);
  bench.tidy(client, server, listener);
});

Deno.test("a freed IRP may not be used, nor freed again", () => {
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  W.IoFreeIrp(irp);
  for (
    const act of [
      () => W.IoFreeIrp(irp),
      () => W.IoReuseIrp(irp, 0),
      () => counted(irp),
    ]
  ) assertThrows(act, W.BugCheckError, "it is freed");
});

Deno.test("IoFreeIrp() and IoReuseIrp() after a refusal run the routine first, as Windows had", async () => {
  for (const act of ["free", "reuse", "clear"]) {
    const bench = await Bench.open();
    const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
    const irp = W.IoAllocateIrp(1, false) as W.IRP;
    const event = new W.KEVENT();
    let runs = 0;
    W.IoSetCompletionRoutine(
      irp,
      () => {
        runs++;
        event.set();
        return KEEP;
      },
      null,
      true,
      true,
      true,
    );
    assertStatus(refusedSend(socket, irp), W.STATUS_INVALID_DEVICE_STATE);
    assertStatus(irp.IoStatus.Status, W.STATUS_INVALID_DEVICE_STATE);
    assertEquals(runs, 0);
    if (act === "free") W.IoFreeIrp(irp);
    else {
      if (act === "clear") W.KeClearEvent(event);
      W.IoReuseIrp(irp, 0);
    }
    assertEquals(runs, 1);
    assertEquals(event.signaled, act !== "clear");
    bench.net.run();
    assertEquals(runs, 1);
    bench.tidy(socket);
  }
});

Deno.test("a completion routine may free its IRP, reuse it, or close its socket", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  const log: string[] = [];
  const submit = (next: () => void) => {
    W.IoSetCompletionRoutine(
      irp,
      () => {
        log.push(W.statusName(irp.IoStatus.Status));
        next();
        return KEEP;
      },
      null,
      true,
      true,
      true,
    );
    connection(client).WskSend(client, W.bufOf(pattern(3)), 0, irp);
  };
  const close = () => {
    W.IoReuseIrp(irp, 0);
    W.IoSetCompletionRoutine(
      irp,
      () => {
        log.push("closed");
        W.IoFreeIrp(irp);
        return KEEP;
      },
      null,
      true,
      true,
      true,
    );
    client.Dispatch.WskCloseSocket(client, irp);
    log.push("close returned");
  };
  submit(() => {
    W.IoReuseIrp(irp, 0);
    submit(close);
    log.push("send returned");
  });
  bench.net.run();
  const ok = "STATUS_SUCCESS";
  assertEquals(log, [ok, "send returned", ok, "close returned", "closed"]);
  bench.tidy(server, listener);
});

Deno.test("IoSetCompletionRoutine()'s flags choose the outcomes of a passed-down IRP", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const outcomes: [string, boolean[], boolean][] = [];
  for (const bits of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const flags = [(bits & 1) !== 0, (bits & 2) !== 0, (bits & 4) !== 0];
    for (const outcome of ["success", "error", "cancel"]) {
      const irp = W.IoAllocateIrp(2, false) as W.IRP;
      const upper = counted(irp);
      W.IoSetNextIrpStackLocation(irp);
      W.IoMarkIrpPending(irp);
      let ran = false;
      W.IoSetCompletionRoutine(
        irp,
        () => {
          ran = true;
          return W.STATUS_SUCCESS;
        },
        null,
        flags[0],
        flags[1],
        flags[2],
      );
      const { WskSend, WskReceive } = connection(client);
      const buffer = W.bufOf(new Uint8Array(1));
      if (outcome === "success") WskSend(client, buffer, 0, irp);
      else if (outcome === "error") WskSend(client, buffer, 1, irp);
      else {
        WskReceive(client, buffer, 0, irp);
        W.IoCancelIrp(irp);
      }
      bench.net.run();
      assertEquals(upper.runs, 1, "completion goes on upward");
      outcomes.push([outcome, flags, ran]);
    }
  }
  for (const [outcome, [success, error, cancel], ran] of outcomes) {
    const expected = outcome === "success"
      ? success
      : outcome === "error"
      ? error
      : error || cancel;
    assertEquals(ran, expected, `${outcome} ${success} ${error} ${cancel}`);
  }
  bench.tidy(client, server, listener);
});

Deno.test("IoCompleteRequest() resumes a passed-down IRP that a routine kept, once", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const irp = W.IoAllocateIrp(2, false) as W.IRP;
  let upperPending: boolean | null = null;
  W.IoSetCompletionRoutine(
    irp,
    () => {
      upperPending = irp.PendingReturned;
      return KEEP;
    },
    null,
    true,
    true,
    true,
  );
  W.IoSetNextIrpStackLocation(irp);
  W.IoMarkIrpPending(irp);
  const middle = counted(irp);
  connection(client).WskSend(client, W.bufOf(pattern(1)), 0, irp);
  bench.net.run();
  assertEquals(middle.runs, 1);
  assertEquals(upperPending, null);
  W.IoCompleteRequest(irp, W.IO_NO_INCREMENT);
  assertEquals(upperPending, true);
  const error = assertThrows(
    () => W.IoCompleteRequest(irp, W.IO_NO_INCREMENT),
    W.BugCheckError,
    "complete already",
  );
  assertEquals(error.BugCheckCode, W.MULTIPLE_IRP_COMPLETE_REQUESTS);
  bench.tidy(client, server, listener);
});

Deno.test("an IRP without a stack location left is not passed down", () => {
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  W.IoSetNextIrpStackLocation(irp);
  const error = assertThrows(() => counted(irp), W.BugCheckError, "used up");
  assertEquals(error.BugCheckCode, W.NO_MORE_IRP_STACK_LOCATIONS);
});

Deno.test("an own IRP whose routine does not keep it throws in the delivery step", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  for (const kind of ["continues", "frees"]) {
    const irp = W.IoAllocateIrp(1, false) as W.IRP;
    W.IoSetCompletionRoutine(
      irp,
      () => {
        if (kind === "frees") W.IoFreeIrp(irp);
        return W.STATUS_SUCCESS;
      },
      null,
      true,
      true,
      true,
    );
    connection(client).WskSend(client, W.bufOf(pattern(1)), 0, irp);
    assertThrows(
      () => bench.net.run(),
      W.BugCheckError,
      "STATUS_MORE_PROCESSING_REQUIRED",
    );
  }
  bench.tidy(client, server, listener);
});

Deno.test("completion() resolves with the outcome, refused or pended", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  const send = (flags: number) => {
    const done = W.completion(irp);
    connection(client).WskSend(client, W.bufOf(pattern(5)), flags, irp);
    bench.net.run();
    return done;
  };
  assertEquals(await send(0), { Status: W.STATUS_SUCCESS, Information: 5 });
  W.IoReuseIrp(irp, 0);
  assertEquals(await send(1), {
    Status: W.STATUS_NOT_SUPPORTED,
    Information: 0,
  });
  W.IoFreeIrp(irp);
  bench.tidy(client, server, listener);
});

Deno.test("KEVENT: notification events stay set, synchronization events release one waiter", async () => {
  const event = new W.KEVENT();
  W.KeInitializeEvent(event, W.NotificationEvent, false);
  const order: string[] = [];
  const waits = ["a", "b"].map((name) =>
    event.wait().then(() => order.push(name))
  );
  assertEquals(W.KeSetEvent(event, W.IO_NO_INCREMENT, false), 0);
  await Promise.all(waits);
  assertEquals(order, ["a", "b"]);
  assertEquals(W.KeReadStateEvent(event), 1);
  assertEquals(W.KeResetEvent(event), 1);
  assertEquals(W.KeReadStateEvent(event), 0);
  W.KeInitializeEvent(event, W.SynchronizationEvent, true);
  await event.wait();
  assert(!event.signaled);
  let woken = 0;
  event.subscribe(() => woken++);
  event.subscribe(() => woken++);
  W.KeSetEvent(event, W.IO_NO_INCREMENT, false);
  assertEquals(woken, 1);
  assert(!event.signaled);
});

Deno.test("KeWaitForSingleObject() waits, polls, or gives up in time", async () => {
  const bench = await Bench.open();
  const wait = (event: W.KEVENT, timeout: number | null) =>
    bench.subsystem.KeWaitForSingleObject(
      event,
      W.Executive,
      W.KernelMode,
      false,
      timeout,
    );
  const event = new W.KEVENT();
  assertStatus(await wait(event, 0), W.STATUS_TIMEOUT);
  const late = wait(event, -10_000_000);
  const never = wait(event, null);
  bench.net.advance(999_999);
  bench.net.advance(1);
  assertStatus(await late, W.STATUS_TIMEOUT);
  const soon = wait(event, -10_000_000);
  event.set();
  assertStatus(await soon, W.STATUS_SUCCESS);
  assertStatus(await never, W.STATUS_SUCCESS);
  assertStatus(await wait(event, 0), W.STATUS_SUCCESS);
});
