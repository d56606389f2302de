/**
 * An echo server of events and IRPs, in the manner of a driver.
 *
 *     deno run --allow-ffi examples/wsk_echo_server.ts 7
 *     deno run examples/wsk_echo_server.ts --loopback
 *
 * Connections arrive by WskAcceptEvent, which is enabled statically. Each gets
 * operation contexts of an IRP, a buffer and its MDL, which are used over and
 * over (IoReuseIrp) and take turns through receive, send and again receive;
 * nothing is allocated while data flows. A receive of no bytes is the client's
 * FIN: the server disconnects too, then closes. Completion routines only start
 * the next operation.
 *
 * Over TAP it runs until it is interrupted; with `--loopback` it serves one
 * client of the second stack and ends.
 *
 * @module
 */
import type { Network } from "../mod.ts";
import {
  AF_INET,
  FALSE,
  IoAllocateIrp,
  IoAllocateMdl,
  IoFreeIrp,
  IoFreeMdl,
  IoReuseIrp,
  IoSetCompletionRoutine,
  IPPROTO_TCP,
  KEVENT,
  MmBuildMdlForNonPagedPool,
  NPI_WSK_INTERFACE_ID,
  NT_SUCCESS,
  type NTSTATUS,
  NULL,
  type PDEVICE_OBJECT,
  type PIRP,
  type PMDL,
  type PWSK_PROVIDER_CONNECTION_DISPATCH,
  type PWSK_PROVIDER_LISTEN_DISPATCH,
  type PWSK_SOCKET,
  SOCK_STREAM,
  sockaddr,
  STATUS_MORE_PROCESSING_REQUIRED,
  STATUS_REQUEST_NOT_ACCEPTED,
  STATUS_SUCCESS,
  STATUS_UNSUCCESSFUL,
  TRUE,
  type WSK_CLIENT_LISTEN_DISPATCH,
  WSK_EVENT_ACCEPT,
  WSK_FLAG_LISTEN_SOCKET,
  WSK_SET_STATIC_EVENT_CALLBACKS,
} from "../engine/wsk/mod.ts";
import { runProgram } from "./support/program.ts";
import {
  openWskStage,
  requireSuccess,
  succeed,
  WSK_HELP,
} from "./support/wsk.ts";

const HELP = `deno run --allow-ffi examples/wsk_echo_server.ts [flags] [PORT]

Returns what it is sent, on PORT (7), through the Winsock Kernel surface.

${WSK_HELP}`;

const BUFFER_LENGTH = 2048;
/** Receives kept posted on each connection. */
const OP_COUNT = 2;

/** One connection. */
interface SOCKET_CONTEXT {
  readonly Socket: PWSK_SOCKET;
  Disconnecting: boolean;
  Closing: boolean;
  /** Operations under way. */
  Pending: number;
  Echoed: number;
}

/** One operation after the other on a connection. */
interface OP_CONTEXT {
  readonly SocketContext: SOCKET_CONTEXT;
  readonly Irp: PIRP;
  readonly Mdl: PMDL;
  DataLength: number;
}

/** Set whenever a connection is closed. */
const Closed = new KEVENT();

const ListenDispatch: WSK_CLIENT_LISTEN_DISPATCH = {
  WskAcceptEvent: (
    _SocketContext,
    _Flags,
    _LocalAddress,
    _RemoteAddress,
    AcceptSocket,
    AcceptSocketContext,
    AcceptSocketDispatch,
  ): NTSTATUS => {
    // A NULL socket: the listening socket is dead.
    if (!AcceptSocket) return STATUS_REQUEST_NOT_ACCEPTED;
    const SocketContext: SOCKET_CONTEXT = {
      Socket: AcceptSocket,
      Disconnecting: FALSE,
      Closing: FALSE,
      Pending: 0,
      Echoed: 0,
    };
    for (let i = 0; i < OP_COUNT; i++) {
      const OpContext = AllocateOpContext(SocketContext);
      if (!OpContext) return STATUS_REQUEST_NOT_ACCEPTED;
      OpReceive(OpContext);
    }
    // No events on the accepted socket: receives do all.
    AcceptSocketContext.value = NULL;
    AcceptSocketDispatch.value = NULL;
    return STATUS_SUCCESS;
  },
  WskInspectEvent: NULL,
  WskAbortEvent: NULL,
};

