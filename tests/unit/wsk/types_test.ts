/**
 * What must not compile. Each `@ts-expect-error` is an error of its own when
 * the line below it has none, so the type check of this file is the test.
 */
import { assert } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";

declare const socket: W.WSK_SOCKET;
declare const address: W.SOCKADDR_IN;
declare const buffer: W.WSK_BUF;
declare const irp: W.IRP;
declare const client: W.WSK_CLIENT;
declare const provider: W.WSK_PROVIDER_DISPATCH;
declare const tcp: W.WSK_PROVIDER_CONNECTION_DISPATCH;
declare const udp: W.WSK_PROVIDER_DATAGRAM_DISPATCH;
declare const listen: W.WSK_PROVIDER_LISTEN_DISPATCH;
declare const data: W.WSK_DATA_INDICATION;

/** Never called: it is here to be type-checked. */
function mustNotCompile(): void {
  // @ts-expect-error: the IRP comes last
  tcp.WskConnect(socket, address, irp, 0);
  // @ts-expect-error: the socket comes first
  tcp.WskConnect(address, socket, 0, irp);
  // @ts-expect-error: Flags is missing
  tcp.WskConnect(socket, address, irp);
  // @ts-expect-error: Flags and Buffer are exchanged
  tcp.WskConnectEx(socket, address, 0, buffer, irp);
  // @ts-expect-error: a buffer is no IRP
  tcp.WskSend(socket, buffer, 0, buffer);
  // @ts-expect-error: a buffer is not bytes
  tcp.WskReceive(socket, new Uint8Array(4), 0, irp);
  // @ts-expect-error: a receive needs its buffer
  tcp.WskReceive(socket, null, 0, irp);
  // @ts-expect-error: an indication of data is not one of datagrams
  udp.WskRelease(socket, data);
  // @ts-expect-error: connections have no WskAccept
  tcp.WskAccept(socket, 0, null, null, null, null, irp);
  // @ts-expect-error: listeners have no WskListen
  listen.WskListen(socket, irp);
  // @ts-expect-error: there is no such inspect action
  listen.WskInspectComplete(socket, new W.WSK_INSPECT_ID(), 4, irp);
  // @ts-expect-error: there is no such request type
  tcp.WskControlSocket(socket, 4, 0, 0, 0, null, 0, null, null, irp);
  // @ts-expect-error: a socket is no client
  provider.WskFreeAddressInfo(socket, null);
  provider.WskSocket(
    client,
    W.AF_INET,
    W.SOCK_STREAM,
    W.IPPROTO_TCP,
    W.WSK_FLAG_CONNECTION_SOCKET,
    null,
    // @ts-expect-error: a table of a client lacks a member
    { WskReceiveEvent: null, WskDisconnectEvent: null },
    null,
    null,
    null,
    irp,
  );
  // @ts-expect-error: a provider's table lacks members
  const basic: W.WSK_PROVIDER_BASIC_DISPATCH = {
    WskCloseSocket: tcp.WskCloseSocket,
  };
  // @ts-expect-error: tables do not change
  tcp.WskSend = tcp.WskSendEx;
  // @ts-expect-error: a socket's table is not exchanged
  socket.Dispatch = tcp;
  // @ts-expect-error: Information may be a socket, not only a number
  const count: number = irp.IoStatus.Information;
  // @ts-expect-error: a completion routine answers with a status
  W.IoSetCompletionRoutine(irp, () => {}, null, true, true, true);
  W.IoSetCompletionRoutine(
    irp,
    (_device, _irp, context: W.WSK_SOCKET) => context ? 0 : 1,
    // @ts-expect-error: the routine wants a socket for its context
    "text",
    true,
    true,
    true,
  );
  // @ts-expect-error: capturing is waited for
  const status: W.NTSTATUS = new W.WskSubsystem(null!).WskCaptureProviderNPI(
    new W.WSK_REGISTRATION(),
    0,
    new W.WSK_PROVIDER_NPI(),
  );
  void [basic, count, status];
}

Deno.test("wrong argument orders and incomplete tables do not compile", () => {
  assert(mustNotCompile instanceof Function);
});
