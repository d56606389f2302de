import { assert, assertEquals, assertThrows } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import {
  REASON_RESET,
  REASON_TIMED_OUT,
} from "../../../engine/wsk/transport.ts";
import {
  assertEnded,
  assertRefused,
  assertStatus,
  Bench,
  type Call,
  connection,
  listen,
  pattern,
} from "../../tools/wsk_bench.ts";

Deno.test("WskSend() completes when the peer has acknowledged every byte", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  bench.net.frozen = true;
  const data = pattern(100_000);
  const buffer = W.bufOf(data);
  const send = bench.call((irp) =>
    connection(client).WskSend(client, buffer, 0, irp)
  );
  bench.net.run();
  assertEquals(send.completions, 0);
  assertThrows(
    () => W.IoFreeMdl(buffer.Mdl as W.MDL),
    W.BugCheckError,
    "1 pending request(s) use it",
  );
  bench.net.frozen = false;
  const into = new Uint8Array(100_000);
  const read = bench.receive(server, into, W.WSK_FLAG_WAITALL);
  bench.net.run();
  assertEnded(send, W.STATUS_SUCCESS, 100_000);
  assertEnded(read, W.STATUS_SUCCESS, 100_000);
  assertEquals(into, data);
  W.IoFreeMdl(buffer.Mdl as W.MDL);
  bench.tidy(client, server, listener);
});

Deno.test("WskSend() calls complete in call order, also those of no bytes", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const sizes = [10, 0, 70_000, 1, 0, 5];
  const sends = sizes.map((size, i) => bench.send(client, pattern(size, i)));
  const total = sizes.reduce((a, b) => a + b);
  const into = new Uint8Array(total);
  const read = bench.receive(server, into, W.WSK_FLAG_WAITALL);
  bench.net.run();
  sends.forEach((send, i) => {
    assertEnded(send, W.STATUS_SUCCESS, sizes[i]);
    if (i > 0) assert(sends[i - 1].order < send.order);
  });
  assertEnded(read, W.STATUS_SUCCESS, total);
  let at = 0;
  sizes.forEach((size, i) => {
    assertEquals(into.slice(at, at + size), pattern(size, i));
    at += size;
  });
  bench.tidy(client, server, listener);
});

Deno.test("WSK_FLAG_NODELAY pushes, its absence does not", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const pushes = () =>
    [...bench.net.connections].reduce((sum, c) => sum + c.pushes, 0);
  bench.send(client, pattern(1));
  bench.net.run();
  assertEquals(pushes(), 0);
  bench.send(client, pattern(1), W.WSK_FLAG_NODELAY);
  bench.net.run();
  assertEquals(pushes(), 1);
  bench.tidy(client, server, listener);
});

Deno.test("WskSend() and WskReceive() refuse flags they do not know", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const refused = (call: Call, status: number) =>
    assertRefused(bench, call, status);
  const into = new Uint8Array(1);
  refused(bench.send(client, into, W.WSK_FLAG_OOB), W.STATUS_NOT_SUPPORTED);
  refused(bench.receive(client, into, 1), W.STATUS_NOT_SUPPORTED);
  const both = W.WSK_FLAG_WAITALL | W.WSK_FLAG_DRAIN;
  const none = new Uint8Array(0);
  refused(bench.receive(client, none, both), W.STATUS_INVALID_PARAMETER);
  refused(
    bench.receive(client, into, W.WSK_FLAG_DRAIN),
    W.STATUS_INVALID_PARAMETER,
  );
  const noBuffer = null as unknown as W.WSK_BUF;
  const { WskSend, WskReceive } = connection(client);
  refused(
    bench.call((irp) => WskSend(client, noBuffer, 0, irp)),
    W.STATUS_INVALID_PARAMETER,
  );
  refused(
    bench.call((irp) => WskReceive(client, noBuffer, 0, irp)),
    W.STATUS_INVALID_PARAMETER,
  );
  bench.tidy(client, server, listener);
});

