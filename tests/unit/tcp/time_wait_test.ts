/** TIME-WAIT: how long it lasts, what ends it, what it counts. */
import { assertEquals } from "@std/assert";
import { Peer } from "../../tools/sim_peer.ts";

const SECOND = 1_000_000;

Deno.test("enterTimeWait() holds the connection for 2 MSL, then it is gone", () => {
  const peer = new Peer().reach("TIME-WAIT");
  peer.do((c, now) => c.close(now));
  assertEquals(peer.stack.tcp.timeWaitCount, 1);
  peer.pass(59 * SECOND);
  assertEquals([peer.state, peer.stack.connectionCount], ["TIME-WAIT", 1]);
  peer.pass(2 * SECOND);
  assertEquals([peer.state, peer.stack.connectionCount], ["CLOSED", 0]);
  assertEquals(peer.stack.tcp.timeWaitCount, 0);
});

Deno.test("restartTimeWait() acknowledges the FIN that comes again and waits anew", () => {
  const peer = new Peer().reach("TIME-WAIT");
  peer.pass(50 * SECOND);
  peer.send({ flags: "F.", seq: 1, ack: 2 });
  assertEquals(peer.only().ack, 2);
  peer.pass(50 * SECOND);
  assertEquals(peer.state, "TIME-WAIT");
  peer.pass(11 * SECOND);
  assertEquals(peer.state, "CLOSED");
});

Deno.test("a RST does not end TIME-WAIT unless RFC 1337 is off, and the count stays right", () => {
  const on = new Peer().reach("TIME-WAIT");
  on.send({ flags: "R", seq: 2 });
  assertEquals([on.state, on.stack.tcp.timeWaitCount], ["TIME-WAIT", 1]);
  const off = new Peer({ tcp: { rfc1337: false } }).reach("TIME-WAIT");
  off.send({ flags: "R", seq: 2 });
  assertEquals([off.state, off.stack.tcp.timeWaitCount], ["CLOSED", 0]);
});

Deno.test("abort() in TIME-WAIT ends it without a RST", () => {
  const peer = new Peer().reach("TIME-WAIT");
  peer.do((c, now) => c.abort(now));
  peer.silence();
  assertEquals([peer.state, peer.stack.tcp.timeWaitCount], ["CLOSED", 0]);
});

Deno.test("enterTimeWait() skips the wait when too many wait already", () => {
  const peer = new Peer({ tcp: { maxTimeWait: 0 } });
  peer.openActive();
  peer.do((c, now) => c.shutdownSend(now));
  peer.take();
  peer.send({ flags: "F." });
  assertEquals(peer.state, "CLOSED");
  assertEquals(peer.stack.tcpCounters.get("TcpExtTCPTimeWaitOverflow"), 1);
  assertEquals(peer.stack.tcp.timeWaitCount, 0);
});

/** The server side in TIME-WAIT: it closed first. Its listener still listens. */
function servedAndClosed(): Peer {
  const peer = new Peer().openPassive();
  peer.do((c, now) => c.close(now));
  peer.take();
  peer.send({ flags: "F." });
  peer.take();
  return peer;
}

Deno.test("a newer SYN reopens a connection in TIME-WAIT when somebody listens", () => {
  const peer = servedAndClosed();
  assertEquals(peer.state, "TIME-WAIT");
  const old = peer.live;
  peer.send({ flags: "S", seq: 100_000, ack: 0, mss: 1460 });
  assertEquals(peer.only().flags, "S.");
  assertEquals([old.stateName, old.abortReason], ["CLOSED", 0]);
  assertEquals(peer.stack.tcp.timeWaitCount, 0);
  assertEquals(peer.stack.tcp.orphanCount, 0);
});

Deno.test("an older SYN gets an acknowledgement from TIME-WAIT, not a connection", () => {
  const peer = servedAndClosed();
  peer.send({ flags: "S", seq: -100_000, ack: 0, mss: 1460 });
  assertEquals(peer.only().flags, ".");
  assertEquals(peer.state, "TIME-WAIT");
});

Deno.test("a newer SYN leaves TIME-WAIT alone when nobody listens", () => {
  const peer = servedAndClosed();
  peer.stack.closeListener(peer.listener!, peer.sim.now);
  peer.send({ flags: "S", seq: 100_000, ack: 0, mss: 1460 });
  assertEquals(peer.only().flags, ".");
  assertEquals(peer.state, "TIME-WAIT");
});