function AllocateOpContext(SocketContext: SOCKET_CONTEXT): OP_CONTEXT | null {
  const Irp = IoAllocateIrp(1, FALSE);
  if (!Irp) return NULL;
  const Buffer = new Uint8Array(BUFFER_LENGTH);
  const Mdl = IoAllocateMdl(Buffer, BUFFER_LENGTH, FALSE, FALSE, NULL);
  if (!Mdl) {
    IoFreeIrp(Irp);
    return NULL;
  }
  MmBuildMdlForNonPagedPool(Mdl);
  return { SocketContext, Irp, Mdl, DataLength: 0 };
}

function FreeOpContext(OpContext: OP_CONTEXT): void {
  IoFreeIrp(OpContext.Irp);
  IoFreeMdl(OpContext.Mdl);
}

/** Makes the IRP ready, with `Routine` to run when it completes. */
function Prepare(
  OpContext: OP_CONTEXT,
  Routine: (
    DeviceObject: PDEVICE_OBJECT,
    Irp: PIRP,
    Context: OP_CONTEXT,
  ) => NTSTATUS,
): PWSK_PROVIDER_CONNECTION_DISPATCH {
  IoReuseIrp(OpContext.Irp, STATUS_UNSUCCESSFUL);
  IoSetCompletionRoutine(
    OpContext.Irp,
    Routine,
    OpContext,
    TRUE,
    TRUE,
    TRUE,
  );
  OpContext.SocketContext.Pending++;
  const { Socket } = OpContext.SocketContext;
  return Socket.Dispatch as PWSK_PROVIDER_CONNECTION_DISPATCH;
}

function OpReceive(OpContext: OP_CONTEXT): void {
  const { SocketContext, Irp, Mdl } = OpContext;
  if (SocketContext.Closing || SocketContext.Disconnecting) {
    FreeOpContext(OpContext);
    return;
  }
  const Dispatch = Prepare(OpContext, ReceiveComplete);
  const WskBuf = { Mdl, Offset: 0, Length: BUFFER_LENGTH };
  // The routine sees how it went; the return value is of no interest.
  Dispatch.WskReceive(SocketContext.Socket, WskBuf, 0, Irp);
}

function ReceiveComplete(
  _DeviceObject: PDEVICE_OBJECT,
  Irp: PIRP,
  OpContext: OP_CONTEXT,
): NTSTATUS {
  OpContext.SocketContext.Pending--;
  if (!NT_SUCCESS(Irp.IoStatus.Status)) OpClose(OpContext);
  else if (Irp.IoStatus.Information === 0) OpDisconnect(OpContext);
  else {
    OpContext.DataLength = Irp.IoStatus.Information as number;
    OpSend(OpContext);
  }
  return STATUS_MORE_PROCESSING_REQUIRED;
}

function OpSend(OpContext: OP_CONTEXT): void {
  const { SocketContext, Irp, Mdl, DataLength } = OpContext;
  const Dispatch = Prepare(OpContext, SendComplete);
  const WskBuf = { Mdl, Offset: 0, Length: DataLength };
  Dispatch.WskSend(SocketContext.Socket, WskBuf, 0, Irp);
}

