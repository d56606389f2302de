/**
 * `deno task demo` in the three places it can play, read by tcpdump and tshark.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { exampleCommand } from "./example_program.ts";
import { Namespace } from "./harness.ts";
import {
  countComplaints,
  readFields,
  readPackets,
  readRemarks,
} from "./harness_capture.ts";
import { requireMachine } from "./harness_requirements.ts";

requireMachine(["ip", "tcpdump", "tshark", "unshare", "mount"]);

const CHECKSUMS = ["tcp.check_checksum:TRUE", "ip.check_checksum:TRUE"];
const DELAY_MS = 10;
const REQUEST_LENGTH = 18;

/** What leads to each place, put before the program. */
const PLACES: readonly (readonly [string, RegExp, string[]])[] = [
  ["as root", /Linux kernel, behind tap0/, []],
  [
    "in a user namespace",
    /Linux kernel, behind tap0/,
    ["unshare", "--user", "--map-root-user", "--net"],
  ],
  [
    "without /dev/net/tun",
    /The kernel is out of reach \(Cannot open \/dev\/net\/tun.*\)\.\nThe other end is a second engine/,
    [
      ...["unshare", "--mount", "sh", "-c"],
      ...['mount -t tmpfs none /dev/net && exec "$@"', "sh"],
    ],
  ],
];

for (const [place, description, prefix] of PLACES) {
  Deno.test(`demo shows a Fast Open connection ${place}`, async () => {
    await using namespace = await Namespace.create();
    const folder = await Deno.makeTempDir();
    try {
      const demo = exampleCommand("demo", [], ["--allow-all"]);
      const inFolder = ["sh", "-c", 'cd "$0" && exec "$@"', folder];
      const program = namespace.spawn([...prefix, ...inFolder, ...demo]);
      const { stdout } = await program.succeeded();
      assertMatch(stdout, description);
      checkText(stdout);
      await checkCapture(`${folder}/synload-demo.pcap`, stdout);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("demo runs in its namespace and leaves nothing behind", async () => {
  await using namespace = await Namespace.create();
  const before = await namespace.ip("addr");
  const fastOpen = await namespace.sysctl("net.ipv4.tcp_fastopen");
  const folder = await Deno.makeTempDir();
  try {
    const demo = exampleCommand("demo", [], ["--allow-all"]);
    await namespace.run("sh", "-c", 'cd "$0" && exec "$@"', folder, ...demo);
    assertEquals(await namespace.ip("addr"), before);
    assertEquals(await namespace.sysctl("net.ipv4.tcp_fastopen"), fastOpen);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The second connection's request went with its SYN, and the answer came with nothing more said. */
function checkText(stdout: string): void {
  const [, first, second] = stdout.split(/\n\n[12]\. /);
  assertMatch(first, /> IP .*Flags \[S\].*tfo {2}cookiereq.*length 0\n/);
  assertMatch(first, /< IP .*Flags \[S\.\].*tfo {2}cookie [0-9a-f]{16}/);
  const packets = second.split("\n").filter((line) => / [<>] IP /.test(line));
  assertMatch(packets[0], /> .*Flags \[S\].*cookie [0-9a-f]{16}.*length 18$/);
  const sentLater = packets.slice(1).filter((line) =>
    / > IP .*length [1-9]/.test(line)
  );
  assertEquals(sentLater, []);

  const figures =
    /SYN: (\d+) bytes of data\. SYN-ACK: acknowledges (\d+) of them\. Time to first byte: ([\d.]+) ms without Fast Open, ([\d.]+) ms with it\./
      .exec(stdout);
  assert(figures !== null, stdout);
  const [synData, synDataAcked, without, saved] = figures.slice(1).map(Number);
  assertEquals([synData, synDataAcked], [REQUEST_LENGTH, REQUEST_LENGTH]);
  // Light takes that long: these are bounds from below, whatever the machine does.
  assert(without >= 4 * DELAY_MS, `${without} ms`);
  assert(saved >= 2 * DELAY_MS, `${saved} ms`);
}

async function checkCapture(path: string, stdout: string): Promise<void> {
  const all = await readPackets(path);
  assertMatch(stdout, new RegExp(`synload-demo\\.pcap: ${all.length} packets`));
  for (const packet of await readPackets(path, "tcp")) {
    assertMatch(packet, /cksum 0x[0-9a-f]+ \(correct\)/);
  }
  assertEquals(countComplaints(await readRemarks(path, CHECKSUMS)), {});
  const bad = "tcp.checksum.status==0||ip.checksum.status==0||_ws.malformed";
  const found = await readFields(path, bad, ["frame.number"], CHECKSUMS);
  assertEquals(found, []);
  const synData = await readFields(
    path,
    "tcp.flags.syn==1&&tcp.flags.ack==0",
    ["tcp.len"],
  );
  assertEquals(synData, [["0"], [`${REQUEST_LENGTH}`]]);
}
