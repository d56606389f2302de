/**
 * Our Fast Open client and the kernel's server, with a box between them made
 * of iptables, or of our own link where iptables knows no such box.
 *
 * In each scene the bytes arrive exactly once, after at most one repetition,
 * and the next connection on that path leaves Fast Open alone.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Network } from "../../engine/mod.ts";
import { openStack } from "../../ffi/mod.ts";
import { Middlebox } from "../tools/middlebox.ts";
import { ADDRESSES, FAMILIES, openTapIn } from "./engine_lab.ts";
import {
  FastOpenSide,
  KERNEL_SERVER,
  PORT,
  readText,
} from "./fast_open_side.ts";
import { Namespace } from "./harness.ts";

/** Long enough to be told from a SYN without data by length, and fits in a SYN without known MSS. */
const LONG_ASKED = "b".repeat(300);
const SYN_WITH_DATA = [
  ...["INPUT", "-i", "tap0", "-p", "tcp", "--syn"],
  ...["-m", "length", "--length", "250:65535"],
];
const OPTIONS = "34,254";

interface Box {
  readonly name: string;
  /** What is set before each visit, by iptables or ip6tables; `visit` counts from 0. */
  readonly rules: (visit: number, family: 4 | 6) => readonly string[][];
  readonly from: "the start" | "cookie known";
  /** What `info()` says of each visit until the path rests. */
  readonly failures: readonly string[];
}

const once = (rule: readonly string[]) => (visit: number): string[][] =>
  visit === 0 ? [[...rule]] : [];

const BOXES: readonly Box[] = [
  {
    name: "drops SYNs with data",
    rules: once(["-A", ...SYN_WITH_DATA, "-j", "DROP"]),
    from: "cookie known",
    failures: ["SYN_RETRANSMITTED"],
  },
  {
    name: "drops SYNs with the option",
    rules: once([
      ...["-A", "INPUT", "-i", "tap0", "-p", "tcp", "--syn"],
      ...["--tcp-option", "34", "-j", "DROP"],
    ]),
    from: "the start",
    failures: ["SYN_RETRANSMITTED"],
  },
  {
    name: "strips the option from SYNs",
    rules: once([
      ...["-t", "mangle", "-A", "PREROUTING", "-p", "tcp"],
      ...["-j", "TCPOPTSTRIP", "--strip-options", OPTIONS],
    ]),
    from: "the start",
    failures: ["COOKIE_UNAVAILABLE", "COOKIE_UNAVAILABLE"],
  },
  {
    name: "strips the option from SYNs once a cookie is known",
    rules: once([
      ...["-t", "mangle", "-A", "PREROUTING", "-p", "tcp"],
      ...["-j", "TCPOPTSTRIP", "--strip-options", OPTIONS],
    ]),
    from: "cookie known",
    failures: ["DATA_NOT_ACKED"],
  },
  {
    name: "strips the option from SYN-ACKs",
    rules: once([
      ...["-t", "mangle", "-A", "OUTPUT", "-p", "tcp"],
      ...["-j", "TCPOPTSTRIP", "--strip-options", OPTIONS],
    ]),
    from: "the start",
    failures: ["COOKIE_UNAVAILABLE", "COOKIE_UNAVAILABLE"],
  },
  {
    name: "answers SYN data with a RST",
    rules: once([
      ...["-A", ...SYN_WITH_DATA, "-j", "REJECT"],
      ...["--reject-with", "tcp-reset"],
    ]),
    from: "cookie known",
    failures: ["RESET"],
  },
  {
    name: "answers SYN data with an ICMP error",
    rules: (visit, family) =>
      [[
        ...["-A", ...SYN_WITH_DATA, "-j", "REJECT", "--reject-with"],
        family === 4 ? "icmp-admin-prohibited" : "icmp6-adm-prohibited",
      ]].slice(visit),
    from: "cookie known",
    failures: ["UNREACHABLE"],
  },
  {
    name: "translates the client's address, another for each connection",
    rules: (visit, family) => [
      ["-t", "nat", "-F", "INPUT"],
      [
        ...["-t", "nat", "-A", "INPUT", "-p", "tcp", "-j", "SNAT"],
        ...[
          "--to-source",
          `${family === 4 ? "10.9.0." : "fd09::"}${90 + visit}`,
        ],
      ],
    ],
    from: "the start",
    failures: ["COOKIE_UNAVAILABLE", "DATA_NOT_ACKED", "DATA_NOT_ACKED"],
  },
];

