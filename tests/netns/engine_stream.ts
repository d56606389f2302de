/**
 * The engine's side of a transfer: the seeded pattern out, a hash of what came.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { TcpConn } from "../../engine/mod.ts";
import { makePattern, patternChunk } from "./programs/pattern.ts";

const CHUNK_LENGTH = 65_536;

/** Sends the first `length` bytes of the pattern with this seed. The direction stays open. */
export async function writePattern(
  conn: TcpConn,
  seed: number,
  length: number,
): Promise<void> {
  const pattern = makePattern(seed);
  for (let position = 0; position < length;) {
    const wanted = Math.min(CHUNK_LENGTH, length - position);
    position += await conn.write(patternChunk(pattern, position, wanted));
  }
}

/** What was received: how much, and its SHA-256 in hexadecimal. */
export interface Received {
  /** Bytes. */
  readonly bytes: number;
  /** Of all of them. */
  readonly sha256: string;
}

/** Receives to the end of the stream, or until `limit` bytes have come. `seen` is told of each chunk. */
export async function readHash(
  conn: TcpConn,
  limit: number = Infinity,
  seen: (chunk: Uint8Array) => void = () => {},
): Promise<Received> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK_LENGTH);
  let bytes = 0;
  while (bytes < limit) {
    const room = Math.min(buffer.length, limit - bytes);
    const n = await conn.read(buffer.subarray(0, room));
    if (n === null) break;
    const chunk = buffer.subarray(0, n);
    hash.update(chunk);
    seen(chunk);
    bytes += n;
  }
  return { bytes, sha256: hash.digest("hex") };
}
