/**
 * Verdicts on probes, and the card that shows them.
 *
 * @module
 */
import type { FastOpenInfo } from "../../mod.ts";
import type { ProbeResult } from "./prober.ts";

/** One line of the card. */
export interface Line extends ProbeResult {
  /** What was sent. */
  readonly probe: string;
  /** What a server does that follows RFC 7413. */
  readonly expected:
    | "a connection"
    | "a cookie"
    | "a new cookie"
    | "data taken"
    | "data ignored"
    | "anything";
  /** What came back, in words. */
  readonly found: string;
  /** Whether it is as expected. */
  readonly verdict: "pass" | "fail" | "info";
}

/** The card in a few words. */
export interface Summary {
  /** Data in a SYN was taken and everything else is in order. */
  readonly works: boolean;
  /** Lines as expected. */
  readonly passed: number;
  /** Lines not as expected. */
  readonly failed: number;
  /** First bytes of answers came that much earlier with a cookie than without, ms; null: not known. */
  readonly savedMs: number | null;
  /** The most telling finding. */
  readonly finding: string;
}

/** Judges what came of the probe `name`. */
export function judge(
  name: string,
  expected: Line["expected"],
  result: ProbeResult,
): Line {
  const { fastOpen } = result;
  const found = describe(result);
  return {
    probe: name,
    expected,
    found,
    verdict: verdictOf(expected, result.outcome, fastOpen),
    ...result,
  };
}

/** Sums up all lines. */
export function summarizeCard(lines: readonly Line[]): Summary {
  const passed = lines.filter((line) => line.verdict === "pass").length;
  const failed = lines.filter((line) => line.verdict === "fail").length;
  const taken = lines.find((line) => line.expected === "data taken");
  const works = taken?.verdict === "pass" && failed === 0;
  // Not the first connection: that one may have asked for a hardware address.
  const request = lines.find((line) => line.expected === "a cookie");
  const without = request?.firstByteMs ?? null;
  const withCookie = taken?.verdict === "pass" ? taken.firstByteMs : null;
  const savedMs = without === null || withCookie === null
    ? null
    : Math.round((without - withCookie) * 1_000) / 1_000;
  return { works, passed, failed, savedMs, finding: findingOf(lines, works) };
}

/** Prints the card as a table. */
export function printCard(
  target: string,
  lines: readonly Line[],
  summary: Summary,
): void {
  console.log(`TCP Fast Open at ${target}\n`);
  const width = Math.max(...lines.map((line) => line.probe.length));
  for (const { verdict, probe, found, firstByteMs } of lines) {
    const time = firstByteMs === null ? "" : `, answer after ${firstByteMs} ms`;
    console.log(`  ${verdict}  ${probe.padEnd(width)}  ${found}${time}`);
  }
  console.log(`\n${summary.finding}`);
}

function verdictOf(
  expected: Line["expected"],
  outcome: ProbeResult["outcome"],
  fastOpen: FastOpenInfo | null,
): Line["verdict"] {
  if (expected === "anything") return "info";
  if (outcome !== "ok") return "fail";
  const holds = fastOpen === null || fastOpen.synRetransmits === 0 &&
      meets(expected, fastOpen);
  return holds ? "pass" : "fail";
}

function meets(expected: Line["expected"], fastOpen: FastOpenInfo): boolean {
  const { synData, synDataAcked, cookieReceived, failure } = fastOpen;
  switch (expected) {
    case "a cookie":
      return cookieReceived > 0;
    case "a new cookie":
      return synDataAcked === 0 && cookieReceived > 0;
    case "data taken":
      return synDataAcked === synData && failure === "none";
    case "data ignored":
      return synDataAcked === 0;
    default:
      return true;
  }
}

function describe(result: ProbeResult): string {
  const { outcome, fastOpen } = result;
  if (outcome !== "ok") return `no connection: ${outcome}`;
  if (fastOpen === null) return "connection";
  const trouble = troubleOf(fastOpen);
  if (trouble !== null) return trouble;
  const { cookie, synData, synDataAcked, cookieReceived } = fastOpen;
  const gift = cookieReceived > 0
    ? `cookie of ${cookieReceived} bytes`
    : "no cookie";
  if (cookie === "requested") return gift;
  if (synData === 0) return "connection";
  const taken = `${synDataAcked} of ${synData} bytes taken`;
  return cookieReceived > 0 ? `${taken}, ${gift}` : taken;
}

function troubleOf({ failure, synRetransmits }: FastOpenInfo): string | null {
  switch (failure) {
    case "RESET":
      return "the SYN was answered with a RST, a plain one was not";
    case "UNREACHABLE":
      return "the SYN was answered with an ICMP error, a plain one was not";
    case "DATA_LOST":
      return "data acknowledged on the way and lost";
    default:
      return synRetransmits > 0
        ? "the SYN was not answered, a plain one was"
        : null;
  }
}

function findingOf(lines: readonly Line[], works: boolean): string {
  if (lines[0]?.outcome !== "ok") return "The target does not answer.";
  if (works) return "Fast Open works here.";
  const request = lines.find((line) => line.expected === "a cookie");
  if (request?.verdict !== "pass") {
    return request !== undefined && (request.fastOpen?.synRetransmits ?? 0) > 0
      ? "SYNs with the Fast Open option vanish: a box on the path drops them."
      : "No cookie: the server does no Fast Open, or a box strips the option.";
  }
  const bad = lines.filter((line) => line.verdict === "fail");
  return `Fast Open is offered, but not all is well: ${bad[0].probe}: ${
    bad[0].found
  }.`;
}
