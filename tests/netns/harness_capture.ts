/**
 * What was on the wire, read by programs that are not ours.
 *
 * tcpdump writes the capture and prints it, tshark judges it. A frame that our
 * own code both made and explained proves nothing; these two have read the
 * packets of every stack there is.
 *
 * @module
 */
import { Program } from "./harness_program.ts";

/** How bad tshark finds a remark. */
export type Severity = "error" | "warning" | "note" | "chat";

/** One remark of tshark's expert system. */
export interface ExpertRemark {
  /** Number of the frame in the capture, from 1. */
  readonly frameNumber: number;
  /** How bad it is; retransmissions are notes, connection openings are chat. */
  readonly severity: Severity;
  /** What it says. */
  readonly message: string;
}

const SEVERITIES: Readonly<Record<string, Severity>> = {
  "8388608": "error",
  "6291456": "warning",
  "4194304": "note",
  "2097152": "chat",
};

/** A capture that is being written. Disposing of it stops it and removes the file. */
export class Capture implements AsyncDisposable {
  /** The pcap file. */
  readonly path: string;
  readonly #program: Program;

  private constructor(path: string, program: Program) {
    this.path = path;
    this.#program = program;
  }

  /** Starts `argv`, a tcpdump that writes to `path`, and returns once it sees packets. */
  static async start(path: string, argv: readonly string[]): Promise<Capture> {
    const capture = new Capture(path, new Program(argv, null));
    await capture.#program.waitFor(/listening on/);
    return capture;
  }

  /** Ends the capture; every packet seen until now is in the file. A second call does nothing. */
  async stop(): Promise<void> {
    this.#program.kill("SIGINT");
    await this.#program.succeeded();
  }

  /** Stops and prints the packets as tcpdump does, one string a packet, absolute sequence numbers. */
  async packets(filter = ""): Promise<string[]> {
    await this.stop();
    return await readPackets(this.path, filter);
  }

  /** Stops and returns what tshark has to say of the packets. */
  async remarks(preferences: readonly string[] = []): Promise<ExpertRemark[]> {
    await this.stop();
    return await readRemarks(this.path, preferences);
  }

  /** Stops and returns, for each packet that matches the display filter, the values of tshark's `fields`. */
  async fields(
    displayFilter: string,
    fields: readonly string[],
  ): Promise<string[][]> {
    await this.stop();
    return await readFields(this.path, displayFilter, fields);
  }

  /** Stops and removes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await Deno.remove(this.path);
  }
}

/** The packets of a capture file as `tcpdump -n -S -vv` prints them, one string a packet, without times. */
export async function readPackets(
  path: string,
  filter = "",
): Promise<string[]> {
  const argv = ["tcpdump", "-r", path, "-n", "-S", "-vv", "-t"];
  if (filter !== "") argv.push(filter);
  const { stdout } = await new Program(argv, null).succeeded();
  // A packet's further lines are indented, empty ones of its text included.
  return stdout.replaceAll(/\n[ \t]+/g, " ").split("\n").filter((line) => line);
}

/** The remarks of tshark's expert system on a capture file. `preferences` are values of its `-o`. */
export async function readRemarks(
  path: string,
  preferences: readonly string[] = [],
): Promise<ExpertRemark[]> {
  const names = ["frame.number", "_ws.expert.severity", "_ws.expert.message"];
  const rows = await readFields(path, "_ws.expert", names, preferences);
  return rows.flatMap(([number, severities, messages]) => {
    const texts = messages.split("|");
    return severities.split("|").map((severity, i): ExpertRemark => ({
      frameNumber: Number(number),
      severity: SEVERITIES[severity] ?? "error",
      message: texts[i],
    }));
  });
}

/** For each packet that matches the display filter, the values of `fields`; several of one field are joined by `|`. */
export async function readFields(
  path: string,
  displayFilter: string,
  fields: readonly string[],
  preferences: readonly string[] = [],
): Promise<string[][]> {
  const argv = ["tshark", "-r", path, "-n", "-Y", displayFilter];
  argv.push("-T", "fields", "-E", "aggregator=|");
  for (const field of fields) argv.push("-e", field);
  for (const preference of preferences) argv.push("-o", preference);
  const { stdout } = await new Program(argv, null).succeeded();
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split("\t"));
}

/** How often each error and warning occurs: what a test compares with nothing. Notes are not complaints. */
export function countComplaints(
  remarks: readonly ExpertRemark[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { severity, message } of remarks) {
    if (severity === "chat" || severity === "note") continue;
    const key = `${severity}: ${message}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
