/**
 * A congestion controller of your own, beside those that come with the engine.
 *
 *     deno run examples/congestion.ts [--trace]
 *
 * It is an object with seven methods, told of acknowledgements, samples and
 * losses, that moves `cwnd` and `ssthresh`; loss recovery stays the engine's.
 * This one, in the manner of TCP Vegas, compares the round trip with the
 * lowest it has seen and keeps between two and four segments waiting in the
 * bottleneck; pacing keeps its own bursts from looking like a queue. Each
 * controller sends for four seconds of virtual time through 10 Mbit/s, 40 ms
 * and a buffer of 64 KiB; the window is drawn every 200 ms.
 * `--trace` prints what the engine did in the first 200 ms instead.
 *
 * @module
 */
import {
  type Connection,
  createCable,
  createCubic,
  createNewReno,
  FaultInjector,
  MILLISECOND,
  parseCidr,
  parseIpAddress,
  SECOND,
  SeededRandom,
  slowStart,
  Stack,
  tcpTraceText,
  TraceLog,
} from "../mod.ts";
import type { CongestionControl, CongestionState, Micros } from "../mod.ts";

/** Segments of our own that may wait in the bottleneck: grow below the first, shrink above the second. */
const FEW = 2, MANY = 4;

/** Made for each connection; keeps when it last decided. */
function createPatient(): CongestionControl {
  let nextAt: Micros = 0;
  return {
    name: "patient",
    start(): void {},
    onAck(state: CongestionState, acked: number, now: Micros): void {
      const waiting = state.cwnd * (1 - state.minRtt / state.srtt);
      if (state.cwnd < state.ssthresh && waiting < FEW) {
        slowStart(state, acked);
        return;
      }
      if (now < nextAt) return; // decides once a round trip
      nextAt = now + state.srtt;
      state.ssthresh = Math.min(state.ssthresh, state.cwnd);
      if (waiting < FEW) state.cwnd += 1;
      else if (waiting > MANY) state.cwnd = Math.max(2, state.cwnd - 1);
    },
    onRttSample(): void {},
    onLoss: (state: CongestionState): number => Math.max(2, state.cwnd >> 1),
    onUndo(): void {},
    onTimeout(): void {},
    onRestart(): void {},
  };
}

/** Sends until `until` over a fresh wire; `look` is called every 200 ms. Returns the connection. */
function run(
  congestionControl: () => CongestionControl,
  until: Micros,
  trace: TraceLog | null,
  look: (connection: Connection) => void,
): Connection {
  const [left, right] = createCable();
  const wire = new FaultInjector(left, {
    random: new SeededRandom(1),
    tx: { bitsPerSecond: 10e6, bufferSize: 65_536, delay: 20 * MILLISECOND },
    rx: { delay: 20 * MILLISECOND },
  });
  const client = new Stack({
    random: new SeededRandom(1),
    ...(trace === null ? {} : { trace }),
  });
  const server = new Stack({ random: new SeededRandom(2) });
  client.addDevice(wire, { addresses: [parseCidr("10.0.0.1/24")] }, 0);
  server.addDevice(right, { addresses: [parseCidr("10.0.0.2/24")] }, 0);

  const bytes = new Uint8Array(65_536);
  const listener = server.listen({ port: 80 });
  const connection = client.connect({
    remote: parseIpAddress("10.0.0.2"),
    remotePort: 80,
    options: { congestionControl, pacing: true },
    sink: {
      handleEvents(source, _events, now): void {
        while (source.write(bytes, 0, bytes.length, now) > 0);
      },
    },
  }, 0);
  if (typeof connection === "number" || typeof listener === "number") {
    throw new Error(`the stacks said ${connection} and ${listener}`);
  }
  listener.sink = {
    handleAcceptable(ready): void {
      const accepted = ready.accept();
      if (accepted !== null) accepted.sink = { handleEvents: drain };
    },
  };

  for (let now = 0, lookAt = 0; now <= until;) {
    if (client.poll(now, 64) + server.poll(now, 64) > 0) continue;
    if (now >= lookAt) {
      look(connection);
      lookAt += 200 * MILLISECOND;
    }
    now = Math.max(now, Math.min(client.deadline, server.deadline, lookAt));
  }
  return connection;

  function drain(reader: Connection, _events: number, now: Micros): void {
    while (reader.read(bytes, 0, bytes.length, now) > 0);
  }
}

if (Deno.args.includes("--trace")) {
  const log = new TraceLog(10_000, tcpTraceText);
  run(createPatient, SECOND / 5, log, () => {});
  console.log(log.format());
} else {
  for (const create of [createPatient, createCubic, createNewReno]) {
    console.log(`\n${create().name}: segments in flight at most`);
    const { tcb } = run(create, 4 * SECOND, null, ({ tcb: { cwnd } }) => {
      console.log(`${String(cwnd).padStart(4)} ${"#".repeat(cwnd)}`);
    });
    const { bytesAcked, totalRetrans, srtt } = tcb;
    const megabits = bytesAcked * 8 / 4e6;
    console.log(
      `${megabits.toFixed(1)} Mbit/s, ${totalRetrans} sent again, ${
        (srtt / MILLISECOND).toFixed(0)
      } ms`,
    );
  }
}
