/**
 * A TAP or TUN interface of the Linux kernel as a network device.
 *
 * The kernel makes an interface whose cable ends in a file descriptor: what
 * the host sends out of `tap0` is read here, what is written here arrives at
 * `tap0`. With addresses given to the host's side, host and engine are two
 * machines on one wire, in one process, without `ip` or configuration files:
 *
 *     kernel 10.0.0.1  tap0 ----------- fd  TapDevice  engine 10.0.0.2
 *
 * Offload is what makes it fast (measured: 2.5 Gbit/s in MTU-sized frames,
 * above 14 with it): the kernel takes and gives super-segments of up to 64 KiB
 * and leaves checksums of packets that never meet a wire undone.
 *
 * The interface lives as long as the descriptor: {@linkcode TapDevice.close}
 * or the end of the process removes it, with its addresses and routes. It
 * belongs to the network namespace of the thread that opened it and can be
 * used from any. Needs CAP_NET_ADMIN in that namespace and `--allow-ffi`.
 *
 * @module
 */
import type {
  Frame,
  LinkCaps,
  LinkDevice,
  Micros,
  PayloadRef,
  Readiness,
} from "../engine/mod.ts";
import {
  MEDIUM_ETHERNET,
  MEDIUM_IP,
  parseCidr,
  TX_DOWN,
} from "../engine/mod.ts";
import { AddressBook } from "./address_book.ts";
import { DeviceCounters } from "./device_counters.ts";
import { IovecArray } from "./iovec.ts";
import { libc } from "./libc.ts";
import { checkLinkName, parseHardwareAddress } from "./link_name.ts";
import { addAddress, settleAddress } from "./addresses.ts";
import { getLink, setLink } from "./links.ts";
import { TapIo } from "./tap_io.ts";
import { openTun } from "./tun_open.ts";

const ETHERNET_HEADER_LENGTH = 14;
/** The longest packet whose length an IP header can say. */
const GSO_MAX_SIZE = 65_535;
/** RFC 791 §3.2: every link carries 68 bytes. */
const MIN_MTU = 68;
/** Below this the kernel takes IPv6 off the interface (RFC 8200 §5). */
const MIN_IPV6_MTU = 1_280;
const MAX_MTU = 65_535;

/** How to open a {@linkcode TapDevice}. */
export interface TapOptions {
  /** The interface's name, at most 15 bytes; `%d` in it is a number the kernel chooses. `tap%d` or `tun%d` when absent. */
  readonly name?: string;
  /** Addresses of the host's side, in CIDR form, of both families: `10.0.0.1/24`, `fd00::1/64`. */
  readonly hostAddresses?: readonly string[];
  /** MTU in bytes, the Ethernet header not counted; 1500 when absent. */
  readonly mtu?: number;
  /** `full` (the default): checksums and segmentation are left to the kernel both ways. `none`: every frame is complete and at most MTU-sized. */
  readonly offload?: "full" | "none";
  /** Hardware address of the host's side, `02:00:00:00:00:01`; random when absent. */
  readonly hardwareAddress?: string;
  /** `tap` (the default) carries Ethernet frames, `tun` bare IP packets. */
  readonly medium?: "tap" | "tun";
}

/** Closes descriptors of devices nobody closed. */
const forgotten = new FinalizationRegistry((fd: number) => {
  libc().close(fd);
});

/** A TAP or TUN interface. */
export class TapDevice implements LinkDevice {
  /** The interface's name, as the kernel chose it. */
  readonly name: string;
  /** The descriptor; owned by this object. */
  readonly fd: number;
  /** What the device can do. */
  readonly caps: LinkCaps;
  /** The descriptor polls readable when a frame waits. */
  readonly readiness: Readiness;
  /** Never: the kernel delays nothing. */
  readonly deadline: Micros = Infinity;
  /** Addresses given to the host's side, as they were passed. */
  readonly hostAddresses: readonly string[];
  /** What was moved and lost. */
  readonly counters: DeviceCounters;
  readonly #io: TapIo;
  #isOpen = true;

