/**
 * A megabyte each way between the engine and the kernel, in every role, and how
 * connections end.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import type { TcpConn } from "../../mod.ts";
import {
  ENGINE,
  KERNEL,
  openEngine,
  receiveHash,
  sendPattern,
} from "./engine_side.ts";
import { Namespace } from "./harness.ts";
import { countersMoved } from "./harness_counters.ts";
import { patternHash } from "./programs/pattern.ts";

const SINK = new URL("./programs/sink.ts", import.meta.url);
const SOURCE = new URL("./programs/source.ts", import.meta.url);
const ECHO = new URL("./programs/echo.ts", import.meta.url);
const LENGTH = 1_000_003;
const SEED = 7;
const PATTERN = { bytes: LENGTH, sha256: patternHash(SEED, LENGTH) };
const STREAM = ["--bytes", `${LENGTH}`, "--seed", `${SEED}`, "--hash"];
const ROUGH = {
  drop: 0.03,
  corrupt: 0.01,
  duplicate: 0.02,
  reorder: 0.03,
  delay: 1_000,
  jitter: 500,
};

for (const family of [4, 6] as const) {
  Deno.test(`a megabyte goes to a listener of the kernel over IPv${family}`, async () => {
    await using namespace = await Namespace.create();
    const sink = namespace.deno(SINK, "--port", "5001", "--hash");
    await sink.nextJson();
    const before = await namespace.counters();
    await using net = await openEngine(namespace);
    await using conn = await net.connect({
      hostname: KERNEL[family],
      port: 5001,
    });
    await sendPattern(conn, SEED, LENGTH);
    const { bytes, sha256 } = await sink.nextJson();
    assertEquals({ bytes, sha256 }, PATTERN);
    assertEquals(await receiveHash(conn).then(({ bytes }) => bytes), 0);
    const moved = countersMoved(before, await namespace.counters());
    assertEquals(moved.TcpInErrs, undefined);
    assertEquals(moved.TcpInCsumErrors, undefined);
    assertEquals(moved.TcpOutRsts, undefined);
  });

  Deno.test(`a megabyte comes from a listener of the kernel over IPv${family}`, async () => {
    await using namespace = await Namespace.create();
    const source = namespace.deno(SOURCE, "--port", "5001", ...STREAM);
    await source.nextJson();
    await using net = await openEngine(namespace);
    await using conn = await net.connect({
      hostname: KERNEL[family],
      port: 5001,
    });
    assertEquals(await receiveHash(conn), PATTERN);
  });

  Deno.test(`a megabyte comes from a client of the kernel, and goes back, over IPv${family}`, async () => {
    await using namespace = await Namespace.create(["python3"]);
    await using net = await openEngine(namespace);
    const listener = net.listen({ port: 5001 });
    const client = namespace.spawn([
      ...["python3", "-c", PYTHON_ECHO_CLIENT],
      ...[ENGINE[family], "5001", `${LENGTH}`],
    ]);
    const conn = await listener.accept();
    await conn.readable.pipeTo(conn.writable);
    const [sent, received] = (await client.succeeded()).stdout.trim().split(
      " ",
    );
    assertEquals(received, sent);
    assertEquals(conn.info().bytesReceived, LENGTH);
    conn.close();
  });

  Deno.test(`a megabyte goes and comes back at once over IPv${family}`, async () => {
    await using namespace = await Namespace.create();
    await namespace.deno(ECHO, "--port", "7").nextJson();
    await using net = await openEngine(namespace);
    await using conn = await net.connect({ hostname: KERNEL[family], port: 7 });
    const [received] = await Promise.all([
      receiveHash(conn),
      sendPattern(conn, SEED, LENGTH),
    ]);
    assertEquals(received, PATTERN);
  });

  Deno.test(`a megabyte goes and comes back over a rough link over IPv${family}`, async () => {
    await using namespace = await Namespace.create();
    await namespace.deno(ECHO, "--port", "7").nextJson();
    await using net = await openEngine(namespace, { faults: ROUGH, seed: 11 });
    await using conn = await net.connect({ hostname: KERNEL[family], port: 7 });
    const [received] = await Promise.all([
      receiveHash(conn),
      sendPattern(conn, SEED, LENGTH),
    ]);
    assertEquals(received, PATTERN);
  });
}

Deno.test("twenty connections to the kernel carry their own bytes at the same time", async () => {
  await using namespace = await Namespace.create();
  await namespace.deno(ECHO, "--port", "7").nextJson();
  await using net = await openEngine(namespace);
  const lengths = Array.from({ length: 20 }, (_, i) => 10_000 + 1_000 * i);
  const results = await Promise.all(lengths.map(async (length, seed) => {
    await using conn = await net.connect({ hostname: KERNEL[4], port: 7 });
    const [received] = await Promise.all([
      receiveHash(conn),
      sendPattern(conn, seed, length),
    ]);
    return received;
  }));
  const expected = lengths.map((bytes, seed) => ({
    bytes,
    sha256: patternHash(seed, bytes),
  }));
  assertEquals(results, expected);
});

Deno.test("a connection closed by us first waits in TIME-WAIT, and the kernel sees the end", async () => {
  await using namespace = await Namespace.create();
  await namespace.deno(ECHO, "--port", "7").nextJson();
  await using net = await openEngine(namespace);
  await using conn = await net.connect({ hostname: KERNEL[4], port: 7 });
  await conn.closeWrite();
  assertEquals(await conn.read(new Uint8Array(1)), null);
  assertEquals(conn.info().state, "TIME-WAIT");
});

Deno.test("a connection closed by the kernel first is over at once", async () => {
  await using namespace = await Namespace.create();
  const source = namespace.deno(SOURCE, "--port", "5001", "--bytes", "5");
  await source.nextJson();
  await using net = await openEngine(namespace);
  const conn = await net.connect({ hostname: KERNEL[4], port: 5001 });
  assertEquals((await receiveHash(conn)).bytes, 5);
  assertEquals(conn.info().state, "CLOSE-WAIT");
  conn.close();
  await settled(conn);
  assertEquals(conn.info().state, "CLOSED");
});

Deno.test("abort() resets the kernel's connection", async () => {
  await using namespace = await Namespace.create();
  const echo = namespace.deno(ECHO, "--port", "7");
  await echo.nextJson();
  const before = await namespace.counters();
  await using net = await openEngine(namespace);
  const conn = await net.connect({ hostname: KERNEL[4], port: 7 });
  // A byte there and back: the server has accepted.
  await conn.write(new Uint8Array(1));
  await conn.read(new Uint8Array(1));
  conn.abort();
  const failed = await echo.nextJson();
  assertEquals(failed.code, "ConnectionReset");
  const moved = countersMoved(before, await namespace.counters());
  assertEquals(moved.TcpEstabResets, 1);
});

Deno.test("a reset by the kernel rejects the read with ConnectionReset", async () => {
  await using namespace = await Namespace.create(["python3"]);
  const server = namespace.spawn(["python3", "-uc", PYTHON_RESETTER, "5001"]);
  await server.waitFor(/listening/);
  await using net = await openEngine(namespace);
  await using conn = await net.connect({ hostname: KERNEL[4], port: 5001 });
  await assertRejects(
    () => conn.read(new Uint8Array(1)),
    Deno.errors.ConnectionReset,
    `connection reset by peer`,
  );
});

Deno.test("a port nobody listens on refuses the kernel's client", async () => {
  await using namespace = await Namespace.create();
  await using _net = await openEngine(namespace);
  const args = ["--connect", ENGINE[4], "--port", "9", "--bytes", "1"];
  const source = namespace.deno(SOURCE, ...args);
  assertEquals((await source.nextJson()).code, "ECONNREFUSED");
});

/** Sends random bytes while it reads what comes back; prints both hashes. */
const PYTHON_ECHO_CLIENT = `
import hashlib, os, socket, sys, threading
conn = socket.create_connection((sys.argv[1], int(sys.argv[2])))
data = os.urandom(int(sys.argv[3]))
def send():
    conn.sendall(data)
    conn.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
received = hashlib.sha256()
while chunk := conn.recv(65536):
    received.update(chunk)
print(hashlib.sha256(data).hexdigest(), received.hexdigest())
`;

/** Accepts one connection and resets it: a linger of no time. */
const PYTHON_RESETTER = `
import socket, struct, sys
listener = socket.create_server(("", int(sys.argv[1])))
print("listening")
conn, _ = listener.accept()
conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
conn.close()
`;

/** Waits until the last acknowledgement of a closed connection has come. */
async function settled(conn: TcpConn): Promise<void> {
  while (conn.info().state === "LAST-ACK") {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
