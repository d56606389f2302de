/**
 * How connections with the kernel end: each direction by itself, both at once,
 * and by a RST in every state to which a kernel can drive us.
 *
 * What a kernel would never send at the right moment, its packet filter does:
 * `REJECT --reject-with tcp-reset` answers a segment of ours with a RST that
 * has exactly the sequence number we expect.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { TcpConn } from "../../engine/mod.ts";
import {
  ADDRESSES,
  EngineLab,
  eventOf,
  FAMILIES,
  PEER_PORT,
  ROLES,
  until,
} from "./engine_lab.ts";
import { readHash, writePattern } from "./engine_stream.ts";
import { patternHash } from "./programs/pattern.ts";

const LENGTH = 1_000_003;
const CHECKSUM = patternHash(1, LENGTH);
/** What our segments to the peer look like to the kernel's packet filter. */
const OURS = ["INPUT", "-p", "tcp", "-s", ADDRESSES[4].engine];
const RESET = ["-j", "REJECT", "--reject-with", "tcp-reset"];
const WITH_FIN = ["--tcp-flags", "FIN", "FIN"];

for (const role of ROLES) {
  for (const family of FAMILIES) {
    Deno.test(`a ${role} closes its direction and still receives over IPv${family}`, async () => {
      await using lab = await EngineLab.create();
      const steps = ["drain", `write:${LENGTH}`, "close"];
      const [conn, peer] = await lab.pair(role, family, ...steps);
      await writePattern(conn, 2, 10_000);
      await conn.closeWrite();
      assertEquals((await eventOf(peer, "drain")).bytes, 10_000);
      const got = await readHash(conn);
      assertEquals(got, { bytes: LENGTH, sha256: CHECKSUM });
      assertEquals(conn.info().state, "TIME-WAIT");
      conn.close();
    });

    Deno.test(`a ${role} sends on after the kernel closed its direction over IPv${family}`, async () => {
      await using lab = await EngineLab.create();
      const steps = ["write:10000", "shutdown", "drain", "close"];
      const [conn, peer] = await lab.pair(role, family, ...steps);
      assertEquals((await readHash(conn)).bytes, 10_000);
      assertEquals(conn.info().state, "CLOSE-WAIT");
      await writePattern(conn, 1, LENGTH);
      conn.close();
      await eventOf(peer, "write:10000");
      await eventOf(peer, "shutdown");
      const { bytes, sha256 } = await eventOf(peer, "drain");
      assertEquals({ bytes, sha256 }, { bytes: LENGTH, sha256: CHECKSUM });
      await until("the last ACK ends it", () => connectionCount(lab) === 0);
    });
  }
}

Deno.test("both ends close at once and both are told of it", async () => {
  await using lab = await EngineLab.create({ faults: { delay: 30_000 } });
  const [conn, peer] = await lab.pair("client", 4, "signal", "close");
  await conn.closeWrite();
  await until("our FIN leaves", () => conn.info().state === "FIN-WAIT-1");
  peer.kill("SIGUSR1");
  assertEquals((await readHash(conn)).bytes, 0);
  conn.close();
  await until("TIME-WAIT", () => conn.info().state === "TIME-WAIT");
  await peer.succeeded();
});

Deno.test("closing with unread data resets the kernel's side", async () => {
  await using lab = await EngineLab.create();
  const steps = ["write:1000", "signal", "read:1"];
  const [conn, peer] = await lab.pair("client", 4, ...steps);
  await conn.read(new Uint8Array(1));
  conn.close();
  await eventOf(peer, "write:1000");
  await until("the RST arrives", async () => {
    return (await lab.namespace.counters()).TcpEstabResets > 0;
  });
  assertEquals(connectionCount(lab), 0);
  peer.kill("SIGUSR1");
  await eventOf(peer, "signal");
  assertEquals((await eventOf(peer, "failed")).code, "ECONNRESET");
});

Deno.test("abort resets the kernel's side", async () => {
  await using lab = await EngineLab.create();
  const [conn, peer] = await lab.pair("server", 6, "read:1");
  conn.abort();
  assertEquals((await eventOf(peer, "failed")).code, "ECONNRESET");
  await until("nothing is left", () => connectionCount(lab) === 0);
});

// --- a RST in each state ------------------------------------------------------

Deno.test("a RST in SYN-SENT refuses the connection", async () => {
  await using lab = await EngineLab.create();
  for (const family of FAMILIES) {
    await assertRejects(
      () => lab.connect(family, PEER_PORT),
      Deno.errors.ConnectionRefused,
    );
  }
  assertEquals(connectionCount(lab), 0);
});

