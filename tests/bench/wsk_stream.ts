/**
 * The same stream as in engine_stream.ts, by WskSend and WskReceive.
 *
 * What the Winsock Kernel surface costs is the ratio of its figures to those
 * of the Deno-shaped sockets in the same run: below them everything is the
 * same.
 *
 * @module
 */
import { EngineBench } from "./engine_stream.ts";

const WSK_PROGRAM = new URL("./programs/wsk_stream.ts", import.meta.url);

/** A namespace in which the engine's end is programmed through the Winsock Kernel surface. */
export function createWskBench(): Promise<EngineBench> {
  return EngineBench.create(WSK_PROGRAM);
}
