/**
 * A receiver that does not read: the window closes, probes keep asking, and
 * every byte arrives once it reads on; from both sides, also when the news
 * that the window is open again is lost.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { TcpConn } from "../../engine/mod.ts";
import {
  EngineLab,
  eventOf,
  FAMILIES,
  type Role,
  ROLES,
  until,
} from "./engine_lab.ts";
import { readHash, writePattern } from "./engine_stream.ts";
import type { Program } from "./harness_program.ts";
import { patternHash } from "./programs/pattern.ts";

const LENGTH = 12_000_007;
const CHECKSUM = patternHash(1, LENGTH);
/** Probes that must have gone unrewarded before the receiver reads. */
const PROBE_COUNT = 2;
const NO_FAULTS = {};

/** A connection whose kernel side reads nothing before SIGUSR1, and our writing to it, under way until then. */
async function stall(
  lab: EngineLab,
  role: Role,
  family: 4 | 6,
): Promise<[TcpConn, Program, Promise<void>]> {
  const [conn, peer] = await lab.pair(role, family, "signal", "drain");
  const writing = writePattern(conn, 1, LENGTH).then(() => conn.closeWrite());
  await until("the window closes", () => conn.info().sndWnd === 0);
  const { tcpCounters } = lab.net.stack;
  await until(
    "probes are sent",
    () => tcpCounters.get("TcpExtTCPWinProbe") >= PROBE_COUNT,
  );
  assertEquals(conn.info().retransmits, 0);
  return [conn, peer, writing];
}

/** Whether the window we offer is closed: less than the unit in which a scaled one is told (RFC 7323 §2.3). */
function isShut(conn: TcpConn): boolean {
  const { rcvWnd, rcvWscale } = conn.info();
  return rcvWnd < 1 << rcvWscale;
}

async function assertDelivered(peer: Program): Promise<void> {
  await eventOf(peer, "signal");
  const { bytes, sha256 } = await eventOf(peer, "drain");
  assertEquals({ bytes, sha256 }, { bytes: LENGTH, sha256: CHECKSUM });
}

for (const role of ROLES) {
  for (const family of FAMILIES) {
    Deno.test(`a ${role} waits for the kernel to read over IPv${family}`, async () => {
      await using lab = await EngineLab.create();
      const [conn, peer, writing] = await stall(lab, role, family);
      peer.kill("SIGUSR1");
      await writing;
      await assertDelivered(peer);
      assertEquals((await readHash(conn)).bytes, 0);
      conn.close();
    });

    Deno.test(`the kernel waits for a ${role} to read over IPv${family}`, async () => {
      await using lab = await EngineLab.create();
      const [conn, peer] = await lab.pair(role, family, `write:${LENGTH}`);
      await until("the window closes", () => isShut(conn));
      await until("the kernel asks", async () => {
        const { TcpExtTCPWinProbe } = await lab.namespace.counters();
        return TcpExtTCPWinProbe >= PROBE_COUNT;
      });
      const got = await readHash(conn);
      assertEquals(got, { bytes: LENGTH, sha256: CHECKSUM });
      conn.close();
      await peer.succeeded();
    });
  }
}

Deno.test("a lost window update is asked for", async () => {
  await using lab = await EngineLab.create({ faults: NO_FAULTS });
  const [conn, peer, writing] = await stall(lab, "client", 4);
  lab.link!.setFaults({ drop: 1 });
  const { tcpCounters } = lab.net.stack;
  const before = tcpCounters.get("TcpExtTCPWinProbe");
  peer.kill("SIGUSR1");
  await until(
    "a probe is lost",
    () => tcpCounters.get("TcpExtTCPWinProbe") > before,
  );
  lab.link!.setFaults(NO_FAULTS);
  await writing;
  await assertDelivered(peer);
  conn.close();
});

Deno.test("our own lost window update is asked for", async () => {
  await using lab = await EngineLab.create({ faults: NO_FAULTS });
  const [conn] = await lab.pair("server", 6, `write:${LENGTH}`);
  await until("the window closes", () => isShut(conn));
  lab.link!.setFaults({ drop: 1 });
  const reading = readHash(conn);
  await until("an update is lost", () => {
    return lab.link!.txCounters.get("dropped") > 0;
  });
  lab.link!.setFaults(NO_FAULTS);
  assertEquals(await reading, { bytes: LENGTH, sha256: CHECKSUM });
  conn.close();
});

Deno.test("a window of a few kilobytes moves a stream in small steps", async () => {
  await using lab = await EngineLab.create();
  const length = 1_000_003;
  const steps = ["--receive-buffer", "4096", "drain", "close"];
  const [conn, peer] = await lab.pair("client", 4, ...steps);
  const { sndWnd, sndMss } = conn.info();
  assert(sndWnd < 8_192, `${sndWnd}`);
  await writePattern(conn, 1, length);
  await conn.closeWrite();
  const { bytes, sha256 } = await eventOf(peer, "drain");
  const expected = { bytes: length, sha256: patternHash(1, length) };
  assertEquals({ bytes, sha256 }, expected);
  // No silly windows: segments are as large as such a receiver lets them be.
  const { dataSegsOut } = conn.info();
  assert(dataSegsOut < 4 * length / sndMss, `${dataSegsOut} segments`);
  conn.close();
});

Deno.test("reading byte by byte announces no silly windows", async () => {
  await using lab = await EngineLab.create({
    tcp: { receiveBuffer: { min: 4_096, initial: 8_192, max: 8_192 } },
  });
  const length = 60_000;
  const [conn, peer] = await lab.pair("client", 4, `write:${length}`, "close");
  const buffer = new Uint8Array(16);
  let bytes = 0;
  for (;;) {
    const n = await conn.read(buffer);
    if (n === null) break;
    bytes += n;
  }
  assertEquals(bytes, length);
  await eventOf(peer, `write:${length}`);
  // RFC 9293 §3.8.6.2.2: an update for each 16 bytes read would be 3,750 segments.
  assert(conn.info().segsOut < 200, `${conn.info().segsOut}`);
  conn.close();
});
