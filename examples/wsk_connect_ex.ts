/**
 * WskConnectEx with TCP_FASTOPEN: data in the SYN, as a driver would ask for it.
 *
 *     deno run --allow-ffi examples/wsk_connect_ex.ts 10.0.0.1 7
 *     deno run examples/wsk_connect_ex.ts --loopback
 *
 * The order is the documentation's: WskSocket, TCP_FASTOPEN by
 * WskControlSocket, WskBind, then WskConnectEx with a buffer. The first
 * connection has no cookie for the server, so its SYN asks for one and the
 * data follows the handshake; the second brings the cookie, and the data
 * travels in the SYN. No status tells the difference, as in Windows, so the
 * example looks at the engine's counters. The listener must take Fast Open
 * (with a Linux kernel: sysctl net.ipv4.tcp_fastopen=0x403), or both
 * connections do without.
 *
 * @module
 */
import {
  bufOf,
  IoFreeMdl,
  IPPROTO_TCP,
  NULL,
  type PMDL,
  type PSOCKADDR,
  type PWSK_PROVIDER_CONNECTION_DISPATCH,
  type PWSK_SOCKET,
  SOCK_STREAM,
  sockaddr,
  TCP_FASTOPEN,
  u32,
  WSK_FLAG_CONNECTION_SOCKET,
  WskSetOption,
} from "../engine/wsk/mod.ts";
import { runProgram } from "./support/program.ts";
import {
  echo,
  openWskStage,
  succeed,
  WSK_HELP,
  type WskStage,
} from "./support/wsk.ts";

const HELP =
  `deno run --allow-ffi examples/wsk_connect_ex.ts [flags] [HOST] PORT

Connects twice to HOST (10.0.0.1) PORT (7) with TCP_FASTOPEN and WskConnectEx.

${WSK_HELP}`;

const MESSAGE = new TextEncoder().encode("hello in the SYN\n");

async function main(): Promise<number> {
  await using stage = await openWskStage(HELP, "client");
  if (stage.peer !== null) {
    stage.peer.stack.tcp.config.fastOpen = 0x403; // as Linux's sysctl
    void echo(stage.peer, stage.port);
  }
  for (const attempt of [1, 2]) {
    const before = sentInSyn(stage);
    const answer = await exchange(stage);
    const inSyn = sentInSyn(stage) > before;
    console.log(
      `connection ${attempt}: ${MESSAGE.length} bytes ${
        inSyn ? "in the SYN" : "after the handshake"
      }, answer ${JSON.stringify(answer)}`,
    );
  }
  return 0;
}

/** Connections whose SYN data the server acknowledged. */
function sentInSyn({ network }: WskStage): number {
  return network.stack.tcpCounters.get("TcpExtTCPFastOpenActive");
}

/** One connection from WskSocket to WskCloseSocket; what came back. */
async function exchange(stage: WskStage): Promise<string> {
  const { npi, hostname, port, family, any } = stage;
  const Socket = await succeed("WskSocket", (Irp) =>
    npi.Dispatch.WskSocket(
      npi.Client,
      family,
      SOCK_STREAM,
      IPPROTO_TCP,
      WSK_FLAG_CONNECTION_SOCKET,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      Irp,
    )) as PWSK_SOCKET;
  const Dispatch = Socket.Dispatch as PWSK_PROVIDER_CONNECTION_DISPATCH;

  await allowFastOpen(Socket);
  const LocalAddress = sockaddr(any, 0);
  await succeed(
    "WskBind",
    (Irp) => Dispatch.WskBind(Socket, LocalAddress, 0, Irp),
  );
  await connectWithData(Socket, sockaddr(hostname, port));

  await succeed(
    "WskDisconnect",
    (Irp) => Dispatch.WskDisconnect(Socket, NULL, 0, Irp),
  );
  let answer = "";
  for (;;) {
    const bytes = new Uint8Array(4096);
    const received = await succeed(
      "WskReceive",
      (Irp) => Dispatch.WskReceive(Socket, bufOf(bytes), 0, Irp),
    ) as number;
    if (received === 0) break;
    answer += new TextDecoder().decode(bytes.subarray(0, received));
  }
  await succeed(
    "WskCloseSocket",
    (Irp) => Dispatch.WskCloseSocket(Socket, Irp),
  );
  return answer;
}

/** Allows data in the SYN: before the connect, or never. */
async function allowFastOpen(Socket: PWSK_SOCKET): Promise<void> {
  const OptionValue = u32(1);
  await succeed("WskControlSocket", (Irp) =>
    Socket.Dispatch.WskControlSocket(
      Socket,
      WskSetOption,
      TCP_FASTOPEN,
      IPPROTO_TCP,
      OptionValue.length,
      OptionValue,
      0,
      NULL,
      NULL,
      Irp,
    ));
}

/** Connects, and sends the message in or right after the handshake. */
async function connectWithData(
  Socket: PWSK_SOCKET,
  RemoteAddress: PSOCKADDR,
): Promise<void> {
  const Dispatch = Socket.Dispatch as PWSK_PROVIDER_CONNECTION_DISPATCH;
  const Buffer = bufOf(MESSAGE);
  await succeed("WskConnectEx", (Irp) =>
    Dispatch.WskConnectEx(
      Socket,
      RemoteAddress,
      Buffer,
      0, // No flags
      Irp,
    ));
  // The MDL may be freed as soon as the request is complete.
  IoFreeMdl(Buffer.Mdl as PMDL);
}

await runProgram("wsk_connect_ex", main);
