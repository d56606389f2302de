/**
 * UDP beneath the applications: which socket a datagram is for, who gets to
 * send next, and who hears of what.
 *
 * The same four steps as TCP's layer, without timers: a datagram that does not
 * leave now leaves when the device has room, and one that was lost is lost.
 * What waits for a next hop waits in the IP layer, a few for each neighbour.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Frame } from "../base/frame.ts";
import { PayloadRef } from "../base/frame.ts";
import type { Random } from "../base/ports.ts";
import type { Micros } from "../base/units.ts";
import { TX_TOO_BIG, TX_UNREACHABLE } from "../ip/datagram.ts";
import type { IpLayer } from "../ip/layer.ts";
import {
  ICMP_HOST_UNREACHABLE,
  ICMP_TOO_BIG,
  IpPacketIn,
} from "../ip/packet.ts";
import type { Route } from "../ip/route.ts";
import { TX_BUSY, TX_DOWN } from "../link/device.ts";
import { ERR_ADDRESS_IN_USE, ERR_ADDRESS_NOT_AVAILABLE } from "../tcp/codes.ts";
import { UdpContext } from "../udp/context.ts";
import {
  UDP_IGNORED_MULTI,
  UDP_IN_CSUM_ERRORS,
  UDP_IN_DATAGRAMS,
  UDP_IN_ERRORS,
  UDP_MEM_ERRORS,
  UDP_NO_PORTS,
  UDP_OUT_DATAGRAMS,
  UDP_RCVBUF_ERRORS,
  UDP_SNDBUF_ERRORS,
  UDP_V6,
} from "../udp/counters.ts";
import { DatagramDemux, wantsGroup } from "../udp/demux.ts";
import { QUEUE_NO_MEMORY } from "../udp/packet_queue.ts";
import type { DatagramTarget } from "../udp/received.ts";
import { DatagramSocket } from "../udp/socket.ts";
import type {
  DatagramFamily,
  DatagramOwner,
  DatagramSink,
} from "../udp/socket.ts";
import {
  IpAddress,
  IPV4_ANY,
  IPV6_ANY,
  isBroadcast,
  isMulticast,
  isUnspecified,
} from "../wire/ip_address.ts";
import { isIpv4Words } from "../wire/ip_class.ts";
import { PROTOCOL_UDP } from "../wire/ipv4.ts";
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_PARTIAL,
} from "../wire/transport_checksum.ts";
import {
  checkUdp,
  emitUdp,
  UDP_HEADER_LENGTH,
  udpDestinationPort,
  udpLength,
  udpSourcePort,
  verifyUdpChecksum,
} from "../wire/udp.ts";
import { PortBook } from "./port_book.ts";

/** How a datagram socket is opened. */
export interface DatagramOptions {
  /** Our address, or a group to hear only that; absent: any of both families; 0.0.0.0: any of IPv4; `::`: any, as `families` says. */
  readonly local?: IpAddress;
  /** Our port; an ephemeral one when absent or 0. */
  readonly port?: number;
  /** Whether a socket bound to `::` takes IPv4 too. Default `"both"`. */
  readonly families?: "both" | "v6-only";
  /** `"reuse"` shares address and port with others that say so. Default `"exclusive"`. */
  readonly shared?: "exclusive" | "reuse";
  /** The only peer, from the start. */
  readonly peer?: DatagramTarget;
  /** Who hears of events. */
  readonly sink?: DatagramSink;
}

/** Ports handed out when none is asked for, the same as TCP's: RFC 6335 §6 has them at 49152..65535, Linux at 32768..60999. */
export interface EphemeralPorts {
  /** The first. */
  readonly ephemeralFirst: number;
  /** The last. */
  readonly ephemeralLast: number;
}

