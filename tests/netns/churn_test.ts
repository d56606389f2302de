/**
 * Ten thousand connections opened and closed, in either role: all are served,
 * and afterwards nothing is left of them, neither buffers nor control blocks
 * nor descriptors, on either side.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { TcpConn, TcpListener } from "../../engine/mod.ts";
import { ADDRESSES, EngineLab, eventOf, until } from "./engine_lab.ts";

const PROGRAM = new URL("./programs/churn.ts", import.meta.url);
const CONNECTION_COUNT = 10_000;
const PORT = 7_000;
const FLAGS = ["--port", `${PORT}`, "--connections", `${CONNECTION_COUNT}`];
/** Attempts of ours under way at once. */
const CONCURRENCY = 32;
/** Short, so that the test sees connections leave TIME-WAIT. */
const TIME_WAIT_TIMEOUT = 500_000;

Deno.test("10,000 connections to a kernel server leave nothing behind", async () => {
  await using lab = await EngineLab.create({
    tcp: { timeWaitTimeout: TIME_WAIT_TIMEOUT },
  });
  const before = await footprint(lab);
  const server = lab.namespace.deno(PROGRAM, ...FLAGS);
  await eventOf(server, "listening");
  let left = CONNECTION_COUNT;
  const work = async (): Promise<void> => {
    while (left-- > 0) await visit(await lab.connect(4, PORT));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const { connections, bytes } = await eventOf(server, "done");
  assertEquals([connections, bytes], [CONNECTION_COUNT, CONNECTION_COUNT]);
  await server.succeeded();
  await assertNothingLeft(lab, before);
  const { tcpCounters } = lab.net.stack;
  assertEquals(tcpCounters.get("TcpActiveOpens"), CONNECTION_COUNT);
  assertEquals(tcpCounters.get("TcpAttemptFails"), 0);
  assertEquals(tcpCounters.get("TcpEstabResets"), 0);
});

Deno.test("10,000 connections of kernel clients leave nothing behind", async () => {
  await using lab = await EngineLab.create();
  using listener = lab.net.listen({ port: PORT });
  void serve(listener);
  const before = await footprint(lab);
  const to = ["--connect", ADDRESSES[6].engine];
  const client = lab.namespace.deno(PROGRAM, ...to, ...FLAGS);
  const { connections, bytes } = await eventOf(client, "done");
  assertEquals([connections, bytes], [CONNECTION_COUNT, CONNECTION_COUNT]);
  await client.succeeded();
  await assertNothingLeft(lab, before);
  const { tcpCounters } = lab.net.stack;
  assertEquals(tcpCounters.get("TcpPassiveOpens"), CONNECTION_COUNT);
  assertEquals(tcpCounters.get("TcpExtListenOverflows"), 0);
  assertEquals(tcpCounters.get("TcpEstabResets"), 0);
});

Deno.test("10,000 refused attempts leave nothing behind", async () => {
  await using lab = await EngineLab.create();
  const before = await footprint(lab);
  let refused = 0;
  let left = CONNECTION_COUNT;
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      try {
        (await lab.connect(4, 9)).close();
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
        refused++;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  assertEquals(refused, CONNECTION_COUNT);
  await assertNothingLeft(lab, before);
});

async function visit(conn: TcpConn): Promise<void> {
  const buffer = new Uint8Array(16);
  await conn.write(buffer.subarray(0, 1));
  await conn.closeWrite();
  while (await conn.read(buffer) !== null);
  conn.close();
}

async function serve(listener: TcpListener): Promise<void> {
  const buffer = new Uint8Array(16);
  for await (const conn of listener) {
    void (async (): Promise<void> => {
      let byteCount = 0;
      for (;;) {
        const n = await conn.read(buffer);
        if (n === null) break;
        byteCount += n;
      }
      await conn.write(buffer.subarray(0, byteCount));
      conn.close();
    })();
  }
}

interface Footprint {
  readonly memoryUsed: number;
  readonly connectionCount: number;
  readonly descriptors: number;
  /** Sockets of the kernel in the namespace that are not in TIME-WAIT. */
  readonly kernelSockets: number;
}

async function footprint(lab: EngineLab): Promise<Footprint> {
  const { stack } = lab.net;
  const sockstat = await lab.namespace.run("cat", "/proc/net/sockstat");
  return {
    memoryUsed: stack.memoryUsed,
    connectionCount: stack.connectionCount,
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    kernelSockets: Number(/TCP: inuse (\d+)/.exec(sockstat)?.[1]),
  };
}

async function assertNothingLeft(
  lab: EngineLab,
  before: Footprint,
): Promise<void> {
  await until(
    "the last connection is gone",
    () => lab.net.stack.connectionCount === before.connectionCount,
  );
  await until("the kernel has no socket more than before", async () => {
    return (await footprint(lab)).kernelSockets <= before.kernelSockets;
  });
  const { memoryUsed, descriptors } = await footprint(lab);
  assertEquals(memoryUsed, before.memoryUsed);
  assertEquals(descriptors, before.descriptors);
}
