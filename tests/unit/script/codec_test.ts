import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { TcpOption } from "../../script/lang/ast.ts";
import { decodePacket, encodePacket } from "../../script/run/codec.ts";
import { decodeOptions, encodeOptions } from "../../script/run/option_codec.ts";
import type { Packet, TcpBody } from "../../script/run/packet.ts";
import { showPacket } from "../../script/run/show.ts";

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = (max: number) => fc.uint8Array({ minLength: 0, maxLength: max });

const option: fc.Arbitrary<TcpOption> = fc.oneof(
  fc.constant<TcpOption>({ kind: "nop" }),
  fc.constant<TcpOption>({ kind: "sackOK" }),
  u16.map((value): TcpOption => ({ kind: "mss", value })),
  fc.integer({ min: 0, max: 255 }).map((value): TcpOption => ({
    kind: "wscale",
    value,
  })),
  fc.tuple(u32, u32).map(([val, ecr]): TcpOption => ({ kind: "TS", val, ecr })),
  fc.tuple(u32, u32).map((edges): TcpOption => ({ kind: "sack", edges })),
  fc.tuple(bytes(4), fc.boolean()).map(([cookie, experimental]): TcpOption => ({
    kind: "FO",
    cookie,
    experimental,
  })),
);

const tcp: fc.Arbitrary<TcpBody> = fc.record({
  kind: fc.constant("tcp" as const),
  sourcePort: u16,
  destinationPort: u16,
  seq: u32,
  ack: u32,
  flags: fc.integer({ min: 0, max: 0x1ff }),
  reserved: fc.integer({ min: 0, max: 7 }),
  window: u16,
  urgent: u16,
  options: fc.array(option, { maxLength: 3 }),
  payload: bytes(100),
});

function envelope(version: 4 | 6): Omit<Packet, "body"> {
  const isIpv4 = version === 4;
  return {
    version,
    source: isIpv4 ? "192.0.2.1" : "2001:db8::1",
    destination: isIpv4 ? "192.168.0.1" : "fd3d:a0b:17d6::1",
    trafficClass: 0x2,
    flowLabel: isIpv4 ? 0 : 0x12345,
    hopLimit: 64,
  };
}

Deno.test("decodePacket() gives back every segment encodePacket() makes, padding apart", () => {
  fc.assert(
    fc.property(
      tcp,
      fc.constantFrom(4 as const, 6 as const),
      (body, version) => {
        const packet: Packet = { ...envelope(version), body };
        const decoded = decodePacket(encodePacket(packet));
        assert(typeof decoded !== "string", String(decoded));
        assert(decoded.body.kind === "tcp");
        const options = decoded.body.options.slice(0, body.options.length);
        assert(
          decoded.body.options.slice(body.options.length).every(({ kind }) =>
            kind === "eol"
          ),
        );
        assertEquals(
          { ...decoded, body: { ...decoded.body, options } },
          packet,
        );
      },
    ),
  );
});

Deno.test("decodePacket() notices any flipped bit of a segment", () => {
  const body: TcpBody = {
    kind: "tcp",
    sourcePort: 1,
    destinationPort: 2,
    seq: 3,
    ack: 4,
    flags: 0x10,
    reserved: 0,
    window: 5,
    urgent: 0,
    options: [],
    payload: Uint8Array.of(1, 2, 3),
  };
  const good = encodePacket({ ...envelope(4), body });
  for (let bit = 0; bit < good.length * 8; bit++) {
    // One bit makes an IPv6 packet of it, whose header has no checksum.
    if (bit === 5) continue;
    const bad = good.slice();
    bad[bit >> 3] ^= 1 << (bit & 7);
    const decoded = decodePacket(bad);
    assert(
      typeof decoded === "string",
      `bit ${bit}: ${JSON.stringify(decoded)}`,
    );
  }
});

Deno.test("decodePacket() never throws, whatever the bytes", () => {
  fc.assert(fc.property(bytes(120), (garbage) => {
    const decoded = decodePacket(garbage);
    if (typeof decoded !== "string") showPacket(decoded);
  }));
});

Deno.test("encodeOptions() and decodeOptions() agree on the order and kind of options", () => {
  fc.assert(fc.property(fc.array(option, { maxLength: 6 }), (options) => {
    assertEquals(
      decodeOptions(Uint8Array.from(encodeOptions(options))),
      options,
    );
  }));
});

Deno.test("decodeOptions() stops at nonsense and says so", () => {
  assertEquals(decodeOptions(Uint8Array.of(1, 2, 0)), [
    { kind: "nop" },
    { kind: "unsupported", text: "malformed option 2 length 0" },
  ]);
  assertEquals(decodeOptions(Uint8Array.of(2, 4, 5))[0].kind, "unsupported");
});

Deno.test("showPacket() writes what a script would", () => {
  const text = showPacket({
    ...envelope(4),
    trafficClass: 3,
    body: {
      kind: "tcp",
      sourcePort: 1,
      destinationPort: 2,
      seq: 1,
      ack: 9,
      flags: 0x18,
      reserved: 0,
      window: 100,
      urgent: 0,
      options: [{ kind: "nop" }, { kind: "nop" }, {
        kind: "sack",
        edges: [1, 2, 3, 4],
      }],
      payload: new Uint8Array(10),
    },
  });
  assertEquals(text, "[ce] P. 1:11(10) ack 9 win 100 <nop,nop,sack 1:2 3:4>");
});
