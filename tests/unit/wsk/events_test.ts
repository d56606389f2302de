import { assertEquals } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import { REASON_RESET } from "../../../engine/wsk/transport.ts";
import {
  assertEnded,
  assertStatus,
  Bench,
  connection,
  pattern,
} from "../../tools/wsk_bench.ts";

/** What a client's receive event saw, and what it answers. */
class Receiver {
  readonly seen: number[] = [];
  readonly sizes: number[] = [];
  readonly flags: number[] = [];
  readonly kept: W.WSK_DATA_INDICATION[] = [];
  readonly disconnects: number[] = [];
  readonly backlogs: number[] = [];
  answer: W.NTSTATUS = W.STATUS_SUCCESS;
  accept = Infinity;
  before: (() => void) | null = null;
  readonly dispatch: W.WSK_CLIENT_CONNECTION_DISPATCH = {
    WskReceiveEvent: (_context, flags, indication, indicated, accepted) => {
      this.before?.();
      this.flags.push(flags);
      if (indication === null) {
        this.sizes.push(-1);
        return W.STATUS_SUCCESS;
      }
      assertEquals(accepted.value, indicated);
      this.sizes.push(indicated);
      if (this.answer === W.STATUS_DATA_NOT_ACCEPTED) return this.answer;
      const taken = Math.min(this.accept, indicated);
      const bytes = W.bytesOfBuf(indication.Buffer);
      this.seen.push(...bytes.subarray(0, taken));
      if (this.answer === W.STATUS_PENDING) this.kept.push(indication);
      else accepted.value = taken;
      return this.answer;
    },
    WskDisconnectEvent: (_context, flags) => {
      this.disconnects.push(flags);
      return W.STATUS_SUCCESS;
    },
    WskSendBacklogEvent: (_context, ideal) => {
      this.backlogs.push(ideal);
      return W.STATUS_SUCCESS;
    },
  };
}

const ALL = W.WSK_EVENT_RECEIVE | W.WSK_EVENT_DISCONNECT |
  W.WSK_EVENT_SEND_BACKLOG;

async function open(receiver: Receiver, mask = ALL) {
  const bench = await Bench.open();
  const pair = bench.pair(null, receiver.dispatch);
  assertStatus(bench.events(pair.server, mask), W.STATUS_SUCCESS);
  bench.net.run();
  return { bench, ...pair };
}

Deno.test("WskReceiveEvent consumes, in order, also data that came before it was enabled", async () => {
  const receiver = new Receiver();
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair(null, receiver.dispatch);
  bench.send(client, pattern(10));
  bench.net.run();
  assertEquals(receiver.sizes, []);
  assertStatus(
    bench.events(server, W.WSK_EVENT_RECEIVE),
    W.STATUS_SUCCESS,
  );
  assertEquals(receiver.sizes, []);
  bench.net.run();
  assertEquals(receiver.sizes, [10]);
  bench.send(client, pattern(5));
  bench.net.run();
  assertEquals(receiver.seen, [...pattern(10), ...pattern(5)]);
  bench.tidy(client, server, listener);
});

Deno.test("a partially accepting WskReceiveEvent pauses until a WskReceive completes", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  receiver.accept = 4;
  bench.send(client, pattern(10));
  bench.net.run();
  assertEquals(receiver.sizes, [10]);
  bench.send(client, pattern(2, 9));
  bench.net.run();
  assertEquals(receiver.sizes, [10]);
  receiver.accept = Infinity;
  const none = bench.receive(server, new Uint8Array(0));
  assertEquals(receiver.sizes, [10]);
  bench.net.run();
  assertEnded(none, W.STATUS_SUCCESS, 0);
  assertEquals(receiver.sizes, [10, 8]);
  assertEquals(receiver.seen, [...pattern(10), ...pattern(2, 9)]);
  bench.tidy(client, server, listener);
});

Deno.test("STATUS_DATA_NOT_ACCEPTED leaves all bytes to the next WskReceive", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  receiver.answer = W.STATUS_DATA_NOT_ACCEPTED;
  bench.send(client, pattern(10));
  bench.net.run();
  assertEquals(receiver.sizes, [10]);
  const into = new Uint8Array(6);
  const read = bench.receive(server, into);
  receiver.answer = W.STATUS_SUCCESS;
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 6);
  assertEquals(into, pattern(10).slice(0, 6));
  assertEquals(receiver.sizes, [10, 4]);
  assertEquals(receiver.seen, [...pattern(10).slice(6)]);
  bench.tidy(client, server, listener);
});

