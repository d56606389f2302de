/**
 * One connection of tfo_connect as it is told: what went in the SYN, what the
 * SYN-ACK acknowledged, what came back.
 *
 * @module
 */
import type { FastOpenFailure, TcpConn, TcpInfo } from "../../mod.ts";

/** What came of one connection; the words are those of the `--json` output. */
export interface Attempt {
  /** From 1. */
  readonly attempt: number;
  /** What the first SYN did about cookies. */
  readonly cookie: "requested" | "sent" | "none";
  /** Bytes of data in it. */
  readonly synData: number;
  /** How many of them the SYN-ACK acknowledged. */
  readonly synDataAcked: number;
  /** How it ended. */
  readonly outcome:
    | "ok"
    | "refused"
    | "timeout"
    | "unreachable"
    | "reset"
    | "failed";
  /** From the call of `connect` to the first byte of the answer; null: there was none. */
  readonly firstByteMs: number | null;
  /** Bytes of the answer. */
  readonly received: number;
}

/** What is known while the attempt goes on. */
export interface Progress {
  /** The connection, once its first SYN is about to leave. */
  conn: TcpConn | null;
  /** As in {@linkcode Attempt}. */
  firstByteMs: number | null;
  /** As in {@linkcode Attempt}. */
  received: number;
  /** How the answer begins. */
  preview: Uint8Array;
}

/** The word for an error of `connect` or `read`. */
export function outcomeOf(error: Error): Attempt["outcome"] {
  switch (error.name) {
    case "ConnectionRefused":
      return "refused";
    case "TimedOut":
    case "TimeoutError":
      return "timeout";
    case "NetworkUnreachable":
      return "unreachable";
    case "ConnectionReset":
      return "reset";
    default:
      return "failed";
  }
}

/** What there is to tell of an attempt that is over; `info` is null when there was no connection to begin with. */
export function summarize(
  number: number,
  outcome: Attempt["outcome"],
  info: TcpInfo | null,
  { firstByteMs, received }: Progress,
): Attempt {
  const fastOpen = info?.fastOpen ?? null;
  const cookie = fastOpen?.cookie ?? "none";
  return {
    attempt: number,
    cookie: cookie === "cookieless" ? "none" : cookie,
    synData: fastOpen?.synData ?? 0,
    synDataAcked: fastOpen?.synDataAcked ?? 0,
    outcome,
    firstByteMs: firstByteMs === null ? null : round(firstByteMs),
    received,
  };
}

/** Reasons in words; the names before the words are Linux's, where it has them. */
const REASONS: Readonly<Record<FastOpenFailure, string>> = {
  none: "",
  COOKIE_UNAVAILABLE: "COOKIE_UNAVAILABLE: no cookie was known yet",
  DATA_NOT_ACKED: "DATA_NOT_ACKED: the SYN's data was not taken",
  SYN_RETRANSMITTED: "SYN_RETRANSMITTED: the SYN was not answered",
  PATH_DISABLED: "PATH_DISABLED: it failed on this path lately",
  BLACKHOLE: "BLACKHOLE: a black hole was found lately",
  RESET: "RESET: a RST answered the SYN",
  UNREACHABLE: "UNREACHABLE: an ICMP error answered the SYN",
  NO_OPTION_SPACE: "NO_OPTION_SPACE: the SYN had no room for the option",
  DATA_LOST: "DATA_LOST: the data was acknowledged on the way, and lost",
  COOKIE_INVALID: "COOKIE_INVALID: the cookie was not ours",
  QUEUE_FULL: "QUEUE_FULL: too many requests were pending",
};

const SYN_WORDS = {
  requested: "asks for a cookie",
  sent: "cookie",
  none: "no Fast Open option",
} as const;

/** The same in words, several lines. */
export function describe(
  result: Attempt,
  info: TcpInfo | null,
  progress: Progress,
): string {
  const lines = [
    `attempt ${result.attempt}: ${result.outcome}`,
    `  SYN      ${describeSyn(result, info)}`,
  ];
  if (result.outcome === "ok") {
    lines.push(`  SYN-ACK  ${describeSynAck(result, info)}`);
    lines.push(`  back     ${describeAnswer(result, progress)}`);
  }
  const gain = describeFastOpen(info);
  if (gain !== null) lines.push(`  result   ${gain}`);
  return lines.join("\n");
}

function describeSyn(result: Attempt, info: TcpInfo | null): string {
  const again = info?.fastOpen?.synRetransmits ?? 0;
  const further = again > 0 ? `; sent again ${again}x, plain` : "";
  return `${
    SYN_WORDS[result.cookie]
  }, ${result.synData} bytes of data${further}`;
}

function describeSynAck(result: Attempt, info: TcpInfo | null): string {
  const learned = info?.fastOpen?.cookieReceived ?? 0;
  const gift = learned > 0 ? `, brings a cookie of ${learned} bytes` : "";
  return `acknowledges ${result.synDataAcked} of ${result.synData} bytes${gift}`;
}

function describeAnswer(result: Attempt, { preview }: Progress): string {
  if (result.received === 0) return "nothing";
  const text = JSON.stringify(new TextDecoder().decode(preview));
  return `${result.received} bytes, the first after ${result.firstByteMs} ms: ${text}`;
}

/** What Fast Open did for the connection, and why when nothing; null: it was not tried. */
function describeFastOpen(info: TcpInfo | null): string | null {
  const fastOpen = info?.fastOpen ?? null;
  if (fastOpen === null) return null;
  if (fastOpen.failure !== "none") return REASONS[fastOpen.failure];
  return fastOpen.roundTripsSaved > 0
    ? "a round trip saved"
    : "no round trip saved";
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
