import { assertEquals } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertEnded,
  assertRefused,
  assertStatus,
  Bench,
  type Call,
  listen,
  pattern,
} from "../../tools/wsk_bench.ts";

const LISTEN = W.WSK_FLAG_LISTEN_SOCKET;
const CONNECTION = W.WSK_FLAG_CONNECTION_SOCKET;
const DATAGRAM = W.WSK_FLAG_DATAGRAM_SOCKET;
const STREAM = W.WSK_FLAG_STREAM_SOCKET;
const TCP = [LISTEN, CONNECTION, STREAM];
const ALL = [...TCP, DATAGRAM];

/** Option, level, categories, value to set, value read at first. */
const OPTIONS: [string, number, number[], number, number][] = [
  ["SO_REUSEADDR", W.SOL_SOCKET, ALL, 1, 0],
  ["SO_EXCLUSIVEADDRUSE", W.SOL_SOCKET, ALL, 1, 0],
  ["SO_KEEPALIVE", W.SOL_SOCKET, TCP, 1, 0],
  ["SO_BROADCAST", W.SOL_SOCKET, [DATAGRAM], 1, 0],
  ["SO_RCVBUF", W.SOL_SOCKET, ALL, 10_000, 0],
  ["SO_CONDITIONAL_ACCEPT", W.SOL_SOCKET, [LISTEN, STREAM], 1, 0],
  ["TCP_FASTOPEN", W.IPPROTO_TCP, TCP, 1, 0],
  ["TCP_KEEPALIVE", W.IPPROTO_TCP, TCP, 60, 7200],
  ["TCP_KEEPIDLE", W.IPPROTO_TCP, TCP, 60, 7200],
  ["TCP_KEEPINTVL", W.IPPROTO_TCP, TCP, 5, 1],
  ["TCP_KEEPCNT", W.IPPROTO_TCP, TCP, 3, 10],
  ["TCP_MAXRT", W.IPPROTO_TCP, TCP, 30, 0],
  ["TCP_MAXRTMS", W.IPPROTO_TCP, TCP, 1500, 0],
  ["TCP_TIMESTAMPS", W.IPPROTO_TCP, TCP, 0, 1],
  ["TCP_FAIL_CONNECT_ON_ICMP_ERROR", W.IPPROTO_TCP, TCP, 1, 0],
  ["IP_TOS", W.IPPROTO_IP, ALL, 0x10, 0],
  ["IP_TTL", W.IPPROTO_IP, ALL, 5, 64],
  ["IP_DONTFRAGMENT", W.IPPROTO_IP, [DATAGRAM], 1, 0],
  ["IP_PKTINFO", W.IPPROTO_IP, [DATAGRAM], 1, 0],
  ["IP_RECVTTL", W.IPPROTO_IP, [DATAGRAM], 1, 0],
  ["IP_RECVTOS", W.IPPROTO_IP, [DATAGRAM], 1, 0],
  ["IPV6_UNICAST_HOPS", W.IPPROTO_IPV6, ALL, 5, 64],
  ["IPV6_DONTFRAG", W.IPPROTO_IPV6, [DATAGRAM], 1, 0],
  ["IPV6_PKTINFO", W.IPPROTO_IPV6, [DATAGRAM], 1, 0],
  ["IPV6_HOPLIMIT", W.IPPROTO_IPV6, [DATAGRAM], 1, 0],
  ["IPV6_V6ONLY", W.IPPROTO_IPV6, ALL, 0, 1],
];

const CODES = W as unknown as Record<string, number>;

Deno.test("each option is set and read on the sockets that have it, and not supported on others", async () => {
  const bench = await Bench.open();
  const made: W.WSK_SOCKET[] = [];
  for (const [name, level, categories, value, initial] of OPTIONS) {
    const family = level === W.IPPROTO_IPV6 ? W.AF_INET6 : W.AF_INET;
    for (const flags of [...ALL, W.WSK_FLAG_BASIC_SOCKET]) {
      const socket = bench.socket(flags, { family });
      made.push(socket);
      const code = CODES[name];
      const out = new Uint8Array(4);
      const first = bench.getOption(socket, code, level, out);
      if (!categories.includes(flags)) {
        assertRefused(bench, first, W.STATUS_NOT_SUPPORTED);
        const set = bench.setOption(socket, code, level, value);
        assertRefused(bench, set, W.STATUS_NOT_SUPPORTED);
        continue;
      }
      assertEnded(first, W.STATUS_SUCCESS, 4);
      assertEquals(W.readUlong(out), initial, name);
      const set = bench.setOption(socket, code, level, value);
      assertEnded(set, W.STATUS_SUCCESS, 0);
      bench.getOption(socket, code, level, out);
      assertEquals(W.readUlong(out), value, name);
    }
  }
  bench.tidy(...made);
});

