/**
 * Connects with TCP Fast Open and tells what happened to the SYN's data.
 *
 *     deno run --allow-ffi examples/tfo_connect.ts --repeat 2 10.0.0.1 7
 *
 * Run it as root or under `unshare -Urn`. The host beyond the TAP is this
 * machine's kernel: a listener on port 7 of it that takes Fast Open (sysctl
 * net.ipv4.tcp_fastopen=0x403) is all that is needed at the other end. The
 * first connection asks for a cookie, later ones bring it, with data.
 *
 * Each connection sends its data, closes its direction and reads to the end,
 * so an echo server, a web server and a sink will all do.
 *
 * @module
 */
import type { Network, TcpConn, TcpInfo } from "../mod.ts";
import { loadCookies, saveCookies } from "./support/cookie_file.ts";
import {
  LINK_FLAGS,
  LINK_HELP,
  readAddress,
  readArguments,
  readInteger,
  readLink,
  readNumber,
  readPort,
  UsageError,
} from "./support/flags.ts";
import { openNetwork } from "./support/network.ts";
import { isExplained, printFailure, runProgram } from "./support/program.ts";
import { drain } from "./support/stream.ts";

const NAME = "tfo_connect";
const HELP = `deno run --allow-ffi examples/tfo_connect.ts [flags] HOST PORT

Connects with TCP Fast Open and tells what happened to the SYN's data.
HOST is an IPv4 or IPv6 address; by default the kernel is 10.0.0.1 and fd00::1.

  --repeat N           connections, one after the other (1)
  --data TEXT          what to send ("hello, synload")
  --cookie-cache FILE  keep cookies in FILE (needs --allow-read --allow-write)
  --timeout S          seconds to wait for the connection (20)
  --idle S             seconds to wait for more of an answer (10)
  --json               one JSON object a line
${LINK_HELP}`;

/** What came of one connection; the words are those of the `--json` output. */
interface Attempt {
  readonly attempt: number;
  readonly cookie: "requested" | "sent" | "none";
  readonly synData: number;
  readonly synDataAcked: number;
  readonly outcome:
    | "ok"
    | "refused"
    | "timeout"
    | "unreachable"
    | "reset"
    | "failed";
  readonly firstByteMs: number | null;
  readonly received: number;
}

/** What is sent where, and how long it may take. */
interface Task {
  readonly hostname: string;
  readonly port: number;
  readonly data: Uint8Array;
  readonly timeoutMs: number;
  readonly idleMs: number;
}

/** What is known while the attempt goes on. */
interface Progress {
  conn: TcpConn | null;
  firstByteMs: number | null;
  received: number;
  preview: Uint8Array;
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    options: {
      ...LINK_FLAGS,
      "cookie-cache": { type: "string" },
      "data": { type: "string", default: "hello, synload" },
      "idle": { type: "string", default: "10" },
      "json": { type: "boolean", default: false },
      "repeat": { type: "string", default: "1" },
      "timeout": { type: "string", default: "20" },
    },
    allowPositionals: true,
  }, HELP);
  if (positionals.length !== 2) {
    throw new UsageError("Cannot connect: give HOST and PORT; see --help");
  }
  const task: Task = {
    hostname: readAddress("host", positionals[0]),
    port: readPort(positionals[1]),
    data: new TextEncoder().encode(values.data),
    timeoutMs: readNumber("--timeout", values.timeout, 0.001, 3_600) * 1_000,
    idleMs: readNumber("--idle", values.idle, 0.001, 3_600) * 1_000,
  };
  const repeat = readInteger("--repeat", values.repeat, 1, 1_000_000);
  const settings = readLink(values);
  const file = values["cookie-cache"] ?? null;
  await using net = await openNetwork(settings);
  const cookies = net.stack.tcp.fastOpenCache;
  if (file !== null) loadCookies(file, cookies);
  let failures = 0;
  for (let number = 1; number <= repeat; number++) {
    const outcome = await attempt(net, task, number, values.json);
    if (outcome !== "ok") failures++;
  }
  if (file !== null) saveCookies(file, cookies);
  return failures === 0 ? 0 : 1;
}

async function attempt(
  net: Network,
  task: Task,
  number: number,
  json: boolean,
): Promise<Attempt["outcome"]> {
  const progress: Progress = {
    conn: null,
    firstByteMs: null,
    received: 0,
    preview: new Uint8Array(),
  };
  let outcome: Attempt["outcome"] = "ok";
  try {
    await exchange(net, task, progress);
  } catch (error) {
    if (!isExplained(error)) throw error;
    outcome = outcomeOf(error);
    printFailure(NAME, explain(error, task));
  }
  const info = progress.conn?.info() ?? null;
  const result = summarize(number, outcome, info, progress);
  console.log(json ? JSON.stringify(result) : describe(result, info, progress));
  progress.conn?.close();
  return outcome;
}

/** One connection from SYN to the end of the answer. */
async function exchange(
  net: Network,
  task: Task,
  progress: Progress,
): Promise<void> {
  const startedAt = performance.now();
  const conn = await net.connect({
    hostname: task.hostname,
    port: task.port,
    fastOpen: task.data,
    signal: AbortSignal.timeout(task.timeoutMs),
    onAttempt: (conn) => progress.conn = conn,
  });
  await conn.closeWrite();
  await drain(conn, task.idleMs, (chunk) => {
    progress.firstByteMs ??= performance.now() - startedAt;
    if (progress.received === 0) progress.preview = chunk.slice(0, 60);
    progress.received += chunk.length;
  });
}

function outcomeOf(error: Error): Attempt["outcome"] {
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

/** The signal's own words do not say what timed out. */
function explain(error: Error, task: Task): Error {
  if (error.name !== "TimeoutError") return error;
  const seconds = task.timeoutMs / 1_000;
  return new UsageError(
    `Cannot connect to ${task.hostname} port ${task.port}: timed out, no answer within ${seconds} s`,
  );
}

function summarize(
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

const SYN_WORDS = {
  requested: "asks for a cookie",
  sent: "cookie",
  none: "no Fast Open option",
} as const;

function describe(
  result: Attempt,
  info: TcpInfo | null,
  { preview }: Progress,
): string {
  const { attempt, cookie, synData, synDataAcked, outcome } = result;
  const fastOpen = info?.fastOpen ?? null;
  const again = fastOpen?.synRetransmits ?? 0;
  const lines = [
    `attempt ${attempt}: ${outcome}`,
    `  SYN      ${SYN_WORDS[cookie]}, ${synData} bytes of data${
      again > 0 ? `; sent again ${again}x without them` : ""
    }`,
  ];
  if (outcome === "ok") {
    const learned = fastOpen?.cookieReceived ?? 0;
    lines.push(
      `  SYN-ACK  acknowledges ${synDataAcked} of ${synData} bytes${
        learned > 0 ? `, brings a cookie of ${learned} bytes` : ""
      }`,
    );
  }
  if (result.received > 0) {
    const text = JSON.stringify(new TextDecoder().decode(preview));
    lines.push(
      `  back     ${result.received} bytes, the first after ${result.firstByteMs} ms: ${text}`,
    );
  } else if (outcome === "ok") lines.push("  back     nothing");
  return lines.join("\n");
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}

await runProgram(NAME, main);
