/**
 * Fast Open with programs everybody has: curl at our server, our client at
 * nginx; and the two examples that are about nothing else.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { until } from "./engine_lab.ts";
import { jsonLines, startExample } from "./example_program.ts";
import { FastOpenSide, readText } from "./fast_open_side.ts";
import { Namespace } from "./harness.ts";
import { countersMoved } from "./harness_counters.ts";
import type { Program } from "./harness_program.ts";

const HOSTS = [["10.0.0.2", 4], ["[fd00::2]", 6]] as const;
const BODY = "hello from a TCP in user space\n";

/** Starts examples/tfo_server.ts; resolves once it listens. */
async function startServer(
  namespace: Namespace,
  ...args: readonly string[]
): Promise<Program> {
  const server = startExample(namespace, "tfo_server", [...args, "80"]);
  await server.waitFor(/listening/);
  return server;
}

async function curl(namespace: Namespace, host: string): Promise<string> {
  const url = `http://${host}/`;
  return await namespace.run("curl", "-sf", "--tcp-fastopen", url);
}

for (const [host, family] of HOSTS) {
  Deno.test(`curl --tcp-fastopen is answered by tfo_server before its final ACK, IPv${family}`, async () => {
    await using namespace = await Namespace.create(["curl"]);
    const server = await startServer(namespace, "--json");
    const before = await namespace.counters();
    assertEquals(await curl(namespace, host), BODY);
    const first = await server.nextJson();
    assertEquals(await curl(namespace, host), BODY);
    const second = await server.nextJson();
    assertEquals([first.state, second.state], ["ESTABLISHED", "SYN-RECEIVED"]);
    const fastOpen = second.fastOpen as Record<string, unknown>;
    assertEquals(fastOpen.cookie, "sent");
    assertEquals(fastOpen.synDataAcked, fastOpen.synData);
    assertEquals(fastOpen.failure, "none");
    const moved = countersMoved(before, await namespace.counters());
    assertEquals(moved.TcpExtTCPFastOpenActive, 1);
    assertEquals(moved.TcpExtTCPFastOpenActiveFail, undefined);
  });
}