Deno.test("STATUS_PENDING retains bytes, in the window too, until WskRelease", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  receiver.answer = W.STATUS_PENDING;
  const readable = () =>
    [...bench.net.connections].find((c) => c.local.port === 4000)?.readable;
  for (let i = 0; i < 3; i++) {
    bench.send(client, pattern(10, i));
    bench.net.run();
  }
  assertEquals(receiver.sizes, [10, 10, 10]);
  assertEquals(readable(), 30);
  const [first, second, third] = receiver.kept;
  const { WskRelease } = connection(server);
  assertStatus(WskRelease(server, second), W.STATUS_SUCCESS);
  assertEquals(readable(), 30);
  assertStatus(WskRelease(server, second), W.STATUS_INVALID_PARAMETER);
  receiver.answer = W.STATUS_SUCCESS;
  bench.send(client, pattern(10, 3));
  const into = new Uint8Array(10);
  const read = bench.receive(server, into);
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 10);
  assertEquals(into, pattern(10, 3));
  assertEquals(readable(), 40);
  assertStatus(WskRelease(server, first), W.STATUS_SUCCESS);
  assertEquals(readable(), 20);
  assertStatus(WskRelease(server, third), W.STATUS_SUCCESS);
  assertEquals(readable(), 0);
  assertStatus(WskRelease(client, third), W.STATUS_INVALID_PARAMETER);
  bench.tidy(client, server, listener);
  assertStatus(WskRelease(server, third), W.STATUS_FILE_FORCED_CLOSED);
});

Deno.test("WSK_FLAG_RELEASE_ASAP asks for retained bytes back when many are held", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  receiver.answer = W.STATUS_PENDING;
  for (let i = 0; i < 4; i++) {
    bench.send(client, pattern(16_000));
    bench.net.run();
  }
  const asap = receiver.flags.map((f) => (f & W.WSK_FLAG_RELEASE_ASAP) !== 0);
  assertEquals(asap, [false, false, false, true]);
  bench.tidy(client, server, listener);
});

Deno.test("a pending WskReceive goes before WskReceiveEvent, and its completion before later data", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  const into = new Uint8Array(4);
  let sawBefore = -1;
  const read = bench.receive(server, into);
  receiver.before = () => sawBefore = read.completions;
  bench.send(client, pattern(10));
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 4);
  assertEquals(receiver.sizes, [6]);
  assertEquals(sawBefore, 1);
  bench.tidy(client, server, listener);
});

Deno.test("a WskReceive posted inside WskReceiveEvent gets what the event leaves", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  const into = new Uint8Array(20);
  let posted: ReturnType<Bench["receive"]> | null = null;
  receiver.accept = 3;
  receiver.before = () => {
    receiver.before = null;
    posted = bench.receive(server, into);
  };
  bench.send(client, pattern(10));
  bench.net.run();
  assertEnded(posted!, W.STATUS_SUCCESS, 7);
  assertEquals(into.slice(0, 7), pattern(10).slice(3));
  bench.tidy(client, server, listener);
});

Deno.test("WskDisconnectEvent tells the peer's FIN once, after all data", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  receiver.answer = W.STATUS_DATA_NOT_ACCEPTED;
  bench.disconnect(client, 0, pattern(4));
  bench.net.run();
  assertEquals(receiver.disconnects, []);
  const read = bench.receive(server, new Uint8Array(4));
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 4);
  assertEquals(receiver.disconnects, [0]);
  bench.send(server, pattern(1));
  bench.net.run();
  assertEquals(receiver.disconnects, [0]);
  bench.tidy(client, server, listener);
});

Deno.test("WskDisconnectEvent tells a reset by WSK_FLAG_ABORTIVE, but never our own abort", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  const [at] = [...bench.net.connections].filter((c) => c.local.port === 4000);
  at.die(REASON_RESET);
  bench.net.run();
  assertEquals(receiver.disconnects, [W.WSK_FLAG_ABORTIVE]);
  bench.net.run();
  assertEquals(receiver.disconnects.length, 1);
  bench.tidy(client, server, listener);
  const own = new Receiver();
  const other = await open(own);
  other.bench.disconnect(other.server, W.WSK_FLAG_ABORTIVE);
  other.bench.net.run();
  assertEquals(own.disconnects, []);
  other.bench.tidy(other.client, other.server, other.listener);
});

