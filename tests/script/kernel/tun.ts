/**
 * The interface between runner and kernel: a TUN to inject by, a packet socket
 * to watch with.
 *
 * What the kernel sends is read twice. The packet socket gives it with the
 * kernel's own timestamp, so that a late reader still knows when it left; the
 * TUN's copy is read and thrown away, or its queue would fill.
 *
 * A packet that stands for several merged ones goes in with a virtio header
 * that says so, as a card with receive offload would deliver it.
 *
 * @module
 */
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import type { RunConfig } from "../run/config.ts";
import type { CapturedPacket } from "../run/packet.ts";
import { errnoOf, NativeMemory, type SocketLibrary } from "./libc_calls.ts";
import { PacketWatch } from "./packet_watch.ts";

/** Name of the interface; scripts' commands use it. */
export const TUN_NAME = "tun0";

const O_RDWR_NONBLOCK = 0o4002;
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const VIRTIO_HEADER_LENGTH = 10;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
const TCP_PROTOCOL = 6;
const PACKET_ROOM = 70_000;
const LOCAL_ROUTE_TRIES = 1_000;

/** A TUN in the present namespace. */
export class KernelTun {
  /** What the kernel sends. */
  readonly watch: PacketWatch;
  readonly #library: SocketLibrary;
  readonly #errno: Int32Array;
  readonly #tunFd: number;
  readonly #buffer: NativeMemory;
  readonly #mergedMss: number;

  /** Makes the interface, gives it its address and routes, and begins to watch. */
  constructor(library: SocketLibrary, config: RunConfig) {
    this.#library = library;
    this.#errno = errnoOf(library);
    this.#buffer = new NativeMemory(library, PACKET_ROOM);
    this.#mergedMss = config.injectedMss;
    this.#tunFd = this.#openTun();
    configureInterface(config);
    this.watch = new PacketWatch(library, TUN_NAME, "sent");
  }

  /** Hands a packet to the kernel. */
  inject(packet: Uint8Array): void {
    const headerLength = this.#mergedMss > 0 ? VIRTIO_HEADER_LENGTH : 0;
    this.#buffer.bytes.fill(0, 0, headerLength);
    this.#buffer.bytes.set(packet, headerLength);
    if (headerLength > 0) this.#describeMerged(packet);
    const length = packet.length + headerLength;
    this.#check(
      "write a packet to",
      this.#library.write(this.#tunFd, this.#buffer.address, length, 0, 0, 0),
    );
  }

  /** Adds to `queue` what the kernel has sent since. */
  drain(queue: CapturedPacket[]): void {
    while (
      this.#library.read(
        this.#tunFd,
        this.#buffer.address,
        PACKET_ROOM,
        0,
        0,
        0,
      ) > 0
    );
    this.watch.drain(queue);
  }

  /** Fills the virtio header of a segment longer than the MSS. */
  #describeMerged(packet: Uint8Array): void {
    const isIpv4 = packet[0] >> 4 === 4;
    const l4 = isIpv4 ? 20 : 40;
    if (packet[isIpv4 ? 9 : 6] !== TCP_PROTOCOL) return;
    const headers = l4 + (packet[l4 + 12] >> 4) * 4;
    if (packet.length - headers <= this.#mergedMss) return;
    const { bytes, view } = this.#buffer;
    bytes[1] = isIpv4 ? GSO_TCPV4 : GSO_TCPV6;
    view.setUint16(2, headers, true);
    view.setUint16(4, this.#mergedMss, true);
  }

  #openTun(): number {
    const path = new NativeMemory(this.#library, 16);
    path.bytes.set(new TextEncoder().encode("/dev/net/tun"));
    const fd = this.#check(
      "open /dev/net/tun for",
      this.#library.open(path.address, O_RDWR_NONBLOCK, 0, 0, 0, 0),
    );
    const request = new NativeMemory(this.#library, 40);
    request.bytes.set(new TextEncoder().encode(TUN_NAME));
    request.view.setUint16(
      16,
      IFF_TUN | IFF_NO_PI | (this.#mergedMss > 0 ? IFF_VNET_HDR : 0),
      true,
    );
    this.#check(
      "attach",
      this.#library.ioctl(fd, TUNSETIFF, request.address, 0, 0, 0),
    );
    return fd;
  }

  #check(what: string, result: number): number {
    if (result < 0) {
      throw new Error(
        `Cannot ${what} ${TUN_NAME}: error ${this.#errno[0]}; run as root`,
      );
    }
    return result;
  }
}

function configureInterface(config: RunConfig): void {
  const isIpv6 = config.wireVersion === 6;
  const family = isIpv6 ? "-6" : "-4";
  if (isIpv6) {
    Deno.writeTextFileSync(
      `/proc/sys/net/ipv6/conf/${TUN_NAME}/accept_dad`,
      "0",
    );
  }
  runIp(["link", "set", "lo", "up"]);
  runIp(["link", "set", TUN_NAME, "mtu", String(config.mtu), "up"]);
  const noProbe = isIpv6 ? ["nodad"] : [];
  runIp([
    family,
    "addr",
    "add",
    `${config.localIp}/${config.localPrefixLength}`,
    "dev",
    TUN_NAME,
    ...noProbe,
  ]);
  // Commands in scripts change the route to the remote network by its prefix.
  if (!isIpv6) {
    runIp([
      "route",
      "add",
      config.remoteIp.replace(/\d+$/, "0/24"),
      "dev",
      TUN_NAME,
    ]);
  }
  runIp([family, "route", "add", "default", "dev", TUN_NAME]);
  if (isIpv6) awaitLocalRoute(config.localIp);
}

/** An IPv6 address is the kernel's own only once a worker of it has put it into the local table. */
function awaitLocalRoute(address: string): void {
  const { w0, w1, w2, w3 } = parseIpAddress(address);
  const digits = [w0, w1, w2, w3]
    .map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  for (let i = 0; i < LOCAL_ROUTE_TRIES; i++) {
    const table = Deno.readTextFileSync("/proc/net/ipv6_route");
    const isThere = table.split("\n").some((line) =>
      line.startsWith(`${digits} 80 `) && line.trimEnd().endsWith("tun0")
    );
    if (isThere) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
  throw new Error(`Cannot use ${address}: it did not become local`);
}

/** Runs `ip`. @throws Error with what it said when it fails */
export function runIp(args: readonly string[]): void {
  const { success, stderr } = new Deno.Command("ip", { args: [...args] })
    .outputSync();
  if (!success) {
    throw new Error(
      `Cannot run "ip ${args.join(" ")}": ${
        new TextDecoder().decode(stderr).trim()
      }`,
    );
  }
}
