/**
 * A real interface, shared with the host's kernel, as a network device.
 *
 * libpcap shows what arrives at an interface and injects what we send; the
 * kernel sees the arrivals too and goes on using the interface. So the engine
 * must have an address of its own there: for one that is also the kernel's,
 * the kernel answers each of our segments with a reset.
 *
 *     wire ------ eth0 ---+--- kernel    192.0.2.10
 *                         +--- engine    192.0.2.77   (promiscuous, own hardware address)
 *
 * Only what arrives from outside is seen, not what the kernel sends: engine
 * and kernel of one machine cannot talk to each other this way (use a
 * TapDevice, or a veth pair with one end here).
 *
 * No offload: checksums are complete both ways and frames are at most
 * MTU-sized. Packets from another namespace of the same machine (veth, bridge)
 * come with the checksums their kernel left undone: open with
 * `checksums: "trust"` there.
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
import { MEDIUM_ETHERNET, MEDIUM_IP, TX_DOWN } from "../engine/mod.ts";
import { AddressBook } from "./address_book.ts";
import { DeviceCounters } from "./device_counters.ts";
import { EOPNOTSUPP } from "./errno_names.ts";
import { libc } from "./libc.ts";
import { PCAP_OUT_LENGTH, PcapIo } from "./pcap_io.ts";
import { pcapLibrary } from "./pcap_library.ts";
import { openPcap } from "./pcap_open.ts";
import { getLink } from "./links.ts";
import { SystemError } from "./system_error.ts";

const DLT_EN10MB = 1;
const DLT_RAW = 12;
const ETHERNET_HEADER_LENGTH = 14;
const SCRATCH_LENGTH = 131_072;

/** How to open a {@linkcode PcapDevice}. */
export interface PcapOptions {
  /** Name of the interface. */
  readonly name: string;
  /** Which frames to take, in the language of pcap-filter(7) (`host 192.0.2.77 or arp`); all when absent. */
  readonly filter?: string;
  /** `promiscuous` (the default) takes frames addressed to the engine's own hardware address; `addressed` only the interface's and groups. */
  readonly mode?: "promiscuous" | "addressed";
  /** `verify` (the default) has the engine verify checksums; `trust` is for packets that never left this machine. */
  readonly checksums?: "verify" | "trust";
}

/** Closes captures nobody closed. */
const forgotten = new FinalizationRegistry((handle: Deno.PointerObject) => {
  pcapLibrary().pcap_close(handle);
});

/** An interface opened through libpcap. */
export class PcapDevice implements LinkDevice {
  /** The interface's name. */
  readonly name: string;
  /** The interface's own hardware address, `02:00:00:00:00:01`; empty when it has none. */
  readonly hardwareAddress: string;
  /** What the device can do. */
  readonly caps: LinkCaps;
  /** The descriptor polls readable when a frame waits. */
  readonly readiness: Readiness;
  /** Never: libpcap delays nothing in immediate mode. */
  readonly deadline: Micros = Infinity;
  /** What was moved and lost. */
  readonly counters: DeviceCounters;
  readonly #handle: Deno.PointerObject;
  readonly #io: PcapIo;
  #isOpen = true;

  private constructor(handle: Deno.PointerObject, options: PcapOptions) {
    const library = pcapLibrary();
    const isEthernet = checkMedium(
      options.name,
      library.pcap_datalink(handle),
    );
    const link = getLink(options.name);
    this.name = options.name;
    this.hardwareAddress = link.hardwareAddress;
    this.readiness = { fd: library.pcap_get_selectable_fd(handle) };
    this.caps = {
      medium: isEthernet ? MEDIUM_ETHERNET : MEDIUM_IP,
      ipMtu: link.mtu,
      checksumOffload: false,
      gsoMaxSize: 0,
    };
    this.counters = new DeviceCounters();
    this.#handle = handle;
    this.#io = new PcapIo({
      handle,
      linkHeaderLength: isEthernet ? ETHERNET_HEADER_LENGTH : 0,
      checksums: options.checksums ?? "verify",
      library,
      libc: libc(),
      addresses: new AddressBook(),
      out: new Uint8Array(new ArrayBuffer(PCAP_OUT_LENGTH)),
      scratch: new Uint8Array(SCRATCH_LENGTH),
      counters: this.counters,
    });
  }

  /**
   * Opens the interface in the calling thread's network namespace. When it throws, nothing is left behind.
   *
   * @throws {SystemError} when there is no such interface, it is down, or permission is missing
   * @throws {LibraryError} when libpcap is not installed
   * @throws {Deno.errors.NotCapable} without `--allow-ffi`
   */
  static open(options: PcapOptions): PcapDevice {
    const handle = openPcap({
      name: options.name,
      filter: options.filter ?? "",
      mode: options.mode ?? "promiscuous",
    });
    try {
      const device = new PcapDevice(handle, options);
      forgotten.register(device, handle, device);
      return device;
    } catch (error) {
      pcapLibrary().pcap_close(handle);
      throw error;
    }
  }

  /** As {@linkcode LinkDevice.receive}. A frame captured in part, or too long for the slot, is dropped and counted. */
  receive(frame: Frame, now: Micros): number {
    return this.#isOpen ? this.#io.receive(frame, now) : -1;
  }

  /** As {@linkcode LinkDevice.transmit}. A frame the interface refuses is dropped and counted. */
  transmit(frame: Frame, payload: PayloadRef | null, _now: Micros): number {
    return this.#isOpen ? this.#io.transmit(frame, payload) : TX_DOWN;
  }

  /** Ends the capture. Stop whoever waits on the descriptor first. A second call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    forgotten.unregister(this);
    pcapLibrary().pcap_close(this.#handle);
  }

  /** As {@linkcode PcapDevice.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function checkMedium(name: string, linkType: number): boolean {
  if (linkType === DLT_EN10MB) return true;
  if (linkType === DLT_RAW) return false;
  throw new SystemError(
    `use ${name}`,
    "pcap_datalink",
    EOPNOTSUPP,
    `its link type ${linkType} is neither Ethernet nor bare IP; choose another interface`,
  );
}
