/**
 * What the tests of the Winsock Kernel surface have in common: a registered
 * client over the double, and calls that record everything their IRP does.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as W from "../../engine/wsk/mod.ts";
import { DoubleTransport } from "./wsk_double.ts";

/** One call: what it returned, how often and how its IRP completed. */
export interface Call {
  readonly irp: W.IRP;
  readonly returned: W.NTSTATUS;
  completions: number;
  status: W.NTSTATUS;
  information: number | W.WSK_SOCKET;
  pendingReturned: boolean;
  order: number;
}

/** A client over a double. */
export class Bench {
  readonly net: DoubleTransport;
  readonly subsystem: W.WskSubsystem;
  readonly registration: W.WSK_REGISTRATION = new W.WSK_REGISTRATION();
  readonly npi: W.WSK_PROVIDER_NPI = new W.WSK_PROVIDER_NPI();
  readonly calls: Call[] = [];
  #order = 0;

  constructor(options: W.WskSubsystemOptions = {}) {
    this.net = new DoubleTransport();
    this.subsystem = new W.WskSubsystem(this.net, options);
  }

  /** A client that has captured the provider. */
  static async open(options: W.WskSubsystemOptions = {}): Promise<Bench> {
    const bench = new Bench(options);
    bench.register();
    const status = await bench.subsystem.WskCaptureProviderNPI(
      bench.registration,
      W.WSK_NO_WAIT,
      bench.npi,
    );
    assertEquals(status, W.STATUS_SUCCESS);
    return bench;
  }

  register(version: number = W.MAKE_WSK_VERSION(1, 0)): void {
    const Dispatch = { Version: version, Reserved: 0, WskClientEvent: null };
    const status = this.subsystem.WskRegister(
      { ClientContext: null, Dispatch },
      this.registration,
    );
    assertEquals(status, W.STATUS_SUCCESS);
  }

  /** Makes a call with an IRP of its own and asserts that no routine ran inside it. */
  call(submit: (irp: W.IRP) => W.NTSTATUS): Call {
    const irp = W.IoAllocateIrp(1, W.FALSE) as W.IRP;
    const call = {
      irp,
      returned: 0,
      completions: 0,
      status: 0xffff_ffff,
      information: -1 as number | W.WSK_SOCKET,
      pendingReturned: false,
      order: -1,
    };
    W.IoSetCompletionRoutine(
      irp,
      () => {
        call.completions++;
        call.status = irp.IoStatus.Status;
        call.information = irp.IoStatus.Information;
        call.pendingReturned = irp.PendingReturned;
        call.order = this.#order++;
        return W.STATUS_MORE_PROCESSING_REQUIRED;
      },
      null,
      W.TRUE,
      W.TRUE,
      W.TRUE,
    );
    call.returned = submit(irp);
    assertEquals(call.completions, 0, "a routine ran inside the call");
    this.calls.push(call);
    return call;
  }

  /** Makes a call and runs until it has completed. */
  finish(submit: (irp: W.IRP) => W.NTSTATUS): Call {
    const call = this.call(submit);
    this.net.run();
    assertEquals(call.completions, 1, "the IRP completes once");
    return call;
  }

  /** Makes a call that must succeed. */
  succeed(submit: (irp: W.IRP) => W.NTSTATUS): number | W.WSK_SOCKET {
    const call = this.finish(submit);
    assertStatus(call.status, W.STATUS_SUCCESS);
    return call.information;
  }

  socket(
    flags: number,
    {
      family = W.AF_INET as number,
      context = null as unknown,
      dispatch = null as W.WSK_CLIENT_SOCKET_DISPATCH | null,
      type = flags === W.WSK_FLAG_DATAGRAM_SOCKET
        ? W.SOCK_DGRAM as number
        : W.SOCK_STREAM as number,
    } = {},
  ): W.WSK_SOCKET {
    const protocol = type === W.SOCK_DGRAM ? W.IPPROTO_UDP : W.IPPROTO_TCP;
    return this.succeed((irp) =>
      this.npi.Dispatch.WskSocket(
        this.npi.Client,
        family,
        type,
        protocol,
        flags,
        context,
        dispatch,
        null,
        null,
        null,
        irp,
      )
    ) as W.WSK_SOCKET;
  }

  bind(socket: W.WSK_SOCKET, address = "0.0.0.0", port = 0): void {
    const local = W.sockaddr(address, port);
    this.succeed((irp) => stream(socket).WskBind(socket, local, 0, irp));
  }

  /** A listening socket at `port`. */
  listener(
    port: number,
    dispatch: W.WSK_CLIENT_LISTEN_DISPATCH | null = null,
    context: unknown = null,
  ): W.WSK_SOCKET {
    const socket = this.socket(W.WSK_FLAG_LISTEN_SOCKET, { dispatch, context });
    this.bind(socket, "0.0.0.0", port);
    return socket;
  }

  /** A connection-oriented socket, bound. */
  bound(
    dispatch: W.WSK_CLIENT_CONNECTION_DISPATCH | null = null,
    context: unknown = null,
    flags: number = W.WSK_FLAG_CONNECTION_SOCKET,
  ): W.WSK_SOCKET {
    const socket = this.socket(flags, {
      dispatch: flags === W.WSK_FLAG_STREAM_SOCKET && dispatch
        ? { Listen: null, Connect: dispatch }
        : dispatch,
      context,
    });
    this.bind(socket);
    return socket;
  }