Deno.test("connection functions are STATUS_INVALID_DEVICE_STATE unbound, bound, connecting and listening", async () => {
  const bench = await Bench.open();
  const into = new Uint8Array(1);
  const refuseAll = (socket: W.WSK_SOCKET) => {
    const state = W.STATUS_INVALID_DEVICE_STATE;
    assertRefused(bench, bench.send(socket, into), state);
    assertRefused(bench, bench.receive(socket, into), state);
    assertRefused(bench, bench.disconnect(socket), state);
    const abortive = bench.disconnect(socket, W.WSK_FLAG_ABORTIVE);
    assertRefused(bench, abortive, state);
  };
  const flags = [W.WSK_FLAG_CONNECTION_SOCKET, W.WSK_FLAG_STREAM_SOCKET];
  for (const flag of flags) {
    const socket = bench.socket(flag);
    refuseAll(socket);
    bench.bind(socket);
    refuseAll(socket);
    bench.net.hold = true;
    bench.call((irp) =>
      connection(socket).WskConnect(socket, W.sockaddr("127.0.0.1", 9), 0, irp)
    );
    refuseAll(socket);
    bench.net.hold = false;
    bench.net.run();
    bench.close(socket);
  }
  const stream = bench.bound(null, null, W.WSK_FLAG_STREAM_SOCKET);
  bench.succeed((irp) =>
    (stream.Dispatch as W.WSK_PROVIDER_STREAM_DISPATCH).WskListen(stream, irp)
  );
  refuseAll(stream);
  bench.tidy(stream);
});

Deno.test("WskReceive() completes with what is there; several fill in order", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const buffers = [4, 4, 4].map((size) => new Uint8Array(size));
  const reads = buffers.map((buffer) => bench.receive(server, buffer));
  bench.net.run();
  assertEquals(reads.map((r) => r.completions), [0, 0, 0]);
  bench.send(client, pattern(6));
  bench.net.run();
  assertEnded(reads[0], W.STATUS_SUCCESS, 4);
  assertEnded(reads[1], W.STATUS_SUCCESS, 2);
  assertEquals(reads[2].completions, 0);
  bench.disconnect(client);
  bench.net.run();
  assertEnded(reads[2], W.STATUS_SUCCESS, 0);
  bench.tidy(client, server, listener);
});

Deno.test("WSK_FLAG_WAITALL waits for a full buffer, beyond the receive window", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const into = new Uint8Array(200_000);
  const read = bench.receive(server, into, W.WSK_FLAG_WAITALL);
  bench.send(client, pattern(150_000));
  bench.net.run();
  assertEquals(read.completions, 0);
  bench.send(client, pattern(50_000, 3));
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 200_000);
  assertEquals(into.slice(150_000), pattern(50_000, 3));
  const short = bench.receive(server, into, W.WSK_FLAG_WAITALL);
  bench.send(client, pattern(7));
  bench.disconnect(client);
  bench.net.run();
  assertEnded(short, W.STATUS_SUCCESS, 7);
  bench.tidy(client, server, listener);
});

Deno.test("WSK_FLAG_DRAIN discards until the connection ends", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const drain = bench.receive(server, new Uint8Array(0), W.WSK_FLAG_DRAIN);
  const send = bench.send(client, pattern(500_000));
  bench.net.run();
  assertEnded(send, W.STATUS_SUCCESS, 500_000);
  assertEquals(drain.completions, 0);
  bench.disconnect(client);
  bench.net.run();
  assertEnded(drain, W.STATUS_SUCCESS, 0);
  bench.tidy(client, server, listener);
});

Deno.test("WskReceive() of no bytes completes at once, but not before earlier receives", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const none = bench.receive(server, new Uint8Array(0));
  bench.net.run();
  assertEnded(none, W.STATUS_SUCCESS, 0);
  const first = bench.receive(server, new Uint8Array(5));
  const second = bench.receive(server, new Uint8Array(0));
  bench.net.run();
  assertEquals(second.completions, 0);
  bench.send(client, pattern(1));
  bench.net.run();
  assertEnded(first, W.STATUS_SUCCESS, 1);
  assertEnded(second, W.STATUS_SUCCESS, 0);
  assert(first.order < second.order);
  bench.tidy(client, server, listener);
});