/** Numbers of ws2def.h and its kind that have no meaning here. */
const UNSUPPORTED: [number, RegExp][] = [
  [
    W.SOL_SOCKET,
    /^SO_(DEBUG|DONTROUTE|USELOOPBACK|LINGER|OOBINLINE|SND|RCV(LOWAT|TIMEO)|ERROR|PAUSE|COMPARTMENT|RANDOMIZE|PORT|REUSE_)/,
  ],
  [
    W.IPPROTO_TCP,
    /^TCP_(NODELAY|EXPEDITED|STDURG|NOURG|ATMARK|NOSYNRETRIES|OFFLOAD|CONGESTION|DELAY_FIN|BSDURGENT)/,
  ],
  [
    W.IPPROTO_IP,
    /^IP_(OPTIONS|HDRINCL|MULTICAST|ADD|DROP|RECEIVE_BROADCAST|UNICAST|ECN|MTU|USER)/,
  ],
  [W.IPPROTO_IPV6, /^IPV6_(MULTICAST|ADD|DROP|PROTECTION|UNICAST_IF|MTU)/],
];

Deno.test("every other option number is STATUS_NOT_SUPPORTED, never silence", async () => {
  const bench = await Bench.open();
  let count = 0;
  for (const [level, names] of UNSUPPORTED) {
    const family = level === W.IPPROTO_IPV6 ? W.AF_INET6 : W.AF_INET;
    const socket = bench.socket(CONNECTION, { family });
    for (const name of Object.keys(CODES).filter((n) => names.test(n))) {
      if (typeof CODES[name] !== "number") continue;
      count++;
      const set = bench.setOption(socket, CODES[name], level, 1);
      assertRefused(bench, set, W.STATUS_NOT_SUPPORTED);
      const get = bench.getOption(socket, CODES[name], level);
      assertRefused(bench, get, W.STATUS_NOT_SUPPORTED);
    }
    bench.close(socket);
  }
  assertEquals(count, 49);
  const socket = bench.socket(CONNECTION);
  const wrongFamily = bench.setOption(socket, W.IPV6_V6ONLY, 41, 1);
  assertRefused(bench, wrongFamily, W.STATUS_NOT_SUPPORTED);
  const readOnly = bench.setOption(socket, W.SO_TYPE, W.SOL_SOCKET, 1);
  assertRefused(bench, readOnly, W.STATUS_NOT_SUPPORTED);
  bench.tidy(socket);
});

Deno.test("options are refused in the wrong state", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const state = W.STATUS_INVALID_DEVICE_STATE;
  const set = (socket: W.WSK_SOCKET, code: number, level: number) =>
    bench.setOption(socket, code, level, 1);
  assertRefused(bench, set(listener, W.SO_REUSEADDR, W.SOL_SOCKET), state);
  const conditional = set(listener, W.SO_CONDITIONAL_ACCEPT, W.SOL_SOCKET);
  assertRefused(bench, conditional, state);
  assertRefused(bench, set(client, W.TCP_FASTOPEN, W.IPPROTO_TCP), state);
  assertRefused(bench, set(server, W.TCP_FASTOPEN, W.IPPROTO_TCP), state);
  assertRefused(bench, set(client, W.TCP_TIMESTAMPS, W.IPPROTO_TCP), state);
  const bound = bench.bound();
  assertRefused(
    bench,
    bench.getOption(bound, W.TCP_MAXSEG, W.IPPROTO_TCP),
    state,
  );
  const fast = set(bound, W.TCP_FASTOPEN, W.IPPROTO_TCP);
  assertEnded(fast, W.STATUS_SUCCESS, 0);
  const out = new Uint8Array(4);
  bench.getOption(client, W.TCP_MAXSEG, W.IPPROTO_TCP, out);
  assertEquals(W.readUlong(out), 1460);
  bench.getOption(listener, W.SO_ACCEPTCONN, W.SOL_SOCKET, out);
  assertEquals(W.readUlong(out), 1);
  bench.getOption(listener, W.SO_TYPE, W.SOL_SOCKET, out);
  assertEquals(W.readUlong(out), W.SOCK_STREAM);
  bench.tidy(client, server, listener, bound);
});

