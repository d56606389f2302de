/**
 * Our Fast Open server and the kernel's clients, both families: what either
 * side counts, and who takes whose cookie.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { FAMILIES, until } from "./engine_lab.ts";
import { answer, ANSWERED, FastOpenSide, PORT } from "./fast_open_side.ts";

const KEYS = ["1-1-1-1", "2-2-2-2"];
const UNSPEC = 0, COOKIE_UNAVAILABLE = 1, DATA_NOT_ACKED = 2;

function visit(synData: boolean, fail: number) {
  return { answer: ANSWERED, synData, fail };
}

for (const family of FAMILIES) {
  const it = (name: string, body: () => Promise<void>): void =>
    Deno.test(`a client of the kernel over IPv${family}: ${name}`, body);

  it("asks for a cookie, then sends data with it", async () => {
    await using side = await FastOpenSide.create();
    side.serve();
    assertEquals(
      await side.kernelVisits(family),
      visit(false, COOKIE_UNAVAILABLE),
    );
    assertEquals(await side.moves(), { kernel: {}, engine: { CookieReqd: 1 } });
    assertEquals(await side.kernelVisits(family), visit(true, UNSPEC));
    assertEquals(await side.moves(), {
      kernel: { Active: 1 },
      engine: { Passive: 1 },
    });
  });

  it("brings a wrong cookie and gets the right one", async () => {
    await using side = await FastOpenSide.create();
    side.serve();
    await side.kernelVisits(family);
    for (const key of KEYS) side.lab.net.stack.tcp.fastOpenKeys.rotate(key);
    await side.moves();
    assertEquals(await side.kernelVisits(family), visit(false, DATA_NOT_ACKED));
    assertEquals(await side.moves(), {
      kernel: { ActiveFail: 1 },
      engine: { PassiveFail: 1 },
    });
    assertEquals(await side.kernelVisits(family), visit(true, UNSPEC));
  });

  it("brings a cookie of the backup key: taken, and replaced", async () => {
    await using side = await FastOpenSide.create();
    side.serve();
    await side.kernelVisits(family);
    side.lab.net.stack.tcp.fastOpenKeys.rotate(KEYS[0]);
    await side.moves();
    assertEquals(await side.kernelVisits(family), visit(true, UNSPEC));
    assertEquals(await side.moves(), {
      kernel: { Active: 1 },
      engine: { Passive: 1, PassiveAltKey: 1 },
    });
    // The fresh cookie is of the new primary key: it outlives a rotation more.
    side.lab.net.stack.tcp.fastOpenKeys.rotate(KEYS[1]);
    assertEquals(await side.kernelVisits(family), visit(true, UNSPEC));
    assertEquals((await side.moves()).engine, { Passive: 1, PassiveAltKey: 1 });
  });

  it("asks by option 254 when 34 brought nothing", async () => {
    await using side = await FastOpenSide.create();
    side.serve({ queueLimit: 0 });
    await side.kernelVisits(family);
    await using capture = await side.namespace.capture(
      "tap0",
      `tcp port ${PORT + 1}`,
    );
    const listener = side.lab.net.listen({
      port: PORT + 1,
      fastOpen: { queueLimit: 4 },
    });
    void (async () => {
      for await (const conn of listener) void answer(conn);
    })();
    await side.moves();
    const host = family === 4 ? "10.9.0.2" : "fd09::2";
    for (let i = 0; i < 2; i++) {
      await side.kernelAsks(host, undefined, PORT + 1).succeeded();
    }
    assertEquals((await side.moves()).engine, { CookieReqd: 1, Passive: 1 });
    const kinds = await capture.fields("tcp.flags.syn==1", ["tcp.option_kind"]);
    for (const [list] of kinds.slice(0, 3)) {
      assertEquals(list.split(/[|,]/).includes("254"), true, list);
    }
  });

  it("finds the queue full, and falls back", async () => {
    await using side = await FastOpenSide.create();
    side.serve({ queueLimit: 1 });
    await side.kernelVisits(family);
    await side.moves();
    const tables = family === 4 ? "iptables" : "ip6tables";
    const finalAcks = [
      ...["OUTPUT", "-p", "tcp", "--tcp-flags", "SYN,RST,ACK", "ACK"],
      ...["-j", "DROP"],
    ];
    await side.namespace[tables]("-A", ...finalAcks);
    const host = family === 4 ? "10.9.0.2" : "fd09::2";
    const pending = side.kernelAsks(host);
    // Its data was taken, but its address is not proved.
    const { tcpCounters } = side.lab.net.stack;
    await until(
      "the first request is pending",
      () => tcpCounters.get("TcpExtTCPFastOpenPassive") === 1,
    );
    const second = side.kernelAsks(host);
    await until(
      "the second overflows",
      () => tcpCounters.get("TcpExtTCPFastOpenListenOverflow") === 1,
    );
    await side.namespace[tables]("-D", ...finalAcks);
    const answers = [await pending.nextJson(), await second.nextJson()];
    assertEquals(answers.map((line) => line.synData), [true, false]);
    assertEquals(answers.map((line) => line.answer), [ANSWERED, ANSWERED]);
    assertEquals(await side.moves(), {
      kernel: { Active: 1, ActiveFail: 1 },
      engine: { Passive: 1, ListenOverflow: 1 },
    });
  });

  it("meets a listener without Fast Open", async () => {
    await using side = await FastOpenSide.create();
    side.serve(null);
    assertEquals(
      await side.kernelVisits(family),
      visit(false, COOKIE_UNAVAILABLE),
    );
    assertEquals(await side.moves(), { kernel: {}, engine: { CookieReqd: 1 } });
  });

  it("sends data without a cookie to a listener that asks for none", async () => {
    await using side = await FastOpenSide.create({}, "0x7");
    side.serve({ queueLimit: 4, cookies: "ignored" });
    assertEquals(await side.kernelVisits(family), visit(true, UNSPEC));
    assertEquals(await side.moves(), {
      kernel: { Active: 1 },
      engine: { Passive: 1 },
    });
  });
}