Deno.test("after the peer's FIN every receive is STATUS_SUCCESS with no bytes, and sending goes on", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const gone = bench.disconnect(client, 0, pattern(3));
  bench.net.run();
  assertEnded(gone, W.STATUS_SUCCESS, 0);
  const into = new Uint8Array(10);
  const data = bench.receive(server, into);
  bench.net.run();
  assertEnded(data, W.STATUS_SUCCESS, 3);
  for (let i = 0; i < 3; i++) {
    const end = bench.receive(server, into);
    bench.net.run();
    assertEnded(end, W.STATUS_SUCCESS, 0);
  }
  const back = bench.receive(client, into);
  const send = bench.send(server, pattern(4));
  bench.net.run();
  assertEnded(send, W.STATUS_SUCCESS, 4);
  assertEnded(back, W.STATUS_SUCCESS, 4);
  bench.tidy(client, server, listener);
});

Deno.test("IoCancelIrp() of a receive: STATUS_CANCELLED, with the bytes a WAITALL already took", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const plain = bench.receive(server, new Uint8Array(5));
  assert(W.IoCancelIrp(plain.irp));
  bench.net.run();
  assertEnded(plain, W.STATUS_CANCELLED, 0);
  const into = new Uint8Array(5);
  const all = bench.receive(server, into, W.WSK_FLAG_WAITALL);
  bench.send(client, pattern(3));
  bench.net.run();
  W.IoCancelIrp(all.irp);
  bench.net.run();
  assertEnded(all, W.STATUS_CANCELLED, 3);
  assertEquals(into.slice(0, 3), pattern(3));
  const early = bench.call((irp) => {
    W.IoCancelIrp(irp);
    return connection(server).WskReceive(server, W.bufOf(into), 0, irp);
  });
  bench.net.run();
  assertEnded(early, W.STATUS_CANCELLED, 0);
  bench.tidy(client, server, listener);
});

Deno.test("IoCancelIrp() of a send takes it back only while none of it is under way", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  bench.net.frozen = true;
  const first = bench.send(client, pattern(100_000));
  const second = bench.send(client, pattern(10));
  W.IoCancelIrp(first.irp);
  W.IoCancelIrp(second.irp);
  bench.net.run();
  assertEquals(first.completions, 0);
  assertEnded(second, W.STATUS_CANCELLED, 0);
  bench.net.frozen = false;
  const into = new Uint8Array(100_010);
  const read = bench.receive(server, into, W.WSK_FLAG_WAITALL);
  bench.disconnect(client);
  bench.net.run();
  assertEnded(first, W.STATUS_SUCCESS, 100_000);
  assertEnded(read, W.STATUS_SUCCESS, 100_000);
  bench.tidy(client, server, listener);
});

Deno.test("a dead connection fails what is pending, then what comes later", async () => {
  const causes: [number, number, number][] = [
    [REASON_RESET, W.STATUS_CONNECTION_RESET, W.STATUS_CONNECTION_RESET],
    [
      REASON_TIMED_OUT,
      W.STATUS_IO_TIMEOUT,
      W.STATUS_CONNECTION_DISCONNECTED,
    ],
  ];
  for (const [reason, pending, later] of causes) {
    const bench = await Bench.open();
    const { client, server, listener } = bench.pair();
    bench.net.frozen = true;
    const send = bench.send(client, pattern(100_000));
    const gone = bench.disconnect(client);
    const read = bench.receive(client, new Uint8Array(9), W.WSK_FLAG_WAITALL);
    for (const c of bench.net.connections) {
      if (c.remote.port === 4000) c.die(reason);
    }
    bench.net.run();
    assertEnded(send, pending, 0);
    assertEnded(gone, pending, 0);
    assertEnded(read, pending, 0);
    const into = new Uint8Array(1);
    assertRefused(bench, bench.send(client, into), later);
    assertRefused(bench, bench.receive(client, into), later);
    assertRefused(bench, bench.disconnect(client), later);
    bench.tidy(client, server, listener);
  }
});