Deno.test("WskSendBacklogEvent tells a backlog that doubled or halved", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  const [at] = [...bench.net.connections].filter((c) => c.local.port === 4000);
  assertEquals(receiver.backlogs, [65_536]);
  for (const ideal of [100_000, 131_072, 131_072, 70_000, 65_536]) {
    at.idealBacklog = ideal;
    bench.net.requestDelivery();
    bench.net.run();
  }
  assertEquals(receiver.backlogs, [65_536, 131_072, 65_536]);
  bench.tidy(client, server, listener);
});

Deno.test("SO_WSK_EVENT_CALLBACK is judged by category, state, callbacks and interface", async () => {
  const receiver = new Receiver();
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair(null, receiver.dispatch);
  const unbound = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET, {
    dispatch: receiver.dispatch,
  });
  const check = (socket: W.WSK_SOCKET, mask: number, status: number) =>
    assertStatus(bench.events(socket, mask), status);
  check(unbound, W.WSK_EVENT_RECEIVE, W.STATUS_INVALID_DEVICE_STATE);
  check(server, W.WSK_EVENT_ACCEPT, W.STATUS_INVALID_PARAMETER);
  check(server, W.WSK_EVENT_RECEIVE_FROM, W.STATUS_INVALID_PARAMETER);
  check(server, 0, W.STATUS_INVALID_PARAMETER);
  check(client, W.WSK_EVENT_RECEIVE, W.STATUS_INVALID_PARAMETER);
  check(listener, W.WSK_EVENT_ACCEPT, W.STATUS_INVALID_PARAMETER);
  const basic = bench.socket(W.WSK_FLAG_BASIC_SOCKET);
  check(basic, W.WSK_EVENT_RECEIVE, W.STATUS_INVALID_PARAMETER);
  const foreign = server.Dispatch.WskControlSocket(
    server,
    W.WskSetOption,
    W.SO_WSK_EVENT_CALLBACK,
    W.SOL_SOCKET,
    16,
    { NpiId: "{other}", EventMask: W.WSK_EVENT_RECEIVE },
    0,
    null,
    null,
    null,
  );
  assertStatus(foreign, W.STATUS_NOT_SUPPORTED);
  check(server, ALL, W.STATUS_SUCCESS);
  const two = W.WSK_EVENT_DISABLE | W.WSK_EVENT_RECEIVE |
    W.WSK_EVENT_DISCONNECT;
  check(server, two >>> 0, W.STATUS_INVALID_PARAMETER);
  const one = (W.WSK_EVENT_DISABLE | W.WSK_EVENT_RECEIVE) >>> 0;
  check(server, one, W.STATUS_SUCCESS);
  bench.send(client, pattern(3));
  bench.net.run();
  assertEquals(receiver.sizes, []);
  check(server, W.WSK_EVENT_RECEIVE, W.STATUS_SUCCESS);
  bench.net.run();
  assertEquals(receiver.sizes, [3]);
  bench.tidy(client, server, listener, unbound, basic);
});

Deno.test("SO_WSK_EVENT_CALLBACK accepts an IRP, and completes it", async () => {
  const receiver = new Receiver();
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair(null, receiver.dispatch);
  const control = (mask: number) => (irp: W.IRP) =>
    server.Dispatch.WskControlSocket(
      server,
      W.WskSetOption,
      W.SO_WSK_EVENT_CALLBACK,
      W.SOL_SOCKET,
      16,
      { NpiId: W.NPI_WSK_INTERFACE_ID, EventMask: mask >>> 0 },
      0,
      null,
      null,
      irp,
    );
  const disable = W.WSK_EVENT_DISABLE | W.WSK_EVENT_RECEIVE;
  assertEnded(
    bench.finish(control(W.WSK_EVENT_RECEIVE)),
    W.STATUS_SUCCESS,
    0,
  );
  assertEnded(bench.finish(control(disable)), W.STATUS_SUCCESS, 0);
  bench.events(server, W.WSK_EVENT_RECEIVE);
  // From inside the callback: with an IRP it pends, without one it is told.
  let inside: ReturnType<Bench["call"]> | null = null;
  let plain = 0;
  receiver.before = () => {
    inside = bench.call(control(disable));
    plain = bench.events(server, disable >>> 0);
    assertEquals(inside.completions, 0);
  };
  bench.send(client, pattern(3));
  bench.net.run();
  assertStatus(plain, W.STATUS_EVENT_PENDING);
  assertEnded(inside!, W.STATUS_SUCCESS, 0);
  assertEquals(receiver.seen.length, 3);
  bench.tidy(client, server, listener);
});

