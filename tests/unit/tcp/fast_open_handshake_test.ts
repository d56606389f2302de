import { assertEquals } from "@std/assert";
import { seqAdd } from "../../../engine/tcp/seq.ts";
import { Lab, RTT } from "../../tools/fast_open_lab.ts";

Deno.test("isSynUnacked tells the end of the handshake, and is not fooled a lap later", () => {
  const lab = new Lab();
  const { tcb } = lab.open().connection;
  assertEquals(tcb.isSynUnacked, true);
  lab.pass(4 * RTT);
  assertEquals(tcb.isSynUnacked, false);
  // 2^32 bytes on, SND.UNA has the number of the SYN again.
  tcb.sndUna = tcb.iss;
  assertEquals(tcb.isSynUnacked, false);
  tcb.sndUna = seqAdd(tcb.iss, 1);
});
