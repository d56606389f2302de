import { assert, assertEquals, assertThrows } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import {
  REASON_HOST_UNREACHABLE,
  REASON_NETWORK_UNREACHABLE,
  REASON_PORT_UNREACHABLE,
  REASON_PROHIBITED,
  REASON_PROTOCOL_UNREACHABLE,
  REASON_TIMED_OUT,
  TRANSPORT_IN_USE,
  TRANSPORT_NO_MEMORY,
} from "../../../engine/wsk/transport.ts";
import {
  assertEnded,
  assertRefused,
  assertStatus,
  Bench,
  connection,
  listen,
  pattern,
  stream,
} from "../../tools/wsk_bench.ts";

const CATEGORIES: [string, number][] = [
  ["connection", W.WSK_FLAG_CONNECTION_SOCKET],
  ["stream", W.WSK_FLAG_STREAM_SOCKET],
];

for (const [name, flags] of CATEGORIES) {
  Deno.test(`WskConnect() of a ${name} socket completes after the handshake`, async () => {
    const bench = await Bench.open();
    const listener = bench.listener(80);
    const socket = bench.bound(null, null, flags);
    bench.net.hold = true;
    const call = bench.call((irp) =>
      connection(socket).WskConnect(
        socket,
        W.sockaddr("127.0.0.1", 80),
        0,
        irp,
      )
    );
    assertStatus(call.returned, W.STATUS_PENDING);
    bench.net.run();
    assertEquals(call.completions, 0);
    bench.net.hold = false;
    bench.net.run();
    assertEnded(call, W.STATUS_SUCCESS, 0);
    bench.tidy(socket, listener);
  });

  Deno.test(`WskConnectEx() of a ${name} socket sends its buffer`, async () => {
    const bench = await Bench.open();
    const listener = bench.listener(80);
    const socket = bench.bound(null, null, flags);
    const data = pattern(3000);
    const call = bench.finish((irp) =>
      connection(socket).WskConnectEx(
        socket,
        W.sockaddr("127.0.0.1", 80),
        W.bufOf(data),
        0,
        irp,
      )
    );
    assertEnded(call, W.STATUS_SUCCESS, 3000);
    const server = bench.succeed((irp) =>
      listen(listener).WskAccept(listener, 0, null, null, null, null, irp)
    ) as W.WSK_SOCKET;
    const into = new Uint8Array(4000);
    const read = bench.receive(server, into);
    bench.net.run();
    assertEnded(read, W.STATUS_SUCCESS, 3000);
    assertEquals(into.subarray(0, 3000), data);
    bench.tidy(socket, server, listener);
  });
}

Deno.test("WskConnect() names the cause when an attempt fails, and may be retried", async () => {
  const causes: [number, number][] = [
    [0, W.STATUS_CONNECTION_REFUSED],
    [REASON_TIMED_OUT, W.STATUS_IO_TIMEOUT],
    [REASON_NETWORK_UNREACHABLE, W.STATUS_NETWORK_UNREACHABLE],
    [REASON_HOST_UNREACHABLE, W.STATUS_HOST_UNREACHABLE],
    [REASON_PROTOCOL_UNREACHABLE, W.STATUS_PROTOCOL_UNREACHABLE],
    [REASON_PORT_UNREACHABLE, W.STATUS_PORT_UNREACHABLE],
    [REASON_PROHIBITED, W.STATUS_ACCESS_DENIED],
  ];
  for (const [reason, status] of causes) {
    const bench = await Bench.open();
    if (reason !== 0) bench.net.noListener = reason;
    const socket = bench.bound();
    const connect = (irp: W.IRP) =>
      connection(socket).WskConnect(
        socket,
        W.sockaddr("127.0.0.1", 80),
        0,
        irp,
      );
    assertEnded(bench.finish(connect), status, 0);
    const listener = bench.listener(80);
    assertEnded(bench.finish(connect), W.STATUS_SUCCESS, 0);
    bench.tidy(socket, listener);
  }
});

