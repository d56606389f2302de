/**
 * A path that becomes narrower while a stream is on it, with and without a
 * router that says so.
 *
 *     engine -- tap0 [router] veth0 ==== veth0 [far] -- kernel TCP
 *                                  ^ here
 *
 * Path MTU discovery as RFC 1191 and RFC 8201 know it, and what RFC 4821 does
 * where ICMP is filtered, the black hole.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { TcpConn } from "../../engine/mod.ts";
import {
  ADDRESSES,
  EngineLab,
  eventOf,
  FAMILIES,
  PEER_PORT,
  PEER_PROGRAM,
} from "./engine_lab.ts";
import { readHash, writePattern } from "./engine_stream.ts";
import { joinByVeth, Namespace } from "./harness.ts";
import type { Program } from "./harness_program.ts";
import { patternHash } from "./programs/pattern.ts";

const FAR = { 4: "10.10.0.2", 6: "fd10::2" } as const;
const NARROW_MTU = 1_300;
/** Sent before the path becomes narrower. */
const FIRST_LENGTH = 1_000_000;
const LENGTH = 3_000_003;
const CHECKSUM = patternHash(1, LENGTH);

class Detour implements AsyncDisposable {
  readonly lab: EngineLab;
  readonly far: Namespace;

  private constructor(lab: EngineLab, far: Namespace) {
    this.lab = lab;
    this.far = far;
  }

  static async create(): Promise<Detour> {
    await using onFailure = new AsyncDisposableStack();
    const far = onFailure.use(await Namespace.create());
    const lab = onFailure.use(
      await EngineLab.create({
        tools: ["iptables", "ip6tables"],
        gateways: FAMILIES.map((family) => ADDRESSES[family].kernel),
      }),
    );
    await lab.namespace.setSysctls({
      "net.ipv4.ip_forward": "1",
      "net.ipv6.conf.all.forwarding": "1",
    });
    await joinByVeth(
      { namespace: lab.namespace, addresses: ["10.10.0.1/24", "fd10::1/64"] },
      { namespace: far, addresses: [`${FAR[4]}/24`, `${FAR[6]}/64`] },
    );
    await far.ip("-4", "route", "add", "default", "via", "10.10.0.1");
    await far.ip("-6", "route", "add", "default", "via", "fd10::1");
    onFailure.move();
    return new Detour(lab, far);
  }

  /** A connection to a peer behind the router. */
  async open(
    family: 4 | 6,
    ...steps: readonly string[]
  ): Promise<[TcpConn, Program]> {
    const args = ["--listen", "--port", `${PEER_PORT}`, ...steps];
    const peer = this.far.deno(PEER_PROGRAM, ...args);
    await eventOf(peer, "listening");
    const to = { hostname: FAR[family], port: PEER_PORT };
    const conn = await this.lab.net.connect(to);
    await eventOf(peer, "connected");
    return [conn, peer];
  }

  /** Has the router carry no more than `mtu` bytes towards an interface of its own. */
  async narrow(interfaceName: string, mtu: number): Promise<void> {
    await this.lab.namespace.ip(
      ...["link", "set", interfaceName, "mtu", `${mtu}`],
    );
  }

  /** Has the router keep to itself that a packet was too big. */
  async silence(): Promise<void> {
    const { namespace } = this.lab;
    await namespace.iptables(
      ..."-A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP".split(
        " ",
      ),
    );
    await namespace.ip6tables(
      ..."-A OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP".split(" "),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
    await this.far[Symbol.asyncDispose]();
  }
}

/** Sends the stream, the path getting narrower on the way, and checks what arrived. */
async function sendThroughNarrowing(
  detour: Detour,
  family: 4 | 6,
  mtu: number,
): Promise<TcpConn> {
  const [conn, peer] = await detour.open(
    family,
    ...[`read:${FIRST_LENGTH}`, "drain", "write:1", "close"],
  );
  const { sndMss, pathMtu } = conn.info();
  assertEquals(pathMtu, 1_500);
  await writePattern(conn, 1, FIRST_LENGTH);
  await eventOf(peer, `read:${FIRST_LENGTH}`);
  await detour.narrow("veth0", mtu);
  await writePattern(conn, 1, LENGTH);
  await conn.closeWrite();
  const { bytes, sha256 } = await eventOf(peer, "drain");
  assertEquals({ bytes, sha256 }, { bytes: LENGTH, sha256: CHECKSUM });
  assertEquals((await readHash(conn)).bytes, 1);
  assert(conn.info().sndMss < sndMss);
  return conn;
}

for (const family of FAMILIES) {
  Deno.test(`a router's word makes segments smaller over IPv${family}`, async () => {
    await using detour = await Detour.create();
    const conn = await sendThroughNarrowing(detour, family, NARROW_MTU);
    const { pathMtu, sndMss } = conn.info();
    assertEquals(pathMtu, NARROW_MTU);
    assertEquals(sndMss, NARROW_MTU - (family === 4 ? 40 : 60) - 12);
    conn.close();
    // The next connection knows, RFC 1191 §6.3: no packet of it is too big.
    const [next, peer] = await detour.open(family, "drain");
    assertEquals(next.info().pathMtu, NARROW_MTU);
    await writePattern(next, 1, LENGTH);
    await next.closeWrite();
    assertEquals((await eventOf(peer, "drain")).sha256, CHECKSUM);
    assertEquals(next.info().totalRetrans, 0);
    next.close();
  });

  Deno.test(`a path that swallows large packets is found out over IPv${family}`, async () => {
    await using detour = await Detour.create();
    await detour.silence();
    const conn = await sendThroughNarrowing(detour, family, NARROW_MTU);
    const { sndMss } = conn.info();
    assert(sndMss <= NARROW_MTU, `${sndMss}`);
    conn.close();
  });

  Deno.test(`the kernel's segments become smaller and arrive over IPv${family}`, async () => {
    await using detour = await Detour.create();
    const steps = ["read:1", `write:${LENGTH}`, "shutdown"];
    const [conn] = await detour.open(family, ...steps);
    await detour.narrow("tap0", NARROW_MTU);
    await conn.write(new Uint8Array(1));
    const got = await readHash(conn);
    assertEquals(got, { bytes: LENGTH, sha256: CHECKSUM });
    conn.close();
  });
}

Deno.test("segments follow a path down to 576 bytes", async () => {
  await using detour = await Detour.create();
  const conn = await sendThroughNarrowing(detour, 4, 576);
  assertEquals(conn.info().pathMtu, 576);
  conn.close();
});
