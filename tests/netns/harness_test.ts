import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { joinByVeth, Namespace } from "./harness.ts";
import { countComplaints } from "./harness_capture.ts";
import { countersMoved, parseCounters } from "./harness_counters.ts";
import { Program } from "./harness_program.ts";
import { requireMachine } from "./harness_requirements.ts";
import { patternHash } from "./programs/pattern.ts";

const SINK = new URL("./programs/sink.ts", import.meta.url);
const SOURCE = new URL("./programs/source.ts", import.meta.url);
const ECHO = new URL("./programs/echo.ts", import.meta.url);

const V4 = ["10.9.0.1/24", "10.9.0.2/24"];
const V6 = ["fd09::1/64", "fd09::2/64"];

Deno.test("requireMachine() names every missing tool at once", () => {
  const error = (() => {
    try {
      requireMachine(["no-such-tool", "ip", "nor-this"]);
    } catch (error) {
      return String(error);
    }
    return "";
  })();
  assertMatch(error, /no-such-tool: apt-get install no-such-tool/);
  assertMatch(error, /nor-this/);
  assert(!error.includes("iproute2"));
});

Deno.test("parseCounters() names counters as nstat does", () => {
  const text =
    "Tcp: InSegs OutSegs\nTcp: 5 7\nTcpExt: A\nTcpExt: -1\nIp6InReceives   3\n";
  assertEquals(parseCounters(text), {
    TcpInSegs: 5,
    TcpOutSegs: 7,
    TcpExtA: -1,
    Ip6InReceives: 3,
  });
  assertEquals(countersMoved({ a: 1, b: 2 }, { a: 1, b: 5, c: 1 }), {
    b: 3,
    c: 1,
  });
});

Deno.test("Program.succeeded() fails with the status and the output", async () => {
  await using program = new Program(["sh", "-c", "echo why >&2; exit 3"], null);
  await assertRejects(
    () => program.succeeded(),
    Error,
    "ended with status 3\nwhy",
  );
});

Deno.test("Program.waitFor() fails when the program ends without the line", async () => {
  await using program = new Program(["echo", "other"], null);
  await assertRejects(
    () => program.waitFor(/ready/),
    Error,
    "ended without output matching /ready/\nother",
  );
});

Deno.test("Program.nextJson() reads one object a line and passes over text", async () => {
  const text = new TextEncoder().encode('noise\n{"a":1}\n{"a":2}\n');
  await using program = new Program(["cat"], text);
  assertEquals(await program.nextJson(), { a: 1 });
  assertEquals(await program.nextJson(), { a: 2 });
});

Deno.test("Namespace leaves neither itself nor its programs behind", async () => {
  let pid = 0;
  let name = "";
  {
    await using namespace = await Namespace.create();
    pid = namespace.spawn(["sleep", "600"]).pid;
    name = namespace.name;
    assertEquals(await namespace.sysctl("net.ipv4.tcp_fastopen"), "1027");
  }
  const namespaces = await new Program(["ip", "netns", "list"], null)
    .succeeded();
  assert(!namespaces.stdout.includes(name));
  await assertRejects(() => Deno.stat(`/proc/${pid}`), Deno.errors.NotFound);
});

for (const [peer, family] of [["10.9.0.2", 4], ["fd09::2", 6]] as const) {
  Deno.test(`source and sink agree on a hashed stream over IPv${family}`, async () => {
    await using a = await Namespace.create();
    await using b = await Namespace.create();
    await join(a, b);
    const sink = b.deno(SINK, "--port", "5001", "--hash");
    await sink.nextJson();
    const bytes = "1000003";
    const source = a.deno(
      SOURCE,
      "--connect",
      peer,
      "--port",
      "5001",
      "--bytes",
      bytes,
      "--seed",
      "7",
      "--hash",
    );
    const sent = await source.nextJson();
    const received = await sink.nextJson();
    assertEquals(received.bytes, Number(bytes));
    assertEquals(received.sha256, patternHash(7, Number(bytes)));
    assertEquals(sent.sha256, received.sha256);
  });

  Deno.test(`Fast Open between two kernels over IPv${family} is counted and captured`, async () => {
    await using a = await Namespace.create(["iptables"]);
    await using b = await Namespace.create();
    await join(a, b);
    const sink = b.deno(SINK, "--port", "5001", "--connections", "2");
    await sink.nextJson();
    await using capture = await b.capture("veth0", "tcp port 5001");
    const before = await b.counters();
    for (let i = 0; i < 2; i++) {
      const args = [
        "--connect",
        peer,
        "--port",
        "5001",
        "--bytes",
        "100",
        "--fast-open",
      ];
      await a.deno(SOURCE, ...args).succeeded();
    }
    const moved = countersMoved(before, await b.counters());
    assertEquals(moved.TcpExtTCPFastOpenCookieReqd, 1);
    assertEquals(moved.TcpExtTCPFastOpenPassive, 1);
    const syns = await capture.packets(
      "tcp[tcpflags] == tcp-syn or ip6[53] == 2",
    );
    assertEquals(syns.length, 2);
    assertMatch(syns[0], /Flags \[S\].*tfo {2}cookiereq.*length 0/);
    assertMatch(syns[1], /Flags \[S\].*tfo {2}cookie [0-9a-f]{16}.*length 100/);
    assertEquals(countComplaints(await capture.remarks()), {});
    const rows = await capture.fields("tcp.flags.syn==1 && tcp.flags.ack==0", [
      "tcp.len",
      "tcp.dstport",
    ]);
    assertEquals(rows, [["0", "5001"], ["100", "5001"]]);
  });
}

Deno.test("iptables in a namespace resets what it is told to", async () => {
  await using namespace = await Namespace.create(["iptables"]);
  await namespace.deno(ECHO, "--port", "7").nextJson();
  await namespace.iptables(
    ..."-A INPUT -p tcp --dport 7 -j REJECT --reject-with tcp-reset".split(" "),
  );
  const source = namespace.deno(
    SOURCE,
    "--connect",
    "127.0.0.1",
    "--port",
    "7",
    "--bytes",
    "1",
  );
  assertEquals((await source.nextJson()).code, "ECONNREFUSED");
  assertEquals((await source.ended()).code, 1);
});

Deno.test("echo returns what came before the client closed its direction", async () => {
  await using namespace = await Namespace.create(["ncat"]);
  const echo = namespace.deno(ECHO, "--port", "7");
  await echo.nextJson();
  const input = new TextEncoder().encode("half-closed\n");
  const client = namespace.spawn(["ncat", "--no-shutdown", "::1", "7"], input);
  await client.waitFor(/half-closed/);
});

async function join(a: Namespace, b: Namespace): Promise<void> {
  await joinByVeth(
    { namespace: a, addresses: [V4[0], V6[0]] },
    { namespace: b, addresses: [V4[1], V6[1]] },
  );
}