Deno.test("a RST in SYN-RECEIVED returns to LISTEN without a word", async () => {
  await using lab = await EngineLab.create({ tools: ["iptables"] });
  using listener = lab.net.listen({ port: PEER_PORT });
  const synAck = ["--tcp-flags", "SYN,ACK", "SYN,ACK"];
  await lab.namespace.iptables("-A", ...OURS, ...synAck, ...RESET);
  const attempt = lab.peerConnects(4, PEER_PORT);
  const { stack } = lab.net;
  const passiveOpens = (): number => stack.tcpCounters.get("TcpPassiveOpens");
  const inSegments = (): number => stack.tcpCounters.get("TcpInSegs");
  await until("SYN and RST arrive", () => inSegments() >= 2);
  await until("nothing is left", () => connectionCount(lab) === 0);
  attempt.kill("SIGKILL");
  await attempt.ended();
  await lab.namespace.iptables("-D", ...OURS, ...synAck, ...RESET);
  // The listener is as good as new.
  const peer = lab.peerConnects(4, PEER_PORT, "write:3", "close");
  const conn = await listener.accept();
  assertEquals((await readHash(conn)).bytes, 3);
  assert(passiveOpens() >= 1);
  conn.close();
  await peer.succeeded();
});

for (const role of ROLES) {
  Deno.test(`a RST in ESTABLISHED ends a ${role}'s reads and writes`, async () => {
    await using lab = await EngineLab.create();
    for (const family of FAMILIES) {
      const [conn, peer] = await lab.pair(role, family, "read:1", "reset");
      await conn.write(new Uint8Array(1));
      await assertReset(lab, conn);
      await peer.succeeded();
    }
  });
}

Deno.test("a RST in CLOSE-WAIT ends the connection", async () => {
  await using lab = await EngineLab.create();
  const steps = ["shutdown", "read:1", "reset"];
  const [conn] = await lab.pair("client", 4, ...steps);
  await until("the FIN", () => conn.info().state === "CLOSE-WAIT");
  await conn.write(new Uint8Array(1));
  await until("the RST", () => connectionCount(lab) === 0);
  // The kernel says EPIPE here, too: the peer had closed before it reset.
  await assertRejects(
    () => conn.write(new Uint8Array(1)),
    Deno.errors.BrokenPipe,
  );
});

Deno.test("a RST in FIN-WAIT-1 ends the connection", async () => {
  await using lab = await EngineLab.create({ tools: ["iptables"] });
  const [conn] = await lab.pair("client", 4, "signal");
  await lab.namespace.iptables("-A", ...OURS, ...WITH_FIN, ...RESET);
  await conn.closeWrite();
  await assertReset(lab, conn);
});

Deno.test("a RST in FIN-WAIT-2 ends the connection", async () => {
  await using lab = await EngineLab.create();
  const [conn, peer] = await lab.pair("client", 4, "signal", "reset");
  await conn.closeWrite();
  await until("our FIN's ACK", () => conn.info().state === "FIN-WAIT-2");
  peer.kill("SIGUSR1");
  await assertReset(lab, conn);
});

Deno.test("a RST in LAST-ACK ends the connection", async () => {
  await using lab = await EngineLab.create({ tools: ["iptables"] });
  const [conn] = await lab.pair("client", 4, "shutdown", "signal");
  await until("the FIN", () => conn.info().state === "CLOSE-WAIT");
  await lab.namespace.iptables("-A", ...OURS, ...WITH_FIN, ...RESET);
  conn.close();
  await until("the RST", () => connectionCount(lab) === 0);
  assertEquals(conn.info().state, "CLOSED");
});

Deno.test("a RST in CLOSING ends the connection", async () => {
  await using lab = await EngineLab.create({ tools: ["iptables"] });
  const [conn, peer] = await lab.pair("client", 4, "signal", "shutdown");
  const drop = [...OURS, ...WITH_FIN, "-j", "DROP"];
  await lab.namespace.iptables("-A", ...drop);
  await conn.closeWrite();
  await until("our FIN leaves", () => conn.info().state === "FIN-WAIT-1");
  peer.kill("SIGUSR1");
  await until("its FIN", () => conn.info().state === "CLOSING");
  // Our FIN goes again until it is acknowledged, or refused.
  await lab.namespace.iptables("-I", ...OURS, ...WITH_FIN, ...RESET);
  await until("the RST", () => connectionCount(lab) === 0);
});

Deno.test("a RST in TIME-WAIT does not end it early", async () => {
  await using lab = await EngineLab.create({ tools: ["iptables"] });
  const [conn, peer] = await lab.pair("client", 4, "drain", "signal", "close");
  await conn.closeWrite();
  await until("our FIN's ACK", () => conn.info().state === "FIN-WAIT-2");
  // The ACK of the kernel's FIN is answered with a RST (RFC 1337).
  await lab.namespace.iptables("-A", ...OURS, ...RESET);
  const { tcpCounters } = lab.net.stack;
  const before = tcpCounters.get("TcpInSegs");
  peer.kill("SIGUSR1");
  await until("FIN and RST", () => tcpCounters.get("TcpInSegs") >= before + 2);
  assertEquals(conn.info().state, "TIME-WAIT");
  assertEquals(connectionCount(lab), 1);
  conn.close();
});

function connectionCount(lab: EngineLab): number {
  return lab.net.stack.connectionCount;
}

/** The connection's reads fail for a reset, and nothing of it is left. */
async function assertReset(lab: EngineLab, conn: TcpConn): Promise<void> {
  await assertRejects(() => readHash(conn), Deno.errors.ConnectionReset);
  assertEquals(connectionCount(lab), 0);
  conn.close();
}
