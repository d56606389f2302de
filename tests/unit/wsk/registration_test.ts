import { assert, assertEquals } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertEnded,
  assertRefused,
  assertStatus,
  Bench,
} from "../../tools/wsk_bench.ts";

function capture(bench: Bench, timeout: number): Promise<W.NTSTATUS> {
  return bench.subsystem.WskCaptureProviderNPI(
    bench.registration,
    timeout,
    bench.npi,
  );
}

/** Whether a promise has resolved by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
  return await Promise.race([promise.then(() => true), Promise.resolve(false)]);
}

Deno.test("WskRegister() refuses a block in use and a missing table", () => {
  const bench = new Bench();
  bench.register();
  const Dispatch = { Version: 0x100, Reserved: 0, WskClientEvent: null };
  const again = { ClientContext: null, Dispatch };
  const { WskRegister } = bench.subsystem;
  assertStatus(
    WskRegister(again, bench.registration),
    W.STATUS_INVALID_PARAMETER,
  );
  const none = { ClientContext: null } as unknown as W.WSK_CLIENT_NPI;
  assertStatus(
    WskRegister(none, new W.WSK_REGISTRATION()),
    W.STATUS_INVALID_PARAMETER,
  );
  assertStatus(
    WskRegister(again, new W.WSK_REGISTRATION()),
    W.STATUS_SUCCESS,
  );
});

Deno.test("WskCaptureProviderNPI() speaks 1.0, and STATUS_NOINTERFACE to others", async () => {
  for (const [major, minor] of [[0, 9], [1, 0], [1, 1], [2, 0]]) {
    const bench = new Bench();
    bench.register(W.MAKE_WSK_VERSION(major, minor));
    const spoken = major === 1 && minor === 0;
    const status = await capture(bench, W.WSK_NO_WAIT);
    assertStatus(status, spoken ? W.STATUS_SUCCESS : W.STATUS_NOINTERFACE);
    const versions = new W.WSK_PROVIDER_CHARACTERISTICS();
    const query = bench.subsystem.WskQueryProviderCharacteristics;
    assertStatus(query(bench.registration, versions), W.STATUS_SUCCESS);
    assertEquals(versions.HighestVersion, 0x100);
    assertEquals(versions.LowestVersion, 0x100);
  }
});

Deno.test("WskCaptureProviderNPI() waits for the provider as long as it is told", async () => {
  const bench = new Bench();
  bench.net.ready = false;
  bench.register();
  assertStatus(await capture(bench, W.WSK_NO_WAIT), W.STATUS_DEVICE_NOT_READY);
  const short = capture(bench, 100);
  bench.net.advance(99_999);
  assert(!await isSettled(short));
  bench.net.advance(1);
  assertStatus(await short, W.STATUS_DEVICE_NOT_READY);
  const versions = new W.WSK_PROVIDER_CHARACTERISTICS();
  const query = bench.subsystem.WskQueryProviderCharacteristics;
  assertStatus(query(bench.registration, versions), W.STATUS_DEVICE_NOT_READY);
  const long = capture(bench, W.WSK_INFINITE_WAIT);
  bench.net.advance(1e12);
  assert(!await isSettled(long));
  bench.net.setReady(true);
  assertStatus(await long, W.STATUS_SUCCESS);
});

Deno.test("WskDeregister() ends a capture that waits, and later ones", async () => {
  const bench = new Bench();
  bench.net.ready = false;
  bench.register();
  const waiting = capture(bench, W.WSK_INFINITE_WAIT);
  const done = bench.subsystem.WskDeregister(bench.registration);
  assertStatus(await waiting, W.STATUS_DEVICE_NOT_READY);
  await done;
  bench.net.setReady(true);
  assertStatus(await capture(bench, 0), W.STATUS_DEVICE_NOT_READY);
});

Deno.test("WskDeregister() waits for releases, sockets and requests", async () => {
  const bench = await Bench.open();
  const { WskReleaseProviderNPI, WskDeregister } = bench.subsystem;
  assertStatus(await capture(bench, 0), W.STATUS_SUCCESS);
  const socket = bench.socket(W.WSK_FLAG_CONNECTION_SOCKET);
  const change = bench.call((irp) =>
    bench.npi.Dispatch.WskControlClient(
      bench.npi.Client,
      W.WSK_TRANSPORT_LIST_CHANGE,
      0,
      null,
      0,
      null,
      null,
      irp,
    )
  );
  bench.net.run();
  assertEquals(change.completions, 0);
  const done = WskDeregister(bench.registration);
  bench.net.run();
  assertEnded(change, W.STATUS_CANCELLED, 0);
  assert(!await isSettled(done));
  WskReleaseProviderNPI(bench.registration);
  assert(!await isSettled(done));
  WskReleaseProviderNPI(bench.registration);
  assert(!await isSettled(done));
  // The socket outlives the release, through its own table.
  bench.bind(socket);
  bench.close(socket);
  await done;
  assertEquals(bench.subsystem.usage.clients, 0);
  bench.register();
});

Deno.test("WskSocket() judges category, family, type and protocol", async () => {
  const bench = await Bench.open();
  const { Client, Dispatch } = bench.npi;
  const make = (
    family: number,
    type: number,
    protocol: number,
    flags: number,
    context: unknown = null,
  ) =>
    bench.call((irp) =>
      Dispatch.WskSocket(
        Client,
        family,
        type,
        protocol,
        flags,
        context,
        null,
        null,
        null,
        null,
        irp,
      )
    );
  const ok: [number, number, number][] = [
    [W.SOCK_STREAM, W.IPPROTO_TCP, W.WSK_FLAG_BASIC_SOCKET],
    [W.SOCK_DGRAM, W.IPPROTO_UDP, W.WSK_FLAG_BASIC_SOCKET],
    [W.SOCK_RAW, 200, W.WSK_FLAG_BASIC_SOCKET],
    [W.SOCK_STREAM, W.IPPROTO_TCP, W.WSK_FLAG_LISTEN_SOCKET],
    [W.SOCK_DGRAM, W.IPPROTO_UDP, W.WSK_FLAG_LISTEN_SOCKET],
    [W.SOCK_STREAM, W.IPPROTO_TCP, W.WSK_FLAG_CONNECTION_SOCKET],
    [W.SOCK_STREAM, W.IPPROTO_TCP, W.WSK_FLAG_STREAM_SOCKET],
    [W.SOCK_DGRAM, W.IPPROTO_UDP, W.WSK_FLAG_DATAGRAM_SOCKET],
  ];
  const made: W.WSK_SOCKET[] = [];
  for (const family of [W.AF_INET, W.AF_INET6]) {
    for (const [type, protocol, flags] of ok) {
      const call = make(family, type, protocol, flags);
      bench.net.run();
      assertStatus(call.status, W.STATUS_SUCCESS);
      made.push(call.information as W.WSK_SOCKET);
    }
  }
  const refused = (call: ReturnType<typeof make>, status: number) =>
    assertRefused(bench, call, status);
  const { SOCK_STREAM: S, SOCK_DGRAM: D, SOCK_RAW: R } = W;
  const { IPPROTO_TCP: T, IPPROTO_UDP: U } = W;
  const bad = W.STATUS_PROTOCOL_NOT_SUPPORTED;
  refused(make(1, S, T, 2), bad);
  refused(make(W.AF_INET, S, U, 2), bad);
  refused(make(W.AF_INET, D, U, 2), bad);
  refused(make(W.AF_INET, S, T, 4), bad);
  refused(make(W.AF_INET, D, U, 8), bad);
  refused(make(W.AF_INET, R, 1, 2), bad);
  refused(make(W.AF_INET, R, 1, 4), W.STATUS_NOT_SUPPORTED);
  refused(make(W.AF_INET, S, T, 3), W.STATUS_INVALID_PARAMETER);
  refused(make(W.AF_INET, S, T, 16), W.STATUS_INVALID_PARAMETER);
  refused(make(W.AF_INET, S, T, 0, {}), W.STATUS_INVALID_PARAMETER);
  bench.tidy(...made);
});

Deno.test("functions of the client object need a client, an IRP and a stack", async () => {
  const bench = await Bench.open();
  const { Dispatch, Client } = bench.npi;
  const socket = (client: W.WSK_CLIENT, irp: W.IRP) =>
    Dispatch.WskSocket(
      client,
      W.AF_INET,
      W.SOCK_STREAM,
      W.IPPROTO_TCP,
      W.WSK_FLAG_CONNECTION_SOCKET,
      null,
      null,
      null,
      null,
      null,
      irp,
    );
  const irp = W.IoAllocateIrp(1, false) as W.IRP;
  const none = null as unknown as W.WSK_CLIENT;
  assertStatus(socket(none, irp), W.STATUS_INVALID_HANDLE);
  const noIrp = null as unknown as W.IRP;
  assertStatus(socket(Client, noIrp), W.STATUS_INVALID_PARAMETER);
  W.IoFreeIrp(irp);
  bench.net.setReady(false);
  const down = bench.call((irp) => socket(Client, irp));
  assertRefused(bench, down, W.STATUS_DEVICE_NOT_READY);
});

Deno.test("all tables are frozen, shared by their category and in the order of wsk.h", async () => {
  const bench = await Bench.open();
  const orders: [number, string][] = [
    [W.WSK_FLAG_BASIC_SOCKET, "ControlSocket CloseSocket"],
    [
      W.WSK_FLAG_LISTEN_SOCKET,
      "ControlSocket CloseSocket Bind Accept InspectComplete GetLocalAddress",
    ],
    [
      W.WSK_FLAG_DATAGRAM_SOCKET,
      "ControlSocket CloseSocket Bind SendTo ReceiveFrom Release GetLocalAddress SendMessages",
    ],
    [
      W.WSK_FLAG_CONNECTION_SOCKET,
      "ControlSocket CloseSocket Bind Connect GetLocalAddress GetRemoteAddress Send Receive Disconnect Release ConnectEx SendEx ReceiveEx",
    ],
    [
      W.WSK_FLAG_STREAM_SOCKET,
      "ControlSocket CloseSocket Bind Accept Connect Listen Send Receive Disconnect Release GetLocalAddress GetRemoteAddress ConnectEx SendEx ReceiveEx",
    ],
  ];
  for (const [flags, order] of orders) {
    const one = bench.socket(flags);
    const two = bench.socket(flags);
    assert(one.Dispatch === two.Dispatch);
    assert(Object.isFrozen(one.Dispatch));
    const names = Object.keys(one.Dispatch).map((n) => n.replace("Wsk", ""));
    assertEquals(names.join(" "), order);
    bench.close(one);
    bench.close(two);
  }
  assert(Object.isFrozen(bench.npi.Dispatch));
  assertEquals(
    Object.keys(bench.npi.Dispatch).join(" "),
    "Version Reserved WskSocket WskSocketConnect WskControlClient " +
      "WskGetAddressInfo WskFreeAddressInfo WskGetNameInfo",
  );
  bench.tidy();
});

Deno.test("WskControlClient() answers every code, and STATUS_NOT_SUPPORTED to the rest", async () => {
  const bench = await Bench.open();
  const { Client, Dispatch } = bench.npi;
  const control = (
    code: number,
    input: unknown = null,
    outputSize = 0,
    output: unknown = null,
    returned: W.POINTER<number> | null = null,
  ) =>
    Dispatch.WskControlClient(
      Client,
      code,
      input === null ? 0 : 8,
      input,
      outputSize,
      output,
      returned,
      null,
    );
  const size = W.variable(0);
  const query = W.WSK_TRANSPORT_LIST_QUERY;
  assertStatus(control(query, null, 0, null, size), W.STATUS_BUFFER_OVERFLOW);
  assertEquals(size.value, 4 * W.WSK_TRANSPORT_SIZE);
  const list: W.WSK_TRANSPORT[] = [];
  assertStatus(control(query, null, size.value, list, size), W.STATUS_SUCCESS);
  assertEquals(list.map((t) => [t.AddressFamily, t.Protocol]), [
    [W.AF_INET, W.IPPROTO_TCP],
    [W.AF_INET, W.IPPROTO_UDP],
    [W.AF_INET6, W.IPPROTO_TCP],
    [W.AF_INET6, W.IPPROTO_UDP],
  ]);
  const cached = W.variable<W.SECURITY_DESCRIPTOR | null>(null);
  const given = { allowsSharing: true };
  assertStatus(
    control(W.WSK_CACHE_SD, given, 8, cached),
    W.STATUS_SUCCESS,
  );
  assert(cached.value !== given && cached.value?.allowsSharing);
  assertStatus(control(W.WSK_RELEASE_SD, cached.value), W.STATUS_SUCCESS);
  assertStatus(control(W.WSK_RELEASE_SD), W.STATUS_INVALID_PARAMETER);
  const bypass = W.u32(W.WSK_TDI_BEHAVIOR_BYPASS_TDI);
  const map = { ElementCount: 0, Map: [] };
  assertStatus(control(W.WSK_TDI_BEHAVIOR, bypass), W.STATUS_SUCCESS);
  assertStatus(
    control(W.WSK_TDI_DEVICENAME_MAPPING, map),
    W.STATUS_SUCCESS,
  );
  const socket = bench.socket(W.WSK_FLAG_BASIC_SOCKET);
  const late = W.STATUS_INVALID_DEVICE_STATE;
  assertStatus(control(W.WSK_TDI_BEHAVIOR, bypass), late);
  assertStatus(control(W.WSK_TDI_DEVICENAME_MAPPING, map), late);
  assertStatus(control(1), W.STATUS_NOT_SUPPORTED);
  assertStatus(control(99), W.STATUS_NOT_SUPPORTED);
  assertStatus(
    control(W.WSK_TRANSPORT_LIST_CHANGE),
    W.STATUS_INVALID_PARAMETER,
  );
  const withIrp = (code: number) =>
    bench.call((irp) =>
      Dispatch.WskControlClient(Client, code, 0, null, 0, null, null, irp)
    );
  assertRefused(bench, withIrp(query), W.STATUS_INVALID_PARAMETER);
  assertRefused(bench, withIrp(99), W.STATUS_NOT_SUPPORTED);
  const change = withIrp(W.WSK_TRANSPORT_LIST_CHANGE);
  assert(W.IoCancelIrp(change.irp));
  bench.net.run();
  assertEnded(change, W.STATUS_CANCELLED, 0);
  bench.tidy(socket);
});