async function visit(side: FastOpenSide, family: 4 | 6) {
  const { answer, conn } = await side.visits(family, LONG_ASKED);
  assertEquals(answer, `re: ${LONG_ASKED}`);
  const told = conn.info().fastOpen!;
  assert(told.synRetransmits + told.synDataResends <= 1, "one repetition");
  conn.close();
  return told;
}

for (const family of FAMILIES) {
  for (const box of BOXES) {
    Deno.test(`a box of the kernel that ${box.name}, over IPv${family}`, async () => {
      await using side = await FastOpenSide.create();
      await side.kernelServes();
      if (box.from === "cookie known") {
        await visit(side, family);
        assertEquals((await visit(side, family)).roundTripsSaved, 1);
      }
      const tables = family === 4 ? "iptables" : "ip6tables";
      const failures: string[] = [];
      for (let i = 0; i <= box.failures.length; i++) {
        for (const rule of box.rules(i, family)) {
          await side.namespace[tables](...rule);
        }
        failures.push((await visit(side, family)).failure);
      }
      assertEquals(failures, [...box.failures, "PATH_DISABLED"]);
    });
  }

  Deno.test(`a box of our own that acknowledges SYN data and loses it, over IPv${family}`, async () => {
    await using namespace = await Namespace.create(["python3"]);
    let box: Middlebox | null = null;
    await using net = await openTunnelled(namespace, (made) => box = made);
    const server = ["python3", "-c", KERNEL_SERVER, `${PORT}`, "16"];
    await namespace.spawn(server).nextJson();
    const asked = async (): Promise<string> => {
      const conn = await net.connect({
        hostname: ADDRESSES[family].kernel,
        port: PORT,
        fastOpen: new TextEncoder().encode(LONG_ASKED),
      });
      const answer = await readText(conn, LONG_ASKED.length + 4);
      assertEquals(answer, `re: ${LONG_ASKED}`);
      const { failure } = conn.info().fastOpen!;
      conn.close();
      return failure;
    };
    assertEquals(await asked(), "COOKIE_UNAVAILABLE");
    makeLiar(box!);
    assertEquals(await asked(), "DATA_LOST");
    assertEquals(await asked(), "PATH_DISABLED");
  });
}

/** A stack on a TUN, whose packets a box may change. */
async function openTunnelled(
  namespace: Namespace,
  onBox: (box: Middlebox) => void,
): Promise<Network> {
  const cidr = (end: "kernel" | "engine"): string[] =>
    FAMILIES.map((family) =>
      `${ADDRESSES[family][end]}/${ADDRESSES[family].prefixLength}`
    );
  const box = new Middlebox(openTapIn(namespace, {
    medium: "tun",
    offload: "none",
    hostAddresses: cidr("kernel"),
  }));
  onBox(box);
  return await openStack({ device: box, addresses: cidr("engine") });
}

function makeLiar(box: Middlebox): void {
  let swallowed = 0;
  box.rules = {
    toServer: (packet) => {
      if (!packet.isSyn) return [packet];
      swallowed = packet.payload.length;
      if (swallowed === 0) return [packet];
      return [packet.stripFastOpen().stripPayload()];
    },
    toClient: (packet) => {
      if (packet.isSynAck) packet.ack += swallowed;
      return [packet];
    },
  };
}
