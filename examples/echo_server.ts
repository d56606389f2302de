/**
 * An echo server of ours, for clients of the kernel.
 *
 *     deno run --allow-ffi examples/echo_server.ts 7
 *
 * Run it as root or under `unshare -Urn`; then, in the same network namespace,
 * `nc 10.0.0.2 7`. It returns what it is sent until the client closes its
 * direction, and runs until it is interrupted.
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

const NAME = "echo_server";
const HELP = `deno run --allow-ffi examples/echo_server.ts [flags] [PORT]

Returns what it is sent, on PORT (7).

${LINK_HELP}`;

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    options: LINK_FLAGS,
    allowPositionals: true,
  }, HELP);
  const port = readPort(positionals[0] ?? "7");
  const settings = readLink(values);
  await using net = await openNetwork(settings);
  const listener = net.listen({ port });
  console.log(`listening on ${settings.addresses.join(", ")} port ${port}`);
  for await (const conn of listener) void serve(conn);
  return 0;
}

async function serve(conn: TcpConn): Promise<void> {
  const { hostname, port } = conn.remoteAddr;
  try {
    await conn.readable.pipeTo(conn.writable);
    const { bytesReceived } = conn.info();
    console.log(`${hostname} port ${port}: ${bytesReceived} bytes echoed`);
  } catch (error) {
    if (!isExplained(error)) throw error;
    printFailure(NAME, error);
  } finally {
    conn.close();
  }
}

await runProgram(NAME, main);