Deno.test("WSK_SET_STATIC_EVENT_CALLBACKS enables for ever, before any socket only", async () => {
  const receiver = new Receiver();
  const bench = await Bench.open();
  const set = (mask: number, NpiId = W.NPI_WSK_INTERFACE_ID) =>
    bench.npi.Dispatch.WskControlClient(
      bench.npi.Client,
      W.WSK_SET_STATIC_EVENT_CALLBACKS,
      16,
      { NpiId, EventMask: mask },
      0,
      null,
      null,
      null,
    );
  assertStatus(set(1), W.STATUS_INVALID_PARAMETER);
  assertStatus(set(W.WSK_EVENT_RECEIVE, "{x}"), W.STATUS_NOT_SUPPORTED);
  assertStatus(set(W.WSK_EVENT_RECEIVE), W.STATUS_SUCCESS);
  const { client, server, listener } = bench.pair(null, receiver.dispatch);
  assertStatus(set(W.WSK_EVENT_RECEIVE), W.STATUS_INVALID_DEVICE_STATE);
  bench.send(client, pattern(3));
  bench.net.run();
  assertEquals(receiver.sizes, [3]);
  const disable = (W.WSK_EVENT_DISABLE | W.WSK_EVENT_RECEIVE) >>> 0;
  assertStatus(bench.events(server, disable), W.STATUS_INVALID_PARAMETER);
  bench.tidy(client, server, listener);
});

Deno.test("SIO_WSK_SET_RECEIVE_EX_CALLBACK indicates through itself until taken back", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const sizes: number[] = [];
  const set = (callback: W.PFN_WSK_RECEIVE_EX_EVENT | null) =>
    server.Dispatch.WskControlSocket(
      server,
      W.WskIoctl,
      W.SIO_WSK_SET_RECEIVE_EX_CALLBACK,
      0,
      8,
      callback,
      0,
      null,
      null,
      null,
    );
  assertStatus(
    set((_context, _flags, _data, control, length, indicated) => {
      assertEquals([control, length], [null, 0]);
      sizes.push(indicated);
      return W.STATUS_SUCCESS;
    }),
    W.STATUS_SUCCESS,
  );
  bench.send(client, pattern(3));
  bench.net.run();
  assertEquals(sizes, [3]);
  assertStatus(set(null), W.STATUS_SUCCESS);
  bench.send(client, pattern(3));
  bench.net.run();
  assertEquals(sizes, [3]);
  bench.tidy(client, server, listener);
});

Deno.test("a client may close its socket inside any callback, and hears nothing more", async () => {
  for (const mask of [W.WSK_EVENT_RECEIVE, W.WSK_EVENT_DISCONNECT]) {
    const receiver = new Receiver();
    const bench = await Bench.open();
    const { client, server, listener } = bench.pair(null, {
      ...receiver.dispatch,
      WskDisconnectEvent: (context, flags) => {
        receiver.before?.();
        return receiver.dispatch.WskDisconnectEvent!(context, flags);
      },
    });
    bench.events(server, mask);
    let close: ReturnType<Bench["call"]> | null = null;
    receiver.before = () => {
      close ??= bench.call((irp) =>
        server.Dispatch.WskCloseSocket(server, irp)
      );
      assertEquals(close.completions, 0);
    };
    bench.disconnect(client, 0, pattern(100));
    if (mask === W.WSK_EVENT_DISCONNECT) {
      bench.receive(server, new Uint8Array(100));
    }
    bench.net.run();
    assertEnded(close!, W.STATUS_SUCCESS, 0);
    assertEquals(receiver.sizes.length + receiver.disconnects.length, 1);
    bench.tidy(client, listener);
  }
});

Deno.test("what a callback throws comes out of the delivery step and loses nothing", async () => {
  const receiver = new Receiver();
  const { bench, client, server, listener } = await open(receiver);
  let thrown = 0;
  receiver.before = () => {
    receiver.before = null;
    throw new Error("client bug");
  };
  const send = bench.send(client, pattern(10));
  try {
    bench.net.run();
  } catch {
    thrown++;
  }
  assertEquals(thrown, 1);
  bench.net.requestDelivery();
  bench.net.run();
  assertEnded(send, W.STATUS_SUCCESS, 10);
  assertEquals(receiver.seen, [...pattern(10)]);
  bench.tidy(client, server, listener);
});
