/**
 * Sends the seeded pattern, then closes its direction and waits for the peer to close.
 *
 *     deno run --allow-ffi source.ts --connect 10.0.0.2 --port 5001 --bytes 1048576 [--hash] [--seed N]
 *     deno run --allow-ffi source.ts --port 5001 --seconds 5
 *
 * Prints `{"event":"sent","bytes":…,"seconds":…,"bitsPerSecond":…,"sha256":…}`
 * once the peer closed too, so the line also says that all was taken.
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
import {
  addressOf,
  close,
  receive,
  send,
  setCongestionControl,
  shutdownSend,
} from "./kernel_socket.ts";
import { makePattern, PATTERN_PERIOD, patternChunk } from "./pattern.ts";
import { RateMeter } from "./rate.ts";

const flags = parseFlags(Deno.args);
const pattern = makePattern(flags.seed);
const patternAddress = addressOf(pattern);
serveConnections(flags, (fd) => feed(fd, flags));

function feed(fd: number, flags: ProgramFlags): void {
  const meter = new RateMeter(flags.warmupSeconds);
  const hash = flags.hash ? createHash("sha256") : null;
  if (flags.congestion !== null) setCongestionControl(fd, flags.congestion);
  const stopAt = performance.now() + flags.secondLimit * 1_000;
  while (meter.byteCount < flags.byteLimit && performance.now() < stopAt) {
    const position = meter.byteCount;
    const wanted = Math.min(flags.chunkLength, flags.byteLimit - position);
    const start = patternAddress + position % PATTERN_PERIOD;
    const n = send(fd, start, wanted);
    hash?.update(patternChunk(pattern, position, n));
    meter.add(n);
  }
  shutdownSend(fd);
  awaitEnd(fd);
  close(fd);
  report({
    event: "sent",
    bytes: meter.byteCount,
    seconds: meter.seconds,
    bitsPerSecond: meter.bitsPerSecond,
    sha256: hash?.digest("hex") ?? null,
  });
}

function awaitEnd(fd: number): void {
  const scratch = new Uint8Array(4_096);
  while (receive(fd, addressOf(scratch), scratch.length) > 0);
}
