/**
 * A web server that makes up as many bytes as it is asked for.
 *
 *     deno run --allow-ffi examples/http_server.ts 80
 *
 * Run it as root or under `unshare -Urn`; then, in the same network namespace,
 * `curl http://10.0.0.2/1000000 | wc -c`. A path that is a number gets that
 * many bytes, any other path a greeting. HTTP/1.0: one request a connection.
 *
 * @module
 */
import type { TcpConn } from "../mod.ts";
import {
  LINK_FLAGS,
  LINK_HELP,
  readArguments,
  readLink,
  readPort,
} from "./support/flags.ts";
import { openNetwork } from "./support/network.ts";
import { isExplained, printFailure, runProgram } from "./support/program.ts";

const NAME = "http_server";
const HELP = `deno run --allow-ffi examples/http_server.ts [flags] [PORT]

Serves N bytes for GET /N, on PORT (80).

${LINK_HELP}`;
/** Longest request that is read. */
const REQUEST_CAPACITY = 8_192;
const GREETING = new TextEncoder().encode("hello from a TCP in user space\n");
/** What bodies are made of. */
const BLOCK = new TextEncoder().encode("0123456789abcde\n".repeat(4_096));

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    options: LINK_FLAGS,
    allowPositionals: true,
  }, HELP);
  const port = readPort(positionals[0] ?? "80");
  const settings = readLink(values);
  await using net = await openNetwork(settings);
  const listener = net.listen({ port });
  console.log(`listening on ${settings.addresses.join(", ")} port ${port}`);
  for await (const conn of listener) void serve(conn);
  return 0;
}

async function serve(conn: TcpConn): Promise<void> {
  try {
    const path = await readPath(conn);
    const size = /^\/(\d+)$/.exec(path)?.[1];
    const length = size === undefined ? GREETING.length : Number(size);
    console.log(`${conn.remoteAddr.hostname} GET ${path}: ${length} bytes`);
    await conn.writeAll(
      new TextEncoder().encode(
        `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n`,
      ),
    );
    await writeBody(conn, size === undefined ? GREETING : BLOCK, length);
  } catch (error) {
    if (!isExplained(error)) throw error;
    printFailure(NAME, error);
  } finally {
    conn.close();
  }
}

/** The path of the request line; everything of the request is read, so that closing does not reset. */
async function readPath(conn: TcpConn): Promise<string> {
  const buffer = new Uint8Array(REQUEST_CAPACITY);
  let text = "";
  while (!text.includes("\r\n\r\n") && text.length < REQUEST_CAPACITY) {
    const length = await conn.read(buffer);
    if (length === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, length));
  }
  return /^GET (\S+) /.exec(text)?.[1] ?? "/";
}

async function writeBody(
  conn: TcpConn,
  block: Uint8Array,
  length: number,
): Promise<void> {
  for (let left = length; left > 0; left -= block.length) {
    await conn.writeAll(left < block.length ? block.subarray(0, left) : block);
  }
}

await runProgram(NAME, main);
