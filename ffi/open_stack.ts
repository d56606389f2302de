/**
 * A stack with its loop running: what most programs want.
 *
 * @module
 */
import {
  type Clock,
  type IpPrefix,
  type LinkDevice,
  Network,
  parseCidr,
  parseIpAddress,
  parseMac,
  type Random,
  type SocketErrorName,
  Stack,
  type StackOptions,
} from "../engine/mod.ts";
import { MonotonicClock } from "./clock.ts";
import { Host } from "./host.ts";
import { CryptoRandom } from "./random.ts";

/** How a stack is opened. */
export interface OpenStackOptions
  extends Pick<StackOptions, "tcp" | "memory" | "trace"> {
  /** The device; the caller's, closed by {@linkcode Network.close}. */
  readonly device: LinkDevice;
  /** Our addresses on it in CIDR notation, IPv4 and IPv6. */
  readonly addresses: readonly string[];
  /** Routers for everything else, one for each family at most. */
  readonly gateways?: readonly string[];
  /** Our hardware address, `02:00:00:00:00:01`; a random one when absent. */
  readonly macAddress?: string;
  /** Further devices with their addresses. */
  readonly moreDevices?: readonly {
    readonly device: LinkDevice;
    readonly addresses: readonly string[];
  }[];
  /** The clock; `performance.now()` when absent. */
  readonly clock?: Clock;
  /** Randomness; the platform's cryptographic source when absent. */
  readonly random?: Random;
  /** How long the loop spins before it sleeps, µs. Default 100. */
  readonly spinTimeout?: number;
}

/** Longest `close` waits for what was written to be acknowledged, ms. */
const DRAIN_LIMIT_MS = 2_000;
/** How often it looks, ms. */
const DRAIN_STEP_MS = 2;

/**
 * Opens a stack over `device` and runs it.
 *
 * Any {@linkcode LinkDevice} will do: a TAP, a capture around one, an end of an
 * in-memory cable. Throws TypeError for an address that is none.
 *
 * ```ts
 * import { openStack, TapDevice } from "@synload/engine";
 *
 * const tap = TapDevice.open({ name: "tap0", hostAddresses: ["10.0.0.1/24"] });
 * await using net = await openStack({ device: tap, addresses: ["10.0.0.2/24"] });
 * await using conn = await net.connect({ hostname: "10.0.0.1", port: 7 });
 * ```
 */
export function openStack(options: OpenStackOptions): Promise<Network> {
  // A promise, so that opening may one day wait for an address (DHCP, SLAAC).
  try {
    return Promise.resolve(open(options));
  } catch (error) {
    return Promise.reject(error);
  }
}

function open(options: OpenStackOptions): Network {
  const clock = options.clock ?? new MonotonicClock();
  const more = options.moreDevices ?? [];
  const attachments = [
    { device: options.device, addresses: options.addresses },
    ...more,
  ].map(({ device, addresses }) => ({
    device,
    addresses: addresses.map(parseCidr),
  }));
  const gateways = (options.gateways ?? []).map(parseIpAddress);
  const mac = options.macAddress === undefined
    ? undefined
    : parseMac(options.macAddress);
  const stack = new Stack({
    random: options.random ?? new CryptoRandom(),
    ...(options.tcp === undefined ? {} : { tcp: options.tcp }),
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  });
  const indexes = attachments.map(({ device, addresses }, i) =>
    stack.addDevice(device, {
      addresses,
      ...(i === 0 && mac !== undefined ? { linkAddress: mac } : {}),
    }, clock.now())
  );
  for (const gateway of gateways) {
    stack.addRoute({
      destination: defaultRoute(gateway.family),
      gateway,
      interfaceIndex: indexes[0],
    });
  }
  const devices = attachments.map(({ device }) => device);
  const host = new Host(stack, devices, {
    clock,
    ...(options.spinTimeout === undefined
      ? {}
      : { spinTimeout: options.spinTimeout }),
  });
  stack.onWork = () => host.wake();
  host.start();
  return new Network({
    stack,
    clock,
    createError,
    onClose: (network) => shutDown(network, host, devices, clock),
  });
}

/** Lets closed connections deliver what they still hold, then ends the loop and closes the devices. */
async function shutDown(
  network: Network,
  host: Host,
  devices: readonly LinkDevice[],
  clock: Clock,
): Promise<void> {
  const until = clock.now() + DRAIN_LIMIT_MS * 1_000;
  while (network.isDraining && clock.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
  }
  try {
    network.stack.close(clock.now());
    await host.close();
  } finally {
    for (const device of devices) device.close();
  }
}

function defaultRoute(family: 4 | 6): IpPrefix {
  return parseCidr(family === 4 ? "0.0.0.0/0" : "::/0");
}

function createError(name: SocketErrorName, message: string): Error {
  return new Deno.errors[name](message);
}
