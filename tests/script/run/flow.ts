/**
 * A connection in two spaces: as the script writes it and as it really is.
 *
 * Scripts number from the initial sequence numbers they choose, live packets
 * from those the system under test chose. A SYN carries its initial number as
 * written; every other segment counts from 0 at that number:
 *
 *     script   S 0:0     S. 123:123 ack 1     . 1:1 ack 1
 *     live     S 7000    S. 123     ack 7001  . 7001 ack 124
 *
 * Timestamps are mapped by value: each outbound script TSval remembers the live
 * one it stood for, so that an inbound echo of it becomes the live value.
 *
 * @module
 */
import type { TcpOption } from "../lang/ast.ts";
import type { TcpBody } from "./packet.ts";

/** What the flow has been through. */
export type FlowState =
  | "new"
  | "listening"
  | "connecting"
  | "synSent"
  | "synReceived"
  | "synAckSent"
  | "established";

/** Addresses and ports of the live flow, seen from the system under test. */
export interface LiveTuple {
  /** Address of the system under test. */
  localIp: string;
  /** Its port; 0 while unknown. */
  localPort: number;
  /** The other address. */
  remoteIp: string;
  /** Its port; 0 while unknown. */
  remotePort: number;
}

const ACK = 0x10;
const SYN = 0x02;

/** One socket of a script and the flow it belongs to. */
export class Flow {
  /** What it has been through. */
  state: FlowState = "new";
  /** IP protocol of its packets. */
  readonly protocol: number;
  /** Where it lives. */
  readonly live: LiveTuple = {
    localIp: "",
    localPort: 0,
    remoteIp: "",
    remotePort: 0,
  };
  /** The descriptor of the script, or -1. */
  scriptFd: number = -1;
  /** The executor's descriptor, or -1. */
  liveFd: number = -1;
  /** The script closed it. */
  isClosed = false;
  /** Initial sequence number of the system under test, as the script numbers. */
  scriptLocalIsn = 0;
  /** The same, live. */
  liveLocalIsn = 0;
  /** Initial sequence number of the other side: scripts choose it, so it is the same in both spaces. */
  remoteIsn = 0;
  /** Flow label of the script and live, once seen. */
  flowLabel: readonly [script: number, live: number] | null = null;
  readonly #liveTsByScript = new Map<number, number>();
  #firstTs: readonly [script: number, live: number] | null = null;

  /** Makes a flow of `protocol`, not yet anywhere. */
  constructor(protocol: number) {
    this.protocol = protocol;
  }

  /**
   * A segment from the script, as the system under test must see it.
   *
   * @param ecrScaled interpolate a TS ecr that was never sent as a TSval
   * @returns the live segment, or what is impossible about it
   */
  toLive(tcp: TcpBody, ecrScaled: boolean): TcpBody | string {
    const isSyn = (tcp.flags & SYN) !== 0;
    const localOffset = this.#localOffset(isSyn);
    const hasAck = (tcp.flags & ACK) !== 0;
    const options: TcpOption[] = [];
    for (const option of tcp.options) {
      if (option.kind === "sack") {
        options.push({ ...option, edges: shift(option.edges, localOffset) });
      } else if (option.kind === "TS" && hasAck) {
        const ecr = this.#liveEcho(option.ecr, ecrScaled);
        if (ecr === null) {
          return `TS ecr ${option.ecr} echoes no TS val that was sent before`;
        }
        options.push({ ...option, ecr });
      } else options.push(option);
    }
    return {
      ...tcp,
      seq: u32(tcp.seq + (isSyn ? 0 : this.remoteIsn)),
      ack: hasAck ? u32(tcp.ack + localOffset) : tcp.ack,
      options,
    };
  }

  /** A live segment as the script would number it. Timestamps are left live: {@linkcode Flow.timestampToScript}. */
  toScript(tcp: TcpBody): TcpBody {
    const isSyn = (tcp.flags & SYN) !== 0;
    const remoteOffset = isSyn ? 0 : -this.remoteIsn;
    const options = tcp.options.map((option) =>
      option.kind === "sack"
        ? { ...option, edges: shift(option.edges, remoteOffset) }
        : option
    );
    return {
      ...tcp,
      seq: u32(tcp.seq - this.#localOffset(isSyn)),
      ack: (tcp.flags & ACK) !== 0 ? u32(tcp.ack + remoteOffset) : tcp.ack,
      options,
    };
  }

  /** What a quoted sequence number of the script is live: a quote counts from 0 at the initial number. */
  quotedSeqToLive(seq: number): number {
    return u32(seq + this.liveLocalIsn);
  }

  /** Remembers that `live` came where `script` was expected, and returns the live value in script space. */
  timestampToScript(script: number, live: number): number {
    this.#liveTsByScript.set(script, live);
    this.#firstTs ??= [script, live];
    return u32(this.#firstTs[0] + live - this.#firstTs[1]);
  }

  #liveEcho(script: number, ecrScaled: boolean): number | null {
    const live = this.#liveTsByScript.get(script);
    if (live !== undefined) return live;
    if (!ecrScaled || this.#firstTs === null) return null;
    return u32(script - this.#firstTs[0] + this.#firstTs[1]);
  }

  #localOffset(isSyn: boolean): number {
    return this.liveLocalIsn - (isSyn ? this.scriptLocalIsn : 0);
  }
}

function shift(edges: readonly number[], offset: number): number[] {
  return edges.map((edge) => u32(edge + offset));
}

function u32(value: number): number {
  return value >>> 0;
}
