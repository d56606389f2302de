/**
 * Script packets as bytes for the wire.
 *
 * @module
 */
import type { IcmpSpec, PacketAction, TcpSpec } from "../lang/ast.ts";
import { encodePacket, encodeQuote } from "./codec.ts";
import type { RunConfig } from "./config.ts";
import type { Flow } from "./flow.ts";
import { icmpNumbers } from "./icmp_names.ts";
import type { IcmpBody, Packet, TcpBody } from "./packet.ts";

const DEFAULT_HOP_LIMIT = 255;
const QUOTED_TRANSPORT_LENGTH = 8;

/** The live packet for an inbound line, or what is impossible about it. */
export function makeInbound(
  action: PacketAction,
  flow: Flow,
  config: RunConfig,
): Packet | string {
  const { live } = flow;
  const sourcePort = action.sourcePort !== 0
    ? action.sourcePort
    : live.remotePort;
  const destinationPort = action.destinationPort !== 0
    ? action.destinationPort
    : live.localPort;
  const envelope = {
    version: config.wireVersion,
    source: live.remoteIp,
    destination: live.localIp,
    trafficClass: action.ip.trafficClass ??
      (typeof action.ip.ecn === "number" ? action.ip.ecn : 0),
    flowLabel: action.ip.flowLabel ?? 0,
    hopLimit: action.ip.hopLimit ?? DEFAULT_HOP_LIMIT,
  };
  const { transport } = action;
  switch (transport.kind) {
    case "tcp": {
      const body = flow.toLive(
        tcpBody(transport, sourcePort, destinationPort),
        config.tsEcrScaled,
      );
      return typeof body === "string" ? body : { ...envelope, body };
    }
    case "udp":
      return {
        ...envelope,
        body: {
          kind: "udp",
          sourcePort,
          destinationPort,
          payload: new Uint8Array(transport.length),
        },
      };
    case "icmp": {
      const body = icmpBody(transport, flow, config);
      return typeof body === "string" ? body : { ...envelope, body };
    }
  }
}

/** The packet an expectation stands for, for showing and for building: addresses and unknown fields are zero. */
export function tcpBody(
  tcp: TcpSpec,
  sourcePort: number,
  destinationPort: number,
): TcpBody {
  return {
    kind: "tcp",
    sourcePort,
    destinationPort,
    seq: tcp.seq,
    ack: tcp.ack,
    flags: tcp.flags,
    reserved: 0,
    window: tcp.window ?? 0,
    urgent: tcp.urgent,
    options: tcp.options ?? [],
    payload: new Uint8Array(tcp.length),
  };
}

function icmpBody(
  icmp: IcmpSpec,
  flow: Flow,
  config: RunConfig,
): IcmpBody | string {
  const numbers = icmpNumbers(config.wireVersion, icmp.type, icmp.code);
  if (numbers === null) {
    return `no such ICMP message in IPv${config.wireVersion}: ${icmp.type} ${
      icmp.code ?? ""
    }`;
  }
  const rest = icmp.mtu ?? icmp.echoId * 0x10000;
  const payload = icmp.quoted.protocol === "raw"
    ? new Uint8Array(Math.max(0, icmp.quoted.length - 8))
    : quote(icmp, flow, config);
  return { kind: "icmp", type: numbers[0], code: numbers[1], rest, payload };
}

/** The quoted header: ours, outbound, of the flow. */
function quote(icmp: IcmpSpec, flow: Flow, config: RunConfig): Uint8Array {
  const { live } = flow;
  const isUdp = icmp.quoted.protocol === "udp" || flow.protocol === 17;
  const ports = {
    sourcePort: live.localPort,
    destinationPort: live.remotePort,
  };
  const quoted: Packet = {
    version: config.wireVersion,
    source: live.localIp,
    destination: live.remoteIp,
    trafficClass: 0,
    flowLabel: 0,
    hopLimit: DEFAULT_HOP_LIMIT,
    body: isUdp
      ? { kind: "udp", ...ports, payload: new Uint8Array(icmp.quoted.length) }
      : {
        kind: "tcp",
        ...ports,
        seq: flow.quotedSeqToLive(icmp.quoted.seq),
        ack: 0,
        flags: 0,
        reserved: 0,
        window: 0,
        urgent: 0,
        options: [],
        payload: new Uint8Array(icmp.quoted.length),
      },
  };
  // RFC 792 asks for the header and eight bytes; no more, so that a receiver cannot lean on more.
  return encodeQuote(quoted, QUOTED_TRANSPORT_LENGTH);
}

/** The live packet's bytes. */
export function toBytes(packet: Packet): Uint8Array {
  return encodePacket(packet);
}
