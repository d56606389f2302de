/**
 * "Establishing a Connection with a Destination", in TypeScript.
 *
 *     deno run --allow-ffi examples/wsk_connect.ts 10.0.0.1 7
 *     deno run examples/wsk_connect.ts --loopback
 *
 * `ConnectSocket` and `ConnectComplete` are the two functions of that page of
 * the Winsock Kernel documentation, statement for statement; where the page
 * leaves an ellipsis, the outcome is kept for the rest of the program, which
 * says hello and prints what comes back.
 *
 * @module
 */
import {
  bufOf,
  FALSE,
  IoAllocateIrp,
  IoFreeIrp,
  IoSetCompletionRoutine,
  IPPROTO_TCP,
  KEVENT,
  NT_SUCCESS,
  type NTSTATUS,
  NULL,
  type PDEVICE_OBJECT,
  type PIRP,
  type PSOCKADDR,
  type PVOID,
  type PWSK_PROVIDER_CONNECTION_DISPATCH,
  type PWSK_SOCKET,
  SOCK_STREAM,
  sockaddr,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_MORE_PROCESSING_REQUIRED,
  STATUS_SUCCESS,
  STATUS_UNSUCCESSFUL,
  statusName,
  TRUE,
  UNREFERENCED_PARAMETER,
  WSK_FLAG_CONNECTION_SOCKET,
} from "../engine/wsk/mod.ts";
import { runProgram } from "./support/program.ts";
import { echo, openWskStage, succeed, WSK_HELP } from "./support/wsk.ts";

const HELP = `deno run --allow-ffi examples/wsk_connect.ts [flags] [HOST] PORT

Connects to HOST (10.0.0.1) PORT (7) through the Winsock Kernel surface.

${WSK_HELP}`;

/** Set when ConnectComplete has run; FinalStatus then says how it went. */
const Connected = new KEVENT();
let FinalStatus: NTSTATUS = STATUS_UNSUCCESSFUL;

// Function to connect a socket to a remote transport address
function ConnectSocket(
  Socket: PWSK_SOCKET,
  RemoteAddress: PSOCKADDR,
): NTSTATUS {
  // Get pointer to the socket's provider dispatch structure
  const Dispatch = Socket.Dispatch as PWSK_PROVIDER_CONNECTION_DISPATCH;

  // Allocate an IRP
  const Irp = IoAllocateIrp(
    1,
    FALSE,
  );

  // Check result
  if (!Irp) {
    // Return error
    return STATUS_INSUFFICIENT_RESOURCES;
  }

  // Set the completion routine for the IRP
  IoSetCompletionRoutine(
    Irp,
    ConnectComplete,
    Socket, // Use the socket object for the context
    TRUE,
    TRUE,
    TRUE,
  );

  // Initiate the connect operation on the socket
  const Status = Dispatch.WskConnect(
    Socket,
    RemoteAddress,
    0, // No flags
    Irp,
  );

  // Return the status of the call to WskConnect()
  return Status;
}

// Connect IoCompletion routine
function ConnectComplete(
  DeviceObject: PDEVICE_OBJECT,
  Irp: PIRP,
  Context: PVOID,
): NTSTATUS {
  UNREFERENCED_PARAMETER(DeviceObject);

  // Check the result of the connect operation
  if (Irp.IoStatus.Status === STATUS_SUCCESS) {
    // Get the socket object from the context
    const Socket = Context as PWSK_SOCKET;

    // Perform the next operation on the socket
    UNREFERENCED_PARAMETER(Socket);
    FinalStatus = STATUS_SUCCESS;
  } // Error status
  else {
    // Handle error
    FinalStatus = Irp.IoStatus.Status;
  }
  Connected.set();

  // Free the IRP
  IoFreeIrp(Irp);

  // Always return STATUS_MORE_PROCESSING_REQUIRED to
  // terminate the completion processing of the IRP.
  return STATUS_MORE_PROCESSING_REQUIRED;
}

async function main(): Promise<number> {
  await using stage = await openWskStage(HELP, "client");
  const { npi, peer, hostname, port, family, any } = stage;
  if (peer !== null) void echo(peer, port);
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
  const LocalAddress = sockaddr(any, 0);
  await succeed(
    "WskBind",
    (Irp) => Dispatch.WskBind(Socket, LocalAddress, 0, Irp),
  );

  const Status = ConnectSocket(Socket, sockaddr(hostname, port));
  console.log(`WskConnect returned ${statusName(Status)}`);
  await Connected.wait();
  console.log(`the connection completed with ${statusName(FinalStatus)}`);
  if (NT_SUCCESS(FinalStatus)) await converse(Socket);
  await succeed(
    "WskCloseSocket",
    (Irp) => Dispatch.WskCloseSocket(Socket, Irp),
  );
  return NT_SUCCESS(FinalStatus) ? 0 : 1;
}

/** Says hello, ends the sending direction and prints the answer. */
async function converse(Socket: PWSK_SOCKET): Promise<void> {
  const Dispatch = Socket.Dispatch as PWSK_PROVIDER_CONNECTION_DISPATCH;
  const hello = bufOf(new TextEncoder().encode("hello, kernel\n"));
  await succeed("WskSend", (Irp) => Dispatch.WskSend(Socket, hello, 0, Irp));
  await succeed(
    "WskDisconnect",
    (Irp) => Dispatch.WskDisconnect(Socket, NULL, 0, Irp),
  );
  for (;;) {
    const bytes = new Uint8Array(4096);
    const received = await succeed(
      "WskReceive",
      (Irp) => Dispatch.WskReceive(Socket, bufOf(bytes), 0, Irp),
    ) as number;
    if (received === 0) return;
    const text = new TextDecoder().decode(bytes.subarray(0, received));
    console.log(`received ${JSON.stringify(text)}`);
  }
}

await runProgram("wsk_connect", main);
