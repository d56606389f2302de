/**
 * Sends back what it receives, any number of connections at a time, until killed.
 *
 *     deno run --allow-net echo.ts --port 7 [--hash] [--bytes N]
 *
 * A connection ends when the peer closes its direction (all that came before
 * is still returned) or, with `--bytes`, after that many. For each it prints
 * `{"event":"echoed","bytes":…,"sha256":…}`. This one uses Deno's own sockets:
 * it is not on the path of any measurement, and it must serve many at once.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { parseFlags, type ProgramFlags, report } from "./flags.ts";

const flags = parseFlags(Deno.args);
const listener = Deno.listen({ hostname: "::", port: flags.port });
report({ event: "listening", port: listener.addr.port });
for await (const conn of listener) void serve(conn, flags);

async function serve(conn: Deno.TcpConn, flags: ProgramFlags): Promise<void> {
  using _ = conn;
  const hash = flags.hash ? createHash("sha256") : null;
  let byteCount = 0;
  try {
    byteCount = await echo(conn, flags, (chunk) => hash?.update(chunk));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    report({ event: "failed", code: error.name, message: error.message });
    return;
  }
  report({
    event: "echoed",
    bytes: byteCount,
    sha256: hash?.digest("hex") ?? null,
  });
}

async function echo(
  conn: Deno.TcpConn,
  flags: ProgramFlags,
  seen: (chunk: Uint8Array) => void,
): Promise<number> {
  const buffer = new Uint8Array(flags.chunkLength);
  let byteCount = 0;
  while (byteCount < flags.byteLimit) {
    const n = await conn.read(buffer);
    if (n === null) break;
    const chunk = buffer.subarray(0, n);
    seen(chunk);
    for (let at = 0; at < n;) at += await conn.write(chunk.subarray(at));
    byteCount += n;
  }
  return byteCount;
}
