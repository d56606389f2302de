/**
 * A web server that answers data in SYNs, and tells how each client came.
 *
 *     deno run --allow-ffi examples/tfo_server.ts 80
 *
 * Run it as root or under `unshare -Urn`; then, in the same network namespace,
 * `curl --tcp-fastopen http://10.0.0.2/` twice: the first asks for a cookie,
 * the second brings it with its request and is answered before the handshake
 * ends. Every GET is answered alike, so that one that is delivered twice, as
 * data in a SYN may be (RFC 7413 §6.1), does no harm.
 *
 * With `--key` the cookies are those of any Linux server given the same key by
 * `sysctl net.ipv4.tcp_fastopen_key`: a farm behind one address may mix both.
 *
 * @module
 */
import { CryptoRandom, drawFastOpenKey, FastOpenKeys } from "../mod.ts";
import type { FastOpenListenOptions, Network, TcpConn } from "../mod.ts";
import {
  LINK_FLAGS,
  LINK_HELP,
  readArguments,
  readInteger,
  readLink,
  readNumber,
  readPort,
  UsageError,
} from "./support/flags.ts";
import { openNetwork } from "./support/network.ts";
import { isExplained, printFailure, runProgram } from "./support/program.ts";

const NAME = "tfo_server";
const HELP = `deno run --allow-ffi examples/tfo_server.ts [flags] [PORT]

Answers GET / on PORT (80) with TCP Fast Open, and tells how each client came.

  --queue N       requests whose final ACK is outstanding, at most (16); 0 turns Fast Open off
  --key KEY[,OLD] keys as Linux prints net.ipv4.tcp_fastopen_key (random)
  --rotate S      take a new key every S seconds; the old one still opens
  --freebsd       cookies bound to the client's address alone, as FreeBSD's
  --cookieless    take data without a cookie, from anybody
  --json          one JSON object a connection
${LINK_HELP}`;

/** Longest request that is read. */
const REQUEST_CAPACITY = 8_192;
const BODY = "hello from a TCP in user space\n";
const RESPONSE = new TextEncoder().encode(
  `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    options: {
      ...LINK_FLAGS,
      "cookieless": { type: "boolean", default: false },
      "freebsd": { type: "boolean", default: false },
      "json": { type: "boolean", default: false },
      "key": { type: "string" },
      "queue": { type: "string", default: "16" },
      "rotate": { type: "string" },
    },
    allowPositionals: true,
  }, HELP);
  const port = readPort(positionals[0] ?? "80");
  const keys = readKeys(values.key ?? null, values.freebsd);
  const rotateMs = values.rotate === undefined
    ? null
    : 1_000 * readNumber("--rotate", values.rotate, 1, 86_400);
  const fastOpen: FastOpenListenOptions = {
    queueLimit: readInteger("--queue", values.queue, 0, 1_000_000),
    cookies: values.cookieless ? "ignored" : "required",
    keys,
  };
  const settings = readLink(values);
  await using net = await openNetwork(settings);
  if (rotateMs !== null) setInterval(() => rotate(keys), rotateMs);
  const where = settings.addresses.join(", ");
  console.log(`listening on ${where} port ${port}`);
  const listener = net.listen({ port, fastOpen });
  for await (const conn of listener) void serve(net, conn, values.json);
  return 0;
}

function readKeys(text: string | null, isFreeBsd: boolean): FastOpenKeys {
  try {
    return new FastOpenKeys(
      text ?? drawFastOpenKey(new CryptoRandom()),
      isFreeBsd ? "freebsd" : "linux",
    );
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function rotate(keys: FastOpenKeys): void {
  keys.rotate(drawFastOpenKey(new CryptoRandom()));
}

async function serve(
  net: Network,
  conn: TcpConn,
  json: boolean,
): Promise<void> {
  try {
    // In SYN-RECEIVED the client's final ACK has not come: this is the round trip saved.
    const { state } = conn.info();
    await readRequest(conn);
    await conn.writeAll(RESPONSE);
    report(net, conn, state, json);
  } catch (error) {
    if (!isExplained(error)) throw error;
    printFailure(NAME, error);
  } finally {
    conn.close();
  }
}

/** Reads to the end of the request, so that closing does not reset. */
async function readRequest(conn: TcpConn): Promise<void> {
  const buffer = new Uint8Array(REQUEST_CAPACITY);
  let text = "";
  while (!text.includes("\r\n\r\n") && text.length < REQUEST_CAPACITY) {
    const length = await conn.read(buffer);
    if (length === null) return;
    text += new TextDecoder().decode(buffer.subarray(0, length));
  }
}

function report(
  net: Network,
  conn: TcpConn,
  state: string,
  json: boolean,
): void {
  const client = conn.remoteAddr.hostname;
  const fastOpen = conn.info().fastOpen;
  if (json) {
    const counters = fastOpenCounters(net);
    console.log(JSON.stringify({ client, state, fastOpen, counters }));
    return;
  }
  console.log(`${client}: ${describe(fastOpen)}, accepted in ${state}`);
}

function describe(fastOpen: ReturnType<TcpConn["info"]>["fastOpen"]): string {
  if (fastOpen === null) return "plain SYN";
  const { cookie, synData, synDataAcked, failure } = fastOpen;
  const why = failure === "none" ? "" : ` (${failure})`;
  switch (cookie) {
    case "requested":
      return "asked for a cookie";
    case "sent":
      return `brought a cookie, ${synDataAcked} of ${synData} bytes taken${why}`;
    default:
      return `no cookie, ${synDataAcked} of ${synData} bytes taken${why}`;
  }
}

function fastOpenCounters(net: Network): Record<string, number> {
  const all = Object.entries(net.stack.tcpCounters.toObject());
  return Object.fromEntries(
    all.filter(([name]) => name.startsWith("TcpExtTCPFastOpen")),
  );
}

await runProgram(NAME, main);
