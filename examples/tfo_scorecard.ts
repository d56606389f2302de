/**
 * Probes one server, and the path to it, for everything about TCP Fast Open.
 *
 *     deno run --allow-ffi examples/tfo_scorecard.ts 10.0.0.1 80
 *
 * Run it as root or under `unshare -Urn`. It opens a dozen connections to the
 * one target, one at a time and one a second at most, each with another SYN:
 * plain, asking for a cookie by option 34 and by option 254, with a cookie and
 * data, with a full segment of data, with a cookie that is wrong or of a length
 * that RFC 7413 §4.1.1 forbids, and with data and no cookie. What came back
 * tells a server that does Fast Open well from one that does it otherwise, and
 * both from boxes in the path that drop, strip or reset.
 *
 * Probe only what is yours to probe. The data may be delivered twice (§6.1).
 *
 * @module
 */
import {
  LINK_FLAGS,
  LINK_HELP,
  readAddress,
  readArguments,
  readLink,
  readNumber,
  readPort,
  UsageError,
} from "./support/flags.ts";
import { openNetwork } from "./support/network.ts";
import { runProgram } from "./support/program.ts";
import { Prober } from "./support/prober.ts";
import type { ProbeResult } from "./support/prober.ts";
import { judge, printCard, summarizeCard } from "./support/scorecard.ts";
import type { Line } from "./support/scorecard.ts";

const NAME = "tfo_scorecard";
const HELP = `deno run --allow-ffi examples/tfo_scorecard.ts [flags] HOST PORT

Probes one server, and the path to it, for everything about TCP Fast Open.

  --data TEXT     what is asked in each connection ("GET / HTTP/1.0\\r\\n\\r\\n")
  --interval S    seconds between two connections (1, at least 0.1)
  --timeout S     seconds to wait for a connection (5)
  --wait S        seconds to wait for an answer (2)
  --json          the card as one JSON object
${LINK_HELP}`;

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    options: {
      ...LINK_FLAGS,
      "data": { type: "string", default: "GET / HTTP/1.0\r\n\r\n" },
      "interval": { type: "string", default: "1" },
      "json": { type: "boolean", default: false },
      "timeout": { type: "string", default: "5" },
      "wait": { type: "string", default: "2" },
    },
    allowPositionals: true,
  }, HELP);
  if (positionals.length !== 2) {
    throw new UsageError("Cannot probe: give one HOST and PORT; see --help");
  }
  const target = {
    hostname: readAddress("host", positionals[0]),
    port: readPort(positionals[1]),
    data: new TextEncoder().encode(values.data),
    intervalMs: readNumber("--interval", values.interval, 0.1, 60) * 1_000,
    timeoutMs: readNumber("--timeout", values.timeout, 0.1, 120) * 1_000,
    waitMs: readNumber("--wait", values.wait, 0, 60) * 1_000,
  };
  await using net = await openNetwork(readLink(values));
  const lines = await probeAll(new Prober(net, target));
  const summary = summarizeCard(lines);
  if (values.json) {
    const { hostname, port } = target;
    console.log(JSON.stringify({ hostname, port, summary, lines }));
  } else printCard(`${target.hostname} port ${target.port}`, lines, summary);
  return summary.works ? 0 : 1;
}

/** Every probe in its order; the later ones use the cookie that an earlier one got. */
async function probeAll(prober: Prober): Promise<Line[]> {
  const lines: Line[] = [];
  const add = async (
    name: string,
    expected: Line["expected"],
    probe: Promise<ProbeResult>,
  ): Promise<void> => {
    lines.push(judge(name, expected, await probe));
  };
  await add("plain SYN", "a connection", prober.run({ kind: "plain" }));
  if (lines[0].outcome !== "ok") return lines;
  await add("request, option 34", "a cookie", prober.run({ kind: "request" }));
  const cookie = prober.knownCookie();
  if (cookie !== null) {
    const cookieAnd = { kind: "cookie", cookie } as const;
    await add("cookie, data", "data taken", prober.run(cookieAnd));
    await add("cookie, data again", "data taken", prober.run(cookieAnd));
    await add(
      "cookie, no data",
      "a connection",
      prober.run({ ...cookieAnd, data: new Uint8Array(0) }),
    );
    await add(
      "cookie, a full segment",
      "data taken",
      prober.run({ ...cookieAnd, data: fullSegment(prober) }),
    );
  }
  const request = { kind: "request", experimental: "yes" } as const;
  await add("request, option 254", "anything", prober.run(request));
  const wrong = new Uint8Array(8).fill(0x5a);
  await add(
    "wrong cookie, data",
    "a new cookie",
    prober.run({ kind: "cookie", cookie: wrong }),
  );
  for (const length of [3, 5, 2]) {
    const bad = new Uint8Array(length).fill(0x5a);
    await add(
      `cookie of ${length} bytes, data`,
      "data ignored",
      prober.run({ kind: "cookie", cookie: bad }),
    );
  }
  await add(
    "no cookie, data",
    "data ignored",
    prober.run({ kind: "cookieless" }),
  );
  return lines;
}

/** More than a SYN holds: it is filled. The request comes last, so that the server waits for all. */
function fullSegment(prober: Prober): Uint8Array {
  const text = new TextDecoder().decode(prober.data);
  const padding = `X-Padding: ${"x".repeat(1_500)}\r\n\r\n`;
  const padded = text.endsWith("\r\n\r\n")
    ? text.slice(0, -2) + padding
    : text + "x".repeat(1_500);
  return new TextEncoder().encode(padded);
}

await runProgram(NAME, main);
