/**
 * One key, two kinds of servers: a kernel and the engine behind the same
 * address hand out the same cookies and take each other's (RFC 7413 §6.3.4).
 *
 *     client namespace                       1: kernel server, on a veth
 *     kernel at .2, one client  ===========  2: the engine, on a TAP
 *
 * The client's kernel keeps its cookie by addresses, so the second server at
 * the same address is brought the cookie of the first.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { FastOpenKeys } from "../../engine/mod.ts";
import type { Network } from "../../engine/mod.ts";
import { openStack } from "../../ffi/mod.ts";
import { FAMILIES, openTapIn } from "./engine_lab.ts";
import { ASKED, KERNEL_CLIENT, KERNEL_SERVER } from "./fast_open_side.ts";
import { joinByVeth, Namespace } from "./harness.ts";
import { countersMoved } from "./harness_counters.ts";

const KEY = "a0bf63f7-ed803d81-cd641d30-cebc4a90";
const PORT = 8_080;
const SERVER = { 4: "10.9.0.1", 6: "fd09::1" } as const;
const CLIENT_CIDRS = ["10.9.0.2/24", "fd09::2/64"];
const SERVER_CIDRS = ["10.9.0.1/24", "fd09::1/64"];

/** What one visit showed on the wire and in the server's counters. */
interface Seen {
  /** Cookie in the SYN, hexadecimal; "" for a request. */
  readonly syn: string;
  /** Cookie in the SYN-ACK; "" without one. */
  readonly synAck: string;
  /** The server's TcpExtTCPFastOpenPassive and CookieReqd. */
  readonly passive: number;
  readonly requests: number;
}

async function visit(
  client: Namespace,
  interfaceName: string,
  family: 4 | 6,
  counters: () => Promise<Readonly<Record<string, number>>>,
): Promise<Seen> {
  await using capture = await client.capture(interfaceName, `tcp port ${PORT}`);
  const before = await counters();
  const host = SERVER[family];
  const argv = ["python3", "-c", KERNEL_CLIENT, host, `${PORT}`, ASKED];
  await client.run(...argv);
  const moved = countersMoved(before, await counters());
  const cookies = await capture.fields("tcp.flags.syn==1", [
    "tcp.flags.ack",
    "tcp.options.tfo.cookie",
  ]);
  const cookieOf = (ack: boolean): string => {
    const row = cookies.find(([flag]) =>
      (flag === "1" || flag === "True") === ack
    );
    return row?.[1] ?? "";
  };
  return {
    syn: cookieOf(false),
    synAck: cookieOf(true),
    passive: moved.TcpExtTCPFastOpenPassive ?? 0,
    requests: moved.TcpExtTCPFastOpenCookieReqd ?? 0,
  };
}

/** A kernel server at the server's address, on a veth, for as long as `body` takes. */
async function withKernelServer(
  client: Namespace,
  body: (
    counters: () => Promise<Readonly<Record<string, number>>>,
  ) => Promise<void>,
): Promise<void> {
  await using server = await Namespace.create(["python3"]);
  await server.setSysctls({ "net.ipv4.tcp_fastopen_key": KEY });
  await joinByVeth(
    { namespace: client, addresses: CLIENT_CIDRS },
    { namespace: server, addresses: SERVER_CIDRS },
  );
  const argv = ["python3", "-c", KERNEL_SERVER, `${PORT}`, "16"];
  await server.spawn(argv).nextJson();
  await body(() => server.counters());
  await client.ip("link", "del", "veth0");
}

/** The engine at the server's address, on a TAP, for as long as `body` takes. */
async function withEngineServer(
  client: Namespace,
  body: (
    counters: () => Promise<Readonly<Record<string, number>>>,
  ) => Promise<void>,
): Promise<void> {
  await using net: Network = await openStack({
    device: openTapIn(client, { hostAddresses: CLIENT_CIDRS }),
    addresses: SERVER_CIDRS,
  });
  net.stack.tcp.fastOpenKeys = new FastOpenKeys(KEY);
  const listener = net.listen({ port: PORT, fastOpen: { queueLimit: 16 } });
  void (async () => {
    for await (const conn of listener) {
      await conn.read(new Uint8Array(1_000));
      await conn.writeAll(new TextEncoder().encode(`re: ${ASKED}`));
      conn.close();
    }
  })();
  await body(() => Promise.resolve(net.stack.tcpCounters.toObject()));
}

const SERVERS = [
  ["kernel", "veth0", withKernelServer],
  ["engine", "tap0", withEngineServer],
] as const;

for (const family of FAMILIES) {
  for (const [first, second] of [[0, 1], [1, 0]] as const) {
    const [name, device, withFirst] = SERVERS[first];
    const [other, otherDevice, withSecond] = SERVERS[second];
    Deno.test(`a cookie of the ${name} over IPv${family} is that of the ${other}, and opens it`, async () => {
      await using client = await Namespace.create(["python3"]);
      await client.setSysctls({ "net.ipv4.tcp_fastopen": "0x1" });
      let cookie = "";
      await withFirst(client, async (counters) => {
        const seen = await visit(client, device, family, counters);
        cookie = seen.synAck;
        assertEquals(seen, {
          syn: "",
          synAck: cookie,
          passive: 0,
          requests: 1,
        });
      });
      assertMatch(cookie, /^[0-9a-f]{16}$/);
      await withSecond(client, async (counters) => {
        const seen = await visit(client, otherDevice, family, counters);
        assertEquals(seen, {
          syn: cookie,
          synAck: "",
          passive: 1,
          requests: 0,
        });
        // Forgotten, it is asked for anew: the other server makes the same.
        await client.ip("tcp_metrics", "flush", "all");
        const again = await visit(client, otherDevice, family, counters);
        assertEquals(again.synAck, cookie);
        assertEquals(again.requests, 1);
      });
    });
  }
}

Deno.test("the kernel prints the key as FastOpenKeys does", async () => {
  await using namespace = await Namespace.create();
  const keys = new FastOpenKeys("1-2-3-4");
  keys.rotate(KEY);
  await namespace.setSysctls({ "net.ipv4.tcp_fastopen_key": `${keys}` });
  assertEquals(await namespace.sysctl("net.ipv4.tcp_fastopen_key"), `${keys}`);
});