Deno.test("tfo_server with a rotating key still opens to the last cookie", async () => {
  await using namespace = await Namespace.create(["curl"]);
  const server = await startServer(namespace, "--json", "--rotate", "1");
  await curl(namespace, "10.0.0.2");
  await server.nextJson();
  for (;;) {
    await curl(namespace, "10.0.0.2");
    const { counters, fastOpen } = await server.nextJson() as Record<
      string,
      Record<string, number>
    >;
    // Whatever the moment: a visit a few milliseconds later is taken, by one key or the other.
    assertEquals(fastOpen.synDataAcked, fastOpen.synData);
    if (counters.TcpExtTCPFastOpenPassiveAltKey > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

Deno.test("tfo_server says in one line what is wrong with a key", async () => {
  await using namespace = await Namespace.create();
  const args = ["--key", "1-2-3", "80"];
  const result = await startExample(namespace, "tfo_server", args).ended();
  assertEquals(result.code, 1);
  assertMatch(
    result.stderr,
    /^tfo_server: Cannot read Fast Open keys: [^\n]*\n$/,
  );
});

Deno.test("tfo_scorecard finds nothing wrong with the kernel", async () => {
  await using namespace = await Namespace.create(["python3"]);
  const server = ["python3", "-m", "http.server", "80", "--bind", "::"];
  await listening(namespace, namespace.spawn(server), 80);
  for (const host of ["10.0.0.1", "fd00::1"]) {
    const args = ["--json", "--interval", "0.1", host, "80"];
    const program = startExample(namespace, "tfo_scorecard", args);
    const [card] = jsonLines((await program.succeeded()).stdout);
    const { finding, failed, passed } = card.summary as Record<string, unknown>;
    assertEquals({ finding, failed, passed }, {
      finding: "Fast Open works here.",
      failed: 0,
      passed: 11,
    });
  }
});

Deno.test("tfo_connect says what Fast Open gained, and does without a cookie when told to", async () => {
  await using namespace = await Namespace.create(["python3"]);
  const server = ["python3", "-m", "http.server", "80"];
  await listening(namespace, namespace.spawn(server), 80);
  const run = async (...args: readonly string[]): Promise<string> => {
    const target = ["--data", "GET / HTTP/1.0\r\n\r\n", "10.0.0.1", "80"];
    const all = [...args, ...target];
    return (await startExample(namespace, "tfo_connect", all).succeeded())
      .stdout;
  };
  const words = await run("--repeat", "2");
  assertMatch(words, /attempt 1: ok\n[^]*result +COOKIE_UNAVAILABLE: /);
  assertMatch(words, /attempt 2: ok\n[^]*result +a round trip saved\n/);
  await namespace.setSysctls({ "net.ipv4.tcp_fastopen": "0x603" });
  const first = await run("--cookieless");
  assertMatch(first, /SYN-ACK +acknowledges 18 of 18 bytes\n/);
  assertMatch(first, /result +a round trip saved\n/);
});

const BOXES = [
  [
    "drops SYNs with the option",
    ["INPUT", "-p", "tcp", "--syn", "--tcp-option", "34", "-j", "DROP"],
    /vanish/,
  ],
  [
    "resets SYNs with much data",
    [
      ...["INPUT", "-p", "tcp", "--syn", "-m", "length", "--length", "500:"],
      ...["-j", "REJECT", "--reject-with", "tcp-reset"],
    ],
    /not all is well: cookie, a full segment: .*RST/,
  ],
] as const;

for (const [name, rule, finding] of BOXES) {
  Deno.test(`tfo_scorecard finds a box that ${name}`, async () => {
    await using namespace = await Namespace.create(["python3", "iptables"]);
    await namespace.iptables("-A", ...rule);
    const server = ["python3", "-m", "http.server", "80"];
    await listening(namespace, namespace.spawn(server), 80);
    const args = ["--interval", "0.1", "10.0.0.1", "80"];
    const program = startExample(namespace, "tfo_scorecard", args);
    const { code, stdout } = await program.ended();
    assertEquals(code, 1);
    assertMatch(stdout, finding);
  });
}

Deno.test("our client is served by nginx with fastopen=, from the second visit in one round trip", async () => {
  const folder = await Deno.makeTempDir();
  try {
    Deno.writeTextFileSync(`${folder}/index.html`, BODY);
    Deno.writeTextFileSync(`${folder}/nginx.conf`, nginxConfiguration(folder));
    await using side = await FastOpenSide.create({ tools: ["nginx"] });
    const nginx = ["nginx", "-p", folder, "-c", `${folder}/nginx.conf`];
    await listening(side.namespace, side.namespace.spawn(nginx), 8_080);
    await side.moves();
    for (const hostname of ["10.9.0.1", "fd09::1"]) {
      const saved: number[] = [];
      for (let i = 0; i < 2; i++) {
        const conn = await side.lab.net.connect({
          hostname,
          port: 8_080,
          fastOpen: new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"),
        });
        const page = await readText(conn, 65_536);
        assertMatch(page, /^HTTP\/1\.1 200 OK\r\n/);
        assert(page.endsWith(BODY));
        saved.push(conn.info().fastOpen!.roundTripsSaved);
        conn.close();
      }
      assertEquals(saved, [0, 1]);
      assertEquals(await side.moves(), {
        kernel: { CookieReqd: 1, Passive: 1 },
        engine: { Active: 1 },
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function nginxConfiguration(folder: string): string {
  return `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  server { listen 8080 fastopen=16; listen [::]:8080 fastopen=16; root ${folder}; }
}
user root;
`;
}

async function listening(
  namespace: Namespace,
  program: Program,
  port: number,
): Promise<void> {
  await until(`${program.commandLine} listens`, async () => {
    const sockets = await namespace.run("ss", "-Htln");
    return sockets.includes(`:${port} `);
  });
}