Deno.test("WskConnect() is refused where the transport cannot even begin", async () => {
  const bench = await Bench.open();
  const socket = bench.bound();
  const to = (text: string, port: number) => (irp: W.IRP) =>
    connection(socket).WskConnect(socket, W.sockaddr(text, port), 0, irp);
  const refused = (text: string, port: number, status: number) =>
    assertRefused(bench, bench.call(to(text, port)), status);
  bench.net.unroutable.push("192.0.2.1");
  refused("192.0.2.1", 80, W.STATUS_NETWORK_UNREACHABLE);
  refused("0.0.0.0", 80, W.STATUS_INVALID_ADDRESS_WILDCARD);
  refused("127.0.0.1", 0, W.STATUS_INVALID_ADDRESS);
  refused("::1", 80, W.STATUS_INVALID_ADDRESS);
  bench.net.connectRefusal = TRANSPORT_IN_USE;
  refused("127.0.0.1", 80, W.STATUS_ADDRESS_ALREADY_EXISTS);
  bench.net.connectRefusal = TRANSPORT_NO_MEMORY;
  refused("127.0.0.1", 80, W.STATUS_INSUFFICIENT_RESOURCES);
  bench.net.connectRefusal = 0;
  const flags = bench.call((irp) =>
    connection(socket).WskConnect(socket, W.sockaddr("127.0.0.1", 80), 1, irp)
  );
  assertRefused(bench, flags, W.STATUS_INVALID_PARAMETER);
  bench.tidy(socket);
});

Deno.test("WskConnect() and WskConnectEx() need a bound, unconnected socket", async () => {
  const bench = await Bench.open();
  const listener = bench.listener(80);
  const remote = W.sockaddr("127.0.0.1", 80);
  const refuse = (socket: W.WSK_SOCKET) => {
    const state = W.STATUS_INVALID_DEVICE_STATE;
    const { WskConnect, WskConnectEx } = connection(socket);
    const plain = bench.call((irp) => WskConnect(socket, remote, 0, irp));
    assertRefused(bench, plain, state);
    const ex = bench.call((irp) => WskConnectEx(socket, remote, null, 0, irp));
    assertRefused(bench, ex, state);
  };
  const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
  refuse(socket); // unbound
  bench.bind(socket);
  bench.net.hold = true;
  const first = bench.call((irp) =>
    connection(socket).WskConnect(socket, remote, 0, irp)
  );
  refuse(socket); // connecting
  bench.net.hold = false;
  bench.net.run();
  assertEnded(first, W.STATUS_SUCCESS, 0);
  refuse(socket); // connected
  const listening = bench.bound(null, null, W.WSK_FLAG_STREAM_SOCKET);
  bench.succeed((irp) => stream(listening).WskListen(listening, irp));
  refuse(listening); // committed to listening
  bench.tidy(socket, listener, listening);
});

Deno.test("WskConnectEx() judges Flags before the buffer and the buffer before the state", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
  const remote = W.sockaddr("127.0.0.1", 80);
  const ex = (length: number, flags: number) =>
    bench.call((irp) =>
      connection(socket).WskConnectEx(
        socket,
        remote,
        W.bufOf(new Uint8Array(length)),
        flags,
        irp,
      )
    );
  assertRefused(bench, ex(65_536, 1), W.STATUS_INVALID_PARAMETER);
  assertRefused(bench, ex(65_536, 0), W.STATUS_BUFFER_OVERFLOW);
  assertRefused(bench, ex(65_535, 0), W.STATUS_INVALID_DEVICE_STATE);
  bench.tidy(socket);
});

Deno.test("WskConnectEx() takes 65,535 bytes, and no bytes at all", async () => {
  for (const length of [65_535, 1, 0, -1]) {
    const bench = await Bench.open();
    const listener = bench.listener(80);
    const socket = bench.bound();
    const data = pattern(Math.max(length, 0));
    const call = bench.finish((irp) =>
      connection(socket).WskConnectEx(
        socket,
        W.sockaddr("127.0.0.1", 80),
        length < 0 ? null : W.bufOf(data),
        0,
        irp,
      )
    );
    assertEnded(call, W.STATUS_SUCCESS, data.length);
    const server = bench.succeed((irp) =>
      listen(listener).WskAccept(listener, 0, null, null, null, null, irp)
    ) as W.WSK_SOCKET;
    const gone = bench.disconnect(socket);
    const into = new Uint8Array(65_536);
    const read = bench.receive(server, into, W.WSK_FLAG_WAITALL);
    bench.net.run();
    assertEnded(gone, W.STATUS_SUCCESS, 0);
    assertEnded(read, W.STATUS_SUCCESS, data.length);
    assertEquals(into.subarray(0, data.length), data);
    bench.tidy(socket, server, listener);
  }
});