Deno.test("sizes: a Boolean may be one byte, a ULONG may not", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(CONNECTION);
  const one = bench.setOption(
    socket,
    W.SO_KEEPALIVE,
    W.SOL_SOCKET,
    new Uint8Array([1]),
  );
  assertEnded(one, W.STATUS_SUCCESS, 0);
  const byte = new Uint8Array(1);
  const get = bench.getOption(socket, W.SO_KEEPALIVE, W.SOL_SOCKET, byte);
  assertEnded(get, W.STATUS_SUCCESS, 1);
  assertEquals(byte[0], 1);
  const small = W.STATUS_BUFFER_TOO_SMALL;
  const rcvbuf = (bytes: Uint8Array) =>
    bench.setOption(socket, W.SO_RCVBUF, W.SOL_SOCKET, bytes);
  assertRefused(bench, rcvbuf(new Uint8Array(3)), small);
  assertRefused(bench, rcvbuf(W.u32(0)), W.STATUS_INVALID_PARAMETER);
  const short = bench.getOption(socket, W.SO_RCVBUF, W.SOL_SOCKET, byte);
  assertRefused(bench, short, small);
  const count = bench.setOption(socket, W.TCP_KEEPCNT, W.IPPROTO_TCP, 256);
  assertRefused(bench, count, W.STATUS_INVALID_PARAMETER);
  const never = bench.setOption(
    socket,
    W.TCP_MAXRT,
    W.IPPROTO_TCP,
    0xffff_ffff,
  );
  assertEnded(never, W.STATUS_SUCCESS, 0);
  const out = new Uint8Array(4);
  bench.getOption(socket, W.TCP_MAXRTMS, W.IPPROTO_TCP, out);
  assertEquals(W.readUlong(out), 0xffff_ffff);
  bench.tidy(socket);
});

function control(
  bench: Bench,
  socket: W.WSK_SOCKET,
  code: number,
  input: unknown = null,
  output: unknown = null,
  sizes: [number, number] = [0, 0],
): Call {
  return bench.call((irp) =>
    socket.Dispatch.WskControlSocket(
      socket,
      W.WskIoctl,
      code,
      0,
      sizes[0],
      input,
      sizes[1],
      output,
      null,
      irp,
    )
  );
}

function inline(
  socket: W.WSK_SOCKET,
  type: W.WSK_CONTROL_SOCKET_TYPE,
  code: number,
  input: unknown = null,
  outputSize = 0,
  output: unknown = null,
  size: W.POINTER<number> | null = null,
): W.NTSTATUS {
  return socket.Dispatch.WskControlSocket(
    socket,
    type,
    code,
    type === W.WskIoctl ? 0 : W.SOL_SOCKET,
    16,
    input,
    outputSize,
    output,
    size,
    null,
  );
}

Deno.test("an IRP that is needed or forbidden is asked for or refused", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const needed = W.STATUS_REQUEST_NOT_ACCEPTED;
  const keep = W.u32(1);
  assertStatus(inline(client, W.WskSetOption, W.SO_KEEPALIVE, keep), needed);
  assertStatus(inline(client, W.WskGetOption, W.SO_KEEPALIVE), needed);
  for (
    const code of [
      W.SIO_WSK_QUERY_IDEAL_SEND_BACKLOG,
      W.SIO_WSK_QUERY_RECEIVE_BACKLOG,
      W.SIO_WSK_SET_TCP_SILENT_MODE,
      W.SIO_ADDRESS_LIST_CHANGE,
      W.SIO_KEEPALIVE_VALS,
      W.SIO_TCP_INITIAL_RTO,
      W.SIO_TCP_INFO,
    ]
  ) assertStatus(inline(client, W.WskIoctl, code), needed);
  for (
    const code of [
      W.SIO_WSK_QUERY_INSPECT_ID,
      W.SIO_ADDRESS_LIST_QUERY,
      W.SIO_ADDRESS_LIST_SORT,
    ]
  ) {
    const call = control(bench, client, code);
    assertRefused(bench, call, W.STATUS_INVALID_PARAMETER);
  }
  assertStatus(inline(client, 3, 0), W.STATUS_INVALID_PARAMETER);
  bench.tidy(client, server, listener);
});

