/**
 * The script's sockets: descriptors, and the one flow that packets belong to.
 *
 * A script follows one flow at a time, the *socket under test*: the newest
 * socket, or the child of a listener that an inbound packet made. Packet lines
 * name no addresses, so this is what they mean.
 *
 * @module
 */
import type { PacketAction } from "../lang/ast.ts";
import type { RunConfig } from "./config.ts";
import type { CallRequest } from "./executor.ts";
import { UNSPECIFIED } from "./executor.ts";
import { Flow } from "./flow.ts";
import type { Packet } from "./packet.ts";

const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const SOCK_DGRAM = 2;
const SYN = 0x02;
const ACK = 0x10;
/** Ports packets are injected from; a fresh one for each flow keeps TIME-WAIT of an earlier one out of the way. */
const FIRST_REMOTE_PORT = 40_001;

/** All sockets of one run. */
export class ScriptSockets {
  /** The flow packet lines speak of, null before the first socket or packet. */
  current: Flow | null = null;
  readonly #config: RunConfig;
  readonly #flows: Flow[] = [];
  /** Descriptors that are no sockets: epoll instances. */
  readonly #others = new Map<number, number>();
  #nextRemotePort = FIRST_REMOTE_PORT;

  /** Starts without sockets. */
  constructor(config: RunConfig) {
    this.#config = config;
  }

  /** The executor's descriptor for one of the script's, or null. */
  liveFd(scriptFd: number): number | null {
    return this.#find(scriptFd)?.liveFd ?? this.#others.get(scriptFd) ?? null;
  }

  /** Tells that a call is about to be made: connecting changes what packets mean. */
  beforeCall(request: CallRequest, scriptFd: number | null): void {
    const isConnect = request.op === "connect" ||
      (request.op === "send" && request.to !== null);
    const flow = scriptFd === null ? undefined : this.#find(scriptFd);
    if (!isConnect || flow === undefined) return;
    if (request.to === UNSPECIFIED) {
      flow.state = "new";
      return;
    }
    if (flow.state !== "new") return;
    flow.state = "connecting";
    flow.live.remoteIp = this.#config.remoteIp;
    flow.live.remotePort = this.#config.connectPort;
    if (flow.protocol === IPPROTO_UDP) flow.live.localIp = this.#config.localIp;
  }

