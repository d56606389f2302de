import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  DESTINATION4,
  DESTINATION6,
  icmpv4,
  ipv4,
  ipv6,
  SOURCE4,
  SOURCE6,
} from "../../tools/packet_builder.ts";
import { datagram, openBox, UdpBench } from "../../tools/udp_bench.ts";

const port = fc.constantFrom(0, 7, 8, 65_535);
const payload = fc.uint8Array({ maxLength: 64 });

/** A good datagram with some of its bytes replaced and its end cut off or extended. */
const damaged = fc.record({
  isV4: fc.boolean(),
  remotePort: port,
  localPort: port,
  payload,
  changes: fc.array(
    fc.tuple(fc.nat({ max: 80 }), fc.integer({ min: 0, max: 255 })),
    { maxLength: 3 },
  ),
  keep: fc.nat({ max: 90 }),
});

Deno.test("whatever follows an IP header is delivered, refused or counted, once", () => {
  fc.assert(
    fc.property(fc.array(damaged, { maxLength: 20 }), (packets) => {
      const bench = new UdpBench();
      const { box } = openBox(bench.stack, { port: 7 });
      for (const packet of packets) {
        const { isV4, remotePort, localPort, changes, keep } = packet;
        const source = isV4 ? SOURCE4 : SOURCE6;
        const target = isV4 ? DESTINATION4 : DESTINATION6;
        const bytes = datagram(
          source,
          target,
          remotePort,
          localPort,
          packet.payload,
        );
        for (const [at, value] of changes) {
          if (at < bytes.length) bytes[at] = value;
        }
        const part = bytes.slice(0, keep);
        bench.put(isV4 ? ipv4(17, part) : ipv6(17, part));
      }
      bench.poll();
      const { udpCounters: c } = bench.stack;
      for (const udp of ["Udp", "Udp6"]) {
        const isV4 = udp === "Udp";
        const all = packets.filter((packet) => packet.isV4 === isV4).length;
        assertEquals(
          c.get(`${udp}InDatagrams`) + c.get(`${udp}NoPorts`) +
            c.get(`${udp}InErrors`),
          all,
        );
        assert(c.get(`${udp}InCsumErrors`) <= c.get(`${udp}InErrors`));
      }
      assertEquals(
        box.letters.length,
        c.get("UdpInDatagrams") + c.get("Udp6InDatagrams"),
      );
    }),
    { numRuns: 200 },
  );
});

Deno.test("whatever an ICMP error quotes is an error of that socket's, or nothing", () => {
  const quote = fc.uint8Array({ maxLength: 48 });
  fc.assert(
    fc.property(fc.array(quote, { maxLength: 10 }), (quotes) => {
      const bench = new UdpBench();
      const { box } = openBox(bench.stack, { port: 7 });
      let valid = 0;
      for (const bytes of quotes) {
        const inner = ipv4(17, bytes, {
          source: DESTINATION4,
          destination: SOURCE4,
        });
        if (bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 7) valid++;
        bench.put(ipv4(1, icmpv4(3, 3, 0, inner)));
      }
      const known = ipv4(17, Uint8Array.of(0, 7, 1, 2, 0, 8, 0, 0), {
        source: DESTINATION4,
        destination: SOURCE4,
      });
      bench.put(ipv4(1, icmpv4(3, 3, 0, known)));
      bench.poll();
      assertEquals(box.errors.length, Math.min(8, valid + 1));
      assertEquals(box.errors.at(-1)?.remotePort, 258);
    }),
    { numRuns: 100 },
  );
});
