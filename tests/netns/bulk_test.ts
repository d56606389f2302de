/**
 * Streams between the engine and the kernel on a good wire: every byte, both
 * directions, both roles, both families, with and without offload.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { TcpConn } from "../../engine/mod.ts";
import {
  ADDRESSES,
  EngineLab,
  eventOf,
  FAMILIES,
  type LabOptions,
  type Role,
  ROLES,
  until,
} from "./engine_lab.ts";
import { readHash, writePattern } from "./engine_stream.ts";
import type { Program } from "./harness_program.ts";
import { patternHash } from "./programs/pattern.ts";

const SINK = new URL("./programs/sink.ts", import.meta.url);
const SOURCE = new URL("./programs/source.ts", import.meta.url);
const PORT = 5_001;
const LENGTH = 16_000_003;
const SEED = 11;
const CHECKSUM = patternHash(SEED, LENGTH);

/** A connection of the engine to a started sink or source, in either role. */
async function open(
  lab: EngineLab,
  role: Role,
  family: 4 | 6,
  program: URL,
): Promise<[TcpConn, Program]> {
  const flags = ["--port", `${PORT}`, "--hash"];
  if (program === SOURCE) flags.push("--bytes", `${LENGTH}`, "--seed", "11");
  if (role === "client") {
    const peer = lab.namespace.deno(program, ...flags);
    await eventOf(peer, "listening");
    return [await lab.connect(family, PORT), peer];
  }
  using listener = lab.net.listen({ port: PORT });
  const to = ["--connect", ADDRESSES[family].engine];
  const peer = lab.namespace.deno(program, ...to, ...flags);
  return [await listener.accept(), peer];
}

async function sends(
  lab: EngineLab,
  role: Role,
  family: 4 | 6,
): Promise<void> {
  const [conn, peer] = await open(lab, role, family, SINK);
  await writePattern(conn, SEED, LENGTH);
  await conn.closeWrite();
  const { bytes, sha256 } = await eventOf(peer, "received");
  assertEquals({ bytes, sha256 }, { bytes: LENGTH, sha256: CHECKSUM });
  assertEquals((await readHash(conn)).bytes, 0);
  assertEquals(conn.info().bytesAcked, LENGTH);
  conn.close();
  // Its port must be free for whoever comes next.
  await peer.ended();
}

async function receives(
  lab: EngineLab,
  role: Role,
  family: 4 | 6,
): Promise<void> {
  const [conn, peer] = await open(lab, role, family, SOURCE);
  const got = await readHash(conn);
  assertEquals(got, { bytes: LENGTH, sha256: CHECKSUM });
  conn.close();
  assertEquals((await eventOf(peer, "sent")).bytes, LENGTH);
  await peer.ended();
}

for (const family of FAMILIES) {
  for (const role of ROLES) {
    Deno.test(`a ${role} sends and receives a hashed stream over IPv${family}`, async () => {
      await using lab = await EngineLab.create();
      await sends(lab, role, family);
      await receives(lab, role, family);
    });
  }
}

const WIRES: readonly (readonly [string, LabOptions])[] = [
  ["without offload", { offload: "none" }],
  ["at an MTU of 9000", { mtu: 9_000 }],
  ["at an MTU of 1280 without offload", { mtu: 1_280, offload: "none" }],
  ["without timestamps, SACK and window scaling", {
    tcp: { timestamps: false, sack: false, windowScaling: false },
  }],
];

for (const [name, options] of WIRES) {
  Deno.test(`streams arrive whole ${name}`, async () => {
    await using lab = await EngineLab.create(options);
    await sends(lab, "client", 4);
    await receives(lab, "server", 6);
  });
}

Deno.test("a stream flows both ways at once", async () => {
  await using lab = await EngineLab.create();
  const length = 8_000_001;
  const echo = new URL("./programs/echo.ts", import.meta.url);
  await lab.namespace.deno(echo, "--port", "7").nextJson();
  const conns = await Promise.all(
    FAMILIES.map((family) => lab.connect(family, 7)),
  );
  await Promise.all(conns.map(async (conn, seed) => {
    const back = readHash(conn);
    await writePattern(conn, seed, length);
    await conn.closeWrite();
    const sha256 = patternHash(seed, length);
    assertEquals(await back, { bytes: length, sha256 });
    conn.close();
  }));
});

for (const role of ROLES) {
  Deno.test(`a ${role} and the kernel answer each other byte by byte`, async () => {
    await using lab = await EngineLab.create();
    const count = 2_000;
    const [conn, peer] = await lab.pair(role, 4, `ask:${count}`, "close");
    const buffer = new Uint8Array(16);
    for (let i = 0; i < count; i++) {
      assertEquals(await conn.read(buffer), 1);
      await conn.write(buffer.subarray(0, 1));
    }
    await eventOf(peer, `ask:${count}`);
    assertEquals(await conn.read(buffer), null);
    // Answers carry the acknowledgements: not two segments for each byte.
    assert(conn.info().segsOut < count * 1.2, `${conn.info().segsOut}`);
    conn.close();
  });
}

Deno.test("small writes wait for the acknowledgement, and with noDelay do not", async () => {
  await using lab = await EngineLab.create({ faults: { delay: 20_000 } });
  const byte = new Uint8Array(1);
  for (const noDelay of [false, true]) {
    const [conn, peer] = await lab.pair("client", 4, "drain", "close");
    conn.setNoDelay(noDelay);
    const sent = (): number => conn.info().dataSegsOut;
    await conn.write(byte);
    await until("the first byte leaves", () => sent() === 1);
    for (let i = 2; i <= 10; i++) {
      await conn.write(byte);
      // Nagle: nothing to wait for, the nine leave together when the first is acknowledged.
      if (noDelay) await until("the next leaves", () => sent() === i);
    }
    await conn.flushed();
    assertEquals(sent(), noDelay ? 10 : 2);
    await conn.closeWrite();
    assertEquals((await eventOf(peer, "drain")).bytes, 10);
    conn.close();
    await eventOf(peer, "close");
    await peer.succeeded();
  }
});

Deno.test("corked pieces leave as full segments", async () => {
  await using lab = await EngineLab.create();
  const [conn, peer] = await lab.pair("client", 6, "drain", "close");
  const mss = conn.info().sndMss;
  conn.setCork(true);
  for (let i = 0; i < 100; i++) await conn.write(new Uint8Array(mss / 10 | 0));
  await conn.closeWrite();
  const { bytes } = await eventOf(peer, "drain");
  assertEquals(bytes, 100 * (mss / 10 | 0));
  assertEquals(conn.info().dataSegsOut, 10);
  conn.close();
});
