/**
 * A flood of SYNs from made-up addresses, as fast as the kernel delivers them:
 * transfers under way go on, a legitimate client still gets in, and what the
 * flood takes of memory is bounded.
 *
 * The rates are printed and decide nothing: a machine of two processors that
 * floods, serves and measures at once has no fair share for anybody.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { parseCidr, parseIpAddress, type TcpConn } from "../../engine/mod.ts";
import { ADDRESSES, EngineLab, eventOf, until } from "../netns/engine_lab.ts";
import { readHash } from "../netns/engine_stream.ts";
import type { Program } from "../netns/harness_program.ts";
import { patternHash } from "../netns/programs/pattern.ts";

const FLOOD = new URL("../netns/programs/flood.ts", import.meta.url);
const SINK = new URL("../netns/programs/sink.ts", import.meta.url);
const SOURCE = new URL("../netns/programs/source.ts", import.meta.url);
const PORT = 80;
const BACKLOG = 128;
/** At the most. */
const FLOOD_SECONDS = 15;
const SAMPLE_MS = 1_500;
const SOURCE_SECONDS = 6;
const CLIENT_COUNT = 5;
const CLIENT_HASH = patternHash(1, 10_000);
const SOURCES = "198.18.0.0/15";
const SECOND = { kernel: "10.11.0.1/24", engine: "10.11.0.2/24" };

const ROADS = [
  {
    name: "on the same wire",
    via: "tap0",
    target: ADDRESSES[4].engine,
    kernel: ADDRESSES[4].kernel,
  },
  {
    name: "on another wire",
    via: "tap1",
    target: "10.11.0.2",
    kernel: "10.11.0.1",
  },
] as const;

type Road = typeof ROADS[number];

for (const road of ROADS) {
  Deno.test(`a SYN flood ${road.name} stops neither transfers nor clients`, async () => {
    await using lab = await EngineLab.create({
      tools: ["ping"],
      second: SECOND,
    });
    const interfaceIndex = road.via === "tap0" ? 1 : 2;
    lab.net.stack.addRoute({
      destination: parseCidr(SOURCES),
      gateway: parseIpAddress(road.kernel),
      interfaceIndex,
    });
    const listener = lab.net.listen({ port: PORT, backlog: BACKLOG });
    const served: Promise<string>[] = [];
    void (async (): Promise<void> => {
      for await (const conn of listener) {
        served.push(readHash(conn).then((got) => got.sha256));
      }
    })();
    const transfers = await startTransfers(lab);
    const before = await rate(transfers);
    const { tcpCounters } = lab.net.stack;
    const flood = await startFlood(lab, road);
    const during = await rate(transfers);
    const clients = Array.from(
      { length: CLIENT_COUNT },
      () => lab.peerConnects(4, PORT, "write:10000", "close"),
    );
    const connected = clients.map((client) => eventOf(client, "connected"));
    // Each tries once a second or so; the flood goes on until one is in.
    await Promise.any(connected);
    const { connectionCount } = lab.net.stack;
    const cookies = tcpCounters.get("TcpExtSyncookiesSent");
    const shed = tcpCounters.get("SynloadRepliesDropped");
    flood.kill("SIGKILL");
    console.log(
      `${cookies} SYNs answered by cookies, ${shed} not; ` +
        `sending ${ratio(during[0], before[0])}; ` +
        `receiving ${ratio(during[1], before[1])}`,
    );
    assert(cookies > 100, `${cookies} cookies`);
    // The backlog and one more, the two transfers, the clients.
    assert(connectionCount <= BACKLOG + 3 + CLIENT_COUNT, `${connectionCount}`);
    await Promise.all(connected);
    for (const client of clients) await client.succeeded();
    await until("all are served", () => served.length === CLIENT_COUNT);
    assertEquals(await Promise.all(served), clients.map(() => CLIENT_HASH));
    await finish(transfers);
  });
}

/** A stream in each direction, as fast as it goes. */
interface Transfers {
  readonly sending: TcpConn;
  readonly receiving: TcpConn;
  readonly sink: Program;
  readonly source: Program;
  /** Ends our sending and resolves to the bytes sent. */
  readonly stop: () => Promise<number>;
  /** Resolves to the bytes received when the source has had enough. */
  readonly received: Promise<number>;
}

async function startTransfers(lab: EngineLab): Promise<Transfers> {
  const sink = lab.namespace.deno(SINK, "--port", "5001");
  const source = lab.namespace.deno(
    SOURCE,
    ...["--port", "5002", "--seconds", `${SOURCE_SECONDS}`],
  );
  await eventOf(sink, "listening");
  await eventOf(source, "listening");
  const sending = await lab.connect(4, 5001);
  const receiving = await lab.connect(4, 5002);
  let stopped = false;
  const written = (async (): Promise<number> => {
    const chunk = new Uint8Array(65_536);
    let byteCount = 0;
    while (!stopped) byteCount += await sending.write(chunk);
    await sending.closeWrite();
    return byteCount;
  })();
  return {
    sending,
    receiving,
    sink,
    source,
    stop: (): Promise<number> => {
      stopped = true;
      return written;
    },
    received: readHash(receiving).then(({ bytes }) => bytes),
  };
}

/** Every byte of both arrives, once the flood is over. */
async function finish(transfers: Transfers): Promise<void> {
  const { sending, receiving, sink, source } = transfers;
  const written = await transfers.stop();
  assertEquals((await eventOf(sink, "received")).bytes, written);
  const received = await transfers.received;
  receiving.close();
  assertEquals((await eventOf(source, "sent")).bytes, received);
  sending.close();
}

/** Bytes that each direction moves in a second. */
async function rate(
  { sending, receiving }: Transfers,
): Promise<readonly [number, number]> {
  const read = (): [number, number] => [
    sending.info().bytesAcked,
    receiving.info().bytesReceived,
  ];
  const [sent, received] = read();
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  const seconds = (performance.now() - from) / 1_000;
  const [sentNow, receivedNow] = read();
  return [(sentNow - sent) / seconds, (receivedNow - received) / seconds];
}

function ratio(during: number, before: number): string {
  const gigabits = (during * 8 / 1e9).toFixed(2);
  return `${gigabits} Gbit/s, ${(during / before).toFixed(2)} of before`;
}

async function startFlood(lab: EngineLab, road: Road): Promise<Program> {
  const { namespace } = lab;
  await namespace.run("ping", "-c", "1", road.target);
  const neighbours = await namespace.ip("neigh", "show", road.target);
  const mac = /lladdr (\S+)/.exec(neighbours)![1];
  const to = [road.via, mac, road.target, `${PORT}`, `${FLOOD_SECONDS}`];
  const flood = namespace.deno(FLOOD, ...to);
  await eventOf(flood, "flooding");
  return flood;
}
