/**
 * Bytes into every parser: none throws, none says "ok" and then reads outside.
 *
 * Half of the cases are noise, half are sample packets cut and changed. The
 * view a parser is given ends where its packet ends, so that a read beyond it
 * is a RangeError and not a byte of something else. Each run draws a seed and
 * prints it; `deno test tests/fuzz/wire_test.ts -- SEED` runs it again.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Frame } from "../../engine/base/frame.ts";
import { SeededRandom } from "../../engine/base/seeded_random.ts";
import * as arp from "../../engine/wire/arp.ts";
import { WIRE_OK } from "../../engine/wire/codes.ts";
import * as ethernet from "../../engine/wire/ethernet.ts";
import * as icmpv4 from "../../engine/wire/icmpv4.ts";
import * as icmpv6 from "../../engine/wire/icmpv6.ts";
import {
  formatIpAddress,
  parseIpAddress,
  tryParseIpAddress,
} from "../../engine/wire/ip_address.ts";
import * as ipv4 from "../../engine/wire/ipv4.ts";
import * as ipv6 from "../../engine/wire/ipv6.ts";
import { Ipv6Chain, walkIpv6 } from "../../engine/wire/ipv6_extensions.ts";
import * as ndp from "../../engine/wire/ndp.ts";
import { prettyPacket } from "../../engine/wire/pretty.ts";
import { parseTcp, verifyTcpChecksum } from "../../engine/wire/tcp.ts";
import { MAX_SACK_BLOCKS, SegmentIn } from "../../engine/wire/tcp_segment.ts";
import * as udp from "../../engine/wire/udp.ts";
import { OTHER_PACKETS, TCP_PACKETS } from "../tools/sample_packets.ts";

const CASES = 20_000;
const SAMPLES = Object.values({ ...TCP_PACKETS, ...OTHER_PACKETS });
const SEED = Deno.args.length > 0
  ? Number(Deno.args[0]) | 0
  : crypto.getRandomValues(new Int32Array(1))[0];

/** Noise of 0..127 bytes, or a sample whose header the case may or may not leave whole. */
function draw(random: SeededRandom): Uint8Array {
  if (random.below(2) === 0) {
    return Uint8Array.from(
      { length: random.below(128) },
      () => random.below(256),
    );
  }
  const sample = SAMPLES[random.below(SAMPLES.length)].slice();
  for (let i = random.below(5); i > 0; i--) {
    sample[random.below(sample.length)] = random.below(256);
  }
  // From any layer on: a parser meets the bytes of every other's packets too.
  const start = [0, 14, 34, 54, 62][random.below(5)];
  return sample.slice(
    start,
    random.below(3) === 0 ? random.below(sample.length + 1) : sample.length,
  );
}

/** Calls every function of `module` whose name begins so, with `(view, at)` and, for word accessors, an index. */
function readAll(module: object, pattern: RegExp, view: DataView): void {
  for (const [name, read] of Object.entries(module)) {
    if (typeof read !== "function" || !pattern.test(name)) continue;
    for (let index = 0; index < (/Word$/.test(name) ? 4 : 1); index++) {
      read(view, 0, index);
    }
  }
}

/** Every check of the layers below TCP and, where it passes, every accessor it vouches for. */
function parseNetwork(view: DataView): void {
  const end = view.byteLength;
  if (ethernet.checkEthernet(view, 0, end) === WIRE_OK) {
    readAll(ethernet, /^ethernet/, view);
  }
  if (arp.checkArp(view, 0, end) === WIRE_OK) readAll(arp, /^arp/, view);
  if (ipv4.checkIpv4(view, 0, end) === WIRE_OK) {
    readAll(ipv4, /^ipv4/, view);
    for (let kind = 0; kind < 256; kind++) {
      const option = ipv4.findIpv4Option(view, 0, kind);
      assert(option === -1 || option + 1 < ipv4.ipv4HeaderLength(view, 0));
    }
  }
  if (ipv6.checkIpv6(view, 0, end) === WIRE_OK) {
    readAll(ipv6, /^ipv6/, view);
    const chain = new Ipv6Chain();
    const code = walkIpv6(view, 0, end, chain);
    assert(code === WIRE_OK ? chain.offset <= end : chain.problemOffset < end);
  }
}

