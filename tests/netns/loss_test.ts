/**
 * Streams with the kernel over a link that loses, reorders, doubles and
 * damages packets: every byte arrives, whichever side sends, and what the
 * engine put on the wire meanwhile is read by tshark without complaint.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Capture, type Faults } from "../../engine/mod.ts";
import { ADDRESSES, EngineLab, eventOf, FAMILIES } from "./engine_lab.ts";
import { readHash, writePattern } from "./engine_stream.ts";
import { countComplaints, readFields, readRemarks } from "./harness_capture.ts";
import { patternHash } from "./programs/pattern.ts";

const LENGTH = 1_500_007;
const CHECKSUM = patternHash(1, LENGTH);
/** RTT 4 ms: long enough for a window of some dozen packets. */
const DELAY = 2_000;

async function exchange(
  lab: EngineLab,
  family: 4 | 6,
  length: number,
): Promise<void> {
  await lab.setKernelCongestion("cubic");
  const steps = ["drain", `write:${length}`, "close"];
  const [conn, peer] = await lab.pair("client", family, ...steps);
  await writePattern(conn, 1, length);
  await conn.closeWrite();
  const expected = { bytes: length, sha256: patternHash(1, length) };
  const { bytes, sha256 } = await eventOf(peer, "drain");
  assertEquals({ bytes, sha256 }, expected);
  assertEquals(await readHash(conn), expected);
  conn.close();
}

for (const percent of [1, 2, 5]) {
  for (const family of FAMILIES) {
    Deno.test(`streams survive ${percent} % loss over IPv${family}`, async () => {
      const faults = { drop: percent / 100, delay: DELAY };
      await using lab = await EngineLab.create({ faults, seed: percent });
      await exchange(lab, family, percent === 5 ? 500_003 : LENGTH);
      assert(lab.link!.txCounters.get("dropped") > 0);
      assert(lab.link!.rxCounters.get("dropped") > 0);
    });
  }
}

const MISFORTUNES: readonly (readonly [string, Faults])[] = [
  ["reordering", { reorder: 0.05, reorderDelay: 3_000, delay: DELAY }],
  ["duplicates", { duplicate: 0.05, delay: DELAY }],
  ["flipped bits", { corrupt: 0.02, delay: DELAY }],
  ["a slow link with a short buffer", {
    bitsPerSecond: 20e6,
    bufferSize: 30_000,
    delay: DELAY,
  }],
  ["everything at once", {
    drop: 0.01,
    reorder: 0.02,
    duplicate: 0.02,
    corrupt: 0.01,
    delay: DELAY,
    jitter: 1_000,
  }],
];

for (const [name, faults] of MISFORTUNES) {
  Deno.test(`streams survive ${name}`, async () => {
    await using lab = await EngineLab.create({ faults, seed: 3 });
    await exchange(lab, 4, LENGTH);
    await exchange(lab, 6, LENGTH);
  });
}

Deno.test("reordering alone has nothing sent twice for long", async () => {
  const faults = { reorder: 0.02, reorderDelay: 1_000, delay: 10_000 };
  await using lab = await EngineLab.create({ faults });
  const [conn, peer] = await lab.pair("client", 4, "drain", "close");
  await writePattern(conn, 1, LENGTH);
  await conn.closeWrite();
  assertEquals((await eventOf(peer, "drain")).sha256, CHECKSUM);
  // RFC 8985: once reordering has been seen, a packet is given time to arrive.
  const { dataSegsOut, totalRetrans, retransmits } = conn.info();
  assert(totalRetrans < dataSegsOut / 50, `${totalRetrans} of ${dataSegsOut}`);
  assertEquals(retransmits, 0);
  conn.close();
});

Deno.test("tshark finds no fault in a long transfer over a lossy link", async () => {
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    const file = Deno.openSync(path, { write: true });
    const sink = { write: (bytes: Uint8Array) => void file.writeSync(bytes) };
    let retransmitted = 0;
    {
      // Without offload each frame is a packet, so that tshark checks every checksum.
      await using lab = await EngineLab.create({
        tools: ["tshark"],
        offload: "none",
        faults: { drop: 0.01, delay: 5_000 },
        wrap: (device) => new Capture(device, { sink }),
      });
      for (const family of FAMILIES) await exchange(lab, family, 2_500_000);
      retransmitted = lab.net.stack.tcpCounters.get("TcpRetransSegs");
    }
    file.close();
    assert(retransmitted > 0);
    await assertFlawless(path, retransmitted);
  } finally {
    await Deno.remove(path);
  }
});

const CHECKS = ["tcp.check_checksum:TRUE", "ip.check_checksum:TRUE"];
/** What the engine sent. */
const OURS = `tcp&&(${
  FAMILIES.map((family) =>
    `${family === 4 ? "ip" : "ipv6"}.src==${ADDRESSES[family].engine}`
  ).join("||")
})`;
/** What tshark takes a segment sent twice for; out of order, when new data went less than a round trip before. */
const SENT_AGAIN = "tcp.analysis.retransmission||tcp.analysis.out_of_order";
const OUT_OF_ORDER =
  "warning: This frame is a (suspected) out-of-order segment";
/** A report of a duplicate that reached us: the link's doing, or the kernel's. */
const DSACK = "warning: D-SACK Sequence";

/** No complaint about what the engine sent, every checksum of it right, and as many segments sent twice as it says. */
async function assertFlawless(
  path: string,
  retransmitted: number,
): Promise<void> {
  const frames = async (filter: string): Promise<number[]> => {
    const rows = await readFields(path, filter, ["frame.number"], CHECKS);
    return rows.map(([number]) => Number(number));
  };
  const sent = new Set(await frames(OURS));
  assert(sent.size > 3_000, `${sent.size} packets`);
  const wrong = "(tcp.checksum.status!=1||ip.checksum.status==0)";
  assertEquals(await frames(`${OURS}&&${wrong}`), []);
  const again = await frames(`${OURS}&&(${SENT_AGAIN})`);
  assertEquals(again.length, retransmitted);
  // What the kernel sent and the link lost is missed in the capture: not our fault.
  const remarks = (await readRemarks(path, CHECKS)).filter((remark) =>
    sent.has(remark.frameNumber)
  );
  const { [OUT_OF_ORDER]: _, [DSACK]: __, ...complaints } = countComplaints(
    remarks,
  );
  assertEquals(complaints, {});
}
