/**
 * What one round of a stack may cost while others wait: a flood gets few
 * answers a round, and sending leaves time to receive.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type CableOptions,
  createCable,
  parseCidr,
  parseIpAddress,
  SeededRandom,
  Stack,
  type StackOptions,
} from "../../engine/mod.ts";

const REMOTE = parseIpAddress("10.0.0.2");
const BUDGET = 64;

/** Two stacks on a cable, the right one listening on port 80. */
function createStacks(
  backlog: number,
  tcp: NonNullable<StackOptions["tcp"]>,
  cable: CableOptions = {},
): [Stack, Stack] {
  const [left, right] = createCable({ frameCount: 1_024, ...cable });
  const client = new Stack({ random: new SeededRandom(1), tcp });
  const server = new Stack({ random: new SeededRandom(2), tcp });
  client.addDevice(left, { addresses: [parseCidr("10.0.0.1/24")] }, 0);
  server.addDevice(right, { addresses: [parseCidr("10.0.0.2/24")] }, 0);
  assert(typeof server.listen({ port: 80, backlog }) !== "number");
  // Meet first, so that no later packet waits for a hardware address.
  assert(typeof connect(client, 0) !== "number");
  for (let now = 0; now < 1_000; now += 100) pollBoth(client, server, now);
  return [client, server];
}

function connect(client: Stack, now: number): ReturnType<Stack["connect"]> {
  return client.connect({ remote: REMOTE, remotePort: 80 }, now);
}

function pollBoth(client: Stack, server: Stack, now: number): void {
  client.poll(now, BUDGET);
  server.poll(now, BUDGET);
}

/** Has `count` SYNs wait at the server. */
function sendSyns(client: Stack, count: number, now: number): void {
  for (let i = 0; i < count; i++) connect(client, now);
  for (let i = 0; i < count; i += BUDGET) client.poll(now, BUDGET);
}

Deno.test("poll() answers sixteen SYNs by cookies and forgets the rest", () => {
  const [client, server] = createStacks(128, { synCookies: 2 });
  const counters = server.tcpCounters;
  const before = counters.get("TcpExtSyncookiesSent");
  sendSyns(client, BUDGET, 1_000);
  server.poll(1_000, BUDGET);
  assertEquals(counters.get("TcpExtSyncookiesSent") - before, 16);
  assertEquals(counters.get("SynloadRepliesDropped"), BUDGET - 16);
  // Those who were forgotten try again and get in.
  for (let now = 1_000; now < 20_000_000; now += 100_000) {
    pollBoth(client, server, now);
  }
  assertEquals(server.connectionCount, BUDGET + 1);
});

Deno.test("cookies begin when more handshakes are under way than the backlog", () => {
  const backlog = 4;
  const [client, server] = createStacks(backlog, {});
  sendSyns(client, 10, 1_000);
  server.poll(1_000, BUDGET);
  const counters = server.tcpCounters;
  assertEquals(counters.get("TcpExtSyncookiesSent"), 10 - (backlog + 1));
  assertEquals(counters.get("TcpExtTCPReqQFullDoCookies"), 10 - (backlog + 1));
});

Deno.test("poll() sends eight super-segments before it receives again", () => {
  const length = 4 << 20;
  const buffer = { min: 4_096, initial: length, max: length };
  const [client, server] = createStacks(
    128,
    { initialCwnd: 10_000, sendBuffer: buffer, receiveBuffer: buffer },
    { gsoMaxSize: 65_535 },
  );
  const made = connect(client, 1_000);
  assert(typeof made !== "number");
  for (let now = 1_000; now < 2_000; now += 100) pollBoth(client, server, now);
  // The window of a SYN-ACK has 16 bits; the first acknowledgement shows all of it.
  made.write(new Uint8Array(1_000), 0, 1_000, 2_000);
  for (let now = 2_000; now < 3_000; now += 100) pollBoth(client, server, now);
  const before = made.tcb.dataSegmentsOut;
  made.write(new Uint8Array(length / 2), 0, length / 2, 3_000);
  client.poll(3_000, BUDGET);
  const sent = made.tcb.dataSegmentsOut - before;
  const largest = Math.floor(65_000 / made.tcb.mss);
  assert(sent > 4 * largest && sent <= 8 * (largest + 1), `${sent} segments`);
});
