/**
 * Waiting for the packet the script expects next.
 *
 * Packets of other flows are passed over. Several segments may make up the one
 * packet a script writes (a long write leaves in segments); they are taken
 * until its length is reached.
 *
 * @module
 */
import type { PacketAction } from "../lang/ast.ts";
import { decodePacket } from "./codec.ts";
import type { RunConfig } from "./config.ts";
import type { Executor } from "./executor.ts";
import { ScriptFailure } from "./executor.ts";
import type { Flow } from "./flow.ts";
import { tcpBody } from "./injection.ts";
import { findDifference, joinSegments } from "./match.ts";
import type { Packet } from "./packet.ts";
import { showPacket } from "./show.ts";
import type { ScriptSockets } from "./sockets.ts";
import { type DueTime, findLateness, seconds } from "./timeline.ts";

/** How much longer than allowed to wait, so that a late packet is reported as late and not as missing, µs. */
const GRACE = 1_000_000;
/** How long to wait for a packet that may come at any time, µs. */
const ANY_TIME = 60_000_000;
const SYN_ACK = 0x12;

interface Arrival {
  readonly packet: Packet;
  /** Script time. */
  readonly at: number;
}

/** Takes packets from the executor and holds them against the script. */
export class OutboundWatch {
  /** Executor time of script time 0. */
  base = 0;
  readonly #config: RunConfig;
  readonly #executor: Executor;
  readonly #sockets: ScriptSockets;

  /** Watches what `executor` sends. */
  constructor(config: RunConfig, executor: Executor, sockets: ScriptSockets) {
    this.#config = config;
    this.#executor = executor;
    this.#sockets = sockets;
  }

  /**
   * Waits for the packet and compares it.
   *
   * @returns when it came, script time
   * @throws ScriptFailure when none comes, another comes, or not on time
   */
  expect(
    action: PacketAction,
    due: DueTime,
    narrate: (text: string) => void,
  ): number {
    const line = action.position.line;
    const flow = this.#sockets.flowForOutbound(action);
    if (flow === null) {
      throw new ScriptFailure(line, "no socket for this packet");
    }
    const limit = due.isAny
      ? due.to + ANY_TIME
      : due.to + due.tolerance + GRACE;
    const parts: Arrival[] = [];
    const wanted = action.transport.kind === "tcp"
      ? action.transport.length
      : 0;
    let length = 0;
    do {
      const arrival = this.#next(flow, action, limit);
      if (arrival === null) throw this.#missing(action, due, parts);
      narrate(`${seconds(arrival.at)} > ${showPacket(arrival.packet)}`);
      parts.push(arrival);
      length += payloadLength(arrival.packet);
    } while (
      length < wanted && !this.#config.strictSegments &&
      isStartOf(action, parts[0].packet)
    );

    const joined = length === wanted
      ? joinSegments(parts.map(({ packet }) => packet), length)
      : parts[0].packet;
    const at = parts[0].at;
    const difference = typeof joined === "string"
      ? joined
      : this.#compare(action, joined, flow, at, due);
    if (difference !== null) {
      this.#report(action, due, parts, difference, narrate);
    }
    return parts[parts.length - 1].at;
  }

