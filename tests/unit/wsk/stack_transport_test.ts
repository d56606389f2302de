import { assert, assertEquals } from "@std/assert";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertStatus,
  connection,
  datagram,
  listen,
  pattern,
  stream,
} from "../../tools/wsk_bench.ts";
import {
  call,
  type Node,
  openSocket,
  type Outcome,
  World,
} from "../../tools/wsk_world.ts";

function finish(world: World, outcome: Outcome): Outcome {
  world.runUntil(() => outcome.completions > 0);
  assertEquals(outcome.completions, 1);
  return outcome;
}

function socketOf(
  world: World,
  node: Node,
  flags: number,
  dispatch: W.WSK_CLIENT_SOCKET_DISPATCH | null = null,
  family: number = W.AF_INET,
): W.WSK_SOCKET {
  const made = finish(world, openSocket(node, flags, dispatch, family));
  assertStatus(made.status, W.STATUS_SUCCESS);
  return made.information as W.WSK_SOCKET;
}

function bind(
  world: World,
  socket: W.WSK_SOCKET,
  address: string,
  port: number,
): Outcome {
  const local = W.sockaddr(address, port);
  return finish(
    world,
    call((irp) => stream(socket).WskBind(socket, local, 0, irp)),
  );
}

function option(
  world: World,
  socket: W.WSK_SOCKET,
  level: number,
  code: number,
  value: number,
): void {
  const bytes = W.u32(value);
  const set = finish(
    world,
    call((irp) =>
      socket.Dispatch.WskControlSocket(
        socket,
        W.WskSetOption,
        code,
        level,
        4,
        bytes,
        0,
        null,
        null,
        irp,
      )
    ),
  );
  assertStatus(set.status, W.STATUS_SUCCESS);
}

function connectEx(
  socket: W.WSK_SOCKET,
  address: string,
  port: number,
  data: Uint8Array | null = null,
): Outcome {
  const remote = W.sockaddr(address, port);
  const buffer = data === null ? null : W.bufOf(data);
  return call((irp) =>
    connection(socket).WskConnectEx(socket, remote, buffer, 0, irp)
  );
}

const accept = (socket: W.WSK_SOCKET) =>
  call((irp) =>
    stream(socket).WskAccept(socket, 0, null, null, null, null, irp)
  );
const send = (socket: W.WSK_SOCKET, data: Uint8Array, flags = 0) =>
  call((irp) => connection(socket).WskSend(socket, W.bufOf(data), flags, irp));
const receive = (socket: W.WSK_SOCKET, into: Uint8Array, flags = 0) =>
  call((irp) =>
    connection(socket).WskReceive(socket, W.bufOf(into), flags, irp)
  );
const disconnect = (socket: W.WSK_SOCKET, flags = 0) =>
  call((irp) => connection(socket).WskDisconnect(socket, null, flags, irp));
const close = (socket: W.WSK_SOCKET) =>
  call((irp) => socket.Dispatch.WskCloseSocket(socket, irp));

/** Closes all, lets TIME-WAIT pass, and asserts that nothing is left anywhere. */
function tidy(world: World, ...sockets: W.WSK_SOCKET[]): void {
  for (const socket of sockets) {
    assertStatus(finish(world, close(socket)).status, W.STATUS_SUCCESS);
  }
  world.run(200_000_000);
  for (const { stack, subsystem } of world.nodes) {
    assertEquals(subsystem.usage.sockets, 0);
    assertEquals(subsystem.usage.addresses, 0);
    assertEquals(stack.connectionCount, 0);
    assertEquals(stack.datagramSocketCount, 0);
  }
}

