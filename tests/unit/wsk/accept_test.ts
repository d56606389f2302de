import { assert, assertEquals } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertEnded,
  assertRefused,
  assertStatus,
  Bench,
  type Call,
  connection,
  listen,
  pattern,
  stream,
} from "../../tools/wsk_bench.ts";

function accept(
  bench: Bench,
  socket: W.WSK_SOCKET,
  local: W.SOCKADDR | null = null,
  remote: W.SOCKADDR | null = null,
  flags = 0,
): Call {
  return bench.call((irp) =>
    stream(socket).WskAccept(socket, flags, null, null, local, remote, irp)
  );
}

function listenerOf(bench: Bench, flags: number): W.WSK_SOCKET {
  if (flags === W.WSK_FLAG_LISTEN_SOCKET) return bench.listener(80);
  const socket = bench.socket(flags);
  bench.bind(socket, "0.0.0.0", 80);
  const call = bench.finish((irp) => stream(socket).WskListen(socket, irp));
  assertEnded(call, W.STATUS_SUCCESS, 0);
  return socket;
}

for (
  const [name, flags] of [
    ["listening", W.WSK_FLAG_LISTEN_SOCKET],
    ["stream", W.WSK_FLAG_STREAM_SOCKET],
  ] as const
) {
  Deno.test(`WskAccept() of a ${name} socket takes queued connections and waits in order`, async () => {
    const bench = await Bench.open();
    const listener = listenerOf(bench, flags);
    const clients = [bench.bound(), bench.bound(), bench.bound()];
    bench.connect(clients[0], 80);
    const local = new W.SOCKADDR_IN();
    const remote = new W.SOCKADDR_INET();
    const first = accept(bench, listener, local, remote);
    const second = accept(bench, listener);
    const third = accept(bench, listener);
    bench.net.run();
    assertStatus(first.status, W.STATUS_SUCCESS);
    assertEquals(W.ntohs(local.sin_port), 80);
    assertEquals(remote.si_family, W.AF_INET);
    assertEquals([second.completions, third.completions], [0, 0]);
    bench.connect(clients[1], 80);
    assertEquals([second.completions, third.completions], [1, 0]);
    bench.connect(clients[2], 80);
    assertEquals(third.completions, 1);
    const accepted = [first, second, third]
      .map((call) => call.information as W.WSK_SOCKET);
    const [one, two] = accepted;
    assert(one.Dispatch === clients[0].Dispatch, "accepted are connections");
    assert(one.Dispatch === two.Dispatch);
    const sent = bench.send(clients[2], pattern(3));
    const into = new Uint8Array(3);
    const read = bench.receive(accepted[2], into);
    bench.net.run();
    assertEnded(sent, W.STATUS_SUCCESS, 3);
    assertEnded(read, W.STATUS_SUCCESS, 3);
    bench.tidy(listener, ...clients, ...accepted);
  });

  Deno.test(`IoCancelIrp() takes a WskAccept of a ${name} socket back, not its connection`, async () => {
    const bench = await Bench.open();
    const listener = listenerOf(bench, flags);
    const cancelled = accept(bench, listener);
    assert(W.IoCancelIrp(cancelled.irp));
    bench.net.run();
    assertEnded(cancelled, W.STATUS_CANCELLED, 0);
    const client = bench.bound();
    bench.connect(client, 80);
    const next = accept(bench, listener);
    bench.net.run();
    assertStatus(next.status, W.STATUS_SUCCESS);
    bench.tidy(listener, client, next.information as W.WSK_SOCKET);
  });
}

