/**
 * The Winsock Kernel examples: against the kernel on a TAP, with no more than
 * the permission they name, and over the in-memory cable with none at all.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { exampleCommand, startExample } from "./example_program.ts";
import { Namespace } from "./harness.ts";
import { countersMoved } from "./harness_counters.ts";
import { Program } from "./harness_program.ts";

const ECHO = new URL("./programs/echo.ts", import.meta.url);
const HOSTS = ["10.0.0.1", "fd00::1"];
const NOTHING = new Uint8Array(0);

/** What each example prints over the cable. */
const LOOPBACK: Readonly<Record<string, RegExp[]>> = {
  wsk_connect: [
    /WskConnect returned STATUS_PENDING/,
    /completed with STATUS_SUCCESS/,
    /received "hello, kernel\\n"/,
  ],
  wsk_connect_ex: [
    /connection 1: 17 bytes after the handshake, answer "hello in the SYN\\n"/,
    /connection 2: 17 bytes in the SYN, answer "hello in the SYN\\n"/,
  ],
  wsk_echo_server: [
    /the client read 10000 bytes/,
    /closed after 10000 bytes echoed/,
  ],
  wsk_datagram: [/answered 5 bytes/, /the client received "three"/],
};

for (const [name, lines] of Object.entries(LOOPBACK)) {
  Deno.test(`${name} --loopback needs no permission and no device`, async () => {
    const command = exampleCommand(name, ["--loopback"], []);
    const { stdout } = await new Program(command, NOTHING).succeeded();
    for (const line of lines) assertMatch(stdout, line);
  });
}

Deno.test("wsk_connect connects to the kernel, and tells a refusal", async () => {
  await using namespace = await Namespace.create([]);
  await namespace.deno(ECHO, "--port", "7").nextJson();
  for (const host of HOSTS) {
    const { stdout } = await startExample(namespace, "wsk_connect", [host, "7"])
      .succeeded();
    assertMatch(stdout, /completed with STATUS_SUCCESS/);
    assertMatch(stdout, /received "hello, kernel\\n"/);
    const refused = await startExample(namespace, "wsk_connect", [host, "9"])
      .ended();
    assertEquals(refused.code, 1);
    assertMatch(refused.stdout, /completed with STATUS_CONNECTION_REFUSED/);
  }
});

Deno.test("wsk_connect_ex puts its data into a SYN the kernel takes", async () => {
  await using namespace = await Namespace.create([]);
  await namespace.setSysctls({ "net.ipv4.tcp_fastopen": "0x403" });
  await namespace.deno(ECHO, "--port", "7").nextJson();
  for (const host of HOSTS) {
    const before = await namespace.counters();
    const { stdout } = await startExample(namespace, "wsk_connect_ex", [
      host,
      "7",
    ]).succeeded();
    assertMatch(stdout, /connection 1: 17 bytes after the handshake/);
    assertMatch(stdout, /connection 2: 17 bytes in the SYN/);
    const moved = countersMoved(before, await namespace.counters());
    assertEquals(moved.TcpExtTCPFastOpenPassive, 1);
    assertEquals(moved.TcpExtTCPFastOpenCookieReqd, 1);
  }
});

Deno.test("wsk_echo_server serves clients of the kernel", async () => {
  await using namespace = await Namespace.create(["python3"]);
  await using server = startExample(namespace, "wsk_echo_server", ["7"]);
  await server.waitFor(/listening on port 7/);
  const client = `
import socket
for size in (0, 1, 100000):
    conn = socket.create_connection(("10.0.0.2", 7))
    conn.sendall(b"x" * size)
    conn.shutdown(socket.SHUT_WR)
    got = b""
    while True:
        data = conn.recv(65536)
        if not data: break
        got += data
    print(len(got) == size and got == b"x" * size)
`;
  const { stdout } = await namespace.spawn(["python3", "-c", client])
    .succeeded();
  assertEquals(stdout, "True\n".repeat(3));
  await server.waitFor(/closed after 100000 bytes echoed/);
});

Deno.test("wsk_datagram answers datagrams of the kernel from the address they were sent to", async () => {
  await using namespace = await Namespace.create(["python3"]);
  await using server = startExample(namespace, "wsk_datagram", ["7"]);
  await server.waitFor(/listening on port 7/);
  const client = `
import socket
conn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
conn.settimeout(10)
for size in (1, 1472, 20000):
    conn.sendto(b"y" * size, ("10.0.0.2", 7))
    data, address = conn.recvfrom(65536)
    print(data == b"y" * size and address == ("10.0.0.2", 7))
`;
  const { stdout } = await namespace.spawn(["python3", "-c", client])
    .succeeded();
  assertEquals(stdout, "True\n".repeat(3));
});
