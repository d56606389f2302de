/**
 * What one segment costs in memory: no kernel, no system call.
 *
 *     deno run --v8-flags=--trace-gc segment_cost.ts data|ack [--connections N] [--segments N]
 *
 * A stack is fed by a device that makes the next segment of one of N
 * connections each time it is asked: in-order segments of 1,448 bytes
 * (`data`), or bare acknowledgements that change nothing (`ack`). Checksums
 * are complete and verified; what the stack answers is thrown away. Prints one
 * JSON line.
 *
 * @module
 */
import {
  type Connection,
  createFrame,
  type Frame,
  type LinkCaps,
  type LinkDevice,
  MEDIUM_IP,
  NEVER,
  parseCidr,
  type PayloadRef,
  type Readiness,
  SeededRandom,
  Stack,
  TX_OK,
} from "../../../mod.ts";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    connections: { type: "string", default: "1" },
    segments: { type: "string", default: "2000000" },
  },
});
const mode = positionals[0] === "ack" ? "ack" : "data";
const connectionCount = Number(values.connections);
const segmentCount = Number(values.segments);

const HEADER = 20 + 32;
const DATA = mode === "data" ? 1_448 : 0;
const FIRST_PORT = 10_000;

/** Plays the peers of all connections: one packet template each, patched in place. */
class PeerDevice implements LinkDevice {
  readonly caps: LinkCaps = {
    medium: MEDIUM_IP,
    ipMtu: 1_500,
    checksumOffload: true,
    gsoMaxSize: 0,
  };
  readonly readiness: Readiness = { subscribe: () => {} };
  readonly deadline = NEVER;
  readonly #template = new Uint8Array(HEADER + DATA);
  readonly #view = new DataView(this.#template.buffer);
  readonly #nextSeq = new Int32Array(connectionCount);
  readonly #nextAck = new Int32Array(connectionCount);
  #turn = 0;
  /** SYNs still to send. */
  syns = connectionCount;
  /** Segments still to send once all are connected. */
  left = 0;
  /** Milliseconds of the peers' timestamp clock. */
  clock = 1;

  receive(frame: Frame): number {
    if (this.syns > 0) return this.#syn(frame, connectionCount - this.syns--);
    if (this.left === 0) return 0;
    this.left--;
    const i = this.#turn;
    this.#turn = (this.#turn + 1) % connectionCount;
    const length = this.#fill(i, 0x10, DATA);
    this.#nextSeq[i] += DATA;
    return this.#give(frame, length);
  }

  transmit(frame: Frame, _payload: PayloadRef | null): number {
    const view = frame.view, l4 = frame.l4;
    const flags = view.getUint8(l4 + 13);
    if ((flags & 0x12) === 0x12) {
      const i = indexOf(view, frame.l3, l4);
      this.#nextAck[i] = view.getInt32(l4 + 4) + 1 | 0;
      this.#nextSeq[i] = view.getInt32(l4 + 8);
    }
    return TX_OK;
  }

  close(): void {}

  /** The SYN of connection `i`. */
  #syn(frame: Frame, i: number): number {
    this.#nextSeq[i] = 1_000;
    return this.#give(frame, this.#fill(i, 0x02, 0));
  }

  /** Writes a segment of connection `i` into the template. Returns its length. */
  #fill(i: number, flags: number, data: number): number {
    const v = this.#view;
    const length = HEADER + data;
    v.setUint32(0, 0x45000000 | length);
    v.setUint32(4, 0);
    v.setUint32(8, 0x40060000);
    v.setUint32(12, 0x0a000000 | 0x100 + Math.floor(i / 50_000));
    v.setUint32(16, 0x0a000001);
    v.setUint16(10, ~fold(sum16(v, 0, 20)) & 0xffff);
    v.setUint16(20, FIRST_PORT + i % 50_000);
    v.setUint16(22, 80);
    v.setInt32(24, this.#nextSeq[i]);
    v.setInt32(28, this.#nextAck[i]);
    v.setUint16(32, 0x8000 | flags);
    v.setUint16(34, 65_535);
    v.setUint32(36, 0);
    if (flags & 2) {
      v.setUint32(40, 0x020405b4);
      v.setUint32(44, 0x01030307);
      v.setUint32(48, 0x04020101);
    } else {
      v.setUint32(40, 0x01010101);
      v.setUint32(44, 0x01010101);
      v.setUint32(48, 0x01010101);
    }
    const pseudo = sum16(v, 12, 8) + 6 + (length - 20);
    v.setUint16(36, ~fold(pseudo + sum16(v, 20, 32)) & 0xffff);
    return length;
  }

  #give(frame: Frame, length: number): number {
    frame.reset();
    frame.bytes.set(this.#template, frame.start);
    frame.end = frame.start + length;
    return length;
  }
}

function indexOf(view: DataView, l3: number, l4: number): number {
  const host = (view.getUint32(l3 + 16) & 0xffff) - 0x100;
  return host * 50_000 + view.getUint16(l4 + 2) - FIRST_PORT;
}

function sum16(view: DataView, offset: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i += 2) sum += view.getUint16(offset + i);
  return sum;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

const device = new PeerDevice();
const heapBefore = Deno.memoryUsage().heapUsed;
const stack = new Stack({
  random: new SeededRandom(1),
  memory: 1 << 29,
  tcp: { maxSynBacklog: 1 << 20 },
});
stack.addDevice(device, { addresses: [parseCidr("10.0.0.1/8")] }, 0);
const listener = stack.listen({ port: 80, backlog: 1 << 20 });
if (typeof listener === "number") throw new Error(`listen: ${listener}`);
const sink = createFrame(65_536).bytes;
const connections: Connection[] = [];
listener.sink = {
  handleAcceptable(from) {
    for (let c = from.accept(); c !== null; c = from.accept()) {
      connections.push(c);
      c.sink = {
        handleEvents(connection, _events, now) {
          while (connection.read(sink, 0, sink.length, now) > 0);
        },
      };
    }
  },
};
let now = 1_000;
const step = (): void => {
  now += 10;
  stack.poll(now, 64);
};
while (device.syns > 0) step();
for (let i = 0; i < 10_000; i++) step();
device.left = connectionCount;
while (connections.length < connectionCount) step();
const heapPerConnection = (Deno.memoryUsage().heapUsed - heapBefore) /
  connectionCount;
const arenaPerConnection = stack.memoryUsed / connectionCount;
device.left = Math.min(segmentCount, 300_000);
while (device.left > 0) step();
device.left = segmentCount;
const started = performance.now();
while (device.left > 0) step();
const elapsed = performance.now() - started;
console.log(JSON.stringify({
  mode,
  connections: connectionCount,
  segments: segmentCount,
  nsPerSegment: elapsed * 1e6 / segmentCount,
  heapPerConnection: Math.round(heapPerConnection),
  arenaPerConnection: Math.round(arenaPerConnection),
}));