Deno.test("ioctls without meaning here are STATUS_NOT_SUPPORTED", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  for (
    const code of [
      W.SIO_WSK_REGISTER_EXTENSION,
      W.SIO_LOOPBACK_FAST_PATH,
      W.SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS,
      W.SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT,
      W.SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS,
      W.SIO_IDEAL_SEND_BACKLOG_QUERY,
      W.SIO_IDEAL_SEND_BACKLOG_CHANGE,
      W.SIO_CPU_AFFINITY,
      W.SIO_TCP_SET_ICW,
      W.SIO_TCP_SET_ACK_FREQUENCY,
      W.SIO_SET_PRIORITY_HINT,
      W.SIO_WSK_SET_REMOTE_ADDRESS,
      0x12345678,
    ]
  ) {
    const call = control(bench, client, code);
    assertRefused(bench, call, W.STATUS_NOT_SUPPORTED);
    assertStatus(inline(client, W.WskIoctl, code), W.STATUS_NOT_SUPPORTED);
  }
  bench.tidy(client, server, listener);
});

Deno.test("backlog queries tell what is queued", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  bench.send(client, pattern(1234));
  bench.net.run();
  const out = new Uint8Array(8);
  const queued = control(
    bench,
    server,
    W.SIO_WSK_QUERY_RECEIVE_BACKLOG,
    null,
    out,
    [0, 8],
  );
  bench.net.run();
  assertEnded(queued, W.STATUS_SUCCESS, 8);
  assertEquals(W.readUlong(out, 8), 1234);
  const short = control(
    bench,
    server,
    W.SIO_WSK_QUERY_IDEAL_SEND_BACKLOG,
    null,
    out,
    [0, 3],
  );
  assertRefused(bench, short, W.STATUS_BUFFER_TOO_SMALL);
  const bound = bench.bound();
  for (
    const code of [
      W.SIO_WSK_QUERY_RECEIVE_BACKLOG,
      W.SIO_WSK_QUERY_IDEAL_SEND_BACKLOG,
    ]
  ) {
    const early = control(bench, bound, code, null, out, [0, 8]);
    assertRefused(bench, early, W.STATUS_INVALID_DEVICE_STATE);
  }
  bench.tidy(client, server, listener, bound);
});

Deno.test("silent mode needs nothing to send, and leaves WskCloseSocket alone", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const silent = () => control(bench, client, W.SIO_WSK_SET_TCP_SILENT_MODE);
  bench.net.frozen = true;
  bench.send(client, pattern(1));
  assertRefused(bench, silent(), W.STATUS_INVALID_DEVICE_STATE);
  bench.net.frozen = false;
  bench.net.run();
  const done = silent();
  bench.net.run();
  assertEnded(done, W.STATUS_SUCCESS, 0);
  const state = W.STATUS_INVALID_DEVICE_STATE;
  assertRefused(bench, bench.send(client, pattern(1)), state);
  assertRefused(bench, bench.disconnect(client), state);
  assertRefused(bench, bench.receive(client, new Uint8Array(1)), state);
  bench.tidy(client, server, listener);
});

Deno.test("SIO_KEEPALIVE_VALS takes a structure or its bytes, in milliseconds", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const set = (input: unknown, size = 12) =>
    control(bench, client, W.SIO_KEEPALIVE_VALS, input, null, [size, 0]);
  const values = { onoff: 1, keepalivetime: 1500, keepaliveinterval: 250 };
  const done = set(values);
  bench.net.run();
  assertEnded(done, W.STATUS_SUCCESS, 0);
  const at = [...bench.net.connections].find((c) => c.remote.port === 4000)!;
  assertEquals(at.options.keepAlive, true);
  assertEquals(at.options.keepAliveIdle, 1_500_000);
  assertEquals(at.options.keepAliveInterval, 250_000);
  set(new Uint8Array(12));
  bench.net.run();
  assertEquals(at.options.keepAlive, false);
  assertRefused(bench, set(values, 11), W.STATUS_BUFFER_TOO_SMALL);
  assertRefused(bench, set(null), W.STATUS_INVALID_PARAMETER);
  const zero = set({ ...values, keepalivetime: 0 });
  assertRefused(bench, zero, W.STATUS_INVALID_PARAMETER);
  bench.tidy(client, server, listener);
});

