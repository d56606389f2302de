/**
 * The interface between runner and kernel: a TUN to inject by, a packet socket
 * to watch with.
 *
 * What the kernel sends is read twice. The packet socket gives it with the
 * kernel's own timestamp, so that a late reader still knows when it left; the
 * TUN's copy is read and thrown away, or its queue would fill.
 *
 * @module
 */
import type { RunConfig } from "../run/config.ts";
import type { CapturedPacket } from "../run/packet.ts";
import { errnoOf, NativeMemory, type SocketLibrary } from "./libc_calls.ts";
import { readTimespec } from "./realtime.ts";

/** Name of the interface; scripts' commands use it. */
export const TUN_NAME = "tun0";

const O_RDWR_NONBLOCK = 0o4002;
const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;
const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const ETH_P_ALL_BE = 0x0300;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const MSG_DONTWAIT = 0x40;
const PACKET_OUTGOING = 4;
const PACKET_ROOM = 70_000;
const CONTROL_ROOM = 256;
const NEVER_EXPIRES = [
  "nodad",
  "valid_lft",
  "forever",
  "preferred_lft",
  "forever",
];

/** A TUN in the present namespace. */
export class KernelTun {
  /** Polls readable when the kernel has sent something. */
  readonly watchFd: number;
  readonly #library: SocketLibrary;
  readonly #errno: Int32Array;
  readonly #tunFd: number;
  readonly #buffer: NativeMemory;
  readonly #message: NativeMemory;

  /** Makes the interface, gives it its address and routes, and begins to watch. */
  constructor(library: SocketLibrary, config: RunConfig) {
    this.#library = library;
    this.#errno = errnoOf(library);
    this.#buffer = new NativeMemory(library, PACKET_ROOM);
    this.#message = makeMessage(library, this.#buffer);
    this.#tunFd = this.#openTun();
    configureInterface(config);
    this.watchFd = this.#openWatch();
  }

  /** Hands a packet to the kernel. */
  inject(bytes: Uint8Array): void {
    this.#buffer.bytes.set(bytes);
    this.#check(
      "write a packet to",
      this.#library.write(
        this.#tunFd,
        this.#buffer.address,
        bytes.length,
        0,
        0,
        0,
      ),
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
    while (true) {
      const { view, address } = this.#message;
      view.setBigUint64(40, BigInt(CONTROL_ROOM), true);
      view.setUint32(8, 32, true);
      const length = this.#library.recvmsg(
        this.watchFd,
        address,
        MSG_DONTWAIT,
        0,
        0,
        0,
      );
      if (length <= 0) return;
      if (this.#message.bytes[96 + 10] !== PACKET_OUTGOING) continue;
      queue.push({
        bytes: this.#buffer.bytes.slice(0, length),
        at: readTimespec(view, 128 + 16),
      });
    }
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
    request.view.setUint16(16, IFF_TUN_NO_PI, true);
    this.#check(
      "attach",
      this.#library.ioctl(fd, TUNSETIFF, request.address, 0, 0, 0),
    );
    return fd;
  }

  #openWatch(): number {
    const fd = this.#check(
      "watch",
      this.#library.socket(AF_PACKET, SOCK_DGRAM, ETH_P_ALL_BE, 0, 0, 0),
    );
    const address = new NativeMemory(this.#library, 20);
    address.view.setUint16(0, AF_PACKET, true);
    address.view.setUint16(2, ETH_P_ALL_BE, true);
    address.view.setInt32(4, indexOfInterface(), true);
    this.#check(
      "bind the watch to",
      this.#library.bind(fd, address.address, 20, 0, 0, 0),
    );
    address.view.setInt32(0, 1, true);
    this.#library.setsockopt(
      fd,
      SOL_SOCKET,
      SO_TIMESTAMPNS,
      address.address,
      4,
      0,
    );
    address.view.setInt32(0, 8 << 20, true);
    this.#library.setsockopt(
      fd,
      SOL_SOCKET,
      SO_RCVBUFFORCE,
      address.address,
      4,
      0,
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

/** A msghdr for recvmsg: header at 0, iovec at 64, sockaddr_ll at 96, control at 128. */
function makeMessage(
  library: SocketLibrary,
  buffer: NativeMemory,
): NativeMemory {
  const memory = new NativeMemory(library, 128 + CONTROL_ROOM);
  const { view, address } = memory;
  view.setBigUint64(0, BigInt(address + 96), true);
  view.setUint32(8, 32, true);
  view.setBigUint64(16, BigInt(address + 64), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, BigInt(address + 128), true);
  view.setBigUint64(64, BigInt(buffer.address), true);
  view.setBigUint64(72, BigInt(PACKET_ROOM), true);
  return memory;
}

function indexOfInterface(): number {
  return Number(
    Deno.readTextFileSync(`/proc/net/dev_snmp6/${TUN_NAME}`).match(
      /ifIndex\s+(\d+)/,
    )?.[1] ?? 0,
  );
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
  const extra = isIpv6 ? NEVER_EXPIRES : [];
  runIp(["link", "set", "lo", "up"]);
  runIp(["link", "set", TUN_NAME, "mtu", String(config.mtu), "up"]);
  runIp([
    family,
    "addr",
    "add",
    `${config.localIp}/${config.localPrefixLength}`,
    "dev",
    TUN_NAME,
    ...extra,
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
}

function runIp(args: readonly string[]): void {
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