for (
  const [family, peer] of [[W.AF_INET, "10.0.0.2"], [
    W.AF_INET6,
    "fd00::2",
  ]] as const
) {
  const any = family === W.AF_INET ? "0.0.0.0" : "::";
  Deno.test(`a megabyte goes each way over two stacks, family ${family}`, async () => {
    const world = await World.open();
    const [a, b] = world.nodes;
    const listener = socketOf(
      world,
      b,
      W.WSK_FLAG_LISTEN_SOCKET,
      null,
      family,
    );
    assertStatus(bind(world, listener, any, 80).status, W.STATUS_SUCCESS);
    const client = socketOf(
      world,
      a,
      W.WSK_FLAG_CONNECTION_SOCKET,
      null,
      family,
    );
    bind(world, client, any, 0);
    const accepted = accept(listener);
    const connected = finish(world, connectEx(client, peer, 80));
    assertStatus(connected.status, W.STATUS_SUCCESS);
    finish(world, accepted);
    const server = accepted.information as W.WSK_SOCKET;
    for (const [from, to] of [[client, server], [server, client]]) {
      const data = pattern(1_000_000, 5);
      const into = new Uint8Array(data.length);
      const read = receive(to, into, W.WSK_FLAG_WAITALL);
      const sent = send(from, data);
      finish(world, sent);
      finish(world, read);
      assertStatus(sent.status, W.STATUS_SUCCESS);
      assertEquals(sent.information, data.length);
      assertEquals(read.information, data.length);
      assert(into.every((byte, i) => byte === data[i]));
    }
    const gone = [disconnect(client), disconnect(server)];
    const ends = [client, server].map((s) => receive(s, new Uint8Array(1)));
    for (const outcome of [...gone, ...ends]) {
      finish(world, outcome);
      assertStatus(outcome.status, W.STATUS_SUCCESS);
      assertEquals(outcome.information, 0);
    }
    assertEquals(world.nodes[0].stack.tcpCounters.get("TcpOutRsts"), 0);
    tidy(world, client, server, listener);
  });
}

Deno.test("WskConnectEx() with TCP_FASTOPEN sends data in the SYN from the second connection on", async () => {
  const world = await World.open();
  const [a, b] = world.nodes;
  const listener = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET);
  bind(world, listener, "0.0.0.0", 80);
  option(world, listener, W.IPPROTO_TCP, W.TCP_FASTOPEN, 1);
  const passive = () => b.stack.tcpCounters.get("TcpExtTCPFastOpenPassive");
  for (const expected of [0, 1, 2]) {
    const client = socketOf(world, a, W.WSK_FLAG_CONNECTION_SOCKET);
    option(world, client, W.IPPROTO_TCP, W.TCP_FASTOPEN, 1);
    bind(world, client, "0.0.0.0", 0);
    const accepted = accept(listener);
    // More than a segment: the rest follows the handshake, in order.
    const data = pattern(5000, expected);
    const connected = finish(world, connectEx(client, "10.0.0.2", 80, data));
    assertStatus(connected.status, W.STATUS_SUCCESS);
    assertEquals(connected.information, 5000);
    finish(world, accepted);
    assertEquals(passive(), expected);
    const server = accepted.information as W.WSK_SOCKET;
    const into = new Uint8Array(5000);
    const read = finish(world, receive(server, into, W.WSK_FLAG_WAITALL));
    assertEquals(read.information, 5000);
    assertEquals(into, data);
    finish(world, close(client));
    finish(world, close(server));
  }
  tidy(world, listener);
});

Deno.test("a listener without TCP_FASTOPEN ignores cookie requests, and a client without it never asks", async () => {
  const world = await World.open();
  const [a, b] = world.nodes;
  const listener = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET);
  bind(world, listener, "0.0.0.0", 80);
  for (const fast of [1, 1, 0]) {
    const client = socketOf(world, a, W.WSK_FLAG_CONNECTION_SOCKET);
    option(world, client, W.IPPROTO_TCP, W.TCP_FASTOPEN, fast);
    bind(world, client, "0.0.0.0", 0);
    const data = pattern(100);
    const connected = finish(world, connectEx(client, "10.0.0.2", 80, data));
    assertStatus(connected.status, W.STATUS_SUCCESS);
    const accepted = finish(world, accept(listener));
    const server = accepted.information as W.WSK_SOCKET;
    const into = new Uint8Array(100);
    const read = finish(world, receive(server, into, W.WSK_FLAG_WAITALL));
    assertEquals(read.information, 100);
    finish(world, close(client));
    finish(world, close(server));
  }
  assertEquals(b.stack.tcpCounters.get("TcpExtTCPFastOpenPassive"), 0);
  // The two that may ask do, in vain; the third is not allowed to.
  assertEquals(b.stack.tcpCounters.get("TcpExtTCPFastOpenCookieReqd"), 2);
  tidy(world, listener);
});

