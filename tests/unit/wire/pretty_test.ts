import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { prettyPacket } from "../../../engine/wire/pretty.ts";
import { hex } from "../../tools/packet_builder.ts";
import { OTHER_PACKETS, TCP_PACKETS } from "../../tools/sample_packets.ts";

const SAMPLES = { ...TCP_PACKETS, ...OTHER_PACKETS };

/** Lines as tcpdump 4.99.3 prints them; the whole table is compared in tests/netns. */
const LINES: Readonly<Record<string, string>> = {
  "SYN with Linux's options":
    "IP 10.0.0.2.40000 > 10.0.0.1.7: Flags [S], seq 123, win 64240, options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7], length 0",
  "Fast Open cookie request":
    "IP 10.0.0.2.40000 > 10.0.0.1.7: Flags [S], seq 123, win 64240, options [mss 1460,nop,nop,sackOK,nop,wscale 8,tfo  cookiereq,nop,nop], length 0",
  "Fast Open SYN with cookie and data":
    "IP 10.0.0.2.40000 > 10.0.0.1.7: Flags [S], seq 123:128, win 64240, options [mss 1460,nop,nop,sackOK,tfo  cookie 00abaaabe8e954c2,nop,nop], length 5",
  "data across the wrap":
    "IP 10.0.0.2.40000 > 10.0.0.1.7: Flags [P.], seq 4294967294:3, ack 7, win 64240, length 5",
  "one SACK block":
    "IP 10.0.0.2.40000 > 10.0.0.1.7: Flags [.], ack 7, win 64240, options [nop,nop,sack 1 {100:200}], length 0",
  "TCP cut short":
    "IP truncated-ip - 10 bytes missing! 10.0.0.2.40000 > 10.0.0.1.7:  [|tcp]",
  "TCP over IPv6":
    "IP6 fd00::2.40000 > fd00::1.7: Flags [S], seq 123:128, win 64240, length 5",
  "later IPv6 fragment": "IP6 fd00::2 > fd00::1: frag (1448|40)",
  "who-has": "ARP, Request who-has 10.0.0.1 tell 10.0.0.2, length 28",
  "is-at": "ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02, length 28",
  "UDP port unreachable":
    "IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.1 udp port 9 unreachable, length 36",
  "neighbour solicitation":
    "IP6 fd00::2 > fd00::1: ICMP6, neighbor solicitation, who has fd00::9, length 32",
};

Deno.test("prettyPacket() prints tcpdump's line", () => {
  for (const [name, line] of Object.entries(LINES)) {
    const packet = SAMPLES[name];
    assertEquals(prettyPacket(packet, 0, packet.length, 1), line, name);
  }
});

Deno.test("prettyPacket() reads bare IP by its first nibble", () => {
  const ip = (name: string): string => {
    const packet = SAMPLES[name];
    return prettyPacket(packet, 14, packet.length - 14, 2);
  };
  assertEquals(ip("TCP over IPv6"), LINES["TCP over IPv6"]);
  assertEquals(ip("one SACK block"), LINES["one SACK block"]);
  assertEquals(prettyPacket(hex("00"), 0, 1, 2), "unknown ip 0");
  assertEquals(prettyPacket(hex(""), 0, 0, 2), "[|ip]");
});

Deno.test("prettyPacket() reads nothing outside [offset, offset + length)", () => {
  const packet = SAMPLES["Fast Open SYN with cookie and data"];
  const wide = new Uint8Array(packet.length + 20).fill(0xee);
  wide.set(packet, 7);
  for (let length = 0; length <= packet.length; length++) {
    assertEquals(
      prettyPacket(wide, 7, length, 1),
      prettyPacket(packet.slice(0, length), 0, length, 1),
    );
  }
});

Deno.test("prettyPacket() clamps an offset and a length that are not in the bytes", () => {
  const packet = SAMPLES["UDP"];
  const line = prettyPacket(packet, 0, packet.length, 1);
  assertEquals(prettyPacket(packet, 0, 1e9, 1), line);
  assertEquals(prettyPacket(packet, -5, Infinity, 1), line);
  assertEquals(prettyPacket(packet, 1e9, 5, 1), "[|ether]");
  assertEquals(prettyPacket(packet, NaN, NaN, 1), "[|ether]");
  assertEquals(prettyPacket(packet, 0, -1, 1), "[|ether]");
});

Deno.test("prettyPacket() prints one line for samples cut and changed in any way", () => {
  const names = Object.keys(SAMPLES);
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.nat(200),
      fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 6 }),
      (name, cut, changes) => {
        const packet = SAMPLES[name].slice(0, SAMPLES[name].length - cut);
        for (const [at, value] of changes) {
          if (at < packet.length) packet[at] = value;
        }
        for (const medium of [1, 2]) {
          const line = prettyPacket(packet, 0, packet.length, medium);
          assert(line.length > 0 && !line.includes("\n"), line);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
