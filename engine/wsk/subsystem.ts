/**
 * The Winsock Kernel over one stack: where a client's WskRegister comes from.
 *
 *     const subsystem = new WskSubsystem(transport);
 *     const { WskRegister, WskCaptureProviderNPI, WskDeregister } = subsystem;
 *
 * In C these are exports of the system; here a program may have several
 * stacks, so they are members, bound so that they can be taken out. Those that
 * may wait return promises: `WskCaptureProviderNPI`, `WskDeregister` and
 * `KeWaitForSingleObject`.
 *
 * @module
 */
import type { KEVENT } from "./kevent.ts";
import { type HostsTable, NameService, type WskResolver } from "./names.ts";
import { Provider } from "./provider.ts";
import {
  capture,
  deregister,
  queryCharacteristics,
  register,
  releaseProvider,
  type WSK_CLIENT_NPI,
  type WSK_PROVIDER_CHARACTERISTICS,
  type WSK_PROVIDER_NPI,
  type WSK_REGISTRATION,
} from "./registration.ts";
import { type NTSTATUS, STATUS_SUCCESS, STATUS_TIMEOUT } from "./status.ts";
import type { WskTransport } from "./transport.ts";

/** How a subsystem may differ from the usual. */
export interface WskSubsystemOptions {
  /** Names and their addresses; `localhost` is known. */
  readonly hosts?: HostsTable;
  /** Asked for names the table does not have. */
  readonly resolver?: WskResolver;
  /** Connections a listener keeps for WskAccept, 1..65,535; 128 unless given. */
  readonly backlog?: number;
}

/** What a subsystem holds at present; all 0 when every client has tidied up. */
export interface WskUsage {
  /** Registrations. */
  readonly clients: number;
  /** Open sockets. */
  readonly sockets: number;
  /** Addresses bound. */
  readonly addresses: number;
}

/** The Winsock Kernel subsystem of one stack. */
export class WskSubsystem {
  readonly #provider: Provider;

  /** Puts the surface over `transport`, whose only user it then is. */
  constructor(transport: WskTransport, options: WskSubsystemOptions = {}) {
    const { hosts = {}, resolver = null, backlog = 128 } = options;
    if (!Number.isInteger(backlog) || backlog < 1 || backlog > 65_535) {
      throw new RangeError(
        `Cannot create WskSubsystem: backlog must be an integer in 1..65535, got ${backlog}`,
      );
    }
    const names = new NameService(hosts, resolver);
    this.#provider = new Provider(transport, backlog, names);
  }

  /** What is held at present. */
  get usage(): WskUsage {
    let sockets = 0;
    for (const client of this.#provider.clients) sockets += client.sockets.size;
    return {
      clients: this.#provider.clients.size,
      sockets,
      addresses: this.#provider.addresses.size,
    };
  }

  /** Registers a client. Always succeeds but for a block already in use. */
  readonly WskRegister = (
    WskClientNpi: WSK_CLIENT_NPI,
    WskRegistration: WSK_REGISTRATION,
  ): NTSTATUS => register(this.#provider, WskClientNpi, WskRegistration);

  /** Ends a registration; resolves when all captures are released, all sockets closed, all requests complete. */
  readonly WskDeregister = (WskRegistration: WSK_REGISTRATION): Promise<void> =>
    deregister(WskRegistration);

  /**
   * Captures the provider, waiting at most `WaitTimeout` milliseconds for it.
   *
   * STATUS_DEVICE_NOT_READY when it is not there in time,
   * STATUS_NOINTERFACE when it does not speak the client's version.
   */
  readonly WskCaptureProviderNPI = (
    WskRegistration: WSK_REGISTRATION,
    WaitTimeout: number,
    WskProviderNpi: WSK_PROVIDER_NPI,
  ): Promise<NTSTATUS> => capture(WskRegistration, WaitTimeout, WskProviderNpi);

  /** Undoes one successful capture. */
  readonly WskReleaseProviderNPI = (
    WskRegistration: WSK_REGISTRATION,
  ): void => releaseProvider(WskRegistration);

  /** Fills in the versions the provider speaks, or answers STATUS_DEVICE_NOT_READY. */
  readonly WskQueryProviderCharacteristics = (
    WskRegistration: WSK_REGISTRATION,
    WskProviderCharacteristics: WSK_PROVIDER_CHARACTERISTICS,
  ): NTSTATUS =>
    queryCharacteristics(WskRegistration, WskProviderCharacteristics);

  /**
   * Waits for an event; STATUS_SUCCESS, or STATUS_TIMEOUT.
   *
   * `Timeout` is in units of 100 ns as in C, negative, relative to now; 0 does
   * not wait; `null` waits without bound.
   */
  readonly KeWaitForSingleObject = (
    Object: KEVENT,
    _WaitReason: number,
    _WaitMode: number,
    _Alertable: boolean,
    Timeout: number | null,
  ): Promise<NTSTATUS> => {
    if (Timeout === null) return Object.wait().then(() => STATUS_SUCCESS);
    if (Timeout === 0 && !Object.signaled) {
      return Promise.resolve(STATUS_TIMEOUT);
    }
    return new Promise((resolve) => {
      const withdraw = this.#provider.after(-Timeout / 10, () => {
        Object.unsubscribe(wake);
        resolve(STATUS_TIMEOUT);
      });
      const wake = (): void => {
        withdraw();
        resolve(STATUS_SUCCESS);
      };
      Object.subscribe(wake);
    });
  };
}
