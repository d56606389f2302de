// @hot
/**
 * Whose datagram is this?
 *
 * Sockets by local port, a few each. Of those a packet fits, the one that asks
 * for most gets it: a peer counts more than an address, an address more than
 * none; between equals, which exist only when both said "reuse", the one bound
 * last. A datagram for a group goes to every socket that joined it, one for a
 * broadcast address to every socket that is not bound to another address.
 *
 * @module
 */
import type { IpPacketIn } from "../ip/packet.ts";
import { isIpv4Words, isMulticastWords } from "../wire/ip_class.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { DatagramSocket } from "./socket.ts";

const SCORE_PEER = 2;
const SCORE_LOCAL = 1;

/** The sockets of one stack. */
export class DatagramDemux {
  readonly #ports: Map<number, DatagramSocket[]> = createPorts();
  #size = 0;

  /** Sockets listed. */
  get size(): number {
    return this.#size;
  }

  /** Lists a socket under its port. */
  add(socket: DatagramSocket): void {
    this.#size++;
    const others = this.#ports.get(socket.localPort);
    if (others === undefined) this.#ports.set(socket.localPort, listOf(socket));
    else others.unshift(socket);
  }

  /** Takes a socket out; one that is not listed is ignored. */
  remove(socket: DatagramSocket): void {
    const others = this.#ports.get(socket.localPort);
    const at = others === undefined ? -1 : others.indexOf(socket);
    if (others === undefined || at < 0) return;
    this.#size--;
    others.splice(at, 1);
    if (others.length === 0) this.#ports.delete(socket.localPort);
  }

  /** Sockets of a port, the one bound last first; undefined: none. */
  at(localPort: number): readonly DatagramSocket[] | undefined {
    return this.#ports.get(localPort);
  }

  /** Calls `visit` for every socket; it may close the one it is given. */
  forEach(visit: (socket: DatagramSocket) => void): void {
    for (const sockets of Array.from(this.#ports.values())) {
      for (const socket of Array.from(sockets)) visit(socket);
    }
  }

  /** The socket a packet for one host is for, or the one that sent the packet an ICMP error quotes; null: nobody's. */
  find(
    packet: IpPacketIn,
    localPort: number,
    remotePort: number,
  ): DatagramSocket | null {
    const sockets = this.#ports.get(localPort);
    if (sockets === undefined) return null;
    let best: DatagramSocket | null = null;
    let bestScore = -1;
    for (let i = 0; i < sockets.length; i++) {
      const score = scoreOf(sockets[i], packet, remotePort);
      if (score > bestScore) {
        best = sockets[i];
        bestScore = score;
      }
    }
    return best;
  }
}

/** Whether a datagram for a group or a broadcast address, which `packet` is, is for `socket` too. */
export function wantsGroup(
  socket: DatagramSocket,
  packet: IpPacketIn,
  remotePort: number,
): boolean {
  const { local0, local1, local2, local3 } = packet;
  if (!takesFamily(socket, packet) || !isFromPeer(socket, packet, remotePort)) {
    return false;
  }
  // Speaking to a peer narrows `local`, which does not matter to groups.
  const local = socket.boundLocal;
  if (local !== null && !isAddress(local, local0, local1, local2, local3)) {
    return false;
  }
  if (!isMulticastWords(local0, local1, local2, local3)) return true;
  return isAllNodes(packet) ||
    socket.isMember(local0, local1, local2, local3, packet.interfaceIndex);
}

function scoreOf(
  socket: DatagramSocket,
  packet: IpPacketIn,
  remotePort: number,
): number {
  if (!takesFamily(socket, packet) || !isFromPeer(socket, packet, remotePort)) {
    return -1;
  }
  const { local, peer } = socket;
  const score = peer === null ? 0 : SCORE_PEER;
  if (local === null) return score;
  const { local0, local1, local2, local3 } = packet;
  return isAddress(local, local0, local1, local2, local3)
    ? score + SCORE_LOCAL | 0
    : -1;
}

function takesFamily(socket: DatagramSocket, packet: IpPacketIn): boolean {
  if (socket.family === "both") return true;
  const isV4 = isIpv4Words(packet.local0, packet.local1, packet.local2);
  return isV4 === (socket.family === 4);
}

function isFromPeer(
  socket: DatagramSocket,
  packet: IpPacketIn,
  remotePort: number,
): boolean {
  const { peer } = socket;
  if (peer === null) return true;
  const { remote0, remote1, remote2, remote3 } = packet;
  return socket.peerPort === remotePort &&
    isAddress(peer, remote0, remote1, remote2, remote3);
}

function isAddress(
  a: IpAddress,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  return a.w3 === w3 && a.w2 === w2 && a.w1 === w1 && a.w0 === w0;
}

/** 224.0.0.1, ff01::1, ff02::1: every host is in these without asking, RFC 1112 §4, RFC 4291 §2.8. */
function isAllNodes(packet: IpPacketIn): boolean {
  const { local0, local1, local2, local3 } = packet;
  if (isIpv4Words(local0, local1, local2)) return local3 === (0xe0000001 | 0);
  return local3 === 1 && local2 === 0 && local1 === 0 &&
    (local0 === (0xff010000 | 0) || local0 === (0xff020000 | 0));
}

function createPorts(): Map<number, DatagramSocket[]> {
  return new Map();
}

function listOf(socket: DatagramSocket): DatagramSocket[] {
  // deno-lint-ignore synload/no-alloc-in-hot-file -- one list a port
  return [socket];
}
