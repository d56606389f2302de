/**
 * Sends SYNs from made-up addresses to one port of the engine, as fast as the kernel takes them.
 *
 *     deno run --allow-ffi flood.ts INTERFACE MAC ADDRESS PORT SECONDS
 *
 * The sources lie in 198.18.0.0/15, set aside for such tests (RFC 2544): what
 * is answered to them ends at the kernel. Prints `{"event":"flooding"}` and, in
 * the end, `{"event":"flooded","syns":…}`: how many the device had room for.
 *
 * @module
 */
import { report } from "./flags.ts";
import { addressOf, openPacketSocket, trySend } from "./kernel_socket.ts";

const FRAME_LENGTH = 14 + 20 + 40;
const FRAME_COUNT = 16_384;
/** Sends between two looks at the clock. */
const BATCH = 256;
/** MSS 1460, SACK permitted, timestamps, window scale 7: a SYN as Linux sends it. */
const OPTIONS = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];

const [interfaceName, mac, hostname, port, seconds] = Deno.args;
const engineMac = mac.split(":").map((byte) => parseInt(byte, 16));
const frames = makeFrames(hostname.split(".").map(Number), Number(port));
const fd = openPacketSocket(interfaceName);
report({ event: "flooding" });
report({ event: "flooded", syns: flood(Number(seconds)) });

function flood(seconds: number): number {
  const first = addressOf(frames);
  const stopAt = performance.now() + seconds * 1_000;
  let syns = 0;
  for (let at = 0; performance.now() < stopAt;) {
    for (let i = 0; i < BATCH; i++) {
      syns += trySend(fd, first + at * FRAME_LENGTH, FRAME_LENGTH) ? 1 : 0;
      at = (at + 1) % FRAME_COUNT;
    }
  }
  return syns;
}

function makeFrames(
  target: readonly number[],
  port: number,
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(FRAME_LENGTH * FRAME_COUNT);
  for (let i = 0; i < FRAME_COUNT; i++) {
    const source = [198, 18 + (i & 1), i >> 8, i & 0xff];
    const frame = all.subarray(i * FRAME_LENGTH, (i + 1) * FRAME_LENGTH);
    frame.set(engineMac);
    frame.set([2, 0, 0, 0, 0, 1, 8, 0], 6);
    writeIpv4(frame.subarray(14, 34), source, target);
    writeSyn(frame.subarray(34), 1_024 + i, port, [...source, ...target]);
  }
  return all;
}

function writeIpv4(
  header: Uint8Array,
  source: readonly number[],
  target: readonly number[],
): void {
  header.set([0x45, 0, 0, FRAME_LENGTH - 14, 0, 0, 0x40, 0, 64, 6, 0, 0]);
  header.set([...source, ...target], 12);
  writeChecksum(header, 10, 0);
}

function writeSyn(
  segment: Uint8Array,
  sourcePort: number,
  port: number,
  addresses: readonly number[],
): void {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length);
  view.setUint16(0, sourcePort);
  view.setUint16(2, port);
  view.setUint32(4, Math.imul(sourcePort, 0x9e3779b1) >>> 0);
  view.setUint16(12, segment.length / 4 << 12 | 0x02);
  view.setUint16(14, 64_240);
  segment.set(OPTIONS, 20);
  // The pseudo-header: addresses, protocol, length.
  writeChecksum(segment, 16, sumOf(addresses) + 6 + segment.length);
}

function writeChecksum(
  bytes: Uint8Array,
  offset: number,
  initial: number,
): void {
  let sum = initial + sumOf(bytes);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes[offset] = (~sum >>> 8) & 0xff;
  bytes[offset + 1] = ~sum & 0xff;
}

function sumOf(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i] << 8 | bytes[i + 1];
  return sum;
}
