/** The peer's window: what is taken for it, what it lets go, and what happens when it is shut. */
import { assertEquals } from "@std/assert";
import { seqToU32 } from "../../../engine/tcp/seq.ts";
import { Peer, shorthand } from "../../tools/sim_peer.ts";

Deno.test("updateWindow() takes the window of a SYN-ACK unscaled", () => {
  const peer = new Peer({ syn: { scale: 7 } });
  peer.connect();
  peer.only();
  peer.send({
    flags: "S.",
    seq: 0,
    window: 1_000,
    mss: 1460,
    scale: 7,
    sackOk: true,
  });
  peer.take();
  peer.write(10_000);
  assertEquals(peer.live.tcb.sndWnd, 1_000);
  assertEquals(shorthand(peer.take()), [". 1:1001 ack 1"]);
});

Deno.test("a window that was shut for a minute leaves no backed-off timer behind", () => {
  const peer = new Peer().openPassive();
  peer.write(1460);
  peer.take();
  peer.pass(10_000);
  peer.send({ window: 0 });
  peer.write(20_000);
  peer.silence();
  // The peer answers each probe with its closed window.
  for (let i = 0; i < 60; i++) {
    peer.pass(1_000_000);
    for (const _probe of peer.take()) peer.send({ window: 0 });
  }
  assertEquals(peer.state, "ESTABLISHED");
  peer.send({ window: 1460 });
  const first = peer.only();
  peer.pass(600_000);
  const again = peer.take();
  assertEquals(again.length > 0, true, "it was not sent again");
  assertEquals(again[0].seq, first.seq);
});

Deno.test("a peer whose window stays below half its largest gets what fits, not silence", () => {
  const peer = new Peer().openPassive();
  peer.write(1460);
  peer.take();
  peer.send({ window: 500 });
  peer.write(2_000);
  // RFC 9293 §3.8.6.2.1 SHLD-28: the silly piece waits, but not for ever.
  peer.silence();
  peer.pass(2_000_000);
  assertEquals(shorthand(peer.take())[0], ". 1461:1961 ack 1");
});

Deno.test("takeInOrder() keeps the promise of a rounded window without letting the buffer grow", () => {
  const peer = new Peer().openActive((c) => {
    c.tcb.rcvBuf.limit = 10_001;
    c.tcb.rcvBufAuto = false;
  });
  const { tcb } = peer.live;
  for (let i = 0; i < 200; i++) {
    const open = tcb.rcvWup === tcb.rcvNxt ? tcb.rcvWnd : 0;
    peer.send({ data: Math.min(1460, Math.max(1, open)) });
    peer.take();
    if (i % 3 === 0) peer.read(1460);
    peer.take();
  }
  assertEquals(tcb.rcvBuf.limit, 10_001);
  assertEquals(tcb.rcvBuf.length <= 10_001 + 128, true, `${tcb.rcvBuf.length}`);
});

Deno.test("selectWindow() never takes back a unit of what was offered, and keeps what it promised", () => {
  const peer = new Peer().openPassive();
  let edge = 0;
  for (let i = 0; i < 300; i++) {
    peer.send({ data: 1 + (i * 37) % 1460 });
    if (i % 5 === 0) peer.read(1 + (i * 101) % 3000);
    for (const seen of peer.take()) {
      const next = seen.ack + (seen.window << 7);
      // RFC 7323 §2.4: a scaled window may come back by less than its unit.
      assertEquals(next > edge - 128, true, `edge ${edge} to ${next}`);
      edge = Math.max(edge, next);
    }
  }
  const { tcb } = peer.live;
  assertEquals(seqToU32(tcb.rcvWndEnd) - peer.isn | 0, edge);
});

Deno.test("selectWindow() shuts the window on a peer that sends byte by byte what nobody reads", () => {
  const peer = new Peer().openActive((c) => {
    c.tcb.rcvBuf.limit = 2_000;
    c.tcb.rcvBufAuto = false;
  });
  for (let i = 0; i < 5_000; i++) {
    peer.inject({ seq: 1 + i, data: 1 });
    if (i % 20 === 0) peer.pass(0);
  }
  peer.pass(0);
  assertEquals(peer.live.tcb.rcvBuf.length < 2_000 + 128, true);
  assertEquals(peer.take().at(-1)!.window, 0);
});

Deno.test("write() sends within the window, whatever it is", () => {
  for (const window of [1, 100, 1459, 1460, 1461, 20_000]) {
    const peer = new Peer({ syn: { window } }).openActive();
    peer.write(40_000);
    for (const seen of peer.take()) {
      assertEquals(seen.seq + seen.length <= 1 + window, true, `${window}`);
    }
  }
});