Deno.test("WskAccept() and WskListen() know their states", async () => {
  const bench = await Bench.open();
  const listener = bench.socket(W.WSK_FLAG_LISTEN_SOCKET);
  const state = W.STATUS_INVALID_DEVICE_STATE;
  assertRefused(bench, accept(bench, listener), state);
  bench.bind(listener, "0.0.0.0", 80);
  const flagged = accept(bench, listener, null, null, 1);
  assertRefused(bench, flagged, W.STATUS_INVALID_PARAMETER);
  const socket = bench.socket(W.WSK_FLAG_STREAM_SOCKET);
  const listenCall = () =>
    bench.call((irp) => stream(socket).WskListen(socket, irp));
  assertRefused(bench, listenCall(), state);
  assertRefused(bench, accept(bench, socket), state);
  bench.bind(socket, "0.0.0.0", 81);
  assertRefused(bench, accept(bench, socket), state);
  bench.net.run();
  assertEquals(listenCall().returned, W.STATUS_PENDING);
  assertRefused(bench, listenCall(), state);
  const connected = bench.bound(null, null, W.WSK_FLAG_STREAM_SOCKET);
  bench.connect(connected, 80);
  const late = bench.call((irp) => stream(connected).WskListen(connected, irp));
  assertRefused(bench, late, state);
  assertRefused(bench, accept(bench, connected), state);
  bench.tidy(listener, socket, connected);
});

Deno.test("WskBind() of a listening socket over UDP is STATUS_NOT_IMPLEMENTED", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(W.WSK_FLAG_LISTEN_SOCKET, { type: W.SOCK_DGRAM });
  const bind = bench.call((irp) =>
    listen(socket).WskBind(socket, W.sockaddr("0.0.0.0", 9), 0, irp)
  );
  assertRefused(bench, bind, W.STATUS_NOT_IMPLEMENTED);
  bench.tidy(socket);
});

/** A client of WskAcceptEvent. */
class Acceptor {
  readonly sockets: W.WSK_SOCKET[] = [];
  readonly contexts: unknown[] = [];
  deaths = 0;
  answer: W.NTSTATUS = W.STATUS_SUCCESS;
  dispatch: W.WSK_CLIENT_CONNECTION_DISPATCH | null = null;
  inside: ((socket: W.WSK_SOCKET) => void) | null = null;
  readonly table: W.WSK_CLIENT_LISTEN_DISPATCH = {
    WskAcceptEvent: (context, flags, local, remote, socket, ctx, dispatch) => {
      assertEquals(flags, 0);
      this.contexts.push(context);
      if (socket === null) {
        this.deaths++;
        return W.STATUS_REQUEST_NOT_ACCEPTED;
      }
      assertEquals(W.ntohs((local as W.SOCKADDR_IN).sin_port), 80);
      assert((remote as W.SOCKADDR_IN).sin_port !== 0);
      this.sockets.push(socket);
      ctx.value = "accepted";
      dispatch.value = this.dispatch;
      this.inside?.(socket);
      return this.answer;
    },
    WskInspectEvent: null,
    WskAbortEvent: null,
  };
}

Deno.test("WskAcceptEvent delivers connections no WskAccept waits for", async () => {
  const bench = await Bench.open();
  const acceptor = new Acceptor();
  const listener = bench.listener(80, acceptor.table, "listener");
  assertStatus(bench.events(listener, W.WSK_EVENT_ACCEPT), W.STATUS_SUCCESS);
  const pending = accept(bench, listener);
  const clients = [bench.bound(), bench.bound()];
  bench.connect(clients[0], 80);
  assertStatus(pending.status, W.STATUS_SUCCESS);
  assertEquals(acceptor.sockets.length, 0);
  let read: Call | null = null;
  acceptor.inside = (socket) => read = bench.receive(socket, new Uint8Array(4));
  bench.connect(clients[1], 80);
  assertEquals(acceptor.sockets.length, 1);
  assertEquals(acceptor.contexts, ["listener"]);
  bench.send(clients[1], pattern(4));
  bench.net.run();
  assertEnded(read!, W.STATUS_SUCCESS, 4);
  bench.tidy(
    listener,
    ...clients,
    acceptor.sockets[0],
    pending.information as W.WSK_SOCKET,
  );
});

