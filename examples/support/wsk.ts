/**
 * Where the Winsock Kernel examples run: a registered client of the surface
 * over a stack, on a TAP or, with `--loopback`, on an in-memory cable whose
 * other end is a second stack that plays the peer.
 *
 *     TAP         client -- subsystem -- stack ==== kernel
 *     --loopback  client -- subsystem -- stack ==== stack -- peer
 *
 * @module
 */
import {
  createCable,
  MonotonicClock,
  type Network,
  openStack,
} from "../../mod.ts";
import {
  AF_INET,
  AF_INET6,
  completion,
  type IO_STATUS_BLOCK,
  IoAllocateIrp,
  IoFreeIrp,
  type IRP,
  MAKE_WSK_VERSION,
  NT_SUCCESS,
  type NTSTATUS,
  StackTransport,
  statusName,
  WSK_INFINITE_WAIT,
  WSK_PROVIDER_NPI,
  WSK_REGISTRATION,
  type WSK_SOCKET,
  WskSubsystem,
} from "../../engine/wsk/mod.ts";
import {
  LINK_FLAGS,
  LINK_HELP,
  type LinkValues,
  readAddress,
  readArguments,
  readLink,
  readPort,
  UsageError,
} from "./flags.ts";
import { openNetwork, watch } from "./network.ts";

/** What `--help` says of the flags all Winsock Kernel examples take. */
export const WSK_HELP =
  `  --loopback           no TAP: the peer is a second stack in this program

${LINK_HELP}`;

/** A client of the surface, ready to create sockets. */
export interface WskStage extends AsyncDisposable {
  /** The surface. */
  readonly subsystem: WskSubsystem;
  /** The captured provider. */
  readonly npi: WSK_PROVIDER_NPI;
  /** The stack below, for its counters. */
  readonly network: Network;
  /** The peer's stack; null on a TAP, where the kernel is the peer. */
  readonly peer: Network | null;
  /** The peer's address. */
  readonly hostname: string;
  /** The port to use. */
  readonly port: number;
  /** The peer's address family, `AF_*`. */
  readonly family: number;
  /** The unspecified address of that family. */
  readonly any: string;
}

/** Reads the command line `[flags] [HOST] PORT` (or `[PORT]` for a `"server"`) and sets the stage. */
export async function openWskStage(
  help: string,
  role: "client" | "server",
): Promise<WskStage> {
  const { values, positionals } = readArguments({
    options: { ...LINK_FLAGS, loopback: { type: "boolean", default: false } },
    allowPositionals: true,
  }, help);
  const rest = [...positionals];
  const hostname = role === "client" && rest.length > 1
    ? readAddress("host", rest.shift() as string)
    : "10.0.0.1";
  const port = readPort(rest.shift() ?? "7");
  if (rest.length > 0) throw new UsageError(`Too many arguments; see --help`);
  const [network, peer] = values.loopback
    ? await openPair(values)
    : [await openNetwork(readLink(values)), null];
  return await capture(network, peer, hostname, port);
}

/** Registers a client on a network, and captures the provider. */
export async function capture(
  network: Network,
  peer: Network | null,
  hostname: string,
  port: number,
): Promise<WskStage> {
  const transport = new StackTransport(network.stack, new MonotonicClock());
  const subsystem = new WskSubsystem(transport);
  const { WskRegister, WskCaptureProviderNPI } = subsystem;
  const { WskReleaseProviderNPI, WskDeregister } = subsystem;
  const registration = new WSK_REGISTRATION();
  const npi = new WSK_PROVIDER_NPI();
  const dispatch = {
    Version: MAKE_WSK_VERSION(1, 0),
    Reserved: 0,
    WskClientEvent: null,
  };
  WskRegister({ ClientContext: null, Dispatch: dispatch }, registration);
  requireSuccess(
    "WskCaptureProviderNPI",
    await WskCaptureProviderNPI(registration, WSK_INFINITE_WAIT, npi),
  );
  return {
    subsystem,
    npi,
    network,
    peer,
    hostname,
    port,
    family: hostname.includes(":") ? AF_INET6 : AF_INET,
    any: hostname.includes(":") ? "::" : "0.0.0.0",
    async [Symbol.asyncDispose](): Promise<void> {
      WskReleaseProviderNPI(registration);
      await WskDeregister(registration);
      await network.close();
      await peer?.close();
    },
  };
}

/** Makes a request with an IRP of its own and waits for it. */
export async function perform(
  request: (irp: IRP) => NTSTATUS,
): Promise<IO_STATUS_BLOCK> {
  const irp = IoAllocateIrp(1, false) as IRP;
  const done = completion(irp);
  request(irp);
  const outcome = await done;
  IoFreeIrp(irp);
  return outcome;
}

/** As {@linkcode perform}, for a request that must succeed; its information. */
export async function succeed(
  what: string,
  request: (irp: IRP) => NTSTATUS,
): Promise<number | WSK_SOCKET> {
  const { Status, Information } = await perform(request);
  requireSuccess(what, Status);
  return Information;
}

/** Returns what it is sent, on `port` of `network`, until the network closes. */
export async function echo(network: Network, port: number): Promise<void> {
  for await (const { readable, writable } of network.listen({ port })) {
    void readable.pipeTo(writable).catch(() => {});
  }
}

/** Ends the example when `status` is a failure. */
export function requireSuccess(what: string, status: NTSTATUS): void {
  if (NT_SUCCESS(status)) return;
  throw new UsageError(`${what}: ${statusName(status)}`);
}

async function openPair(values: LinkValues): Promise<[Network, Network]> {
  const settings = readLink(values);
  const [near, far] = createCable({ ipMtu: settings.mtu });
  const network = await openStack({
    device: watch(near, settings, null),
    addresses: settings.addresses,
  });
  const peer = await openStack({
    device: far,
    addresses: settings.hostAddresses,
  });
  return [network, peer];
}