/** The UDP layer of one stack. */
export class UdpLayer implements DatagramOwner {
  /** Called when a verb gave the layer something to do. */
  onTouch: () => void = () => {};
  readonly #context: UdpContext;
  readonly #random: Random;
  readonly #range: EphemeralPorts;
  readonly #demux: DatagramDemux = new DatagramDemux();
  readonly #ports: PortBook = new PortBook();
  readonly #tx: Frame;
  readonly #payload: PayloadRef;
  readonly #looped: IpPacketIn = new IpPacketIn();
  #touched: DatagramSocket[] = [];
  #sending: DatagramSocket[] = [];
  #telling: DatagramSocket[] = [];
  #blocked = false;

  /** A layer without sockets. */
  constructor(
    ip: IpLayer,
    arena: Arena,
    random: Random,
    range: EphemeralPorts,
  ) {
    this.#context = new UdpContext(ip, arena);
    this.#random = random;
    this.#range = range;
    this.#tx = arena.createFrame();
    this.#payload = new PayloadRef(arena.bytes);
  }

  /** What the sockets share. */
  get context(): UdpContext {
    return this.#context;
  }

  /** Sockets that are open. */
  get socketCount(): number {
    return this.#demux.size;
  }

  /** Whether a datagram was sent by its socket and not yet taken by the IP layer. */
  get isSending(): boolean {
    return this.#sending.length > 0 ||
      this.#touched.some(({ sendQueue }) => sendQueue.count > 0);
  }

  /** Whether something is left to send or to tell that no device holds up. */
  get hasWork(): boolean {
    return this.#touched.length > 0 ||
      this.#sending.length > 0 && !this.#blocked;
  }

  /** Whether a device was busy when last asked. */
  get isBlocked(): boolean {
    return this.#blocked;
  }

  // --- opening and closing ---------------------------------------------------------

  /** See `Stack.openDatagram`. */
  open(options: DatagramOptions): DatagramSocket | number {
    const asked = options.local ?? null;
    const isAny = asked === null || isUnspecified(asked);
    if (!isAny && !this.#mayBind(asked)) return ERR_ADDRESS_NOT_AVAILABLE;
    const family = familyFor(asked, options.families ?? "both");
    // What the book calls "any" depends on the families that are taken.
    const booked = isAny ? anyOf(family) : asked;
    const shared = options.shared ?? "exclusive";
    const port = this.#reserve(booked, options.port ?? 0, shared);
    if (port < 0) return port;
    const socket = new DatagramSocket(
      this.#context,
      this,
      isAny ? null : asked,
      port,
      family,
    );
    socket.sink = options.sink ?? null;
    this.#demux.add(socket);
    if (options.peer !== undefined) {
      const code = socket.connect(options.peer);
      if (code < 0) {
        socket.close();
        return code;
      }
    }
    return socket;
  }

  /** Frees the port of a socket that was closed. */
  unlist(socket: DatagramSocket): void {
    this.#demux.remove(socket);
    this.#ports.release(
      socket.boundLocal ?? anyOf(socket.family),
      socket.localPort,
    );
  }

  /** Closes every socket; each hears of it. */
  closeAll(): void {
    this.#demux.forEach((socket) => socket.closeBelow());
  }

  /** A verb was called on `socket`: it is looked at in the next round, which should come soon. */
  touch(socket: DatagramSocket): void {
    this.#note(socket);
    this.onTouch();
  }

  /** Whether a socket has the port at any address. */
  isPortTaken(port: number): boolean {
    return this.#ports.isTaken(port);
  }