function SendComplete(
  _DeviceObject: PDEVICE_OBJECT,
  Irp: PIRP,
  OpContext: OP_CONTEXT,
): NTSTATUS {
  OpContext.SocketContext.Pending--;
  OpContext.SocketContext.Echoed += OpContext.DataLength;
  if (NT_SUCCESS(Irp.IoStatus.Status)) OpReceive(OpContext);
  else OpClose(OpContext);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/** Every posted receive sees the FIN; the first disconnects. */
function OpDisconnect(OpContext: OP_CONTEXT): void {
  const { SocketContext, Irp } = OpContext;
  if (SocketContext.Disconnecting || SocketContext.Closing) {
    FreeOpContext(OpContext);
    return;
  }
  SocketContext.Disconnecting = TRUE;
  const Dispatch = Prepare(OpContext, DisconnectComplete);
  Dispatch.WskDisconnect(SocketContext.Socket, NULL, 0, Irp);
}

function DisconnectComplete(
  _DeviceObject: PDEVICE_OBJECT,
  _Irp: PIRP,
  OpContext: OP_CONTEXT,
): NTSTATUS {
  OpContext.SocketContext.Pending--;
  OpClose(OpContext);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

function OpClose(OpContext: OP_CONTEXT): void {
  const { SocketContext, Irp } = OpContext;
  if (SocketContext.Closing) {
    FreeOpContext(OpContext);
    return;
  }
  SocketContext.Closing = TRUE;
  const Dispatch = Prepare(OpContext, CloseComplete);
  Dispatch.WskCloseSocket(SocketContext.Socket, Irp);
}

function CloseComplete(
  _DeviceObject: PDEVICE_OBJECT,
  _Irp: PIRP,
  OpContext: OP_CONTEXT,
): NTSTATUS {
  const { SocketContext } = OpContext;
  SocketContext.Pending--;
  console.log(`closed after ${SocketContext.Echoed} bytes echoed`);
  FreeOpContext(OpContext);
  Closed.set();
  return STATUS_MORE_PROCESSING_REQUIRED;
}

async function main(): Promise<number> {
  await using stage = await openWskStage(HELP, "server");
  const { npi, peer, port } = stage;
  const Control = {
    NpiId: NPI_WSK_INTERFACE_ID,
    EventMask: WSK_EVENT_ACCEPT,
  };
  requireSuccess(
    "WskControlClient",
    npi.Dispatch.WskControlClient(
      npi.Client,
      WSK_SET_STATIC_EVENT_CALLBACKS,
      16, // sizeof(Control)
      Control,
      0,
      NULL,
      NULL,
      NULL,
    ),
  );
  const Listener = await succeed("WskSocket", (Irp) =>
    npi.Dispatch.WskSocket(
      npi.Client,
      AF_INET,
      SOCK_STREAM,
      IPPROTO_TCP,
      WSK_FLAG_LISTEN_SOCKET,
      NULL,
      ListenDispatch,
      NULL,
      NULL,
      NULL,
      Irp,
    )) as PWSK_SOCKET;
  const Dispatch = Listener.Dispatch as PWSK_PROVIDER_LISTEN_DISPATCH;
  const LocalAddress = sockaddr("0.0.0.0", port);
  await succeed(
    "WskBind",
    (Irp) => Dispatch.WskBind(Listener, LocalAddress, 0, Irp),
  );
  console.log(`listening on port ${port}`);

  if (peer === null) await new Promise(() => {});
  else await visit(peer, port);
  await Closed.wait();
  await succeed(
    "WskCloseSocket",
    (Irp) => Dispatch.WskCloseSocket(Listener, Irp),
  );
  return 0;
}

/** What the peer does with `--loopback`: it sends ten thousand bytes and reads them back. */
async function visit(peer: Network, port: number): Promise<void> {
  const conn = await peer.connect({ hostname: "10.0.0.2", port });
  await conn.write(new Uint8Array(10_000));
  await conn.closeWrite();
  let received = 0;
  for await (const chunk of conn.readable) received += chunk.length;
  console.log(`the client read ${received} bytes`);
}

await runProgram("wsk_echo_server", main);