Deno.test("a connection WskAcceptEvent does not accept is reset", async () => {
  const bench = await Bench.open();
  const acceptor = new Acceptor();
  acceptor.answer = W.STATUS_REQUEST_NOT_ACCEPTED;
  const listener = bench.listener(80, acceptor.table);
  bench.events(listener, W.WSK_EVENT_ACCEPT);
  const client = bench.bound();
  bench.connect(client, 80);
  const read = bench.receive(client, new Uint8Array(1));
  bench.net.run();
  assertRefused(bench, read, W.STATUS_CONNECTION_RESET);
  const [socket] = acceptor.sockets;
  const send = bench.send(socket, pattern(1));
  assertRefused(bench, send, W.STATUS_FILE_FORCED_CLOSED);
  bench.tidy(listener, client);
});

Deno.test("connection events of a listener are inherited through WskAcceptEvent alone", async () => {
  const bench = await Bench.open();
  const acceptor = new Acceptor();
  const contexts: unknown[] = [];
  acceptor.dispatch = {
    WskReceiveEvent: (context) => {
      contexts.push(context);
      return W.STATUS_SUCCESS;
    },
    WskDisconnectEvent: null,
    WskSendBacklogEvent: null,
  };
  const listener = bench.listener(80, acceptor.table);
  const mask = W.WSK_EVENT_ACCEPT | W.WSK_EVENT_RECEIVE;
  assertStatus(bench.events(listener, mask), W.STATUS_SUCCESS);
  const disable = (W.WSK_EVENT_DISABLE | W.WSK_EVENT_RECEIVE) >>> 0;
  assertStatus(bench.events(listener, disable), W.STATUS_INVALID_PARAMETER);
  const pending = bench.call((irp) =>
    listen(listener).WskAccept(
      listener,
      0,
      "by call",
      acceptor.dispatch,
      null,
      null,
      irp,
    )
  );
  const clients = [bench.bound(), bench.bound()];
  for (const client of clients) {
    bench.connect(client, 80);
    bench.send(client, pattern(2));
    bench.net.run();
  }
  assertEquals(contexts, ["accepted"]);
  const called = pending.information as W.WSK_SOCKET;
  bench.events(called, W.WSK_EVENT_RECEIVE);
  bench.net.run();
  assertEquals(contexts, ["accepted", "by call"]);
  bench.tidy(listener, ...clients, called, acceptor.sockets[0]);
});

Deno.test("SO_KEEPALIVE and SO_RCVBUF of a listener are inherited, TCP_FASTOPEN is not", async () => {
  const bench = await Bench.open();
  const listener = bench.socket(W.WSK_FLAG_LISTEN_SOCKET);
  bench.setOption(listener, W.SO_KEEPALIVE, W.SOL_SOCKET, 1);
  bench.setOption(listener, W.SO_RCVBUF, W.SOL_SOCKET, 5000);
  bench.bind(listener, "0.0.0.0", 80);
  const fast = bench.setOption(listener, W.TCP_FASTOPEN, W.IPPROTO_TCP, 1);
  assertEnded(fast, W.STATUS_SUCCESS, 0);
  assert([...bench.net.listeners][0].options.fastOpen);
  const client = bench.bound();
  bench.connect(client, 80);
  const socket = bench.succeed((irp) =>
    listen(listener).WskAccept(listener, 0, null, null, null, null, irp)
  ) as W.WSK_SOCKET;
  const read = (code: number, level: number) => {
    const out = new Uint8Array(4);
    assertEnded(
      bench.getOption(socket, code, level, out),
      W.STATUS_SUCCESS,
      4,
    );
    return W.readUlong(out);
  };
  assertEquals(read(W.SO_KEEPALIVE, W.SOL_SOCKET), 1);
  assertEquals(read(W.SO_RCVBUF, W.SOL_SOCKET), 5000);
  assertEquals(read(W.TCP_FASTOPEN, W.IPPROTO_TCP), 0);
  bench.tidy(listener, client, socket);
});