  #note(socket: DatagramSocket): void {
    if (socket.touched) return;
    socket.touched = true;
    this.#touched.push(socket);
  }

  #mayBind(address: IpAddress): boolean {
    return this.#context.ip.isLocal(address) || isMulticast(address) ||
      isBroadcast(address);
  }

  /** Takes the port, or a free one for 0. The port, or an `ERR_*`. */
  #reserve(
    address: IpAddress | null,
    port: number,
    shared: "exclusive" | "reuse",
  ): number {
    if (port !== 0) {
      const taken = this.#ports.reserve(address, port, shared);
      return taken ? port : ERR_ADDRESS_IN_USE;
    }
    const { ephemeralFirst, ephemeralLast } = this.#range;
    const count = ephemeralLast - ephemeralFirst + 1;
    // RFC 6056 §3.3.1: a random start. A port is given to one socket only, whatever its address.
    const start = (this.#random.int32() >>> 0) % count;
    for (let i = 0; i < count; i++) {
      const candidate = ephemeralFirst + (start + i) % count;
      if (this.#ports.isTaken(candidate)) continue;
      this.#ports.reserve(address, candidate, shared);
      return candidate;
    }
    return ERR_ADDRESS_NOT_AVAILABLE;
  }

  // --- step 2 ----------------------------------------------------------------------

  /** Takes a packet whose protocol is UDP, or an ICMP error that quotes one. */
  receive(packet: IpPacketIn, now: Micros): void {
    if (packet.icmpKind !== 0) {
      this.#receiveError(packet, now);
      return;
    }
    const { counters } = this.#context;
    const family = familyOf(packet);
    const { view } = packet.frame;
    if (checkUdp(view, packet.l4, packet.l4 + packet.l4Length) < 0) {
      counters.increment(UDP_IN_ERRORS + family);
      return;
    }
    if (!checksumHolds(packet)) {
      counters.increment(UDP_IN_ERRORS + family);
      counters.increment(UDP_IN_CSUM_ERRORS + family);
      return;
    }
    const localPort = udpDestinationPort(view, packet.l4);
    const remotePort = udpSourcePort(view, packet.l4);
    if (packet.isMulticast) {
      this.#receiveForGroup(packet, localPort, remotePort);
      return;
    }
    const socket = this.#demux.find(packet, localPort, remotePort);
    if (socket !== null) {
      this.#deliver(socket, packet, remotePort);
      return;
    }
    counters.increment(UDP_NO_PORTS + family);
    this.#context.ip.sendPortUnreachable(packet, now);
  }

  #receiveForGroup(
    packet: IpPacketIn,
    localPort: number,
    remotePort: number,
  ): void {
    const sockets = this.#demux.at(localPort) ?? [];
    let wanted = 0;
    for (const socket of sockets) {
      if (!wantsGroup(socket, packet, remotePort)) continue;
      wanted++;
      this.#deliver(socket, packet, remotePort);
    }
    // RFC 1122 §3.2.2: no error in answer to a packet for many.
    if (wanted > 0) return;
    this.#context.counters.increment(UDP_IGNORED_MULTI + familyOf(packet));
  }

  #deliver(
    socket: DatagramSocket,
    packet: IpPacketIn,
    remotePort: number,
  ): void {
    const { counters } = this.#context;
    const family = familyOf(packet);
    const code = socket.deliver(
      packet,
      remotePort,
      packet.l4 + UDP_HEADER_LENGTH,
      udpLength(packet.frame.view, packet.l4) - UDP_HEADER_LENGTH,
    );
    if (code === 0) {
      counters.increment(UDP_IN_DATAGRAMS + family);
      this.#note(socket);
      return;
    }
    const why = code === QUEUE_NO_MEMORY ? UDP_MEM_ERRORS : UDP_RCVBUF_ERRORS;
    counters.increment(UDP_IN_ERRORS + family);
    counters.increment(why + family);
  }

  /** An ICMP error, or word of our own that a next hop does not answer, for the socket that sent what it quotes. */
  #receiveError(packet: IpPacketIn, now: Micros): void {
    if (packet.l4Length < UDP_HEADER_LENGTH) return;
    const { view } = packet.frame;
    const localPort = udpSourcePort(view, packet.l4);
    const remotePort = udpDestinationPort(view, packet.l4);
    const socket = this.#demux.find(packet, localPort, remotePort);
    if (socket === null) return;
    const { remote0, remote1, remote2, remote3 } = packet;
    const remote = new IpAddress(remote0, remote1, remote2, remote3);
    if (packet.icmpKind === ICMP_TOO_BIG) {
      this.#reducePathMtu(packet, remote, now);
    }
    this.#tellError(socket, packet, remote, remotePort);
  }

  #reducePathMtu(packet: IpPacketIn, remote: IpAddress, now: Micros): void {
    const { local0, local1, local2, local3 } = packet;
    const local = new IpAddress(local0, local1, local2, local3);
    const { ip } = this.#context;
    const route = ip.routeTo(remote, local, -1);
    if (route !== null) ip.reducePathMtu(route, packet.icmpMtu, now);
  }

  #tellError(
    socket: DatagramSocket,
    packet: IpPacketIn,
    remote: IpAddress,
    remotePort: number,
  ): void {
    socket.noteError({
      kind: packet.icmpKind,
      icmpType: packet.icmpType,
      icmpCode: packet.icmpCode,
      mtu: packet.icmpMtu,
      remote,
      remotePort,
    });
    this.#note(socket);
  }

  // --- step 3 ----------------------------------------------------------------------

  /** Lets every socket that has something send in turn, one datagram each, `budget` in all. Returns how many left. */
  transmit(now: Micros, budget: number): number {
    this.#blocked = false;
    this.#sort();
    if (this.#sending.length === 0) return 0;
    const held: DatagramSocket[] = [];
    let sent = 0;
    while (this.#sending.length > 0 && sent < budget) {
      const round = this.#sending;
      this.#sending = [];
      for (const socket of round) {
        if (sent >= budget) {
          this.#sending.push(socket);
          continue;
        }
        // A busy device holds up its own sockets only, so the others are asked on.
        if (!this.#transmitOne(socket, now)) held.push(socket);
        else {
          sent++;
          this.#again(socket);
        }
      }
    }
    this.#blocked = held.length > 0;
    for (const socket of held) this.#sending.push(socket);
    return sent;
  }

  /** Lets a socket that has more take its next turn, and ends one that was closed and has no more. */
  #again(socket: DatagramSocket): void {
    const { sendQueue, closed } = socket;
    socket.sending = sendQueue.count > 0;
    if (socket.sending) this.#sending.push(socket);
    else if (closed) sendQueue.clear();
  }

  /** Moves the touched sockets into the lists of steps 3 and 4. */
  #sort(): void {
    const touched = this.#touched;
    if (touched.length === 0) return;
    this.#touched = [];
    for (const socket of touched) {
      socket.touched = false;
      this.#telling.push(socket);
      if (!socket.sending) this.#again(socket);
    }
  }

  /** Sends the oldest datagram of a socket; false when the device is busy. */
  #transmitOne(socket: DatagramSocket, now: Micros): boolean {
    const { ip, counters } = this.#context;
    const queue = socket.sendQueue;
    const { route } = queue;
    const family = route.family === 6 ? UDP_V6 : 0;
    this.#describe(socket, route);
    const result = ip.sendDatagram(
      this.#tx,
      this.#payload,
      route,
      PROTOCOL_UDP,
      queue.trafficClass,
      queue.hopLimit,
      now,
    );
    if (result === TX_BUSY) return false;
    if (result === TX_UNREACHABLE || result === TX_DOWN) {
      counters.increment(UDP_SNDBUF_ERRORS + family);
      this.#noteFailure(socket, route, ICMP_HOST_UNREACHABLE);
    } else if (result === TX_TOO_BIG) {
      counters.increment(UDP_SNDBUF_ERRORS + family);
      this.#noteFailure(socket, route, ICMP_TOO_BIG);
    } else {
      counters.increment(UDP_OUT_DATAGRAMS + family);
      if (route.multicast && socket.multicastLoop === "on") {
        this.#loopBack(socket, route);
      }
    }
    queue.shift();
    // A sender that waits for room hears of it in step 4.
    this.#telling.push(socket);
    return true;
  }

  #describe(socket: DatagramSocket, route: Route): void {
    const via = route.interface;
    const offload = via !== null && via.device.caps.checksumOffload;
    const { local: l, remote: r } = route;
    socket.sendQueue.refer(this.#payload);
    emitUdp(
      this.#tx,
      socket.localPort,
      socket.sendQueue.remotePort,
      this.#payload,
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      route.family,
      offload ? CHECKSUM_PARTIAL : CHECKSUM_COMPLETE,
    );
  }

  #noteFailure(socket: DatagramSocket, route: Route, kind: number): void {
    socket.noteError({
      kind,
      icmpType: 0,
      icmpCode: 0,
      mtu: kind === ICMP_TOO_BIG ? route.pathMtu : 0,
      remote: route.remote,
      remotePort: socket.sendQueue.remotePort,
    });
  }

  /** What we send to a group or broadcast address is for our own sockets there as well, RFC 1112 §6.1. */
  #loopBack(sender: DatagramSocket, route: Route): void {
    const sockets = this.#demux.at(sender.sendQueue.remotePort);
    if (sockets === undefined) return;
    const packet = this.#looped;
    fillLooped(packet, route, sender);
    for (const socket of sockets) {
      if (!wantsGroup(socket, packet, sender.localPort)) continue;
      if (socket.deliverPayload(packet, sender.localPort, this.#payload) < 0) {
        continue;
      }
      this.#context.counters.increment(UDP_IN_DATAGRAMS + familyOf(packet));
      this.#note(socket);
    }
  }

  // --- step 4 ----------------------------------------------------------------------

  /** Tells the owners of every socket looked at what changed; returns how many were told something. */
  deliverEvents(now: Micros): number {
    let told = 0;
    const round = this.#telling;
    if (round.length === 0) return 0;
    this.#telling = [];
    for (const socket of round) {
      const events = socket.takeEvents();
      if (events === 0) continue;
      told++;
      socket.sink?.handleDatagramEvents(socket, events, now);
    }
    return told;
  }
}