Deno.test("a refused, an unanswered and an unroutable connect are told apart", async () => {
  const world = await World.open({ tcp: { synRetries: 1 } });
  const [a] = world.nodes;
  const outcome = (address: string) => {
    const client = socketOf(world, a, W.WSK_FLAG_CONNECTION_SOCKET);
    bind(world, client, "0.0.0.0", 0);
    const connected = finish(world, connectEx(client, address, 9));
    finish(world, close(client));
    return connected.status;
  };
  assertStatus(outcome("10.0.0.2"), W.STATUS_CONNECTION_REFUSED);
  assertStatus(outcome("192.0.2.1"), W.STATUS_NETWORK_UNREACHABLE);
  // Nobody answers ARP for it: the host cannot be reached.
  const absent = outcome("10.0.0.77");
  assert(
    absent === W.STATUS_IO_TIMEOUT || absent === W.STATUS_HOST_UNREACHABLE,
    W.statusName(absent),
  );
  tidy(world);
});

Deno.test("conditional accept holds the answer to a SYN back until it is decided", async () => {
  const world = await World.open();
  const [a, b] = world.nodes;
  const ids: W.WSK_INSPECT_ID[] = [];
  const aborted: W.WSK_INSPECT_ID[] = [];
  const listener = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET, {
    WskAcceptEvent: null,
    WskInspectEvent: (_context, _local, _remote, id) => {
      if (id !== null) ids.push(id);
      return W.WskInspectPend;
    },
    WskAbortEvent: (_context, id) => {
      aborted.push(id);
      return W.STATUS_SUCCESS;
    },
  });
  option(world, listener, W.SOL_SOCKET, W.SO_CONDITIONAL_ACCEPT, 1);
  bind(world, listener, "0.0.0.0", 80);
  const open = () => {
    const client = socketOf(world, a, W.WSK_FLAG_CONNECTION_SOCKET);
    bind(world, client, "0.0.0.0", 0);
    return { client, connected: connectEx(client, "10.0.0.2", 80) };
  };
  const decide = (id: W.WSK_INSPECT_ID, action: W.WSK_INSPECT_ACTION) =>
    finish(
      world,
      call((irp) =>
        listen(listener).WskInspectComplete(listener, id, action, irp)
      ),
    );
  const yes = open();
  world.run(500_000);
  assertEquals([ids.length, yes.connected.completions], [1, 0]);
  decide(ids[0], W.WskInspectAccept);
  finish(world, yes.connected);
  assertStatus(yes.connected.status, W.STATUS_SUCCESS);
  const server = finish(world, accept(listener)).information as W.WSK_SOCKET;
  const no = open();
  world.run(500_000);
  decide(ids[1], W.WskInspectReject);
  finish(world, no.connected);
  assertStatus(no.connected.status, W.STATUS_CONNECTION_REFUSED);
  const gone = open();
  world.run(2_500_000);
  assertEquals(ids.length, 3, "a repeated SYN is the same request");
  tidy(world, yes.client, no.client, gone.client, server, listener);
  assertStatus(gone.connected.status, W.STATUS_CANCELLED);
});

Deno.test("an IPv4 and an IPv6 listener share a port, a dual-stack one takes both", async () => {
  const world = await World.open();
  const [a, b] = world.nodes;
  const four = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET);
  const six = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET, null, W.AF_INET6);
  const both = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET, null, W.AF_INET6);
  option(world, both, W.IPPROTO_IPV6, W.IPV6_V6ONLY, 0);
  assertStatus(bind(world, four, "0.0.0.0", 80).status, W.STATUS_SUCCESS);
  assertStatus(bind(world, six, "::", 80).status, W.STATUS_SUCCESS);
  assertStatus(
    bind(world, both, "::", 80).status,
    W.STATUS_ADDRESS_ALREADY_EXISTS,
  );
  assertStatus(bind(world, both, "::", 81).status, W.STATUS_SUCCESS);
  const reach = (address: string, port: number, listener: W.WSK_SOCKET) => {
    const family = address.includes(":") ? W.AF_INET6 : W.AF_INET;
    const kind = W.WSK_FLAG_CONNECTION_SOCKET;
    const client = socketOf(world, a, kind, null, family);
    bind(world, client, family === W.AF_INET ? "0.0.0.0" : "::", 0);
    const remote = new W.SOCKADDR_INET();
    const accepted = call((irp) =>
      listen(listener).WskAccept(listener, 0, null, null, null, remote, irp)
    );
    finish(world, connectEx(client, address, port));
    finish(world, accepted);
    finish(world, close(accepted.information as W.WSK_SOCKET));
    finish(world, close(client));
    return remote;
  };
  assertEquals(reach("10.0.0.2", 80, four).si_family, W.AF_INET);
  assertEquals(reach("fd00::2", 80, six).si_family, W.AF_INET6);
  assertEquals(reach("fd00::2", 81, both).si_family, W.AF_INET6);
  const mapped = reach("10.0.0.2", 81, both);
  assertEquals(mapped.si_family, W.AF_INET6);
  assertEquals([...mapped.Ipv6.sin6_addr.Byte], [
    ...new Uint8Array(10),
    255,
    255,
    10,
    0,
    0,
    1,
  ]);
  tidy(world, four, six, both);
});

