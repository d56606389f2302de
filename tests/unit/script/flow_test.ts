import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Flow } from "../../script/run/flow.ts";
import type { TcpBody } from "../../script/run/packet.ts";

const IPPROTO_TCP = 6;

function segment(fields: Partial<TcpBody>): TcpBody {
  return {
    kind: "tcp",
    sourcePort: 1,
    destinationPort: 2,
    seq: 0,
    ack: 0,
    flags: 0x10,
    reserved: 0,
    window: 0,
    urgent: 0,
    options: [],
    payload: new Uint8Array(0),
    ...fields,
  };
}

function flow(local: number, remote: number, scriptLocal: number): Flow {
  const made = new Flow(IPPROTO_TCP);
  made.liveLocalIsn = local;
  made.remoteIsn = remote;
  made.scriptLocalIsn = scriptLocal;
  return made;
}

Deno.test("toLive() counts from the initial numbers after the handshake, and not in it", () => {
  const f = flow(7000, 123, 0);
  const data = f.toLive(segment({ seq: 1, ack: 1 }), false);
  assert(typeof data !== "string");
  assertEquals([data.seq, data.ack], [124, 7001]);
  const syn = f.toLive(segment({ seq: 123, ack: 1, flags: 0x12 }), false);
  assert(typeof syn !== "string");
  assertEquals([syn.seq, syn.ack], [123, 7001]);
});

Deno.test("toScript() undoes toLive() seen from the other side, for any initial numbers", () => {
  const u32 = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(fc.property(u32, u32, u32, u32, (local, remote, seq, ack) => {
    const f = flow(local, remote, 0);
    const live = f.toLive(
      segment({ seq, ack, options: [{ kind: "sack", edges: [ack, seq] }] }),
      false,
    );
    assert(typeof live !== "string");
    // What the other side sends counts the other way round.
    const back = f.toScript(segment({
      seq: live.ack,
      ack: live.seq,
      options: [{ kind: "sack", edges: [live.seq] }],
    }));
    assertEquals([back.seq, back.ack], [ack, seq]);
    assertEquals(back.options, [{ kind: "sack", edges: [seq] }]);
  }));
});

Deno.test("timestampToScript() maps by the first value, and toLive() maps echoes by value", () => {
  const f = flow(0, 0, 0);
  assertEquals(f.timestampToScript(100, 5000), 100);
  assertEquals(f.timestampToScript(200, 5103), 203);
  const echo = f.toLive(
    segment({ options: [{ kind: "TS", val: 1, ecr: 200 }] }),
    false,
  );
  assert(typeof echo !== "string");
  assertEquals(echo.options, [{ kind: "TS", val: 1, ecr: 5103 }]);
});

Deno.test("toLive() refuses an echo of nothing, unless told to interpolate", () => {
  const f = flow(0, 0, 0);
  const stray = segment({ options: [{ kind: "TS", val: 1, ecr: 150 }] });
  assert(typeof f.toLive(stray, false) === "string");
  f.timestampToScript(100, 5000);
  const scaled = f.toLive(stray, true);
  assert(typeof scaled !== "string");
  assertEquals(scaled.options, [{ kind: "TS", val: 1, ecr: 5050 }]);
});

Deno.test("toLive() leaves the echo of a SYN alone", () => {
  const syn = segment({
    flags: 0x02,
    options: [{ kind: "TS", val: 1, ecr: 0 }],
  });
  const live = flow(1, 2, 3).toLive(syn, false);
  assert(typeof live !== "string");
  assertEquals(live.options, syn.options);
});
