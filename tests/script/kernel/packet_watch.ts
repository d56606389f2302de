/**
 * A packet socket on one interface: what passes, with the kernel's timestamps.
 *
 * @module
 */
import type { CapturedPacket } from "../run/packet.ts";
import { errnoOf, NativeMemory, type SocketLibrary } from "./libc_calls.ts";
import { readTimespec } from "./realtime.ts";

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const ETH_P_ALL = 0x0003;
const ETH_P_IPV4 = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const RECEIVE_BUFFER = 8 << 20;
const MSG_DONTWAIT = 0x40;
const PACKET_OUTGOING = 4;
const PACKET_ROOM = 70_000;
const CONTROL_ROOM = 256;
const SOCKADDR_LL_LENGTH = 20;
/** Layout of the message memory: msghdr, iovec, sockaddr_ll, control. */
const IOVEC_AT = 64;
const ADDRESS_AT = 96;
const CONTROL_AT = 128;

/** Which packets are wanted: those the kernel sends by the interface, or those that come in by it. */
export type Direction = "sent" | "received";

/** A watch on an interface. */
export class PacketWatch {
  /** Polls readable when a packet waits. */
  readonly fd: number;
  readonly #library: SocketLibrary;
  readonly #direction: Direction;
  readonly #buffer: NativeMemory;
  readonly #message: NativeMemory;
  readonly #address: NativeMemory;

  /** Begins to watch the interface `name`. */
  constructor(library: SocketLibrary, name: string, direction: Direction) {
    this.#library = library;
    this.#direction = direction;
    this.#buffer = new NativeMemory(library, PACKET_ROOM);
    this.#message = makeMessage(library, this.#buffer);
    this.#address = new NativeMemory(library, SOCKADDR_LL_LENGTH);
    this.fd = this.#open(name);
  }

  /** Adds to `queue` what has passed since. */
  drain(queue: CapturedPacket[]): void {
    const { view, address, bytes } = this.#message;
    const isSentWanted = this.#direction === "sent";
    while (true) {
      view.setBigUint64(40, BigInt(CONTROL_ROOM), true);
      view.setUint32(8, 32, true);
      const length = this.#library.recvmsg(
        this.fd,
        address,
        MSG_DONTWAIT,
        0,
        0,
        0,
      );
      if (length <= 0) return;
      const isSent = bytes[ADDRESS_AT + 10] === PACKET_OUTGOING;
      if (isSent !== isSentWanted) continue;
      queue.push({
        bytes: this.#buffer.bytes.slice(0, length),
        at: readTimespec(view, CONTROL_AT + 16),
      });
    }
  }

  /** Sends a packet out by the interface. */
  send(packet: Uint8Array): void {
    this.#buffer.bytes.set(packet);
    const isIpv4 = packet[0] >> 4 === 4;
    this.#address.view.setUint16(2, isIpv4 ? ETH_P_IPV4 : ETH_P_IPV6);
    const { address } = this.#address;
    this.#library.sendto(
      this.fd,
      this.#buffer.address,
      packet.length,
      0,
      address,
      SOCKADDR_LL_LENGTH,
    );
  }

  #open(name: string): number {
    const library = this.#library;
    const fd = library.socket(AF_PACKET, SOCK_DGRAM, 0, 0, 0, 0);
    const { view, address } = this.#address;
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, ETH_P_ALL);
    view.setInt32(4, indexOfInterface(name), true);
    if (fd < 0 || library.bind(fd, address, SOCKADDR_LL_LENGTH, 0, 0, 0) < 0) {
      throw new Error(
        `Cannot watch ${name}: error ${errnoOf(library)[0]}; run as root`,
      );
    }
    this.#enable(fd, SO_TIMESTAMPNS, 1);
    this.#enable(fd, SO_RCVBUFFORCE, RECEIVE_BUFFER);
    return fd;
  }

  #enable(fd: number, option: number, value: number): void {
    const memory = new NativeMemory(this.#library, 4);
    memory.view.setInt32(0, value, true);
    this.#library.setsockopt(fd, SOL_SOCKET, option, memory.address, 4, 0);
    memory.free();
  }
}

function makeMessage(
  library: SocketLibrary,
  buffer: NativeMemory,
): NativeMemory {
  const memory = new NativeMemory(library, CONTROL_AT + CONTROL_ROOM);
  const { view, address } = memory;
  view.setBigUint64(0, BigInt(address + ADDRESS_AT), true);
  view.setUint32(8, 32, true);
  view.setBigUint64(16, BigInt(address + IOVEC_AT), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, BigInt(address + CONTROL_AT), true);
  view.setBigUint64(IOVEC_AT, BigInt(buffer.address), true);
  view.setBigUint64(IOVEC_AT + 8, BigInt(PACKET_ROOM), true);
  return memory;
}

function indexOfInterface(name: string): number {
  const text = Deno.readTextFileSync(`/proc/net/dev_snmp6/${name}`);
  return Number(text.match(/ifIndex\s+(\d+)/)?.[1] ?? 0);
}
