/**
 * Two stacks, a cable and a clock of their own: no permission, no waiting.
 *
 *     deno run examples/two_stacks.ts
 *
 * The engine knows no time but what it is told. Here a loop tells both stacks
 * to do what is due and moves the clock to whatever is due next, so ten
 * seconds pass in as long as the computation takes, and the same seed gives
 * the same packets. A megabyte goes through a link of 10 Mbit/s and 20 ms,
 * of which one packet in a hundred is lost; the first packets are printed.
 *
 * @module
 */
import {
  type Connection,
  createCable,
  type EventSink,
  FaultInjector,
  type Listener,
  type Micros,
  MILLISECOND,
  parseCidr,
  parseIpAddress,
  SECOND,
  SeededRandom,
  Stack,
  Tracer,
} from "../mod.ts";

const LENGTH = 1_000_000;
const LINES = 12;
const BUDGET = 64;
const PORT = 80;

/** Writes {@linkcode LENGTH} bytes and closes. */
class Source implements EventSink {
  #left = LENGTH;
  readonly #chunk = new Uint8Array(65_536);

  handleEvents(connection: Connection, _events: number, now: Micros): void {
    while (this.#left > 0) {
      const length = Math.min(this.#left, this.#chunk.length);
      const taken = connection.write(this.#chunk, 0, length, now);
      if (taken <= 0) return;
      this.#left -= taken;
    }
    connection.shutdownSend(now);
  }
}

/** Reads until the end and notes when that was. */
class Sink implements EventSink {
  received = 0;
  doneAt: Micros = Infinity;
  readonly #chunk = new Uint8Array(65_536);

  handleEvents(connection: Connection, _events: number, now: Micros): void {
    let length = 0;
    do {
      length = connection.read(this.#chunk, 0, this.#chunk.length, now);
      if (length > 0) this.received += length;
    } while (length > 0);
    if (this.received < LENGTH || this.doneAt < Infinity) return;
    this.doneAt = now;
    connection.close(now);
  }
}

/** What a verb returned, unless it was an error code. */
function made<T>(result: T | number): T {
  if (typeof result === "number") throw new Error(`the stack said ${result}`);
  return result;
}

/** Lets both stacks do what is due, then moves the clock to what is due next, until `until`. */
function run(a: Stack, b: Stack, until: () => boolean): void {
  for (let now = 0; !until() && now < Infinity;) {
    const didSomething = a.poll(now, BUDGET) + b.poll(now, BUDGET) > 0;
    if (!didSomething) now = Math.max(now, Math.min(a.deadline, b.deadline));
  }
}

const [left, right] = createCable({
  bitsPerSecond: 10e6,
  delay: 20 * MILLISECOND,
});
const lossy = new FaultInjector(left, {
  random: new SeededRandom(3),
  faults: { drop: 0.01 },
});
let lineCount = 0;
const device = new Tracer(lossy, (line) => {
  if (lineCount++ < LINES) console.log(line);
});

const client = new Stack({ random: new SeededRandom(1) });
const server = new Stack({ random: new SeededRandom(2) });
client.addDevice(device, { addresses: [parseCidr("10.0.0.1/24")] }, 0);
server.addDevice(right, { addresses: [parseCidr("10.0.0.2/24")] }, 0);

const sink = new Sink();
const listener = made(server.listen({ port: PORT }));
listener.sink = {
  handleAcceptable(listener: Listener, now: Micros): void {
    const connection = listener.accept();
    if (connection === null) return;
    connection.sink = sink;
    sink.handleEvents(connection, 0, now);
  },
};
const connection = made(client.connect({
  remote: parseIpAddress("10.0.0.2"),
  remotePort: PORT,
  sink: new Source(),
}, 0));

run(client, server, () => sink.doneAt < Infinity);

const seconds = sink.doneAt / SECOND;
const megabits = sink.received * 8 / 1e6 / seconds;
const { segmentsOut, totalRetrans } = connection.tcb;
console.log(`… and ${lineCount - LINES} packets more.
${sink.received} bytes in ${seconds.toFixed(3)} s of the stacks' time: ${
  megabits.toFixed(2)
} of 10 Mbit/s, ${segmentsOut} segments sent, ${totalRetrans} of them again.`);
