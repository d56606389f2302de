/**
 * What Fast Open is for: over a link of 50 ms each way the answer's first byte
 * comes after one round trip instead of two, whichever end is ours.
 *
 * The proof is the order of packets at the server's end: its first data leaves
 * before the client's final ACK arrives. Times are printed and decide nothing.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Capture } from "../../engine/mod.ts";
import type { CaptureSink, LinkDevice } from "../../engine/mod.ts";
import { FAMILIES } from "./engine_lab.ts";
import { ANSWERED, ASKED, FastOpenSide, readText } from "./fast_open_side.ts";
import { readFields } from "./harness_capture.ts";

/** One way, µs. */
const DELAY = 50_000;

/** A packet at the server's end. */
interface Passed {
  readonly from: "client" | "server";
  readonly isSyn: boolean;
  readonly length: number;
  readonly at: number;
}

class CaptureFile implements CaptureSink, Disposable {
  readonly path: string = Deno.makeTempFileSync({ suffix: ".pcap" });
  readonly #file = Deno.openSync(this.path, { write: true });

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += this.#file.writeSync(bytes.subarray(at));
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
    Deno.removeSync(this.path);
  }
}

async function packetsIn(path: string): Promise<Passed[]> {
  const rows = await readFields(path, "tcp.port==8080", [
    "tcp.srcport",
    "tcp.flags.syn",
    "tcp.len",
    "frame.time_relative",
  ]);
  return rows.map(([port, syn, length, at]) => ({
    from: port === "8080" ? "server" : "client",
    isSyn: syn === "1" || syn === "True",
    length: Number(length),
    at: Number(at),
  }));
}

/** The last connection of a capture: its answer left before the final ACK came. */
function assertOneRoundTrip(packets: readonly Passed[]): void {
  const start = packets.findLastIndex((p) => p.from === "client" && p.isSyn);
  const last = packets.slice(start);
  assert(last[0].length > 0, "the SYN carries data");
  const answer = last.findIndex((p) => p.from === "server" && p.length > 0);
  const finalAck = last.findIndex((p) => p.from === "client" && !p.isSyn);
  assert(answer > 0 && finalAck > 0);
  assert(
    answer < finalAck,
    `data left at ${last[answer].at}, the ACK came at ${last[finalAck].at}`,
  );
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  console.log(`${what}: ${(performance.now() - from).toFixed(1)} ms`);
  return result;
}

for (const family of FAMILIES) {
  Deno.test(`our server answers a kernel client in one round trip over IPv${family}`, async () => {
    using file = new CaptureFile();
    await using side = await FastOpenSide.create({
      tools: ["tshark"],
      faults: { delay: DELAY },
      wrap: (device: LinkDevice) => new Capture(device, { sink: file }),
    });
    side.serve();
    await timed(
      "without a cookie, python started",
      () => side.kernelVisits(family),
    );
    const visit = await timed(
      "with a cookie, python started",
      () => side.kernelVisits(family),
    );
    assertEquals(visit.answer, ANSWERED);
    assertEquals(visit.synData, true);
    assertOneRoundTrip(await packetsIn(file.path));
  });

  Deno.test(`our client is answered by a kernel server in one round trip over IPv${family}`, async () => {
    await using side = await FastOpenSide.create({
      tools: ["tshark"],
      faults: { delay: DELAY },
    });
    await side.kernelServes();
    await using capture = await side.namespace.capture("tap0", "tcp port 8080");
    const visits = [];
    for (const what of ["without a cookie", "with a cookie"]) {
      const visit = await timed(what, () => side.visits(family));
      assertEquals(visit.answer, ANSWERED);
      visits.push(visit.conn.info().fastOpen!.roundTripsSaved);
      // Another exchange, so that the capture has the final ACK for certain.
      await visit.conn.writeAll(new TextEncoder().encode(ASKED));
      assertEquals(await readText(visit.conn, ANSWERED.length), ANSWERED);
      visit.conn.close();
    }
    assertEquals(visits, [0, 1]);
    await capture.stop();
    assertOneRoundTrip(await packetsIn(capture.path));
  });
}