  private constructor(fd: number, name: string, options: TapOptions) {
    const isTap = options.medium !== "tun";
    const hasOffload = options.offload !== "none";
    this.fd = fd;
    this.name = name;
    this.hostAddresses = [...options.hostAddresses ?? []];
    this.readiness = { fd };
    this.caps = {
      medium: isTap ? MEDIUM_ETHERNET : MEDIUM_IP,
      ipMtu: getLink(name).mtu,
      checksumOffload: hasOffload,
      gsoMaxSize: hasOffload ? GSO_MAX_SIZE : 0,
    };
    this.counters = new DeviceCounters();
    this.#io = new TapIo({
      fd,
      linkHeaderLength: isTap ? ETHERNET_HEADER_LENGTH : 0,
      libc: libc(),
      addresses: new AddressBook(),
      iovecs: new IovecArray(3),
      counters: this.counters,
    });
  }

  /**
   * Opens an interface, gives the host's side its addresses and brings it up.
   *
   * When it throws, nothing is left behind.
   *
   * @throws {TypeError | RangeError} for a malformed option, before anything is opened
   * @throws {SystemError} when the kernel refuses
   * @throws {Deno.errors.NotCapable} without `--allow-ffi`
   */
  static open(options: TapOptions = {}): TapDevice {
    checkOptions(options);
    const tun = openTun({
      medium: options.medium ?? "tap",
      name: options.name ?? "",
      offload: options.offload ?? "full",
    });
    try {
      configure(tun.name, options);
      const device = new TapDevice(tun.fd, tun.name, options);
      forgotten.register(device, tun.fd, device);
      return device;
    } catch (error) {
      libc().close(tun.fd);
      throw error;
    }
  }

  /** As {@linkcode LinkDevice.receive}. A frame that does not fit the slot is dropped and counted. */
  receive(frame: Frame, now: Micros): number {
    return this.#isOpen ? this.#io.receive(frame, now) : -1;
  }

  /**
   * As {@linkcode LinkDevice.transmit}. While the interface is down frames are
   * dropped and counted, as on a cable that is not plugged in; `TX_DOWN` means
   * it was removed.
   */
  transmit(frame: Frame, payload: PayloadRef | null, _now: Micros): number {
    return this.#isOpen ? this.#io.transmit(frame, payload) : TX_DOWN;
  }

  /** Removes the interface. Stop whoever waits on the descriptor first. A second call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    forgotten.unregister(this);
    libc().close(this.fd);
  }

  /** As {@linkcode TapDevice.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function checkOptions(options: TapOptions): void {
  if (options.name !== undefined) checkLinkName(options.name);
  const prefixes = (options.hostAddresses ?? []).map(parseCidr);
  const isTap = options.medium !== "tun";
  if (options.hardwareAddress !== undefined) {
    parseHardwareAddress(options.hardwareAddress);
    if (!isTap) {
      throw new TypeError(
        'Cannot open TUN device: it has no hardware address; leave out hardwareAddress or use medium "tap"',
      );
    }
  }
  if (options.mtu === undefined) return;
  const hasIpv6 = prefixes.some(({ address }) => address.family === 6);
  const min = hasIpv6 ? MIN_IPV6_MTU : MIN_MTU;
  const max = isTap ? MAX_MTU - ETHERNET_HEADER_LENGTH : MAX_MTU;
  if (
    !Number.isInteger(options.mtu) || options.mtu < min || options.mtu > max
  ) {
    throw new RangeError(
      `Cannot open TAP device: mtu must be an integer in ${min}..${max}${
        hasIpv6 ? " (IPv6 needs 1280)" : ""
      }, got ${options.mtu}`,
    );
  }
}

/** The kernel's side of the wire. An interface someone prepared, and which needs nothing, is left as it is: that needs no privilege. */
function configure(name: string, options: TapOptions): void {
  const { mtu, hardwareAddress } = options;
  if (hardwareAddress !== undefined) {
    setLink(name, { state: "down" });
    setLink(name, { hardwareAddress });
  }
  if (mtu !== undefined) setLink(name, { mtu });
  if (!getLink(name).isUp) setLink(name, { state: "up" });
  const addresses = options.hostAddresses ?? [];
  for (const cidr of addresses) addAddress(name, cidr);
  for (const cidr of addresses) settleAddress(cidr);
}
