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
import type { Network, TcpConn } from "../mod.ts";
import {
  type Attempt,
  describe,
  outcomeOf,
  type Progress,
  summarize,
} from "./support/attempt.ts";
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
  --cookieless         send the data without a cookie (RFC 7413 §7.3)
  --cookie-cache FILE  keep cookies in FILE (needs --allow-read --allow-write)
  --timeout S          seconds to wait for the connection (20; 60 with --drop)
  --idle S             seconds to wait for more of an answer (10; 60 with --drop)
  --json               one JSON object a line
${LINK_HELP}`;

/** How long what was sent may stay unacknowledged, RFC 5482. */
const DELIVERY_TIMEOUT_MS = 120_000;
/** A failed neighbour is not asked again sooner. */
const RETRY_AFTER_MS = 1_000;

/** What is sent where, and how long it may take. */
interface Task {
  readonly hostname: string;
  readonly port: number;
  readonly data: Uint8Array;
  /** `"none"`: the data goes without a cookie. */
  readonly cookie: "required" | "none";
  readonly timeoutMs: number;
  readonly idleMs: number;
  /** The link loses packets on purpose. */
  readonly isLossy: boolean;
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    options: {
      ...LINK_FLAGS,
      "cookie-cache": { type: "string" },
      "cookieless": { type: "boolean", default: false },
      "data": { type: "string", default: "hello, synload" },
      "idle": { type: "string" },
      "json": { type: "boolean", default: false },
      "repeat": { type: "string", default: "1" },
      "timeout": { type: "string" },
    },
    allowPositionals: true,
  }, HELP);
  if (positionals.length !== 2) {
    throw new UsageError("Cannot connect: give HOST and PORT; see --help");
  }
  const settings = readLink(values);
  // Timeouts of a link that loses a fifth of all packets back off for long.
  const isLossy = (settings.faults.drop ?? 0) > 0;
  const task: Task = {
    hostname: readAddress("host", positionals[0]),
    port: readPort(positionals[1]),
    data: new TextEncoder().encode(values.data),
    cookie: values.cookieless ? "none" : "required",
    timeoutMs: readSeconds("--timeout", values.timeout, isLossy ? 60 : 20),
    idleMs: readSeconds("--idle", values.idle, isLossy ? 60 : 10),
    isLossy,
  };
  const repeat = readInteger("--repeat", values.repeat, 1, 1_000_000);
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

/** A span given in seconds, ms. */
function readSeconds(
  flag: string,
  text: string | undefined,
  fallback: number,
): number {
  return 1_000 *
    (text === undefined ? fallback : readNumber(flag, text, 0.001, 3_600));
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
  const signal = AbortSignal.timeout(task.timeoutMs);
  const conn = await connect(net, task, progress, signal);
  conn.setUserTimeout(DELIVERY_TIMEOUT_MS);
  await conn.closeWrite();
  await drain(conn, task.idleMs, (chunk) => {
    progress.firstByteMs ??= performance.now() - startedAt;
    if (progress.received === 0) progress.preview = chunk.slice(0, 60);
    progress.received += chunk.length;
  });
}

/**
 * Connects. Three requests for a hardware address are all a stack makes
 * (RFC 4861 §10); where the link loses packets on purpose their silence says
 * nothing of the host, so the question is put again.
 */
async function connect(
  net: Network,
  task: Task,
  progress: Progress,
  signal: AbortSignal,
): Promise<TcpConn> {
  for (;;) {
    progress.conn = null;
    try {
      return await net.connect({
        hostname: task.hostname,
        port: task.port,
        fastOpen: task.data,
        fastOpenCookie: task.cookie,
        signal,
        onAttempt: (conn) => progress.conn = conn,
      });
    } catch (error) {
      const wasTried = progress.conn !== null; // there was a route
      const isSilence = error instanceof Deno.errors.NetworkUnreachable;
      if (!(task.isLossy && wasTried && isSilence)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    }
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

await runProgram(NAME, main);
