/**
 * Registering with the provider, capturing it, and letting go.
 *
 *     WskRegister -> WskCaptureProviderNPI -> sockets ... -> WskReleaseProviderNPI -> WskDeregister
 *
 * Registering always succeeds: whether the provider is there, and speaks the
 * client's version, is what capturing asks, with a time-out if wanted. Sockets
 * outlive the release, through their own dispatch tables; WskDeregister waits
 * until all are closed, all captures released and all requests of the client
 * object complete.
 *
 * @module
 */
import { WSK_INFINITE_WAIT, WSK_NO_WAIT } from "./constants.ts";
import { Client } from "./client.ts";
import { PROVIDER_DISPATCH } from "./client_tables.ts";
import type {
  WSK_CLIENT,
  WSK_CLIENT_DISPATCH,
  WSK_PROVIDER_DISPATCH,
} from "./dispatch.ts";
import type { Provider } from "./provider.ts";
import {
  type NTSTATUS,
  STATUS_DEVICE_NOT_READY,
  STATUS_INVALID_PARAMETER,
  STATUS_NOINTERFACE,
  STATUS_SUCCESS,
} from "./status.ts";
import { HIGHEST_VERSION, LOWEST_VERSION } from "./version.ts";

/** What a client registers: its context and its functions. */
export interface WSK_CLIENT_NPI {
  /** Passed to its functions. */
  readonly ClientContext: unknown;
  /** Its functions. */
  readonly Dispatch: WSK_CLIENT_DISPATCH;
}

/** What capturing fills in: the client object and the provider's functions. */
export class WSK_PROVIDER_NPI {
  /** First argument of the provider's functions; `null` until captured. */
  Client: WSK_CLIENT = null as unknown as WSK_CLIENT;
  /** The provider's functions; `null` until captured. */
  Dispatch: WSK_PROVIDER_DISPATCH = null as unknown as WSK_PROVIDER_DISPATCH;
}

/** The versions a provider speaks. */
export class WSK_PROVIDER_CHARACTERISTICS {
  /** The highest. */
  HighestVersion = 0;
  /** The lowest. */
  LowestVersion = 0;
}

/** A client's registration; its members are the provider's. */
export class WSK_REGISTRATION {
  /** Not 0 while registered. */
  ReservedRegistrationState = 0;
  /** The provider's record of the registration. */
  ReservedRegistrationContext: unknown = null;
}

/** The provider's record of one registration. */
class Registration {
  readonly npi: WSK_CLIENT_NPI;
  readonly client: Client;
  captures = 0;
  readonly stopped: Promise<void>;
  stop: () => void = () => {};
  released: () => void = () => {};

  constructor(npi: WSK_CLIENT_NPI, provider: Provider) {
    this.npi = npi;
    this.client = new Client(provider);
    this.stopped = new Promise((resolve) => this.stop = resolve);
  }
}

/** Registers a client. STATUS_INVALID_PARAMETER when the block is registered already or no table is given. */
export function register(
  provider: Provider,
  npi: WSK_CLIENT_NPI,
  block: WSK_REGISTRATION,
): NTSTATUS {
  if (!npi?.Dispatch || block.ReservedRegistrationState !== 0) {
    return STATUS_INVALID_PARAMETER;
  }
  block.ReservedRegistrationState = 1;
  block.ReservedRegistrationContext = new Registration(npi, provider);
  return STATUS_SUCCESS;
}

/** Waits `timeout` milliseconds for the provider and captures it. */
export async function capture(
  block: WSK_REGISTRATION,
  timeout: number,
  npi: WSK_PROVIDER_NPI,
): Promise<NTSTATUS> {
  const registration = recordOf(block);
  if (registration === null || registration.client.deregistered) {
    return STATUS_DEVICE_NOT_READY;
  }
  const { client } = registration;
  const { provider } = client;
  if (timeout !== WSK_NO_WAIT && !provider.ready) {
    const bound = timeout === WSK_INFINITE_WAIT ? Infinity : timeout;
    await provider.whenReady(bound, registration.stopped);
  }
  if (!provider.ready || client.deregistered) return STATUS_DEVICE_NOT_READY;
  if (!isSpoken(registration.npi.Dispatch.Version)) return STATUS_NOINTERFACE;
  registration.captures++;
  npi.Client = client;
  npi.Dispatch = PROVIDER_DISPATCH;
  return STATUS_SUCCESS;
}

/** Undoes one successful capture. */
export function releaseProvider(block: WSK_REGISTRATION): void {
  const registration = recordOf(block);
  if (registration === null || registration.captures === 0) return;
  registration.captures--;
  if (registration.captures === 0) registration.released();
}

/** Fills in which versions are spoken. */
export function queryCharacteristics(
  block: WSK_REGISTRATION,
  characteristics: WSK_PROVIDER_CHARACTERISTICS,
): NTSTATUS {
  const registration = recordOf(block);
  if (!registration?.client.provider.ready) return STATUS_DEVICE_NOT_READY;
  characteristics.HighestVersion = HIGHEST_VERSION;
  characteristics.LowestVersion = LOWEST_VERSION;
  return STATUS_SUCCESS;
}

/** Ends a registration; resolves when nothing of the client is left. */
export async function deregister(block: WSK_REGISTRATION): Promise<void> {
  const registration = recordOf(block);
  if (registration === null || registration.client.deregistered) return;
  const { client } = registration;
  client.deregistered = true;
  registration.stop();
  client.provider.endWatching(client.watching, "closed");
  if (registration.captures > 0) {
    await new Promise<void>((resolve) => registration.released = resolve);
  }
  await client.whenIdle();
  client.provider.clients.delete(client);
  block.ReservedRegistrationState = 0;
  block.ReservedRegistrationContext = null;
}

function recordOf(block: WSK_REGISTRATION): Registration | null {
  const record = block.ReservedRegistrationContext;
  return record instanceof Registration ? record : null;
}

/** The major versions must agree; of the minor ones the provider's may be higher. */
function isSpoken(version: number): boolean {
  return version >= LOWEST_VERSION && version <= HIGHEST_VERSION;
}