Deno.test("datagrams go both ways, with addresses and packet information", async () => {
  const world = await World.open();
  const [a, b] = world.nodes;
  const seen: [number, number][] = [];
  const client = socketOf(world, a, W.WSK_FLAG_DATAGRAM_SOCKET);
  const server = socketOf(world, b, W.WSK_FLAG_DATAGRAM_SOCKET, {
    WskReceiveFromEvent: (_context, _flags, list) => {
      if (list === null) return W.STATUS_SUCCESS;
      seen.push([list.Buffer.Length, list.ControlInfoLength]);
      const echo = call((irp) =>
        datagram(server).WskSendTo(
          server,
          W.bufOf(W.bytesOfBuf(list.Buffer)),
          0,
          list.RemoteAddress,
          list.ControlInfoLength,
          list.ControlInfo,
          irp,
        )
      );
      assertStatus(echo.returned, W.STATUS_PENDING);
      return W.STATUS_SUCCESS;
    },
  });
  option(world, server, W.IPPROTO_IP, W.IP_PKTINFO, 1);
  bind(world, client, "0.0.0.0", 0);
  bind(world, server, "0.0.0.0", 53);
  server.Dispatch.WskControlSocket(
    server,
    W.WskSetOption,
    W.SO_WSK_EVENT_CALLBACK,
    W.SOL_SOCKET,
    16,
    { NpiId: W.NPI_WSK_INTERFACE_ID, EventMask: W.WSK_EVENT_RECEIVE_FROM },
    0,
    null,
    null,
    null,
  );
  for (const size of [0, 1, 1400, 9000]) {
    const data = pattern(size);
    const into = new Uint8Array(10_000);
    const from = new W.SOCKADDR_IN();
    const read = call((irp) =>
      datagram(client).WskReceiveFrom(
        client,
        W.bufOf(into),
        0,
        from,
        null,
        null,
        null,
        irp,
      )
    );
    const sent = finish(
      world,
      call((irp) =>
        datagram(client).WskSendTo(
          client,
          W.bufOf(data),
          0,
          W.sockaddr("10.0.0.2", 53),
          0,
          null,
          irp,
        )
      ),
    );
    assertEquals(sent.information, size);
    finish(world, read);
    assertEquals(read.information, size);
    assertEquals(into.slice(0, size), data);
    assertEquals(from, W.sockaddr("10.0.0.2", 53));
  }
  assertEquals(seen.map(([size]) => size), [0, 1, 1400, 9000]);
  assert(seen.every(([, control]) => control === 24));
  tidy(world, client, server);
});

Deno.test("silent mode stops every word, also at close", async () => {
  const world = await World.open();
  const [a, b] = world.nodes;
  const listener = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET);
  bind(world, listener, "0.0.0.0", 80);
  const client = socketOf(world, a, W.WSK_FLAG_CONNECTION_SOCKET);
  bind(world, client, "0.0.0.0", 0);
  finish(world, connectEx(client, "10.0.0.2", 80));
  const server = finish(world, accept(listener)).information as W.WSK_SOCKET;
  const silent = finish(
    world,
    call((irp) =>
      client.Dispatch.WskControlSocket(
        client,
        W.WskIoctl,
        W.SIO_WSK_SET_TCP_SILENT_MODE,
        0,
        0,
        null,
        0,
        null,
        null,
        irp,
      )
    ),
  );
  assertStatus(silent.status, W.STATUS_SUCCESS);
  assertStatus(
    send(client, pattern(1)).returned,
    W.STATUS_INVALID_DEVICE_STATE,
  );
  const before = a.stack.tcpCounters.get("TcpOutSegs");
  send(server, pattern(1000));
  world.run(3_000_000);
  finish(world, close(client));
  world.run(100_000);
  assertEquals(a.stack.tcpCounters.get("TcpOutSegs"), before);
  finish(world, close(server));
  finish(world, close(listener));
});