Deno.test("WskSendEx() and WskReceiveEx() are WskSend() and WskReceive() without control information", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const buffer = W.bufOf(pattern(5));
  const { WskSendEx, WskReceiveEx } = connection(client);
  const send = bench.call((irp) => WskSendEx(client, buffer, 0, 0, null, irp));
  const into = new Uint8Array(5);
  const control = W.variable(64);
  const read = bench.call((irp) =>
    WskReceiveEx(server, W.bufOf(into), 0, control, null, null, irp)
  );
  bench.net.run();
  assertEnded(send, W.STATUS_SUCCESS, 5);
  assertEnded(read, W.STATUS_SUCCESS, 5);
  assertEquals(control.value, 0);
  const with16 = bench.call((irp) =>
    WskSendEx(client, buffer, 0, 16, new Uint8Array(16), irp)
  );
  assertRefused(bench, with16, W.STATUS_NOT_SUPPORTED);
  const flags = bench.call((irp) =>
    WskReceiveEx(client, buffer, 0, null, null, W.variable(0), irp)
  );
  assertRefused(bench, flags, W.STATUS_INVALID_PARAMETER);
  bench.tidy(client, server, listener);
});

Deno.test("WskDisconnect() sends what is queued and its own buffer before the FIN", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const send = bench.send(client, pattern(100_000));
  const gone = bench.disconnect(client, 0, pattern(20_000, 1));
  const again = bench.disconnect(client);
  const late = bench.send(client, pattern(1));
  assertRefused(bench, late, W.STATUS_INVALID_DEVICE_STATE);
  const lateData = bench.disconnect(client, 0, pattern(1));
  assertRefused(bench, lateData, W.STATUS_INVALID_DEVICE_STATE);
  const into = new Uint8Array(120_001);
  const read = bench.receive(server, into, W.WSK_FLAG_WAITALL);
  bench.net.run();
  assertEnded(send, W.STATUS_SUCCESS, 100_000);
  assertEnded(gone, W.STATUS_SUCCESS, 0);
  assertEnded(again, W.STATUS_SUCCESS, 0);
  assertEnded(read, W.STATUS_SUCCESS, 120_000);
  assertEquals(into.slice(100_000, 120_000), pattern(20_000, 1));
  const after = bench.disconnect(client);
  bench.net.run();
  assertEnded(after, W.STATUS_SUCCESS, 0);
  bench.tidy(client, server, listener);
});

Deno.test("an abortive WskDisconnect() resets, cancels sends and aborts receives", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  bench.net.frozen = true;
  const send = bench.send(client, pattern(10));
  const hung = bench.disconnect(client);
  const read = bench.receive(client, new Uint8Array(1));
  const peer = bench.receive(server, new Uint8Array(1));
  const withData = bench.disconnect(client, W.WSK_FLAG_ABORTIVE, pattern(1));
  assertRefused(bench, withData, W.STATUS_INVALID_PARAMETER);
  assertRefused(bench, bench.disconnect(client, 2), W.STATUS_NOT_SUPPORTED);
  const abort = bench.disconnect(client, W.WSK_FLAG_ABORTIVE);
  bench.net.run();
  assertEnded(send, W.STATUS_CANCELLED, 0);
  assertEnded(hung, W.STATUS_CANCELLED, 0);
  assertEnded(read, W.STATUS_CONNECTION_ABORTED, 0);
  assertEnded(abort, W.STATUS_SUCCESS, 0);
  assertEnded(peer, W.STATUS_CONNECTION_RESET, 0);
  const state = W.STATUS_INVALID_DEVICE_STATE;
  assertRefused(bench, bench.send(client, pattern(1)), state);
  assertRefused(bench, bench.receive(client, new Uint8Array(1)), state);
  assertRefused(bench, bench.disconnect(client), state);
  const twice = bench.disconnect(client, W.WSK_FLAG_ABORTIVE);
  assertRefused(bench, twice, state);
  bench.tidy(client, server, listener);
});

