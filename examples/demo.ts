/**
 * What Fast Open saves, packet by packet.
 *
 *     deno run --allow-all examples/demo.ts
 *
 * or `deno task demo`. Two connections to a small web server, 10 ms away. The
 * first asks for a cookie and waits for the handshake before its request can
 * leave: two round trips to the first byte of the answer. The second sends
 * cookie and request in its SYN: one. Every packet is printed as it passes and
 * written to synload-demo.pcap.
 *
 * With root the server is the Linux kernel's, in a network namespace made for
 * it; without root the program starts itself again under unshare(1); where that
 * does not work either a second engine plays the server.
 *
 * @module
 */
import {
  Capture,
  type Clock,
  type Micros,
  type Network,
  openStack,
  type TcpInfo,
  Tracer,
} from "../mod.ts";
import { openCaptureFile } from "./support/network.ts";
import { isExplained, runProgram } from "./support/program.ts";
import {
  CLIENT_ADDRESS,
  openCableStage,
  openKernelStage,
  openTapStage,
  type Peer,
  SERVER,
  type Stage,
} from "./support/stage.ts";

const CAPTURE_FILE = "synload-demo.pcap";
const DELAY_MS = 10;
const REQUEST = new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n");
const RESPONSE = new TextEncoder().encode(
  "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n",
);
const MICROS_PER_MS = 1_000;
/** Tells the copy started under unshare(1) that it is one. */
const INSIDE = "--inside-unshare";

/** The time since the demo began, so that its packets are easy to follow. */
class DemoClock implements Clock {
  readonly #startedAt = performance.now();

  /** The present instant, µs. */
  now(): Micros {
    return (performance.now() - this.#startedAt) * MICROS_PER_MS;
  }
}

/** Prints packets as they pass, and reads the time to the first byte off them. */
class Witness {
  packetCount = 0;
  #synAt = NaN;
  #firstByteAt = NaN;

  see(line: string): void {
    console.log(line);
    this.packetCount++;
    const [, time, direction, text] = /^(\S+) (\S) (.*)$/.exec(line)!;
    if (direction === ">" && text.includes("Flags [S]")) {
      this.#synAt = Number(time);
      this.#firstByteAt = NaN;
    }
    const isAnswer = direction === "<" && / length [1-9]\d*(:|$)/.test(text) &&
      text.includes("Flags");
    if (isAnswer && isNaN(this.#firstByteAt)) this.#firstByteAt = Number(time);
  }

  /** From the latest SYN to the first data that came after it, ms. */
  get firstByteMs(): number {
    return (this.#firstByteAt - this.#synAt) * 1_000;
  }
}

async function main(): Promise<number> {
  const clock = new DemoClock();
  const stage = await openStage(clock);
  if (typeof stage === "number") return stage;
  const sink = openCaptureFile(CAPTURE_FILE);
  const witness = new Witness();
  const epochOffset = Date.now() * MICROS_PER_MS - clock.now();
  const captured = new Capture(stage.device, { sink, epochOffset });
  const device = new Tracer(captured, (line) => witness.see(line));
  console.log(`${stage.description}
Each packet is ${DELAY_MS} ms under way. > is sent by us, < is received.`);
  const serving = serve(stage.visitors);
  {
    await using net = await openStack({
      device,
      addresses: [CLIENT_ADDRESS],
      clock,
    });
    await play(net, witness);
  }
  await stage.close();
  await serving;
  console.log(
    `${CAPTURE_FILE}: ${witness.packetCount} packets, for tcpdump -r and Wireshark`,
  );
  return 0;
}

async function play(net: Network, witness: Witness): Promise<void> {
  console.log("\n1. The first connection asks for a Fast Open cookie.");
  await fetchOnce(net);
  const without = witness.firstByteMs;
  console.log("\n2. The second carries the cookie and the request in its SYN.");
  const { fastOpen } = await fetchOnce(net);
  const saved = witness.firstByteMs;
  console.log(
    `
SYN: ${fastOpen?.synData ?? 0} bytes of data. ` +
      `SYN-ACK: acknowledges ${fastOpen?.synDataAcked ?? 0} of them. ` +
      `Time to first byte: ${without.toFixed(1)} ms without Fast Open, ${
        saved.toFixed(1)
      } ms with it.`,
  );
}

/** One request and its answer, to the last packet. */
async function fetchOnce(net: Network): Promise<TcpInfo> {
  const conn = await net.connect({ ...SERVER, fastOpen: REQUEST });
  const buffer = new Uint8Array(1_024);
  while (await conn.read(buffer) !== null);
  const info = conn.info();
  conn.close();
  while (net.isDraining) await sleep(1);
  return info;
}

async function serve(visitors: AsyncIterable<Peer>): Promise<void> {
  for await (const peer of visitors) {
    const buffer = new Uint8Array(1_024);
    let length = 0;
    while (length < REQUEST.length) length += await peer.read(buffer) ?? 1_024;
    await peer.write(RESPONSE);
    peer.close();
  }
}

/** The best stage this machine allows; or, when a copy of this program was started on it, that program's exit status. */
async function openStage(clock: Clock): Promise<Stage | number> {
  const isInside = Deno.args.includes(INSIDE);
  let reason: string;
  try {
    if (isInside) return openTapStage(DELAY_MS);
    if (Deno.uid() === 0) return openKernelStage(DELAY_MS);
    reason = "not root";
  } catch (error) {
    if (!isExplained(error)) throw error;
    reason = error.message;
  }
  if (!isInside && canUnshare()) return await runInside();
  if (!isInside) reason += "; unshare(1) does not work here";
  return await openCableStage(clock, DELAY_MS, reason);
}

const UNSHARE = ["--user", "--map-root-user", "--net"];

function canUnshare(): boolean {
  try {
    const args = [...UNSHARE, "true"];
    return new Deno.Command("unshare", { args }).outputSync().success;
  } catch {
    return false; // there is no such program
  }
}

async function runInside(): Promise<number> {
  const program = [Deno.execPath(), "run", "--quiet", "--allow-all"];
  const args = [...UNSHARE, ...program, import.meta.url, INSIDE];
  const child = new Deno.Command("unshare", { args, stdin: "inherit" });
  return (await child.spawn().status).code;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

await runProgram("demo", main);
