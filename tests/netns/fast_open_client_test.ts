/**
 * Our Fast Open client and the kernel's listeners, both families: what either
 * side counts, and who takes whose cookie.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { TcpConn } from "../../engine/mod.ts";
import { FAMILIES, until } from "./engine_lab.ts";
import { ANSWERED, ASKED, FastOpenSide } from "./fast_open_side.ts";

const KEYS = [
  "00000001-00000001-00000001-00000001",
  "00000002-00000002-00000002-00000002",
];

/** What `info()` says of the parts that matter here. */
function told(conn: TcpConn) {
  const { cookie, synDataAcked, failure, cookieReceived, roundTripsSaved } =
    conn.info().fastOpen!;
  return { cookie, synDataAcked, failure, cookieReceived, roundTripsSaved };
}

const REQUESTED = {
  cookie: "requested",
  synDataAcked: 0,
  failure: "COOKIE_UNAVAILABLE",
  cookieReceived: 8,
  roundTripsSaved: 0,
};
const SENT = {
  cookie: "sent",
  synDataAcked: ASKED.length,
  failure: "none",
  cookieReceived: 0,
  roundTripsSaved: 1,
};
const REFUSED = {
  ...SENT,
  synDataAcked: 0,
  failure: "DATA_NOT_ACKED",
  roundTripsSaved: 0,
};

for (const family of FAMILIES) {
  const it = (name: string, body: (side: FastOpenSide) => Promise<void>) =>
    Deno.test(`a listener of the kernel over IPv${family}: ${name}`, async () => {
      await using side = await FastOpenSide.create();
      await side.namespace.setSysctls({ "net.ipv4.tcp_fastopen_key": KEYS[0] });
      await body(side);
    });

  /** One visit that is answered; what `info()` then says. */
  const ask = async (
    side: FastOpenSide,
    cookie: "required" | "none" = "required",
  ) => {
    const { answer, conn } = await side.visits(family, ASKED, cookie);
    assertEquals(answer, ANSWERED);
    const result = told(conn);
    conn.close();
    return result;
  };

  it("hands out a cookie, then takes data with it", async (side) => {
    await side.kernelServes();
    assertEquals(await ask(side), REQUESTED);
    assertEquals(await side.moves(), { kernel: { CookieReqd: 1 }, engine: {} });
    assertEquals(await ask(side), SENT);
    assertEquals(await side.moves(), {
      kernel: { Passive: 1 },
      engine: { Active: 1 },
    });
  });

  it("refuses a cookie of another key and hands out the right one", async (side) => {
    await side.kernelServes();
    await ask(side);
    await side.namespace.setSysctls({ "net.ipv4.tcp_fastopen_key": KEYS[1] });
    await side.moves();
    assertEquals(await ask(side), { ...REFUSED, cookieReceived: 8 });
    assertEquals(await side.moves(), {
      kernel: { PassiveFail: 1 },
      engine: { ActiveFail: 1 },
    });
    assertEquals(await ask(side), SENT);
  });

  it("takes a cookie of its backup key and replaces it", async (side) => {
    await side.kernelServes();
    await ask(side);
    const both = `${KEYS[1]},${KEYS[0]}`;
    await side.namespace.setSysctls({ "net.ipv4.tcp_fastopen_key": both });
    await side.moves();
    assertEquals(await ask(side), { ...SENT, cookieReceived: 8 });
    assertEquals(await side.moves(), {
      kernel: { Passive: 1, PassiveAltKey: 1 },
      engine: { Active: 1 },
    });
    assertEquals(await ask(side), SENT);
    assertEquals((await side.moves()).kernel, { Passive: 1 });
  });

  it("understands option 254", async (side) => {
    await side.kernelServes();
    await side.namespace.setSysctls({ "net.ipv4.tcp_fastopen": "0x1" });
    assertEquals(await ask(side), { ...REQUESTED, cookieReceived: 0 });
    await side.namespace.setSysctls({ "net.ipv4.tcp_fastopen": "0x3" });
    await side.moves();
    assertEquals(await ask(side), REQUESTED);
    const { answer, conn } = await side.visits(family);
    assertEquals(answer, ANSWERED);
    assertEquals(told(conn), SENT);
    assertEquals(conn.info().fastOpen!.experimental, true);
    assertEquals((await side.moves()).kernel, { CookieReqd: 1, Passive: 1 });
  });

  it("is full, and falls back", async (side) => {
    await side.kernelServes(1);
    await ask(side);
    await side.moves();
    const tables = family === 4 ? "iptables" : "ip6tables";
    // The answer to the SYN passes, what the client says after it does not.
    const finalAcks = [
      ...["INPUT", "-i", "tap0", "-p", "tcp"],
      ...["--tcp-flags", "SYN,RST,ACK", "ACK", "-j", "DROP"],
    ];
    await side.namespace[tables]("-A", ...finalAcks);
    const pending = side.visits(family);
    await until(
      "the first request is pending",
      async () =>
        (await side.namespace.counters()).TcpExtTCPFastOpenPassive === 1,
    );
    const second = side.visits(family);
    await until(
      "the second overflows",
      async () =>
        (await side.namespace.counters()).TcpExtTCPFastOpenListenOverflow === 1,
    );
    await side.namespace[tables]("-D", ...finalAcks);
    const visits = [await pending, await second];
    assertEquals(visits.map(({ answer }) => answer), [ANSWERED, ANSWERED]);
    assertEquals(visits.map(({ conn }) => told(conn)), [SENT, REFUSED]);
    assertEquals(await side.moves(), {
      kernel: { Passive: 1, ListenOverflow: 1 },
      engine: { Active: 1, ActiveFail: 1 },
    });
  });

  it("has Fast Open off: asked by 34, by 254, then no more", async (side) => {
    await side.kernelServes(0);
    const kinds: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { cookie, failure, cookieReceived } = await ask(side);
      assertEquals(cookieReceived, 0);
      kinds.push(`${cookie} ${failure}`);
    }
    assertEquals(kinds, [
      "requested COOKIE_UNAVAILABLE",
      "requested COOKIE_UNAVAILABLE",
      "none PATH_DISABLED",
    ]);
    assertEquals((await side.moves()).kernel, { CookieReqd: 2 });
  });

  it("takes data without a cookie when it is told to", async (side) => {
    await side.namespace.setSysctls({ "net.ipv4.tcp_fastopen": "0x203" });
    await side.kernelServes();
    assertEquals(await ask(side, "none"), { ...SENT, cookie: "cookieless" });
    assertEquals(await side.moves(), {
      kernel: { Passive: 1 },
      engine: { Active: 1 },
    });
  });

  it("takes at once what a SYN holds of a long request", async (side) => {
    await side.kernelServes();
    await ask(side);
    const long = "x".repeat(5_000);
    const { answer, conn } = await side.visits(family, long);
    // It answers chunk by chunk; the first is the SYN's.
    const synData = (family === 4 ? 1_460 : 1_440) - 40;
    assertEquals(told(conn).synDataAcked, synData);
    assertEquals(answer.startsWith("re: xxx"), true);
    conn.close();
  });
}
