import { assert, assertEquals } from "@std/assert";
import { createFrame } from "../../../engine/base/frame.ts";
import {
  parseTcpOptions,
  TCP_MAX_OPTIONS_LENGTH,
  tcpOptionsLength,
  tcpSackRoom,
  writeTcpOptions,
} from "../../../engine/wire/tcp_options.ts";
import {
  ABSENT,
  SegmentIn,
  SegmentOut,
  TCP_ACK,
  TCP_SYN,
} from "../../../engine/wire/tcp_segment.ts";
import { hex } from "../../tools/packet_builder.ts";

const COOKIE = hex("00abaaabe8e954c2");

function parse(text: string, flags = TCP_SYN): SegmentIn {
  const bytes = hex(text);
  const frame = createFrame(64 + bytes.length);
  frame.bytes.set(bytes, 64);
  const segment = new SegmentIn(frame);
  segment.flags = flags;
  parseTcpOptions(frame, 64, 64 + bytes.length, segment);
  return segment;
}

function write(out: SegmentOut): Uint8Array {
  const frame = createFrame(256);
  const end = writeTcpOptions(frame, 100, out);
  assertEquals(end - 100, tcpOptionsLength(out));
  return frame.bytes.slice(100, end);
}

function linuxSyn(): SegmentOut {
  const out = new SegmentOut();
  out.flags = TCP_SYN;
  out.mss = 1460;
  out.sackPermitted = true;
  out.hasTimestamps = true;
  out.tsVal = 1;
  out.windowScale = 7;
  return out;
}

Deno.test("writeTcpOptions() orders a SYN's options as Linux does", () => {
  const out = linuxSyn();
  assertEquals(write(out), hex("020405b4 0402080a 00000001 00000000 01030307"));
  out.hasTimestamps = false;
  assertEquals(write(out), hex("020405b4 01010402 01030307"));
  out.sackPermitted = false;
  assertEquals(write(out), hex("020405b4 01030307"));
  out.hasTimestamps = true;
  assertEquals(write(out), hex("020405b4 0101080a 00000001 00000000 01030307"));
});

Deno.test("writeTcpOptions() puts Fast Open last with NOPs behind it", () => {
  const out = linuxSyn();
  out.hasTimestamps = false;
  out.fastOpenLength = 0;
  assertEquals(write(out), hex("020405b4 01010402 01030307 22020101"));
  out.fastOpenLength = 8;
  out.fastOpenCookie.set(COOKIE);
  assertEquals(
    write(out),
    hex("020405b4 01010402 01030307 220a00abaaabe8e954c20101"),
  );
  out.fastOpenExperimental = true;
  assertEquals(
    write(out),
    hex("020405b4 01010402 01030307 fe0cf98900abaaabe8e954c2"),
  );
  out.fastOpenLength = 0;
  assertEquals(write(out), hex("020405b4 01010402 01030307 fe04f989"));
});

Deno.test("writeTcpOptions() writes timestamps, then SACK blocks, each aligned", () => {
  const out = new SegmentOut();
  out.flags = TCP_ACK;
  out.hasTimestamps = true;
  out.tsVal = -1;
  out.tsEcr = 5;
  assertEquals(write(out), hex("0101080a ffffffff 00000005"));
  out.sackCount = 2;
  out.sackEdges.set([1, 2, -4, -3]);
  assertEquals(
    write(out),
    hex(
      "0101080a ffffffff 00000005 01010512 00000001 00000002 fffffffc fffffffd",
    ),
  );
});

Deno.test("tcpOptionsLength() of everything a SYN may carry is exactly forty", () => {
  const out = linuxSyn();
  out.fastOpenLength = 16;
  assertEquals(tcpOptionsLength(out), TCP_MAX_OPTIONS_LENGTH);
  out.fastOpenExperimental = true;
  assertEquals(tcpOptionsLength(out), TCP_MAX_OPTIONS_LENGTH);
  assertEquals(tcpOptionsLength(new SegmentOut()), 0);
});

Deno.test("tcpSackRoom() leaves three blocks beside timestamps and four without", () => {
  const out = new SegmentOut();
  assertEquals(tcpSackRoom(out), 4);
  out.sackCount = 4;
  assertEquals(tcpSackRoom(out), 4);
  assertEquals(tcpOptionsLength(out), 36);
  out.hasTimestamps = true;
  assertEquals(tcpSackRoom(out), 3);
  assert(tcpOptionsLength(out) > TCP_MAX_OPTIONS_LENGTH);
  out.sackCount = 3;
  assertEquals(tcpOptionsLength(out), 40);
  const syn = linuxSyn();
  syn.fastOpenLength = 16;
  assertEquals(tcpSackRoom(syn), 0);
});

Deno.test("parseTcpOptions() reads Linux's SYN", () => {
  const s = parse("020405b4 0402080a 00000001 80000002 01030307");
  assertEquals([s.mss, s.windowScale, s.sackPermitted], [1460, 7, true]);
  assertEquals(
    [s.hasTimestamps, s.tsVal, s.tsEcr],
    [true, 1, 0x80000002 | 0],
  );
  assertEquals([s.fastOpenLength, s.hasAuthentication], [ABSENT, false]);
});