Deno.test("SIO_TCP_INITIAL_RTO is for sockets that have not connected", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const bound = bench.bound();
  const set = (socket: W.WSK_SOCKET, Rtt: number, MaxSyn: number) =>
    control(
      bench,
      socket,
      W.SIO_TCP_INITIAL_RTO,
      { Rtt, MaxSynRetransmissions: MaxSyn },
      null,
      [4, 0],
    );
  const late = set(client, 500, 2);
  assertRefused(bench, late, W.STATUS_INVALID_DEVICE_STATE);
  const done = set(bound, 500, 2);
  bench.connect(bound, 4000);
  assertEnded(done, W.STATUS_SUCCESS, 0);
  const at = [...bench.net.connections].filter((c) => c.remote.port === 4000);
  assertEquals(at[1].options.initialRto, 500_000);
  assertEquals(at[1].options.synRetries, 2);
  bench.tidy(client, server, listener, bound);
});

Deno.test("SIO_TCP_INFO answers version 0", async () => {
  const bench = await Bench.open();
  const { client, server, listener } = bench.pair();
  const out = new W.TCP_INFO_v0();
  const ask = (version: number, size = W.sizeof(out)) =>
    control(bench, client, W.SIO_TCP_INFO, W.u32(version), out, [4, size]);
  const done = ask(0);
  bench.net.run();
  assertEnded(done, W.STATUS_SUCCESS, 88);
  assertEquals([out.State, out.Mss, out.BytesOut], [4, 1460, 7]);
  assertEquals(out.ConnectionTimeMs, 5);
  assertRefused(bench, ask(1), W.STATUS_NOT_SUPPORTED);
  assertRefused(bench, ask(0, 87), W.STATUS_BUFFER_TOO_SMALL);
  bench.tidy(client, server, listener);
});

Deno.test("TCP_ICMP_ERROR_INFO tells what ended the last attempt", async () => {
  const bench = await Bench.open();
  const socket = bench.bound();
  const out = new W.ICMP_ERROR_INFO();
  const ask = () =>
    bench.finish((irp) =>
      socket.Dispatch.WskControlSocket(
        socket,
        W.WskGetOption,
        W.TCP_ICMP_ERROR_INFO,
        W.IPPROTO_TCP,
        0,
        null,
        W.sizeof(out),
        out,
        null,
        irp,
      )
    );
  assertRefused(bench, ask(), W.STATUS_NOT_FOUND);
  bench.net.icmpError = { source: bench.net.local[1], type: 3, code: 1 };
  bench.finish((irp) =>
    (socket.Dispatch as W.WSK_PROVIDER_CONNECTION_DISPATCH).WskConnect(
      socket,
      W.sockaddr("127.0.0.1", 9),
      0,
      irp,
    )
  );
  assertEnded(ask(), W.STATUS_SUCCESS, 36);
  assertEquals([out.protocol, out.type, out.code], [W.IPPROTO_ICMP, 3, 1]);
  assertEquals(out.srcaddress, W.sockaddr("10.0.0.1", 0));
  bench.tidy(socket);
});

Deno.test("SIO_ADDRESS_LIST_* list, watch and sort", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(W.WSK_FLAG_BASIC_SOCKET);
  const list = new W.SOCKET_ADDRESS_LIST();
  const size = W.variable(0);
  const query = (bytes: number) =>
    inline(
      socket,
      W.WskIoctl,
      W.SIO_ADDRESS_LIST_QUERY,
      null,
      bytes,
      list,
      size,
    );
  assertStatus(query(0), W.STATUS_BUFFER_OVERFLOW);
  assertEquals(size.value, 8 + 3 * 32);
  assertStatus(query(size.value), W.STATUS_SUCCESS);
  assertEquals(list.iAddressCount, 3);
  assertEquals(list.Address[1].lpSockaddr, W.sockaddr("10.0.0.1", 0));
  const change = control(bench, socket, W.SIO_ADDRESS_LIST_CHANGE);
  bench.net.run();
  assertEquals(change.completions, 0);
  bench.net.addAddress("10.9.9.9");
  assertEnded(change, W.STATUS_SUCCESS, 0);
  const cancelled = control(bench, socket, W.SIO_ADDRESS_LIST_CHANGE);
  W.IoCancelIrp(cancelled.irp);
  const pending = control(bench, socket, W.SIO_ADDRESS_LIST_CHANGE);
  bench.net.unroutable.push("192.0.2.1");
  const input = new W.SOCKET_ADDRESS_LIST();
  input.Address = ["192.0.2.1", "10.0.0.2"].map((text) => ({
    lpSockaddr: W.sockaddr(text, 0),
    iSockaddrLength: 16,
  }));
  const sorted = new W.SOCKET_ADDRESS_LIST();
  const sort = inline(
    socket,
    W.WskIoctl,
    W.SIO_ADDRESS_LIST_SORT,
    input,
    100,
    sorted,
  );
  assertStatus(sort, W.STATUS_SUCCESS);
  assertEquals(sorted.Address.map((a) => a.lpSockaddr), [
    W.sockaddr("10.0.0.2", 0),
    W.sockaddr("192.0.2.1", 0),
  ]);
  bench.tidy(socket);
  assertEnded(cancelled, W.STATUS_CANCELLED, 0);
  assertEnded(pending, W.STATUS_CANCELLED, 0);
});