/** A client of conditional accept. */
class Inspector {
  readonly ids: W.WSK_INSPECT_ID[] = [];
  readonly aborted: W.WSK_INSPECT_ID[] = [];
  deaths = 0;
  action: W.WSK_INSPECT_ACTION = W.WskInspectPend;
  readonly table: W.WSK_CLIENT_LISTEN_DISPATCH = {
    WskAcceptEvent: null,
    WskInspectEvent: (_context, _local, _remote, id) => {
      if (id === null) this.deaths++;
      else this.ids.push(id);
      return this.action;
    },
    WskAbortEvent: (_context, id) => {
      this.aborted.push(id);
      return W.STATUS_SUCCESS;
    },
  };
}

async function conditional(inspector: Inspector) {
  const bench = await Bench.open();
  const listener = bench.socket(W.WSK_FLAG_LISTEN_SOCKET, {
    dispatch: inspector.table,
  });
  const set = bench.setOption(
    listener,
    W.SO_CONDITIONAL_ACCEPT,
    W.SOL_SOCKET,
    1,
  );
  assertEnded(set, W.STATUS_SUCCESS, 0);
  bench.bind(listener, "0.0.0.0", 80);
  const client = bench.bound();
  const connect = bench.call((irp) =>
    connection(client).WskConnect(client, W.sockaddr("127.0.0.1", 80), 0, irp)
  );
  bench.net.run();
  const decide = (id: W.WSK_INSPECT_ID, action: W.WSK_INSPECT_ACTION) =>
    bench.call((irp) =>
      listen(listener).WskInspectComplete(listener, id, action, irp)
    );
  return { bench, listener, client, connect, decide };
}

Deno.test("WskInspectEvent accepts or rejects a SYN on the spot", async () => {
  for (const action of [W.WskInspectAccept, W.WskInspectReject] as const) {
    const inspector = new Inspector();
    inspector.action = action;
    const { bench, listener, client, connect } = await conditional(inspector);
    const ok = action === W.WskInspectAccept;
    const status = ok ? W.STATUS_SUCCESS : W.STATUS_CONNECTION_REFUSED;
    assertEnded(connect, status, 0);
    assertEquals(inspector.ids.length, 1);
    assertEquals(inspector.aborted.length, 0);
    bench.tidy(listener, client);
  }
});

Deno.test("WskInspectComplete() decides a pended request, which the accepted socket can name", async () => {
  const inspector = new Inspector();
  const { bench, listener, client, connect, decide } = await conditional(
    inspector,
  );
  assertEquals(connect.completions, 0);
  const [id] = inspector.ids;
  const pend = decide(id, W.WskInspectPend);
  assertRefused(bench, pend, W.STATUS_INVALID_PARAMETER);
  const copy = new W.WSK_INSPECT_ID();
  copy.Key = id.Key;
  copy.SerialNumber = id.SerialNumber;
  const yes = decide(copy, W.WskInspectAccept);
  bench.net.run();
  assertEnded(yes, W.STATUS_SUCCESS, 0);
  assertEnded(connect, W.STATUS_SUCCESS, 0);
  const socket = bench.succeed((irp) =>
    listen(listener).WskAccept(listener, 0, null, null, null, null, irp)
  ) as W.WSK_SOCKET;
  const query = (target: W.WSK_SOCKET, out: W.WSK_INSPECT_ID) => {
    const size = W.variable(0);
    const status = target.Dispatch.WskControlSocket(
      target,
      W.WskIoctl,
      W.SIO_WSK_QUERY_INSPECT_ID,
      0,
      0,
      null,
      W.sizeof(out),
      out,
      size,
      null,
    );
    return { status, size: size.value };
  };
  const out = new W.WSK_INSPECT_ID();
  assertEquals(query(socket, out), { status: W.STATUS_SUCCESS, size: 16 });
  assertEquals([out.Key, out.SerialNumber], [id.Key, id.SerialNumber]);
  assertStatus(query(client, out).status, W.STATUS_INVALID_DEVICE_REQUEST);
  const late = decide(id, W.WskInspectReject);
  bench.net.run();
  assertEnded(late, W.STATUS_SUCCESS, 0);
  bench.tidy(listener, client, socket);
});

