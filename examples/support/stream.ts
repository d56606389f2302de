/**
 * Reading a connection to its end, when nobody knows where the end is.
 *
 * @module
 */
import type { TcpConn } from "../../mod.ts";

const CHUNK_LENGTH = 65_536;

/**
 * Gives every chunk that arrives to `use` (borrowed), until the peer closes or
 * nothing has come for `idleMs` although everything sent was acknowledged.
 * While something is not, it is TCP's to go on or to give up.
 */
export async function drain(
  conn: TcpConn,
  idleMs: number,
  use: (chunk: Uint8Array) => void,
): Promise<void> {
  const buffer = new Uint8Array(CHUNK_LENGTH);
  let reading = conn.read(buffer);
  for (;;) {
    const length = await within(reading, idleMs);
    if (length === null) return;
    if (length === "idle") {
      if (!isAcknowledged(conn)) continue;
      reading.catch(() => {}); // the caller closes the connection under it
      return;
    }
    use(buffer.subarray(0, length));
    reading = conn.read(buffer);
  }
}

function isAcknowledged(conn: TcpConn): boolean {
  const { unacked, notSentBytes } = conn.info();
  return unacked === 0 && notSentBytes === 0;
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | "idle"> {
  const idle = Promise.withResolvers<"idle">();
  const timer = setTimeout(() => idle.resolve("idle"), ms);
  try {
    return await Promise.race([promise, idle.promise]);
  } finally {
    clearTimeout(timer);
  }
}