  /** Two connected sockets: the client's and the accepted one. */
  pair(
    client: W.WSK_CLIENT_CONNECTION_DISPATCH | null = null,
    server: W.WSK_CLIENT_CONNECTION_DISPATCH | null = null,
    port = 4000,
  ): { client: W.WSK_SOCKET; server: W.WSK_SOCKET; listener: W.WSK_SOCKET } {
    const listener = this.listener(port);
    const accept = this.call((irp) =>
      listen(listener).WskAccept(listener, 0, null, server, null, null, irp)
    );
    const socket = this.bound(client);
    this.connect(socket, port);
    assertStatus(accept.status, W.STATUS_SUCCESS);
    return {
      client: socket,
      server: accept.information as W.WSK_SOCKET,
      listener,
    };
  }

  connect(socket: W.WSK_SOCKET, port: number): void {
    const remote = W.sockaddr("127.0.0.1", port);
    this.succeed((irp) =>
      connection(socket).WskConnect(socket, remote, 0, irp)
    );
  }

  send(socket: W.WSK_SOCKET, data: Uint8Array, flags = 0): Call {
    return this.call((irp) =>
      connection(socket).WskSend(socket, W.bufOf(data), flags, irp)
    );
  }

  receive(socket: W.WSK_SOCKET, into: Uint8Array, flags = 0): Call {
    return this.call((irp) =>
      connection(socket).WskReceive(socket, W.bufOf(into), flags, irp)
    );
  }

  disconnect(
    socket: W.WSK_SOCKET,
    flags = 0,
    data: Uint8Array | null = null,
  ): Call {
    const buffer = data === null ? null : W.bufOf(data);
    return this.call((irp) =>
      connection(socket).WskDisconnect(socket, buffer, flags, irp)
    );
  }

  close(socket: W.WSK_SOCKET): Call {
    const call = this.finish((irp) =>
      socket.Dispatch.WskCloseSocket(socket, irp)
    );
    assertStatus(call.returned, W.STATUS_PENDING);
    return call;
  }

  setOption(
    socket: W.WSK_SOCKET,
    code: number,
    level: number,
    value: number | Uint8Array,
  ): Call {
    const bytes = typeof value === "number" ? W.u32(value) : value;
    return this.finish((irp) =>
      socket.Dispatch.WskControlSocket(
        socket,
        W.WskSetOption,
        code,
        level,
        bytes.length,
        bytes,
        0,
        null,
        null,
        irp,
      )
    );
  }

  getOption(
    socket: W.WSK_SOCKET,
    code: number,
    level: number,
    out: Uint8Array = new Uint8Array(4),
  ): Call {
    return this.finish((irp) =>
      socket.Dispatch.WskControlSocket(
        socket,
        W.WskGetOption,
        code,
        level,
        0,
        null,
        out.length,
        out,
        null,
        irp,
      )
    );
  }

  /** SO_WSK_EVENT_CALLBACK without an IRP. */
  events(socket: W.WSK_SOCKET, mask: number): W.NTSTATUS {
    const control = { NpiId: W.NPI_WSK_INTERFACE_ID, EventMask: mask };
    return socket.Dispatch.WskControlSocket(
      socket,
      W.WskSetOption,
      W.SO_WSK_EVENT_CALLBACK,
      W.SOL_SOCKET,
      16,
      control,
      0,
      null,
      null,
      null,
    );
  }

  /** Closes every socket given, then asserts that every IRP completed once and nothing is left. */
  tidy(...sockets: W.WSK_SOCKET[]): void {
    for (const socket of sockets) this.close(socket);
    this.net.run();
    for (const call of this.calls) {
      assertEquals(call.completions, 1, "every IRP completes once");
      W.IoFreeIrp(call.irp);
    }
    assertEquals(this.subsystem.usage.sockets, 0);
    assertEquals(this.subsystem.usage.addresses, 0);
    assertEquals(this.net.listeners.size, 0);
    assertEquals(this.net.sockets.size, 0);
    assertEquals(this.net.connections.size, 0);
  }
}

/** A refused call: it returned `status`, and its IRP completed with it once. */
export function assertRefused(bench: Bench, call: Call, status: number): void {
  assertStatus(call.returned, status);
  bench.net.run();
  assertEquals(call.completions, 1);
  assertStatus(call.status, status);
  assertEquals(call.information, 0);
  assertEquals(call.pendingReturned, false);
}

/** A pended call: its IRP completed once with `status` and `information`. */
export function assertEnded(
  call: Call,
  status: number,
  information: number,
): void {
  assertStatus(call.returned, W.STATUS_PENDING);
  assertEquals(call.completions, 1);
  assertStatus(call.status, status);
  assertEquals(call.information, information);
  assert(call.pendingReturned);
}

/** Compares statuses by name. */
export function assertStatus(actual: number, expected: number): void {
  assertEquals(W.statusName(actual), W.statusName(expected));
}

/** The socket's table as a listening socket's. */
export function listen(socket: W.WSK_SOCKET): W.WSK_PROVIDER_LISTEN_DISPATCH {
  return socket.Dispatch as W.WSK_PROVIDER_LISTEN_DISPATCH;
}

/** The socket's table as a connection-oriented socket's. */
export function connection(
  socket: W.WSK_SOCKET,
): W.WSK_PROVIDER_CONNECTION_DISPATCH {
  return socket.Dispatch as W.WSK_PROVIDER_CONNECTION_DISPATCH;
}

/** The socket's table as a stream socket's. */
export function stream(socket: W.WSK_SOCKET): W.WSK_PROVIDER_STREAM_DISPATCH {
  return socket.Dispatch as W.WSK_PROVIDER_STREAM_DISPATCH;
}

/** The socket's table as a datagram socket's. */
export function datagram(
  socket: W.WSK_SOCKET,
): W.WSK_PROVIDER_DATAGRAM_DISPATCH {
  return socket.Dispatch as W.WSK_PROVIDER_DATAGRAM_DISPATCH;
}

/** Bytes that count up from `seed`. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff);
}