Deno.test("parseTcpOptions() clears what the segment before had", () => {
  const s = parse("020405b4 0402080a 00000001 00000002 01030307 22020101");
  parseTcpOptions(s.frame, 64, 64, s);
  assertEquals([s.mss, s.windowScale, s.fastOpenLength], [
    ABSENT,
    ABSENT,
    ABSENT,
  ]);
  assertEquals([s.sackPermitted, s.hasTimestamps], [false, false]);
});

Deno.test("parseTcpOptions() ignores in a non-SYN what belongs into a SYN", () => {
  const all = "020405b4 0402080a 00000001 00000002 01030307 22020101";
  const s = parse(all, TCP_ACK);
  assertEquals([s.mss, s.windowScale, s.fastOpenLength], [
    ABSENT,
    ABSENT,
    ABSENT,
  ]);
  assertEquals([s.sackPermitted, s.hasTimestamps], [false, true]);
});

Deno.test("parseTcpOptions() takes the aligned timestamps of a data segment", () => {
  const s = parse("0101080a 00000001 fffffffe", TCP_ACK);
  assertEquals([s.hasTimestamps, s.tsVal, s.tsEcr], [true, 1, -2]);
});

Deno.test("parseTcpOptions() reads up to four SACK blocks", () => {
  const four = "0522 00000001 00000002 00000003 00000004" +
    "00000005 00000006 00000007 fffffff8 0101";
  const s = parse(four, TCP_ACK);
  assertEquals(s.sackCount, 4);
  assertEquals([...s.sackEdges], [1, 2, 3, 4, 5, 6, 7, -8]);
  assertEquals(parse("0502", TCP_ACK).sackCount, 0);
  assertEquals(parse("0509 00000001 000000", TCP_ACK).sackCount, 0);
  assertEquals(parse("050a 00000001 00000002", TCP_ACK).sackCount, 1);
  const oneAndAHalf = "050e 00000001 00000002 00000003";
  assertEquals(parse(oneAndAHalf, TCP_ACK).sackCount, 0);
});

Deno.test("parseTcpOptions() reads a Fast Open cookie of any length and says where it is", () => {
  const lengths: Readonly<Record<string, number>> = {
    "2202": 0,
    "2203 01": 1,
    "2204 0102": 2,
    "2206 01020304": 4,
    "2212 000102030405060708090a0b0c0d0e0f": 16,
    "2214 000102030405060708090a0b0c0d0e0f1011": 18,
  };
  for (const [text, length] of Object.entries(lengths)) {
    const s = parse("0101" + text);
    assertEquals(s.fastOpenLength, length, text);
    assertEquals(s.fastOpenOffset, 68);
    assert(!s.fastOpenExperimental);
  }
});

Deno.test("parseTcpOptions() takes the experimental Fast Open option by its magic alone", () => {
  for (const kind of ["fd", "fe"]) {
    const request = parse(`${kind}04f989`);
    assertEquals(
      [request.fastOpenLength, request.fastOpenExperimental],
      [0, true],
    );
    const cookie = parse(`${kind}0cf98900abaaabe8e954c2`);
    assertEquals([cookie.fastOpenLength, cookie.fastOpenOffset], [8, 68]);
    assertEquals(parse(`${kind}041234`).fastOpenLength, ABSENT);
    assertEquals(parse(`${kind}03f9`).fastOpenLength, ABSENT);
    assertEquals(parse(`${kind}02`).fastOpenLength, ABSENT);
  }
});

Deno.test("parseTcpOptions() notices MD5 and TCP-AO", () => {
  const md5 = "1312 000102030405060708090a0b0c0d0e0f";
  assert(parse(md5, TCP_ACK).hasAuthentication);
  assert(parse("1d04 0102", TCP_ACK).hasAuthentication);
});

Deno.test("parseTcpOptions() keeps what came before a malformed option", () => {
  for (const bad of ["0800", "0801", "08", "080a 00000001 000000", "05ff"]) {
    const s = parse("020405b4" + bad);
    assertEquals([s.mss, s.hasTimestamps, s.sackCount], [1460, false, 0], bad);
  }
});

Deno.test("parseTcpOptions() reads nothing behind an option of length 0 or 1", () => {
  assertEquals(parse("0800 020405b4").mss, ABSENT);
  assertEquals(parse("0801 020405b4").mss, ABSENT);
});

Deno.test("parseTcpOptions() lets the last of two Fast Open options count", () => {
  const plain = parse("fe04f989 2206 01020304");
  assertEquals([plain.fastOpenLength, plain.fastOpenExperimental], [4, false]);
  const experimental = parse("2206 01020304 fe04f989");
  assertEquals(
    [experimental.fastOpenLength, experimental.fastOpenExperimental],
    [0, true],
  );
});

Deno.test("parseTcpOptions() skips a known kind of the wrong length and an unknown one", () => {
  for (
    const odd of [
      "0203 05",
      "0302",
      "0403 00",
      "0804 0000",
      "c806 01020304",
      "0603 00",
    ]
  ) {
    const s = parse(odd + "020405b4");
    assertEquals(s.mss, 1460, odd);
    assertEquals([s.windowScale, s.sackPermitted, s.hasTimestamps], [
      ABSENT,
      false,
      false,
    ]);
  }
});

Deno.test("parseTcpOptions() ends at End of Option List", () => {
  assertEquals(parse("00 020405b4").mss, ABSENT);
});
