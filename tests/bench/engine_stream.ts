/**
 * One TCP stream between the engine and the kernel over a TAP.
 *
 *     namespace:  sink or source program -- kernel TCP -- tap0 -- engine (a child of its own)
 *
 * @module
 */
import { Namespace } from "../netns/harness.ts";
import type { Program } from "../netns/harness_program.ts";
import {
  CONGESTION_CONTROL,
  gigabitsOf,
  SINK_PROGRAM,
  SOURCE_PROGRAM,
  WARMUP_SECONDS,
} from "./kernel_stream.ts";

const ENGINE_PROGRAM = new URL("./programs/engine_stream.ts", import.meta.url);
const PORT = ["--port", "5001"];

/** A namespace with room for one TAP. */
export class EngineBench implements AsyncDisposable {
  readonly #namespace: Namespace;
  readonly #program: URL;

  private constructor(namespace: Namespace, program: URL) {
    this.#namespace = namespace;
    this.#program = program;
  }

  /** Makes the namespace; `program` is the engine's end of the stream, by default through the Deno-shaped sockets. */
  static async create(program: URL = ENGINE_PROGRAM): Promise<EngineBench> {
    return new EngineBench(await Namespace.create(), program);
  }

  /** Gbit/s from the engine to the sink program. */
  async measureSend(seconds: number): Promise<number> {
    await using sink = this.#namespace.deno(SINK_PROGRAM, ...PORT, ...warmup());
    await sink.nextJson();
    await using engine = this.#engine("send", ...duration(seconds));
    return gigabitsOf(await firstReport(sink, engine));
  }

  /** Gbit/s from the source program to the engine. */
  async measureReceive(seconds: number): Promise<number> {
    await using source = this.#namespace.deno(
      SOURCE_PROGRAM,
      ...PORT,
      ...duration(seconds),
      ...["--congestion", CONGESTION_CONTROL],
    );
    await source.nextJson();
    await using engine = this.#engine("receive", ...warmup());
    return gigabitsOf(await firstReport(engine, engine));
  }

  /** Deletes the namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespace[Symbol.asyncDispose]();
  }

  #engine(direction: string, ...args: readonly string[]): Program {
    return this.#namespace.deno(this.#program, direction, ...PORT, ...args);
  }
}

/** The report of `reporter`, or the failure of the engine if that comes first. */
async function firstReport(
  reporter: Program,
  engine: Program,
): Promise<Record<string, unknown>> {
  const report = reporter.nextJson();
  const ended = engine.succeeded().then(() => report);
  return await Promise.race([report, ended]);
}

function warmup(): string[] {
  return ["--warmup", String(WARMUP_SECONDS)];
}

function duration(seconds: number): string[] {
  return ["--seconds", String(seconds + WARMUP_SECONDS)];
}
