/**
 * Receives a stream, counts it and, with `--hash`, hashes it.
 *
 *     deno run --allow-ffi sink.ts --port 5001 [--hash] [--bytes N] [--connections N]
 *
 * With `--bytes` it closes after that many, else at the end of the stream.
 * Prints `{"event":"received","bytes":…,"seconds":…,"bitsPerSecond":…,"sha256":…}`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  parseFlags,
  type ProgramFlags,
  report,
  serveConnections,
} from "./flags.ts";
import { addressOf, close, receive } from "./kernel_socket.ts";
import { RateMeter } from "./rate.ts";

const flags = parseFlags(Deno.args);
serveConnections(flags, (fd) => drain(fd, flags));

function drain(fd: number, flags: ProgramFlags): void {
  const buffer = new Uint8Array(flags.chunkLength);
  const address = addressOf(buffer);
  const meter = new RateMeter(flags.warmupSeconds);
  const hash = flags.hash ? createHash("sha256") : null;
  while (meter.byteCount < flags.byteLimit) {
    const room = Math.min(buffer.length, flags.byteLimit - meter.byteCount);
    const n = receive(fd, address, room);
    if (n === 0) break;
    meter.add(n);
    hash?.update(buffer.subarray(0, n));
  }
  close(fd);
  report({
    event: "received",
    bytes: meter.byteCount,
    seconds: meter.seconds,
    bitsPerSecond: meter.bitsPerSecond,
    sha256: hash?.digest("hex") ?? null,
  });
}
