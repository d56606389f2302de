/**
 * Several streams at once, measured together at the receiver.
 *
 * At one lost packet in a hundred a stream sees a few losses a second, and how
 * fast it went in some seconds is mostly luck. Streams over a link that loses
 * at random do not disturb each other, so eight of them for ten seconds say as
 * much as one for eighty.
 *
 * @module
 */

/** What both `Deno.Conn` and the engine's connections can do. */
export interface FlowConn {
  /** As `Deno.Conn.read`. */
  read(target: Uint8Array): Promise<number | null>;
  /** As `Deno.Conn.write`. */
  write(source: Uint8Array): Promise<number>;
  /** As `Deno.Conn.close`. */
  close(): void;
}

/** When the receiver counts, in seconds from its first byte. */
export interface FlowWindow {
  /** Left out at the beginning. */
  readonly warmupSeconds: number;
  /** Counted after that. */
  readonly seconds: number;
}

const CHUNK_LENGTH = 65_536;

/** Sends on every connection until its peer ends it. */
export async function sendFlows(conns: readonly FlowConn[]): Promise<void> {
  const chunk = new Uint8Array(CHUNK_LENGTH);
  await Promise.all(conns.map(async (conn) => {
    try {
      while (await conn.write(chunk) > 0);
    } catch {
      // The receiver has seen enough: this is how the end is told.
    } finally {
      conn.close();
    }
  }));
}

/** Takes `count` connections, receives on all and resolves to bits a second inside the window, summed. Closes them. */
export async function receiveFlows(
  accept: () => Promise<FlowConn>,
  count: number,
  window: FlowWindow,
): Promise<number> {
  const conns: FlowConn[] = [];
  while (conns.length < count) conns.push(await accept());
  let byteCount = 0;
  const drains = conns.map(async (conn) => {
    const buffer = new Uint8Array(CHUNK_LENGTH);
    try {
      for (;;) {
        const n = await conn.read(buffer);
        if (n === null) return;
        byteCount += n;
      }
    } catch {
      // closed below while it was reading
    }
  });
  await pause(window.warmupSeconds);
  const from = performance.now();
  const before = byteCount;
  await pause(window.seconds);
  const milliseconds = performance.now() - from;
  const counted = byteCount - before;
  for (const conn of conns) conn.close();
  await Promise.all(drains);
  return counted * 8_000 / milliseconds;
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
