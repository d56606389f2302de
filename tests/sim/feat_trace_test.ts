/** What can be observed: the trace, the counters, the figures of one connection. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TraceLog } from "../../engine/base/trace.ts";
import { tcpTraceText } from "../../engine/tcp/trace_text.ts";
import { Pair } from "../tools/sim.ts";
import { converse, finish } from "../tools/sim_app.ts";

/** Lines of the client's trace of a transfer over a wire that loses the packets `lost`, and the last one's last copy. */
function traced(lost: readonly number[], length = 100_000): string[] {
  const pair = new Pair({
    delay: 10_000,
    toServer: { dropIf: (_frame, index) => lost.includes(index) },
  });
  const log = new TraceLog(100_000, tcpTraceText);
  pair.client.tcp.trace = log;
  const server = { shutdown: "after peer" } as const;
  finish(converse(pair, { client: { send: length }, server }));
  pair.sim.pass(120e6);
  return log.format().split("\n").map((line) => line.replace(/^\S+ /, ""));
}

/** What of `lines` is about `kind`, without connection and kind. */
function about(lines: readonly string[], kind: string): string[] {
  const begin = `#0 ${kind} `;
  return lines.filter((line) => line.startsWith(begin))
    .map((line) => line.slice(begin.length));
}

Deno.test("a trace names every state a connection passes through", () => {
  assertEquals(about(traced([]), "state"), [
    "CLOSED > SYN-SENT",
    "SYN-SENT > ESTABLISHED",
    "ESTABLISHED > FIN-WAIT-1",
    "FIN-WAIT-1 > FIN-WAIT-2",
    "FIN-WAIT-2 > TIME-WAIT",
    "TIME-WAIT > CLOSED",
  ]);
});

Deno.test("a trace tells of round trips, timeouts, windows, recovery, rules, timers and events", () => {
  const lines = traced([12]);
  assertMatch(about(lines, "rtt")[0], /^20000 µs srtt 20000 µs$/);
  assert(about(lines, "rto").includes("220000 µs backoff 0"));
  const windows = about(lines, "window");
  assertEquals(windows[0], "cwnd 10 ssthresh Infinity");
  assert(windows.some((w) => !w.endsWith("Infinity")), "ssthresh never fell");
  const recovery = about(lines, "recovery").map((r) => r.split(" ")[0]);
  assert(recovery.includes("recovery"), `${recovery}`);
  assertEquals(recovery.at(-1), "open");
  assert(about(lines, "rule").includes("R_SYN_SENT_ESTABLISHED"));
  assertEquals(about(lines, "retransmit").length, 1);
  assertEquals(about(lines, "timer"), ["TIME_WAIT"]);
  assertEquals(about(lines, "event")[0], "connected writable");
});

Deno.test("a retransmission timeout shows as timer, doubled timeout and loss", () => {
  // The only data segment and both its probe and first repetition are lost.
  const lines = traced([2, 3, 4], 500);
  const timers = about(lines, "timer");
  assert(timers.includes("RETRANSMIT"), `${timers}`);
  assert(about(lines, "rto").some((r) => r.endsWith("backoff 1")));
  assert(about(lines, "recovery").some((r) => r.startsWith("loss")));
});

Deno.test("Stack.counters() lists TCP, IP, ICMP, UDP and the rules under their names", () => {
  const pair = new Pair({ delay: 1_000 });
  finish(converse(pair, { client: { send: 10_000 } }));
  const counters = pair.client.counters();
  assertEquals(counters.TcpActiveOpens, 1);
  assertEquals(counters.TcpExtTCPOrigDataSent, 7);
  assertEquals(counters.IpOutRequests, counters.TcpOutSegs);
  assertEquals(counters.IpInDelivers, counters.TcpInSegs);
  assertEquals(counters.R_SYN_SENT_ESTABLISHED, 1);
  for (const name of ["IcmpInMsgs", "UdpInDatagrams", "Udp6NoPorts"]) {
    assertEquals(counters[name], 0, name);
  }
});
