/**
 * Datagrams: a server of events that answers from the address it was asked at,
 * and a client of IRPs.
 *
 *     deno run --allow-ffi examples/wsk_datagram.ts 7
 *     deno run examples/wsk_datagram.ts --loopback
 *
 * The server enables IP_PKTINFO, so that each indication says at which of our
 * addresses the datagram arrived, and gives the same control information back
 * with the answer. It retains every indication (STATUS_PENDING) until the
 * answer has left, then releases it. Over a TAP it runs until it is
 * interrupted (`nc -u 10.0.0.2 7`); with `--loopback` the second stack sends
 * it three datagrams.
 *
 * @module
 */
import {
  AF_INET,
  bufOf,
  FALSE,
  IoAllocateIrp,
  IoFreeIrp,
  IoSetCompletionRoutine,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_UDP,
  NPI_WSK_INTERFACE_ID,
  type NTSTATUS,
  NULL,
  type PDEVICE_OBJECT,
  type PIRP,
  type PWSK_DATAGRAM_INDICATION,
  type PWSK_PROVIDER_DATAGRAM_DISPATCH,
  type PWSK_SOCKET,
  SO_WSK_EVENT_CALLBACK,
  SOCK_DGRAM,
  sockaddr,
  SOL_SOCKET,
  STATUS_DATA_NOT_ACCEPTED,
  STATUS_MORE_PROCESSING_REQUIRED,
  STATUS_PENDING,
  STATUS_SUCCESS,
  TRUE,
  u32,
  type WSK_CLIENT_DATAGRAM_DISPATCH,
  WSK_EVENT_RECEIVE_FROM,
  WSK_FLAG_DATAGRAM_SOCKET,
  WskSetOption,
} from "../engine/wsk/mod.ts";
import { runProgram } from "./support/program.ts";
import {
  capture,
  openWskStage,
  requireSuccess,
  succeed,
  WSK_HELP,
  type WskStage,
} from "./support/wsk.ts";

const HELP = `deno run --allow-ffi examples/wsk_datagram.ts [flags] [PORT]

Returns datagrams, on PORT (7), through the Winsock Kernel surface.

${WSK_HELP}`;

/** The server's socket, which is also its callbacks' context. */
let ServerSocket: PWSK_SOCKET | null = null;

const ServerDispatch: WSK_CLIENT_DATAGRAM_DISPATCH = {
  WskReceiveFromEvent: (
    _SocketContext,
    _Flags,
    DatagramIndication,
  ): NTSTATUS => {
    // NULL: the socket is dead.
    if (!DatagramIndication || !ServerSocket) return STATUS_SUCCESS;
    const Irp = IoAllocateIrp(1, FALSE);
    if (!Irp) return STATUS_DATA_NOT_ACCEPTED;
    const Dispatch = ServerSocket.Dispatch as PWSK_PROVIDER_DATAGRAM_DISPATCH;
    IoSetCompletionRoutine(
      Irp,
      AnswerComplete,
      DatagramIndication,
      TRUE,
      TRUE,
      TRUE,
    );
    Dispatch.WskSendTo(
      ServerSocket,
      DatagramIndication.Buffer,
      0,
      DatagramIndication.RemoteAddress,
      DatagramIndication.ControlInfoLength,
      DatagramIndication.ControlInfo,
      Irp,
    );
    // Ours until WskRelease.
    return STATUS_PENDING;
  },
};

function AnswerComplete(
  _DeviceObject: PDEVICE_OBJECT,
  Irp: PIRP,
  DatagramIndication: PWSK_DATAGRAM_INDICATION,
): NTSTATUS {
  const Socket = ServerSocket as PWSK_SOCKET;
  const Dispatch = Socket.Dispatch as PWSK_PROVIDER_DATAGRAM_DISPATCH;
  console.log(`answered ${Irp.IoStatus.Information} bytes`);
  Dispatch.WskRelease(Socket, DatagramIndication);
  IoFreeIrp(Irp);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

async function main(): Promise<number> {
  await using stage = await openWskStage(HELP, "server");
  const Socket = await openSocket(stage, ServerDispatch, stage.port);
  ServerSocket = Socket;
  const Control = {
    NpiId: NPI_WSK_INTERFACE_ID,
    EventMask: WSK_EVENT_RECEIVE_FROM,
  };
  requireSuccess(
    "SO_WSK_EVENT_CALLBACK",
    Socket.Dispatch.WskControlSocket(
      Socket,
      WskSetOption,
      SO_WSK_EVENT_CALLBACK,
      SOL_SOCKET,
      16, // sizeof(Control)
      Control,
      0,
      NULL,
      NULL,
      NULL,
    ),
  );
  console.log(`listening on port ${stage.port}`);
  if (stage.peer === null) await new Promise(() => {});
  else await ask(stage);
  await succeed(
    "WskCloseSocket",
    (Irp) => Socket.Dispatch.WskCloseSocket(Socket, Irp),
  );
  return 0;
}

/** A datagram socket with IP_PKTINFO on, bound to `port`; 0: any. */
async function openSocket(
  { npi }: WskStage,
  Dispatch: WSK_CLIENT_DATAGRAM_DISPATCH | null,
  port: number,
): Promise<PWSK_SOCKET> {
  const Socket = await succeed("WskSocket", (Irp) =>
    npi.Dispatch.WskSocket(
      npi.Client,
      AF_INET,
      SOCK_DGRAM,
      IPPROTO_UDP,
      WSK_FLAG_DATAGRAM_SOCKET,
      NULL,
      Dispatch,
      NULL,
      NULL,
      NULL,
      Irp,
    )) as PWSK_SOCKET;
  const Table = Socket.Dispatch as PWSK_PROVIDER_DATAGRAM_DISPATCH;
  const OptionValue = u32(1);
  await succeed("IP_PKTINFO", (Irp) =>
    Table.WskControlSocket(
      Socket,
      WskSetOption,
      IP_PKTINFO,
      IPPROTO_IP,
      OptionValue.length,
      OptionValue,
      0,
      NULL,
      NULL,
      Irp,
    ));
  await succeed(
    "WskBind",
    (Irp) => Table.WskBind(Socket, sockaddr("0.0.0.0", port), 0, Irp),
  );
  return Socket;
}

/** What the peer does with `--loopback`: a client of the same surface, by IRPs. */
async function ask({ peer, port }: WskStage): Promise<void> {
  if (peer === null) return;
  const stage = await capture(peer, null, "10.0.0.2", port);
  const Socket = await openSocket(stage, NULL, 0);
  const Dispatch = Socket.Dispatch as PWSK_PROVIDER_DATAGRAM_DISPATCH;
  const RemoteAddress = sockaddr(stage.hostname, port);
  for (const text of ["one", "two", "three"]) {
    const Buffer = bufOf(new TextEncoder().encode(text));
    await succeed(
      "WskSendTo",
      (Irp) =>
        Dispatch.WskSendTo(Socket, Buffer, 0, RemoteAddress, 0, NULL, Irp),
    );
    const bytes = new Uint8Array(100);
    const received = await succeed(
      "WskReceiveFrom",
      (Irp) =>
        Dispatch.WskReceiveFrom(
          Socket,
          bufOf(bytes),
          0,
          NULL,
          NULL,
          NULL,
          NULL,
          Irp,
        ),
    ) as number;
    console.log(
      `the client received ${
        JSON.stringify(new TextDecoder().decode(bytes.subarray(0, received)))
      }`,
    );
  }
  await succeed(
    "WskCloseSocket",
    (Irp) => Dispatch.WskCloseSocket(Socket, Irp),
  );
}

await runProgram("wsk_datagram", main);