Deno.test("WskAbortEvent tells of a pended request that vanished, and deciding it does nothing", async () => {
  const inspector = new Inspector();
  const { bench, listener, client, connect, decide } = await conditional(
    inspector,
  );
  W.IoCancelIrp(connect.irp);
  bench.net.run();
  assertEnded(connect, W.STATUS_CANCELLED, 0);
  assertEquals(inspector.aborted, inspector.ids);
  const late = decide(inspector.ids[0], W.WskInspectAccept);
  bench.net.run();
  assertEnded(late, W.STATUS_SUCCESS, 0);
  const pending = accept(bench, listener);
  bench.net.run();
  assertEquals(pending.completions, 0);
  bench.tidy(listener, client);
});

Deno.test("WskInspectComplete() needs a conditional listener", async () => {
  const bench = await Bench.open();
  const listener = bench.listener(80);
  const call = bench.call((irp) =>
    listen(listener).WskInspectComplete(
      listener,
      new W.WSK_INSPECT_ID(),
      W.WskInspectAccept,
      irp,
    )
  );
  assertRefused(bench, call, W.STATUS_INVALID_DEVICE_STATE);
  bench.tidy(listener);
});

Deno.test("connections nobody accepted are reset when the listener closes", async () => {
  const bench = await Bench.open();
  const listener = bench.listener(80);
  const client = bench.bound();
  bench.connect(client, 80);
  const read = bench.receive(client, new Uint8Array(1));
  bench.close(listener);
  assertEnded(read, W.STATUS_CONNECTION_RESET, 0);
  bench.tidy(client);
});

Deno.test("when the stack goes away, everything is STATUS_FILE_FORCED_CLOSED and callbacks hear a NULL", async () => {
  const bench = await Bench.open();
  const acceptor = new Acceptor();
  const inspector = new Inspector();
  const listener = bench.listener(80, acceptor.table);
  bench.events(listener, W.WSK_EVENT_ACCEPT);
  const careful = bench.socket(W.WSK_FLAG_LISTEN_SOCKET, {
    dispatch: inspector.table,
  });
  bench.setOption(careful, W.SO_CONDITIONAL_ACCEPT, W.SOL_SOCKET, 1);
  bench.bind(careful, "0.0.0.0", 81);
  const events: (number | null)[] = [];
  const client = bench.bound({
    WskReceiveEvent: (_context, _flags, data, indicated) => {
      events.push(data === null ? null : indicated);
      return W.STATUS_SUCCESS;
    },
    WskDisconnectEvent: null,
    WskSendBacklogEvent: null,
  });
  bench.connect(client, 80);
  bench.events(client, W.WSK_EVENT_RECEIVE);
  const connecting = bench.bound();
  bench.net.hold = true;
  const calls = [
    bench.call((irp) =>
      connection(connecting).WskConnect(
        connecting,
        W.sockaddr("127.0.0.1", 80),
        0,
        irp,
      )
    ),
    bench.receive(client, new Uint8Array(1)),
    accept(bench, careful),
    bench.call((irp) =>
      client.Dispatch.WskControlSocket(
        client,
        W.WskIoctl,
        W.SIO_ADDRESS_LIST_CHANGE,
        0,
        0,
        null,
        0,
        null,
        null,
        irp,
      )
    ),
  ];
  bench.net.connections.clear();
  bench.net.listeners.clear();
  bench.net.setReady(false);
  for (const call of calls) assertEnded(call, W.STATUS_FILE_FORCED_CLOSED, 0);
  assertEquals(acceptor.deaths, 1);
  assertEquals(inspector.deaths, 1);
  assertEquals(events, [null]);
  const dead = W.STATUS_FILE_FORCED_CLOSED;
  assertRefused(bench, bench.send(client, pattern(1)), dead);
  assertRefused(bench, accept(bench, listener), dead);
  const [server] = acceptor.sockets;
  bench.tidy(listener, careful, client, connecting, server);
});
