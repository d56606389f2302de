/**
 * The command line and the report that the kernel-side programs have in common.
 *
 * Every program prints one JSON object a line: `{"event":"listening",…}` when
 * it may be connected to, and one line for each connection that it finished.
 * A failure is `{"event":"failed","code":"ECONNREFUSED",…}` and exit status 1,
 * so that a test reads what happened instead of guessing from text.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  acceptFrom,
  connectFastOpen,
  connectTo,
  listenOn,
  localPort,
  SocketError,
} from "./kernel_socket.ts";

/** What a program was asked for. */
export interface ProgramFlags {
  /** `--connect ADDRESS`: connects there; without it the program listens. */
  readonly connect: string | null;
  /** `--port N`: to listen on or to connect to; 0 takes a free one. */
  readonly port: number;
  /** `--bytes N`: stop after this many; `Infinity` when not given. */
  readonly byteLimit: number;
  /** `--seconds N`: stop after this long; `Infinity` when not given. */
  readonly secondLimit: number;
  /** `--warmup N`: seconds after the first byte before the rate is measured. */
  readonly warmupSeconds: number;
  /** `--connections N`: connections to serve before the program ends; 0 means for ever. */
  readonly connectionLimit: number;
  /** `--chunk N`: bytes of one read or write, at most 256 KiB. */
  readonly chunkLength: number;
  /** `--seed N`: of the pattern that is sent. */
  readonly seed: number;
  /** `--hash`: compute the SHA-256 of the stream, which costs time. */
  readonly hash: boolean;
  /** `--congestion NAME`: of what the kernel sends; null: what the machine prefers. */
  readonly congestion: string | null;
  /** `--fast-open`: connect with TCP_FASTOPEN_CONNECT. */
  readonly fastOpen: boolean;
}

/** Reads the command line; throws TypeError for a flag it does not know or a number out of range. */
export function parseFlags(args: readonly string[]): ProgramFlags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      connect: { type: "string" },
      port: { type: "string", default: "0" },
      bytes: { type: "string", default: "Infinity" },
      seconds: { type: "string", default: "Infinity" },
      warmup: { type: "string", default: "0" },
      connections: { type: "string", default: "1" },
      chunk: { type: "string", default: "262144" },
      seed: { type: "string", default: "1" },
      hash: { type: "boolean", default: false },
      congestion: { type: "string" },
      "fast-open": { type: "boolean", default: false },
    },
  });
  return {
    connect: values.connect ?? null,
    port: numberFlag("port", values.port, 65_535),
    byteLimit: numberFlag("bytes", values.bytes, Infinity),
    secondLimit: numberFlag("seconds", values.seconds, Infinity),
    warmupSeconds: numberFlag("warmup", values.warmup, Infinity),
    connectionLimit: numberFlag("connections", values.connections, Infinity),
    chunkLength: numberFlag("chunk", values.chunk, 256 * 1024),
    seed: numberFlag("seed", values.seed, 0xffff_ffff),
    hash: values.hash,
    congestion: values.congestion ?? null,
    fastOpen: values["fast-open"],
  };
}

/** Connects or listens as asked and gives each connection's descriptor to `serve`, one at a time. */
export function serveConnections(
  flags: ProgramFlags,
  serve: (fd: number) => void,
): void {
  try {
    if (flags.connect !== null) {
      const open = flags.fastOpen ? connectFastOpen : connectTo;
      return serve(open(flags.connect, flags.port));
    }
    const listener = listenOn(flags.port);
    report({ event: "listening", port: localPort(listener) });
    const limit = flags.connectionLimit || Infinity;
    for (let i = 0; i < limit; i++) serve(acceptFrom(listener));
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    report({ event: "failed", code: error.code, message: error.message });
    Deno.exit(1);
  }
}

/** Prints one line of JSON. */
export function report(line: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(line));
}

function numberFlag(name: string, text: string, maximum: number): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= maximum) return value;
  throw new TypeError(
    `Cannot use --${name}: it must be a number in 0..${maximum}, got ${text}`,
  );
}