function parseControl(view: DataView): void {
  const end = view.byteLength;
  if (icmpv4.checkIcmpv4(view, 0, end) === WIRE_OK) {
    readAll(icmpv4, /^icmpv4(?!Checksum)/, view);
    icmpv4.icmpv4ChecksumValid(view, 0, end);
  }
  if (icmpv6.checkIcmpv6(view, 0, end) === WIRE_OK) {
    readAll(icmpv6, /^icmpv6(?!Checksum|Is)/, view);
    icmpv6.icmpv6ChecksumValid(view, 0, end, 0);
  }
  if (ndp.checkNdp(view, 0, end) === WIRE_OK) parseNdpOptions(view, end);
}

function parseNdpOptions(view: DataView, end: number): void {
  for (const kind of [1, 2, 3, 5]) {
    let option = ndp.findNdpOption(view, 0, end, kind, 0);
    for (let count = 0; option >= 0; count++) {
      assert(count < end, "the walk over options does not end");
      if (kind === ndp.NDP_OPTION_PREFIX) {
        ndp.ndpPrefixWord(view, option, 3);
        ndp.ndpPrefixPreferred(view, option);
      } else ndp.ndpLinkLo(view, option);
      option = ndp.findNdpOption(view, 0, end, kind, option);
    }
  }
}

function parseTransport(frame: Frame): void {
  const length = frame.end;
  const segment = new SegmentIn(frame);
  if (parseTcp(frame, 0, length, segment) === WIRE_OK) {
    assert(segment.dataOffset + segment.dataLength === length);
    assert(segment.sackCount >= 0 && segment.sackCount <= MAX_SACK_BLOCKS);
    assert(
      segment.fastOpenLength <= 0 ||
        segment.fastOpenOffset + segment.fastOpenLength <= segment.dataOffset,
    );
    verifyTcpChecksum(frame, 0, length, 0, 0, 0, 1, 0, 0, 0, 2, 6);
  }
  if (udp.checkUdp(frame.view, 0, length) === WIRE_OK) {
    readAll(udp, /^udp/, frame.view);
    udp.verifyUdpChecksum(frame, 0, 0, 0, 0, 1, 0, 0, 0, 2, 6);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

Deno.test("wire parsers never throw and never read outside, whatever the bytes", () => {
  console.log(`seed ${SEED}`);
  const random = new SeededRandom(SEED);
  for (let i = 0; i < CASES; i++) {
    const bytes = draw(random);
    const view = new DataView(bytes.buffer, 0, bytes.length);
    const frame = new Frame(bytes, view, 0, bytes.length);
    frame.start = 0;
    frame.end = bytes.length;
    try {
      parseNetwork(view);
      parseControl(view);
      parseTransport(frame);
      for (const medium of [1, 2]) {
        assert(prettyPacket(bytes, 0, bytes.length, medium).length > 0);
      }
    } catch (error) {
      throw new Error(`seed ${SEED}, case ${i}: ${hexOf(bytes)}`, {
        cause: error,
      });
    }
  }
});

Deno.test("tryParseIpAddress() never throws and what it takes has one spelling", () => {
  console.log(`seed ${SEED}`);
  const random = new SeededRandom(SEED);
  const pieces = [
    "1",
    "0",
    "255",
    "256",
    ".",
    ".",
    ":",
    ":",
    "::",
    "f",
    "ffff",
    "%",
    "/",
    " ",
    "10.0.0.1",
  ];
  for (let i = 0; i < CASES; i++) {
    let text = "";
    for (let n = random.below(17); n > 0; n--) {
      text += pieces[random.below(pieces.length)];
    }
    const address = tryParseIpAddress(text);
    if (address === null) continue;
    const canonical = formatIpAddress(address);
    assert(
      parseIpAddress(canonical).equals(address),
      `seed ${SEED}, ${JSON.stringify(text)} read as ${canonical}`,
    );
  }
});