Deno.test("WskConnectEx() walks a chain from an Offset in its first MDL", async () => {
  const bench = await Bench.open();
  const listener = bench.listener(80);
  const socket = bench.bound();
  const bytes = pattern(30);
  const parts = [bytes.slice(0, 10), new Uint8Array(0), bytes.slice(10, 30)];
  const mdls = parts.map((part) => W.mdlOf(part));
  mdls[0].Next = mdls[1];
  mdls[1].Next = mdls[2];
  const call = bench.finish((irp) =>
    connection(socket).WskConnectEx(
      socket,
      W.sockaddr("127.0.0.1", 80),
      { Mdl: mdls[0], Offset: 4, Length: 20 },
      0,
      irp,
    )
  );
  assertEnded(call, W.STATUS_SUCCESS, 20);
  for (const mdl of mdls) W.IoFreeMdl(mdl);
  const server = bench.succeed((irp) =>
    listen(listener).WskAccept(listener, 0, null, null, null, null, irp)
  ) as W.WSK_SOCKET;
  const into = new Uint8Array(20);
  const read = bench.receive(server, into);
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 20);
  assertEquals(into, bytes.slice(4, 24));
  bench.tidy(socket, server, listener);
});

Deno.test("WskConnectEx() with a buffer longer than its MDLs throws and leaves the IRP to its owner", async () => {
  const bench = await Bench.open();
  const socket = bench.bound();
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  const done = W.completion(irp);
  const buffer = { Mdl: W.mdlOf(new Uint8Array(10)), Offset: 4, Length: 7 };
  assertThrows(
    () =>
      connection(socket).WskConnectEx(
        socket,
        W.sockaddr("127.0.0.1", 80),
        buffer,
        0,
        irp,
      ),
    W.BugCheckError,
    "Length must be at most the 6 bytes",
  );
  buffer.Length = 6;
  const status = connection(socket).WskConnectEx(
    socket,
    W.sockaddr("127.0.0.1", 80),
    buffer,
    0,
    irp,
  );
  assertStatus(status, W.STATUS_PENDING);
  bench.net.run();
  assertStatus((await done).Status, W.STATUS_CONNECTION_REFUSED);
  bench.tidy(socket);
});

Deno.test("WskConnectEx() asks for data in the SYN only with TCP_FASTOPEN and a buffer", async () => {
  for (const fastOpen of [0, 1]) {
    for (const length of [0, 100]) {
      const bench = await Bench.open();
      const listener = bench.listener(80);
      const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
      const set = bench.setOption(
        socket,
        W.TCP_FASTOPEN,
        W.IPPROTO_TCP,
        fastOpen,
      );
      assertEnded(set, W.STATUS_SUCCESS, 0);
      bench.bind(socket);
      bench.net.hold = true;
      bench.call((irp) =>
        connection(socket).WskConnectEx(
          socket,
          W.sockaddr("127.0.0.1", 80),
          W.bufOf(new Uint8Array(length)),
          0,
          irp,
        )
      );
      const [c] = bench.net.connections;
      assertEquals(c.synData, fastOpen === 1 && length > 0);
      bench.net.hold = false;
      bench.net.run();
      bench.tidy(socket, listener);
    }
  }
});

Deno.test("IoCancelIrp() ends an attempt to connect and leaves the socket bound", async () => {
  const bench = await Bench.open();
  const listener = bench.listener(80);
  const socket = bench.bound();
  bench.net.hold = true;
  const remote = W.sockaddr("127.0.0.1", 80);
  const call = bench.call((irp) =>
    connection(socket).WskConnectEx(
      socket,
      remote,
      W.bufOf(pattern(9)),
      0,
      irp,
    )
  );
  bench.net.run();
  assert(W.IoCancelIrp(call.irp));
  assert(!W.IoCancelIrp(call.irp));
  assertEquals(call.completions, 0);
  bench.net.run();
  assertEnded(call, W.STATUS_CANCELLED, 0);
  assertEquals(bench.net.connections.size, 0);
  bench.net.hold = false;
  bench.connect(socket, 80);
  bench.tidy(socket, listener);
});

Deno.test("WskCloseSocket() while connecting cancels the attempt before it completes itself", async () => {
  const bench = await Bench.open();
  const socket = bench.bound();
  bench.net.hold = true;
  const connect = bench.call((irp) =>
    connection(socket).WskConnect(socket, W.sockaddr("127.0.0.1", 80), 0, irp)
  );
  const close = bench.close(socket);
  assertEnded(connect, W.STATUS_CANCELLED, 0);
  assertEnded(close, W.STATUS_SUCCESS, 0);
  assert(connect.order < close.order);
  bench.tidy();
});