Deno.test("WskCloseSocket() resets unless both directions have ended", async () => {
  const bench = await Bench.open();
  const abrupt = bench.pair(null, null, 1);
  const aborts = () =>
    [...bench.net.connections].reduce((n, c) => n + c.aborts, 0);
  const peer = bench.receive(abrupt.server, new Uint8Array(1));
  bench.close(abrupt.client);
  assertEnded(peer, W.STATUS_CONNECTION_RESET, 0);
  const graceful = bench.pair(null, null, 2);
  bench.disconnect(graceful.client);
  bench.disconnect(graceful.server);
  bench.net.run();
  const before = [...bench.net.connections];
  bench.close(graceful.client);
  bench.close(graceful.server);
  assertEquals(before.reduce((n, c) => n + c.aborts, 0), 0);
  const half = bench.pair(null, null, 3);
  bench.disconnect(half.client);
  bench.net.run();
  const read = bench.receive(half.server, new Uint8Array(1));
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 0);
  bench.close(half.client);
  const late = bench.send(half.server, pattern(1));
  assertRefused(bench, late, W.STATUS_CONNECTION_RESET);
  assertEquals(aborts(), 0);
  bench.tidy(
    abrupt.server,
    half.server,
    abrupt.listener,
    graceful.listener,
    half.listener,
  );
});

Deno.test("WskCloseSocket() completes everything pending before itself, and every later call fails", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  bench.net.frozen = true;
  const pending = [
    bench.send(client, pattern(9)),
    bench.disconnect(client),
    bench.receive(client, new Uint8Array(2)),
    bench.receive(client, new Uint8Array(0), W.WSK_FLAG_DRAIN),
  ];
  const close = bench.close(client);
  for (const call of pending) {
    assertEnded(call, W.STATUS_CANCELLED, 0);
    assert(call.order < close.order);
  }
  assertEnded(close, W.STATUS_SUCCESS, 0);
  const dead = W.STATUS_FILE_FORCED_CLOSED;
  assertRefused(bench, bench.send(client, pattern(1)), dead);
  assertRefused(bench, bench.receive(client, pattern(1)), dead);
  assertRefused(bench, bench.disconnect(client), dead);
  const again = bench.call((irp) =>
    client.Dispatch.WskCloseSocket(client, irp)
  );
  assertRefused(bench, again, dead);
  assertStatus(bench.events(client, W.WSK_EVENT_RECEIVE), dead);
  const accept = bench.call((irp) =>
    listen(listener).WskAccept(listener, 0, null, null, null, null, irp)
  );
  const closeListener = bench.close(listener);
  assertEnded(accept, W.STATUS_CANCELLED, 0);
  assert(accept.order < closeListener.order);
  bench.tidy(server);
});

Deno.test("a function of another category is STATUS_OBJECT_TYPE_MISMATCH, no socket STATUS_INVALID_HANDLE", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const stray = bench.call((irp) =>
    connection(client).WskSend(listener, W.bufOf(pattern(1)), 0, irp)
  );
  assertRefused(bench, stray, W.STATUS_OBJECT_TYPE_MISMATCH);
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  const none = null as unknown as W.WSK_SOCKET;
  const { WskSend } = connection(client);
  assertStatus(
    WskSend(none, W.bufOf(pattern(1)), 0, irp),
    W.STATUS_INVALID_HANDLE,
  );
  const noIrp = null as unknown as W.IRP;
  assertStatus(
    WskSend(client, W.bufOf(pattern(1)), 0, noIrp),
    W.STATUS_INVALID_PARAMETER,
  );
  W.IoFreeIrp(irp);
  bench.tidy(client, server, listener);
});