  /**
   * Tells how a call ended.
   *
   * @param scriptResult the descriptor the script expects of a call that makes one
   * @returns what cannot be, or null
   */
  afterCall(
    request: CallRequest,
    scriptFd: number | null,
    result: number,
    scriptResult: number,
  ): string | null {
    if (result < 0) return null;
    const flow = scriptFd === null ? undefined : this.#find(scriptFd);
    switch (request.op) {
      case "socket":
        return this.#addSocket(
          request.protocol,
          request.type,
          scriptResult,
          result,
        );
      case "epoll_create":
        this.#others.set(scriptResult, result);
        return null;
      case "listen":
        if (flow !== undefined) flow.state = "listening";
        return null;
      case "bind":
        if (flow !== undefined) flow.live.localPort = this.#config.bindPort;
        return null;
      case "accept":
        return this.#accepted(scriptResult, result);
      case "close":
        if (flow !== undefined) flow.isClosed = true;
        else if (scriptFd !== null) this.#others.delete(scriptFd);
        return null;
      default:
        return null;
    }
  }

  /** The flow an inbound packet goes to; an inbound segment for a listener makes its child. */
  flowForInbound(packet: PacketAction): Flow | null {
    const flow = this.current;
    if (
      packet.transport.kind === "tcp" &&
      (flow === null || flow.state === "listening")
    ) {
      return this.#addChild(packet.transport.seq);
    }
    if (flow !== null && flow.protocol === IPPROTO_UDP) this.#completeUdp(flow);
    return flow;
  }

  /** The flow an outbound packet is expected of. */
  flowForOutbound(packet: PacketAction): Flow | null {
    const flow = this.current;
    const { transport } = packet;
    if (flow === null || transport.kind !== "tcp") return flow;
    const isSyn = (transport.flags & SYN) !== 0;
    const isAck = (transport.flags & ACK) !== 0;
    if (isSyn && !isAck && flow.state === "connecting") {
      flow.state = "synSent";
      flow.scriptLocalIsn = transport.seq;
    }
    if (isSyn && isAck && flow.state === "synReceived") {
      flow.scriptLocalIsn = transport.seq;
    }
    return flow;
  }

  /** Whether a captured packet is one of this flow's. Learns from a SYN the port and number the system chose. */
  isOfFlow(flow: Flow, packet: Packet, expected: PacketAction): boolean {
    const { body } = packet;
    const { live } = flow;
    if (body.kind === "icmp") {
      return packet.source === live.localIp &&
        packet.destination === live.remoteIp;
    }
    if (body.kind === "other") return false;
    const localPort = expected.sourcePort !== 0
      ? expected.sourcePort
      : live.localPort;
    const remotePort = expected.destinationPort !== 0
      ? expected.destinationPort
      : live.remotePort;
    if (
      packet.destination !== live.remoteIp ||
      body.destinationPort !== remotePort
    ) return false;
    const isLearning = (body.kind === "tcp" && flow.state === "synSent" &&
      (body.flags & (SYN | ACK)) === SYN) ||
      (body.kind === "udp" && live.localPort === 0);
    if (
      isLearning &&
      flow.protocol === (body.kind === "tcp" ? IPPROTO_TCP : IPPROTO_UDP)
    ) {
      live.localIp = packet.source;
      live.localPort = body.sourcePort;
      if (body.kind === "tcp") flow.liveLocalIsn = body.seq;
      return true;
    }
    return packet.source === live.localIp && body.sourcePort === localPort;
  }

  /** Learns the number of a SYN-ACK, and with it that the listener answered. */
  noteSynAck(flow: Flow, liveSeq: number): void {
    if (flow.state !== "synReceived") return;
    flow.liveLocalIsn = liveSeq;
    flow.state = "synAckSent";
  }

  /** Notes what an inbound segment makes of the flow. */
  noteInbound(flow: Flow, flags: number, seq: number): void {
    if (flow.state === "synAckSent" && (flags & ACK) !== 0) {
      flow.state = "established";
    } else if (flow.state === "synSent" && (flags & SYN) !== 0) {
      flow.remoteIsn = seq;
      if ((flags & ACK) !== 0) flow.state = "established";
    }
  }

  #find(scriptFd: number): Flow | undefined {
    return this.#flows.find((flow) =>
      flow.scriptFd === scriptFd && !flow.isClosed
    );
  }

  #addSocket(
    protocol: number,
    type: number,
    scriptFd: number,
    liveFd: number,
  ): string | null {
    if (this.liveFd(scriptFd) !== null) {
      return `descriptor ${scriptFd} is already open in the script`;
    }
    const isDatagram = (type & 0xf) === SOCK_DGRAM;
    const flow = new Flow(
      protocol !== 0 ? protocol : isDatagram ? IPPROTO_UDP : IPPROTO_TCP,
    );
    flow.scriptFd = scriptFd;
    flow.liveFd = liveFd;
    this.#flows.push(flow);
    this.current = flow;
    return null;
  }

  #addChild(remoteIsn: number): Flow {
    const flow = new Flow(IPPROTO_TCP);
    flow.state = "synReceived";
    flow.live.localIp = this.#config.localIp;
    flow.live.localPort = this.#config.bindPort;
    flow.live.remoteIp = this.#config.remoteIp;
    flow.live.remotePort = this.#nextRemotePort++;
    flow.remoteIsn = remoteIsn;
    this.#flows.push(flow);
    this.current = flow;
    return flow;
  }

  #accepted(scriptFd: number, liveFd: number): string | null {
    if (this.liveFd(scriptFd) !== null) {
      return `descriptor ${scriptFd} is already open in the script`;
    }
    const child = this.#flows.find((flow) =>
      flow.scriptFd < 0 &&
      (flow.state === "synAckSent" || flow.state === "established" ||
        flow.state === "synReceived")
    );
    if (child === undefined) {
      return "accept() returned a connection no packet of the script began";
    }
    child.scriptFd = scriptFd;
    child.liveFd = liveFd;
    return null;
  }

  #completeUdp(flow: Flow): void {
    flow.live.localIp ||= this.#config.localIp;
    flow.live.remoteIp ||= this.#config.remoteIp;
    flow.live.localPort ||= this.#config.bindPort;
    flow.live.remotePort ||= this.#config.connectPort;
  }
}