Deno.test("WskSocketConnect() answers with a connected socket, or leaves nothing", async () => {
  const bench = await Bench.open();
  const connect = (local: string, remote: string, flags = 0) =>
    bench.call((irp) =>
      bench.npi.Dispatch.WskSocketConnect(
        bench.npi.Client,
        W.SOCK_STREAM,
        W.IPPROTO_TCP,
        W.sockaddr(local, 0),
        W.sockaddr(remote, 80),
        flags,
        "context",
        null,
        null,
        null,
        null,
        irp,
      )
    );
  const refused = connect("0.0.0.0", "127.0.0.1");
  bench.net.run();
  assertEnded(refused, W.STATUS_CONNECTION_REFUSED, 0);
  assertEquals(bench.subsystem.usage.sockets, 0);
  const listener = bench.listener(80);
  const call = connect("0.0.0.0", "127.0.0.1");
  bench.net.run();
  assertStatus(call.status, W.STATUS_SUCCESS);
  const socket = call.information as W.WSK_SOCKET;
  const sent = bench.send(socket, pattern(3));
  bench.net.run();
  assertEnded(sent, W.STATUS_SUCCESS, 3);
  const mixed = connect("0.0.0.0", "::1");
  assertRefused(bench, mixed, W.STATUS_INVALID_ADDRESS);
  const flagged = connect("0.0.0.0", "127.0.0.1", 1);
  assertRefused(bench, flagged, W.STATUS_INVALID_PARAMETER);
  const foreign = connect("192.0.2.9", "127.0.0.1");
  assertRefused(bench, foreign, W.STATUS_INVALID_ADDRESS_COMPONENT);
  bench.net.unroutable.push("192.0.2.1");
  const lost = connect("0.0.0.0", "192.0.2.1");
  assertRefused(bench, lost, W.STATUS_NETWORK_UNREACHABLE);
  assertEquals(bench.subsystem.usage.sockets, 2);
  bench.net.hold = true;
  const cancelled = connect("0.0.0.0", "127.0.0.1");
  W.IoCancelIrp(cancelled.irp);
  bench.net.run();
  assertEnded(cancelled, W.STATUS_CANCELLED, 0);
  bench.tidy(socket, listener);
});

Deno.test("WskGetRemoteAddress() and WskGetLocalAddress() know when there is an address", async () => {
  const bench = await Bench.open();
  const listener = bench.listener(80);
  const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
  const { WskGetLocalAddress, WskGetRemoteAddress } = connection(socket);
  const local = new W.SOCKADDR_INET();
  const remote = new W.SOCKADDR_IN();
  const state = W.STATUS_INVALID_DEVICE_STATE;
  const get = (irp: W.IRP) => WskGetLocalAddress(socket, local, irp);
  const getRemote = (irp: W.IRP) => WskGetRemoteAddress(socket, remote, irp);
  assertRefused(bench, bench.call(get), state);
  assertRefused(bench, bench.call(getRemote), state);
  bench.bind(socket);
  assertEnded(bench.finish(get), W.STATUS_SUCCESS, 0);
  assertEquals(local.Ipv4.sin_addr.s_addr, 0);
  assert(local.Ipv4.sin_port !== 0);
  assertRefused(bench, bench.call(getRemote), state);
  bench.connect(socket, 80);
  assertEnded(bench.finish(get), W.STATUS_SUCCESS, 0);
  assertEquals(local.si_family, W.AF_INET);
  assertEquals(local.Ipv4.sin_addr.s_addr, W.htonl(W.INADDR_LOOPBACK));
  assertEnded(bench.finish(getRemote), W.STATUS_SUCCESS, 0);
  assertEquals(W.ntohs(remote.sin_port), 80);
  const wrong = bench.call((irp) =>
    WskGetRemoteAddress(socket, new W.SOCKADDR_IN6(), irp)
  );
  assertRefused(bench, wrong, W.STATUS_INVALID_PARAMETER);
  const abort = bench.disconnect(socket, W.WSK_FLAG_ABORTIVE);
  bench.net.run();
  assertEnded(abort, W.STATUS_SUCCESS, 0);
  assertEnded(bench.finish(getRemote), W.STATUS_SUCCESS, 0);
  bench.tidy(socket, listener);
});
