/**
 * The wire layer beside tcpdump: the same words for the same bytes, and checksums it calls correct.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  appendPayload,
  createFrame,
  Frame,
  PayloadRef,
} from "../../engine/base/frame.ts";
import { pseudoHeaderSum } from "../../engine/wire/checksum.ts";
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
} from "../../engine/wire/ethernet.ts";
import { writeIcmpv4 } from "../../engine/wire/icmpv4.ts";
import { writeIcmpv6 } from "../../engine/wire/icmpv6.ts";
import { IPV4_DONT_FRAGMENT, writeIpv4Header } from "../../engine/wire/ipv4.ts";
import { writeIpv6Header } from "../../engine/wire/ipv6.ts";
import { prettyPacket } from "../../engine/wire/pretty.ts";
import { CHECKSUM_COMPLETE, emitTcp } from "../../engine/wire/tcp.ts";
import { SegmentOut, TCP_PSH, TCP_SYN } from "../../engine/wire/tcp_segment.ts";
import { emitUdp } from "../../engine/wire/udp.ts";
import { ether, hex, pcap } from "../tools/packet_builder.ts";
import { OTHER_PACKETS, TCP_PACKETS } from "../tools/sample_packets.ts";
import { requireMachine } from "./harness_requirements.ts";

/** What tcpdump prints for Ethernet frames, one entry each; lines of a hex dump and of details are joined to theirs. */
async function tcpdump(
  packets: readonly Uint8Array[],
  ...flags: string[]
): Promise<string[]> {
  requireMachine(["tcpdump"]);
  const child = new Deno.Command("tcpdump", {
    args: ["-r", "-", "-n", "-S", "-t", ...flags],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(pcap(packets, 1));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout).trimEnd();
  return text.split(/\n(?![\t ]+(?:0x|\S+[. ]))/);
}

/** Takes from tcpdump's line what prettyPacket() leaves out on purpose. */
function withoutDetail(line: string): string {
  return line.split("\n")[0]
    // No secret is ever given, so there is nothing to say about it.
    .replace("shared secret not supplied with -M, can't check - ", "")
    .replace(/RT6 \([^)]*\)/, "RT6")
    // tcpdump forgets the family where even the fixed header is cut.
    .replace(/^ \[\|ip6\]/, "IP6  [|ip6]")
    .replace(/:? *$/, "");
}

Deno.test("prettyPacket() prints what tcpdump prints for every sample", async () => {
  const samples = { ...TCP_PACKETS, ...OTHER_PACKETS };
  const names = Object.keys(samples);
  const lines = await tcpdump(Object.values(samples));
  assertEquals(lines.length, names.length);
  for (const [i, name] of names.entries()) {
    const bytes = samples[name];
    const line = prettyPacket(bytes, 0, bytes.length, 1);
    assertEquals(line.replace(/ *$/, ""), withoutDetail(lines[i]), name);
  }
});

const HELLO = hex("68656c6c6f");
const FD00 = 0xfd000000 | 0;
type Words = [number, number, number, number, number, number, number, number];
const WORDS4: Words = [0, 0, 0xffff, 0x0a000002, 0, 0, 0xffff, 0x0a000001];
const WORDS6: Words = [FD00, 0, 0, 2, FD00, 0, 0, 1];

/** Puts our own IP header and a plain Ethernet header before what the frame holds. */
function wrap(frame: Frame, family: 4 | 6, protocol: number): Uint8Array {
  const length = frame.end - frame.start;
  if (family === 4) {
    frame.start -= 20;
    const [, , , source, , , , destination] = WORDS4;
    writeIpv4Header(
      frame.view,
      frame.start,
      0,
      20 + length,
      1,
      IPV4_DONT_FRAGMENT,
      64,
      protocol,
      source,
      destination,
    );
  } else {
    frame.start -= 40;
    writeIpv6Header(
      frame.view,
      frame.start,
      0,
      0,
      length,
      protocol,
      64,
      ...WORDS6,
    );
  }
  const packet = frame.bytes.slice(frame.start, frame.end);
  return ether(family === 4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6, packet);
}

function payloadOf(bytes: Uint8Array, cut: number): PayloadRef {
  const ref = new PayloadRef(bytes);
  ref.length = cut;
  ref.wrapOffset = cut;
  ref.wrapLength = bytes.length - cut;
  return ref;
}

function fastOpenSyn(family: 4 | 6): Uint8Array {
  const out = new SegmentOut();
  out.localPort = 40000;
  out.remotePort = 7;
  out.flags = TCP_SYN | TCP_PSH;
  out.mss = 1460;
  out.sackPermitted = true;
  out.hasTimestamps = true;
  out.windowScale = 7;
  out.fastOpenLength = 8;
  out.fastOpenCookie.set(hex("00abaaabe8e954c2"));
  out.dataLength = HELLO.length;
  Object.assign(out.payload, payloadOf(HELLO, 3));
  const frame = createFrame(1024);
  const words = family === 4 ? WORDS4 : WORDS6;
  emitTcp(frame, out, ...words, family, CHECKSUM_COMPLETE);
  appendPayload(frame, out.payload);
  return wrap(frame, family, 6);
}

function datagram(family: 4 | 6): Uint8Array {
  const frame = createFrame(1024);
  const payload = payloadOf(HELLO, 1);
  const words = family === 4 ? WORDS4 : WORDS6;
  emitUdp(frame, 40000, 9, payload, ...words, family, CHECKSUM_COMPLETE);
  appendPayload(frame, payload);
  return wrap(frame, family, 17);
}

function echo(family: 4 | 6): Uint8Array {
  const frame = createFrame(1024);
  frame.end = frame.start + 8;
  appendPayload(frame, payloadOf(HELLO, 5));
  if (family === 4) writeIcmpv4(frame.view, frame.start, 8, 0, 0x10002, 13);
  else {
    const pseudo = pseudoHeaderSum(...WORDS6, 6, 58, 13);
    writeIcmpv6(frame.view, frame.start, 128, 0, 0x10002, 13, pseudo);
  }
  return wrap(frame, family, family === 4 ? 1 : 58);
}

Deno.test("emitted packets carry checksums that tcpdump calls correct", async () => {
  const packets = [
    fastOpenSyn(4),
    fastOpenSyn(6),
    datagram(4),
    datagram(6),
    echo(4),
    echo(6),
  ];
  const text = (await tcpdump(packets, "-vv")).join("\n");
  assert(!/bad |incorrect|invalid|truncated/.test(text), text);
  assertEquals(text.match(/cksum 0x[0-9a-f]{4} \(correct\)/g)?.length, 2, text);
  assertEquals(text.match(/udp sum ok/g)?.length, 2, text);
  assertEquals(text.match(/icmp6 sum ok/g)?.length, 1, text);
  assertEquals(
    text.match(/tfo {2}cookie 00abaaabe8e954c2,nop,nop/g)?.length,
    2,
    text,
  );
});
