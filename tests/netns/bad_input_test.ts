/**
 * What a user gets wrong, and what the machine lacks: one line each that says
 * so, exit status 1, no stack trace.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { exampleCommand, jsonLines, startExample } from "./example_program.ts";
import { Namespace } from "./harness.ts";
import type { Program, ProgramResult } from "./harness_program.ts";
import { requireMachine } from "./harness_requirements.ts";

requireMachine(["ip", "iptables", "setpriv", "unshare", "mount"]);

/** The one line on standard error of a program that failed as it should. */
async function complaint(program: Program): Promise<string> {
  return complaintOf(await program.result);
}

function complaintOf({ code, stderr }: ProgramResult): string {
  assertEquals(code, 1, stderr);
  const lines = stderr.split("\n");
  assertEquals(lines.length, 2, stderr); // one, and its end
  assert(!/\bat .*:\d+:\d+|Uncaught/.test(stderr), stderr);
  return lines[0];
}

const TABLE: readonly (readonly [string, string[], RegExp])[] = [
  [
    "a malformed CIDR",
    ["--address", "10.0.0/24", "10.0.0.1", "7"],
    /--address: .*"10\.0\.0" is not an IP address$/,
  ],
  [
    "an address without a prefix length",
    ["--host-address", "10.0.0.1", "10.0.0.1", "7"],
    /--host-address: .*expected address\/prefix length, like 10\.0\.0\.1\/24$/,
  ],
  [
    "a prefix length out of range",
    ["--address", "fd00::2/129", "fd00::1", "7"],
    /--address: .*prefix length must be 0\.\.128$/,
  ],
  ["a port out of range", ["10.0.0.1", "65536"], /port 65536: .* 1\.\.65535$/],
  ["port 0", ["10.0.0.1", "0"], /port 0: .* 1\.\.65535$/],
  ["a port that is no number", ["10.0.0.1", "http"], /port http: /],
  ["an unknown flag", ["--frobnicate", "10.0.0.1", "7"], /'--frobnicate'/],
  ["a flag without its value", ["10.0.0.1", "7", "--repeat"], /'--repeat/],
  ["a probability above 1", ["--drop", "2", "10.0.0.1", "7"], /--drop 2: /],
  ["a count of 0", ["--repeat", "0", "10.0.0.1", "7"], /--repeat 0: /],
  ["no port", ["10.0.0.1"], /give HOST and PORT/],
  ["a host name", ["localhost", "7"], /host localhost: .* resolves no names/],
  [
    "a TAP name too long",
    ["--tap", "a-name-of-20-letters", "10.0.0.1", "7"],
    /a name has at most 15 bytes, got 20$/,
  ],
  [
    "a capture file without the permission",
    ["--pcap", "x.pcap", "10.0.0.1", "7"],
    /without permission: .*--allow-ffi --allow-write=x\.pcap/,
  ],
  [
    "a cookie file without the permission",
    ["--cookie-cache", "x.json", "10.0.0.1", "7"],
    /without permission: .*--allow-read=x\.json/,
  ],
];

Deno.test("tfo_connect explains every mistake of the command line in one line", async (t) => {
  await using namespace = await Namespace.create();
  for (const [name, args, expected] of TABLE) {
    await t.step(name, async () => {
      const program = startExample(namespace, "tfo_connect", args);
      const line = await complaint(program);
      assertMatch(line, /^tfo_connect: /);
      assertMatch(line, expected);
    });
  }
});

Deno.test("tfo_connect explains a file it cannot write, and a cookie file that is none", async () => {
  await using namespace = await Namespace.create();
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/cookies.json`;
    await Deno.writeTextFile(file, '[{"remote":"10.0.0.1"}]');
    const all = ["--allow-read", "--allow-write"];
    const start = (...args: string[]): Program =>
      startExample(namespace, "tfo_connect", [...args, "10.0.0.1", "7"], all);
    assertMatch(
      await complaint(start("--cookie-cache", file)),
      /cookie cache .*: it is not a list of cookies$/,
    );
    assertMatch(
      await complaint(start("--pcap", `${folder}/none/x.pcap`)),
      /Cannot write .*none\/x\.pcap: No such file/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tfo_connect tells refused, timed out and unreachable apart in words and in JSON", async () => {
  await using namespace = await Namespace.create();
  const attempt = async (...args: string[]): Promise<[string, unknown]> => {
    const program = startExample(namespace, "tfo_connect", ["--json", ...args]);
    const result = await program.result;
    const [line, ...more] = jsonLines(result.stdout);
    assertEquals(more, []);
    return [complaintOf(result), line.outcome];
  };

  const [refused, refusedOutcome] = await attempt("10.0.0.1", "9");
  assertMatch(refused, /connection refused$/);
  assertEquals(refusedOutcome, "refused");

  const drop = "-A INPUT -p tcp --dport 9 -j DROP".split(" ");
  await namespace.iptables(...drop);
  const [late, lateOutcome] = await attempt(
    "--timeout",
    "1.5",
    "10.0.0.1",
    "9",
  );
  assertMatch(late, /timed out, no answer within 1\.5 s$/);
  assertEquals(lateOutcome, "timeout");

  const [far, farOutcome] = await attempt("192.0.2.1", "9");
  assertMatch(far, /no route to the host; .*gateway$/);
  assertEquals(farOutcome, "unreachable");

  const [absent, absentOutcome] = await attempt("10.0.0.77", "9");
  assertMatch(absent, /no route to host$/);
  assertEquals(absentOutcome, "unreachable");
});

Deno.test("tfo_connect explains a TAP name in use", async () => {
  await using namespace = await Namespace.create();
  const first = startExample(namespace, "echo_server", ["--tap", "mine"]);
  await first.waitFor(/listening/);
  const args = ["--tap", "mine", "--address", "10.1.0.2/24", "10.1.0.1", "7"];
  const line = await complaint(startExample(namespace, "tfo_connect", args));
  assertMatch(line, /TAP interface mine: EBUSY .*choose another name$/);
});

Deno.test("tfo_connect explains a name that another kind of interface has", async () => {
  await using namespace = await Namespace.create();
  const args = ["--tap", "lo", "10.0.0.1", "7"];
  const line = await complaint(startExample(namespace, "tfo_connect", args));
  assertMatch(line, /TAP interface lo: EINVAL .*choose another than "lo"$/);
});

Deno.test("tfo_connect explains that --allow-ffi is missing", async () => {
  await using namespace = await Namespace.create();
  const argv = exampleCommand("tfo_connect", ["10.0.0.1", "7"], []);
  const line = await complaint(namespace.spawn(argv));
  assertMatch(line, /without permission: .*deno run --allow-ffi/);
});

Deno.test("tfo_connect explains a machine without /dev/net/tun", async () => {
  await using namespace = await Namespace.create();
  const hide = 'mount -t tmpfs none /dev/net && exec "$@"';
  const line = await complaint(namespace.spawn([
    ...["unshare", "--mount", "sh", "-c", hide, "sh"],
    ...exampleCommand("tfo_connect", ["10.0.0.1", "7"], ["--allow-ffi"]),
  ]));
  assertMatch(line, /open \/dev\/net\/tun: ENOENT .*modprobe tun/);
});

Deno.test("tfo_connect explains that it lacks the right to make a TAP", async () => {
  await using namespace = await Namespace.create();
  const line = await complaint(namespace.spawn([
    ...["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"],
    ...exampleCommand("tfo_connect", ["10.0.0.1", "7"], ["--allow-ffi"]),
  ]));
  assertMatch(line, /EPERM .*run as root, or under `unshare -Urn`$/);
});

Deno.test("every example prints its flags with --help, without any permission", async () => {
  await using namespace = await Namespace.create();
  const names = ["tfo_connect", "echo_server", "http_server", "http_get"];
  for (const name of names) {
    const argv = exampleCommand(name, ["--help"], []);
    const { stdout } = await namespace.spawn(argv).succeeded();
    assertMatch(stdout, new RegExp(`^deno run .*examples/${name}\\.ts `));
    for (const flag of ["--tap", "--pcap", "--drop", "--corrupt", "--delay"]) {
      assertMatch(stdout, new RegExp(`^ +${flag} `, "m"));
    }
  }
});
