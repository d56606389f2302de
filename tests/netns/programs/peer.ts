/**
 * One connection of the kernel that does what the command line says, step by step.
 *
 *     deno run --allow-ffi peer.ts (--connect ADDRESS | --listen) --port N [--no-delay] [--receive-buffer N] STEP…
 *
 * | step | what it does |
 * |---|---|
 * | `write:N` | sends the next N bytes of the pattern |
 * | `read:N` | receives exactly N bytes |
 * | `echo:N` | receives and returns a byte, N times |
 * | `ask:N` | sends a byte and waits for one, N times |
 * | `drain` | receives to the end of the stream |
 * | `shutdown` | sends a FIN |
 * | `signal` | waits for SIGUSR1 |
 * | `close` | closes |
 * | `reset` | closes with a RST |
 *
 * Each step prints `{"event":STEP,"bytes":…,"sha256":…}` once done: of what it
 * moved. One that fails prints `{"event":"failed",…}` and ends the program.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { report } from "./flags.ts";
import {
  acceptFrom,
  addressOf,
  close,
  connectTo,
  listenOn,
  receive,
  reset,
  send,
  setNoDelay,
  setReceiveBuffer,
  shutdownSend,
  SocketError,
} from "./kernel_socket.ts";
import { makePattern, PATTERN_PERIOD, patternChunk } from "./pattern.ts";

const { values: flags, positionals: steps } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    "connect": { type: "string" },
    "listen": { type: "boolean", default: false },
    "port": { type: "string", default: "0" },
    "seed": { type: "string", default: "1" },
    "no-delay": { type: "boolean", default: false },
    "receive-buffer": { type: "string" },
  },
});
const signal = Promise.withResolvers<void>();
const onSignal = (): void => signal.resolve();
Deno.addSignalListener("SIGUSR1", onSignal);

const pattern = makePattern(Number(flags.seed));
const patternAddress = addressOf(pattern);
const buffer = new Uint8Array(65_536);
const bufferAddress = addressOf(buffer);
let sentCount = 0;
let hash = createHash("sha256");

try {
  const fd = open();
  report({ event: "connected" });
  for (const step of steps) await perform(fd, step);
} catch (error) {
  if (!(error instanceof SocketError)) throw error;
  report({ event: "failed", code: error.code, message: error.message });
}
Deno.removeSignalListener("SIGUSR1", onSignal);

function open(): number {
  const port = Number(flags.port);
  const window = flags["receive-buffer"];
  const prepare = (fd: number): void => {
    // Before the handshake, or the window scale is too large for it.
    if (window !== undefined) setReceiveBuffer(fd, Number(window));
    if (flags["no-delay"]) setNoDelay(fd);
  };
  if (!flags.listen) return connectTo(flags.connect!, port, prepare);
  const listener = listenOn(port);
  prepare(listener); // inherited by what it accepts
  report({ event: "listening", port });
  return acceptFrom(listener);
}

async function perform(fd: number, step: string): Promise<void> {
  const [verb, argument] = step.split(":");
  hash = createHash("sha256");
  const bytes = await act(fd, verb, Number(argument ?? 0));
  report({ event: step, bytes, sha256: hash.digest("hex") });
}

async function act(fd: number, verb: string, count: number): Promise<number> {
  switch (verb) {
    case "write":
      return write(fd, count);
    case "read":
      return read(fd, count);
    case "drain":
      return read(fd, Infinity);
    case "ask":
      for (let i = 0; i < count; i++) write(fd, 1), read(fd, 1);
      return count;
    case "echo":
      for (let i = 0; i < count; i++) read(fd, 1), write(fd, 1);
      return count;
    case "shutdown":
      shutdownSend(fd);
      return 0;
    case "signal":
      await signal.promise;
      return 0;
    case "close":
      close(fd);
      return 0;
    case "reset":
      reset(fd);
      return 0;
    default:
      throw new TypeError(`Cannot perform ${verb}: there is no such step`);
  }
}

function write(fd: number, count: number): number {
  for (let left = count; left > 0;) {
    const start = patternAddress + sentCount % PATTERN_PERIOD;
    const n = send(fd, start, Math.min(left, 65_536));
    hash.update(patternChunk(pattern, sentCount, n));
    sentCount += n;
    left -= n;
  }
  return count;
}

function read(fd: number, count: number): number {
  let received = 0;
  while (received < count) {
    const room = Math.min(buffer.length, count - received);
    const n = receive(fd, bufferAddress, room);
    if (n === 0) break;
    hash.update(buffer.subarray(0, n));
    received += n;
  }
  return received;
}
