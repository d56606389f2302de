/**
 * Every attempt at Fast Open has an outcome: in `info()` at both ends, and step
 * by step in the trace.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { TRACE_FAST_OPEN } from "../../engine/base/trace.ts";
import type { TraceSink } from "../../engine/base/trace.ts";
import { tcpInfo } from "../../engine/socket/info.ts";
import type { FastOpenInfo } from "../../engine/socket/info.ts";
import type { Connection } from "../../engine/tcp/connection.ts";
import { FAST_OPEN_STEPS } from "../../engine/tcp/fast_open_attempt.ts";
import { Lab, REQUEST, RTT } from "../tools/fast_open_lab.ts";

/** Steps of Fast Open with their bytes, as `step bytes`. */
class Steps implements TraceSink {
  readonly steps: string[] = [];

  record(kind: number, _connection: number, a: number, b: number): void {
    if (kind === TRACE_FAST_OPEN) this.steps.push(`${FAST_OPEN_STEPS[a]} ${b}`);
  }

  take(): string[] {
    return this.steps.splice(0);
  }
}

function tracedLab(): [Lab, Steps, Steps] {
  const lab = new Lab();
  const client = new Steps(), server = new Steps();
  lab.client.tcp.trace = client;
  lab.server.tcp.trace = server;
  return [lab, client, server];
}

function told(connection: Connection): FastOpenInfo {
  return tcpInfo(connection.tcb, 0).fastOpen!;
}

const NOTHING = {
  synData: 0,
  synDataAcked: 0,
  synRetransmits: 0,
  failure: "none",
  cookieReceived: 0,
  experimental: false,
  synDataResends: 0,
  roundTripsSaved: 0,
};

Deno.test("a cookie request and its use are told at both ends", () => {
  const [lab, client, server] = tracedLab();
  const first = lab.visit();
  assertEquals(told(first.connection), {
    ...NOTHING,
    role: "client",
    cookie: "requested",
    failure: "COOKIE_UNAVAILABLE",
    cookieReceived: 8,
  });
  assertEquals(told(lab.served[0].connection), {
    ...NOTHING,
    role: "server",
    cookie: "requested",
  });
  assertEquals(client.take(), ["requested 0", "cookie learned 8"]);
  assertEquals(server.take(), ["cookie handed out 8"]);
  const second = lab.visit();
  const whole = { synData: REQUEST.length, synDataAcked: REQUEST.length };
  const saved = { ...NOTHING, ...whole, cookie: "sent", roundTripsSaved: 1 };
  assertEquals(told(second.connection), { ...saved, role: "client" });
  assertEquals(told(lab.served[1].connection), { ...saved, role: "server" });
  assertEquals(client.take(), [
    "sent 8",
    "data acknowledged 8",
    "data confirmed 8",
  ]);
  assertEquals(server.take(), ["accepted 8"]);
});

Deno.test("a cookie that is refused is told at both ends", () => {
  const [lab, client, server] = tracedLab();
  lab.visit();
  lab.server.tcp.fastOpenKeys.rotate("1-2-3-4");
  lab.server.tcp.fastOpenKeys.rotate("5-6-7-8");
  client.take();
  server.take();
  const visit = lab.visit();
  assertEquals(told(visit.connection).failure, "DATA_NOT_ACKED");
  assertEquals(told(lab.served[1].connection).failure, "COOKIE_INVALID");
  assertEquals(client.take(), [
    "sent 8",
    "cookie learned 8",
    "data not acknowledged 0",
  ]);
  assertEquals(server.take(), ["cookie invalid 8", "cookie handed out 8"]);
});

Deno.test("a SYN that is lost, and a path that then rests, are told", () => {
  const [lab, client] = tracedLab();
  lab.visit();
  lab.visit();
  client.take();
  lab.box.rules = {
    toServer: (p) => p.isSyn && p.payload.length > 0 ? [] : [p],
  };
  const visit = lab.visit();
  assertEquals(told(visit.connection), {
    ...NOTHING,
    role: "client",
    cookie: "sent",
    synData: REQUEST.length,
    synRetransmits: 1,
    failure: "SYN_RETRANSMITTED",
  });
  assertEquals(client.take(), [
    "sent 8",
    "fallback 8",
    "data not acknowledged 0",
  ]);
  assertEquals(told(lab.visit().connection).failure, "PATH_DISABLED");
  assertEquals(client.take(), ["declined 0"]);
});

Deno.test("a queue that is full, and a SYN-ACK sent again, are told at the server", () => {
  const [lab, , server] = tracedLab();
  lab.visit();
  server.take();
  lab.listener.fastOpen!.limit = 1;
  lab.box.rules = { toClient: () => [] };
  lab.open();
  lab.open();
  lab.pass(1_000_000 + RTT);
  const [one, two] = lab.served.slice(1);
  assertEquals(told(one.connection).synRetransmits > 0, true);
  assertEquals(two, undefined, "the second is an ordinary handshake");
  assertEquals(server.take(), ["accepted 8", "queue full 1"]);
});