function familyFor(
  asked: IpAddress | null,
  families: "both" | "v6-only",
): DatagramFamily {
  if (asked === null) return "both";
  if (asked.family === 4) return 4;
  return isUnspecified(asked) && families === "both" ? "both" : 6;
}

/** How the port book writes "any address" of those families. */
function anyOf(family: DatagramFamily): IpAddress | null {
  if (family === "both") return null;
  return family === 4 ? IPV4_ANY : IPV6_ANY;
}

function fillLooped(
  packet: IpPacketIn,
  route: Route,
  sender: DatagramSocket,
): void {
  const { local, remote } = route;
  packet.interfaceIndex = route.interfaceIndex;
  packet.local0 = remote.w0;
  packet.local1 = remote.w1;
  packet.local2 = remote.w2;
  packet.local3 = remote.w3;
  packet.remote0 = local.w0;
  packet.remote1 = local.w1;
  packet.remote2 = local.w2;
  packet.remote3 = local.w3;
  packet.hopLimit = sender.sendQueue.hopLimit;
  packet.trafficClass = sender.sendQueue.trafficClass;
  packet.isMulticast = true;
}

function familyOf(packet: IpPacketIn): number {
  return isIpv4Words(packet.local0, packet.local1, packet.local2) ? 0 : UDP_V6;
}

function checksumHolds(packet: IpPacketIn): boolean {
  return verifyUdpChecksum(
    packet.frame,
    packet.l4,
    packet.local0,
    packet.local1,
    packet.local2,
    packet.local3,
    packet.remote0,
    packet.remote1,
    packet.remote2,
    packet.remote3,
    familyOf(packet) === 0 ? 4 : 6,
  );
}
