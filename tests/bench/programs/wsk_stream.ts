/**
 * One stream between the engine and a kernel program over a TAP, through WskSend or WskReceive.
 *
 *     deno run --allow-all wsk_stream.ts send|receive --port 5001 [--seconds N] [--warmup N]
 *
 * As a driver would do it: several requests are outstanding, each with an IRP
 * and a buffer of its own, and a completion routine submits its request again.
 * `send` connects to the sink on the kernel's side, `receive` to a source
 * there; both report as engine_stream.ts does.
 *
 * @module
 */
import { capture, succeed } from "../../../examples/support/wsk.ts";
import { openStack, TapDevice } from "../../../mod.ts";
import {
  type IO_COMPLETION_ROUTINE,
  IoAllocateIrp,
  IoFreeIrp,
  IoReuseIrp,
  IoSetCompletionRoutine,
  IPPROTO_TCP,
  type IRP,
  KEVENT,
  mdlOf,
  NT_SUCCESS,
  NULL,
  type PWSK_PROVIDER_CONNECTION_DISPATCH,
  type PWSK_SOCKET,
  SOCK_STREAM,
  sockaddr,
  STATUS_MORE_PROCESSING_REQUIRED,
  statusName,
  TRUE,
  type WSK_BUF,
} from "../../../engine/wsk/mod.ts";
import {
  parseFlags,
  type ProgramFlags,
  report,
} from "../../netns/programs/flags.ts";
import { makePattern, PATTERN_PERIOD } from "../../netns/programs/pattern.ts";
import { RateMeter } from "../../netns/programs/rate.ts";

const KERNEL_ADDRESS = "10.8.0.1";
const ENGINE_ADDRESS = "10.8.0.2";
/** Sends outstanding. They stand where the sockets have their send buffer, and with `--chunk`'s 256 KiB are its 4 MiB; with 8 the stream waits more for acknowledgements: 5 to 8 idle polls a megabyte against 4 to 5, measured. */
const SEND_COUNT = 16;
/** Receives outstanding. Their buffers are filled in turn: 8 of 256 KiB fill a second-level cache of 2 MiB, and took twice the processor time a byte, measured on a busy machine. */
const RECEIVE_COUNT = 4;

/** A request that is submitted again and again. */
interface Request {
  readonly irp: IRP;
  readonly buffer: WSK_BUF;
}

const [direction, ...rest] = Deno.args;
const flags = parseFlags(rest);
const device = TapDevice.open({
  name: "tap0",
  hostAddresses: [`${KERNEL_ADDRESS}/24`],
});
const network = await openStack({
  device,
  addresses: [`${ENGINE_ADDRESS}/24`],
});
await using stage = await capture(network, null, KERNEL_ADDRESS, flags.port);
const { npi } = stage;
const socket = await succeed(
  "WskSocketConnect",
  (irp) =>
    npi.Dispatch.WskSocketConnect(
      npi.Client,
      SOCK_STREAM,
      IPPROTO_TCP,
      sockaddr(ENGINE_ADDRESS, 0),
      sockaddr(KERNEL_ADDRESS, flags.port),
      0,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      irp,
    ),
) as PWSK_SOCKET;
const dispatch = socket.Dispatch as PWSK_PROVIDER_CONNECTION_DISPATCH;
const meter = direction === "send" ? await send(flags) : await receive(flags);
await succeed(
  "WskDisconnect",
  (irp) => dispatch.WskDisconnect(socket, NULL, 0, irp),
);
await succeed("WskCloseSocket", (irp) => dispatch.WskCloseSocket(socket, irp));
report({
  event: direction === "send" ? "sent" : "received",
  bytes: meter.byteCount,
  seconds: meter.seconds,
  bitsPerSecond: meter.bitsPerSecond,
});

async function send(flags: ProgramFlags): Promise<RateMeter> {
  const meter = new RateMeter(flags.warmupSeconds);
  const pattern = mdlOf(makePattern(flags.seed));
  const stopAt = performance.now() + flags.secondLimit * 1_000;
  let position = 0;
  await keepBusy(
    SEND_COUNT,
    () => ({ Mdl: pattern, Offset: 0, Length: flags.chunkLength }),
    ({ irp, buffer }) => {
      buffer.Offset = position % PATTERN_PERIOD;
      position += buffer.Length;
      dispatch.WskSend(socket, buffer, 0, irp);
    },
    (byteCount) => {
      meter.add(byteCount);
      return performance.now() < stopAt;
    },
  );
  return meter;
}

async function receive(flags: ProgramFlags): Promise<RateMeter> {
  const meter = new RateMeter(flags.warmupSeconds);
  await keepBusy(
    RECEIVE_COUNT,
    () => ({
      Mdl: mdlOf(new Uint8Array(flags.chunkLength)),
      Offset: 0,
      Length: flags.chunkLength,
    }),
    ({ irp, buffer }) => dispatch.WskReceive(socket, buffer, 0, irp),
    (byteCount) => {
      if (byteCount > 0) meter.add(byteCount);
      return byteCount > 0;
    },
  );
  return meter;
}

/** Keeps `requestCount` requests outstanding until `isWanted`, which is told of each completion, says no; resolves when the last has completed. */
async function keepBusy(
  requestCount: number,
  makeBuffer: () => WSK_BUF,
  submit: (request: Request) => void,
  isWanted: (byteCount: number) => boolean,
): Promise<void> {
  const allDone = new KEVENT();
  let failure: string | null = null;
  let outstanding = requestCount;
  const start = (request: Request): void => {
    IoSetCompletionRoutine(request.irp, onComplete, request, TRUE, TRUE, TRUE);
    submit(request);
  };
  const onComplete: IO_COMPLETION_ROUTINE<Request> = (_, irp, request) => {
    const { Status, Information } = irp.IoStatus;
    if (!NT_SUCCESS(Status)) failure ??= statusName(Status);
    else if (isWanted(Information as number)) {
      IoReuseIrp(irp, Status);
      start(request);
      return STATUS_MORE_PROCESSING_REQUIRED;
    }
    IoFreeIrp(irp);
    if (--outstanding === 0) allDone.set();
    return STATUS_MORE_PROCESSING_REQUIRED;
  };
  for (let i = 0; i < requestCount; i++) {
    start({ irp: IoAllocateIrp(1, false) as IRP, buffer: makeBuffer() });
  }
  await allDone.wait();
  if (failure !== null) throw new Error(`The stream failed: ${failure}`);
}
