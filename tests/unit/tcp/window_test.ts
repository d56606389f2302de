/** The peer's window: what is taken for it, what it lets go, and what happens when it is shut. */
import { assertEquals } from "@std/assert";
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