Deno.test("SIO_TCP_INFO and the backlog queries tell the engine's figures", async () => {
  const world = await World.open();
  const [a, b] = world.nodes;
  const listener = socketOf(world, b, W.WSK_FLAG_LISTEN_SOCKET);
  bind(world, listener, "0.0.0.0", 80);
  const client = socketOf(world, a, W.WSK_FLAG_CONNECTION_SOCKET);
  bind(world, client, "0.0.0.0", 0);
  finish(world, connectEx(client, "10.0.0.2", 80));
  const server = finish(world, accept(listener)).information as W.WSK_SOCKET;
  finish(world, send(client, pattern(3000)));
  const ioctl = (
    socket: W.WSK_SOCKET,
    code: number,
    input: Uint8Array | null,
    output: W.Sized | Uint8Array,
  ) =>
    finish(
      world,
      call((irp) =>
        socket.Dispatch.WskControlSocket(
          socket,
          W.WskIoctl,
          code,
          0,
          input?.length ?? 0,
          input,
          W.sizeof(output),
          output,
          null,
          irp,
        )
      ),
    );
  const info = new W.TCP_INFO_v0();
  const told = ioctl(client, W.SIO_TCP_INFO, W.u32(0), info);
  assertStatus(told.status, W.STATUS_SUCCESS);
  assertEquals(told.information, 88);
  assertEquals([info.State, info.BytesOut, info.Mss], [4, 3000, 1448]);
  assert(info.RttUs >= 2000 && info.TimestampsEnabled);
  const size = new Uint8Array(8);
  ioctl(client, W.SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, null, size);
  assertEquals(W.readUlong(size, 8), 65_536);
  ioctl(server, W.SIO_WSK_QUERY_RECEIVE_BACKLOG, null, size);
  assertEquals(W.readUlong(size, 8), 3000);
  tidy(world, client, server, listener);
});

Deno.test("closing the stack forces every socket closed", async () => {
  const world = await World.open();
  const [a] = world.nodes;
  const listener = socketOf(world, a, W.WSK_FLAG_LISTEN_SOCKET);
  bind(world, listener, "0.0.0.0", 80);
  const pending = accept(listener);
  const datagrams = socketOf(world, a, W.WSK_FLAG_DATAGRAM_SOCKET);
  bind(world, datagrams, "0.0.0.0", 53);
  a.stack.close(world.now);
  assertEquals(pending.completions, 1);
  assertStatus(pending.status, W.STATUS_FILE_FORCED_CLOSED);
  // Nobody polls a closed stack, and yet nothing is left uncompleted.
  const late = accept(listener);
  assertStatus(late.returned, W.STATUS_FILE_FORCED_CLOSED);
  const closes = [close(listener), close(datagrams)];
  for (let i = 0; i < 5; i++) await Promise.resolve();
  assertEquals(late.completions, 1);
  for (const { completions, status } of closes) {
    assertEquals(completions, 1);
    assertStatus(status, W.STATUS_SUCCESS);
  }
  assertEquals(a.subsystem.usage, { clients: 1, sockets: 0, addresses: 0 });
});

Deno.test("SIO_ADDRESS_LIST_CHANGE completes when the stack gets or loses an address", async () => {
  const world = await World.open();
  const [{ stack, npi }] = world.nodes;
  const socket = socketOf(world, world.nodes[0], W.WSK_FLAG_DATAGRAM_SOCKET);
  const address = parseIpAddress("10.0.0.77");
  const watch = () =>
    call((irp) =>
      socket.Dispatch.WskControlSocket(
        socket,
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
    );
  const added = watch();
  world.run(5_000_000);
  assertEquals(added.completions, 0);
  stack.ip.addAddress(1, { address, prefixLength: 24 }, world.now);
  world.run(2_000_000);
  assertStatus(added.status, W.STATUS_SUCCESS);
  const removed = watch();
  stack.ip.removeAddress(1, address);
  world.run(2_000_000);
  assertStatus(removed.status, W.STATUS_SUCCESS);
  assert(npi.Client);
  tidy(world, socket);
});

Deno.test("a client may wait for an event by the stack's clock", async () => {
  const world = await World.open();
  const [{ subsystem }] = world.nodes;
  const { KeWaitForSingleObject } = subsystem;
  const wait = KeWaitForSingleObject(
    new W.KEVENT(),
    W.Executive,
    W.KernelMode,
    false,
    -20_000_000,
  );
  world.run(3_000_000);
  assertEquals(world.now, 2_000_000);
  assertStatus(await wait, W.STATUS_TIMEOUT);
});