  #report(
    action: PacketAction,
    due: DueTime,
    parts: readonly Arrival[],
    difference: string,
    narrate: (text: string) => void,
  ) {
    const message = [
      difference,
      `  expected: ${seconds(due.from)} > ${
        showExpected(action, this.#config)
      }`,
      ...parts.map(({ at, packet }) =>
        `  came:     ${seconds(at)} > ${showPacket(packet)}`
      ),
    ].join("\n");
    if (!this.#config.nonFatal.has("packet")) {
      throw new ScriptFailure(action.position.line, message);
    }
    narrate(`warning: ${message}`);
  }

  #compare(
    action: PacketAction,
    packet: Packet,
    flow: Flow,
    at: number,
    due: DueTime,
  ): string | null {
    return findDifference(
      action,
      mapTimestamps(action, packet, flow),
      this.#config,
    ) ??
      this.#compareFlowLabel(action, packet, flow) ??
      findLateness(due, at, "outbound packet");
  }

  /** Labels are the sender's choice: a script says only which are the same and which are not. */
  #compareFlowLabel(
    action: PacketAction,
    packet: Packet,
    flow: Flow,
  ): string | null {
    const script = action.ip.flowLabel ?? 0;
    if (packet.version !== 6 || script === 0) return null;
    if (packet.flowLabel === 0) return "flow label: expected one, got none";
    const known = flow.flowLabel;
    flow.flowLabel = [script, packet.flowLabel];
    if (
      known === null ||
      (known[0] === script) === (known[1] === packet.flowLabel)
    ) return null;
    return known[0] === script
      ? "flow label: expected the same, got another"
      : "flow label: expected another, got the same";
  }

  /** The flow's next packet in script space, or null when none comes before `limit`. */
  #next(flow: Flow, action: PacketAction, limit: number): Arrival | null {
    while (true) {
      const captured = this.#executor.capture();
      if (captured === null) {
        if (this.#executor.now() >= this.base + limit) return null;
        let hasCome = false;
        const before = this.#executor.now();
        this.#executor.advance(
          this.base + limit,
          () => hasCome = this.#executor.hasCapture(),
        );
        if (!hasCome && this.#executor.now() === before) return null;
        continue;
      }
      const packet = decodePacket(captured.bytes);
      if (typeof packet === "string") {
        throw new ScriptFailure(
          action.position.line,
          `a malformed packet came: ${packet}`,
        );
      }
      if (!this.#sockets.isOfFlow(flow, packet, action)) continue;
      return {
        packet: this.#toScript(flow, packet),
        at: captured.at - this.base,
      };
    }
  }

  #toScript(flow: Flow, packet: Packet): Packet {
    if (packet.body.kind !== "tcp") return packet;
    if ((packet.body.flags & SYN_ACK) === SYN_ACK) {
      this.#sockets.noteSynAck(flow, packet.body.seq);
    }
    return { ...packet, body: flow.toScript(packet.body) };
  }

  #missing(
    action: PacketAction,
    due: DueTime,
    parts: readonly Arrival[],
  ): ScriptFailure {
    const what = parts.length === 0
      ? "no packet came"
      : "the packet came in part only";
    return new ScriptFailure(
      action.position.line,
      [
        what,
        `  expected: ${seconds(due.from)} > ${
          showExpected(action, this.#config)
        }`,
        ...parts.map(({ at, packet }) =>
          `  came:     ${seconds(at)} > ${showPacket(packet)}`
        ),
      ].join("\n"),
    );
  }
}

/** The packet with its TSval in script space, when the script expects one. */
function mapTimestamps(
  action: PacketAction,
  packet: Packet,
  flow: Flow,
): Packet {
  const { body } = packet;
  if (action.transport.kind !== "tcp" || body.kind !== "tcp") return packet;
  const expected = action.transport.options?.find((option) =>
    option.kind === "TS"
  );
  if (expected === undefined) return packet;
  const options = body.options.map((option) =>
    option.kind === "TS"
      ? { ...option, val: flow.timestampToScript(expected.val, option.val) }
      : option
  );
  return { ...packet, body: { ...body, options } };
}

function payloadLength(packet: Packet): number {
  return packet.body.kind === "tcp" ? packet.body.payload.length : 0;
}

/** Whether more segments could make `packet` the expected one. */
function isStartOf(action: PacketAction, packet: Packet): boolean {
  const { transport } = action;
  if (transport.kind !== "tcp" || packet.body.kind !== "tcp") return false;
  return packet.body.payload.length > 0 && packet.body.seq === transport.seq;
}

/** The expectation as a packet in script notation. */
function showExpected(action: PacketAction, config: RunConfig): string {
  const { transport } = action;
  if (transport.kind === "udp") return `udp (${transport.length})`;
  if (transport.kind === "icmp") {
    return `icmp ${transport.type} ${transport.code ?? ""}`;
  }
  const body = tcpBody(transport, action.sourcePort, action.destinationPort);
  const trafficClass = typeof action.ip.ecn === "number"
    ? action.ip.ecn
    : action.ip.trafficClass ?? 0;
  const addresses = { source: config.localIp, destination: config.remoteIp };
  const text = showPacket({
    version: config.wireVersion,
    ...addresses,
    trafficClass,
    flowLabel: 0,
    hopLimit: 0,
    body,
  });
  const withoutWindow = transport.window === null
    ? text.replace(/ win \d+/, "")
    : text;
  return transport.options === null ? `${withoutWindow} <...>` : withoutWindow;
}