Deno.test("SO_WSK_SECURITY holds the descriptor that guards the address", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(LISTEN);
  const descriptor = Object.freeze({ allowsSharing: true });
  const security = (
    type: W.WSK_CONTROL_SOCKET_TYPE,
    input: unknown,
    output: unknown,
  ) =>
    bench.finish((irp) =>
      socket.Dispatch.WskControlSocket(
        socket,
        type,
        W.SO_WSK_SECURITY,
        W.SOL_SOCKET,
        8,
        input,
        8,
        output,
        null,
        irp,
      )
    );
  const set = security(W.WskSetOption, descriptor, null);
  assertEnded(set, W.STATUS_SUCCESS, 0);
  const out = W.variable(null);
  assertEnded(
    security(W.WskGetOption, null, out),
    W.STATUS_SUCCESS,
    8,
  );
  assertEquals(out.value, descriptor);
  bench.bind(socket, "0.0.0.0", 80);
  const late = security(W.WskSetOption, null, null);
  assertRefused(bench, late, W.STATUS_INVALID_DEVICE_STATE);
  // The guard lets a specific address in beside the wildcard; by default it does not.
  const specific = bench.socket(LISTEN);
  bench.bind(specific, "127.0.0.1", 80);
  const open = bench.socket(LISTEN);
  const taken = bench.call((irp) =>
    listen(open).WskBind(open, W.sockaddr("127.0.0.1", 80), 0, irp)
  );
  assertRefused(bench, taken, W.STATUS_ADDRESS_ALREADY_EXISTS);
  bench.tidy(socket, specific, open);
});

Deno.test("WskBind() knows what it may bind", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(CONNECTION);
  const bind = (address: string, port: number, flags = 0) =>
    bench.call((irp) =>
      listen(socket).WskBind(socket, W.sockaddr(address, port), flags, irp)
    );
  assertRefused(bench, bind("0.0.0.0", 1, 1), W.STATUS_INVALID_PARAMETER);
  assertRefused(bench, bind("::", 1), W.STATUS_INVALID_ADDRESS);
  const foreign = bind("192.0.2.1", 1);
  assertRefused(bench, foreign, W.STATUS_INVALID_ADDRESS_COMPONENT);
  const done = bind("10.0.0.1", 0);
  bench.net.run();
  assertEnded(done, W.STATUS_SUCCESS, 0);
  assertRefused(bench, bind("10.0.0.1", 0), W.STATUS_INVALID_DEVICE_STATE);
  bench.net.foreign.add(99);
  const other = bench.socket(LISTEN);
  const used = bench.call((irp) =>
    listen(other).WskBind(other, W.sockaddr("0.0.0.0", 99), 0, irp)
  );
  assertRefused(bench, used, W.STATUS_ADDRESS_ALREADY_EXISTS);
  bench.bind(other, "0.0.0.0", 98);
  const none = bench.socket(CONNECTION);
  bench.net.portsLeft = 0;
  const full = bench.call((irp) =>
    listen(none).WskBind(none, W.sockaddr("0.0.0.0", 0), 0, irp)
  );
  assertRefused(bench, full, W.STATUS_TOO_MANY_ADDRESSES);
  bench.tidy(socket, other, none);
});
