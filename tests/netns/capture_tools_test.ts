/**
 * What tcpdump and tshark say of our capture files.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { createCable } from "../../engine/link/cable.ts";
import { Capture } from "../../engine/link/capture.ts";
import type { CaptureFormat } from "../../engine/link/capture_format.ts";
import { MEDIUM_ETHERNET, MEDIUM_IP } from "../../engine/link/device.ts";
import { CaptureBuffer } from "../tools/capture_file.ts";
import { patternBytes, tcpFrame } from "../tools/packets.ts";

const EPOCH = 1_767_225_600e6;

/** A capture of four packets: both families, unfinished checksums, one super-segment. */
function captureSome(format: CaptureFormat, medium: number): Uint8Array {
  const sink = new CaptureBuffer();
  const [near] = createCable({ medium, gsoMaxSize: 65_535 });
  const capture = new Capture(near, { sink, format, epochOffset: EPOCH });
  for (const family of [4, 6] as const) {
    for (const length of [5, 20_000]) {
      const gsoSize = length > 1400 ? 1400 : 0;
      const payload = patternBytes(length);
      const frame = tcpFrame(
        { medium, family, payload, gsoSize, partial: true },
      );
      capture.transmit(frame, null, length);
    }
  }
  return sink.toBytes();
}

/** What a tool prints of a file, which is given to it by name. */
async function read(tool: string, args: string[], file: Uint8Array) {
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    await Deno.writeFile(path, file);
    const { stdout, stderr, code } = await new Deno.Command(tool, {
      args: ["-r", path, ...args],
      env: { TZ: "UTC" },
    }).output();
    const text = new TextDecoder();
    assertEquals(code, 0, text.decode(stderr));
    return text.decode(stdout);
  } finally {
    await Deno.remove(path);
  }
}

for (const format of ["pcap", "pcapng"] as const) {
  for (const medium of [MEDIUM_ETHERNET, MEDIUM_IP]) {
    const name = `${format} of medium ${medium}`;

    Deno.test(`tcpdump reads a ${name} and finds every checksum right`, async () => {
      const file = captureSome(format, medium);
      const text = await read("tcpdump", ["-tttt", "-n", "-vv"], file);
      assertEquals(text.match(/\(correct\)/g)?.length, 4, text);
      assertEquals(text.match(/incorrect|bad cksum|truncated/g), null, text);
      assertMatch(text, /^2026-01-01 00:00:00\.000005 IP/);
      assertMatch(text, /length 20000/);
    });

    Deno.test(`tshark reads a ${name} and has no complaint of checksum or length`, async () => {
      const file = captureSome(format, medium);
      const text = await read("tshark", [
        "-o",
        "tcp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
        "-T",
        "fields",
        "-e",
        "tcp.checksum.status",
        "-e",
        "tcp.len",
        "-e",
        "_ws.malformed",
      ], file);
      assertEquals(text.trim().split("\n").map((l) => l.trimEnd()), [
        "1\t5",
        "1\t20000",
        "1\t5",
        "1\t20000",
      ]);
    });
  }
}
