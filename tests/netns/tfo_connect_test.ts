/**
 * examples/tfo_connect.ts against the kernel: a SYN with cookie and data leaves
 * a TAP and is answered. The kernel's counters and tcpdump are the witnesses.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { jsonLines, startExample } from "./example_program.ts";
import { Namespace } from "./harness.ts";
import { countComplaints, readFields, readPackets } from "./harness_capture.ts";
import { readRemarks } from "./harness_capture.ts";
import { countersMoved } from "./harness_counters.ts";

const ECHO = new URL("./programs/echo.ts", import.meta.url);
const DATA = "sixteen bytes ok";
const SYN_FILTER = "tcp[tcpflags] == tcp-syn or ip6[53] == 2";
const CHECKSUMS = ["tcp.check_checksum:TRUE", "ip.check_checksum:TRUE"];

async function withEcho(): Promise<Namespace> {
  const namespace = await Namespace.create(["tcpdump", "tshark"]);
  await namespace.deno(ECHO, "--port", "7").nextJson();
  return namespace;
}

for (const [host, family] of [["10.0.0.1", 4], ["fd00::1", 6]] as const) {
  Deno.test(`tfo_connect asks for a cookie, then sends it with data, over IPv${family}`, async () => {
    await using namespace = await withEcho();
    await using capture = await namespace.capture("any", "tcp port 7");
    const before = await namespace.counters();
    const args = ["--repeat", "2", "--json", "--data", DATA, host, "7"];
    const result = await startExample(namespace, "tfo_connect", args)
      .succeeded();
    const [first, second, ...more] = jsonLines(result.stdout);
    assertEquals(more, []);
    assertEquals(Object.keys(first), [
      "attempt",
      "cookie",
      "synData",
      "synDataAcked",
      "outcome",
      "firstByteMs",
      "received",
    ]);
    const { firstByteMs: one, ...firstRest } = first;
    const { firstByteMs: two, ...secondRest } = second;
    assert(typeof one === "number" && typeof two === "number");
    const common = { outcome: "ok", received: DATA.length };
    assertEquals(firstRest, {
      attempt: 1,
      cookie: "requested",
      synData: 0,
      synDataAcked: 0,
      ...common,
    });
    assertEquals(secondRest, {
      attempt: 2,
      cookie: "sent",
      synData: DATA.length,
      synDataAcked: DATA.length,
      ...common,
    });

    const moved = countersMoved(before, await namespace.counters());
    assertEquals(moved.TcpExtTCPFastOpenPassive, 1);
    assertEquals(moved.TcpExtTCPFastOpenCookieReqd, 1);
    assertEquals(moved.TcpExtTCPFastOpenPassiveFail, undefined);
    assertEquals(moved.TcpInCsumErrors, undefined);
    const syns = await capture.packets(SYN_FILTER);
    assertEquals(syns.length, 2);
    assertMatch(syns[0], /Flags \[S\].*tfo {2}cookiereq.*length 0/);
    assertMatch(syns[1], /Flags \[S\].*tfo {2}cookie [0-9a-f]{16}.*length 16/);
    const synAcks = await capture.fields("tcp.flags.syn==1&&tcp.flags.ack==1", [
      "tcp.ack",
    ]);
    assertEquals(synAcks, [["1"], [`${1 + DATA.length}`]]);
    assertEquals(countComplaints(await capture.remarks()), {});
  });
}

Deno.test("tfo_connect --pcap writes what tcpdump and tshark read without complaint", async () => {
  await using namespace = await withEcho();
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    const args = ["--repeat", "2", "--pcap", path, "10.0.0.1", "7"];
    const permission = [`--allow-write=${path}`];
    await startExample(namespace, "tfo_connect", args, permission).succeeded();
    const packets = await readPackets(path, "tcp");
    for (const packet of packets) assertMatch(packet, /cksum 0x.*\(correct\)/);
    const syns = await readPackets(path, "tcp[tcpflags] == tcp-syn");
    assertMatch(syns[0], /tfo {2}cookiereq/);
    assertMatch(syns[1], /tfo {2}cookie [0-9a-f]{16}.*length 14/);
    const remarks = await readRemarks(path, CHECKSUMS);
    assertEquals(countComplaints(remarks), {});
    const bad = "tcp.checksum.status==0||ip.checksum.status==0||_ws.malformed";
    assertEquals(await readFields(path, bad, ["frame.number"]), []);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("tfo_connect --cookie-cache lets the first connection of the next run send data", async () => {
  await using namespace = await withEcho();
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/cookies.json`;
    const permissions = [`--allow-read=${file}`, `--allow-write=${file}`];
    const args = ["--json", "--cookie-cache", file, "10.0.0.1", "7"];
    const cookies: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const program = startExample(namespace, "tfo_connect", args, permissions);
      cookies.push(jsonLines((await program.succeeded()).stdout)[0].cookie);
    }
    assertEquals(cookies, ["requested", "sent"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tfo_connect delivers every byte over a link that loses and damages packets", async () => {
  await using namespace = await withEcho();
  const data = "0123456789abcdef".repeat(1_000);
  const faults = ["--drop", "0.2", "--corrupt", "0.05", "--seed", "5"];
  const flags = ["--repeat", "2", "--json"];
  for (const text of ["short", data]) {
    const args = [...faults, ...flags, "--data", text, "10.0.0.1", "7"];
    const program = startExample(namespace, "tfo_connect", args);
    const { code, stdout, stderr } = await program.result;
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const received = jsonLines(stdout).map((line) => line.received);
    assertEquals(received, [text.length, text.length]);
  }
});

Deno.test("tfo_connect tells in words what it does without --json", async () => {
  await using namespace = await withEcho();
  const args = ["--repeat", "2", "--data", DATA, "10.0.0.1", "7"];
  const { stdout } = await startExample(namespace, "tfo_connect", args)
    .succeeded();
  assertMatch(stdout, /attempt 1: ok\n +SYN +asks for a cookie, 0 bytes/);
  assertMatch(stdout, /brings a cookie of 8 bytes/);
  assertMatch(stdout, /attempt 2: ok\n +SYN +cookie, 16 bytes of data/);
  assertMatch(stdout, /SYN-ACK +acknowledges 16 of 16 bytes/);
  assertMatch(stdout, /back +16 bytes, the first after .* "sixteen bytes ok"/);
});

Deno.test("tfo_connect puts no more into a SYN than the server's MSS allows, and the rest follows", async () => {
  await using namespace = await withEcho();
  const length = 5_000;
  const data = "x".repeat(length);
  const args = ["--repeat", "2", "--json", "--data", data, "10.0.0.1", "7"];
  const { stdout } = await startExample(namespace, "tfo_connect", args)
    .succeeded();
  const [, second] = jsonLines(stdout);
  // RFC 7413 §4.2.1, as Linux: the cached MSS less the largest TCP option space.
  assertEquals(second.synData, 1_420);
  assertEquals(second.synDataAcked, 1_420);
  assertEquals(second.received, length);
});

Deno.test("tfo_connect --delay makes a saved round trip visible", async () => {
  await using namespace = await withEcho();
  const args = ["--repeat", "2", "--json", "--delay", "20", "10.0.0.1", "7"];
  const { stdout } = await startExample(namespace, "tfo_connect", args)
    .succeeded();
  const [first, second] = jsonLines(stdout);
  // Bounds from below, which no machine can undercut: two round trips, and one.
  assert(Number(first.firstByteMs) >= 80, stdout);
  assert(Number(second.firstByteMs) >= 40, stdout);
  assertEquals(second.synDataAcked, second.synData);
});

Deno.test("tfo_connect --gateway reaches an address beyond the link", async () => {
  await using namespace = await withEcho();
  await namespace.ip("addr", "add", "192.0.2.1/32", "dev", "lo");
  const args = ["--json", "--gateway", "10.0.0.1", "192.0.2.1", "7"];
  const { stdout } = await startExample(namespace, "tfo_connect", args)
    .succeeded();
  assertEquals(jsonLines(stdout)[0].outcome, "ok");
});
